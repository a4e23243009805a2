"""The pages of the desk and of the registry in Chromium: sound at three widths, and usable with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.test_journeys import address, assert_sound, page
from tests.pages.opened import ADDRESS, PASSWORD

pytestmark = pytest.mark.browser
__all__ = ["address", "page"]

WIDTHS = (360, 768, 1440)


@pytest.fixture
def desk(page, address):
    """Agathe, signed in."""
    page.goto(f"{address}/pro/connexion")
    page.fill("#m", "agathe@rpe.example")
    page.fill("#mp", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/pro/demandes")
    return page


def assert_sound_at_every_width(page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_sound(page)


def press_until(page, reached: Callable[[], bool], key: str = "Tab", most: int = 120) -> None:
    """Press a key until something has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if reached():
            return
    pytest.fail("the keyboard does not lead there")


def test_the_lists_and_forms_are_sound(desk, address):
    for path in (
        "/pro/demandes",
        "/pro/registre",
        "/pro/registre/AM-0003",
        "/pro/registre/lieu/RPE-1",
        "/pro/registre/nouvelle/mam",
        "/pro/registre/import",
        "/pro/fraicheur",
        "/pro/activite",
    ):
        desk.goto(address + path)
        assert_sound_at_every_width(desk)


def test_a_place_is_added_and_closed_with_the_keyboard_alone(desk, address):
    desk.goto(f"{address}/pro/registre")
    focused = "document.activeElement"
    press_until(desk, lambda: "Ajouter" in desk.evaluate(f"{focused}.textContent"))
    desk.keyboard.press("Enter")
    press_until(desk, lambda: "crèche" in desk.evaluate(f"{focused}.textContent"))
    desk.keyboard.press("Enter")
    desk.wait_for_selector("h1:has-text('Un nouveau lieu')")
    for name, typed in (("name", "Les Lutins"), ("kind", "micro-crèche"), ("address", ADDRESS)):
        press_until(desk, lambda name=name: desk.evaluate(f"{focused}.name") == name)
        desk.keyboard.type(typed)
        desk.keyboard.press("Escape")
    desk.fill("#address", ADDRESS)
    press_until(desk, lambda: desk.evaluate(f"{focused}.name") == "places")
    desk.keyboard.type("dix")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#places-e")
    assert desk.evaluate(f"{focused}.name") == "places"
    desk.wrong.clear()
    assert_sound(desk)
    desk.keyboard.press("Control+A")
    desk.keyboard.type("10")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("h1:has-text('Les Lutins')")
    press_until(desk, lambda: "Noter la fermeture" in desk.evaluate(f"{focused}.textContent"))
    desk.keyboard.press("Enter")
    desk.wait_for_selector("text=Fermé depuis le")
    assert_sound_at_every_width(desk)


def test_two_tabs_on_one_record_see_both_versions(desk, address):
    desk.goto(f"{address}/pro/registre/AM-0006")
    other = desk.context.new_page()
    other.goto(f"{address}/pro/registre/AM-0006")
    other.fill("#contact-phone", "06 39 98 00 11")
    other.click("text=Enregistrer la fiche")
    other.wait_for_load_state()
    desk.fill("#contact-phone", "06 39 98 00 22")
    desk.fill("#hourly_rate", "4,50")
    desk.click("text=Enregistrer la fiche")
    desk.wait_for_selector("text=Deux versions")
    desk.wrong.clear()  # the browser notes the 409 itself
    assert desk.input_value("#contact-phone") == "06 39 98 00 22"
    assert_sound_at_every_width(desk)
    desk.click("text=Enregistrer la fiche")
    desk.wait_for_selector("text=Faire confirmer")
    assert desk.input_value("#hourly_rate") == "4,5"


def test_the_choice_of_columns_is_sound(desk, address, tmp_path):
    listed = tmp_path / "eaje.csv"
    listed.write_text(
        "LIBELLE EQUIPEMENT;TYPE;ADRESSE COMPLETE;CAPACITE;OBSERVATIONS\n"
        + "".join(
            f"Crèche {n};Multi-accueil;{n} rue A 12990 Valcombe;{n} + 5;x\n" for n in range(1, 13)
        ),
        "utf-8",
    )
    desk.goto(f"{address}/pro/registre/import")
    desk.select_option("#nature", "facilities")
    desk.set_input_files("#fichier", str(listed))
    desk.click("main form button[type=submit]")
    desk.wait_for_selector("#t-co")
    assert_sound_at_every_width(desk)
    assert desk.locator("text=Les dix premières lignes").count() == 1
