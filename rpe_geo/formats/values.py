"""
The kinds of value that a field may hold, each in its four forms: JSON, cell of a table, and the domain's own.

JSON is read strictly: a number in quotes is not a number. A cell is read as people type it: `3,90`, `oui`,
`04/01/2027`; `of_cell` only brings it to its JSON form, and what it cannot bring stays as it is, so that one reader
finds the fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from rpe_geo.csv_text import decimal
from rpe_geo.errors import InputError, InvalidRecord
from rpe_geo.schedule import Timetable

__all__ = [
    "BOOLEAN",
    "DAY",
    "HOURS",
    "INTEGER",
    "NUMBER",
    "OPTIONAL_TEXT",
    "SET_OF_WORDS",
    "TEXT",
    "WEIGHTS",
    "WHOLE_NUMBERS",
    "WORDS",
    "Value",
    "choice",
    "show",
]

_LARGEST = 1e12
_LONGEST = 2000
_YEARS = range(1900, 2200)
_ISO_DAY = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")
_ISO_MIDNIGHT = re.compile(r"^(\d{4}-\d{2}-\d{2})[T ]00:00(:00(\.0+)?)?$")
_FRENCH_DAY = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_FORMULA = re.compile(r"^'*[=+\-@]")
_GUARDED = re.compile(r"^'+[=+\-@]")
_BOOLEANS = {
    **dict.fromkeys(("oui", "o", "true", "vrai", "yes", "1", "x"), True),
    **dict.fromkeys(("non", "n", "false", "faux", "no", "0"), False),
}


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Value:
    """
    One kind of value, as four functions.

    Parameters
    ----------
    read
        JSON to the domain's value; raises `InputError` with a code.
    write
        The domain's value to JSON.
    of_cell
        What stands in a cell (text, number, date, boolean) to its JSON form, as far as possible.
    to_cell
        The domain's value to what a cell holds.
    open_ended
        Whether the value is an object whose names are columns of their own.
    """

    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = _same
    of_cell: Callable[[Any], Any] = _same
    to_cell: Callable[[Any], Any] = _same
    open_ended: bool = False


def show(value: Any) -> str:
    """Write a faulty value for a sentence, shortened."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _wrong(expected: str, value: Any) -> InvalidRecord:
    return InvalidRecord("value_wrong_type", expected=expected, value=show(value))


