"""What the public may see: zones that hide, times that resist, counts that cannot be guessed."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.crs import great_circle_m, to_metric
from rpe_geo.domain import Agrement, Attributes, Childminder, Contact, Publication
from rpe_geo.privacy import (
    Cells,
    Masking,
    is_public,
    public_attributes,
    public_contact,
    public_minutes,
    public_name,
    public_place,
    stand_in,
    suppress_small_counts,
    thresholds,
)

K = 20


def a_town(seed: int = 1, dwellings: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Scatter dwellings in a dense centre, suburbs and a few hamlets."""
    random = np.random.default_rng(seed)
    centres = random.normal([3.87, 43.61], 0.03, (12, 2))
    spread = random.uniform(0.001, 0.006, 12)
    which = random.integers(0, 12, dwellings)
    points = centres[which] + random.normal(0, 1, (dwellings, 2)) * spread[which, None]
    return points[:, 0], points[:, 1]


LON, LAT = a_town()
CELLS = Cells.cut(LON, LAT)
MASKING = Masking((CELLS,), b"secret of the tests")


def a_childminder(**changes) -> Childminder:
    made = Childminder(
        childminder_id="AM-1",
        agrement=Agrement(places=4),
        name="Nadia Benali",
        address="12 rue des Tanneries 34000 Montpellier",
        longitude=float(LON[0]),
        latitude=float(LAT[0]),
        contact=Contact(phone="06 00 00 00 00", email="nadia@example.org"),
        attributes=Attributes(garden=True, schools_served=("Jean Rameau",)),
        publication=Publication(consent=True, address="masked"),
    )
    return replace(made, **changes)


class TestCells:
    def test_every_leaf_holds_k_dwellings(self):
        leaves = np.flatnonzero(CELLS.axis == -1)
        sizes = CELLS.end[leaves] - CELLS.begin[leaves]
        assert sizes.min() >= K
        assert sizes.sum() == len(LON)

    def test_every_dwelling_falls_into_the_leaf_that_holds_it(self):
        x, y = to_metric(LON, LAT)
        leaf = CELLS.leaf_of_each(LON, LAT)
        for at in range(0, len(LON), 37):
            assert ((CELLS.inside(leaf[at]) == (x[at], y[at])).all(axis=1)).any()

    def test_identical_points_are_never_parted(self):
        lon = np.repeat([3.0, 3.001], 30)
        cells = Cells.cut(lon, np.full(60, 43.0))
        assert np.unique(cells.leaf_of_each(lon, np.full(60, 43.0)), return_counts=True)[
            1
        ].tolist() == [30, 30]

    def test_all_at_one_place_is_one_cell(self):
        cells = Cells.cut(np.full(100, 3.0), np.full(100, 43.0))
        assert len(cells.axis) == 1

    @given(st.integers(0, 10_000), st.integers(1, 400))
    @settings(max_examples=30, deadline=None)
    def test_law_no_leaf_below_k(self, seed, count):
        random = np.random.default_rng(seed)
        lon, lat = random.normal(3, 0.01, count).round(4), random.normal(43, 0.01, count).round(4)
        cells = Cells.cut(lon, lat)
        leaves = cells.axis == -1
        assert ((cells.end - cells.begin)[leaves] >= min(K, count)).all()

    def test_missing_coordinates_are_left_out(self):
        cells = Cells.cut(np.array([3.0, np.nan]), np.array([43.0, np.nan]))
        assert len(cells.dwellings) == 1


