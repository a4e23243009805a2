"""Every door at once: whatever the route, its headers, its secret, its limits, its errors, and what is logged of it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import SecretStr

from api.app import create_app
from api.observability import JsonLines
from api.security import RateLimit, _network
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.storage.resealing import reseal_all
from tests.pages.accounts_only import (
    PASSWORD,
    csrf_of,
    link_in,
    mails,
    make_settings,
    opened,
    sign_in,
)

API = "/api/"
CHIEF = "chef@nord.example"
HEADERS = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "x-frame-options",
    "cache-control",
}
OPEN_FORMS = {
    "/",
    "/adresses",
    "/carte/fond",
    "/liste.csv",
    "/demande",
    "/demande/{token}/repondre",
    "/demande/{token}/retirer",
    "/confirmer/{token}",
    "/pro/connexion",
    "/pro/oubli",
    "/pro/mot-de-passe/{token}",
    "/pro/bienvenue/{token}",
}
"""Forms for which nobody is signed in: a family's, a childminder's by her link, the way in; and the map's ground."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_settings(tmp_path_factory.mktemp("doors"))


@pytest.fixture(scope="module")
def client(settings):
    with opened(settings) as browser:
        yield browser


@pytest.fixture(scope="module")
def chief(settings):
    """A browser of its own, signed in once."""
    with opened(settings) as browser:
        sign_in(browser, CHIEF)
        yield browser


def routes(method: str) -> list[str]:
    """Every route of the application that answers a method."""
    app = create_app(Settings(_env_file=None))
    return sorted(_paths(app, method))


def _paths(app: FastAPI, method: str) -> Iterator[str]:
    found = list(_flat(app.routes))
    assert len(found) > 30
    for path, methods in found:
        if method in methods:
            yield path


def _flat(some: Any, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    for route in some:
        if isinstance(route, APIRoute):
            yield prefix + route.path, set(route.methods)
        elif hasattr(route, "original_router"):
            inner = prefix + route.include_context.prefix
            yield from _flat(route.original_router.routes, inner)


GETS, POSTS = routes("GET"), routes("POST")
PAGES = [path for path in POSTS if not path.startswith(API)]


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "x", path)


def test_the_list_of_routes_is_the_whole_one(client):
    for path in ("/pro/comptes/{account_id}/role", "/pro/sortie", "/demande", "/pro/rester"):
        assert path in PAGES
    assert "/pro/openid/retour" in GETS
    assert set(PAGES) >= OPEN_FORMS


# ---- headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*GETS, "/nulle-part", "/static/app.css", "/static/rien.css"])
def test_every_route_says_what_browsers_should_refuse(client, path):
    answer = client.get(filled(path), follow_redirects=False)
    assert answer.headers.keys() >= HEADERS
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "server" not in answer.headers


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_an_unexpected_error_has_them_too_and_tells_nothing(settings, monkeypatch, accept, caplog):
    def broken(*_given, **_more):
        raise RuntimeError("Agathe, 12 rue des Lilas")

    with opened(settings) as client:
        monkeypatch.setattr("api.pages.accounts.sign_in.sign_in_values", broken)
        answer = client.get("/pro/connexion", headers={"accept": accept})
    assert answer.status_code == 500
    assert answer.headers.keys() >= HEADERS
    assert "Lilas" not in answer.text
    if accept == "text/html":
        assert "de notre côté" in answer.text
        assert "Réessayer" in answer.text
    else:
        assert answer.json()["code"] == "unexpected"
    line = JsonLines().format(next(r for r in caplog.records if r.exc_info))
    assert "RuntimeError" in line
    assert "Lilas" not in line


def test_pages_hold_under_the_policy(client):
    sign_in(client, CHIEF)
    for path in ("/pro/connexion", "/pro/oubli", "/pro/comptes", "/pro/registre", "/rien"):
        page = client.get(path).text
        assert not re.search(r"<[^>]+\s(style|on\w+)=", page)
        assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", page)
        assert not re.search(r"(src|href)=\"https?://", page)


# ---- forms of others ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_no_form_of_another_site_is_taken(chief, path, headers):
    form = {"csrf": csrf_of(chief), "email": CHIEF, "password": PASSWORD}
    answer = chief.post(filled(path), data=form, headers=headers, follow_redirects=False)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", [path for path in PAGES if path not in OPEN_FORMS])
def test_every_form_of_a_session_needs_its_secret(chief, path):
    for form in ({}, {"csrf": ""}, {"csrf": "deviné"}, {"csrf": "é" * 32}):
        answer = chief.post(filled(path), data=form, follow_redirects=False)
        assert answer.status_code == 403, (path, answer.status_code)
    assert chief.get("/pro/session").json()["reste"] > 0