def _plain_text(cell: Any) -> str:
    """Write what stands in a cell as a person sees it: 34070, not 34070.0."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        midnight = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    return str(cell).strip()


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong("un texte", value)
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > _LONGEST:
        raise InvalidRecord("text_too_long", value=show(text), limit=_LONGEST)
    if _CONTROL.search(text):
        raise InvalidRecord("text_control_character", value=show(_CONTROL.sub("�", text)))
    return text


def _text_of_cell(cell: Any) -> str:
    text = _plain_text(cell)
    return text[1:] if _GUARDED.match(text) else text


def _text_to_cell(value: str | None) -> str | None:
    # A spreadsheet would run a text that begins like a formula.
    return f"'{value}" if value and _FORMULA.match(value) else value or None


TEXT = Value(read=_read_text, of_cell=_text_of_cell, to_cell=_text_to_cell)
"""A text without outer spaces."""

OPTIONAL_TEXT = replace(TEXT, read=lambda value: _read_text(value) or None)
"""A text; blank is the same as absent."""


def _read_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong("un nombre", value)
    if not abs(value) <= _LARGEST:
        raise InvalidRecord("number_too_large", value=show(value))
    return float(value)


def _read_integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong("un nombre entier", value)
    if not _read_number(value).is_integer():
        raise _wrong("un nombre entier", value)
    return int(value)


def _write_number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def _number_of_cell(cell: Any) -> Any:
    if isinstance(cell, str):
        with suppress(ValueError):
            return decimal(cell)
    return cell


NUMBER = Value(
    read=_read_number, write=_write_number, of_cell=_number_of_cell, to_cell=_write_number
)
"""A finite number."""

INTEGER = Value(read=_read_integer, of_cell=_number_of_cell)
"""A whole number; `4.0` is one."""


def _read_boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("true ou false (oui ou non dans un tableur)", value)
    return value


BOOLEAN = Value(
    read=_read_boolean,
    of_cell=lambda cell: _BOOLEANS.get(_plain_text(cell).lower(), cell),
    to_cell=lambda value: "true" if value else "false",
)
"""True or false; in cells also oui, non, vrai, faux, 1, 0."""


def _read_day(value: Any) -> date:
    match = _ISO_DAY.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise InvalidRecord("date_unreadable", value=show(value))
    year, month, day = map(int, match.groups())
    try:
        read = date(year, month, day)
    except ValueError:
        raise InvalidRecord("date_impossible", value=show(value)) from None
    if year not in _YEARS:
        raise InvalidRecord("date_implausible", value=show(value))
    return read


def _day_of_cell(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return _plain_text(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str):
        text = cell.strip()
        if match := _FRENCH_DAY.match(text):
            day, month, year = map(int, match.groups())
            return f"{year:04d}-{month:02d}-{day:02d}"
        if match := _ISO_MIDNIGHT.match(text):
            return match[1]
    return cell


DAY = Value(read=_read_day, write=date.isoformat, of_cell=_day_of_cell)
"""A date, ISO 8601; in cells also 04/01/2027."""


def _read_hours(value: Any) -> Timetable:
    if not isinstance(value, str) and not (
        isinstance(value, list) and value and all(isinstance(week, str) for week in value)
    ):
        raise _wrong("un horaire (« Mo-Fr 08:00-17:30 ») ou une liste d’horaires", value)
    return Timetable.parse(value)


def _hours_of_cell(cell: Any) -> Any:
    text = _plain_text(cell)
    weeks = [week.strip() for week in text.split("|")]
    return weeks if len(weeks) > 1 else text


HOURS = Value(read=_read_hours, write=Timetable.write, of_cell=_hours_of_cell, to_cell=str)
"""A timetable: one week, or a list of weeks that repeats; in a cell the weeks are joined by `|`."""


def choice(words: tuple[str, ...]) -> Value:
    """Make the kind of a word of a short list; cells forgive capitals."""

    def read(value: Any) -> str:
        word = _read_text(value)
        if word not in words:
            raise InvalidRecord("choice_unknown", value=show(word), choices=list(words))
        return word

    written = {word.lower(): word for word in words}

    def of_cell(cell: Any) -> str:
        text = _plain_text(cell).lower()
        return written.get(text, text)

    return Value(read=read, of_cell=of_cell)


def _read_words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong("une liste de textes", value)
    return tuple(word for word in map(_read_text, value) if word)


def _words_of_cell(cell: Any) -> Any:
    text = _plain_text(cell)
    if text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return [_text_of_cell(word) for word in text.split("|") if word.strip()]


def _words_to_cell(value: Iterable[str]) -> str:
    words = list(value)
    if not words or words[0].startswith("[") or any("|" in word for word in words):
        return json.dumps(words, ensure_ascii=False)
    return "|".join(str(_text_to_cell(word)) for word in words)


WORDS = Value(read=_read_words, write=list, of_cell=_words_of_cell, to_cell=_words_to_cell)
"""A list of texts; in a cell joined by `|`, `[]` being the empty list."""

SET_OF_WORDS = replace(
    WORDS,
    read=lambda value: frozenset(_read_words(value)),
    write=sorted,
    to_cell=lambda value: _words_to_cell(sorted(value)),
)
"""A set of texts, written in alphabetical order."""


def _read_whole_numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise _wrong("une liste de nombres entiers", value)
    return tuple(_read_integer(one) for one in value)


WHOLE_NUMBERS = Value(
    read=_read_whole_numbers,
    write=list,
    of_cell=lambda cell: [_number_of_cell(word) for word in _words_of_cell(cell)],
    to_cell=lambda value: _words_to_cell([str(one) for one in value]),
)
"""A list of whole numbers; in a cell joined by `|`."""


def _read_weights(value: Any) -> Mapping[str, float]:
    if not isinstance(value, dict):
        raise _wrong("un objet de nombres", value)
    weights: dict[str, float] = {}
    for name, weight in value.items():
        if weight is None:
            continue
        try:
            weights[name.strip()] = _read_number(weight)
        except InputError as error:
            raise error.at(field=name) from None
    return weights


def _write_weights(value: Mapping[str, float]) -> dict[str, float | int]:
    return {name: _write_number(weight) for name, weight in value.items()}


WEIGHTS = Value(read=_read_weights, write=_write_weights, of_cell=_number_of_cell, open_ended=True)
"""An object of numbers, name by name; in tables each name is a column of its own."""
