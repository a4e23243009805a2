"""The map files in a real browser: seen, reached with the keyboard alone, and asking nobody anything."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from maps.base import base_map
from maps.suggestions import suggestion_map
from rpe_geo.privacy import PublicPlace
from tests.maps.test_maps import (
    GROUND,
    HOME,
    ISOCHRONES,
    PROVIDERS,
    REFUSED,
    REQUEST,
    ROUTES,
    SUGGESTIONS,
    TODAY,
)

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1440)
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """The map of an animateur and that of a family."""
    folder = tmp_path_factory.mktemp("maps")
    options = {
        "routes": ROUTES,
        "isochrones": ISOCHRONES,
        "refused": REFUSED,
        "request": REQUEST,
        "today": TODAY,
        **GROUND,
    }
    known = {
        "AM-1": PublicPlace("masked", None, 3.8800, 43.6150, 120.0),
        "AM-2": PublicPlace("hidden"),
    }
    paths = {}
    for audience in ("animateur", "public"):
        drawn = suggestion_map(
            SUGGESTIONS,
            PROVIDERS,
            HOME,
            audience=audience,
            known=known,
            title="Famille d’essai",
            **options,
        )
        paths[audience] = folder / f"{audience}.html"
        drawn.save(str(paths[audience]))
    return paths


@pytest.fixture
def visit(browser, files):
    """Open a map at a width; complaints and requests are noted."""
    pages = []

    def opened(audience: str, width: int = 1440):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.complaints, page.asked = [], []
        page.on("console", lambda said: page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda sent: page.asked.append(sent.url))
        page.goto(files[audience].as_uri())
        page.wait_for_selector(".rpe-mark")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


@pytest.mark.parametrize("audience", ["animateur", "public"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_whole_alone_and_fits(visit, audience, width, tmp_path):
    page = visit(audience, width)
    assert page.complaints == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    kept = Path(os.environ.get("RPE_SCREENSHOTS", tmp_path))
    kept.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=kept / f"carte-{audience}-{width}.png", full_page=True)


@pytest.mark.parametrize("audience", ["animateur", "public"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_serious(visit, audience, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(visit(audience, width)).response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ] == []


def test_the_keyboard_opens_a_mark_and_comes_back(visit):
    page = visit("animateur")
    mark = page.locator(".rpe-mark[aria-label^='1. ']")
    mark.focus()
    page.keyboard.press("Enter")
    popup = page.locator(".leaflet-popup")
    popup.wait_for()
    assert "Trajet" in popup.inner_text()
    assert popup.get_attribute("role") == "dialog"
    page.keyboard.press("Escape")
    popup.wait_for(state="detached")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("1. ")


def test_the_list_and_the_map_choose_together(visit):
    page = visit("animateur")
    page.locator("[data-show='CR-1']").click()
    assert page.locator(".leaflet-popup").inner_text().startswith("Les Petits Pas")
    assert "is-on" in page.locator("[data-place='CR-1']").get_attribute("class")


def test_refusals_are_off_at_first_and_can_be_shown(visit):
    page = visit("animateur")
    assert page.locator(".rpe-mark.small").count() == 0
    box = page.locator(".leaflet-control-layers-toggle").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(150)
    page.locator(".leaflet-control-layers-selector").first.check()
    assert page.locator(".rpe-mark.small").count() == 1


def test_the_wheel_alone_does_not_zoom(visit):
    page = visit("animateur")
    box = page.locator(".rpe-map").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    scale = page.locator(".leaflet-control-scale-line")
    before = scale.inner_text()
    page.mouse.wheel(0, 300)
    page.wait_for_timeout(300)
    assert scale.inner_text() == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, 300)
    page.keyboard.up("Control")
    page.wait_for_timeout(500)
    assert scale.inner_text() != before


def test_a_family_sees_a_zone_and_no_refusal(visit):
    page = visit("public")
    assert page.locator("path[stroke-dasharray='5 4']").count() == 1
    assert page.locator(".rpe-mark.small").count() == 0
    assert "Adresse non publiée" in page.locator("[data-place='AM-2']").inner_text()


@pytest.mark.parametrize("answers", [True, False], ids=["tiles", "no tiles"])
def test_tiles_hide_our_streets_only_when_they_come(browser, tmp_path, answers):
    path = tmp_path / "tiles.html"
    base_map(
        (3.86, 43.60, 3.89, 43.62), tiles_url="https://tiles.example/{z}/{x}/{y}.png", **GROUND
    ).save(str(path))
    page = browser.new_page()

    def answer(route) -> None:
        if answers:
            route.fulfill(content_type="image/png", body=base64.b64decode(PIXEL))
        else:
            route.abort()

    page.route("https://tiles.example/**", answer)
    page.goto(path.as_uri())
    if answers:
        page.wait_for_selector(".rpe-tiles-on")
        assert not page.locator(".leaflet-ground-pane").is_visible()
    else:
        page.get_by_text("Nous affichons nos propres rues").wait_for()
        assert page.locator(".rpe-tiles-on").count() == 0
    page.close()
