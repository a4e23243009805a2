"""The map file of the observatory in Chromium: whole alone, at three widths, with the keyboard, nothing serious for axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from maps.coverage import coverage_map
from tests.pages.observatory_files import communes, zones_with_registry

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("cartes")
    paths = {}
    kinds = communes()
    kinds.zones["kind"] = [float(at % 5 + 1) for at in range(12)]
    for name, observatory in (("communes", kinds), ("zones", zones_with_registry())):
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(coverage_map(observatory).get_root().render(), encoding="utf-8")
    return paths


@pytest.fixture
def visit(browser, files) -> Iterator:
    pages = []

    def opened(name: str, width: int):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.wrong = []
        page.on("console", lambda said: page.wrong.append(said.text))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on(
            "request",
            lambda sent: (
                None
                if sent.url.startswith(("file:", "data:", "blob:"))
                else page.wrong.append(sent.url)
            ),
        )
        page.goto(files[name].as_uri())
        page.wait_for_selector(".cov-table tbody tr")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


@pytest.mark.parametrize("name", ["communes", "zones"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_it_is_whole_alone_and_fits(visit, name, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(name, width)
    assert page.wrong == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = axe.Axe().run(page).response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ] == []


def test_every_indicator_can_be_shown(visit):
    page = visit("communes", 1440)
    for option in page.locator("#cov-indicator option").all():
        page.select_option("#cov-indicator", option.get_attribute("value"))
        title = page.locator("#cov-legend .legend-title").inner_text()
        assert option.inner_text() in title
        assert "2020" in title
    page.select_option("#cov-indicator", label="Type de commune")
    assert "type 5" in page.locator("#cov-legend").inner_text()
    assert page.wrong == []


def test_requests_are_circles_that_can_be_hidden(visit):
    page = visit("zones", 1440)
    assert page.locator(".cov-badge").inner_text() == "12"
    assert "12 demandes sans solution" in page.locator(".rpe-mark:has(.cov-badge)").get_attribute(
        "aria-label"
    ).replace("\u00a0", " ")
    page.get_by_role("checkbox", name="Demandes sans solution").uncheck()
    assert page.locator(".cov-badge").count() == 0


def test_small_counts_are_not_in_the_file(files):
    raw = zones_with_registry().zones
    text = files["zones"].read_text(encoding="utf-8")
    assert f"{raw.loc['1', 'coverage_rate']:.1f}" not in text