class TestZones:
    def test_the_same_home_always_has_the_same_zone(self):
        again = Masking((Cells.cut(LON, LAT),), b"secret of the tests")
        assert MASKING.zone("AM-1", LON[5], LAT[5]) == again.zone("AM-1", LON[5], LAT[5])

    def test_the_zone_covers_its_cell_and_k_dwellings(self):
        for at in range(0, len(LON), 97):
            zone = MASKING.zone(f"AM-{at}", LON[at], LAT[at])
            away = great_circle_m(LON, LAT, np.array(zone.longitude), np.array(zone.latitude))
            assert (away <= zone.radius_m * 1.002).sum() >= K
            assert away[at] <= zone.radius_m * 1.002
            assert zone.dwellings >= K

    def test_all_homes_of_a_cell_have_the_same_zone(self):
        leaf = CELLS.leaf_of_each(LON, LAT)
        for cell in np.unique(leaf)[::9]:
            homes = np.flatnonzero(leaf == cell)
            assert len({MASKING.zone("AM-7", LON[home], LAT[home]) for home in homes}) == 1

    def test_the_centre_is_no_door(self):
        leaf = CELLS.leaf_of_each(LON, LAT)
        away = []
        for cell in np.unique(leaf)[::5]:
            home = np.flatnonzero(leaf == cell)[0]
            zone = MASKING.zone("AM-7", LON[home], LAT[home])
            doors = great_circle_m(LON, LAT, np.array(zone.longitude), np.array(zone.latitude))
            away.append(doors.min())
        assert np.median(away) > 10

    def test_another_secret_draws_another_centre(self):
        other = Masking((CELLS,), b"another")
        assert other.zone("AM-1", LON[5], LAT[5]) != MASKING.zone("AM-1", LON[5], LAT[5])

    def test_neighbours_do_not_lie_upon_each_other(self):
        assert MASKING.zone("AM-1", LON[5], LAT[5]) != MASKING.zone("AM-2", LON[5], LAT[5])

    def test_a_hidden_address_is_answered_for_by_many_more_dwellings(self):
        zone = MASKING.zone("AM-1", LON[5], LAT[5], hidden=True)
        assert zone.dwellings >= 100

    @pytest.mark.parametrize("sheets", [(), (Cells.cut(LON[:5], LAT[:5]),)])
    def test_unknown_dwellings_give_a_wide_square(self, sheets):
        masking = Masking(sheets, b"s")
        zone = masking.zone("AM-1", 3.87, 43.61)
        assert zone.dwellings is None
        assert zone.radius_m >= 1000

    @pytest.mark.parametrize(
        ("longitude", "latitude"),
        [(55.45, -20.88), (-61.5, 16.2), (-52.3, 4.9), (45.2, -12.8), (2.3, 48.8)],
    )
    def test_overseas_is_measured_in_its_own_plane(self, longitude, latitude):
        random = np.random.default_rng(2)
        lon, lat = longitude + random.normal(0, 0.004, 400), latitude + random.normal(0, 0.004, 400)
        masking = Masking((Cells.cut(lon, lat),), b"s")
        zone = masking.zone("AM-1", lon[0], lat[0])
        away = great_circle_m(lon, lat, np.array(zone.longitude), np.array(zone.latitude))
        assert (away <= zone.radius_m * 1.01).sum() >= K
        assert zone.radius_m < 1500
        blind = Masking((), b"s").zone("AM-1", longitude, latitude)
        assert (
            great_circle_m(np.array(longitude), np.array(latitude), blind.longitude, blind.latitude)
            <= blind.radius_m * 1.01
        )

    def test_a_home_far_from_every_known_address_gets_the_wide_square_too(self):
        zone = MASKING.zone("AM-1", 5.0, 45.0)
        assert zone.dwellings is None
        assert (
            great_circle_m(np.array(5.0), np.array(45.0), zone.longitude, zone.latitude)
            <= zone.radius_m
        )


