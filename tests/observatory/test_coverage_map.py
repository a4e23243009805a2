"""Classes, map, print and report: what they say, that they suffice to themselves, that small counts are not told."""

import re
import warnings
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.choropleth import classify, natural_limits
from maps.choropleth_figures import coverage_figure, draw_figure
from maps.coverage import coverage_data, coverage_map
from rpe_geo.messages.french import number
from rpe_geo.observatory.calibration import Check
from rpe_geo.observatory.indicators import INDICATORS
from rpe_geo.observatory.profile import summarise
from rpe_geo.observatory.results import Note, Observatory, Source
from rpe_geo.publishing.report import coverage_report
from rpe_geo.publishing.report_html import report_html
from rpe_geo.publishing.report_pdf import report_pdf

ON = date(2026, 11, 22)


@pytest.fixture(scope="module")
def observatory():
    n = 25
    rng = np.random.default_rng(0)
    codes = [f"{i:05d}" for i in range(1001, 1001 + n)]
    children = rng.integers(5, 400, n).astype(float)
    places = (children * rng.uniform(0.1, 1.2, n)).round()
    children[3] = 0
    table = pd.DataFrame(
        {
            "nom": [f"Zone {i}" for i in range(n - 1)] + ["</script>{{ 7*7 }}"],
            "departement": "01",
            "children": children,
            "places_childminder": (places * 0.6).round(),
            "places_facility": (places * 0.3).round(),
            "places_other": places - (places * 0.6).round() - (places * 0.3).round(),
            "places": places,
            "coverage_rate": np.where(children > 0, 100 * places / np.maximum(children, 1), np.nan),
            "access_e2sfca": np.where(children > 0, rng.uniform(0, 0.9, n), np.nan),
            "need": children * 0.6,
            "tension": rng.uniform(0.5, 3, n),
            "minutes_to_closest": rng.uniform(2, 20, n),
            "access_early": rng.uniform(0, 0.1, n),
            "access_margin_effect": rng.normal(0, 0.05, n),
            "professionals": [3.0] + [8.0] * (n - 1),
            "freshness": 0.7,
            "vacancy_rate": 20.0,
            "uncertain": [i % 6 == 0 for i in range(n)],
            "uncertain_why": ["moins de 10 enfants" if i % 6 == 0 else "" for i in range(n)],
            "hotspot": ["tension" if i < 3 else "" for i in range(n)],
            "gi_star": rng.normal(0, 1, n),
        },
        index=pd.Index(codes, name="code"),
    )
    table.loc["01005", "minutes_to_closest"] = np.inf
    shapes = [shapely.box(5 + i % 5 * 0.1, 46 + i // 5 * 0.1, 5.1 + i % 5 * 0.1, 46.1 + i // 5 * 0.1) for i in range(n)]  # fmt: skip
    zones = gpd.GeoDataFrame(table, geometry=shapes, crs=4326)
    supply = gpd.GeoDataFrame(
        {"kind": ["crèche"], "name": ["Les Lilas"], "places": [30.0], "estimated": [True]},
        geometry=[shapely.Point(5.2, 46.2)],
        crs=4326,
    )
    return Observatory(
        zones=zones,
        supply=supply,
        checks=(Check("places", "france", "FR", "places", 98.0, 100.0, -2.0, -2.0, "…"),),
        summary=summarise(table),
        parameters={
            "title": "Pays d'essai", "zones": "zones", "year": 2020, "children_years": [2018, 2019, 2020], "mode": "car",
            "minutes": 15.0, "decay": "binary:15", "travel_times": "vol d'oiseau", "estimated": True,
        },
        sources=(Source("Places", "CNAF", "Licence Ouverte 2.0", "2020", "p.parquet"),),
        notes=(Note("zones_mended", {"count": 1, "first": "01001"}),),
    )  # fmt: skip


_ANY = st.floats(allow_nan=False, allow_infinity=False)
_NEAR = st.tuples(st.floats(-1e6, 1e6), st.lists(st.integers(0, 60), min_size=1, max_size=40)).map(
    lambda drawn: [drawn[0] + ticks * np.spacing(drawn[0]) for ticks in drawn[1]]
)
_CLOSE = st.tuples(st.floats(0, 1e4), st.lists(st.floats(0, 0.1), min_size=1, max_size=40)).map(
    lambda drawn: [drawn[0] + beyond for beyond in drawn[1]]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(0, 1e4), min_size=1, max_size=80)
    | st.lists(_ANY, min_size=1, max_size=300)
    | _NEAR
    | _CLOSE
    | st.tuples(_NEAR, st.lists(_ANY)).map(lambda both: both[0] + both[1]),
    st.sampled_from(["coverage_rate", "minutes_to_closest", "access_margin_effect", "children"]),
)
def test_law_classes_are_ordered_read_apart_and_hold_everything(values, name):
    about = INDICATORS[name]
    shown = pd.Series(values)
    classes = classify(shown, about)
    assert list(classes.breaks) == sorted(set(classes.breaks))
    assert np.isfinite(classes.breaks).all()
    words = [number(limit, classes.decimals) for limit in classes.breaks]
    assert len(set(words)) == len(words)
    assert len(set(classes.labels)) == len(classes.labels)
    if about.scale != "diverging":
        assert set(classes.of(shown)) == set(range(len(classes.labels)))
    assert (
        len(classes.labels) == len(classes.colors) == len(classes.inks) == len(classes.breaks) + 1
    )
    assert (classes.of(shown) >= 0).all()
    assert classes.of(pd.Series([np.nan]))[0] == -1


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([45.0, 45.0001], ("une seule valeur",)),
        ([45.0, 45.004, 45.006], ("de 45,00 à 45,01",)),
        ([12.0, 30.0, np.nextafter(30.0, 31)], ("moins de 21", "21 et plus")),
        ([7.25, np.inf, -np.inf, np.nan], ("une seule valeur",)),
    ],
)
def test_figures_that_read_the_same_are_one_class(values, labels):
    assert classify(pd.Series(values), INDICATORS["minutes_to_closest"]).labels == labels


