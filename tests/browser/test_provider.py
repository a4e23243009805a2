"""OpenID Connect in Chromium, against a provider on another port: there, back, and out again under our own policy."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import httpx2
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.app import create_app
from tests.browser.test_accounts import assert_sound
from tests.chromium import free_port, served
from tests.pages.accounts_only import make_settings
from tests.pages.test_openid import CLIENT, SECRET, FakeProvider

pytestmark = pytest.mark.browser


def provider_app(fake: FakeProvider) -> Starlette:
    """Give a fake provider an address: its sign-in page agrees at once."""

    async def answer(request: Request) -> Response:
        body = await request.body()
        asked = httpx2.Request(
            request.method, str(request.url), headers=request.headers.raw, content=body
        )
        told = await run_in_threadpool(fake.answer, asked)
        kept = {"content-type": told.headers.get("content-type", "text/plain")}
        return Response(told.content, told.status_code, headers=kept)

    def agree(request: Request) -> Response:
        asked = request.query_params
        fake.nonce, fake.challenge = asked["nonce"], asked["code_challenge"]
        back = urlencode({"code": "le-code", "state": asked["state"], "iss": fake.issuer})
        # By way of a page of its own, as after a real sign-in.
        page = f'<!doctype html><title>Qui ?</title><link rel="icon" href="data:,"><a id="oui" href="{asked["redirect_uri"]}?{back}">Oui</a>'
        return Response(page.replace("&", "&amp;"), media_type="text/html")

    def leave(request: Request) -> Response:
        fake.left = dict(request.query_params)
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], 302)

    return Starlette(
        routes=[
            Route("/auth", agree),
            Route("/logout", leave),
            Route("/{rest:path}", answer, methods=["GET", "POST"]),
        ]
    )


@pytest.fixture(scope="module")
def door(tmp_path_factory) -> Iterator[tuple[str, FakeProvider]]:
    theirs, ours = free_port(), free_port()
    # Another site, not only another port: browsers tell them apart.
    fake = FakeProvider(issuer=f"http://localhost:{theirs}")
    settings = make_settings(
        tmp_path_factory.mktemp("provider"),
        public_url=f"http://127.0.0.1:{ours}",
        oidc_issuer=fake.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SecretStr(SECRET),
        oidc_label="ProConnect",
        passwords=False,
    )
    with served(provider_app(fake), theirs), served(create_app(settings), ours):
        yield f"http://127.0.0.1:{ours}", fake


def test_one_signs_in_and_out_by_a_provider(browser, door):
    here, fake = door
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="fr-FR")
    page = context.new_page()
    page.wrong = []
    page.on("console", lambda said: page.wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{here}/pro/registre")
    assert_sound(page, "connexion-fournisseur")
    page.click("text=Se connecter avec ProConnect")
    page.click("#oui")
    page.wait_for_url(f"{here}/pro/registre")
    page.wait_for_selector("#session-fin", state="attached")
    page.evaluate("document.querySelector('form[action=\"/pro/sortie\"]').requestSubmit()")
    page.wait_for_url(f"{here}/pro/au-revoir*")
    assert fake.left["id_token_hint"] == fake.secrets[0]
    page.goto(f"{here}/pro/registre")
    page.wait_for_selector("text=Se connecter avec ProConnect")
    assert page.wrong == []
    context.close()


def test_somebody_without_account_reads_whom_to_ask(browser, door):
    here, fake = door
    fake.claims = {"email": "inconnue@ailleurs.example", "sub": "agent-9"}
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="fr-FR")
    page = context.new_page()
    page.wrong = []
    page.on("console", lambda said: page.wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{here}/pro/openid")
    page.click("#oui")
    page.wait_for_selector("text=Il manque un compte")
    assert_sound(page, "openid-sans-compte")
    page.click("text=Prendre une autre identité")
    page.wait_for_url(f"{here}/pro/au-revoir*")
    context.close()
