"""The sheet that a family takes home: up to three places, in words, on one page; never points, rank or other families."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from maps.ribbon import week_ribbon
from rpe_geo.domain import Childminder, Facility, Mam
from rpe_geo.messages.french import MODES, day, hours, minutes, number
from rpe_geo.messages.rules import french_hours
from rpe_geo.messages.trips import last_return_said, schools_said, sides_said
from rpe_geo.publishing.typesetting import typeset
from rpe_geo.relais.suggest import Suggestions
from rpe_geo.schedule import Timetable
from rpe_geo.verdicts import Suggestion

__all__ = ["family_sheet"]

_HEAD = """
#set document(title: {title}, author: {relais})
#set text(font: ("Figtree", "Libertinus Serif"), lang: "fr", region: "FR", size: 11pt)
#set page(paper: "a4", margin: 16mm)
#set par(leading: 0.65em)
#text(weight: 700, {relais}) #h(1fr) #text({phone}) \\
#line(length: 100%, stroke: 0.8pt)
#v(4mm)
#text(size: 20pt, weight: 700, {title}) \\
#v(1mm)
#text({need}) \\
#v(3mm)
"""
_PLACE = """
#block(breakable: false, width: 100%, above: 5mm)[
#line(length: 100%, stroke: 0.5pt)
#grid(columns: (1fr, 42mm), gutter: 6mm,
[#text(size: 13pt, weight: 700, {name}) \\
#text(size: 10pt, {what}) \\
#v(1mm)
{facts}],
image("{image}", width: 42mm, alt: {alt}))
#v(2mm)
#line(length: 100%, stroke: (dash: "dotted", thickness: 0.5pt))
#v(4mm)
#line(length: 100%, stroke: (dash: "dotted", thickness: 0.5pt))
]
"""


def family_sheet(
    answer: Suggestions, chosen: Sequence[Suggestion], *, relais: str, phone: str, today: date
) -> bytes:
    """
    Print the places that an animateur chose with a family.

    Parameters
    ----------
    answer
        The answer to her request.
    chosen
        Up to three of its suggestions.
    relais, phone
        Who gives the sheet.
    today
        Its date.

    Returns
    -------
    bytes
        A PDF, A4.

    Raises
    ------
    ServiceUnavailable
        When typst is not installed.
    """
    request = answer.request
    need = (
        f"{french_hours(request.schedule.write())}, à partir du {day(request.start)}, {MODES[request.mode]}. "
        f"Feuille du {day(today)}."
    )
    source = [
        _HEAD.format(
            title=_text("Des lieux d’accueil pour votre enfant"),
            relais=_text(relais),
            phone=_text(phone),
            need=_text(need[:1].upper() + need[1:]),
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for place, suggestion in enumerate(chosen, start=1):
            verdict = suggestion.verdict
            provider = answer.providers[verdict.provider_kind, verdict.provider_id]
            drawing = week_ribbon(request.schedule, _offered(provider))
            drawing = drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
            (root / f"{place}.svg").write_text(drawing, encoding="utf-8")
            facts = " \\\n".join(f"#text({_text(fact)})" for fact in _facts(answer, suggestion))
            source.append(
                _PLACE.format(
                    name=_text(provider.name or "Lieu d’accueil"),
                    what=_text(_what(provider)),
                    facts=facts,
                    image=f"{place}.svg",
                    alt=_text("Semaine couverte"),
                )
            )
        money = answer.parameters["parameters_on"]
        source.append(
            "#v(6mm)\n#text(size: 9pt, "
            + _text(
                "Ces lieux sont cités sans ordre de préférence ; c’est un conseil, vous décidez. Les coûts sont estimés "
                f"avec le barème en vigueur le {day(date.fromisoformat(money))} ; seule votre CAF ou votre MSA fixe le montant de l’aide."
            )
            + ")\n"
        )
        (root / "sheet.typ").write_text("".join(source), encoding="utf-8")
        return typeset(root / "sheet.typ")


def _text(text: str) -> str:
    """Write a string of typst; its font has no narrow no-break space, and no sign is read as markup."""
    plain = text.replace("\u202f", "\u00a0").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", " ") + '"'


def _offered(provider: Childminder | Mam | Facility) -> Timetable | None:
    if isinstance(provider, Childminder):
        return provider.working_hours
    return provider.opening_hours if isinstance(provider, Facility) else None


def _what(provider: Childminder | Mam | Facility) -> str:
    if isinstance(provider, Childminder):
        return "Assistant·e maternel·le"
    if isinstance(provider, Mam):
        return "Maison d’assistants maternels"
    parts = (provider.kind[:1].upper() + provider.kind[1:], provider.address)
    return " · ".join(part for part in parts if part)


def _facts(answer: Suggestions, suggestion: Suggestion) -> list[str]:
    """List minutes, hours, start, price, and the telephone when she publishes it."""
    request, verdict = answer.request, suggestion.verdict
    provider = answer.providers[verdict.provider_kind, verdict.provider_id]
    asked = request.schedule.quarters_per_week
    facts = [
        f"Trajet : {minutes(suggestion.travel_minutes)} {MODES[request.mode]}",
        *sides_said(suggestion.morning, suggestion.evening),
        *last_return_said(suggestion.last_return),
        *schools_said(suggestion.schools),
        f"Heures : {hours(round(asked * verdict.hours_share))} sur {hours(round(asked))} par semaine",
    ]
    if verdict.start is not None:
        facts.append(f"Début possible : {day(verdict.start)}")
    if suggestion.cost is not None:
        facts.append(
            f"Reste à charge estimé : {number(round(suggestion.cost.reste_a_charge))} € par mois"
        )
    published = not isinstance(provider, Childminder) or (
        provider.publication is not None
        and provider.publication.consent
        and provider.publication.phone
    )
    if published and provider.contact.phone:
        facts.append(f"Téléphone : {provider.contact.phone}")
    else:
        facts.append("Téléphone : le relais vous met en relation")
    return facts
