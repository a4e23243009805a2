"""
The French sentence of every code that the core returns.

The core returns codes and figures; a sentence is made here, once, for the command line, the API, the pages and the
maps. Every module of this package but `french` is the table of one room (`geocoding.py`, `rules.py`…) and holds `MESSAGES: dict[str, str]`, code to template in
`str.format` syntax. Codes are unique over all tables.
"""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

from rpe_geo.messages.french import curly, plain

__all__ = ["MESSAGES", "explain", "phrase"]

_TABLES = sorted(module.name for module in iter_modules(__path__) if module.name != "french")


def _gather() -> dict[str, str]:
    gathered: dict[str, str] = {}
    for table in _TABLES:
        messages: dict[str, str] = import_module(f"rpe_geo.messages.{table}").MESSAGES
        twice = gathered.keys() & messages.keys()
        if twice:
            raise RuntimeError(f"message codes defined twice: {sorted(twice)}")
        # In place: the module's own functions phrase with the same table.
        messages.update({code: curly(sentence) for code, sentence in messages.items()})
        gathered |= messages
    return gathered


MESSAGES = _gather()

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _Place(Protocol):
    @property
    def file(self) -> str | None: ...
    @property
    def row(self) -> int | str | None: ...
    @property
    def field(self) -> str | None: ...


class _Coded(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def values(self) -> dict[str, Any]: ...
    @property
    def where(self) -> _Place: ...


def phrase(code: str, /, **values: Any) -> str:
    """
    Phrase a code in French.

    Parameters
    ----------
    code
        A key of `MESSAGES`.
    **values
        What the template names; dates, floats and collections are written the French way.

    Returns
    -------
    str
        One sentence, without the place of the fault.

    Raises
    ------
    KeyError
        For a code without sentence or a value that the template needs and did not get.
    """
    return MESSAGES[code].format_map({name: plain(value) for name, value in values.items()})


def explain(error: _Coded) -> str:
    """
    Phrase an error in one French line: the file, row and field first, then what is wrong and the remedy.

    Parameters
    ----------
    error
        An `rpe_geo.errors.RpeGeoError` (or anything with a code, values and a place).

    Returns
    -------
    str
        « R.csv, ligne 3, champ start : la date « 2027-13-01 » n'existe pas… »
    """
    places = []
    if error.where.file is not None:
        places.append(str(error.where.file))
    if error.where.row is not None:
        places.append(f"ligne {error.where.row}")
    if error.where.field is not None:
        places.append(f"champ {error.where.field}")
    sentence = phrase(error.code, **error.values)
    line = f"{', '.join(places)} : {sentence}" if places else sentence
    # What a damaged file holds may break a line, ring a bell or move a cursor: no control character is shown.
    return _CONTROL.sub(" ", line)
