"""What helps a family to read her list: kinds, order, price, a table to keep; and what a public service tells of itself."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import FormData

from api.app import create_app
from api.pages.family.search_form import Search
from rpe_geo.publishing.regles import published_rules
from rpe_geo.schedule import Timetable
from rpe_geo.settings import Settings
from tests.pages.markup import squeezed
from tests.pages.opened import make_settings, search_form

PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    return make_settings(tmp_path_factory.mktemp("liste"))


@pytest.fixture(scope="module")
def client(settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers=PAGE) as opened:
        yield opened


def form_data(**changed) -> FormData:
    pairs = []
    for name, value in search_form(**changed).items():
        pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
    return FormData(pairs)


@pytest.mark.parametrize(
    ("given", "meant"), [("20", 20), ("60", 30), ("12,5", 10), ("2", 5), ("bientôt", 15)]
)
def test_the_minutes_shown_are_those_searched(given, meant):
    asked = Search.read(form_data(max_minutes=given))
    assert asked.minutes == str(meant)
    assert asked.request().max_minutes == meant


class TestHours:
    def test_two_weeks_that_differ_are_one_cycle(self):
        asked = Search.read(form_data(alterne="oui", jour2=["We"], de2="08:00", a2="12:00"))
        assert not asked.faults
        schedule = asked.request().schedule
        assert len(schedule) == 2
        assert schedule.weeks[1] == Timetable.parse("We 08:00-12:00").weeks[0]

    def test_a_week_without_need_is_off(self):
        asked = Search.read(form_data(alterne="oui"))
        assert not asked.faults
        assert asked.written[1] == "off"

    def test_the_other_week_needs_its_hours(self):
        assert "jour2" in Search.read(form_data(alterne="oui", jour2=["We"], de2="08:00")).faults

    def test_a_night_runs_to_the_next_day(self):
        asked = Search.read(form_data(jour=["Fr"], de="20:00", a="06:00"))
        assert not asked.faults
        assert asked.request().schedule == Timetable.parse("Fr 20:00-06:00")

    def test_less_than_a_quarter_of_an_hour_is_no_hours(self):
        assert "jour" in Search.read(form_data(de="08:00", a="08:10")).faults

    def test_the_hidden_fields_are_the_search(self):
        asked = Search.read(form_data(alterne="oui", jour2=["We"], de2="08:00", a2="12:00"))
        assert Search.read(FormData(asked.hidden)) == asked


class TestNeedsThatAreNoPlainWeek:
    """The families' door hears what the desk hears; every page is read as it is sent without JavaScript."""

    def test_dates_stand_for_the_week(self):
        asked = Search.read(
            form_data(
                jour=[],
                debut="",
                planning="lundi 4 janvier 2027 : 6 h 30 - 14 h 30\n06/01/2027 de 13h à 21h",
            )
        )
        assert not asked.faults
        need = asked.request()
        assert [(one.date, one.hours) for one in need.roster] == [
            (date(2027, 1, 4), "06:30-14:30"),
            (date(2027, 1, 6), "13:00-21:00"),
        ]
        assert (need.start, need.end) == (date(2027, 1, 4), date(2027, 1, 6))

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"planning": "demain matin"}, "planning"),
            ({"planning": "mardi 4 janvier 2027 8-12"}, "planning"),
            ({"planning": "04/01/27 8-12"}, "planning"),
            ({"enveloppe": "oui", "heures_mois": "beaucoup"}, "heures_mois"),
            ({"enveloppe": "oui", "heures_mois": ""}, "heures_mois"),
            ({"semaines_an": "60"}, "semaines_an"),
            ({"adaptation": "2026-12-28", "adaptation_heures": "le matin"}, "adaptation"),
            ({"adaptation": "2026-12-28", "adaptation_heures": ""}, "adaptation"),
            ({"autre_domicile": "2 rue du Lac", "autres_semaines": "paires"}, "autre_domicile"),
            ({"gare": "Gare centrale", "mode": "transit"}, "gare"),
        ],
    )
    def test_what_cannot_be_used_is_told_at_its_field(self, fields, field):
        assert set(Search.read(form_data(**fields)).faults) == {field}

    def test_every_field_makes_the_need(self):
        asked = Search.read(
            form_data(
                enveloppe="oui",
                heures_mois="120",
                jours_avance="15",
                vacances="except",
                zone="C",
                semaines_an="36",
                adaptation="2026-12-28",
                autre_domicile="2 rue du Lac, 96100 Montvernelle-sur-Aubrelle",
                gare="Gare de Montvernelle",
                mode="pushchair",
            )
        )
        assert not asked.faults
        need = asked.request()
        assert need.envelope.hours_per_month == 120
        assert need.envelope.known_days_ahead == 15
        assert (need.school_holidays, need.school_zone, need.weeks_per_year) == ("except", "C", 36)
        assert need.adaptation.hours == "09:00-11:00"
        assert need.second_home.weeks == (2,)
        assert need.trip == ("pushchair", "transit")
        assert Search.read(FormData(asked.hidden)) == asked

    def test_the_answer_says_how_it_was_read(self, client):
        sent = {"planning": "04/01/2027 8:00-17:00", "jour": []}
        page = client.post("/", data=search_form(**sent))
        assert page.status_code == 200
        said = squeezed(unescape(page.text)).replace("\N{NO-BREAK SPACE}", " ")
        assert "Planning connu jusqu’au 4 janvier 2027" in said.replace("'", "’")
        assert 'name="planning" value="04/01/2027 8:00-17:00"' in page.text

    def test_a_zone_that_nobody_knows_is_asked_for(self, client):
        page = client.post("/", data=search_form(vacances="only"))
        assert page.status_code == 422
        assert "choisissez A, B ou C" in page.text
        assert client.post("/", data=search_form(vacances="only", zone="A")).status_code == 200

    def test_another_address_that_is_not_found_is_told_at_its_field(self, client):
        page = client.post("/", data=search_form(autre_domicile="zzzz 99999 Nullepart"))
        assert page.status_code == 422
        assert 'id="autre_domicile-e"' in page.text

    def test_a_place_that_was_chosen_does_not_outlive_its_address(self):
        chosen = {"choix": "5.1,47.2|Ailleurs", "choix_pour": "2 rue du Lac"}
        assert Search.read(form_data(adresse="2 rue du Lac", **chosen)).place
        assert not Search.read(form_data(adresse="9 rue du Port", **chosen)).place

    def test_what_is_sent_to_the_relais_has_them(self, client):
        form = search_form(
            vacances="except",
            zone="B",
            semaines_an="36",
            nom="Famille Exemple",
            contact="famille@exemple.fr",
            accord="oui",
        )
        sent = client.post("/demande", data=form, follow_redirects=False)
        assert sent.status_code == 303


