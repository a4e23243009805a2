"""The maps: self-contained files, the same in words, nothing of a masked home."""

from __future__ import annotations

import json
import re
from datetime import date
from fractions import Fraction

import folium
import folium.plugins
import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from maps import style
from maps.base import base_map
from maps.folium_page import script_json
from maps.ground import encode_line, ground_layers
from maps.layers import add_places, isochrone_specs, mark_spec, places
from maps.ribbon import week_ribbon
from maps.suggestions import suggestion_map, suggestion_places
from rpe_geo.domain import (
    Agrement,
    Child,
    Childminder,
    Contact,
    Facility,
    Mam,
    Publication,
    Request,
)
from rpe_geo.privacy import PublicPlace
from rpe_geo.protocols import Route
from rpe_geo.schedule import Timetable
from rpe_geo.verdicts import (
    CostEstimate,
    Refusal,
    ScorePart,
    Suggestion,
    Verdict,
    VerdictWarning,
)
from tests import colours

HOME = Point(3.8745, 43.6125)
TODAY = date(2026, 11, 22)
BOUNDS = (3.86, 43.60, 3.89, 43.62)

STREETS = gpd.GeoDataFrame(
    {
        "name": ["Rue Foch", "Rue Foch", "Avenue {{ 7777*7777 }}"],
        "highway": ["residential", "residential", "primary"],
    },
    geometry=[
        LineString([(3.87, 43.61), (3.875, 43.612)]),
        LineString([(3.875, 43.612), (3.88, 43.613)]),
        LineString([(3.85, 43.60), (3.9, 43.63)]),
    ],
    crs=4326,
)
COMMUNES = gpd.GeoDataFrame(
    {"nom": ["Saint-Lunaud"]}, geometry=[box(3.8, 43.5, 3.95, 43.7)], crs=4326
)
WATER = gpd.GeoDataFrame(
    {"name": ["L’Orvelle"]}, geometry=[LineString([(3.85, 43.605), (3.9, 43.61)])], crs=4326
)
GROUND = {"streets": STREETS, "communes": COMMUNES, "water": WATER}

REQUEST = Request(
    "R-1",
    (Child(date(2026, 5, 1)),),
    date(2027, 1, 4),
    Timetable.parse("Mo,Tu,Th,Fr 07:45-18:15"),
    longitude=HOME.x,
    latitude=HOME.y,
    mode="walk",
)


def a_childminder(number: int, **changes) -> Childminder:
    fields = {
        "name": f"Nadia Benali{number}",
        "address": f"{number} rue Secrete",
        "longitude": 3.87 + number / 1000,
        "latitude": 43.611,
        "working_hours": Timetable.parse("Mo-Fr 07:00-17:30"),
        "contact": Contact(phone="06 39 98 20 63"),
        "publication": Publication(consent=True),
    }
    return Childminder(f"AM-{number}", Agrement(4), **(fields | changes))


PROVIDERS = {
    ("childminder", "AM-1"): a_childminder(1),
    ("childminder", "AM-2"): a_childminder(
        2, name="<script>alert(1)</script> {{ 7777*7777 }} {% x %}"
    ),
    ("mam", "MAM-1"): Mam("MAM-1", "Les Merles", "3 rue du Lavoir", 3.8702, 43.6105),
    ("facility", "CR-1"): Facility(
        "CR-1", "micro-crèche", "Les Petits Pas", "14 quai", 3.8781, 43.6141
    ),
    ("childminder", "AM-9"): a_childminder(9),
}


def a_suggestion(kind: str, identity: str, rank: int, **changes) -> Suggestion:
    fields = {
        "score": 90.0 - rank,
        "contributions": {"travel": 20.0},
        "travel_minutes": 6.2 + rank,
        "cost": CostEstimate(700, 400, 335, 145, 182),
        "availability_confirmed_on": date(2026, 11, 10),
        "parts": (
            ScorePart("travel", 20.0, 30.0, "why_travel_unknown"),
            ScorePart("freshness", 4.0, 4.0, "why_freshness_never"),
        ),
    }
    verdict = Verdict(
        "R-1",
        kind,
        identity,
        True,
        date(2027, 1, 4),
        Fraction(9, 10),
        warnings=(VerdictWarning("agrement_renewal"),),
    )
    return Suggestion(verdict, rank, **(fields | changes))


