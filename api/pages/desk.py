"""What the pages of the professionals need beside the service: accounts, requests, mails, signed links, per RPE."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

import httpx2
from fastapi import Depends, Request

from api.dependencies import Service
from api.oidc import Provider
from rpe_geo.deployment.links import Links
from rpe_geo.deployment.mailing import send_mail
from rpe_geo.relais import Relais
from rpe_geo.relais.accounts import Accounts
from rpe_geo.relais.casework import Casework
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_accounts, open_casework

__all__ = ["Desk", "DeskDep", "open_desk"]


@dataclass(frozen=True)
class Desk:
    """
    The professionals' side of one deployment.

    Parameters
    ----------
    settings
        For mails and links.
    service
        The use cases of the deployment's own RPE.
    accounts
        Who may sign in.
    provider
        By which OpenID Connect provider; None without one.
    """

    settings: Settings
    service: Service
    accounts: Accounts
    provider: Provider | None = None
    _relais: dict[str, Relais] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def relais(self, rpe_id: str) -> Relais:
        """Give the use cases of one RPE; all share addresses and travel times."""
        own = self.service.relais
        if rpe_id == self.settings.rpe_id:
            return own
        with self._lock:
            if rpe_id not in self._relais:
                self._relais[rpe_id] = Relais(
                    repository=cast("Any", own.repository).of(rpe_id),
                    geocoder=own.geocoder,
                    travel=own.travel,
                    sources=own.sources,
                )
            return self._relais[rpe_id]

    def casework(self, rpe_id: str) -> Casework:
        """Give the requests of one RPE."""
        return open_casework(self.service.relais.repository, self.settings, rpe_id)

    # ---- signed links --------------------------------------------------------------------------------------------

    @property
    def links(self) -> Links:
        """What this deployment signs and seals."""
        return Links(self.settings.secret_key.get_secret_value(), self.settings.public_url)

    def sign(self, purpose: str, content: dict[str, str]) -> str:
        """Write what a link carries, signed and dated."""
        return self.links.sign(purpose, content)

    def unsign(self, purpose: str, token: str, *, days: float) -> dict[str, str]:
        """Read what a link carries, or raise `Forbidden` when it is too old or not ours."""
        return self.links.unsign(purpose, token, days=days)

    def link(self, path: str) -> str:
        """Write the whole address of a page, for a mail."""
        return self.links.address(path)

    # ---- mails ---------------------------------------------------------------------------------------------------

    @property
    def mails_leave(self) -> bool:
        """Whether mails leave this machine; without a mail server they are files that nobody receives."""
        return self.settings.smtp_url is not None

    def send(self, to: str, subject: str, text: str) -> None:
        """Send a mail; without a mail server it is written into the outbox folder."""
        send_mail(self.settings, to, subject, text)


def open_desk(
    settings: Settings, service: Service, *, transport: httpx2.BaseTransport | None = None
) -> Desk:
    """Open what the professionals need, in the database of the service; the transport reaches the OpenID provider."""
    provider = Provider(settings, transport=transport) if settings.oidc_issuer else None
    return Desk(settings, service, open_accounts(service.relais.repository, settings), provider)


def _desk(request: Request) -> Desk:
    return cast("Desk", request.state.desk)


DeskDep = Annotated[Desk, Depends(_desk)]