class TestList:
    def test_the_price_is_compared_when_the_income_is_given(self, client):
        without = client.post("/", data=search_form(revenu="")).text
        page = client.post("/", data=search_form(revenu="3000")).text
        assert "b-you" not in without
        assert 'class="b-you"' in page
        assert "4,00\N{NO-BREAK SPACE}€ net de l’heure" in page

    def test_no_exact_minute_of_a_masked_home_is_in_the_page(self, client):
        page = client.post("/", data=search_form()).text
        told = re.findall(r'data-kind="childminder"[^>]*data-minutes="(\d+)"', page)
        assert told
        assert {int(minutes) % 5 for minutes in told} == {0}

    def test_the_table_says_what_the_page_says(self, client):
        page = client.post("/", data=search_form()).text
        answer = client.post("/liste.csv", data=search_form())
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
        assert answer.headers["content-type"].startswith("text/csv")
        assert [row["nom"] for row in rows] == re.findall(
            r"<h3>([^<]+)</h3><span class=\"mins", squeezed(page)
        )
        assert all(row["trajet"].startswith("env.") for row in rows)
        assert "Secret" not in answer.text
        assert "Tres-Secrete" not in answer.text

    def test_a_table_of_a_faulty_search_sends_back_to_it(self, client):
        answer = client.post("/liste.csv", data=search_form(debut=""), follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


class TestInformation:
    @pytest.mark.parametrize(
        "path", ["/calculs", "/vos-donnees", "/accessibilite", "/mentions-legales"]
    )
    def test_every_page_leads_there(self, client, path):
        assert f'href="{path}"' in client.get("/").text
        assert client.get(path).status_code == 200

    def test_the_rules_are_those_in_force(self, client):
        page = client.get("/calculs").text
        for section in published_rules(date.today()):  # noqa: DTZ011 - as the service reads the day
            assert section.title.replace("'", "’") in page
            assert all(
                row[0].replace("'", "’").strip("`") in unescape(page) for row in section.rows
            )
        assert "](" not in page

    def test_what_nobody_filled_in_is_said_to_be_missing(self, client, settings):
        assert "RPE_LEGAL_PUBLISHER" in client.get("/mentions-legales").text
        filled = settings.model_copy(update={"legal_publisher": "Communauté de communes d’Orvelle"})
        with TestClient(create_app(filled), headers=PAGE) as other:
            page = other.get("/mentions-legales").text
        assert "Communauté de communes d’Orvelle" in page
        assert "RPE_LEGAL_PUBLISHER" not in page
