"""The three journeys in Chromium: no console error, no other host, no serious finding of axe-core."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from api.app import create_app
from tests.chromium import free_port, served
from tests.pages.opened import ADDRESS, PASSWORD, make_settings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    port = free_port()
    app = create_app(make_settings(tmp_path_factory.mktemp("browser")))
    with served(app, port) as there:
        yield there


@pytest.fixture
def page(browser, address) -> Iterator:
    """A page that notes what goes wrong; axe's own styles are not the page's."""
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="fr-FR")
    opened = context.new_page()
    wrong: list[str] = []
    opened.wrong = wrong
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith((address, "data:")) else wrong.append(asked.url),
    )
    yield opened
    context.close()


def assert_sound(page) -> None:
    """Nothing went wrong, nothing overflows, and axe-core finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    assert page.wrong == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    page.wrong.clear()
    serious = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []


def test_a_family_finds_and_asks_with_the_keyboard_on_a_phone(page, address):
    page.goto(address)
    assert_sound(page)
    page.focus("#adresse")
    page.keyboard.type(ADDRESS[:22])
    page.wait_for_selector("#adresses [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.fill("#adresse", ADDRESS)
    page.fill("#naissance", "2026-05-02")
    page.focus("button.go")
    page.keyboard.press("Enter")
    page.wait_for_selector("#carte .rpe-mark")
    assert page.evaluate("document.activeElement.id") == "titre-res"
    assert_sound(page)
    page.locator(".pick input").first.check()
    page.fill("#nom", "Camille R.")
    page.fill("#contact", "06 39 98 41 07")
    page.check("[name=accord]")
    page.click("#envoyer button")
    page.wait_for_selector("text=Demande envoyée")
    assert_sound(page)


def test_a_family_filters_sorts_and_prices_her_list(page, address):
    page.set_viewport_size({"width": 768, "height": 1024})
    page.goto(address)
    page.fill("#adresse", ADDRESS)
    page.fill("#naissance", "2026-05-02")
    page.click("button.go")
    page.wait_for_selector("#carte .rpe-mark")
    page.fill("#revenu-c", "3000")
    page.click("#couts button")
    page.wait_for_selector("#couts .bars")
    page.locator("#carte").scroll_into_view_if_needed()
    page.wait_for_selector("#carte .rpe-mark")
    assert_sound(page)
    costs = "[...document.querySelectorAll('.plist > li')].map((place) => +place.dataset.cout)"
    page.select_option("#tri", "cout")
    assert page.evaluate(costs) == sorted(page.evaluate(costs))
    marks = page.locator("#carte .rpe-mark")
    before = marks.count()
    page.click(".chip[data-kind=childminder]")
    assert page.locator(".plist > li:visible").count() == 0
    assert marks.count() < before
    page.click(".chip[data-kind=childminder]")
    assert page.locator(".plist > li:visible").count() == 10
    assert marks.count() == before
    page.locator(".pick input").first.check()
    assert page.locator("[data-basket-count]").inner_text() == "1 lieu choisi"
    assert_sound(page)


@pytest.mark.parametrize("path", ["calculs", "vos-donnees", "accessibilite", "mentions-legales"])
def test_what_a_public_service_tells_of_itself(page, address, path):
    page.goto(f"{address}/{path}")
    assert_sound(page)


def test_an_animateur_goes_from_the_call_to_the_proposal(page, address):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{address}/pro")
    page.fill("#m", "agathe@rpe.example")
    page.fill("#mp", PASSWORD)
    page.click("main button")
    page.goto(f"{address}/pro/demandes/nouvelle")
    assert_sound(page)
    page.fill("#nom", "Famille Essai")
    page.fill("#adresse", ADDRESS)
    page.fill("#debut", "2027-01-04")
    page.fill("#ne0", "2026-06-01")
    page.click("[data-preset-for=h][data-preset='08:00-18:00']")
    cell = page.locator(".wg[data-fields=h] .c[data-k='32']")
    cell.focus()
    page.keyboard.press("Space")
    assert page.input_value("#h-0") == "08:15-18:00"
    page.keyboard.press("Shift+ArrowDown")
    assert page.input_value("#h-0") == "08:30-18:00"
    page.fill("#h-2", "8h-12h")
    page.keyboard.press("Tab")
    assert page.locator("[data-total=h]").inner_text() == "43 h 30"
    page.locator(".wg[data-fields=h] .c[data-k='516']").hover()
    page.mouse.down()
    page.locator(".wg[data-fields=h] .c[data-k='520']").hover()
    page.mouse.up()
    assert page.input_value("#h-5") == "09:00-10:15"
    page.fill("#h-5", "")
    page.click("main form button.main")
    page.wait_for_selector("#carte .rpe-mark")
    assert_sound(page)
    page.locator("button:has-text('Proposer à la famille')").first.click()
    page.wait_for_selector("#issue .history li:has-text('Proposition')")
    page.goto(f"{address}/pro/registre/AM-0001")
    assert_sound(page)


def test_a_childminder_confirms_on_her_phone(page, address):
    page.goto(f"{address}/pro/connexion")
    page.fill("#m", "agathe@rpe.example")
    page.fill("#mp", PASSWORD)
    page.click("main button")
    page.goto(f"{address}/pro/registre/AM-0003")
    page.click("text=Créer un lien")
    path = re.sub(r"^https?://[^/]+", "", page.input_value("#lien"))
    page.context.clear_cookies()
    page.goto(address + path)
    assert_sound(page)
    page.click("text=Oui, c’est toujours exact")
    page.wait_for_selector("text=c’est noté")
    assert_sound(page)


def test_the_list_needs_no_javascript(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(address)
    page.fill("#adresse", ADDRESS)
    page.fill("#naissance", "2026-05-02")
    page.click("button.go")
    assert page.locator("#liste .place").count() > 3
    context.close()
