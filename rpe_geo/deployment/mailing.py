"""Mails of the service: by SMTP, or as files of an outbox where no mail server is set."""

from __future__ import annotations

import secrets
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.settings import Settings

__all__ = ["greet_mail_server", "send_mail"]

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
        When the mail server does not take it, or cannot be reached over a verified encrypted connection.
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
    _send(settings, settings.smtp_url.get_secret_value(), message)
    return None


def _write(folder: Path, message: EmailMessage) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    file = folder / f"{stamp}-{secrets.token_hex(3)}.eml"
    file.touch(mode=0o600)
    file.write_bytes(message.as_bytes())
    return file


def greet_mail_server(settings: Settings) -> None:
    """
    Sign in to the mail server without sending anything.

    Parameters
    ----------
    settings
        With a mail server.

    Raises
    ------
    ServiceUnavailable
        When it does not answer, or not over a verified encrypted connection.
    """
    if settings.smtp_url is not None:
        _send(settings, settings.smtp_url.get_secret_value(), None)


def _send(settings: Settings, url: str, message: EmailMessage | None) -> None:
    """Hand a mail over; TLS is required and the server verified (RFC 8314) unless the settings say otherwise in words."""
    parts = urlsplit(url)
    try:
        context = ssl.create_default_context(cafile=settings.smtp_ca_file)
        with _connected(parts, context) as server:
            if parts.scheme != "smtps":
                _encrypt(server, context, plain=settings.smtp_plain)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            if message is not None:
                server.send_message(message)
    except ServiceUnavailable:
        raise
    except ssl.SSLError:
        raise ServiceUnavailable("mail_insecure") from None
    except (OSError, smtplib.SMTPException):
        raise ServiceUnavailable("mail_failed") from None


def _connected(parts: SplitResult, context: ssl.SSLContext) -> smtplib.SMTP:
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, parts.port or 0, timeout=_WAIT_S, context=context)
    return smtplib.SMTP(host, parts.port or 0, timeout=_WAIT_S)


def _encrypt(server: smtplib.SMTP, context: ssl.SSLContext, *, plain: bool) -> None:
    """Begin TLS; a server that does not offer it is refused, whether by itself or by somebody in between."""
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=context)
    elif not plain:
        raise ServiceUnavailable("mail_insecure")
