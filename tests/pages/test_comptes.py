"""The page of the accounts: what an administrator sees and changes, and what she never does."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_accounts
from tests.pages.accounts_only import (
    PASSWORD,
    csrf_of,
    link_in,
    mails,
    make_settings,
    opened,
    sign_in,
)

CHIEF = "chef@nord.example"


@pytest.fixture
def settings(tmp_path):
    return make_settings(tmp_path)


@pytest.fixture
def client(settings):
    with opened(settings) as browser:
        yield browser


@pytest.fixture
def chief(client):
    assert sign_in(client, CHIEF).status_code == 200
    return client


def post(client, path, **form):
    return client.post(path, data={"csrf": csrf_of(client)} | form)


def id_of(settings, email):
    repository = open_repository(settings.database_url)
    account = open_accounts(repository).store.by_email(email)
    repository.close()
    return account.account_id


def another(settings, email, password=PASSWORD):
    """A second browser that is signed in."""
    browser = opened(settings)
    client = browser.__enter__()
    sign_in(client, email, password)
    return browser, client


# ---- who sees it --------------------------------------------------------------------------------------------------


def test_an_administrator_sees_the_accounts_of_her_own_rpe(chief):
    page = chief.get("/pro/comptes").text
    for email in (CHIEF, "agathe@nord.example", "plan@nord.example"):
        assert email in page
    assert "sud.example" not in page
    assert 'href="/pro/comptes" aria-current="page"' in page


@pytest.mark.parametrize("email", ["agathe@nord.example", "plan@nord.example"])
def test_nobody_else_sees_or_changes_them(client, settings, email):
    sign_in(client, email)
    target = id_of(settings, CHIEF)
    assert "/pro/comptes" not in client.get("/pro/registre").text
    for path in ("/pro/comptes", f"/pro/comptes/{target}"):
        assert client.get(path).status_code == 403
    form = {"nom": "X", "email": "x@nord.example", "role": "administrator"}
    assert post(client, "/pro/comptes", **form).status_code == 403
    for act in ("role", "desactiver", "reactiver", "debloquer", "lien", "delier"):
        assert post(client, f"/pro/comptes/{target}/{act}", role="planner").status_code == 403
    assert mails(settings) == []


def test_accounts_of_another_rpe_do_not_exist(chief, settings):
    other = id_of(settings, "chef@sud.example")
    assert chief.get(f"/pro/comptes/{other}").status_code == 404
    unknown = chief.get("/pro/comptes/0000").text
    assert chief.get(f"/pro/comptes/{other}").text.replace(other, "0000") == unknown
    for act in ("role", "desactiver", "reactiver", "debloquer", "lien", "delier"):
        assert post(chief, f"/pro/comptes/{other}/{act}", role="planner").status_code == 404
    assert mails(settings) == []


# ---- opening ------------------------------------------------------------------------------------------------------


def test_an_invitation_leads_to_a_first_password_once(chief, settings):
    form = {"nom": "Inès Diallo", "email": "Ines@nord.example", "role": "animateur"}
    answer = post(chief, "/pro/comptes", **form)
    assert "invitation envoyée" in answer.text
    assert "Invitation envoyée" in answer.text  # the state of the account
    assert "ines" not in str(answer.url).lower()
    (mail,) = mails(settings)
    assert mail.startswith("ines@nord.example\n")
    assert "Chef vous ouvre un accès" in mail
    path = link_in(mail)
    with opened(settings) as client:
        assert "Bienvenue" in client.get(path).text
        assert "Bienvenue" in client.get(path).text  # scanners of mails open links too
        weak = client.post(path, data={"password": "aaaaaaaaaaaaaaa"})
        assert weak.status_code == 422
        assert "se devine trop facilement" in weak.text
        chosen = client.post(path, data={"password": "la première phrase"})
        assert "mot de passe est enregistré" in chosen.text
        assert client.post(path, data={"password": "une autre phrase"}).status_code == 403
        assert client.get(path).status_code == 403
        assert sign_in(client, "ines@nord.example", "la première phrase").status_code == 200
    assert "Actif" in chief.get(f"/pro/comptes/{id_of(settings, 'ines@nord.example')}").text


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"nom": " "}, 422, "Indiquez son nom"),
        ({"email": "pas une adresse"}, 422, "n’est pas une adresse e-mail"),
        ({"email": "agathe@nord.example"}, 409, "Un compte existe déjà"),
        ({"role": "reine"}, 422, "n’existe pas"),
    ],
)
def test_a_fault_is_told_beside_its_field_and_nothing_is_lost(
    chief, settings, changed, status, said
):
    form = {"nom": "Inès Diallo", "email": "ines@nord.example", "role": "planner"} | changed
    answer = post(chief, "/pro/comptes", **form)
    assert answer.status_code == status
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text or "role" in changed
    if "nom" not in changed:
        assert 'value="Inès Diallo"' in answer.text
    assert mails(settings) == []


def test_somebody_who_works_elsewhere_gets_access_and_keeps_her_password(chief, settings):
    form = {"nom": "Peu importe", "email": "chef@sud.example", "role": "planner"}
    page = post(chief, "/pro/comptes", **form).text
    assert "Accès ouvert" in page
    assert "sud" not in re.sub(r"chef@sud\.example", "", page)
    (mail,) = mails(settings)
    assert link_in(mail) == "/pro/connexion"
    with opened(settings) as client:
        assert sign_in(client, "chef@sud.example").status_code == 200


def test_a_mail_that_does_not_leave_is_said(chief, settings):
    def fail(*_given):
        raise ServiceUnavailable("mail_failed")

    with patch("api.pages.desk.send_mail", fail):
        form = {"nom": "Inès", "email": "ines@nord.example", "role": "planner"}
        assert "n’est pas parti" in post(chief, "/pro/comptes", **form).text
        target = id_of(settings, "ines@nord.example")
        refused = post(chief, f"/pro/comptes/{target}/lien")
        assert refused.status_code == 503
        assert "serveur de courrier" in refused.text


# ---- changing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("act", "form"), [("desactiver", {}), ("role", {"role": "planner"})])
def test_a_change_ends_the_person_s_session_at_once(chief, settings, act, form):
    browser, agathe = another(settings, "agathe@nord.example")
    assert agathe.get("/pro/demandes").url.path == "/pro/demandes"
    target = id_of(settings, "agathe@nord.example")
    assert "terminées" in post(chief, f"/pro/comptes/{target}/{act}", **form).text
    assert agathe.get("/pro/demandes").url.path == "/pro/connexion"
    browser.__exit__(None, None, None)


def test_a_closed_account_opens_again(chief, settings):
    target = id_of(settings, "agathe@nord.example")
    assert "Désactivé" in post(chief, f"/pro/comptes/{target}/desactiver").text
    with opened(settings) as client:
        assert sign_in(client, "agathe@nord.example").status_code == 403
        client.post("/pro/oubli", data={"email": "agathe@nord.example"})
        assert mails(settings) == []
    assert "Compte réactivé" in post(chief, f"/pro/comptes/{target}/reactiver").text
    with opened(settings) as client:
        assert sign_in(client, "agathe@nord.example").status_code == 200


def test_one_changes_neither_oneself_nor_the_last_administrator(chief, settings):
    own = id_of(settings, CHIEF)
    page = chief.get(f"/pro/comptes/{own}").text
    assert "On ne change pas son propre rôle" in page
    assert f"/pro/comptes/{own}/desactiver" not in page
    for act in ("role", "desactiver", "reactiver"):
        refused = post(chief, f"/pro/comptes/{own}/{act}", role="planner")
        assert refused.status_code == 403
        assert "propre rôle" in refused.text
    assert chief.get("/pro/comptes").status_code == 200


def test_a_pause_is_shown_and_ended(chief, settings):
    with opened(settings) as client:
        for _ in range(5):
            sign_in(client, "agathe@nord.example", "faux")
    assert "En pause jusqu’à" in chief.get("/pro/comptes").text
    target = id_of(settings, "agathe@nord.example")
    assert "Pause levée" in post(chief, f"/pro/comptes/{target}/debloquer").text
    with opened(settings) as client:
        assert sign_in(client, "agathe@nord.example").status_code == 200


def test_a_link_for_a_new_password_is_sent(chief, settings):
    target = id_of(settings, "agathe@nord.example")
    assert "Lien envoyé" in post(chief, f"/pro/comptes/{target}/lien").text
    (mail,) = mails(settings)
    path = link_in(mail)
    assert path.startswith("/pro/mot-de-passe/")
    with opened(settings) as client:
        client.post(path, data={"password": "une nouvelle phrase"})
        assert sign_in(client, "agathe@nord.example", "une nouvelle phrase").status_code == 200


def test_every_change_is_in_the_history(chief, settings):
    target = id_of(settings, "agathe@nord.example")
    for act, form in (
        ("role", {"role": "planner"}),
        ("desactiver", {}),
        ("reactiver", {}),
        ("debloquer", {}),
        ("lien", {}),
        ("delier", {}),
    ):
        assert post(chief, f"/pro/comptes/{target}/{act}", **form).status_code == 200
    page = chief.get(f"/pro/comptes/{target}").text
    history = page[page.index('class="history"') :]
    said = [
        "Rôle : planification",
        "Compte désactivé",
        "Compte réactivé",
        "Pause levée",
        "Lien envoyé",
        "Identité déliée",
    ]
    places = [history.index(words) for words in said]
    assert places == sorted(places, reverse=True)  # newest first
    assert history.count("par Chef") == 6


def test_what_is_written_is_shown_as_text(chief, settings):
    form = {"nom": "<script>alert(1)</script>", "email": "x@nord.example", "role": "planner"}
    page = post(chief, "/pro/comptes", **form).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
