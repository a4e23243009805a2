"""The fields of the registry's forms: what kind of field each is, and what is typed in it as a value of the domain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from api.pages.requests.need_form import sentence
from rpe_geo.errors import RpeGeoError
from rpe_geo.messages.french import typed_number
from rpe_geo.schedule import Timetable

__all__ = [
    "NONE_SAID",
    "PERHAPS",
    "Box",
    "Column",
    "Sort",
    "read_french_hours",
    "read_text",
    "write_french_hours",
    "write_text",
]

Sort = Literal[
    "text",
    "whole",
    "decimal",
    "day",
    "yes",
    "perhaps",
    "choice",
    "several",
    "words",
    "hours",
    "rows",
]
_FRENCH = {
    "Mo": "lu",
    "Tu": "ma",
    "We": "me",
    "Th": "je",
    "Fr": "ve",
    "Sa": "sa",
    "Su": "di",
    "PH": "jf",
}
_FOREIGN = {french: name for name, french in _FRENCH.items()}
PERHAPS = {"": "Non précisé", "oui": "Oui", "non": "Non"}
NONE_SAID = "aucun"


@dataclass(frozen=True)
class Column:
    """One field of the rows of a table."""

    name: str
    label: str
    sort: Sort
    hint: Any


@dataclass(frozen=True)
class Box:
    """
    One field of a form.

    Parameters
    ----------
    path
        Its name in the form and in the domain.
    sort
        How it is filled in.
    optional
        Whether it may be left without a value.
    columns
        Of a table.
    """

    path: str
    label: str
    sort: Sort
    hint: Any
    optional: bool
    help: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()


def write_text(value: Any) -> str:
    """Write a value of the domain as it is typed."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case float():
            return typed_number(value)
        case date():
            return value.isoformat()
        case Timetable():
            return write_french_hours(value)
        case tuple() | frozenset():
            return ", ".join(sorted(value) if isinstance(value, frozenset) else value)
    return str(value)


def read_text(text: str, sort: Sort, box: Box, name: str, faults: dict[str, str]) -> Any:
    """Read what was typed in a field, or note at its name why that cannot be done."""
    if sort == "yes":
        return text == "oui"
    if box.options is PERHAPS:
        return {"oui": True, "non": False}.get(text)
    if sort == "words":
        if not text:
            return None if box.optional else ()
        words = (word.strip() for word in re.split(r"[,;]", text))
        return (
            () if text.lower() in {NONE_SAID, "aucune"} else tuple(word for word in words if word)
        )
    if sort == "choice":
        if text and text not in box.options:
            faults[name] = "Choisissez dans la liste."
        return text or None
    if not text:
        if box.optional:
            return None
        if sort == "text":
            return ""
        if box.path not in {"agrement.places_offered", "min_notice_days"}:
            faults[name] = "Ce champ est nécessaire."
        return 0 if box.path == "min_notice_days" else None
    return _read_value(text, sort, name, faults)


def _read_value(text: str, sort: Sort, name: str, faults: dict[str, str]) -> Any:
    if sort == "text":
        return text
    if sort == "day":
        try:
            return date.fromisoformat(text)
        except ValueError:
            faults[name] = "Choisissez un jour."
            return None
    if sort == "hours":
        try:
            return read_french_hours(text)
        except RpeGeoError as error:
            faults[name] = (
                f"{sentence(error)} Écrivez par exemple : lu-ve 8:00-17:30 ; sa 9:00-12:00."
            )
            return None
    figures = re.sub(r"[\s€  ]", "", text).replace(",", ".").replace("−", "-")
    if sort == "whole" and re.fullmatch(r"-?\d{1,6}", figures):
        return int(figures)
    if sort == "decimal" and re.fullmatch(r"-?\d{1,6}(\.\d{1,12})?", figures):
        return float(figures)
    whole = "Écrivez un nombre entier, par exemple 4."
    faults[name] = whole if sort == "whole" else "Écrivez un nombre, par exemple 3,90."
    return None


def write_french_hours(timetable: Timetable) -> str:
    """Write hours in one line: « lu-ve 08:00-17:30 ; sa 09:00-12:00 », weeks of a cycle separated by « | »."""
    written = timetable.write()
    weeks = [written] if isinstance(written, str) else written
    return " | ".join(
        re.sub(r"[A-Z][a-z]|PH", lambda found: _FRENCH.get(found[0], found[0]), week).replace(
            ";", " ;"
        )
        for week in weeks
    )


def read_french_hours(text: str) -> Timetable:
    """
    Read hours written in one line, French or as in the files.

    Raises
    ------
    InvalidSchedule
        Naming the part that cannot be read.
    """
    weeks = []
    for week in text.split("|"):
        plain = re.sub(r"\b(fermé|rien|repos)\b", "off", week.strip(), flags=re.IGNORECASE)
        plain = re.sub(
            r"\b(\d{1,2})\s?[hH:]\s?(\d{2})?\b",
            lambda at: f"{int(at[1]):02d}:{at[2] or '00'}",
            plain,
        )
        plain = re.sub(
            r"\b(lu|ma|me|je|ve|sa|di|jf)[a-z]*\.?",
            lambda at: _FOREIGN[at[1].lower()],
            plain,
            flags=re.IGNORECASE,
        )
        plain = re.sub(r"\s*([-–,])\s*", lambda at: at[1].replace("–", "-"), plain)
        weeks.append(re.sub(r"\s*;\s*", "; ", plain))
    return Timetable.parse(weeks)
