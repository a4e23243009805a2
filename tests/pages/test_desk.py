"""The animateurs' desk: the inbox, two at once on one request, weeks shared by two, how to reach a family, the activity."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages.requests.inbox import matches
from rpe_geo.desk.casework import Event
from rpe_geo.domain import Child, Request
from rpe_geo.schedule import Timetable
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_casework
from tests.pages.markup import squeezed
from tests.pages.opened import ADDRESS, PASSWORD, make_settings

PAGE = {"accept": "text/html"}
NEED = Request(
    "R",
    (Child(date(2026, 5, 1)),),
    date(2027, 1, 4),
    Timetable.parse("Mo-Fr 08:00-18:00"),
    address=ADDRESS,
    mode="walk",
    max_minutes=20,
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_settings(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def app(settings):
    return create_app(settings)


@pytest.fixture
def client(app) -> Iterator[TestClient]:
    """Agathe, signed in."""
    with TestClient(app, raise_server_exceptions=False, headers=PAGE) as opened:
        opened.post("/pro/connexion", data={"email": "agathe@rpe.example", "password": PASSWORD})
        yield opened


@pytest.fixture
def casework(settings):
    repository = open_repository(settings.database_url)
    yield open_casework(repository, settings, settings.rpe_id)
    repository.close()


@pytest.fixture
def case(casework) -> str:
    """A request in the inbox."""
    return casework.receive(NEED, {"nom": "Zoé Carpentier"}, at=datetime.now(UTC))


def sent_of(page: str, action: str, **changed) -> dict[str, object]:
    """Read back what a browser would send of a form, with some fields typed otherwise."""
    begin = page.index(f'action="{action}"')
    form = squeezed(page[begin:].split("</form>", maxsplit=1)[0])
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]+>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and (not re.search('type="(checkbox|radio)"', tag) or " checked" in tag):
            sent.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for name, options in re.findall(
        r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        first = re.search(r'value="([^"]*)"', options)
        sent[name] = [unescape((chosen or first)[1])]
    for name, text in re.findall(
        r'<textarea [^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL
    ):
        sent[name] = [unescape(text)]
    return {name: values if len(values) > 1 else values[0] for name, values in sent.items()} | {
        name.replace("__", "-"): value for name, value in changed.items()
    }


def need_form(client, case, **changed):
    return sent_of(
        client.get(f"/pro/demandes/{case}").text, f"/pro/demandes/{case}/besoin", **changed
    )


def csrf_of(client) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', client.get("/pro/demandes").text)[1]


# ---- two at once -------------------------------------------------------------------------------------------------


def test_a_conflict_shows_both_versions_who_and_when_and_keeps_what_was_typed(
    client, case, casework
):
    mine = need_form(client, case, max_minutes="25", h__5="09:00-12:00")
    theirs = need_form(client, case, tolerance="7", max_minutes="30")
    assert client.post(f"/pro/demandes/{case}/besoin", data=theirs).status_code == 200
    answer = client.post(f"/pro/demandes/{case}/besoin", data=mine)
    assert answer.status_code == 409
    page = squeezed(answer.text)
    assert "<b>Agathe</b>a enregistré une autre version le" in page
    assert "changé des deux côtés" in page
    for told in ("20", "30", "25"):
        assert re.search(rf'<td data-l="[^"]+"[^>]*>{told}</td>', page), told
    kept = casework.case(case).request
    assert (kept.max_minutes, kept.start_tolerance_days) == (30, 7)
    proposed = sent_of(page, f"/pro/demandes/{case}/besoin")
    assert (proposed["max_minutes"], proposed["tolerance"]) == ("25", "7")
    assert proposed["h-5"] == "09:00-12:00"
    assert client.post(f"/pro/demandes/{case}/besoin", data=proposed).status_code == 200
    merged = casework.case(case).request
    assert (merged.max_minutes, merged.start_tolerance_days) == (25, 7)
    assert "Sa 09:00-12:00" in merged.schedule.write()


def test_of_many_who_save_at_the_same_moment_one_is_kept_and_the_others_are_told(
    client, case, casework
):
    forms = [need_form(client, case, tolerance=str(10 + number)) for number in range(4)]
    barrier = threading.Barrier(len(forms))

    def save(form):
        barrier.wait()
        return client.post(f"/pro/demandes/{case}/besoin", data=form, follow_redirects=False)

    with ThreadPoolExecutor(len(forms)) as pool:
        answers = list(pool.map(save, forms))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 303)
    assert casework.case(case).request.start_tolerance_days == 10 + winner
    for number, answer in enumerate(answers):
        if number != winner:
            assert "Deux versions" in answer.text
            kept = sent_of(answer.text, f"/pro/demandes/{case}/besoin")
            assert kept["tolerance"] == str(10 + number)


def test_a_place_offered_to_another_family_is_told_on_both_files(client, case, casework):
    other = casework.receive(NEED, {"nom": "Autre"}, at=datetime.now(UTC))
    offer = {"csrf": csrf_of(client), "kind": "proposed", "lieu": "childminder:AM-0004", "vu": "1"}
    assert client.post(f"/pro/demandes/{other}/noter", data=offer).status_code == 200
    said = "Cette place a été proposée à une autre famille"
    assert said in squeezed(client.get(f"/pro/demandes/{case}").text)
    refused = client.post(f"/pro/demandes/{case}/noter", data=offer)
    assert refused.status_code == 409
    assert "Proposer quand même" in refused.text
    assert other in refused.text
    assert [event.kind for event in casework.case(case).events] == ["received"]
    again = sent_of(refused.text, f"/pro/demandes/{case}/noter")
    assert again["connues"] == "1"
    assert client.post(f"/pro/demandes/{case}/noter", data=again).status_code == 200
    for first, second in ((case, other), (other, case)):
        page = squeezed(client.get(f"/pro/demandes/{first}").text)
        assert said in page
        assert f'href="/pro/demandes/{second}"' in page
        assert "par agathe" in page


def test_what_was_noted_meanwhile_is_told_and_may_be_noted_all_the_same(client, case, casework):
    noted = {"csrf": csrf_of(client), "kind": "contact", "canal": "phone", "vu": "1"}
    assert client.post(f"/pro/demandes/{case}/noter", data=noted).status_code == 200
    late = client.post(f"/pro/demandes/{case}/noter", data=noted | {"canal": "visit"})
    assert late.status_code == 409
    assert "<b>Échange</b>, noté le" in late.text
    again = sent_of(late.text, f"/pro/demandes/{case}/noter")
    assert (again["canal"], again["vu"]) == ("visit", "2")
    client.post(f"/pro/demandes/{case}/noter", data=again)
    assert [event.channel for event in casework.case(case).events[1:]] == ["phone", "visit"]


def test_a_file_that_is_gone_is_said_to_be(client, case, casework):
    form = need_form(client, case)
    casework.take_back(case, at=datetime.now(UTC))
    assert client.post(f"/pro/demandes/{case}/besoin", data=form).status_code == 404
    noted = {"csrf": csrf_of(client), "kind": "contact", "vu": "1"}
    assert client.post(f"/pro/demandes/{case}/noter", data=noted).status_code == 404
    assert [event.kind for event in casework.store.events(case)] == ["received", "withdrawn"]


# ---- a week shared by two ----------------------------------------------------------------------------------------


def test_two_are_proposed_at_once_and_each_answers(client, case, casework):
    pair = {
        "csrf": csrf_of(client),
        "kind": "proposed",
        "lieu": ["childminder:AM-0007", "childminder:AM-0008"],
        "vu": "1",
    }
    assert client.post(f"/pro/demandes/{case}/noter", data=pair).status_code == 200
    events = casework.case(case).events
    assert [event.shared_with for event in events[1:]] == [
        "childminder:AM-0008",
        "childminder:AM-0007",
    ]
    page = client.get(f"/pro/demandes/{case}").text
    assert "avec Prénom8 Secret8" in page
    one = pair | {"kind": "accepted", "lieu": "childminder:AM-0007", "vu": "3"}
    client.post(f"/pro/demandes/{case}/noter", data=one)
    assert casework.case(case).status == "proposed"
    client.post(
        f"/pro/demandes/{case}/noter", data=one | {"lieu": "childminder:AM-0008", "vu": "4"}
    )
    assert casework.case(case).status == "accepted"
    counted = casework.activity(date(2020, 1, 1), datetime.now(UTC).date())
    assert counted.solutions["shared"] >= 1


def test_a_combination_is_proposed_by_one_button(client, casework, settings):
    repository = open_repository(settings.database_url)
    before = repository.childminders()
    halves = ["Mo,Tu,We 07:00-19:00", "Th,Fr 07:00-19:00"]
    repository.save(
        childminders=[
            replace(one, working_hours=Timetable.parse(halves[number % 2]))
            for number, one in enumerate(before)
        ]
    )
    case = casework.receive(NEED, {"nom": "Partagée"}, at=datetime.now(UTC))
    page = client.get(f"/pro/demandes/{case}").text
    at = page.index("Proposer les deux à la famille")
    begin = page.rindex("<form", 0, at)
    form = page[begin:at]
    keys = re.findall(r'name="lieu" value="([^"]+)"', form)
    assert len(keys) == 2
    action = f"/pro/demandes/{case}/noter"
    sent = sent_of(page[begin:], action)
    assert client.post(action, data=sent).status_code == 200
    offered = [f"{e.provider_kind}:{e.provider_id}" for e in casework.case(case).events[1:]]
    assert offered == keys
    repository.save(childminders=before)
    repository.close()


# ---- the inbox ---------------------------------------------------------------------------------------------------


def test_words_are_found_without_accents_and_numbers_however_spaced():
    said = ("Élodie D’Hérouville", "12 rue de l'Église 34070 Saint-Jean", "06 39 98 41 07")
    for sought in (
        "elodie",
        "HÉROUVILLE",
        "saint jean",
        "eglise 34070",
        "0639984107",
        "06.39.98",
        "",
    ):
        assert matches(sought, said), sought
    for sought in ("helene", "eglise rouge", "0639984108"):
        assert not matches(sought, said), sought


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "zoe carpentier"}, True),
        ({"q": "montvernelle"}, True),
        ({"q": "0612"}, False),
        ({"q": "", "etat": "new"}, True),
        ({"q": "", "etat": "accepted"}, False),
        ({"q": "", "age": "semaine"}, True),
        ({"q": "", "age": "plus-mois"}, False),
        ({"q": "CARPENTIER", "etat": "toutes", "age": "mois"}, True),
    ],
)
def test_the_inbox_is_searched_and_filtered(client, case, asked, found):
    page = client.post("/pro/demandes", data={"csrf": csrf_of(client)} | asked).text
    assert (f'href="/pro/demandes/{case}"' in page) is found
    assert (f'href="/pro/demandes/{case}"' in client.get("/pro/demandes").text) is True


def test_what_is_searched_is_in_no_address(client):
    answer = client.post("/pro/demandes", data={"csrf": csrf_of(client), "q": "Carpentier"})
    assert "arpentier" not in str(answer.url)


# ---- how to reach a family, children each with their needs, cycles ------------------------------------------------


def test_a_request_by_telephone_keeps_how_to_reach_and_each_childs_needs(client, casework):
    form = {
        "csrf": csrf_of(client),
        "nom": "Famille Essai",
        "contact": "06 39 98 41 07",
        "voie": "telephone",
        "moments": "après 17 h",
        "message": "Veut visiter",
        "venue": "visit",
        "adresse": ADDRESS,
        "mode": "walk",
        "max_minutes": "20",
        "debut": "2027-01-04",
        "naissance-0": "2026-05-01",
        "besoin-0": ["medicines", "step_free"],
        "naissance-1": "2024-03-01",
        "ecole-1": "Jean-Rameau",
        "semaines": "2",
        "h-0": "8h-12h",
        "g-2": "20:00-06:00",
    }
    answer = client.post("/pro/demandes/nouvelle", data=form)
    assert answer.status_code == 200
    case = casework.case(answer.url.path.rpartition("/")[2])
    assert case.request.children == (
        Child(date(2026, 5, 1), frozenset({"medicines", "step_free"})),
        Child(date(2024, 3, 1), frozenset(), "Jean-Rameau"),
    )
    assert case.request.schedule.write() == ["Mo 08:00-12:00", "We 20:00-06:00"]
    assert case.events[0].channel == "visit"
    assert (case.contact["voie"], case.contact["moments"]) == ("telephone", "après 17 h")
    page = client.get(answer.url.path).text
    assert "par téléphone, après 17 h" in page
    assert "cycle de 2 semaines" in page
    assert client.get(f"/api/v1/suggestions/{case.request.request_id}").status_code in {404, 405}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"nom": ""}, "nom-e"),
        ({"voie": "email", "contact": "06 39 98 41 07"}, "contact-e"),
        ({"voie": "telephone", "contact": "06 39"}, "contact-e"),
        ({"adresse": "zzz qqq"}, "adresse-e"),
        ({"max_minutes": "beaucoup"}, "mm-e"),
        ({"debut": "demain"}, "debut-e"),
        ({"fin": "2026-01-01"}, "fin-e"),
        ({"part": "0"}, "part-e"),
        ({"naissance-0": ""}, "ne0-e"),
        ({"h-0": "tôt"}, "h-0-e"),
        ({"h-0": "08:07-12:00"}, "h-0-e"),
        ({"h-0": ""}, "h-0-e"),
        ({"semaines": "99"}, "semaines-e"),
        ({"mode": "fusée"}, "mode-e"),
        ({"enfants": "1", "aeeh": "3"}, "aeeh-e"),
    ],
)
def test_each_fault_of_a_need_stands_at_its_field(client, casework, changed, field):
    form = {
        "csrf": csrf_of(client),
        "nom": "Famille Essai",
        "adresse": ADDRESS,
        "mode": "walk",
        "debut": "2027-01-04",
        "naissance-0": "2026-05-01",
        "h-0": "08:00-12:00",
        "message": "À garder",
    }
    before = len(casework.inbox())
    answer = client.post("/pro/demandes/nouvelle", data=form | changed)
    assert answer.status_code == 422
    assert f'id="{field}"' in answer.text
    assert "À garder" in answer.text
    assert len(casework.inbox()) == before


def test_more_weeks_or_children_are_shown_without_saving(client, case, casework):
    form = need_form(client, case, semaines="3", geste="montrer", tolerance="77")
    page = client.post(f"/pro/demandes/{case}/besoin", data=form).text
    assert 'id="s3-0"' in page
    assert 'value="77"' in page
    assert casework.case(case).request.start_tolerance_days == 0


def test_a_need_comes_back_as_it_was(client, casework):
    need = replace(
        NEED,
        children=(
            Child(date(2026, 5, 1), frozenset({"medicines"}), "A"),
            Child(date(2024, 1, 1), frozenset({"lift"})),
        ),
        schedule=Timetable.parse(["Mo 08:00-12:00; PH 09:00-11:00", "off", "Fr 20:00-06:00"]),
        end=date(2027, 12, 31),
        preferences={"travel": 3.0, "garden": 1.0, "car": 2.0, "facility": 1.0},
        min_hours_share=0.125,
    )
    case = casework.receive(need, {"nom": "X", "choisis": ["mam:M"]}, at=datetime.now(UTC))
    assert (
        client.post(f"/pro/demandes/{case}/besoin", data=need_form(client, case)).status_code == 200
    )
    kept = casework.case(case)
    placed = replace(kept.request, longitude=None, latitude=None)
    assert placed == replace(need, request_id=case)
    assert kept.contact["choisis"] == ["mam:M"]


# ---- the activity ------------------------------------------------------------------------------------------------


def test_the_activity_is_counted_and_exported(client, casework):
    today = datetime.now(UTC).date()
    page = squeezed(client.get("/pro/activite").text)
    counted = casework.activity(date(today.year, 1, 1), today)
    assert f"<dt>Demandes reçues</dt><dd>{counted.received}</dd>" in page
    answer = client.get(
        "/pro/activite/activite.csv", params={"du": f"{today.year}-01-01", "au": today}
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    whole = [row for row in rows if row["du"] == f"{today.year}-01-01" and row["au"] == str(today)]
    values = {(row["rubrique"], row["detail"]): row["valeur"] for row in whole}
    assert values["Demandes", "Demandes reçues"] == str(counted.received)
    months = [row for row in rows if row["detail"] == "Demandes reçues" and row not in whole]
    if today.month > 1:
        assert sum(int(row["valeur"]) for row in months) == counted.received
    for secret in ("Carpentier", "06 39", "Ferronniers"):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"du": "x"}, "Choisissez deux jours"),
        ({"du": "2026-05-01", "au": "2026-04-01"}, "vient après"),
        ({"du": "2000-01-01", "au": "2026-01-01"}, "trois ans"),
    ],
)
def test_a_period_that_is_none_is_said(client, asked, fault):
    answer = client.get("/pro/activite", params=asked)
    assert answer.status_code == 422
    assert fault in answer.text


def test_other_roles_see_neither_desk_nor_activity(app):
    with TestClient(app, headers=PAGE) as planner:
        planner.post("/pro/connexion", data={"email": "plan@rpe.example", "password": PASSWORD})
        for path in ("/pro/demandes", "/pro/activite", "/pro/fraicheur", "/pro/registre/import"):
            assert planner.get(path).status_code == 403
        assert planner.get("/pro/activite/activite.csv").status_code == 403


def test_offers_of_closed_or_old_cases_are_not_told(client, case, casework):
    long_ago = datetime.now(UTC) - timedelta(days=300)
    old = casework.receive(NEED, {"nom": "Avant"}, at=long_ago)
    about = {"provider_kind": "childminder", "provider_id": "AM-0011"}
    casework.note(Event(old, "proposed", long_ago, **about), seen=1)
    casework.note(Event(old, "accepted", long_ago, **about), seen=2)
    gone = casework.receive(NEED, {"nom": "Partie"}, at=datetime.now(UTC))
    casework.note(Event(gone, "proposed", datetime.now(UTC), **about), seen=1)
    casework.note(Event(gone, "withdrawn", datetime.now(UTC)), seen=2)
    assert ("childminder", "AM-0011") not in casework.case(case).elsewhere