def test_light_is_little_and_near_is_dark():
    values = pd.Series(np.linspace(0, 100, 50))
    coverage = classify(values, INDICATORS["coverage_rate"])
    minutes = classify(values, INDICATORS["minutes_to_closest"])
    assert coverage.colors == minutes.colors[::-1]
    assert coverage.labels[0].startswith("moins de")
    assert all(float(limit).is_integer() for limit in coverage.breaks)


def test_the_map_suffices_to_itself_and_says_everything(observatory):
    page = coverage_map(observatory).get_root().render()
    assert len(page) < 5_000_000
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//', page)
    assert "Pays d&#39;essai" in page or "Pays d'essai" in page
    assert "</script>{{ 7*7 }}" not in page
    assert "CNAF" in page
    data = coverage_data(observatory)
    names = [indicator["name"] for indicator in data["indicators"]]
    assert {"coverage_rate", "access_e2sfca", "access_early", "minutes_to_closest"} <= set(names)
    assert data["first"] == names.index("coverage_rate")
    coverage = data["indicators"][data["first"]]
    assert coverage["values"][3] is None
    closest = data["indicators"][names.index("minutes_to_closest")]
    assert closest["values"][4] is None
    assert sum(data["uncertain"]) == 5
    assert data["hot"][:4] == [1, 1, 1, 0]
    assert data["outlines"]["tension"]
    with pytest.raises(KeyError):
        coverage_map(observatory, indicator="nothing")