class TestPeople:
    @pytest.mark.parametrize(
        "publication",
        [None, Publication(), Publication(consent=False, address="exact", phone=True, email=True)],
    )
    def test_without_consent_nothing_is_public(self, publication):
        childminder = a_childminder(publication=publication)
        assert not is_public(childminder)
        assert public_contact(childminder) == Contact()
        assert public_place(childminder, MASKING).longitude is None

    @pytest.mark.parametrize("status", ["candidate", "suspended", "ceased", "withdrawn", "ended"])
    def test_who_may_not_work_is_not_public(self, status):
        assert not is_public(a_childminder(agrement=Agrement(places=4, status=status)))

    def test_telephone_and_e_mail_are_published_each_by_its_flag(self):
        childminder = a_childminder(publication=Publication(consent=True, phone=True))
        assert public_contact(childminder) == Contact(phone="06 00 00 00 00")

    def test_an_exact_address_shows_point_and_address(self):
        place = public_place(
            a_childminder(publication=Publication(consent=True, address="exact")), MASKING
        )
        assert (place.visibility, place.longitude, place.radius_m) == ("exact", LON[0], None)
        assert place.address is not None

    def test_a_masked_address_shows_a_zone(self):
        place = public_place(a_childminder(), MASKING)
        assert place.visibility == "masked"
        assert place.address is None
        assert place.longitude != LON[0]
        assert place.radius_m >= 75

    def test_a_hidden_address_shows_nothing(self):
        place = public_place(
            a_childminder(publication=Publication(consent=True, address="hidden")), MASKING
        )
        assert (place.visibility, place.longitude, place.radius_m) == ("hidden", None, None)

    def test_masked_without_coordinates_is_hidden(self):
        childminder = a_childminder(longitude=None, latitude=None)
        assert public_place(childminder, MASKING).visibility == "hidden"
        assert stand_in(childminder, MASKING) is None

    @given(
        publication=st.one_of(
            st.none(),
            st.builds(
                Publication,
                consent=st.booleans(),
                address=st.sampled_from(["exact", "masked", "hidden"]),
                phone=st.booleans(),
                email=st.booleans(),
            ),
        ),
        home=st.integers(0, len(LON) - 1),
    )
    @settings(deadline=None)
    def test_law_a_stand_in_holds_only_what_consent_allows(self, publication, home):
        true = a_childminder(
            publication=publication, longitude=float(LON[home]), latitude=float(LAT[home])
        )
        double = stand_in(true, MASKING)
        exact = publication is not None and publication.consent and publication.address == "exact"
        assert ((double.longitude, double.latitude) == (true.longitude, true.latitude)) == exact
        assert double.address == (true.address if exact else "")
        assert double.name == "Nadia B."
        consent = publication is not None and publication.consent
        assert double.contact.phone == (
            true.contact.phone if consent and publication.phone else None
        )
        assert double.contact.email == (
            true.contact.email if consent and publication.email else None
        )
        assert bool(public_attributes(true).schools_served) == exact

    @pytest.mark.parametrize(
        ("name", "public"),
        [
            ("Nadia Benali", "Nadia B."),
            ("Sylvie", "Sylvie"),
            ("", ""),
            ("Anne Le Goff", "Anne Le G."),
        ],
    )
    def test_names_are_shortened(self, name, public):
        assert public_name(name) == public


class TestMinutes:
    @given(st.floats(0, 1000))
    def test_law_up_to_the_next_five(self, minutes):
        shown = public_minutes(minutes)
        assert shown % 5 == 0
        assert shown >= 5
        assert minutes <= shown + 1e-6
        assert shown - minutes < 5 or shown == 5

    def test_unreachable_stays_unreachable(self):
        assert math.isinf(public_minutes(math.inf))


# ---- the attack -------------------------------------------------------------------------------------------------


def adaptive_attack(answers: np.ndarray, truth: int, queries: int = 50) -> np.ndarray:
    """
    Ask again and again, each time from where the answer parts what is still possible most evenly.

    `answers[o, d]` is what would be answered to origin o if she lived in dwelling d; the attacker knows all of it. What
    comes back is which dwellings remain.
    """
    answers = np.nan_to_num(answers / 5, posinf=999).astype(np.int64)
    possible = np.arange(answers.shape[1])
    open_origins = list(range(answers.shape[0]))
    for _ in range(queries):
        if not open_origins or len(possible) == 1:
            break
        rest = [np.bincount(answers[o, possible]).max() for o in open_origins]
        asked = open_origins.pop(int(np.argmin(rest)))
        possible = possible[answers[asked, possible] == answers[asked, truth]]
    return possible


