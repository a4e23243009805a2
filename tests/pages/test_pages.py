"""The pages without a browser: what they say, what they never say, who may read and change what."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from html import unescape
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from rpe_geo.domain import Child, Request
from rpe_geo.errors import InputError
from rpe_geo.schedule import Timetable, Week
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_casework
from tests.pages.markup import squeezed
from tests.pages.opened import PASSWORD, make_settings, search_form

PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    return make_settings(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def app(settings):
    return create_app(settings)


@pytest.fixture
def client(app) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False, headers=PAGE) as opened:
        yield opened


def sign_in(client, email="agathe@rpe.example", password=PASSWORD):
    return client.post("/pro/connexion", data={"email": email, "password": password})


def csrf_of(client) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', client.get("/pro/demandes").text)[1]


def send_request(client, **changed) -> str:
    """Send a family's request; return the path of its page."""
    who = {"nom": "Camille R.", "contact": "06 39 98 41 07", "accord": "oui"}
    form = search_form(**(who | changed))
    answer = client.post("/demande", data=form)
    assert answer.status_code == 200
    return answer.url.path


# ---- families -----------------------------------------------------------------------------------------------------


def test_the_list_is_there_without_javascript(client):
    answer = client.post("/", data=search_form())
    assert answer.status_code == 200
    assert "lieux à moins de 15 minutes à pied" in answer.text
    assert answer.text.count('class="place"') == 10
    assert "Relais des Lavoirs" in answer.text
    assert "par mois" in answer.text


def test_nothing_masked_leaves_the_page(client, settings):
    text = client.post("/", data=search_form()).text
    repository = open_repository(settings.database_url)
    for true in repository.childminders():
        found = [f"{value:.5f}" in text for value in (true.longitude, true.latitude)]
        at = text.find(f"{true.longitude:.5f}")
        assert not all(found), (true, text[at - 200 : at + 100])
        assert true.name not in text
    repository.close()
    for secret in ("Tres-Secrete", "secret.example", "06 11 22", "Prénom2 ", "AM-0002"):
        assert secret not in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"adresse": ""}, "Indiquez votre adresse"),
        ({"adresse": "zzz qqq"}, "Nous ne trouvons pas"),
        ({"jour": []}, "Choisissez au moins un jour"),
        ({"naissance": "hier"}, "date de naissance"),
        ({"choix": "n'importe quoi"}, "dans la liste"),
        ({"de": "²:99"}, "heure d’arrivée"),
        ({"revenu": "beaucoup"}, "montant en euros"),
    ],
)
def test_a_fault_is_told_beside_its_field(client, changed, said):
    answer = client.post("/", data=search_form(**changed))
    assert answer.status_code == 422
    assert said in answer.text


def test_a_doubtful_address_lists_the_choices(client):
    answer = client.post("/", data=search_form(adresse="3 rue des Ferronniers"))
    choice = re.search(r'name="choix" value="([^"]+)"', squeezed(answer.text))
    assert choice is not None
    again = client.post("/", data=search_form(adresse="3 rue des Ferronniers", choix=choice[1]))
    assert again.status_code == 200


def test_nothing_is_kept_without_consent(client, settings):
    form = search_form(nom="Camille R.", contact="06 39 98 41 07")
    answer = client.post("/demande", data=form)
    assert answer.status_code == 422
    assert "Cochez votre accord" in answer.text
    assert (
        "Il manque des chiffres" in client.post("/demande", data=form | {"contact": "06 39"}).text
    )


def test_a_request_is_kept_followed_and_taken_back(client, settings):
    path = send_request(client)
    assert "Demande envoyée" in client.get(path).text
    repository = open_repository(settings.database_url)
    assert len(repository.requests()) == 1
    assert "effacé" in client.post(f"{path}/retirer").text
    assert repository.requests() == []
    repository.close()
    assert client.get("/demande/forgé.du.tout").status_code == 403


