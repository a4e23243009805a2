"""Projections: laws of the intervals, years held out, registry and trend, and the command."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.cli import run
from rpe_geo.errors import InputError
from rpe_geo.open_data.projection_files import read_approvals, read_births_by_year
from rpe_geo.parameters import parameter_table
from rpe_geo.planning.births import (
    births_forecast,
    children_backtest,
    fit_errors,
    whole_errors,
)
from rpe_geo.planning.departures import approvals_backtest, approvals_trend, leaving_shares
from rpe_geo.planning.projection import (
    Kept,
    kept_by_registry,
    kept_by_trend,
    project,
    training_calendar,
)
from tests.pages.observatory_files import communes, write_folder

YEARS = (2027, 2028)
TABLE = parameter_table("planning", date(2026, 12, 1))


def invented_births(count: int = 60, slope: float = -0.02) -> tuple[pd.DataFrame, pd.Series]:
    """Births of communes of all sizes in two départements, 2012 to 2025, Poisson about a falling mean."""
    generator = np.random.default_rng(5)
    size = np.exp(generator.uniform(0, 6, count))
    years = list(range(2012, 2026))
    mean = size[:, None] * np.exp(slope * np.arange(len(years)))
    index = pd.Index([f"{'34' if at % 2 else '30'}{at:03d}" for at in range(count)], name="id")
    births = pd.DataFrame(generator.poisson(mean).astype(float), index=index, columns=years)
    return births, index.to_series().str[:2]


def test_children_already_born_are_counted_and_not_forecast():
    births, departements = invented_births()
    found = births_forecast(births, departements, (2026, 2027, 2028))
    row = births.iloc[0]
    assert found.known[0].tolist() == [row[2024] + row[2025], row[2025], 0]
    assert (np.diff(found.variance, axis=1) >= 0).mean() > 0.9


def test_the_expected_children_follow_a_steady_fall():
    births, departements = invented_births(slope=-0.03)
    found = births_forecast(births, departements, (2028,))
    now = births[[2023, 2024, 2025]].to_numpy().sum()
    # Three more years at −3 %, damped: between nothing and the whole fall.
    assert now * 0.9 < found.children.sum() < now


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_a_wider_level_has_a_wider_interval_about_the_mean(level):
    births, departements = invented_births()
    found = births_forecast(births, departements, YEARS)
    low, high = found.interval(level)
    wider_low, wider_high = found.interval(0.99)
    assert (wider_low <= low).all()
    assert (high <= wider_high).all()
    assert (low <= high).all()
    assert (low >= found.known).all()


def test_held_out_years_of_a_poisson_world_are_covered():
    births, departements = invented_births(400)
    tested = children_backtest(births, departements, held_out=4, level=0.8)
    assert tested["coverage"].between(0.78, 0.97).all()
    assert tested["horizon"].tolist() == [1, 2, 3, 4]


def test_errors_look_at_nothing_after_the_last_column():
    births, departements = invented_births()
    changed = births.copy()
    changed[2025] = 0.0
    before = fit_errors(births[births.columns[:-1]], departements)
    after = fit_errors(changed[changed.columns[:-1]], departements)
    assert np.array_equal(before.spread, after.spread)


def test_a_commune_without_its_last_births_is_unknown():
    births, departements = invented_births()
    births.iloc[3, -1] = np.nan
    found = births_forecast(births, departements, YEARS)
    assert np.isnan(found.mean[3]).all()
    assert np.isfinite(found.mean[4]).all()
    assert np.isnan(found.of(pd.Index(["99999"])).mean).all()


@pytest.mark.parametrize("years", [(2025,), (2020, 2027)])
def test_a_past_year_is_refused(years):
    births, departements = invented_births()
    with pytest.raises(InputError) as fault:
        births_forecast(births, departements, years)
    assert fault.value.code == "project_year_past"


def test_a_gap_in_the_years_is_refused():
    births, departements = invented_births()
    with pytest.raises(InputError) as fault:
        births_forecast(births.drop(columns=2020), departements, YEARS)
    assert fault.value.code == "project_births_years"


def supplied(births: pd.DataFrame, share: float = 0.5) -> pd.DataFrame:
    children = births.iloc[:, -3:].sum(axis=1)
    return pd.DataFrame(
        {"places_childminder": children * share, "places_facility": 4.0, "places_other": 0.0}
    )


def kept_all(births: pd.DataFrame, share: float) -> Kept:
    shape = (len(births), len(YEARS))
    return Kept(np.full(shape, share), np.full(shape, 0.05), "national", common=True)


@given(target=st.floats(10, 120), share=st.floats(0.1, 1.0))
def test_more_places_kept_never_ask_for_more_recruits(target, share):
    births, departements = invented_births(12)
    forecast = births_forecast(births, departements, YEARS)
    found = [
        project(supplied(births), forecast, kept_all(births, kept), TABLE, target=target, draws=100)
        for kept in (share, share / 2)
    ]
    assert (found[0].missing.expected <= found[1].missing.expected + 1e-9).all()
    assert (found[0].recruits.expected <= found[1].recruits.expected + 1e-9).all()
    assert (found[0].missing.low >= 0).all()


def test_same_seed_same_bits():
    births, departements = invented_births(12)
    forecast = births_forecast(births, departements, YEARS)
    one, two = (
        project(supplied(births), forecast, kept_all(births, 0.7), TABLE, target=60, seed=3)
        for _ in range(2)
    )
    assert np.array_equal(one.missing.high, two.missing.high)


def test_a_zone_without_places_is_not_told_and_not_summed():
    births, departements = invented_births(12)
    forecast = births_forecast(births, departements, YEARS)
    zones = supplied(births)
    zones.iloc[2, 0] = np.nan
    found = project(zones, forecast, kept_all(births, 0.7), TABLE, target=60)
    assert np.isnan(found.missing.expected[2]).all()
    known = np.delete(forecast.children, 2, axis=0).sum(axis=0)
    assert found.children.expected[-1] == pytest.approx(known, rel=0.03)


@pytest.mark.parametrize(("target", "level"), [(0, 0.8), (500, 0.8), (60, 1.0), (60, 0.1)])
def test_targets_and_levels_that_cannot_be_are_refused(target, level):
    births, departements = invented_births(6)
    forecast = births_forecast(births, departements, YEARS)
    with pytest.raises(InputError):
        project(
            supplied(births), forecast, kept_all(births, 1.0), TABLE, target=target, level=level
        )


def test_older_professionals_leave_first_and_nobody_comes_back():
    years = tuple(range(2027, 2033))
    found = leaving_shares(
        np.array([1960.0, 1990.0, np.nan, np.nan]),
        np.array([np.nan, np.nan, 2029.0, np.nan]),
        years,
        exits_by_age=TABLE["childminder_exit_by_age"],
        unknown_age=0.06,
        today=2026,
    )
    assert (np.diff(found, axis=1) >= 0).all()
    assert found[0, 0] > found[1, 0]
    # With a renewal in 2029 the risk lies there; with neither it is the same each year.
    steps = np.diff(found[2], prepend=0.0)
    assert steps.argmax() == years.index(2029)
    assert found[3, 0] == pytest.approx(0.06)


def test_a_zone_of_few_professionals_takes_the_share_of_the_whole():
    leaving = np.array([[0.9]] * 2 + [[0.1]] * 8)
    kept = kept_by_registry(np.array([0] * 2 + [1] * 8), np.full(10, 3.0), leaving, 3, at_least=5)
    whole = 1 - leaving.mean()
    assert kept.mean[:, 0] == pytest.approx([whole, 0.9, whole])


def test_nobody_in_the_zones_is_said():
    with pytest.raises(InputError) as fault:
        kept_by_registry(np.array([-1]), np.array([3.0]), np.array([[0.5]]), 2, at_least=5)
    assert fault.value.code == "project_registry_empty"


def test_the_calendar_counts_back_from_september():
    steps = training_calendar(
        np.array([4.2, 20.0, 19.0]), (2027, 2028, 2029), TABLE, today=date(2026, 12, 1)
    )
    assert [step["recruits"] for step in steps] == [5, 15, 0]
    assert steps[0]["requests_by"] == date(2027, 3, 1)
    assert steps[0]["approvals_by"] == date(2027, 6, 1)
    assert not steps[0]["late"]
    late = training_calendar(np.array([4.2]), (2027,), TABLE, today=date(2027, 4, 1))
    assert late[0]["late"]


def test_approvals_fall_as_they_fell():
    years = list(range(2010, 2024))
    fall = pd.DataFrame(
        [1000 * np.exp(-0.05 * np.arange(14)), 500 * np.exp(-0.02 * np.arange(14))],
        index=["34", "30"],
        columns=years,
    )
    trend = approvals_trend(fall)
    assert trend.change.to_dict() == pytest.approx({"34": -0.05, "30": -0.02})
    kept = kept_by_trend(trend, pd.Series(["34", "99"]), 2023, (2024,))
    assert kept.mean[0, 0] == pytest.approx(np.exp(-0.05))
    assert trend.of(pd.Series(["99"]))[0] == pytest.approx(trend.elsewhere)
    with pytest.raises(InputError):
        approvals_trend(fall.drop(columns=2015))


@pytest.mark.real
def test_years_of_all_communes_held_out_lie_within_the_intervals(real_data):
    births, _ = read_births_by_year([real_data / "france/etat-civil-2008-2023.parquet"])
    departements = births.index.to_series().str.replace(r"^(97.|..).*$", r"\1", regex=True)
    tested = children_backtest(births, departements, held_out=6, level=0.8)
    assert (tested["communes"] > 34_000).all()
    assert tested["coverage"].between(0.80, 0.93).all()
    assert (tested["error"] < tested["error_unchanged"]).all()
    sums = births.groupby(departements).sum()
    own = pd.Series(sums.index, index=sums.index)
    whole = children_backtest(sums, own, held_out=6, level=0.8)
    assert whole["coverage"].between(0.80, 0.99).all()
    assert whole_errors(births, departements, mean=10.0) is None


@pytest.mark.real
def test_approvals_held_out_lie_within_the_intervals(real_data):
    approvals = read_approvals(real_data / "france/drees-agrements-departement-2010-2023.csv")
    tested = approvals_backtest(approvals, held_out=5, width=1.2816)
    assert tested["coverage"].between(0.75, 0.97).all()
    assert approvals_trend(approvals).elsewhere == pytest.approx(
        TABLE["childminder_yearly_change"], abs=0.001
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projection")
    write_folder(folder)
    births, _ = invented_births()
    births.index = pd.Index(
        [*communes().zones.index, *(f"34{at:03d}" for at in range(500, 548))], name="CODGEO"
    )
    births.columns = [f"NAISD{year % 100:02d}" for year in births.columns]
    births.to_csv(folder / "naissances.csv", sep=";")
    return folder


def test_the_command_writes_every_ending_and_keeps_the_projection(folder, capsys):
    source = str(folder / "communes-2020")
    common = (source, "--births", str(folder / "naissances.csv"), "--on", "2026-12-01")
    for ending in ("json", "csv", "html", "pdf"):
        assert run(["observatory", "project", *common, "-o", str(folder / f"p.{ending}")]) == 0
    assert "agréments à susciter" in capsys.readouterr().out
    document = json.loads((folder / "p.json").read_text())
    assert [entry["year"] for entry in document["total"]] == list(range(2027, 2033))
    for entry in document["total"]:
        for name in ("children", "missing", "recruits"):
            assert entry[name]["low"] <= entry[name]["expected"] <= entry[name]["high"]
    unknown = next(zone for zone in document["zones"] if zone["code"] == "34005")
    assert unknown["years"][0]["missing"] is None
    rows = pd.read_csv(folder / "p.csv")
    assert len(rows) == 13 * 6
    page = (folder / "p.html").read_text()
    assert "Ce qui vient" in page
    assert "L’épreuve des années connues" in page
    assert run(["observatory", "project", *common, "--keep", "-o", str(folder / "p.json")]) == 0
    assert run(["observatory", "report", source, "-o", str(folder / "r.html")]) == 0
    assert "Ce qui vient" in (folder / "r.html").read_text()
    assert run(["observatory", "map", source, "-o", str(folder / "m.html")]) == 0
    assert "Places manquantes projetées" in (folder / "m.html").read_text()


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (("--years", "2032-2027"), "2027-2032"),
        (("--years", "2025"), "2025"),
        (("--target", "0"), "--target"),
        (("--level", "2"), "--level"),
        (("--ages", "a.csv"), "--registry"),
    ],
)
def test_bad_input_is_one_line(folder, capsys, more, word):
    source, births = str(folder / "communes-2020"), str(folder / "naissances.csv")
    output = folder / "bad.json"
    assert (
        run(["observatory", "project", source, "--births", births, *more, "-o", str(output)]) == 2
    )
    assert word in capsys.readouterr().err
    assert not output.exists()


def test_zones_that_are_no_communes_are_refused(folder, capsys):
    assert (
        run(
            [
                *("observatory", "project", str(folder / "zones")),
                *("--births", str(folder / "naissances.csv"), "-o", str(folder / "bad.json")),
            ]
        )
        == 2
    )
    assert "par communes" in capsys.readouterr().err
