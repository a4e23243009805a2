"""A planner in Chromium: sign in, filter, read map and table, download, print; axe-core and nothing from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from tests.chromium import free_port, served
from tests.pages.accounts_only import PASSWORD, make_settings
from tests.pages.observatory_files import write_folder

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("RPE_SCREENSHOTS")
WIDTHS = {360: 780, 768: 1024, 1440: 900}
PAGE = "/pro/observatoire"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    port = free_port()
    folder = tmp_path_factory.mktemp("observatoire")
    settings = make_settings(
        folder,
        observatory=write_folder(folder / "observatoires"),
        public_url=f"http://127.0.0.1:{port}",
    )
    with served(create_app(settings), port) as there:
        yield there


@pytest.fixture(scope="module")
def signed_in(browser, address) -> dict:
    """The cookies of a planner."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/pro/connexion")
    page.fill("#m", "plan@nord.example")
    page.fill("#mp", PASSWORD)
    page.click("main button.main")
    page.wait_for_url(f"**{PAGE}")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def opened(browser, address, signed_in) -> Iterator:
    """Open the page at a width; what goes wrong is noted."""
    contexts = []

    def visit(width: int = 1440, path: str = "", **options: object):
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            locale="fr-FR",
            storage_state=signed_in,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.wrong = []
        page.on(
            "console", lambda said: page.wrong.append(said.text) if said.type == "error" else None
        )
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((address, "data:")) else page.wrong.append(asked.url)
            ),
        )
        page.goto(address + PAGE + path)
        return page

    yield visit
    for context in contexts:
        context.close()


def assert_sound(page) -> None:
    """Nothing went wrong, nothing overflows, and axe-core finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    assert page.wrong == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    page.wrong.clear()
    assert [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["communes", "zones"])
def test_the_page_is_sound_at_every_width(opened, width, name):
    path = "?zone=34001&q=cc" if name == "communes" else "?jeu=Villeneuve&lieux=1&creneau=matin"
    page = opened(width, path)
    page.wait_for_selector(".choro-tools")
    assert_sound(page)
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SHOTS) / f"observatoire-{name}-{width}.png", full_page=True)


def test_a_planner_filters_reads_and_downloads(opened):
    page = opened(1440)
    page.select_option("#f-indicateur", "couverture")
    page.wait_for_selector("#t-carte:has-text('Taux de couverture')")
    assert page.evaluate("document.activeElement.id") == "f-indicateur"
    page.check("input[name=mode][value=collectif]", force=True)
    page.wait_for_selector("#t-carte:has-text('établissements')")
    assert "mode=collectif" in page.url
    page.select_option("#f-annee", "2019")
    page.wait_for_selector(".kpis:has-text('CNAF 2019')")
    page.click("thead a:has-text('Enfants')")
    page.wait_for_selector("th[aria-sort=descending]:has-text('Enfants')")
    page.click("tbody a >> nth=0")
    page.wait_for_selector("#fiche")
    assert_sound(page)
    with page.expect_download() as got:
        page.click("text=Tableau (CSV)")
    assert got.value.suggested_filename == "coverage_facility-2019.csv"
    with page.expect_download() as got:
        page.click("a:has-text('GeoPackage')")
    assert got.value.suggested_filename == "observatoire-pays-d-essai-2019.gpkg"
    page.go_back()
    page.wait_for_selector("#fiche", state="detached")
    page.click("a:has-text('Rapport en ligne')")
    page.wait_for_selector("h1:has-text('L’accueil du jeune enfant')")
    assert page.evaluate("getComputedStyle(document.querySelector('dl.keys')).display") == "grid"
    assert_sound(page)


def test_the_map_answers_the_pointer_and_the_keyboard(opened):
    page = opened(1440, "?maille=communes")
    tip = page.locator(".choro-tip")
    page.locator("svg.choro a").nth(3).focus()
    assert "Commune 3" in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    page.locator("svg.choro path.z").nth(1).hover()
    assert "Commune 1" in tip.inner_text()
    before = page.locator("svg.choro").get_attribute("viewBox")
    page.click("button[aria-label='Agrandir la carte']")
    assert page.locator("svg.choro").get_attribute("viewBox") != before
    page.click("button[aria-label='Voir toute la carte']")
    page.locator("svg.choro a").nth(4).press("Enter")
    page.wait_for_selector("#fiche:has-text('Commune 4')")
    assert_sound(page)


def test_it_needs_no_javascript(opened):
    page = opened(360, java_script_enabled=False)
    page.select_option("#f-indicateur", "couverture")
    page.click("button:has-text('Appliquer')")
    assert page.locator("#t-carte").inner_text() == "Taux de couverture"
    page.fill("#q", "eveche")
    page.click(".chercher button")
    page.click("#trouves a")
    assert "Évêché" in page.locator("#fiche").inner_text()
    assert page.locator("svg.choro path.z").count() == 12
    assert page.locator("tbody tr").count() == 12
