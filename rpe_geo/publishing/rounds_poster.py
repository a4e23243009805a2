"""The poster of a travelling relais: where it stands, on which days, for whom."""

from __future__ import annotations

from datetime import date
from typing import Any

from rpe_geo.messages.french import day, number, plural
from rpe_geo.publishing.blocks import Block, Chapter, KeyFigures, Paragraph, Report, TableBlock
from rpe_geo.publishing.report_parts import set_words

__all__ = ["rounds_poster"]

_FEWEST = 5


def rounds_poster(document: dict[str, Any], *, title: str) -> Report:
    """
    Lay a round out.

    Parameters
    ----------
    document
        See `rpe_geo.open_data.rounds_files.rounds_document`.
    title
        What it is called.

    Returns
    -------
    Report
        A chapter per use: the days for families and professionals, what it reaches for planners.
    """
    days = document["days"]
    made = (
        f"Du {day(date.fromisoformat(days[0]['date']))} au {day(date.fromisoformat(days[-1]['date']))}."
        if days
        else "Aucun jour dans ces dates."
    )
    rows = tuple(
        (
            day(date.fromisoformat(entry["date"]), weekday=True).capitalize(),
            f"{_hour(entry['from'])} à {_hour(entry['to'])}",
            entry["name"],
        )
        for entry in days
    )
    table = TableBlock("Où et quand nous trouver", ("Jour", "Heures", "Lieu"), rows, text_columns=3)
    return Report(
        title=title,
        subtitle="Rencontres et informations sur l’accueil des jeunes enfants, près de chez vous.",
        made_on=made,
        chapters=(
            Chapter("Le calendrier", (set_words(table),)),
            Chapter("Qui est à portée", tuple(set_words(one) for one in _reach(document))),
        ),
    )


def _reach(document: dict[str, Any]) -> list[Block]:
    zones = sorted(
        document["zones"], key=lambda zone: (zone["half_days"], -(zone["minutes"] or 1e9))
    )
    ways = [zone["minutes"] for zone in zones if zone["minutes"] is not None and zone["people"] > 0]
    away = document["people"] - document["reached"]
    return [
        KeyFigures(
            (
                (number(document["reached"], 0), "personnes", "à portée d’une halte"),
                (_told(away), "personnes", "trop loin de toute halte"),
                (
                    number(max(ways, default=float("nan")), 0),
                    "min",
                    "pour la zone la plus éloignée",
                ),
            )
        ),
        Paragraph(
            f"À portée : {number(document['cutoff_min'], 0)} minutes au plus. Le cycle dure "
            f"{plural(document['weeks'], 'semaine')}. Le relais n’est compté qu’aux heures où il est là."
        ),
        TableBlock(
            "Les zones, les moins bien servies d’abord",
            ("Zone", "Personnes", "Demi-journées par cycle", "Minutes"),
            tuple(
                (
                    zone["id"],
                    _told(zone["people"]),
                    number(zone["half_days"], 0),
                    "aucun trajet" if zone["minutes"] is None else number(zone["minutes"], 0),
                )
                for zone in zones
            ),
        ),
    ]


def _told(people: float) -> str:
    """Write how many people; a poster hangs on a wall, and few could be known."""
    return f"moins de {_FEWEST}" if 0 < people < _FEWEST else number(people, 0)


def _hour(text: str) -> str:
    hour, minute = text.split(":")
    return f"{int(hour)} h" if minute == "00" else f"{int(hour)} h {minute}"
