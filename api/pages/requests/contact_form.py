"""How a family wishes to be reached: kept with her request, shown to the animateurs of her RPE alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from rpe_geo.desk.casework import Channel

__all__ = ["WAYS", "ContactForm"]

WAYS = {
    "": "Peu importe",
    "telephone": "Par téléphone",
    "message": "Par SMS",
    "email": "Par e-mail",
}
_CAME_BY: Mapping[str, Channel] = {"phone": "phone", "visit": "visit", "mail": "mail"}


@dataclass(frozen=True)
class ContactForm:
    """Who asks and how to reach her, as typed; the text is the relais's own note of what she said."""

    name: str = ""
    phone: str = ""
    way: str = ""
    moments: str = ""
    message: str = ""
    came_by: Channel = "phone"

    @classmethod
    def of(cls, contact: Mapping[str, Any]) -> ContactForm:
        """Show what is kept."""

        def text(name: str) -> str:
            return str(contact.get(name, ""))

        return cls(text("nom"), text("contact"), text("voie"), text("moments"), text("message"))

    @classmethod
    def sent(cls, form: FormData) -> ContactForm:
        """Read back what was sent."""

        def text(name: str, longest: int) -> str:
            return str(form.get(name, "")).strip()[:longest]

        way = text("voie", 20)
        return cls(
            text("nom", 120),
            text("contact", 120),
            way if way in WAYS else "",
            text("moments", 120),
            text("message", 1500),
            _CAME_BY.get(text("venue", 20), "phone"),
        )

    def look(self, faults: dict[str, str], *, required: bool) -> None:
        """Note what is missing."""
        if required and not self.name:
            faults["nom"] = "Indiquez le nom de la famille, pour retrouver sa demande."
        if self.way == "email" and "@" not in self.phone:
            faults["contact"] = "Indiquez l’e-mail auquel la famille veut recevoir la réponse."
        if self.way in {"telephone", "message"} and sum(map(str.isdecimal, self.phone)) < 10:
            faults["contact"] = (
                "Indiquez le numéro auquel la famille veut être jointe, à 10 chiffres."
            )

    def kept(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is stored, what the form does not show included."""
        return {
            **before,
            "nom": self.name,
            "contact": self.phone,
            "voie": self.way,
            "moments": self.moments,
            "message": self.message,
        }
