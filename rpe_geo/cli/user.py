"""`rpe-geo user create`: the first administrator, and everybody after."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rpe_geo.accounts import read_role
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_accounts, open_registry

__all__ = ["register"]

group = typer.Typer(help="Les comptes des professionnels.", no_args_is_help=True)


@group.callback()
def _group() -> None:
    """Les comptes des professionnels."""


@group.command()
def create(
    email: Annotated[str, typer.Argument(help="Adresse e-mail : l'identifiant du compte.")],
    name: Annotated[str, typer.Option(help="Nom affiché.")] = "",
    role: Annotated[str, typer.Option(help="animateur, planner ou administrator.")] = "animateur",
    rpe: Annotated[
        list[str] | None, typer.Option(help="RPE du compte ; à répéter. À défaut RPE_RPE_ID.")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="Base du registre ; à défaut RPE_DATABASE_URL.")
    ] = None,
) -> None:
    """Créer un compte ; le mot de passe est demandé, ou lu dans RPE_NEW_PASSWORD."""
    settings = Settings().override(database_url=database)
    kind = read_role(role)
    password = os.environ.get("RPE_NEW_PASSWORD") or _ask()
    repository = open_registry(settings)
    try:
        roles = dict.fromkeys(rpe or [settings.rpe_id], kind)
        account = open_accounts(repository).create(email, name, password, roles)
    finally:
        repository.close()
    typer.echo(f"Compte créé pour {account.email} ({role}, {', '.join(account.memberships)}).")


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    answer: str = typer.prompt("Mot de passe", hide_input=True, confirmation_prompt=True)
    return answer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(group, name="user")