def test_what_is_kept_is_what_the_consent_names(client, settings):
    page = squeezed(client.post("/", data=search_form()).text)
    consent = re.search(r"J’accepte que le relais.*?</span>", page)[0]
    assert "Mes revenus ne sont pas gardés" in consent
    assert "puis rendue anonyme. Je peux la retirer à tout moment." in consent
    path = send_request(client, message="Le soir aussi", voie="telephone", moments="après 17 h")
    repository = open_repository(settings.database_url)
    casework = open_casework(repository, settings, settings.rpe_id)
    case = next(one for one in casework.inbox() if one.contact.get("message") == "Le soir aussi")
    kept = {field.name for field in fields(Request)}
    said = {"children", "start", "schedule", "address", "longitude", "latitude", "mode"}
    ours = {"request_id", "max_minutes", "start_tolerance_days", "min_hours_share"}
    blank = replace(case.request, household=None, preferences={}, end=None)
    for name in kept - said - ours - {"household", "preferences", "end"}:
        assert getattr(case.request, name) in (None, "all", (), {}, False)
    assert case.request == blank
    assert all(not child.needs and child.school is None for child in case.request.children)
    assert set(case.contact) == {
        *("nom", "contact", "voie", "moments"),
        *("message", "choisis", "accord"),
    }
    assert (case.contact["voie"], case.contact["moments"]) == ("telephone", "après 17 h")
    client.post(f"{path}/retirer")
    repository.close()


# ---- accounts -----------------------------------------------------------------------------------------------------


def test_five_wrong_passwords_make_a_pause(client, settings):
    for _ in range(5):
        assert sign_in(client, "plan@rpe.example", "faux").status_code == 403
    assert sign_in(client, "plan@rpe.example").status_code == 403


def test_pages_of_professionals_ask_to_sign_in(client):
    for path in ("/pro/demandes", "/pro/registre", "/pro/demandes/X", "/pro/registre/AM-0001"):
        assert client.get(path).url.path == "/pro/connexion"


def test_the_cookie_is_out_of_reach_of_scripts(client):
    answer = client.post(
        "/pro/connexion",
        data={"email": "agathe@rpe.example", "password": PASSWORD},
        follow_redirects=False,
    )
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_form_without_its_secret_is_refused(client):
    sign_in(client)
    assert client.post("/pro/sortie", data={}).status_code == 403
    cross = client.post("/demande", data={}, headers={"sec-fetch-site": "cross-site"})
    assert cross.status_code == 403


def test_a_forgotten_password_is_set_anew_once(client, settings):
    client.post("/pro/oubli", data={"email": "ailleurs@rpe.example"})
    client.post("/pro/oubli", data={"email": "personne@rpe.example"})
    (mail,) = settings.outbox.glob("*.eml")
    text = mail.read_text().replace("=\n", "").replace("=3D", "=")
    path = urlsplit(re.search(r"http://testserver\S+", text)[0]).path
    assert client.post(path, data={"password": "court"}).status_code == 422
    assert client.post(path, data={"password": "tout autre phrase"}).url.path == "/pro/connexion"
    assert client.post(path, data={"password": "encore une autre"}).status_code == 403
    assert sign_in(client, "ailleurs@rpe.example", "tout autre phrase").status_code == 200
    client.post("/pro/sortie", data={"csrf": csrf_of(client)})


@pytest.mark.parametrize("path", ["/pro/connexion", "/pro/oubli", "/demande"])
def test_forms_without_account_are_limited_from_this_machine_too(settings, path):
    limited = create_app(settings.model_copy(update={"forms_per_minute": 4}))
    with TestClient(limited, headers=PAGE, client=("127.0.0.1", 50_000)) as client:
        codes = [client.post(path, data={"email": "x@y.example"}).status_code for _ in range(3)]
        assert codes[2] == 429
        assert 429 not in codes[:2]
        assert client.get("/pro/connexion").status_code == 200