SUGGESTIONS = [
    a_suggestion("childminder", "AM-1", 1),
    a_suggestion("mam", "MAM-1", 2),
    a_suggestion("facility", "CR-1", 3),
    a_suggestion("childminder", "AM-2", 4),
]
ROUTES = {
    identity: Route(7, 500, LineString([(HOME.x, HOME.y), (provider.longitude, provider.latitude)]))
    for (_, identity), provider in PROVIDERS.items()
}
REFUSED = [
    Verdict(
        "R-1",
        "childminder",
        "AM-9",
        False,
        None,
        Fraction(1),
        refusals=(
            Refusal(
                "travel_time",
                have=31,
                limit=20,
                values={"mode": "walk", "detour": False, "searched": 40, "unknown_place": False},
            ),
        ),
    ),
]
ISOCHRONES = gpd.GeoDataFrame(
    {"minutes": [5.0, 10.0, 15.0, 20.0]},
    geometry=[HOME.buffer(size / 500) for size in (1, 2, 3, 4)],
    crs=4326,
)


def written(m: folium.Map) -> str:
    return m.get_root().render()


def a_map(**changes) -> str:
    options = {
        "audience": "animateur",
        "routes": ROUTES,
        "isochrones": ISOCHRONES,
        "refused": REFUSED,
        "request": REQUEST,
        "today": TODAY,
        **GROUND,
    }
    return written(suggestion_map(SUGGESTIONS, PROVIDERS, HOME, **(options | changes)))


def places_in(html: str) -> dict:
    return json.loads(re.search(r"rpeMap\.places\(\w+, (\{.*\})\);", html)[1])


class TestBase:
    def test_it_is_a_folium_map_in_a_french_page(self):
        m = base_map(BOUNDS, **GROUND, title="Essai & co", attribution="IGN", data_date=TODAY)
        html = written(m)
        assert isinstance(m, folium.Map)
        assert '<html lang="fr">' in html
        assert "<title>Essai &amp; co</title>" in html
        assert (
            "données du 22\\u00a0novembre 2026" in html
            or "données du 22\u00a0novembre 2026" in html
        )

    def test_no_other_host_is_asked(self):
        html = written(base_map(BOUNDS, **GROUND))
        fetched = re.findall(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//[^\"']+", html)
        fetched += re.findall(r"url\((?![\"']?data:)[^)]*\)", html)
        assert [one for one in fetched if "leafletjs.com" not in one and "url(#" not in one] == []
        assert "sourceMappingURL" not in html
        assert "user-scalable=no" not in html

    def test_tiles_are_the_only_other_host(self):
        html = written(
            base_map(
                BOUNDS, tiles_url="https://tiles.example/{z}/{x}/{y}.png", tiles_attribution="© <b>"
            )
        )
        assert "https://tiles.example" in html
        assert "\\u0026lt;b" in html

    def test_a_layer_that_asks_another_host_is_refused(self):
        m = base_map(BOUNDS)
        folium.plugins.MarkerCluster().add_to(m)
        with pytest.raises(RuntimeError, match="self-contained"):
            written(m)

    def test_folium_layers_and_pop_ups_work_without_jquery(self):
        m = base_map(BOUNDS)
        folium.Marker([43.61, 3.87], popup="Bonjour").add_to(m)
        folium.GeoJson(COMMUNES).add_to(m)
        assert "root.$" in written(m)

    def test_the_ground_is_the_territory_itself(self):
        ground = ground_layers(BOUNDS, **GROUND)
        assert set(ground["streets"]) == {"street", "road"}
        assert ground["waterlines"]
        assert {name["text"] for name in ground["names"]} == {"Saint-Lunaud", "L’Orvelle"}
        assert "Rue Foch" in {name for name, _ in ground["street_names"]}

    def test_other_projections_and_empty_frames_are_taken(self):
        ground = ground_layers(BOUNDS, streets=STREETS.to_crs(2154), water=WATER.iloc[:0])
        assert ground["streets"]["road"]
        assert "water" not in ground

    def test_names_are_never_read_as_templates(self):
        m = base_map(BOUNDS, **GROUND, title="{{ 7777*7777 }}").compose(
            lead="{% raise %}", legend="<p>{{ 7777*7777 }}</p>", beside="{# x #}", foot="{{"
        )
        html = written(m)
        assert "60481729" not in html
        assert "&#123;&#123; 7777*7777 }}" in html

    @settings(max_examples=40, deadline=None)
    @given(
        st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
    )
    def test_law_json_in_a_script_comes_back_whole_and_inert(self, value):
        text = script_json(value)
        assert json.loads(text) == value
        assert not set(text) & set("<>&")
        assert not re.search(r"\{[{%#]", text)

    @given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-85, 85)), min_size=2, max_size=20))
    def test_law_encoded_lines_come_back_to_a_metre(self, points):
        line = np.array(points)
        back = decode(encode_line(line))
        assert np.abs(back - line).max() <= 0.51e-5