@pytest.mark.parametrize("seed", range(4))
def test_classes_are_those_of_mapclassify_rounded(seed):
    import mapclassify

    known = np.sort(np.random.default_rng(seed).uniform(5, 90, 100))
    ours = np.array(classify(pd.Series(known), INDICATORS["coverage_rate"]).breaks)
    with pytest.warns(UserWarning, match="Numba"):
        theirs = mapclassify.FisherJenks(known.clip(*np.quantile(known, [0.01, 0.99])), k=6).bins
    assert len(ours) == 5
    # Round limits, near those between two figures that mapclassify tells apart.
    gap = np.diff(known).max()
    assert np.abs(ours - theirs[:-1]).max() <= (theirs[-2] - theirs[0]) / 12 + gap


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=2, max_size=40, unique=True))
def test_law_no_other_grouping_differs_less_inside(values):
    import mapclassify

    figures = np.sort(np.array(values, dtype=float))
    count = min(5, len(figures))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bins = mapclassify.FisherJenks(figures, k=count).bins
    ours = np.searchsorted(natural_limits(figures, count), figures, side="right")
    theirs = np.searchsorted(bins, figures)

    def spread(groups):
        return sum(((figures[groups == at] - figures[groups == at].mean()) ** 2).sum() for at in set(groups))  # fmt: skip

    assert len(set(ours)) == count
    assert spread(ours) <= spread(theirs) + 1e-6 or len(set(theirs)) < count


@pytest.mark.parametrize("values", [[], [3.0], [3.0] * 9, [0.0, 5.0], [1.0, 2.0, 2.0, 7.0]])
def test_few_values_make_few_classes(values):
    classes = classify(pd.Series(values, dtype=float), INDICATORS["coverage_rate"])
    assert len(classes.labels) <= max(1, len(set(values)))


def test_three_amounts_make_three_classes():
    classes = classify(pd.Series([0.0] * 12 + [7.0, 13.0, 13.0]), INDICATORS["open_requests"])
    assert len(classes.labels) == 3


def test_print_tells_no_figure_of_few_professionals():
    from matplotlib.text import Text

    from tests.pages.observatory_files import zones_with_registry

    raw = zones_with_registry()
    figure = coverage_figure(raw, "coverage_rate")
    written = {text.get_text() for text in figure.findobj(Text)}
    assert f"{raw.zones.loc['3', 'coverage_rate']:.0f}" in written
    assert f"{raw.zones.loc['1', 'coverage_rate']:.0f}" not in written


def test_print_is_the_same_bytes_twice(observatory):
    first = draw_figure(coverage_figure(observatory, "coverage_rate"), "svg")
    second = draw_figure(coverage_figure(observatory, "coverage_rate"), "svg")
    assert first == second
    assert (
        draw_figure(coverage_figure(observatory, "coverage_rate"), "png", dpi=60)[:4] == b"\x89PNG"
    )


def test_the_report_has_the_chapters_of_the_law(observatory):
    report = coverage_report(observatory, on=ON)
    page = report_html(report)
    for words in (
        "1° L’offre",
        "2° Les besoins",
        "3° Les zones",
        "4° Les objectifs",
        "D. 214-10-1",
        "CNAF",
    ):
        assert words in page
    assert "22\u00a0novembre 2026" in page
    assert not re.findall(r'(?:src|href)="https?://', page)
    assert "</script>{{" not in page
    # Three professionals: not told, nor a second zone from which they could be found.
    row = re.search(r"Zone 0</th>(.*?)</tr>", page[page.index("L’offre par zone") :]).group(1)
    assert "n.p." in row
    assert page.count("n.p.") >= 2


def test_a_country_is_told_by_departements():
    from rpe_geo.publishing.territories import grouped
    from tests.pages.observatory_files import communes

    page = report_html(coverage_report(grouped(communes(), "departement"), on=ON))
    assert "2 départements" in page
    assert "Hérault" in page
    # Tension is looked for between communes: nothing is said of it, rather than that there is none.
    assert "en tension :" not in page.replace("\u00a0", " ").partition("Méthode")[0]


def test_the_report_is_a_pdf_with_its_words(observatory):
    pypdf = pytest.importorskip("pypdf")
    import io

    content = report_pdf(coverage_report(observatory, on=ON))
    reader = pypdf.PdfReader(io.BytesIO(content))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "En bref" in text
    assert "Méthode et sources" in text
    assert reader.metadata.title.startswith("L’accueil du jeune enfant")
    assert "/StructTreeRoot" in reader.trailer["/Root"]