def test_the_search_is_limited_like_the_api(settings):
    limited = create_app(settings.model_copy(update={"requests_per_minute": 4}))
    form = search_form(adresse="")
    with TestClient(limited, headers=PAGE, client=("192.0.2.7", 50_000)) as client:
        codes = [client.post("/", data=form).status_code for _ in range(3)]
        assert codes == [422, 422, 429]
        assert client.get("/").status_code == 200
    with TestClient(limited, headers=PAGE, client=("127.0.0.1", 50_000)) as client:
        assert client.post("/", data=form).status_code == 422


def test_production_refuses_a_default_secret(settings):
    with pytest.raises(InputError):
        create_app(settings.override(environment="production", secret_key="development"))


# ---- animateurs ---------------------------------------------------------------------------------------------------


@pytest.fixture
def case(client) -> str:
    """A request in the inbox, and an animateur who is signed in; the path of its page."""
    send_request(client)
    sign_in(client)
    identity = re.findall(r'href="/pro/demandes/(D[\w-]+)"', client.get("/pro/demandes").text)[0]
    return f"/pro/demandes/{identity}"


def test_suggestions_come_with_reasons_and_can_be_proposed(client, case):
    page = client.get(case).text
    assert "D’où viennent les points" in page
    keys = re.findall(r'name="lieu" value="([^"]+)" form="choix"', page)
    csrf = csrf_of(client)
    noted = {"csrf": csrf, "kind": "proposed", "lieu": keys[0], "vu": "1"}
    assert client.post(f"{case}/noter", data=noted).status_code == 200
    stale = client.post(f"{case}/noter", data=noted | {"kind": "accepted"})
    assert stale.status_code == 409
    done = client.post(f"{case}/noter", data=noted | {"kind": "accepted", "vu": "2"})
    assert "Acceptée" in done.text
    chosen = [("lieu", key) for key in keys[:3]]
    assert client.get(f"{case}/comparer", params=chosen).status_code == 200
    sheet = client.get(f"{case}/fiche.pdf", params=chosen)
    assert sheet.content.startswith(b"%PDF")


def test_without_typst_the_sheet_says_what_to_install(client, case, monkeypatch):
    keys = re.findall(r'name="lieu" value="([^"]+)" form="choix"', client.get(case).text)
    monkeypatch.setitem(sys.modules, "typst", None)
    answer = client.get(f"{case}/fiche.pdf", params={"lieu": keys[0]})
    assert answer.status_code == 503
    assert "typst n" in answer.text
    assert "observatory" in answer.text


def test_one_place_is_not_offered_to_two_families_unknowingly(client, case):
    csrf = csrf_of(client)
    offer = {"csrf": csrf, "kind": "proposed", "lieu": "childminder:AM-0005", "vu": "1"}
    assert client.post(f"{case}/noter", data=offer).status_code == 200
    send_request(client)
    other = re.findall(r'href="(/pro/demandes/D[\w-]+)"', client.get("/pro/demandes").text)
    second = next(path for path in other if path != case)
    answer = client.post(f"{second}/noter", data=offer)
    assert answer.status_code == 409
    assert "déjà proposée" in answer.text


def test_a_need_is_not_overwritten_silently(client, case, settings):
    page = squeezed(client.get(case).text)
    revision = re.search(r'name="revision" value="(\d+)"', page)[1]
    form = {
        "csrf": csrf_of(client),
        "revision": revision,
        "debut": "2027-03-01",
        "naissance-0": "2026-06-01",
    }
    form |= {"adresse": re.search(r'name="adresse" value="([^"]+)"', page)[1].replace("&#39;", "'")}
    form |= {
        "mode": "walk",
        "max_minutes": "20",
        "part": "100",
        "h-0": "8h-12h, 13:30-17:30",
        "h-4": "20:00-06:00",
    }
    assert client.post(f"{case}/besoin", data=form).status_code == 200
    repository = open_repository(settings.database_url)
    kept = repository.request(case.rpartition("/")[2])
    assert kept.schedule.write() == "Mo 08:00-12:00,13:30-17:30; Fr 20:00-06:00"
    assert repository.revision_of(Request, kept.request_id) == int(revision) + 1
    repository.close()
    assert client.post(f"{case}/besoin", data=form).status_code == 409
    both = client.post(f"{case}/besoin", data=form | {"h-0": "tôt"})
    assert both.status_code == 409
    assert 'value="tôt"' in both.text
    again = {"revision": str(int(revision) + 1), "h-0": "tôt"}
    faulty = client.post(f"{case}/besoin", data=form | again)
    assert faulty.status_code == 422
    assert 'id="h-0-e"' in faulty.text


