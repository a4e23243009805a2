"""Sessions in a browser: cookies, their end, what was typed when they end, and where one returns to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from api.app import create_app
from api.pages.accounts.session import own_path
from rpe_geo.cli import run
from rpe_geo.errors import InputError
from rpe_geo.storage.repository import open_repository
from rpe_geo.storage.resealing import reseal_all
from tests.pages.accounts_only import (
    PASSWORD,
    csrf_of,
    link_in,
    mails,
    make_settings,
    opened,
    sign_in,
)

AGATHE = "agathe@nord.example"
STRONG = {
    "environment": "production",
    "public_url": "https://relais.example",
    "encryption_keys": SecretStr(Fernet.generate_key().decode()),
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_settings(tmp_path_factory.mktemp("sessions"))


@pytest.fixture
def client(settings):
    with opened(settings) as browser:
        yield browser


def end_sessions(settings, ago=timedelta(seconds=1)):
    """Let every session of the database have ended a while ago."""
    repository = open_repository(settings.database_url)
    with repository.engine.begin() as connection:
        connection.execute(
            text("UPDATE sessions SET expires_at = :then"),
            {"then": (datetime.now(UTC) - ago).strftime("%Y-%m-%d %H:%M:%S.%f")},
        )
    repository.close()


# ---- cookies ------------------------------------------------------------------------------------------------------


def test_cookies_in_production_are_for_this_host_and_https_alone(settings):
    strong = settings.model_copy(update=STRONG)
    repository = open_repository(strong.database_url)
    reseal_all(repository.engine, strong.fernet_keys)
    repository.close()
    with opened(strong, base_url="https://relais.example") as client:
        form = {"email": AGATHE, "password": PASSWORD}
        answer = client.post("/pro/connexion", data=form, follow_redirects=False)
        cookies = answer.headers.get_list("set-cookie")
        assert {cookie.partition("=")[0] for cookie in cookies} == {
            "__Host-rpe_session",
            "__Host-rpe_appareil",
        }
        for cookie in cookies:
            marks = {mark.strip().lower() for mark in cookie.split(";")[1:]}
            assert {"httponly", "secure", "samesite=lax", "path=/"} <= marks
            assert not any(mark.startswith("domain") for mark in marks)
        assert answer.headers["strict-transport-security"]
        assert client.get("/pro/session").json()["reste"] > 0
        # A cookie without the prefix, which another subdomain could set, is nothing.
        token = client.cookies["__Host-rpe_session"]
        client.cookies.clear()
        client.cookies.set("rpe_session", token)
        assert client.get("/pro/session").json() == {"reste": 0}


def test_a_token_that_somebody_planted_is_not_kept(client):
    client.cookies.set("rpe_session", "plante")
    sign_in(client, AGATHE)
    tokens = {cookie.value for cookie in client.cookies.jar if cookie.name == "rpe_session"}
    assert len(tokens - {"plante"}) == 1
    client.cookies.clear()
    client.cookies.set("rpe_session", "plante")
    assert client.get("/pro/session").json() == {"reste": 0}


def test_signing_in_again_ends_the_session_before(client):
    sign_in(client, AGATHE)
    old = client.cookies["rpe_session"]
    sign_in(client, AGATHE)
    client.cookies.clear()
    client.cookies.set("rpe_session", old)
    assert client.get("/pro/session").json() == {"reste": 0}


def test_the_database_keeps_no_token(client, settings):
    sign_in(client, AGATHE)
    token = client.cookies["rpe_session"]
    repository = open_repository(settings.database_url)
    with repository.engine.connect() as connection:
        kept = connection.execute(text("SELECT * FROM sessions")).all()
    repository.close()
    assert kept
    assert token not in str(kept)


def test_a_known_browser_is_not_shut_out_by_strangers(settings):
    with opened(settings) as client:
        sign_in(client, "plan@nord.example")
        client.post("/pro/sortie", data={"csrf": csrf_of(client)})
        with opened(settings) as stranger:
            for _ in range(6):
                assert sign_in(stranger, "plan@nord.example", "faux").status_code == 403
            assert sign_in(stranger, "plan@nord.example").status_code == 403
        assert sign_in(client, "plan@nord.example").status_code == 200
        client.cookies.set("rpe_appareil", "forge")
        client.cookies.delete("rpe_session")
        assert client.get("/pro/connexion").status_code == 200


# ---- the end ------------------------------------------------------------------------------------------------------


def test_the_page_knows_when_the_session_ends_and_can_move_it(client):
    sign_in(client, AGATHE)
    page = client.get("/pro/registre").text
    left = int(re.search(r'data-reste="(\d+)"', page)[1])
    assert 7100 < left <= 7200
    assert "Rester connecté" in page
    assert "session.js" in page
    state = client.get("/pro/session").json()
    stayed = client.post("/pro/rester", data={"csrf": state["csrf"]}).json()
    assert stayed["reste"] >= state["reste"]
    assert client.post("/pro/rester", data={"csrf": "x"}).status_code == 403


def test_pages_without_session_carry_no_clock(client):
    page = client.get("/pro/connexion").text
    assert "session.js" not in page
    assert "session-fin" not in page


FIELDS = {"mot": ["un", "deux"], "texte": ['lignes\nde « texte » & <b>"balises"</b>']}


def late(client, settings, path="/pro/comptes/x/role", fields=FIELDS):
    """Send a form a moment after the end of its session."""
    csrf = csrf_of(client)
    end_sessions(settings)
    return client.post(
        path,
        data={"csrf": csrf} | fields,
        headers={"referer": "http://testserver/pro/registre?q=Dupont"},
    )


def hidden(page, name):
    found = re.findall(rf'name="{name}" value="([^"]*)"', page)
    return [unescape(value) for value in found]


def test_what_came_too_late_is_shown_again_after_signing_in(client, settings):
    sign_in(client, AGATHE)
    answer = late(client, settings)
    assert answer.status_code == 403
    assert "Rien n’est perdu" in answer.text
    assert "Dupont" not in answer.text
    assert "balises" not in answer.text  # sealed: nothing to read for whoever finds the page
    (kept,) = hidden(answer.text, "reprise")
    wrong = sign_in(client, AGATHE, "faux", reprise=kept)
    assert hidden(wrong.text, "reprise") == [kept]
    again = sign_in(client, AGATHE, reprise=kept)
    assert again.status_code == 200
    assert 'action="/pro/comptes/x/role"' in again.text
    assert hidden(again.text, "mot") == ["un", "deux"]
    assert [one.replace("\r\n", "\n") for one in hidden(again.text, "texte")] == FIELDS["texte"]
    assert hidden(again.text, "csrf")[-1] == csrf_of(client)


def test_it_is_shown_to_nobody_else(client, settings):
    sign_in(client, AGATHE)
    (kept,) = hidden(late(client, settings).text, "reprise")
    other = sign_in(client, "chef@nord.example", reprise=kept)
    assert other.status_code == 200
    assert "balises" not in other.text
    assert client.post("/pro/reprise", data={"reprise": kept}).status_code == 403
    assert client.post("/pro/reprise", data={"reprise": "forge"}).status_code == 403


def test_somebody_who_signed_in_elsewhere_finds_it_too(client, settings):
    sign_in(client, AGATHE)
    (kept,) = hidden(late(client, settings).text, "reprise")
    sign_in(client, AGATHE)
    assert "Votre envoi est prêt" in client.post("/pro/reprise", data={"reprise": kept}).text


def test_only_a_form_of_the_ended_session_is_kept(client, settings):
    sign_in(client, AGATHE)
    end_sessions(settings)
    forged = client.post(
        "/pro/comptes/x/role", data={"csrf": "deviné", "role": "x"}, follow_redirects=False
    )
    assert (forged.status_code, forged.headers["location"]) == (303, "/pro/connexion")
    client.cookies.clear()
    bare = client.post("/pro/comptes/x/role", data={"role": "x"}, follow_redirects=False)
    assert (bare.status_code, bare.headers["location"]) == (303, "/pro/connexion")


def test_a_file_must_be_chosen_again_and_a_long_text_is_in_the_history(client, settings):
    sign_in(client, AGATHE)
    csrf = csrf_of(client)
    end_sessions(settings)
    sent = client.post(
        "/pro/registre/import", data={"csrf": csrf}, files={"fichier": ("a.csv", b"x")}
    )
    assert "choisissez de nouveau le fichier" in sent.text
    sign_in(client, AGATHE)
    long = late(client, settings, fields={"texte": ["long " * 40_000]})
    assert "revenez en arrière" in long.text


def test_ended_sessions_are_forgotten_after_a_day(client, settings):
    sign_in(client, AGATHE)
    end_sessions(settings, timedelta(days=2))
    sign_in(client, AGATHE)
    repository = open_repository(settings.database_url)
    with repository.engine.connect() as connection:
        kept = connection.scalar(text("SELECT count(*) FROM sessions"))
    repository.close()
    assert kept == 1


# ---- where one returns to -----------------------------------------------------------------------------------------


def test_after_signing_in_one_is_where_one_wanted_to_be(client):
    page = client.get("/pro/registre/AM-0001?q=Nom+de+famille")
    assert str(page.url).endswith("/pro/connexion?suite=/pro/registre/AM-0001")
    assert hidden(page.text, "suite") == ["/pro/registre/AM-0001"]
    answer = client.post(
        "/pro/connexion",
        data={"email": AGATHE, "password": PASSWORD, "suite": "/pro/registre"},
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/pro/registre"


ELSEWHERE = [
    "https://evil.example/pro",
    "//evil.example/pro",
    "/\\evil.example",
    "/pro\\..\\x",
    "/pro//evil.example",
    "/pro/../x",
    "/pro/%2e%2e/..",
    "/pro?suite=https://evil.example",
    "/pro#x",
    "/pro\n/x",
    "/pro/\r\nset-cookie: a=b",
    "/professionnel",
    "/",
    "",
    "javascript:alert(1)",
    "/pro/connexion",
    "/pro/openid/retour",
    "/pro/sortie",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_signing_in_leads_nowhere_else(client, wanted):
    assert own_path(wanted) is None
    answer = client.post(
        "/pro/connexion",
        data={"email": AGATHE, "password": PASSWORD, "suite": wanted},
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/pro/demandes"
    shown = client.get("/pro/connexion", params={"suite": wanted}).text
    assert hidden(shown, "suite") == []


@given(st.one_of(st.text(), st.text("/\\.%:?#@ propevilexample"), st.sampled_from(ELSEWHERE)))
def test_a_path_that_is_followed_stays_at_home(wanted):
    from urllib.parse import urljoin, urlsplit

    followed = own_path(wanted)
    if followed is not None:
        target = urlsplit(urljoin("https://relais.example/pro/connexion", followed))
        assert (target.scheme, target.netloc) == ("https", "relais.example")
        assert target.path.startswith("/pro")
        assert not target.query


# ---- a new password -----------------------------------------------------------------------------------------------


def test_asking_for_a_password_tells_nobody_who_has_an_account(client, settings):
    known = client.post("/pro/oubli", data={"email": "chef@nord.example"})
    unknown = client.post("/pro/oubli", data={"email": "personne@nord.example"})
    assert known.text == unknown.text
    (mail,) = mails(settings)
    for _ in range(7):
        client.post("/pro/oubli", data={"email": "chef@nord.example"})
    assert len(mails(settings)) == 5
    path = link_in(mail)
    assert client.post(path, data={"password": "la nouvelle phrase"}).url.path == "/pro/connexion"
    for used in mails(settings):  # one that was used closes all
        assert client.get(link_in(used)).status_code == 403
    assert sign_in(client, "chef@nord.example", "la nouvelle phrase").status_code == 200


def test_a_link_ends_after_two_hours(client, settings, monkeypatch):
    client.post("/pro/oubli", data={"email": "chef@sud.example"})
    path = link_in(mails(settings)[-1])
    assert client.get(path).status_code == 200
    import itsdangerous.timed

    later = int(datetime.now(UTC).timestamp()) + 2 * 3600 + 5
    monkeypatch.setattr(itsdangerous.timed.TimestampSigner, "get_timestamp", lambda _self: later)
    assert client.get(path).status_code == 403
    assert "n’est plus valable" in client.get(path).text


def test_a_link_of_one_kind_is_none_of_another(client, settings):
    client.post("/pro/oubli", data={"email": "chef@sud.example"})
    token = link_in(mails(settings)[-1]).rpartition("/")[2]
    assert client.get(f"/pro/bienvenue/{token}").status_code == 403
    assert client.get(f"/confirmer/{token}").status_code == 403


# ---- production ---------------------------------------------------------------------------------------------------


def _secret(changed):
    return {
        name: value if name == "public_url" or value is None else SecretStr(value)
        for name, value in changed.items()
    }


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret_key": "development"}, "default_secret"),
        ({"secret_key": "trop court pour être sûr"}, "default_secret"),
        ({"secret_key": "a" * 64}, "default_secret"),
        ({"masking_secret": "development"}, "default_secret"),
        ({"api_token": "court"}, "default_secret"),
        ({"encryption_keys": None}, "encryption_keys_missing"),
        ({"public_url": "http://relais.example"}, "public_url_insecure"),
    ],
)
def test_production_starts_with_long_secrets_and_https_alone(settings, changed, code):
    with pytest.raises(InputError) as refused:
        create_app(settings.model_copy(update=STRONG | _secret(changed)))
    assert refused.value.code == code


def test_the_command_says_so_before_it_starts_workers(monkeypatch, capsys):
    monkeypatch.setenv("RPE_ENVIRONMENT", "production")
    assert run(["serve", "--workers", "2", "--port", "8999"]) == 2
    said = capsys.readouterr()
    assert "RPE_SECRET_KEY" in said.err
    assert said.out == ""
