"""Accounts in Chromium: signing in, the warning before a session ends, the page of the accounts, errors; axe-core on each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from rpe_geo.wiring import open_accounts, open_registry
from tests.chromium import free_port, served
from tests.pages.accounts_only import PASSWORD, link_in, mails, make_settings

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("RPE_SCREENSHOTS")
WIDTHS = {360: 780, 768: 1024, 1440: 900}
CHIEF = "chef@nord.example"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_settings(
        tmp_path_factory.mktemp("accounts"),
        oidc_issuer="https://idp.invalid/realm",
        oidc_client_id="rpe-geo",
        oidc_label="ProConnect",
    )


@pytest.fixture(scope="module")
def address(settings) -> Iterator[str]:
    port = free_port()
    app = create_app(settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}"}))
    with served(app, port) as there:
        yield there


@pytest.fixture
def page(browser, address) -> Iterator:
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


def assert_sound(page, name: str) -> None:
    """At every width nothing overflows and axe-core finds nothing serious; keep a picture where it is wanted."""
    from axe_playwright_python.sync_playwright import Axe

    # A page that answers by 4xx or 5xx is noted by the console as a resource that failed.
    assert [said for said in page.wrong if "status of" not in said] == []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        serious = [one for one in found if one["impact"] in {"serious", "critical"}]
        assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == [], (name, width)
    page.set_viewport_size({"width": 360, "height": 780})
    page.wrong.clear()


def sign_in(page, address, email=CHIEF, password=PASSWORD) -> None:
    page.goto(f"{address}/pro/connexion")
    page.fill("#m", email)
    page.fill("#mp", password)
    page.click("main form button[type=submit]")


def test_the_pages_before_one_is_in(page, address, settings):
    page.goto(f"{address}/pro/connexion")
    assert_sound(page, "connexion")
    sign_in(page, address, password="un mot de passe faux")
    page.wait_for_selector("[role=alert]")
    assert_sound(page, "connexion-erreur")
    page.goto(f"{address}/pro/oubli")
    assert_sound(page, "oubli")
    page.fill("#m", "agathe@nord.example")
    page.click("main form button")
    page.wait_for_selector("text=un message vient de partir")
    assert_sound(page, "oubli-envoye")
    page.goto(address + link_in(mails(settings)[-1]))
    assert_sound(page, "mot-de-passe")
    page.fill("#mp", "aaaaaaaaaaaaaaa")
    page.click("main form button")
    page.wait_for_selector("[aria-invalid=true]")
    assert page.evaluate("document.activeElement.id") == "mp"
    assert_sound(page, "mot-de-passe-erreur")
    page.fill("#mp", PASSWORD)
    page.click("main form button")
    page.wait_for_selector("text=Votre mot de passe est enregistré")
    assert_sound(page, "connexion-choisi")


def test_an_administrator_keeps_the_accounts(page, address, settings):
    sign_in(page, address)
    page.goto(f"{address}/pro/comptes")
    assert_sound(page, "comptes")
    page.fill("#nom", "Inès Diallo")
    page.fill("#email", "pas-une-adresse@")
    page.evaluate("document.querySelector('#email').type = 'text'")
    page.click("text=Ouvrir le compte")
    page.wait_for_selector("#email-e")
    assert_sound(page, "comptes-erreur")
    page.fill("#email", "ines.diallo-de-la-tour@communaute-de-communes-du-nord.example")
    page.check("[name=role][value=planner]")
    page.click("text=Ouvrir le compte")
    page.wait_for_selector("text=Compte ouvert, invitation envoyée")
    assert_sound(page, "comptes-ouvert")
    page.click("text=Inès Diallo")
    page.wait_for_selector("h1:has-text('Inès Diallo')")
    assert_sound(page, "compte")
    page.click("text=Désactiver >> nth=-1")
    page.wait_for_selector("text=Compte désactivé.")
    assert_sound(page, "compte-desactive")
    page.goto(f"{address}/pro/comptes")
    page.click("a:has-text('Chef')")
    page.wait_for_selector("text=On ne change pas son propre rôle")
    assert_sound(page, "compte-soi")
    page.click("#nav button:has-text('Se déconnecter')", force=True) if page.locator(
        "#nav"
    ).is_visible() else page.evaluate(
        "document.querySelector('form[action=\"/pro/sortie\"]').requestSubmit()"
    )
    page.wait_for_selector("text=À bientôt")
    assert_sound(page, "au-revoir")


def test_an_invitation_is_a_welcome(page, address, settings):
    sign_in(page, address)
    page.goto(f"{address}/pro/comptes")
    page.fill("#nom", "Bruno Marchand")
    page.fill("#email", "bruno@nord.example")
    page.click("text=Ouvrir le compte")
    page.wait_for_selector("text=Compte ouvert")
    page.context.clear_cookies()
    page.goto(address + link_in(mails(settings)[-1]))
    page.wait_for_selector("h1:has-text('Bienvenue')")
    assert_sound(page, "bienvenue")


def test_errors_are_kind(page, address):
    page.goto(f"{address}/nulle-part")
    assert_sound(page, "erreur-404")
    page.goto(f"{address}/pro/mot-de-passe/x")
    assert_sound(page, "erreur-lien")
    page.goto(f"{address}/pro/openid")
    page.wait_for_selector("text=ProConnect ne répond pas")
    assert_sound(page, "erreur-503")
    sign_in(page, address, "plan@nord.example")
    page.goto(f"{address}/pro/comptes")
    assert_sound(page, "erreur-403")


# ---- the end of a session -----------------------------------------------------------------------------------------


def end_in(settings, seconds: float) -> None:
    """Let the sessions of the database end so many seconds from now."""
    from datetime import UTC, datetime, timedelta

    change_sessions(settings, "expires_at", datetime.now(UTC) + timedelta(seconds=seconds))


def change_sessions(settings, column, moment) -> None:
    from sqlalchemy import update

    from rpe_geo.storage.tables import sessions

    repository = open_registry(settings)
    with open_accounts(repository).store._engine.begin() as connection:
        connection.execute(update(sessions).values({column: moment}))
    repository.close()


def open_with(page, address, settings, seconds: float) -> None:
    """Open a page whose session ends soon; opening counts as use, so it is shortened after."""
    sign_in(page, address)
    page.goto(f"{address}/pro/comptes")
    page.fill("#nom", "Inès, en cours de frappe")
    end_in(settings, seconds)
    # The page believes in two hours: waking up makes it look.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")


def test_one_is_warned_by_keyboard_and_may_stay(page, address, settings):
    open_with(page, address, settings, 110)
    page.wait_for_selector("#session-fin[open]")
    assert page.evaluate("document.activeElement.textContent").strip() == "Rester connecté"
    assert re.search(r"dans\s2 minutes", page.inner_text("#session-fin-dit"))
    assert_sound(page, "session-avertissement")
    page.keyboard.press("Enter")
    page.wait_for_selector("#session-fin:not([open])", state="attached")
    page.wait_for_function("document.querySelector('#live').textContent.includes('continue')")
    assert page.input_value("#nom") == "Inès, en cours de frappe"
    left = page.evaluate("fetch('/pro/session').then((r) => r.json()).then((s) => s.reste)")
    assert left > 7000
    assert page.wrong == []


def test_a_session_of_twelve_hours_goes_no_further(page, address, settings):
    from datetime import UTC, datetime, timedelta

    open_with(page, address, settings, 110)
    begun = datetime.now(UTC) + timedelta(seconds=110, hours=-12)
    change_sessions(settings, "opened_at", begun)
    page.wait_for_selector("#session-fin[open]")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Elle a atteint sa durée la plus longue")
    assert page.locator("text=Rester connecté").is_hidden()
    assert_sound(page, "session-la-plus-longue")


def test_the_warning_goes_away_with_escape(page, address, settings):
    open_with(page, address, settings, 110)
    page.wait_for_selector("#session-fin[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#session-fin:not([open])", state="attached")
    page.wait_for_timeout(5500)
    assert page.locator("#session-fin[open]").count() == 0


def test_what_is_typed_survives_the_end_of_the_session(page, address, settings):
    open_with(page, address, settings, -1)
    page.wait_for_selector("#session-fin[open]")
    assert "Votre session est terminée" in page.inner_text("#session-fin h2")
    assert_sound(page, "session-terminee")
    page.keyboard.press("Escape")
    page.fill("#email", "tardive@nord.example")
    page.click("text=Ouvrir le compte")
    page.wait_for_selector("text=Rien n’est perdu")
    assert_sound(page, "connexion-reprise")
    page.fill("#mp", PASSWORD)
    page.click("button:has-text('Se connecter')")
    page.wait_for_selector("text=Votre envoi est prêt")
    assert_sound(page, "reprise")
    page.click("text=Envoyer maintenant")
    page.wait_for_selector("text=Compte ouvert, invitation envoyée")
    assert page.locator("text=Inès, en cours de frappe").count() == 1


def test_another_tab_may_bring_the_session_back(page, address, settings):
    open_with(page, address, settings, -1)
    page.wait_for_selector("#session-fin[open]")
    other = page.context.new_page()
    sign_in(other, address)
    other.wait_for_selector("nav >> text=Comptes", state="attached")
    other.close()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_selector("#session-fin:not([open])", state="attached")
    page.fill("#email", "revenue@nord.example")
    page.click("text=Ouvrir le compte")
    page.wait_for_selector("text=Compte ouvert, invitation envoyée")


def test_accounts_need_no_javascript(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 780})
    page = context.new_page()
    sign_in(page, address)
    page.goto(f"{address}/pro/comptes")
    assert page.locator("#session-fin").is_hidden()
    page.fill("#nom", "Sans Script")
    page.fill("#email", "sans-script@nord.example")
    page.click("text=Ouvrir le compte")
    page.wait_for_selector("text=Compte ouvert, invitation envoyée")
    context.close()
