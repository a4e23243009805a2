"""The choropleth of a page: one link per zone, insets overseas, nothing that a strict policy would refuse."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely

from maps.choropleth import classify
from maps.choropleth_svg import Drawing, Zone, choropleth_svg
from maps.insets import plane_of
from rpe_geo.observatory.indicators import INDICATORS
from tests.pages.observatory_files import communes

SVG = "{http://www.w3.org/2000/svg}"
FRANCE = {
    "75056": shapely.box(2.2, 48.8, 2.5, 48.9),
    "29019": shapely.box(-4.6, 48.3, -4.4, 48.5),
    "2A004": shapely.box(8.6, 41.8, 8.9, 42.0),
    "97105": shapely.box(-61.75, 15.95, -61.7, 16.05),
    "97302": shapely.box(-52.5, 4.8, -52.2, 5.0),
    "97411": shapely.box(55.3, -21.1, 55.6, -20.9),
    "97608": shapely.box(45.1, -12.9, 45.25, -12.75),
    "98818": shapely.box(166.3, -22.3, 166.5, -22.2),
    "01001": None,
}


def test_france_has_its_insets():
    shapes = gpd.GeoSeries(FRANCE, crs=4326)
    plane = plane_of(shapes)
    assert [inset.label for inset in plane.insets] == [
        "Guadeloupe",
        "Guyane",
        "La Réunion",
        "Mayotte",
    ]
    assert plane.absent == 2
    # Each inset holds its own département, beside métropole and apart from the others.
    for inset in plane.insets:
        box = shapely.box(*inset.box)
        inside = plane.shapes[plane.shapes.within(box)]
        assert [code[:3] for code in inside.index] == [inset.code]
        assert not plane.shapes.iloc[:3].intersects(box).any()
    for first, second in pairwise(plane.insets):
        assert not shapely.box(*first.box).intersects(shapely.box(*second.box))


def test_one_territory_fills_its_own_plane():
    overseas = gpd.GeoSeries({"97411": FRANCE["97411"]}, crs=4326)
    plane = plane_of(overseas)
    assert plane.insets == ()
    assert plane.shapes.crs.to_epsg() == 2975
    assert plane_of(communes().zones.geometry).shapes.crs.to_epsg() == 2154


def draw(zones, **options):
    about = INDICATORS["coverage_rate"]
    classes = classify(zones["coverage_rate"], about)
    words = {
        str(code): Zone(
            name=row["nom"],
            link=f"/ici?zone={code}&x=<b>",
            words=(row["nom"], "1 & 2"),
            value="12",
            uncertain=bool(row["uncertain"]),
            tense=row["hotspot"] == "tension",
        )
        for code, row in zones.iterrows()
    }
    plane = plane_of(zones.geometry)
    kinds = classes.of(zones["coverage_rate"]).tolist()
    return choropleth_svg(plane, words, kinds, classes, label="Carte <d’essai>", **options)


def test_every_zone_is_a_link_with_its_words():
    zones = communes().zones
    svg = draw(zones).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    root = ET.fromstring(svg)
    links = root.findall(f"{SVG}a")
    assert len(links) == len(zones)
    assert [link.find(f"{SVG}path/{SVG}title").text.split("\n")[0] for link in links] == list(
        zones["nom"]
    )
    assert not re.findall(r"\s(?:style|on\w+)=", svg)
    assert root.findall(f"{SVG}use[@class='unc']")
    assert root.find(f"{SVG}path[@class='hot']") is not None
    inked = [float(n) for n in re.findall(r"[ML](-?[\d.]+)", svg)]
    assert min(inked) >= 0
    assert max(inked) <= 1000


def test_what_lies_over_it_is_where_it_should_be():
    zones = communes().zones
    at = zones.geometry.iloc[0].centroid
    place = {"longitude": at.x, "latitude": at.y, "kind": "crèche", "words": "Les <i>Lilas</i>"}
    area = {"longitude": at.x, "latitude": at.y, "radius_m": 2000.0, "requests": 9, "words": "neuf"}
    svg = draw(zones, over=Drawing(supply=[place], areas=[area], chosen="34001"))
    assert "Les &lt;i&gt;Lilas" in svg
    circle = re.search(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"', svg)
    spot = re.search(r'class="spot" transform="translate\(([\d.]+) ([\d.]+)\)"', svg)
    assert np.allclose(
        [float(circle[1]), float(circle[2])], [float(spot[1]), float(spot[2])], atol=0.2
    )
    # The whole is 40 km wide on 968 units at most: a circle of 2 km is to scale.
    wide = plane_of(zones.geometry).shapes.total_bounds
    scale = 968 / (wide[2] - wide[0])
    assert float(circle[3]) == pytest.approx(2000 * scale, rel=0.2)
    assert 'class="chosen"' in svg


def test_without_contours_there_is_nothing_to_draw():
    bare = communes().zones.set_geometry(
        gpd.GeoSeries([None] * 12, index=communes().zones.index, crs=4326)
    )
    assert plane_of(bare.geometry).absent == 12