def _sent(page: str) -> dict[str, list[str]]:
    """Read back what a browser would send of the form of the need, as it stands."""
    page = squeezed(page)
    form = page[page.index('/besoin"><input') :].split("</form>", maxsplit=1)[0]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]+>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    return sent | {"mode": ["walk"]}


BESIDES = {
    "vacances": ["all"],
    "semaines_an": ["36"],
    "adaptation": ["2026-12-28"],
    "adaptation_jours": ["3"],
    "adaptation_heures": ["9:00-11:00"],
    "alternee": ["oui"],
}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            {"planning": ["04/03/2027 6:30-14:30\n2027-03-06 20:00-06:00"]},
            {"end": date(2027, 3, 6), "envelope": None},
        ),
        (
            {"enveloppe": ["oui"], "heures_mois": ["120"], "h-0": ["6:00-22:00"]},
            {"roster": None},
        ),
        ({"vacances": ["only"], "zone": ["C"]}, {"school_holidays": "only", "school_zone": "C"}),
        ({"gare": ["Gare Saint-Roch"]}, {"trip": ("walk", "transit")}),
    ],
)
def test_a_need_that_is_no_plain_week(client, case, settings, typed, expected):
    repository = open_repository(settings.database_url)
    identity = case.rpartition("/")[2]
    sent = _sent(client.get(case).text) | BESIDES | {"debut": ["2027-03-01"]} | typed
    if "gare" in typed:
        sent["gare"] = sent["adresse"]
    answer = client.post(f"{case}/besoin", data=sent)
    assert answer.status_code == 200
    kept = repository.request(identity)
    for name, value in expected.items():
        assert getattr(kept, name) == value, name
    assert kept.weeks_per_year == 36
    assert kept.adaptation.days == 3
    if "enveloppe" in typed:
        assert (kept.envelope.hours_per_month, kept.envelope.hours) == (120, kept.schedule)
    # Saved again as it stands, nothing is lost.
    sent = _sent(client.get(case).text)
    for name in ("vacances", "zone"):
        sent[name] = typed.get(name, [""]) if name == "zone" else typed.get(name, ["all"])
    if "planning" in typed:
        shown = re.search(r'name="planning"[^>]*>([^<]*)<', client.get(case).text)[1]
        sent["planning"] = [shown]
        assert "04/03/2027 06:30-14:30" in shown or "6:30-14:30" in shown
    assert client.post(f"{case}/besoin", data=sent).status_code == 200
    assert repository.request(identity) == kept
    blank = _sent(client.get(case).text) | {
        "planning": ["demain matin"], "vacances": ["all"],
    }  # fmt: skip
    refused = client.post(f"{case}/besoin", data=blank)
    assert refused.status_code in {409, 422}
    assert "Ligne 1" in refused.text
    repository.save(
        requests=[
            replace(
                kept,
                roster=None,
                envelope=None,
                school_holidays="all",
                trip=None,
                station=None,
                adaptation=None,
                weeks_per_year=None,
            )
        ]
    )


