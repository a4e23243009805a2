"""The commission, step by step, as an animateur goes through it: open, edit, run, move a family, close."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from openpyxl import load_workbook

from api.app import create_app
from rpe_geo.domain import Child, Request
from rpe_geo.schedule import Timetable
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_casework, open_commissions
from tests.pages.opened import ADDRESS, PASSWORD, make_settings

PAGE = {"accept": "text/html"}
NEED = Request(
    "R",
    (Child(date(2026, 5, 1)),),
    date(2027, 1, 4),
    Timetable.parse("Mo-Fr 08:00-17:30"),
    address=ADDRESS,
    mode="car",
    max_minutes=20,
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    made = make_settings(tmp_path_factory.mktemp("commission"))
    repository = open_repository(made.database_url)
    records = [
        replace(one, agrement=replace(one.agrement, places_offered=int(number < 2)))
        for number, one in enumerate(repository.childminders())
    ]
    repository.save(childminders=records)
    casework = open_casework(repository, made, made.rpe_id)
    for name, facts in (
        ("Zoé Carpentier", {"insertion": 1.0}),
        ("Lou Nguyen", {"residence": 1.0}),
        ("Iris Morvan", {}),
    ):
        casework.receive(replace(NEED, criteria=facts), {"nom": name}, at=datetime.now(UTC))
    repository.close()
    return made


@pytest.fixture(scope="module")
def client(settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False, headers=PAGE) as opened:
        opened.post("/pro/connexion", data={"email": "agathe@rpe.example", "password": PASSWORD})
        yield opened


@pytest.fixture
def store(settings):
    repository = open_repository(settings.database_url)
    yield open_commissions(repository, settings, settings.rpe_id)
    repository.close()


def plain(answer: Response) -> str:
    """Write a page with ordinary spaces and without entities."""
    return re.sub("[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", " ", unescape(answer.text))


def hidden(page: str, name: str) -> str:
    return unescape(re.findall(rf'name="{name}"\s+value="([^"]*)"', page)[-1])


def ended(client: TestClient) -> str:
    for _ in range(600):
        page = plain(client.get("/pro/commission/resultats"))
        if 'http-equiv="refresh"' not in page:
            return page
        time.sleep(0.1)
    raise AssertionError("the run does not end")


def test_the_whole_way(client, store, settings) -> None:
    page = plain(client.get("/pro/commission"))
    assert "3 demandes ouvertes" in page
    csrf = {"csrf": hidden(page, "csrf")}
    wrong = client.post(
        "/pro/commission/ouvrir", data={**csrf, "jour": "2026-12-10", "graine": "x"}
    )
    assert wrong.status_code == 422
    assert store.latest() is None
    client.post("/pro/commission/ouvrir", data={**csrf, "jour": "2026-12-10", "graine": "274916"})
    assert store.latest().content["seed"] == 274916

    # Editing is kept apart, and told; nothing is rounded on the way.
    page = plain(client.get("/pro/commission/bareme"))
    assert 'value="0,25"' in page
    form = {**csrf, "vu": hidden(page, "vu"), "p-residence": "12", "p-semaines_attente": "0,25"}
    client.post("/pro/commission/bareme", data={**form, "faire": "essayer"})
    kept = store.latest().content
    assert kept["edits"] == {"residence": "12"}
    page = plain(client.get("/pro/commission/bareme"))
    assert "une ligne a changé" in page or "1 ligne a changé" in page
    form["vu"] = hidden(page, "vu")
    empty = client.post(
        "/pro/commission/bareme", data={**form, "p-residence": "", "faire": "essayer"}
    )
    assert empty.status_code == 422
    assert "Il manque les points de « Habite une commune du territoire »" in plain(empty)
    form["vu"] = hidden(client.get("/pro/commission/bareme").text, "vu")
    client.post("/pro/commission/bareme", data={**form, "faire": "publier", "source": "Délib. 1"})
    assert "points = 12" in store.latest().content["bareme"]

    client.post("/pro/commission/calcul", data=csrf)
    page = ended(client)
    results = store.latest().content["results"]
    assert set(results) == {"points", "welfare", "bottleneck", "present"}
    assert "2 familles sur 3 auraient une place" in page
    assert "Zoé Carpentier" in page
    (waits,) = results["points"]["unassigned"]
    assert waits["reason"].startswith("Il manquait 12\N{NO-BREAK SPACE}points")

    # What people decide is shown first, then worked out around.
    provider = results["points"]["assignments"][0]["provider_id"]
    asked = f"demande={waits['request_id']}&accueil={provider}"
    moved = plain(client.get(f"/pro/commission/deplacer?{asked}"))
    assert "Si vous acceptez" in moved
    assert "a plus de place" in moved
    assert not store.latest().content["fixes"]
    form = {
        **csrf,
        "vu": hidden(moved, "vu"),
        "demande": waits["request_id"],
        "accueil": provider,
        "facon": "points",
    }
    refused = client.post("/pro/commission/deplacer", data={**form, "motif": ""})
    assert refused.status_code == 422
    client.post("/pro/commission/deplacer", data={**form, "motif": "fait vérifié"})
    page = ended(client)
    assert "Décidé en séance" in page
    assert "fait vérifié" in page
    impossible = client.get(
        f"/pro/commission/deplacer?demande={waits['request_id']}&accueil=AM-0005"
    )
    assert "pas possible" in plain(impossible)
    client.post("/pro/commission/reprendre", data={**csrf, "demande": waits["request_id"]})
    page = ended(client)
    assert "Décidé en séance" not in page

    # The papers name nobody.
    minute = plain(client.get("/pro/commission/proces-verbal"))
    letters = plain(client.get("/pro/commission/courriers"))
    for name in ("Carpentier", "Nguyen", "Morvan"):
        assert name not in minute
        assert name not in letters
    assert "3 courriers" in letters
    book = load_workbook(io.BytesIO(client.get("/pro/commission/pieces.xlsx").content))
    assert book.sheetnames[0] == "Attributions"

    # Nothing is closed unread, and closing is once.
    form = {**csrf, "vu": hidden(page, "vu"), "facon": "points"}
    assert client.post("/pro/commission/arreter", data=form).status_code == 409
    closed = client.post("/pro/commission/arreter", data={**form, "relu": "oui"})
    assert "2 propositions sont notées" in plain(closed)
    repository = open_repository(settings.database_url)
    casework = open_casework(repository, settings, settings.rpe_id)
    assert sorted(case.status for case in casework.inbox()) == ["new", "proposed", "proposed"]
    repository.close()
    again = client.post("/pro/commission/calcul", data=csrf)
    assert again.status_code == 409


def test_a_planner_does_not_see_it_and_another_rpe_has_its_own(settings) -> None:
    with TestClient(create_app(settings), raise_server_exceptions=False, headers=PAGE) as other:
        other.post("/pro/connexion", data={"email": "plan@rpe.example", "password": PASSWORD})
        assert other.get("/pro/commission").status_code == 403
        assert "/pro/commission" not in other.get("/pro/observatoire").text
    with TestClient(create_app(settings), raise_server_exceptions=False, headers=PAGE) as other:
        other.post("/pro/connexion", data={"email": "ailleurs@rpe.example", "password": PASSWORD})
        assert "Carpentier" not in other.get("/pro/commission").text
        assert other.get("/pro/commission/proces-verbal").status_code == 404
    with TestClient(create_app(settings), headers=PAGE) as nobody:
        assert "connexion" in str(nobody.get("/pro/commission").url)
