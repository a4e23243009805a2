"""
Weekly hours as people write them: « 7h30-18h30 du lundi au vendredi », « lundi, mardi et jeudi : 8h-17h ; fermé le mercredi ».

A text is read whole or not at all: one word that is not understood, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rpe_geo.errors import InvalidSchedule
from rpe_geo.folding import without_accents
from rpe_geo.schedule import Timetable

__all__ = ["WEEKDAYS", "french_hours", "hours_by_day"]

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_OSM = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_NUMBER_OF_DAY = {name[:size]: n for n, name in enumerate(WEEKDAYS) for size in (3, 4, len(name))}
_NUMBER_OF_DAY |= {f"{name}s": n for n, name in enumerate(WEEKDAYS)}
_TIME = r"(?:midi|minuit|\d{1,2}\s*(?:h(?:eures?)?|:)\s*(?:[0-5]\d)?)"
_TOKENS = re.compile(
    rf"(?P<span>{_TIME}\s*(?:a|-|/|jusqu'?a)\s*{_TIME})"
    r"|(?P<always>24\s*h?\s*/\s*24\s*h?)"
    r"|(?P<every>tous les jours|7\s*j(?:ours)?\s*/\s*7\s*j?(?:ours)?)"
    r"|(?P<week>(?:jours? )?(?:de la |en )?semaine)"
    rf"|(?P<day>\b(?:{'|'.join(sorted(_NUMBER_OF_DAY, key=len, reverse=True))})\b\.?)"
    r"|(?P<holidays>jours? feries?)"
    r"|(?P<closed>\b(?:fermee?s?|fermeture|repos)\b)"
    r"|(?P<except>\b(?:sauf|hormis|excepte)\b)"
    r"|(?P<to>\bau\b|\ba\b|-)"
    r"|(?P<noise>\b(?:d[eu]|les?|la|et|ouverte?s?|ouverture|horaires?|accueil|creche|en continu|sans interruption|non stop|"
    r"journee continue|puis|l')\b|[\s,;:.&|()/\n])"
)


@dataclass
class _Clauses:
    """What has been read so far: days that wait for hours, hours that wait for days."""

    hours: dict[int, list[str]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    days: list[int] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Give the hours to the days."""
        for day in self.days:
            self.hours.setdefault(day, []).extend(self.spans)
        self.days, self.spans = [], []


def french_hours(text: str) -> str | None:
    """
    Read weekly hours that are written in French.

    Parameters
    ----------
    text
        A cell.

    Returns
    -------
    str or None
        The same week as `Mo-Fr 07:30-18:30`; None when a part of it is not understood, or no day is given.

    Examples
    --------
    >>> french_hours("7h30-18h30 du lundi au vendredi, fermé le mercredi")
    'Mo,Tu,Th,Fr 07:30-18:30'
    """
    tokens = _tokens(text)
    if not tokens:
        return None
    clauses = _Clauses()
    if not _read(tokens, clauses):
        return None
    for day in clauses.closed:
        clauses.hours.pop(day, None)
    return _written(clauses.hours)


def _tokens(text: str) -> list[tuple[str, str]]:
    """Cut a text into what is understood; an empty list when something is not."""
    folded = re.sub(r"[–—]|\bto\b", "-", without_accents(text).lower().replace("’", "'"))
    tokens, at = [], 0
    while at < len(folded):
        match = _TOKENS.match(folded, at)
        if match is None:
            return []
        kind = str(match.lastgroup)
        if kind != "noise":
            tokens.append((kind, match[0].strip(" .")))
        at = match.end()
    return tokens


def _read(tokens: Sequence[tuple[str, str]], clauses: _Clauses) -> bool:
    """Go through the tokens; whether days or hours come first is told by the first of them."""
    hours_first = tokens[0][0] in {"span", "always"}
    closing = removing = False
    number = 0
    while number < len(tokens):
        kind, word = tokens[number]
        if kind in {"day", "every", "week"}:
            days, number = _days(tokens, number)
            if closing or removing:
                clauses.closed |= set(days)
                clauses.days = [one for one in clauses.days if one not in days]
            else:
                if clauses.spans and not hours_first:
                    clauses.settle()
                clauses.days += days
            continue
        if kind in {"span", "always"}:
            if hours_first and clauses.days:
                clauses.settle()
            closing = removing = False
            clauses.spans.append("00:00-24:00" if kind == "always" else _span(word))
        elif kind == "closed":
            waiting = bool(clauses.days) and not clauses.spans
            if waiting:
                clauses.closed |= set(clauses.days)
                clauses.days = []
            elif clauses.days:
                clauses.settle()
            closing = not waiting
        elif kind == "except":
            removing = True
        elif kind == "to" or (kind == "holidays" and not (closing or removing)):
            return False
        number += 1
    if bool(clauses.days) != bool(clauses.spans):
        return False
    clauses.settle()
    return bool(clauses.hours)


def _days(tokens: Sequence[tuple[str, str]], number: int) -> tuple[list[int], int]:
    """Read a day, a range of days, the week, every day; and say where it ends."""
    kind, word = tokens[number]
    if kind == "every":
        return list(range(7)), number + 1
    if kind == "week":
        return list(range(5)), number + 1
    first = _NUMBER_OF_DAY[word]
    if (
        number + 2 < len(tokens)
        and tokens[number + 1][0] == "to"
        and tokens[number + 2][0] == "day"
    ):
        last = _NUMBER_OF_DAY[tokens[number + 2][1]]
        return [(first + step) % 7 for step in range((last - first) % 7 + 1)], number + 3
    return [first], number + 1


def _span(word: str) -> str:
    """Write « 7h30 à 18h » as `07:30-18:00`."""
    begin, end = re.findall(_TIME, word)
    return f"{_clock(begin)}-{_clock(end)}"


def _clock(word: str) -> str:
    if word in {"midi", "minuit"}:
        return "12:00" if word == "midi" else "24:00"
    numbers = re.findall(r"\d+", word)
    return f"{int(numbers[0]):02d}:{numbers[1] if len(numbers) > 1 else '00'}"


def _written(hours: Mapping[int, Sequence[str]]) -> str | None:
    """Write the week; None when it is none that a timetable can hold."""
    rules = "; ".join(f"{_OSM[day]} {','.join(hours[day])}" for day in sorted(hours) if hours[day])
    try:
        return str(Timetable.parse(rules).write()) if rules else None
    except InvalidSchedule:
        return None


def hours_by_day(cells: Mapping[int, str]) -> str | None:
    """
    Put together the hours of a table that has one column for each day.

    Parameters
    ----------
    cells
        Day (0 is Monday) → « 7h30-18h30 », « 8h-12h / 14h-17h », « fermé ».

    Returns
    -------
    str or None
        The week; None when a day is not understood.
    """
    hours: dict[int, list[str]] = {}
    for day, cell in cells.items():
        tokens = _tokens(cell)
        if not tokens or any(kind not in {"span", "closed", "always"} for kind, _ in tokens):
            return None
        hours[day] = [
            "00:00-24:00" if k == "always" else _span(w) for k, w in tokens if k != "closed"
        ]
    return _written(hours)
