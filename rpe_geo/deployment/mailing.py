"""Mails of the service: by SMTP, or as files of an outbox where no mail server is set."""

from __future__ import annotations

import secrets
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.settings import Settings

__all__ = ["send_mail"]

_WAIT_S = 15


def send_mail(settings: Settings, to: str, subject: str, text: str) -> Path | None:
    """
    Send a mail.

    Parameters
    ----------
    settings
        Mail server, or outbox folder, and sender.
    to
        Address of the receiver.
    subject, text
        In French; a line break in the subject becomes a space.

    Returns
    -------
    Path or None
        The file in the outbox, when it went there.

    Raises
    ------
    ServiceUnavailable
        When the mail server does not take it.
    """
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=settings.mail_from.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if settings.smtp_url is None:
        return _write(settings.outbox, message)
    _send(settings.smtp_url.get_secret_value(), message)
    return None


def _write(folder: Path, message: EmailMessage) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    file = folder / f"{stamp}-{secrets.token_hex(3)}.eml"
    file.touch(mode=0o600)
    file.write_bytes(message.as_bytes())
    return file


def _send(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
    try:
        with kind(parts.hostname or "localhost", parts.port or 0, timeout=_WAIT_S) as server:
            if not secure and parts.username:
                server.starttls()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException):
        raise ServiceUnavailable("mail_failed") from None
