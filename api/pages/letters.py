"""What is written to families, and what a page may say of a message: that it left, or that it only lies here."""

from __future__ import annotations

import logging
import re
from typing import Literal

from api.pages.desk import Desk
from rpe_geo.errors import ServiceUnavailable
from rpe_geo.messages.french import plural

__all__ = ["Fate", "email_of", "fate_said", "send_proposal", "send_receipt"]

logger = logging.getLogger("rpe_geo.service")

Fate = Literal["left", "kept", "failed", "no_address"]
"""What became of a message: it left, it is a file that waits for a mail server, it failed, or there is no address."""

_EMAIL = re.compile(r"[^@\s,;:<>()]+@[^@\s,;:<>()]+\.[^@\s,;:<>()]+")


def email_of(contact: str) -> str | None:
    """Return the e-mail of a family, None when she left a telephone number."""
    return contact if _EMAIL.fullmatch(contact) else None


def _send(desk: Desk, contact: str, subject: str, text: str) -> Fate:
    address = email_of(contact)
    if address is None:
        return "no_address"
    try:
        desk.send(address, subject, text)
    except ServiceUnavailable:
        logger.warning("a mail to a family did not leave")
        return "failed"
    return "left" if desk.mails_leave else "kept"


def send_receipt(desk: Desk, contact: str, request_id: str, link: str) -> Fate:
    """Write to a family that her request came in, with the link by which she follows it."""
    name = desk.settings.relais_name
    text = (
        f"Bonjour,\n\nVotre demande {request_id} est bien arrivée. Le relais vous répond sous cinq jours ouvrés.\n\n"
        f"Suivre, répondre ou retirer votre demande :\n{link}\n\n"
        f"Ce lien est personnel : il ouvre votre demande sans mot de passe.\n\n{name}\n"
    )
    return _send(desk, contact, f"{name} : votre demande est arrivée", text)


def send_proposal(desk: Desk, contact: str, link: str, count: int) -> Fate:
    """Write to a family that something was proposed; whom and where stand on her page alone."""
    name = desk.settings.relais_name
    what = plural(count, "proposition d’accueil", "propositions d’accueil")
    text = (
        f"Bonjour,\n\nLe relais a {what} pour vous. Pour la lire et répondre :\n\n{link}\n\n"
        f"Répondre oui ne vous engage pas : c’est accepter une rencontre.\n\n{name}\n"
    )
    return _send(desk, contact, f"{name} : une proposition pour vous", text)


def fate_said(fate: Fate, count: int = 1) -> tuple[str, str]:
    """
    Say what became of messages.

    Parameters
    ----------
    fate
        What became of them.
    count
        How many.

    Returns
    -------
    tone, sentence
        `ok`, `warm` or `error`, and a French sentence.
    """
    messages = plural(count, "message est parti", "messages sont partis")
    kept = plural(count, "message est prêt", "messages sont prêts")
    return {
        "left": ("ok", f"{messages}."),
        "kept": (
            "warm",
            f"{kept} mais personne ne l’a reçu : aucun serveur de courrier n’est réglé ici. Prévenez la personne qui "
            "s’occupe du site, ou appelez."
            if count == 1
            else f"{kept} mais personne ne les a reçus : aucun serveur de courrier n’est réglé ici. Prévenez la personne "
            "qui s’occupe du site, ou appelez.",
        ),
        "failed": (
            "error",
            "Le message n’est pas parti : le serveur de courrier ne répond pas. Appelez, ou réessayez.",
        ),
        "no_address": (
            "warm",
            "La famille n’a pas laissé d’e-mail : aucun message n’est parti, prévenez-la par téléphone.",
        ),
    }[fate]
