"""What the pages of the professionals need beside the service: accounts, requests, mails, signed links, per RPE."""

from __future__ import annotations

import secrets
import smtplib
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from api.dependencies import Service
from rpe_geo.errors import Forbidden, InputError, ServiceUnavailable
from rpe_geo.relais import Relais
from rpe_geo.relais.accounts import Accounts
from rpe_geo.relais.casework import Casework
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_accounts, open_casework

__all__ = ["Desk", "DeskDep", "open_desk", "require_safe_secrets"]

_DEFAULT = "development"


def require_safe_secrets(settings: Settings) -> None:
    """Refuse to start in production with a secret that everybody knows."""
    if settings.environment != "production":
        return
    for name in ("secret_key", "masking_secret"):
        value = getattr(settings, name).get_secret_value()
        if value == _DEFAULT or len(value) < 16:
            raise InputError("default_secret", name=f"RPE_{name.upper()}")


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
    """

    settings: Settings
    service: Service
    accounts: Accounts
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

    def sign(self, purpose: str, content: dict[str, str]) -> str:
        """Write what a link carries, signed and dated."""
        return str(self._signer(purpose).dumps(content))

    def unsign(self, purpose: str, token: str, *, days: float) -> dict[str, str]:
        """Read what a link carries, or raise `Forbidden` when it is too old or not ours."""
        try:
            content = self._signer(purpose).loads(token, max_age=round(days * 86_400))
        except BadSignature:
            raise Forbidden("link_unusable") from None
        return cast("dict[str, str]", content)

    def _signer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.settings.secret_key.get_secret_value(), salt=purpose)

    def link(self, path: str) -> str:
        """Write the whole address of a page, for a mail."""
        return self.settings.public_url.rstrip("/") + path

    # ---- mails ---------------------------------------------------------------------------------------------------

    def send(self, to: str, subject: str, text: str) -> None:
        """Send a mail; without a mail server it is written into the outbox folder."""
        message = EmailMessage()
        message["From"] = self.settings.mail_from
        message["To"] = to
        message["Subject"] = subject
        message.set_content(text)
        url = self.settings.smtp_url
        if url is None:
            folder = self.settings.outbox
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            file = folder / f"{stamp}-{secrets.token_hex(3)}.eml"
            file.write_bytes(message.as_bytes())
            return
        parts = urlsplit(url.get_secret_value())
        secure = parts.scheme == "smtps"
        kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
        try:
            with kind(parts.hostname or "localhost", parts.port or 0, timeout=15) as server:
                if not secure and parts.username:
                    server.starttls()
                if parts.username:
                    server.login(parts.username, parts.password or "")
                server.send_message(message)
        except (OSError, smtplib.SMTPException):
            raise ServiceUnavailable("mail_failed") from None


def open_desk(settings: Settings, service: Service) -> Desk:
    """Open what the professionals need, in the database of the service."""
    return Desk(settings, service, open_accounts(service.relais.repository))


def _desk(request: Request) -> Desk:
    return cast("Desk", request.state.desk)


DeskDep = Annotated[Desk, Depends(_desk)]
