"""What is held of a person, as a report that she can read: the printed half of her right of access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from rpe_geo.messages import phrase
from rpe_geo.messages.french import day
from rpe_geo.publishing.blocks import Chapter, Paragraph, Report, TableBlock

__all__ = ["person_report"]

_TABLES = (
    "requests",
    "request_files",
    "request_contacts",
    "childminders",
    "childminder_identities",
    "accounts",
    "memberships",
    "sessions",
    "imported_records",
    "case_events",
    "audit_entries",
)


def person_report(held: Mapping[str, Any], *, relais: str, contact: str, on: date) -> Report:
    """
    Set what is held of a person as a report.

    Parameters
    ----------
    held
        As `SqlPeople.gather` gives it.
    relais, contact
        Who holds it, and whom to ask.
    on
        The day.

    Returns
    -------
    Report
        One chapter per kind of record, in French.
    """
    first = (Paragraph(phrase("person_rights", contact=contact or relais), "text"),)
    chapters = [Chapter(phrase("person_about"), first)]
    for name in _TABLES:
        rows = held.get(name) or []
        if rows:
            blocks = tuple(
                TableBlock(
                    caption=f"{phrase(f'person_table_{name}')} ({number})",
                    header=("Champ", "Valeur"),
                    rows=tuple(_lines(row)),
                    note="",
                    text_columns=2,
                )
                for number, row in enumerate(rows, 1)
            )
            chapters.append(Chapter(phrase(f"person_table_{name}"), blocks))
    return Report(
        title=phrase("person_title"),
        subtitle=relais,
        made_on=day(on),
        chapters=tuple(chapters),
    )


def _lines(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Flatten a record: one line per value, its path before it."""
    for name, inner in value.items():
        path = f"{before} › {name}" if before else str(name)
        if isinstance(inner, Mapping):
            yield from _lines(inner, path)
        elif isinstance(inner, list):
            for number, one in enumerate(inner, 1):
                if isinstance(one, Mapping):
                    yield from _lines(one, f"{path} {number}")
                else:
                    yield f"{path} {number}", str(one)
        elif inner not in (None, ""):
            yield path, str(inner)