@pytest.mark.parametrize(
    "weeks",
    [
        ["Mo-Fr 08:00-18:00", "Tu 20:00-06:00", "off", "We 09:00-12:00,13:30-17:00"],
        ["off", "Mo 08:00-12:00", "Sa,Su 00:00-24:00; PH 09:00-10:00"],
        ["Mo-Fr 08:00-18:00", "off"],
        ["Mo 08:00-12:00; PH 09:00-11:30"],
    ],
)
def test_saving_a_need_as_it_stands_loses_nothing(client, case, settings, weeks):
    repository = open_repository(settings.database_url)
    identity = case.rpartition("/")[2]
    known = repository.request(identity)
    births = [date(2026, 1, day) for day in (1, 2, 3, 4)]
    full = replace(
        known, schedule=Timetable.parse(weeks), children=tuple(Child(birth) for birth in births)
    )
    repository.save(requests=[full])
    assert client.post(f"{case}/besoin", data=_sent(client.get(case).text)).status_code == 200
    kept = repository.request(identity)
    assert kept.schedule == full.schedule
    assert kept.children == full.children
    sent = _sent(client.get(case).text)
    assert client.post(f"{case}/besoin", data=sent | {"h-3": ["07:00-09:00"]}).status_code == 200
    changed = repository.request(identity).schedule
    assert changed.weeks[1:] == full.schedule.weeks[1:]
    assert changed.weeks[0].days[3] == Week.parse("Th 07:00-09:00").days[3]
    assert changed.weeks[0].days[7] == full.schedule.weeks[0].days[7]
    repository.close()


def test_a_cycle_grows_and_shrinks_when_asked(client, case, settings):
    repository = open_repository(settings.database_url)
    identity = case.rpartition("/")[2]
    for changed, weeks in (({"semaines": ["3"]}, 3), ({"semaines": ["1"]}, 1)):
        sent = _sent(client.get(case).text)
        assert client.post(f"{case}/besoin", data=sent | changed).status_code == 200
        assert len(repository.request(identity).schedule) == weeks
    sent = _sent(client.get(case).text)
    client.post(f"{case}/besoin", data=sent | {"g-5": ["08:00-12:00"]})
    assert len(repository.request(identity).schedule) == 2
    too_long = client.post(f"{case}/besoin", data=sent | {"semaines": ["99"]})
    assert too_long.status_code in {409, 422}
    repository.close()


def test_another_rpe_sees_nothing(client, case):
    client.cookies.clear()
    assert sign_in(client, "ailleurs@rpe.example", "tout autre phrase").status_code == 200
    assert client.get(case).status_code == 404
    assert client.get("/pro/registre/AM-0001").status_code == 404
    assert "Prénom1" not in client.get("/pro/registre").text


def test_opening_a_link_confirms_nothing_and_the_button_does(client, settings):
    sign_in(client)
    page = client.post(
        "/pro/registre/AM-0012/lien", data={"csrf": csrf_of(client), "envoyer": "non"}
    )
    path = urlsplit(re.search(r'readonly value="([^"]+)"', page.text)[1]).path
    client.cookies.clear()
    repository = open_repository(settings.database_url)
    before = repository.childminder("AM-0012")
    question = client.get(path).text
    assert repository.childminder("AM-0012") == before
    revision = re.search(r'name="revision" value="(\d+)"', question)[1]
    assert "c’est noté" in client.post(path, data={"revision": revision, "dit": "exact"}).text
    after = repository.childminder("AM-0012")
    assert after.availability_confirmed_on > before.availability_confirmed_on
    assert client.post(path, data={"revision": revision, "dit": "complet"}).status_code == 409
    repository.close()


def test_an_import_reports_row_by_row_and_keeps_all_or_nothing(client):
    sign_in(client)
    data = {"csrf": csrf_of(client), "nature": "mams"}
    head = "mam_id,name,address,longitude,latitude\n"
    good = head + "MAM-9,Les Merles,1 place,1.69,47.0\n"
    answer = client.post(
        "/pro/registre/import", data=data, files={"fichier": ("mam.csv", good.encode())}
    )
    assert answer.status_code == 200
    assert "MAM-9" in answer.text
    bad = good + "MAM-10,Sans lieu,,,\n"
    answer = client.post(
        "/pro/registre/import", data=data, files={"fichier": ("mam.csv", bad.encode())}
    )
    assert answer.status_code == 422
    assert "Rien n’a été importé" in answer.text
    assert "MAM-10" not in client.get("/pro/registre").text