def answers_of_the_service(
    engine, origins: gpd.GeoSeries, lon, lat, masking: Masking, mode: str
) -> np.ndarray:
    """Compute what the public is told from each origin if she lives in each dwelling: minutes to her zone's centre."""
    leaf = masking.sheets[0].leaf_of_each(lon, lat)
    cells, first, which = np.unique(leaf, return_index=True, return_inverse=True)
    zones = [masking.zone("AM-1", lon[home], lat[home]) for home in first]
    centres = gpd.GeoSeries(
        gpd.points_from_xy([zone.longitude for zone in zones], [zone.latitude for zone in zones]),
        index=[str(cell) for cell in cells],
        crs=4326,
    )
    served = (
        engine.serves(centres, mode=mode)
        if hasattr(engine, "serves")
        else np.full(len(centres), True)
    )
    minutes = np.full((len(origins), len(centres)), np.inf)
    times = engine.travel_times(origins, centres[served], mode=mode, cutoff_min=90)
    minutes[:, served] = times.to_numpy()
    return np.vectorize(public_minutes)(minutes)[:, which]


def some_origins(lon, lat, count: int, seed: int = 3) -> gpd.GeoSeries:
    """Draw places to ask from, all over the territory, near its doors."""
    chosen = np.random.default_rng(seed).choice(len(lon), count, replace=False)
    points = gpd.points_from_xy(lon[chosen] + 0.0004, lat[chosen] - 0.0003)
    return gpd.GeoSeries(points, index=[f"o{at}" for at in range(count)], crs=4326)


