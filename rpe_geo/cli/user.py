"""`rpe-geo user …`: the first administrator, and everybody after, where nobody can open the page."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from rpe_geo.deployment.mailing import send_mail
from rpe_geo.desk.accounts import Account, Role, read_role
from rpe_geo.messages.accounts import AUDITED, ROLES
from rpe_geo.relais.administration import Administration, Person
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_accounts, open_casework, open_links, open_registry

__all__ = ["register"]

group = typer.Typer(help="Les comptes des professionnels.", no_args_is_help=True)

_PARIS = ZoneInfo("Europe/Paris")

Email = Annotated[str, typer.Argument(help="Adresse e-mail : l’identifiant du compte.")]
Rpe = Annotated[str | None, typer.Option(help="RPE concerné ; à défaut RPE_RPE_ID.")]
Database = Annotated[str | None, typer.Option(help="Base du registre ; à défaut RPE_DATABASE_URL.")]


@group.callback()
def _group() -> None:
    """Les comptes des professionnels."""


@contextmanager
def _administration(
    database: str | None, rpe: str | None, *, create: bool = False
) -> Iterator[tuple[Settings, Administration]]:
    settings = Settings().override(database_url=database)
    rpe_id = rpe or settings.rpe_id
    repository = open_registry(settings, create=create)
    try:
        trail = open_casework(repository, settings, rpe_id).store
        yield settings, Administration(open_accounts(repository, settings), rpe_id, trail)
    finally:
        repository.close()


@group.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="Nom affiché.")] = "",
    role: Annotated[str, typer.Option(help="animateur, planner ou administrator.")] = "animateur",
    rpe: Annotated[
        list[str] | None, typer.Option(help="RPE du compte ; à répéter. À défaut RPE_RPE_ID.")
    ] = None,
    *,
    invite: Annotated[
        bool,
        typer.Option(
            "--invite", help="Sans mot de passe : écrire le lien par lequel la personne le choisit."
        ),
    ] = False,
    database: Database = None,
) -> None:
    """Créer un compte ; le mot de passe est demandé, ou lu dans RPE_NEW_PASSWORD."""
    kind = read_role(role)
    password = None if invite else os.environ.get("RPE_NEW_PASSWORD") or _ask()
    rpe_ids = rpe or [Settings().rpe_id]
    made, link = False, ""
    for rpe_id in rpe_ids:
        with _administration(database, rpe_id, create=True) as (settings, administration):
            account, new = administration.add(email, name, kind, password=password)
            made = made or new
            link = _link(settings, administration, account, "invitation", "bienvenue")
    typer.echo(f"Compte créé pour {account.email} ({role}, {', '.join(rpe_ids)}).")
    if not made:
        typer.echo("Cette adresse avait déjà un compte ailleurs : il garde son mot de passe.")
    elif invite:
        typer.echo(link)


def _link(
    settings: Settings, administration: Administration, account: Account, purpose: str, page: str
) -> str:
    links = open_links(settings)
    claim = administration.accounts.claim_of(account)
    return links.address(f"/pro/{page}/{links.sign(purpose, claim)}")


@group.command("list")
def list_(rpe: Rpe = None, database: Database = None) -> None:
    """Lister les comptes d’un RPE : rôle, état, dernière connexion."""
    with _administration(database, rpe) as (_, administration):
        people = administration.people()
    if not people:
        typer.echo(f"Aucun compte pour {administration.rpe_id} : voir rpe-geo user create.")
        return
    for person in people:
        typer.echo(
            f"{person.account.email}\t{person.account.name}\t{ROLES[person.membership.role]}\t"
            f"{_state(person)}\t{_moment(person.membership.last_sign_in)}"
        )


def _state(person: Person) -> str:
    if not person.membership.active:
        return "désactivé"
    if person.paused_until is not None:
        return f"en pause jusqu’au {_moment(person.paused_until)}"
    return "invitation envoyée" if person.account.is_invited else "actif"


def _moment(moment: datetime | None) -> str:
    return "jamais" if moment is None else moment.astimezone(_PARIS).strftime("%d/%m/%Y %H:%M")


@group.command()
def role(
    email: Email,
    role: Annotated[str, typer.Argument(help="animateur, planner ou administrator.")],
    rpe: Rpe = None,
    database: Database = None,
) -> None:
    """Changer le rôle d’un compte ; ses sessions se terminent."""
    kind: Role = read_role(role)
    with _administration(database, rpe) as (_, administration):
        administration.set_role(administration.by_email(email).account_id, kind)
    typer.echo(f"{email} : {ROLES[kind]} ({administration.rpe_id}).")


@group.command()
def deactivate(email: Email, rpe: Rpe = None, database: Database = None) -> None:
    """Fermer un compte pour un RPE ; ses sessions se terminent, rien n’est oublié."""
    with _administration(database, rpe) as (_, administration):
        administration.deactivate(administration.by_email(email).account_id)
    typer.echo(f"{email} : désactivé ({administration.rpe_id}).")


@group.command()
def reactivate(email: Email, rpe: Rpe = None, database: Database = None) -> None:
    """Rouvrir un compte."""
    with _administration(database, rpe) as (_, administration):
        administration.reactivate(administration.by_email(email).account_id)
    typer.echo(f"{email} : actif ({administration.rpe_id}).")


@group.command()
def unlock(email: Email, rpe: Rpe = None, database: Database = None) -> None:
    """Lever la pause d’un compte après trop d’essais."""
    with _administration(database, rpe) as (_, administration):
        administration.unlock(administration.by_email(email).account_id)
    typer.echo(f"{email} : pause levée.")


@group.command()
def unlink(email: Email, rpe: Rpe = None, database: Database = None) -> None:
    """Délier l’identité OpenID Connect d’un compte."""
    with _administration(database, rpe) as (_, administration):
        administration.forget_identity(administration.by_email(email).account_id)
    typer.echo(f"{email} : identité déliée.")


@group.command()
def reset(
    email: Email,
    rpe: Rpe = None,
    *,
    mail: Annotated[
        bool, typer.Option("--mail", help="Envoyer le lien au lieu de l’écrire ici.")
    ] = False,
    database: Database = None,
) -> None:
    """Faire un lien pour un nouveau mot de passe, valable deux heures, une fois."""
    with _administration(database, rpe) as (settings, administration):
        account, _claim = administration.password_claim(administration.by_email(email).account_id)
        link = _link(settings, administration, account, "password", "mot-de-passe")
    if not mail:
        typer.echo(link)
        return
    send_mail(
        settings,
        account.email,
        f"{settings.relais_name} : nouveau mot de passe",
        f"Bonjour {account.name},\n\nPour choisir un nouveau mot de passe, ouvrez ce lien dans les deux heures :\n\n"
        f"{link}\n",
    )
    typer.echo(f"{email} : lien envoyé.")


@group.command()
def password(email: Email, rpe: Rpe = None, database: Database = None) -> None:
    """Choisir ici le mot de passe d’un compte : demandé, ou lu dans RPE_NEW_PASSWORD."""
    given = os.environ.get("RPE_NEW_PASSWORD") or _ask()
    with _administration(database, rpe) as (_, administration):
        administration.set_password(administration.by_email(email).account_id, given)
    typer.echo(f"{email} : nouveau mot de passe enregistré.")


@group.command()
def history(email: Email, rpe: Rpe = None, database: Database = None) -> None:
    """Écrire ce qui a été fait d’un compte, le plus récent d’abord."""
    with _administration(database, rpe) as (_, administration):
        noted = administration.history(administration.by_email(email).account_id)
    for at, who, what in noted:
        typer.echo(f"{_moment(at.astimezone(UTC))}\t{AUDITED.get(what, what)}\t{who}")


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    answer: str = typer.prompt("Mot de passe", hide_input=True, confirmation_prompt=True)
    return answer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(group, name="user")
