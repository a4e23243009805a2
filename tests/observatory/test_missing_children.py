"""Missing children: intervals that hold for départements never seen, refusals that say why."""

import numpy as np
import pandas as pd
import pytest

from rpe_geo.observatory.inputs import Study
from rpe_geo.observatory.missing_children import estimate_children
from rpe_geo.open_data.build import ObservatoryFiles, build_observatory
from rpe_geo.open_data.commune_files import CommuneFiles

YEARS = (2018, 2019, 2020)


def country(groups=14, each=30, seed=0):
    """Draw births that fall a little faster or slower in each group."""
    rng = np.random.default_rng(seed)
    n = groups * each
    group = np.repeat([f"{g:02d}" for g in range(1, groups + 1)], each)
    people = np.round(np.exp(rng.normal(7, 1, n)))
    fall = np.repeat(rng.normal(-0.02, 0.005, groups), each)
    rate = 0.011 * np.repeat(np.exp(rng.normal(0, 0.1, groups)), each)
    births = pd.DataFrame(
        {
            year: rng.poisson(people * rate * np.exp(fall * (year - 2018))).astype(float)
            for year in range(2016, 2024)
        },
        index=[f"{g}{number:03d}" for number, g in enumerate(group)],
    )
    return births, pd.DataFrame({"population": people, "group": group}, index=births.index)


def hidden(births, rows, years=YEARS):
    known = births.copy()
    known.loc[rows, list(years)] = np.nan
    return known, known[list(YEARS)].sum(axis=1, min_count=3)


def test_intervals_hold_for_groups_that_were_never_seen():
    births, zones = country()
    rows = zones.index[zones["group"].isin(["02", "09"])]
    known, children = hidden(births, rows)
    found = estimate_children(children, known, zones, years=YEARS)
    table = found.table
    assert list(table.index) == list(rows)
    near = table[table["refused"] == ""]
    assert len(near) > 50
    true = births.loc[near.index, list(YEARS)].sum(axis=1)
    inside = true.between(near["children_low"], near["children_high"])
    assert inside.mean() > 0.8
    assert near["children_estimate"].sum() == pytest.approx(true.sum(), rel=0.06)
    assert (near["children_low"] <= near["children_estimate"]).all()
    assert (near["children_estimate"] <= near["children_high"]).all()
    assert 0.85 < found.coverage <= 1
    assert found.lowest_coverage <= found.coverage
    assert found.learnt_from == len(births) - len(rows)


def test_a_group_unlike_all_others_is_refused():
    births, zones = country()
    rows = zones.index[zones["group"] == "05"]
    births.loc[rows] = births.loc[rows] * 4 * np.linspace(0.5, 2, births.shape[1])
    known, children = hidden(births, rows)
    table = estimate_children(children, known, zones, years=YEARS).table
    assert (table["refused"] == "domain").all()
    assert table["children_estimate"].isna().all()


def test_too_few_years_or_groups_are_refused():
    births, zones = country(groups=12, each=20)
    rows = zones.index[:3]
    known, children = hidden(births, rows, years=range(2016, 2023))
    found = estimate_children(children, known, zones, years=YEARS)
    assert (found.table["refused"] == "years").all()
    assert np.isnan(found.coverage)
    few = zones["group"].isin(["01", "02"])
    known, children = hidden(births[few], rows)
    assert (
        estimate_children(children, known, zones[few], years=YEARS).table["refused"] == "learning"
    ).all()
    nobody = zones.assign(population=zones["population"].mask(zones.index == rows[0], 0))
    known, children = hidden(births, rows)
    table = estimate_children(children, known, nobody, years=YEARS).table
    assert table["refused"].iloc[0] == "years"


def test_estimates_enter_the_indicators_only_when_asked(tmp_path):
    births, zones = country(groups=12, each=20)
    rng = np.random.default_rng(1)
    communes = pd.DataFrame(
        {
            "code": births.index,
            "nom": births.index,
            "departement": zones["group"].to_numpy(),
            "population": zones["population"].to_numpy(),
            "superficie_km2": 10.0,
            "centroid_lon": rng.uniform(1, 6, len(births)),
            "centroid_lat": rng.uniform(44, 48, len(births)),
        }
    )
    lost = births.index[7]
    table = births.set_axis([f"naiss{year % 100}" for year in births.columns], axis=1)
    table.loc[lost, "naiss19"] = np.nan
    groups = pd.DataFrame({"id": [f"D{g}" for g in zones["group"].unique()]})
    rows = pd.concat([groups, table.rename_axis("id").reset_index()]).fillna({"naiss16": 1})
    for name in table.columns:
        rows[name] = rows[name].where(~rows["id"].str.startswith("D"), 100.0)
    communes.to_parquet(tmp_path / "communes.parquet")
    rows.to_parquet(tmp_path / "births.parquet")
    places = pd.DataFrame({"id": births.index, "assmat": "9", "eaje": "3", "autr": "1"})
    places.to_parquet(tmp_path / "places-2020.parquet")
    files = CommuneFiles(
        tmp_path / "communes.parquet",
        None,
        tmp_path / "places-2020.parquet",
        tmp_path / "births.parquet",
    )
    plain = build_observatory(ObservatoryFiles(files), Study(year=2020)).zones
    assert np.isnan(plain.loc[lost, "children"])
    assert plain["children_source"].value_counts().to_dict() == {"observé": 239, "absent": 1}
    found = build_observatory(ObservatoryFiles(files), Study(year=2020, estimate_missing=True))
    one = found.zones.loc[lost]
    assert one["children_source"] == "estimé"
    assert one["children"] == one["children_estimate"]
    assert one["children_low"] < one["children"] < one["children_high"]
    assert one["coverage_rate"] == pytest.approx(100 * 13 / one["children"])
    assert one["need"] > 0
    assert one["uncertain"]
    assert "estimé" in one["uncertain_why"]
    assert found.zones["children_estimate"].notna().sum() == 1
    assert found.parameters["children_estimated"] == 1
    assert "children_estimated" in {note.code for note in found.notes}