def decode(text: str) -> np.ndarray:
    """Read an encoded polyline the way the script does."""
    numbers, value, shift = [], 0, 0
    for letter in text:
        part = ord(letter) - 63
        value |= (part & 31) << shift
        shift += 5
        if part < 32:
            numbers.append(-((value + 1) >> 1) if value & 1 else value >> 1)
            value, shift = 0, 0
    steps = np.cumsum(np.array(numbers).reshape(-1, 2), axis=0)
    return steps[:, ::-1] / 1e5


class TestStyle:
    def test_light_is_little_and_dark_is_much(self):
        def lightness(colour: str) -> float:
            red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
            linear = [
                part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                for part in (red, green, blue)
            ]
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

        steps = [lightness(colour) for colour in style.SEQUENTIAL]
        assert steps == sorted(steps, reverse=True)
        for ink, ground in zip(style.SEQUENTIAL_INK, style.SEQUENTIAL, strict=True):
            light, dark = sorted([lightness(ink), lightness(ground)], reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5

    def test_every_kind_has_its_own_shape_and_colour(self):
        kinds = [kind for kind in style.PLACES if kind != "work"]
        assert len({style.PLACES[kind].shape for kind in kinds}) == len(kinds)
        assert len({style.PLACES[kind].color for kind in kinds}) == len(kinds)

    @pytest.mark.parametrize(
        ("kind", "mark"),
        [
            ("crèche", "facility"),
            ("Micro-crèche", "facility"),
            ("RPE", "rpe"),
            ("relais petite enfance", "rpe"),
            ("LAEP", "rpe"),
            ("halte-garderie", "facility"),
        ],
    )
    def test_facilities_have_their_mark(self, kind, mark):
        assert style.facility_place(kind) == mark

    def test_marks_hold_under_a_strict_policy(self):
        assert "style=" not in style.mark_svg("mam", "12") + style.mark_svg("home")
        assert "&lt;" in style.mark_svg("mam", "<")

    def test_the_pages_have_the_colours_of_the_maps(self):
        sheet = colours.SHEET.read_text(encoding="utf-8")
        assert colours.with_colours(sheet) == sheet, "run `python -m tests.front --write`"
        assert "--place-mam: #c25e00;" in sheet
        assert colours.with_colours(sheet.replace("#c25e00", "#c25e01")) == sheet


class TestLayers:
    def test_three_isochrones_at_most_the_widest(self):
        specs = isochrone_specs(ISOCHRONES)
        assert [spec["text"] for spec in specs] == ["20\u00a0min", "15\u00a0min", "10\u00a0min"]

    def test_holes_and_parts_are_kept(self):
        ring = Polygon(box(0, 0, 1, 1).exterior, [box(0.2, 0.2, 0.4, 0.4).exterior])
        frame = gpd.GeoDataFrame(
            {"minutes": [5.0]}, geometry=[MultiPolygon([ring, box(2, 2, 3, 3)])], crs=4326
        )
        assert sorted(len(rings) for rings in isochrone_specs(frame)[0]["areas"]) == [1, 2]

    def test_marks_go_on_any_base_map(self):
        m = base_map(BOUNDS)
        add_places(m, places([mark_spec("a", "school", HOME, label="École")]))
        assert places_in(written(m))["marks"][0]["label"] == "École"


class TestRibbon:
    def test_the_words_say_the_hours(self):
        svg = week_ribbon(
            Timetable.parse("Mo-Fr 08:00-18:00"), Timetable.parse("Mo-We 08:00-18:00")
        )
        assert 'aria-label="30\u00a0h sur 50\u00a0h par semaine"' in svg
        assert svg.count("stroke-dasharray") == 2

    def test_nothing_offered_is_unknown_not_missing(self):
        assert "stroke-dasharray" not in week_ribbon(Timetable.parse("Mo 08:00-18:00"))


class TestSuggestions:
    def test_marks_and_list_are_in_the_order_of_the_ranks(self):
        html = a_map()
        marks = places_in(html)["marks"]
        assert [mark["rank"] for mark in marks] == [None, 1, 2, 3, 4]
        assert re.findall(r'data-place="([^"]+)"', html) == ["AM-1", "MAM-1", "CR-1", "AM-2"]

    def test_pop_ups_give_the_reasons(self):
        popup = places_in(a_map())["marks"][1]["popup"]
        for words in (
            "Trajet",
            "20\u00a0/\u00a030",
            "335\u00a0€",
            "dès le",
            "Agrément à renouveler",
            "Confirmé il y a 12\u00a0jours",
        ):
            assert words in popup

    def test_marks_have_words_for_screen_readers(self):
        marks = places_in(a_map())["marks"]
        assert marks[1]["label"] == "1. Nadia Benali1, 7\u00a0min, 89\u00a0points"
        assert marks[0]["label"] == "Domicile de la famille"

    def test_refusals_are_small_marks_and_a_list(self):
        html = a_map()
        refused = places_in(html)["refused"]
        assert refused[0]["small"]
        assert "Trop loin" in html
        assert "1\u00a0écarté, et pourquoi" in html

    def test_names_are_inert(self):
        html = a_map()
        assert "<script>alert" not in html
        assert "60481729" not in html

    def test_work_has_its_own_mark_and_leg(self):
        html = a_map(work=Point(3.88, 43.62), work_routes=ROUTES)
        assert {mark["kind"] for mark in places_in(html)["marks"]} >= {"work", "home"}
        assert {route["leg"] for route in places_in(html)["routes"]} == {"home", "work"}

    def test_nobody_is_said_in_words(self):
        html = written(suggestion_map([], {}, HOME, audience="animateur", today=TODAY))
        assert "Pas encore de place qui convienne" in html

    def test_distant_marks_are_in_the_frame(self):
        content, _ = suggestion_places(SUGGESTIONS, PROVIDERS, HOME, today=TODAY)
        assert len(content["marks"]) == 5


class TestPublic:
    KNOWN = {"AM-1": PublicPlace("masked", None, 3.8800, 43.6150, 120.0)}  # noqa: RUF012

    def html(self, **changes) -> str:
        return a_map(audience="public", known=self.KNOWN, **changes)

    def test_who_is_not_known_is_neither_drawn_nor_listed(self):
        html = self.html()
        assert {mark["id"] for mark in places_in(html)["marks"]} == {
            "home",
            "AM-1",
            "MAM-1",
            "CR-1",
        }
        assert 'data-place="AM-2"' not in html

    def test_a_masked_home_is_a_zone_and_no_way_leads_to_it(self):
        content = places_in(self.html())
        assert content["zones"] == [
            {"id": "AM-1", "lat": 43.615, "lon": 3.88, "radius": 120.0, "color": "#6B2668"}
        ]
        assert "AM-1" not in {route["id"] for route in content["routes"]}
        assert content["marks"][1]["lon"] == 3.88

    def test_nothing_of_the_true_home_is_in_the_file(self):
        html = self.html()
        assert "rue Secrete" not in html
        assert "3.871" not in html
        assert "points" not in places_in(html)["marks"][1]["label"]
        assert "env.\u00a010\u00a0min" in html

    def test_nothing_refused_is_shown(self):
        assert places_in(self.html())["refused"] == []

    def test_the_map_comes_no_nearer_than_the_zone_allows(self):
        assert '"max_zoom":17' in self.html()

    def test_without_places_no_childminder_is_shown(self):
        html = a_map(audience="public")
        assert "AM-1" not in {mark["id"] for mark in places_in(html)["marks"]}

    def test_a_hidden_address_is_listed_only(self):
        html = a_map(audience="public", known={"AM-1": PublicPlace("hidden")})
        assert "AM-1" not in {mark["id"] for mark in places_in(html)["marks"]}
        assert 'data-place="AM-1"' in html
        assert "Adresse non publiée" in html