@pytest.mark.parametrize("path", [path for path in PAGES if path not in OPEN_FORMS])
def test_every_form_of_a_session_needs_a_session(client, path):
    client.cookies.clear()
    answer = client.post(filled(path), data={"csrf": "x"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"][:14]) == (303, "/pro/connexion")


@pytest.mark.parametrize("path", [p for p in GETS if p.startswith("/pro")])
def test_every_page_of_professionals_needs_a_session(client, path):
    free = ("/pro/connexion", "/pro/oubli", "/pro/au-revoir", "/pro/session", "/pro/openid")
    links = ("/pro/mot-de-passe/{token}", "/pro/bienvenue/{token}")
    client.cookies.clear()
    answer = client.get(filled(path), follow_redirects=False)
    if path in links:
        assert answer.status_code == 403
    elif not path.startswith(free):
        assert (answer.status_code, answer.headers["location"][:14]) == (303, "/pro/connexion")


def test_our_own_forms_pass(client):
    for headers in (
        {"sec-fetch-site": "same-origin", "origin": "null"},
        {"sec-fetch-site": "none"},
        {"origin": "http://testserver"},
        {},
    ):
        form = {"email": CHIEF, "password": PASSWORD}
        answer = client.post("/pro/connexion", data=form, headers=headers, follow_redirects=False)
        assert answer.status_code == 303


# ---- names, proxies, limits ---------------------------------------------------------------------------------------


def test_in_production_the_service_answers_to_its_own_name(settings):
    ours = settings.model_copy(
        update={
            "environment": "production",
            "public_url": "https://relais.example",
            "allowed_hosts": "relais.intra, Autre.example",
            "encryption_keys": SecretStr(Fernet.generate_key().decode()),
        }
    )
    repository = open_repository(ours.database_url)
    reseal_all(repository.engine, ours.fernet_keys)
    repository.close()
    with opened(ours, base_url="https://relais.example") as client:
        for host in ("relais.example", "RELAIS.example:443", "autre.example", "127.0.0.1:8000"):
            assert client.get("/pro/connexion", headers={"host": host}).status_code == 200
        for host in ("evil.example", "relais.example.evil.example", "", "[", "relais.example@evil"):
            answer = client.get("/pro/connexion", headers={"host": host})
            assert answer.status_code == 421, host
            assert "evil" not in answer.text
        client.post("/pro/oubli", data={"email": CHIEF}, headers={"host": "relais.intra"})
    assert "https://relais.example/pro/mot-de-passe/" in mails(settings)[-1]


@pytest.mark.parametrize(
    ("proxies", "limited"), [("127.0.0.1", False), ("10.0.0.0/8", True), ("", True)]
)
def test_only_a_trusted_proxy_says_who_asks(settings, proxies, limited):
    ours = settings.model_copy(update={"forms_per_minute": 4, "trusted_proxies": proxies})
    with opened(ours, client=("127.0.0.1", 50_000)) as client:
        codes = [
            client.post(
                "/pro/connexion",
                data={"email": f"x{number}@y.example"},
                headers={"x-forwarded-for": f"198.51.100.{number}"},
            ).status_code
            for number in range(4)
        ]
    assert (429 in codes) is limited


def test_https_is_believed_from_the_proxy_alone(settings):
    for proxies, secure in (("127.0.0.1", True), ("10.0.0.1", False)):
        ours = settings.model_copy(update={"trusted_proxies": proxies})
        with opened(ours, client=("127.0.0.1", 50_000)) as client:
            answer = client.get("/pro/connexion", headers={"x-forwarded-proto": "https"})
            assert ("strict-transport-security" in answer.headers) is secure


def test_one_ipv6_network_is_one_client():
    assert _network("2001:db8:1:2::1") == _network("2001:db8:1:2:ffff::9")
    assert _network("2001:db8:1:2::1") != _network("2001:db8:1:3::1")
    assert _network("::ffff:192.0.2.7") == _network("192.0.2.7") != _network("192.0.2.8")
    assert _network("unix") == "unix"


def test_a_thousand_addresses_of_one_network_wait_like_one():
    limit = RateLimit(lambda *_: None, per_minute=4, path="/", everyone=True)
    waits = [limit._wait({"client": (f"2001:db8::{n:x}", 1)}) for n in range(1, 6)]
    assert waits[:2] == [0, 0]
    assert min(waits[2:]) > 0


# ---- errors are pages, or problems --------------------------------------------------------------------------------


def test_a_pause_is_said_in_words(settings):
    ours = settings.model_copy(update={"forms_per_minute": 1})
    with opened(ours) as client:
        form = {"email": "x@y.example"}
        client.post("/pro/connexion", data=form)
        page = client.post("/pro/connexion", data=form)
        assert page.status_code == 429
        assert page.headers["retry-after"].isdigit()
        assert "Un instant" in page.text
        words = re.search(r"Réessayez dans (\d+)\N{NO-BREAK SPACE}(seconde|minute)", page.text)
        assert words is not None
        problem = client.post("/pro/connexion", data=form, headers={"accept": "application/json"})
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.json()["code"] == "too_many_requests"


def test_a_heavy_form_is_said_in_words(settings):
    ours = settings.model_copy(update={"max_body_kb": 1})
    with opened(ours) as client:
        page = client.post("/pro/connexion", data={"email": "x" * 2000})
        assert page.status_code == 413
        assert "trop lourd" in page.text
        problem = client.post(
            "/api/v1/suggestions", content=b"x" * 2000, headers={"accept": "text/html"}
        )
        assert problem.json()["status"] == 413


def test_what_is_missing_is_a_page_for_a_person_and_a_problem_for_a_program(client):
    for accept in ("text/html", "*/*", ""):
        page = client.get("/nulle-part", headers={"accept": accept})
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "Cette page n’existe pas" in page.text
    problem = client.get("/nulle-part", headers={"accept": "application/json"})
    assert problem.headers["content-type"] == "application/problem+json"
    api = client.get("/api/v1/nulle-part", headers={"accept": "text/html"})
    assert api.json()["code"] == "not_found_here"


def test_a_wrong_method_is_told_kindly(client):
    answer = client.get("/pro/sortie")
    assert answer.status_code == 405
    assert "accueil" in answer.text
    assert "POST" in answer.headers["allow"]


def test_a_page_that_is_reserved_says_so(client):
    sign_in(client, "plan@nord.example")
    answer = client.get("/pro/comptes")
    assert answer.status_code == 403
    assert "Cette page est réservée" in answer.text
    assert "Revenir à mon espace" in answer.text
    assert 'name="csrf"' in answer.text  # her own navigation is still there
    assert "Se déconnecter" in answer.text


def test_a_database_that_is_busy_is_a_503_with_a_moment_to_wait(client, monkeypatch):
    from rpe_geo.errors import ServiceUnavailable
    from rpe_geo.storage.accounts import SqlAccounts

    def busy(*_given):
        raise ServiceUnavailable("database_busy")

    sign_in(client, CHIEF)
    monkeypatch.setattr(SqlAccounts, "session", busy)
    answer = client.get("/pro/comptes")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "pause" in answer.text


# ---- logs ---------------------------------------------------------------------------------------------------------


def test_journeys_leave_nobody_s_data_in_logs_or_addresses(settings, caplog):
    caplog.set_level(logging.DEBUG)
    asked: list[str] = []
    with opened(settings) as client:
        client.event_hooks["request"].append(lambda request: asked.append(str(request.url)))
        sign_in(client, "inconnue.secrete@nord.example", "motdepassesecret")
        sign_in(client, CHIEF, "motdepassesecret")
        sign_in(client, CHIEF)
        form = {"nom": "Inès Secrète", "email": "ines.secrete@nord.example", "role": "animateur"}
        client.post("/pro/comptes", data={"csrf": csrf_of(client)} | form)
        target = re.search(r'href="(/pro/comptes/\w+)">Inès', client.get("/pro/comptes").text)[1]
        for act in ("lien", "desactiver", "reactiver", "debloquer"):
            client.post(f"{target}/{act}", data={"csrf": csrf_of(client)})
        client.post("/pro/comptes", data={"csrf": csrf_of(client)} | form)
        path = link_in(next(mail for mail in mails(settings) if "bienvenue" in mail))
        token = client.cookies["rpe_session"]
        secret = csrf_of(client)
        client.post("/pro/sortie", data={"csrf": secret})
        client.post(path, data={"password": "la phrase secrete d'Inès"})
        sign_in(client, "ines.secrete@nord.example", "la phrase secrete d'Inès")
        client.post("/pro/oubli", data={"email": "ines.secrete@nord.example"})
        client.get("/pro/registre/x?q=secrete")
    ours = [record for record in caplog.records if not record.name.startswith("httpx2")]
    assert any(record.name == "rpe_geo.access" for record in ours)
    logged = "\n".join(JsonLines().format(record) for record in ours)
    reset = path.rpartition("/")[2]
    for word in ("secr", "example", "Inès", "Secr", PASSWORD, token, secret, reset):
        assert word not in logged, word
    for line in logged.splitlines():
        json.loads(line)
    addresses = "\n".join(one for one in asked if "q=secrete" not in one)
    for word in ("secrete", quote("Inès"), "nord.example", token, secret):
        assert word not in addresses, word
