"""The registry's pages: every kind is made, changed, closed and found; every fault at its field; nothing is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from html import unescape

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages.registry.directory import free_places
from api.pages.registry.field_text import read_french_hours, write_french_hours
from api.pages.registry.record_form import GROUPS, RecordForm
from rpe_geo.domain import (
    Agrement,
    Attributes,
    Availability,
    Childminder,
    Contact,
    Contract,
    Facility,
    LegacyPlaces,
    Mam,
    OwnChild,
    Publication,
)
from rpe_geo.errors import InvalidSchedule
from rpe_geo.record_fields import fields_of
from rpe_geo.schedule import Timetable
from rpe_geo.storage.repository import open_repository
from tests.pages.markup import squeezed
from tests.pages.opened import ADDRESS, PASSWORD, make_settings
from tests.pages.test_desk import sent_of

PAGE = {"accept": "text/html"}
WEEK = Timetable.parse("Mo-Fr 08:00-18:00")
FULL = Childminder(
    "AM-FULL",
    Agrement(
        4,
        3,
        "suspended",
        date(2024, 1, 1),
        date(2029, 1, 1),
        date(2027, 1, 1),
        exceptional_excess=True,
        own_under_3_takes_place=True,
        legacy_ages=(LegacyPlaces(2, 0, 36, Timetable.parse("Mo-Fr 08:00-18:00")),),
    ),
    name="Élodie D’Hérouville",
    address=ADDRESS,
    longitude=1.69,
    latitude=47.01,
    own_children=(OwnChild(date(2024, 6, 1)), OwnChild(date(2020, 1, 1), WEEK)),
    working_hours=Timetable.parse(["Mo-Fr 06:00-14:00", "Mo,We 13:00-21:00; PH 10:00-12:00"]),
    accepts_variable_hours=False,
    annual_hours_consent=True,
    contracts=(
        Contract("C-1", date(2025, 9, 1), WEEK, date(2025, 2, 11), date(2027, 8, 31), 47.0),
    ),
    availabilities=(Availability(WEEK, 1, date(2027, 1, 4)),),
    min_notice_days=15,
    capabilities=frozenset({"medicines", "un mot à nous"}),
    attributes=Attributes(False, (), True, None, ("fr", "en"), ("Jean-Rameau",)),
    hourly_rate=3.9,
    maintenance_per_day=3.83,
    meals_per_day=None,
    availability_confirmed_on=date(2026, 10, 12),
    contact=Contact("06 39 98 41 07", "elodie@relais.example"),
    publication=Publication(True, "hidden", True, False),
)
MAM = Mam("MAM-1", "Les Merles", ADDRESS, 1.69, 47.01, 3, 12, Contact("02 61 91 00 12"))
CRECHE = Facility(
    "LIEU-1", "micro-crèche", "Les Petits Pas", ADDRESS, 1.69, 47.01, 10, WEEK, 3, 48, "paje", 9.5,
    frozenset({"lift"}), Contact(None, "creche@relais.example"),
)  # fmt: skip
KINDS = {"am": FULL, "mam": MAM, "lieu": CRECHE}
PATHS = {
    "am": "/pro/registre/AM-FULL",
    "mam": "/pro/registre/mam/MAM-1",
    "lieu": "/pro/registre/lieu/LIEU-1",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_settings(tmp_path_factory.mktemp("registry"))


@pytest.fixture(scope="module")
def app(settings):
    return create_app(settings)


@pytest.fixture
def client(app) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False, headers=PAGE) as opened:
        opened.post("/pro/connexion", data={"email": "agathe@rpe.example", "password": PASSWORD})
        yield opened


@pytest.fixture
def repository(settings):
    opened = open_repository(settings.database_url)
    opened.save(childminders=[FULL], mams=[MAM], facilities=[CRECHE])
    yield opened
    opened.close()


def stored(repository, word):
    record = KINDS[word]
    name = next(iter(vars(record)))
    return getattr(repository, name.removesuffix("_id"))(getattr(record, name))


def csrf_of(client) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', client.get("/pro/demandes").text)[1]


def form_of(client, word, **changed):
    return sent_of(client.get(PATHS[word]).text, PATHS[word]) | changed


# ---- forms made from the domain ----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", KINDS)
def test_a_record_comes_back_as_it_was(client, repository, word):
    answer = client.post(PATHS[word], data=form_of(client, word))
    assert answer.status_code == 200
    assert stored(repository, word) == KINDS[word]


@pytest.mark.parametrize("kind", [Childminder, Mam, Facility])
def test_every_field_of_the_domain_has_its_place_in_the_form(kind):
    form = RecordForm.blank(kind, {})
    shown = [box.path for _, boxes in form.groups for box in boxes]
    assert len(shown) == len(set(shown))
    own = {f"{kind.__name__.lower()}_id", "availability_confirmed_on"}
    assert set(shown) == {one.path for one in fields_of(kind)} - own
    assert set(GROUPS) == {Childminder, Mam, Facility}


@pytest.mark.parametrize(
    ("word", "changed", "field"),
    [
        ("am", {"agrement.places": "x"}, "agrement-places-e"),
        ("am", {"agrement.places": ""}, "agrement-places-e"),
        ("am", {"agrement.places": "0"}, "agrement-places-e"),
        ("am", {"agrement.places_offered": "9"}, "agrement-places_offered-e"),
        ("am", {"agrement.status": "partie"}, "agrement-status-e"),
        ("am", {"agrement.valid_until": "2020-01-01"}, "agrement-valid_until-e"),
        ("am", {"hourly_rate": "cher"}, "hourly_rate-e"),
        ("am", {"hourly_rate": "-3"}, "hourly_rate-e"),
        ("am", {"min_notice_days": "-1"}, "min_notice_days-e"),
        ("am", {"address": "zzz qqq", "longitude": "", "latitude": ""}, "address-e"),
        ("am", {"longitude": "500"}, "latitude-e"),
        ("am", {"h-0": "tôt"}, "h-0-e"),
        ("am", {"contracts.0.presence": "souvent"}, "contracts-0-presence-e"),
        ("am", {"contracts.0.end": "2020-01-01"}, "contracts-0-end-e"),
        ("am", {"contracts.1.contract_id": "C-2"}, "contracts-1-start-e"),
        ("am", {"own_children.0.birth_date": "hier"}, "own_children-0-birth_date-e"),
        ("am", {"availabilities.0.places": "-2"}, "availabilities-0-places-e"),
        ("mam", {"members_present_max": "0"}, "members_present_max-e"),
        ("mam", {"children_max": ""}, "children_max-e"),
        ("mam", {"address": "", "longitude": "", "latitude": ""}, "address-e"),
        ("lieu", {"kind": ""}, "kind-e"),
        ("lieu", {"places": "dix"}, "places-e"),
        ("lieu", {"places": "-1"}, "places-e"),
        ("lieu", {"age_min_months": "60"}, "age_max_months-e"),
        ("lieu", {"funding": "or"}, "funding-e"),
        ("lieu", {"h-2": "8h-9h30-10h"}, "h-2-e"),
    ],
)
def test_each_fault_stands_at_its_field_and_nothing_is_stored(
    client, repository, word, changed, field
):
    answer = client.post(PATHS[word], data=form_of(client, word, name="À garder") | changed)
    assert answer.status_code == 422
    assert f'id="{field}"' in answer.text, re.findall(r'id="([^"]+-e)"', answer.text)
    assert 'value="À garder"' in answer.text
    assert stored(repository, word) == KINDS[word]


@pytest.mark.parametrize(
    "text", ["Mo-Fr 08:00-17:30; Sa 09:00-12:00", "Fr 20:00-06:00", "24/7", "off"]
)
def test_hours_in_one_line_come_back(text):
    hours = Timetable.parse([text, "Mo,We 13:00-21:00; PH 10:00-12:00"])
    assert read_french_hours(write_french_hours(hours)) == hours


def test_hours_are_read_as_people_write_them():
    assert read_french_hours("lundi-vendredi 8h-17h30 ; sam. 9h – 12h").write() == (
        "Mo-Fr 08:00-17:30; Sa 09:00-12:00"
    )
    with pytest.raises(InvalidSchedule):
        read_french_hours("de temps en temps")


# ---- two at once -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", KINDS)
def test_a_conflict_shows_both_versions_and_merges_them(client, repository, word):
    mine = form_of(client, word, **{"contact.phone": "06 39 98 00 01"})
    theirs = form_of(client, word, name="Autre nom")
    assert client.post(PATHS[word], data=theirs).status_code == 200
    answer = client.post(PATHS[word], data=mine)
    assert answer.status_code == 409
    assert "Deux versions" in answer.text
    assert "<b>Agathe</b> a enregistré une autre version le" in answer.text
    assert stored(repository, word).contact == KINDS[word].contact
    proposed = sent_of(answer.text, PATHS[word])
    assert (proposed["name"], proposed["contact.phone"]) == ("Autre nom", "06 39 98 00 01")
    assert client.post(PATHS[word], data=proposed).status_code == 200
    assert stored(repository, word).contact.phone == "06 39 98 00 01"
    assert stored(repository, word).name == "Autre nom"


def test_a_confirmation_that_comes_meanwhile_is_not_lost(client, repository):
    repository.save(childminders=[FULL])
    form = form_of(client, "am", name="Élodie H.")
    page = client.post("/pro/registre/AM-FULL/lien", data={"csrf": csrf_of(client)}).text
    path = re.search(r"/confirmer/[^\"]+", page)[0]
    revision = re.search(r'name="revision" value="(\d+)"', client.get(path).text)[1]
    client.post(path, data={"revision": revision, "dit": "exact"})
    answer = client.post(PATHS["am"], data=form)
    assert answer.status_code == 409
    assert "La personne elle-même, par son lien</b>" in answer.text
    late = client.post(path, data={"revision": revision, "dit": "complet"})
    assert late.status_code == 409
    assert "Le relais vient de modifier votre fiche" in late.text


# ---- new, closed, open again -------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", KINDS)
def test_a_record_is_made_closed_and_opened_again(client, repository, word):
    path = f"/pro/registre/nouvelle/{word}"
    form = sent_of(client.get(path).text, path) | {
        "name": "Toute Neuve",
        "address": ADDRESS,
        "agrement.places": "3",
        "kind": "crèche",
    }
    answer = client.post(path, data=form)
    assert answer.status_code == 200, re.findall(r'class="err"[^>]*>.*?</span>', answer.text)
    identity = str(answer.url).rpartition("/")[2]
    assert "Toute Neuve" in answer.text
    assert "sans position" not in answer.text
    twice = client.post(path, data=form)
    assert twice.status_code == 409
    assert "déjà pris" in twice.text
    assert "Toute Neuve" in client.get("/pro/registre").text
    sheet = str(answer.url)
    close = f"/pro/registre/{word}/{identity}/cesser"
    later = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    closing = sent_of(client.get(sheet).text, close, geste="cesser")
    assert client.post(close, data=closing | {"le": later}).status_code == 422
    assert client.post(close, data=closing | {"le": ""}).status_code == 422
    closed = client.post(close, data=closing | {"le": "2026-09-01"})
    assert closed.status_code == 200
    assert "Reprendre l’activité" in closed.text
    assert client.post(close, data=closing).status_code == 409
    kinds = {"am": "childminders", "mam": "mams", "lieu": "facilities"}
    records = getattr(repository, kinds[word])()
    names = [one.name for one in records if word != "am" or one.agrement.status == "active"]
    assert "Toute Neuve" not in names
    state = "ceased" if word == "am" else "closed"
    assert "Toute Neuve" in client.get("/pro/registre", params={"etat": state}).text
    opened = sent_of(closed.text, close, geste="rouvrir")
    again = client.post(close, data=opened)
    assert again.status_code == 200
    for said in ("Créée", "Activité cessée", "Activité reprise", ", agathe"):
        assert said in again.text
    names = [one.name for one in getattr(repository, kinds[word])()]
    assert "Toute Neuve" in names


def test_a_doubtful_address_lists_the_choices(client, repository):
    form = form_of(client, "mam", address="3 rue des Ferronniers", longitude="", latitude="")
    answer = client.post(PATHS["mam"], data=form)
    assert answer.status_code == 422
    choices = re.findall(r'name="lieu_choisi" value="([^"]+)"', answer.text)
    assert choices[-1] == "sans"
    assert stored(repository, "mam") == MAM
    assert client.post(PATHS["mam"], data=form | {"lieu_choisi": choices[0]}).status_code == 200
    assert stored(repository, "mam").longitude is not None


# ---- the list ----------------------------------------------------------------------------------------------------


def listed(page: str) -> list[str]:
    return [
        unescape(name)
        for name in re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', squeezed(page))
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "elodie d'herouville"}, ["Élodie D’Hérouville"]),
        ({"q": "HÉROUVILLE montvernelle"}, ["Élodie D’Hérouville"]),
        ({"q": "lieu-1"}, ["Les Petits Pas"]),
        ({"q": "merles", "nature": "mam"}, ["Les Merles"]),
        ({"q": "merles", "nature": "am"}, []),
        ({"q": "", "nature": "Micro-crèche"}, ["Les Petits Pas"]),
        ({"q": "", "etat": "suspended"}, ["Élodie D’Hérouville"]),
    ],
)
def test_the_registry_is_searched_and_filtered(client, repository, asked, found):
    page = client.post("/pro/registre", data={"csrf": csrf_of(client)} | asked).text
    assert listed(page) == found


def test_the_registry_is_sorted_and_cut_into_pages(client, repository):
    many = [
        replace(FULL, childminder_id=f"AM-9{number:03d}", name=f"Zed {number:03d}")
        for number in range(60)
    ]
    repository.save(childminders=many)
    first = client.post(
        "/pro/registre", data={"csrf": csrf_of(client), "q": "Zed", "tri": "nom"}
    ).text
    assert listed(first) == [f"Zed {number:03d}" for number in range(50)]
    sent = {"csrf": csrf_of(client), "q": "Zed", "tri": "nom", "page": "1"}
    assert listed(client.post("/pro/registre", data=sent).text) == [
        f"Zed {number:03d}" for number in range(50, 60)
    ]
    names = listed(client.get("/pro/registre", params={"tri": "libres", "libres": "oui"}).text)
    assert names
    assert not {name for name in names if name.startswith("Zed ")}
    assert "/pro/registre?q" not in first
    repository.delete(childminder_ids=[one.childminder_id for one in many])


def test_free_places_are_those_of_the_busiest_hour():
    today = date(2026, 11, 22)
    at = date(2026, 1, 1)
    mornings, evenings = Timetable.parse("Mo-Fr 08:00-12:00"), Timetable.parse("Mo-Fr 13:00-18:00")
    open_ = replace(FULL, agrement=Agrement(3), contracts=None, availabilities=None)
    assert free_places(open_, today) is None
    assert free_places(replace(open_, contracts=()), today) == 3
    shared = (Contract("1", at, mornings), Contract("2", at, evenings))
    assert free_places(replace(open_, contracts=shared), today) == 2
    over = Contract("3", at, mornings, end=date(2026, 6, 1))
    assert free_places(replace(open_, contracts=(*shared, over)), today) == 2
    assert free_places(replace(open_, availabilities=(Availability(mornings, 1),)), today) == 1
    assert free_places(FULL, today) == 0


# ---- freshness ---------------------------------------------------------------------------------------------------


def test_those_to_ask_are_listed_with_a_link_for_one_tap(client, repository, settings):
    stale = replace(
        FULL, agrement=Agrement(2), availability_confirmed_on=None, name="Ana Ferrand",
        contact=Contact("06 39 98 00 77", "ana@relais.example"),
    )  # fmt: skip
    repository.save(childminders=[stale])
    page = client.get("/pro/fraicheur").text
    assert "Ana Ferrand" in page
    assert "/confirmer/" not in page
    links = client.post("/pro/fraicheur", data={"csrf": csrf_of(client), "geste": "preparer"}).text
    assert 'href="sms:0639980077?&amp;body=' in links
    assert 'href="mailto:ana@relais.example?' in links
    before = set(settings.outbox.glob("*.eml")) if settings.outbox.exists() else set()
    sent = client.post("/pro/fraicheur", data={"csrf": csrf_of(client), "geste": "envoyer"}).text
    assert "Écrire maintenant à" in sent
    assert not settings.outbox.exists() or set(settings.outbox.glob("*.eml")) == before
    sent = client.post("/pro/fraicheur", data={"csrf": csrf_of(client), "geste": "confirmer"}).text
    # Without a mail server they are files: nobody was written to, and nothing says so.
    assert "aucun serveur de courrier" in sent
    assert "est parti" not in sent
    mails = [
        message_from_bytes(p.read_bytes()) for p in set(settings.outbox.glob("*.eml")) - before
    ]
    assert "ana@relais.example" in {mail["To"] for mail in mails}
    assert len({mail["To"] for mail in mails}) == len(mails)


# ---- files -------------------------------------------------------------------------------------------------------


def test_a_list_of_another_layout_is_shown_before_it_is_imported(
    client, repository, tmp_path, monkeypatch
):
    def sent(data, file=None):
        files = None if file is None else {"fichier": file}
        return client.post(
            "/pro/registre/import",
            data={"csrf": csrf_of(client), "nature": "facilities"} | data,
            files=files or {"rien": b""},
        )

    listed = "LIB;QUOI;OU;NB\nLes Tilleuls;Micro-crèche;1 rue A 12990 Valcombe;10\nLes Pins;Crèche;2 rue A 12990 Valcombe;20\n"
    shown = sent({}, ("eaje.csv", listed.encode()))
    assert shown.status_code in {200, 422}
    page = shown.text
    assert "Colonne du fichier" in page
    assert not [one for one in repository.facilities() if one.name == "Les Tilleuls"]
    carried = re.search(r'name="contenu" value="([^"]+)"', page)[1]
    kept = {
        "contenu": carried,
        "nom": "eaje.csv",
        "c.address": "OU",
        "r.address": "",
        "c.places": "NB",
        "c.name": "LIB",
        "r.name": "",
        "c.kind": "QUOI",
        "r.kind": "",
        "r.places": "",
    }
    again = sent(kept)
    assert "1 rue A 12990 Valcombe" in again.text
    assert not [one for one in repository.facilities() if one.name == "Les Tilleuls"]
    done = sent(kept | {"etape": "importer"})
    assert done.status_code == 200
    assert {
        one.places for one in repository.facilities() if one.name in {"Les Tilleuls", "Les Pins"}
    } == {10, 20}
    # The next list with the same titles is understood at once.
    assert "dites la dernière fois" in sent({}, ("eaje.csv", listed.encode())).text


def test_templates_to_download(client):
    answer = client.get("/pro/registre/modele/childminders.xlsx")
    assert answer.content.startswith(b"PK")
    assert client.get("/pro/registre/modele/autre.xlsx").status_code in {404, 422}


def test_an_import_tells_what_it_kept_of_what_was_written_by_hand(client, repository):
    def bring(**more):
        record = {"mam_id": "MAM-F", "address": ADDRESS, "name": more.pop("name", "Du fichier")}
        file = {"fichier": ("mams.json", json.dumps([record]).encode())}
        data = {"csrf": csrf_of(client), "nature": "mams"} | more
        return client.post("/pro/registre/import", data=data, files=file)

    assert bring().status_code == 200
    path = "/pro/registre/mam/MAM-F"
    client.post(path, data=sent_of(client.get(path).text, path) | {"name": "De ma main"})
    kept = bring(name="Autre fichier")
    assert kept.status_code == 200
    assert "« Nom » : gardé « De ma main »" in unescape(kept.text).replace("\u00a0", " ")
    assert repository.mam("MAM-F").name == "De ma main"
    taken = bring(name="Autre fichier", prevaut="oui")
    assert "comme demandé" in taken.text
    assert repository.mam("MAM-F").name == "Autre fichier"
    missing = client.post("/pro/registre/import", data={"csrf": csrf_of(client), "nature": "mams"})
    assert missing.status_code == 422


def test_another_rpe_reaches_no_record(app, repository):
    with TestClient(app, headers=PAGE) as other:
        other.post("/pro/connexion", data={"email": "ailleurs@rpe.example", "password": PASSWORD})
        for path in PATHS.values():
            assert other.get(path).status_code == 404
        assert "Les Merles" not in other.get("/pro/registre").text
