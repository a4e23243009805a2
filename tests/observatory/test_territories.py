"""An observatory from nearer and from farther: sums are kept, rates are those of the whole, small counts stay unsaid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.departements import DEPARTEMENTS
from rpe_geo.privacy.zones import published_zones
from rpe_geo.publishing.territories import grouped, narrowed
from tests.pages.observatory_files import communes, zones_with_registry


@pytest.mark.parametrize("by", ["departement", "epci"])
def test_amounts_are_kept_and_rates_are_those_of_the_whole(by):
    whole = communes()
    together = grouped(whole, by).zones
    raw = whole.zones
    for name in ("children", "places", "places_facility", "need"):
        assert together[name].sum() == pytest.approx(raw[name].sum())
    members = raw[raw[by] == together.index[0]]
    known = members["places"].notna() & members["children"].notna()
    rate = 100 * members["places"][known].sum() / members["children"][known].sum()
    assert together["coverage_rate"].iloc[0] == pytest.approx(rate)
    weight = members["children"][known]
    mean = (members["access_e2sfca"] * weight)[known].sum() / weight.sum()
    assert together["access_e2sfca"].iloc[0] == pytest.approx(mean)
    assert together.geometry.is_valid.all()
    areas = [frame.to_crs(2154).area.sum() for frame in (together, raw)]
    assert areas[0] == pytest.approx(areas[1], rel=0.05)
    assert "gi_star" not in together


def test_a_part_has_its_own_summary():
    whole = communes()
    codes = whole.zones.index[whole.zones["departement"] == "30"]
    part = narrowed(whole, codes, "Gard")
    assert part.parameters["title"] == "Gard"
    assert part.summary["children"] == pytest.approx(whole.zones.loc[codes, "children"].sum())
    assert len(part.supply) == 0
    assert whole.parameters["title"] == "Pays d’essai"


def test_gatherings_outside_are_left_out():
    whole = zones_with_registry()
    assert len(narrowed(whole, pd.Index(["2"]), "Deux").parameters["request_areas"]) == 1
    assert narrowed(whole, pd.Index(["5"]), "Cinq").parameters["request_areas"] == []


def test_every_departement_has_a_name():
    assert len(DEPARTEMENTS) == 109
    assert DEPARTEMENTS["2A"] == "Corse-du-Sud"
    assert DEPARTEMENTS["974"] == "La Réunion"


def test_statistics_that_are_published_stay():
    zones = communes().zones
    assert published_zones(zones, at_least=5) is zones


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=3, max_size=12))
def test_no_figure_of_few_professionals_can_be_read_or_found(counts):
    n = len(counts)
    people = pd.Series([np.nan if one is None else float(one) for one in counts])
    facility = pd.Series(np.arange(n, dtype=float))
    own = people.fillna(2.0) * 3
    zones = pd.DataFrame(
        {
            "professionals": people,
            "places_childminder": own,
            "places_facility": facility,
            "places": own + facility,
            "coverage_rate": 10.0,
            "coverage_childminder": 5.0,
            "children": 50.0,
        }
    )
    shown = published_zones(zones, at_least=5)
    hidden = shown["professionals"].isna()
    small = people.isna() | ((people > 0) & (people < 5))
    assert hidden[small].all()
    for name in ("places_childminder", "places", "coverage_rate", "coverage_childminder"):
        assert shown[name].isna().equals(hidden)
    # The total of the territory is known: what is left out is never one zone alone, when another could hide it.
    if hidden.any() and (~small).any() and n > 1 and hidden.sum() < n:
        assert hidden.sum() >= 2
    assert published_zones(shown, at_least=5)["places"].isna().equals(hidden)
