"""The main job from files to answer, on real streets and addresses and on the demonstration territory."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from rpe_geo import Child, Relais, Request, Settings, Timetable, build_territory, open_relais
from rpe_geo.cli import run
from rpe_geo.errors import AddressNotFound, AmbiguousAddress, InputError
from rpe_geo.formats.records import request_of
from rpe_geo.messages.rules import refusal_sentence
from rpe_geo.relais.suggest import Suggestions
from rpe_geo.synthetic.places import demonstration_folder
from rpe_geo.territory import Territory, TerritoryInputs

TODAY = date(2026, 11, 22)
MODES = ("walk", "bike", "car")


def _open(territory: Territory, folder: Path, *, childminders: int) -> Relais:
    """Fill a registry by the commands that a user would type, and open it."""
    records = folder / "registre"
    database = f"sqlite:///{folder / 'registre.sqlite'}"
    made = run(
        [
            *("synth", str(records), "--childminders", str(childminders), "--requests", "50"),
            *("--territory", str(territory.directory), "--on", TODAY.isoformat()),
        ]
    )
    assert made == 0
    for kind in ("mams", "facilities", "childminders", "requests"):
        arguments = ["import", str(records / f"{kind}.json"), "--kind", kind]
        assert run([*arguments, "--database", database]) == 0
    return open_relais(Settings(territory=territory.directory, database_url=database))


@pytest.fixture(scope="module")
def montpellier(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Relais, Path]]:
    folder = tmp_path_factory.mktemp("montpellier")
    city, france = real_data / "montpellier", real_data / "france"
    built = run(
        [
            *("territory", "build", str(folder / "T"), "--code", "34172"),
            *("--streets", str(city / "montpellier-streets-2014.osm.pbf")),
            *("--addresses", str(city / "adresses-34172.csv.gz")),
            *("--communes", str(france / "communes.parquet")),
            *("--contours", str(france / "contours.parquet")),
        ]
    )
    assert built == 0
    with _open(Territory.open(folder / "T"), folder, childminders=300) as relais:
        yield relais, folder


@pytest.fixture(scope="module")
def saint_germain(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Relais, Path]]:
    folder = tmp_path_factory.mktemp("saint-germain")
    (streets,) = (real_data / "saint-germain-en-laye").glob("*.osm.pbf")
    territory = build_territory(folder / "T", TerritoryInputs(streets=streets))
    with _open(territory, folder, childminders=100) as relais:
        yield relais, folder


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Relais, Path]]:
    folder = tmp_path_factory.mktemp("demonstration")
    files = demonstration_folder()
    inputs = TerritoryInputs(
        streets=files / "streets.osm.pbf",
        addresses=(files / "addresses.csv.gz",),
        communes=files / "communes.parquet",
        contours=files / "contours.parquet",
        cog=files / "communes-cog.json.gz",
    )
    territory = build_territory(folder / "T", inputs)
    with _open(territory, folder, childminders=100) as relais:
        yield relais, folder


def _need(**changes: object) -> Request:
    fields: dict[str, object] = {
        "request_id": "R-TEST",
        "children": (Child(date(2026, 5, 1)),),
        "start": date(2027, 1, 4),
        "start_tolerance_days": 31,
        "schedule": Timetable.parse("Mo,Tu,Th 08:30-17:00"),
        "max_minutes": 25,
    }
    return Request(**(fields | changes))  # type: ignore[arg-type]


def _is_complete(answer: Suggestions, *, limit: int) -> None:
    """Ranked, within the minutes asked, every contribution named, every refusal explained."""
    scores = [(not one.verdict.unknown, one.score) for one in answer.suggestions]
    assert scores == sorted(scores, reverse=True)
    assert [one.rank for one in answer.suggestions] == list(range(1, len(scores) + 1))
    assert len(scores) == min(limit, answer.feasible_count + answer.to_ask_count)
    for one in answer.suggestions:
        minutes = one.travel_minutes if one.detour_minutes is None else one.detour_minutes
        assert round(minutes) <= answer.parameters["max_minutes"]
        assert one.verdict.feasible
        assert one.verdict.start is not None
        assert math.isclose(sum(one.contributions.values()), one.score, abs_tol=0.05)
        assert len(one.contributions) == 7
    listed = {(v.provider_kind, v.provider_id) for v in answer.refused}
    assert len(listed) == answer.refused_count
    assert not listed & {
        (s.verdict.provider_kind, s.verdict.provider_id) for s in answer.suggestions
    }
    for verdict in answer.refused:
        assert not verdict.feasible
        assert verdict.refusals
        assert all(refusal_sentence(refusal) for refusal in verdict.refusals)


@pytest.mark.real
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("128 rue Bernard Blier 34070 Montpellier", "Rue Bernard Blier"),
        ("12 BD DU JEU DE PAUME MONTPELLIER", "Boulevard du Jeu de Paume"),
        ("85 rue des contes provencaux, 34090 montpellier", "Rue des Contes Provençaux"),
    ],
)
def test_free_text_addresses_of_montpellier_in_each_mode(
    montpellier: tuple[Relais, Path], address: str, street: str, mode: str
) -> None:
    relais, _ = montpellier
    answer = relais.suggest(_need(address=address, mode=mode), today=TODAY, limit=20)
    assert street.casefold() in answer.addresses["address"].label.casefold()
    assert answer.suggestions
    _is_complete(answer, limit=20)


@pytest.mark.real
def test_going_further_never_loses_a_possibility(montpellier: tuple[Relais, Path]) -> None:
    relais, _ = montpellier
    address = "128 rue Bernard Blier 34070 Montpellier"
    counts = [
        relais.suggest(
            _need(address=address, mode="walk", max_minutes=minutes), today=TODAY
        ).feasible_count
        for minutes in (5, 15, 30)
    ]
    assert counts == sorted(counts)


@pytest.mark.real
def test_work_ranks_by_detour(montpellier: tuple[Relais, Path]) -> None:
    relais, _ = montpellier
    need = _need(
        address="128 rue Bernard Blier 34070 Montpellier",
        work_address="Place de la Comédie 34000 Montpellier",
        mode="car",
        max_minutes=15,
    )
    answer = relais.suggest(need, today=TODAY, accept_review=True)
    _is_complete(answer, limit=10)
    assert all("detour" in one.contributions for one in answer.suggestions)
    assert all(one.detour_minutes is not None for one in answer.suggestions)


@pytest.mark.real
@pytest.mark.parametrize("mode", MODES)
def test_coordinates_instead_of_addresses(saint_germain: tuple[Relais, Path], mode: str) -> None:
    relais, _ = saint_germain
    answer = relais.suggest(
        _need(longitude=2.0945, latitude=48.8985, mode=mode), today=TODAY, limit=200
    )
    assert answer.suggestions
    _is_complete(answer, limit=200)


@pytest.mark.real
def test_the_command_answers_as_json_table_and_map(
    montpellier: tuple[Relais, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder = montpellier
    request = folder / "one.json"
    request.write_text(
        json.dumps(
            {
                "request_id": "R-9",
                "address": "128 rue Bernard Blier 34070 Montpellier",
                "mode": "walk",
                "max_minutes": 20,
                "children": [{"birth_date": "2026-05-01"}],
                "start": "2027-01-04",
                "schedule": "Mo-Fr 08:30-17:00",
                "household": {"monthly_income": 3000, "children_at_charge": 1},
            }
        ),
        encoding="utf-8",
    )
    options = [
        *("--territory", str(folder / "T"), "--on", TODAY.isoformat()),
        *("--database", f"sqlite:///{folder / 'registre.sqlite'}"),
    ]
    capsys.readouterr()
    assert run(["suggest", str(request), "--format", "json", *options]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == [
        *("request_id", "parameters", "suggestions", "refused"),
        *("alternatives", "openings", "stability", "feasible_count", "to_ask_count"),
    ]
    for suggestion in answer["suggestions"]:
        assert suggestion["cost"] is None or suggestion["cost"]["reste_a_charge"] >= 0
    assert all(r["message"] for verdict in answer["refused"] for r in verdict["refusals"])

    assert run(["suggest", str(request), *options]) == 0
    table = capsys.readouterr().out
    assert "points" in table
    assert "écartés, et pourquoi" in table

    page = folder / "carte.html"
    assert run(["suggest", str(request), "--format", "html", "-o", str(page), *options]) == 0
    assert "<html" in page.read_text(encoding="utf-8")


@pytest.mark.real
def test_doubtful_and_foreign_addresses_are_never_guessed(
    montpellier: tuple[Relais, Path],
) -> None:
    relais, _ = montpellier
    with pytest.raises((AmbiguousAddress, AddressNotFound)):
        relais.suggest(_need(address="12 rue de Rivoli 75001 Paris", mode="walk"), today=TODAY)
    with pytest.raises(AmbiguousAddress) as doubt:
        relais.suggest(_need(address="12 rue Bernard Montpellier", mode="walk"), today=TODAY)
    assert doubt.value.values["places"]


@pytest.mark.real
def test_a_point_in_the_sea_is_refused_with_its_distance(
    montpellier: tuple[Relais, Path],
) -> None:
    relais, _ = montpellier
    with pytest.raises(InputError) as refused:
        relais.suggest(_need(longitude=4.2, latitude=43.2, mode="car"), today=TODAY)
    assert refused.value.code == "point_too_far"


def test_the_demonstration_answers_each_mode(demonstration: tuple[Relais, Path]) -> None:
    relais, _ = demonstration
    for mode in MODES:
        answer = relais.suggest(
            _need(address="3 rue des Ferronniers, 96100 Montvernelle-sur-Aubrelle", mode=mode),
            today=TODAY,
            limit=50,
        )
        assert answer.suggestions
        _is_complete(answer, limit=50)


def test_the_front_holds_the_first_and_nobody_who_is_beaten(
    demonstration: tuple[Relais, Path],
) -> None:
    relais, _ = demonstration
    need = _need(address="3 rue des Ferronniers, 96100 Montvernelle-sur-Aubrelle", mode="bike")
    answer = relais.suggest(need, today=TODAY, limit=100)
    front = {one.verdict.provider_id for one in answer.pareto}
    assert answer.suggestions[0].verdict.provider_id in front
    for one in answer.suggestions:
        beaten = any(
            all(other.contributions[part] >= points for part, points in one.contributions.items())
            and other.score > one.score
            for other in answer.suggestions
        )
        assert (one.verdict.provider_id in front) != beaten
    assert answer.stability.provider_id == answer.suggestions[0].verdict.provider_id


def test_everybody_is_shown_as_the_lot_has_it(demonstration: tuple[Relais, Path]) -> None:
    relais, _ = demonstration
    requests = relais.repository.requests()[:12]
    counted, left_out = relais.exposure(requests, today=TODAY, limit=5)
    answered = len(requests) - len(left_out)
    assert answered > 0
    assert counted["first"].sum() <= answered
    assert math.isclose(counted["shown"].sum(), counted["expected"].sum())


def test_when_nobody_fits_it_is_a_result_with_ways_out(
    demonstration: tuple[Relais, Path],
) -> None:
    relais, _ = demonstration
    need = _need(
        address="3 rue des Ferronniers, 96100 Montvernelle-sur-Aubrelle",
        mode="walk",
        max_minutes=2,
        schedule=Timetable.parse("Mo-Su 04:00-23:00"),
    )
    answer = relais.suggest(need, today=TODAY)
    assert answer.suggestions == ()
    assert answer.refused_count > 0


def test_a_provider_far_from_every_street_is_refused_not_an_error(
    demonstration: tuple[Relais, Path], tmp_path: Path
) -> None:
    from dataclasses import replace

    from rpe_geo.relais import Relais as OneRelais
    from rpe_geo.storage.repository import open_repository

    relais, _ = demonstration
    repository = open_repository(f"sqlite:///{tmp_path / 'far.sqlite'}")
    some = relais.repository.childminders()[:5]
    away = replace(some[0], childminder_id="AM-FAR", longitude=5.0, latitude=43.0, mam_id=None)
    repository.save(childminders=[*some, away])
    with OneRelais(repository, relais.geocoder, relais.travel) as other:
        answer = other.suggest(
            _need(address="3 rue des Ferronniers, 96100 Montvernelle-sur-Aubrelle", mode="car"),
            today=TODAY,
        )
        refused = {verdict.provider_id: verdict for verdict in answer.refused}
        assert "travel_time" in {refusal.rule for refusal in refused["AM-FAR"].refusals}


_HOME = "128 rue Bernard Blier 34070 Montpellier"
_DATES = [
    {"date": f"2027-01-{number:02d}", "hours": hours}
    for number, hours in ((4, "06:30-14:30"), (8, "13:00-21:00"), (13, "06:30-14:30"))
]
NEEDS: dict[str, dict[str, object]] = {
    "nights in alternate weeks": {"schedule": ["Mo,We,Fr 19:00-07:00", "off"], "mode": "car"},
    "twins": {"children": [{"birth_date": "2026-07-30"}] * 2, "mode": "bike"},
    "medicines": {"children": [{"birth_date": "2026-01-15", "needs": ["medicines", "step_free"]}]},
    "next September": {"start": "2027-09-01", "mode": "pushchair"},
    "Wednesdays told on a Monday": {"schedule": "We 09:00-17:00"},
    "two mornings": {"schedule": "Mo,Th 08:30-12:30"},
    "one Saturday in two": {"schedule": ["Sa 08:00-18:00", "off"], "mode": "car"},
    "a roster by dates": {"roster": _DATES, "mode": "car"},
    "a planning known as it comes": {
        "envelope": {"hours": "Mo-Fr 07:00-19:00", "hours_per_month": 80}, "mode": "car",
    },
    "three weeks at lunch": {"schedule": "Mo-Fr 11:30-13:30", "end": "2027-01-22"},
    "holidays only": {"school_holidays": "only"},
    "holidays excepted": {"school_holidays": "except"},
    "two homes": {
        "second_home": {"address": "12 bd du jeu de paume Montpellier", "weeks": [2]},
        "schedule": ["Mo-Fr 08:30-17:30", "Mo-Fr 08:30-17:00"], "mode": "car",
    },
    "car then train": {
        "trip": ["car", "transit"], "station": "12 bd du jeu de paume Montpellier", "mode": "car",
    },
    "tomorrow": {"start": "2026-11-23", "end": "2026-12-23"},
    "an unknown school": {
        "children": [{"birth_date": "2026-05-01"}, {"birth_date": "2023-05-01", "school": "Grand Pin"}],
    },
}  # fmt: skip
"""Kinds of needs that families bring to a relais."""


@pytest.mark.real
@pytest.mark.parametrize("name", NEEDS)
def test_every_kind_of_need_gets_an_answer_to_act_on(
    montpellier: tuple[Relais, Path], name: str
) -> None:
    relais, _ = montpellier
    record: dict[str, object] = {
        "request_id": name,
        "address": _HOME,
        "mode": "walk",
        "max_minutes": 25,
        "children": [{"birth_date": "2026-05-01"}],
        "start": "2027-01-04",
    }
    record |= (
        {} if {"roster", "envelope"} & NEEDS[name].keys() else {"schedule": "Mo-Fr 08:30-17:30"}
    )
    need = request_of(record | NEEDS[name])
    answer = relais.suggest(need, today=TODAY, limit=20, accept_review=True)
    sure = [one for one in answer.suggestions if not one.verdict.unknown]
    assert len(sure) == min(20, answer.feasible_count)
    assert sure or answer.to_ask_count or answer.openings or answer.alternatives
    if answer.feasible_count < 5:
        assert answer.openings or answer.alternatives
    for one in sure:
        asked = need.first_day
        assert one.verdict.start is not None
        assert one.verdict.start >= min(asked, date(2026, 11, 23))
    for opening in answer.openings:
        assert opening.useful
    if name == "two homes":
        assert all(
            one.second_home_minutes is not None and round(one.second_home_minutes) <= 25
            for one in answer.suggestions
        )
    if name == "an unknown school":
        assert "Grand Pin" in answer.parameters["unknown_schools"]
    if name == "a roster by dates":
        assert answer.parameters["roster_until"] == "2027-01-13"
    if name.startswith("holidays"):
        assert answer.parameters["school_zone"] == "C"
