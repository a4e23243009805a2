"""A service without territory, for what concerns accounts alone: it opens in a moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api.app import create_app
from rpe_geo.desk.accounts import Role
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_accounts

PAGE = {"accept": "text/html"}
PASSWORD = "une phrase assez longue"
PEOPLE: dict[str, dict[str, Role]] = {
    "chef@nord.example": {"nord": "administrator"},
    "agathe@nord.example": {"nord": "animateur"},
    "plan@nord.example": {"nord": "planner"},
    "chef@sud.example": {"sud": "administrator"},
}
QUICK = PasswordHasher(1, 64, 1)


def make_settings(folder: Path, **changed: Any) -> Settings:
    """Make an empty registry with accounts in two RPE."""
    settings = Settings(
        database_url=f"sqlite:///{folder / 'registry.sqlite'}",
        rpe_id="nord",
        outbox=folder / "outbox",
        tiles_url="",
        masking_secret="le secret des tests est assez long",
        secret_key="un autre secret des tests, assez long",
        public_url="http://testserver",
        forms_per_minute=0,
        requests_per_minute=0,
        relais_name="Relais du Nord",
        relais_phone="02 61 91 00 12",
        _env_file=None,
    )
    repository = open_repository(settings.database_url)
    accounts = replace(open_accounts(repository), hasher=QUICK)
    for email, roles in PEOPLE.items():
        accounts.create(email, email.partition("@")[0].capitalize(), PASSWORD, roles)
    repository.close()
    return settings.model_copy(update=changed)


@contextmanager
def opened(settings: Settings, **options: Any) -> Iterator[TestClient]:
    """Open the service for one browser; passwords are closed quickly."""
    base = options.pop("base_url", settings.public_url)
    client = options.pop("client", ("192.0.2.7", 50_000))
    with (
        patch(
            "rpe_geo.relais.accounts.PasswordHasher.hash",
            lambda _self, password, **_: quick_hash(password),
        ),
        patch("rpe_geo.relais.accounts._NOBODY", quick_hash("personne ne le sait")),
    ):
        app = create_app(settings, **options)
        with TestClient(
            app, raise_server_exceptions=False, headers=PAGE, base_url=base, client=client
        ) as browser:
            yield browser


_real_hash = PasswordHasher.hash


def quick_hash(password: str) -> str:
    return _real_hash(QUICK, password)


def sign_in(client: TestClient, email: str, password: str = PASSWORD, **more: str) -> Any:
    """Sign in by the form."""
    form = {"email": email, "password": password} | more
    return client.post("/pro/connexion", data=form)


def csrf_of(client: TestClient) -> str:
    """Read the secret of the session."""
    return str(client.get("/pro/session").json()["csrf"])


def mails(settings: Settings) -> list[str]:
    """Read the outbox, oldest first."""
    import email
    import email.policy

    files = sorted(settings.outbox.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    read = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files
    ]
    return [f"{one['To']}\n{one['Subject']}\n{one.get_content()}" for one in read]


def link_in(text: str) -> str:
    """Find the path of the link in a mail."""
    found = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert found is not None, text
    return found[1]