class TestAttack:
    def check(self, engine, lon, lat, mode: str, *, naive_dwellings: int) -> None:
        masking = Masking((Cells.cut(lon, lat),), b"secret of the tests")
        origins = some_origins(lon, lat, 100)
        answers = answers_of_the_service(engine, origins, lon, lat, masking, mode)
        random = np.random.default_rng(8)
        for home in random.integers(0, len(lon), 12):
            left = adaptive_attack(answers, int(home))
            zone = masking.zone("AM-1", lon[home], lat[home])
            away = great_circle_m(
                lon[left], lat[left], np.array(zone.longitude), np.array(zone.latitude)
            )
            assert home in left
            assert (away <= zone.radius_m * 1.002).sum() >= K

        if naive_dwellings == 0:
            return
        # The attack is worth its name: times to the true door, rounded alike, would give her away.
        some = random.choice(len(lon), min(naive_dwellings, len(lon)), replace=False)
        doors = gpd.GeoSeries(
            gpd.points_from_xy(lon[some], lat[some]), index=some.astype(str), crs=4326
        )
        minutes = engine.travel_times(origins, doors, mode=mode, cutoff_min=90).to_numpy()
        naive = np.vectorize(public_minutes)(minutes)
        left = [len(adaptive_attack(naive, home)) for home in range(0, len(some), len(some) // 12)]
        assert np.median(left) * len(lon) / len(some) < K

    def test_in_a_town_by_the_crow(self):
        from rpe_geo.travel.straight_line import StraightLineEngine

        self.check(StraightLineEngine(), LON, LAT, "walk", naive_dwellings=3000)


# ---- small counts -----------------------------------------------------------------------------------------------


def guesses(published: pd.Series, true: pd.Series, groups: list[pd.Series]) -> set:
    """Find every blanked count that the published totals determine, by solving for it."""
    blank = published.isna()
    rows = np.flatnonzero(blank)
    system = [
        (labels.to_numpy()[rows] == label).astype(float)
        for labels in groups
        for label in labels.unique()
    ]
    if not len(rows) or not system:
        return set()
    matrix = np.array(system)
    found = set()
    for at, row in enumerate(rows):
        unit = np.zeros(len(rows))
        unit[at] = 1
        solution = np.linalg.lstsq(matrix.T, unit, rcond=None)[0]
        if np.allclose(matrix.T @ solution, unit, atol=1e-7):
            found.add(true.index[row])
    return found


class TestSmallCounts:
    def test_small_counts_are_blank_and_zero_stays(self):
        shown = suppress_small_counts(pd.Series({"a": 0.0, "b": 3.0, "c": 12.0}), at_least=5)
        assert shown.isna().tolist() == [False, True, False]

    def test_a_published_total_takes_a_second_count_with_it(self):
        counts = pd.Series({"a": 3.0, "b": 8.0, "c": 12.0})
        shown = suppress_small_counts(counts, at_least=5, totals=[pd.Series("all", counts.index)])
        assert shown.isna().tolist() == [True, True, False]

    def test_two_small_counts_that_tell_each_other_take_a_third(self):
        counts = pd.Series({"a": 1.0, "b": 1.0, "c": 9.0, "d": 20.0})
        shown = suppress_small_counts(counts, at_least=5, totals=[pd.Series("all", counts.index)])
        assert shown.isna().tolist() == [True, True, True, False]

    def test_what_is_missing_hides_already(self):
        counts = pd.Series({"a": 3.0, "b": np.nan, "c": 12.0})
        shown = suppress_small_counts(counts, at_least=5, totals=[pd.Series("all", counts.index)])
        assert shown.isna().tolist() == [True, True, False]

    def test_the_thresholds_are_dated_parameters(self):
        assert thresholds() == {"childminders_min": 5, "families_min": 11}

    @given(
        st.integers(2, 5).flatmap(
            lambda rows: st.integers(2, 5).flatmap(
                lambda columns: st.lists(
                    st.integers(0, 15), min_size=rows * columns, max_size=rows * columns
                ).map(lambda values: (rows, columns, values))
            )
        )
    )
    @settings(deadline=None, max_examples=150)
    def test_law_nothing_blanked_can_be_computed_from_rows_and_columns(self, table):
        rows, columns, values = table
        index = pd.MultiIndex.from_tuples(list(product(range(rows), range(columns))))
        counts = pd.Series(values, index=index, dtype=float)
        groups = [
            pd.Series([f"r{row}" for row, _ in index], index),
            pd.Series([f"c{column}" for _, column in index], index),
        ]
        shown = suppress_small_counts(counts, at_least=5, totals=groups)
        assert (shown.dropna() == counts[shown.notna()]).all()
        assert not ((shown > 0) & (shown < 5)).any()
        everything_blank = {
            label
            for group in groups
            for label in group.unique()
            if shown[group == label].isna().all()
        }
        for cell in guesses(shown, counts, groups):
            assert {group[cell] for group in groups} & everything_blank


def test_thresholds_have_sources():
    from rpe_geo.parameters import parameter_table

    table = parameter_table("privacy", date(2026, 11, 22))
    assert all(table.describe(name).source for name in table)


def test_the_attack_fails_on_the_demonstrations_streets(tmp_path):
    from pathlib import Path

    from rpe_geo.geocoding.dwellings import address_points
    from rpe_geo.territory import TerritoryInputs, build_territory
    from rpe_geo.travel.street import StreetEngine

    folder = Path(__file__).resolve().parents[1] / "data" / "communes" / "demonstration"
    inputs = TerritoryInputs(
        streets=folder / "streets.osm.pbf", addresses=[folder / "addresses.csv.gz"]
    )
    territory = build_territory(tmp_path / "T", inputs)
    lon, lat = address_points(territory.addresses)
    TestAttack().check(StreetEngine(territory.streets), lon, lat, "bike", naive_dwellings=1500)


@pytest.mark.real
def test_the_attack_fails_in_montpellier(tmp_path, real_data):
    from rpe_geo.geocoding.dwellings import address_points
    from rpe_geo.territory import TerritoryInputs, build_territory
    from rpe_geo.travel.street import StreetEngine

    inputs = TerritoryInputs(
        streets=real_data / "montpellier" / "montpellier-streets-2014.osm.pbf",
        addresses=[real_data / "montpellier" / "adresses-34172.csv.gz"],
    )
    territory = build_territory(tmp_path / "T", inputs)
    lon, lat = address_points(territory.addresses)
    TestAttack().check(StreetEngine(territory.streets), lon, lat, "walk", naive_dwellings=0)
