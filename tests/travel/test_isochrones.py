"""Isochrones hold the streets that are reached, and no others."""

import numpy as np
import pytest
import shapely

from rpe_geo.crs import great_circle_m
from rpe_geo.errors import InputError
from rpe_geo.travel.isochrones import Clock, street_parts

from .conftest import grid_town, place, places


def shares(engine, x, y, mode, minutes):
    """Share of the reached street length inside, and of the inside length that is not reached."""
    search = engine._search(mode)
    network = search.network
    area = engine.isochrones(place(x, y), mode=mode, minutes=[minutes]).geometry.iloc[0]
    door = places((x, y))
    start = engine._snap(search, mode, door.x.to_numpy(), door.y.to_numpy())
    clock = Clock.start(network, start, minutes, np.zeros(1))
    segment, ahead, behind = street_parts(clock, minutes)
    lon, lat = network.shape_longitude, network.shape_latitude
    length = great_circle_m(lon[segment], lat[segment], lon[segment + 1], lat[segment + 1])
    inside = reached = both = 0.0
    for share in np.linspace(0.025, 0.975, 20):
        at_x = lon[segment] + share * (lon[segment + 1] - lon[segment])
        at_y = lat[segment] + share * (lat[segment + 1] - lat[segment])
        within = shapely.contains_xy(area, at_x, at_y)
        passed = (share <= ahead) | (share >= 1 - behind)
        inside += length[within].sum()
        reached += length[passed].sum()
        both += length[within & passed].sum()
    assert shapely.is_valid(area)
    return both / reached, 1 - both / inside


@pytest.mark.parametrize("mode", ["walk", "bike", "car"])
@pytest.mark.parametrize("minutes", [4, 9])
def test_reached_streets_inside_and_no_others(town, mode, minutes):
    nodes, ways = grid_town(18)
    ways[4] = (ways[4][0], {**ways[4][1], "oneway": "yes"})
    engine = town(nodes, ways)
    held, foreign = shares(engine, 1630, 1712, mode, minutes)
    assert held >= 0.95
    assert foreign <= 0.05


def test_holes_of_the_size_of_a_block_stay(town):
    # A ring of streets 600 m wide around nothing.
    nodes = {1: (0, 0), 2: (600, 0), 3: (600, 600), 4: (0, 600)}
    engine = town(nodes, [([1, 2, 3, 4, 1], {"highway": "residential"})])
    area = engine.isochrones(place(0, 0), mode="walk", minutes=[30]).geometry.iloc[0]
    assert len(area.interiors) == 1
    assert not area.contains(place(300, 300))


def test_minutes_come_sorted_and_nested(town):
    engine = town(*grid_town(8))
    areas = engine.isochrones(place(700, 700), mode="walk", minutes=[12, 3, 7, 3])
    assert areas["minutes"].tolist() == [3, 7, 12]
    assert areas.geometry.iloc[0].within(areas.geometry.iloc[1])
    assert areas.geometry.iloc[1].within(areas.geometry.iloc[2])
    with pytest.raises(InputError, match="minutes_missing"):
        engine.isochrones(place(0, 0), mode="walk", minutes=[])


def test_a_street_that_is_cut_off_reaches_its_own_neighbours(town):
    nodes, ways = grid_town(8)
    nodes |= {1001: (4000, 0), 1002: (4400, 0)}
    engine = town(nodes, [*ways, ([1001, 1002], {"highway": "residential"})])
    area = engine.isochrones(place(4100, 5), mode="walk", minutes=[5]).geometry.iloc[0]
    assert area.contains(place(4300, 0))
    assert shares(engine, 4100, 5, "walk", 5)[0] >= 0.95
