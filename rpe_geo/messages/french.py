"""How French writes dates, numbers, durations and lists."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

__all__ = [
    "MODES",
    "MONTHS",
    "NBSP",
    "WEEKDAYS",
    "children_words",
    "curly",
    "curly_page",
    "day",
    "enumeration",
    "hours",
    "metres",
    "minutes",
    "mobile_of",
    "number",
    "plain",
    "plural",
    "short_day",
    "typed_number",
    "typeset",
]

NBSP = "\u00a0"
NARROW = "\u202f"
MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
SHORT_MONTHS = [
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juill.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
]
WEEKDAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
SHORT_WEEKDAYS = ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."]

MODES = {
    "walk": "à pied",
    "pushchair": "à pied avec une poussette",
    "bike": "à vélo",
    "car": "en voiture",
    "transit": "en transports en commun",
}


def day(value: date, *, weekday: bool = False) -> str:
    """Write a date: « 4 janvier 2027 », « lundi 4 janvier 2027 », « 1er mars 2027 »."""
    first = "1er" if value.day == 1 else str(value.day)
    text = f"{first}{NBSP}{MONTHS[value.month - 1]} {value.year}"
    return f"{WEEKDAYS[value.weekday()]} {text}" if weekday else text


def short_day(value: date) -> str:
    """Write a date for dense places: « 4 janv. »."""
    return f"{value.day}{NBSP}{SHORT_MONTHS[value.month - 1]}"


def number(value: float, decimals: int | None = None) -> str:
    """Write a number with a decimal comma and thin spaces: « 3 000 », « 57,8 », « − 71 »."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    if decimals is None:
        decimals = 0 if float(value).is_integer() else 1
    text = f"{abs(value):,.{decimals}f}".replace(",", NARROW).replace(".", ",")
    negative = value < 0 and text.strip("0," + NARROW) != ""
    return f"−{NARROW}{text}" if negative else text


def typed_number(value: float, decimals: int | None = None) -> str:
    """Write a number as it is typed in a field or a spreadsheet: « 3000,5 », without spaces; empty when it is not finite."""
    if not math.isfinite(value):
        return ""
    text = f"{value:.10g}" if decimals is None else f"{value:.{decimals}f}"
    return text.replace(".", ",")


def hours(quarters: int) -> str:
    """Write a duration or a clock time in quarter-hours: 30 is « 7 h 30 », 32 is « 8 h »."""
    whole, rest = divmod(int(quarters), 4)
    return f"{whole}{NBSP}h" if rest == 0 else f"{whole}{NBSP}h{NBSP}{rest * 15:02d}"


def minutes(value: float) -> str:
    """Write whole minutes: « 6 min », « 1 h 05 » from sixty on."""
    rounded = round(value)
    if rounded < 60:
        return f"{rounded}{NBSP}min"
    return f"{rounded // 60}{NBSP}h{NBSP}{rounded % 60:02d}"


def enumeration(items: Iterable[str], last: str = "et") -> str:
    """Join words: « a, b et c »."""
    words = list(items)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def plural(count: float, singular: str, many: str | None = None) -> str:
    """Count things; French is singular below two: « 1 place », « 0 place », « 2 places »."""
    word = singular if abs(count) < 2 else (many or f"{singular}s")
    return f"{number(count)}{NBSP}{word}"


def plain(value: Any) -> Any:
    """Write a value of an error or a verdict as a reader expects it; strings pass unchanged."""
    match value:
        case bool():
            return "oui" if value else "non"
        case float():
            return number(value)
        case date():
            return day(value)
        case list() | tuple() | set() | frozenset():
            return enumeration(str(plain(item)) for item in value)
        case _:
            return value


_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[\w{«<])")
_SHOWN = re.compile(
    r"<(script|style|textarea|pre|code|samp)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>|(?<=[^\W\d_])(?:'|&#39;)(?=\w|<[^/])",
    re.DOTALL,
)
"""What a page says word for word, its marks, and the apostrophes of its texts."""


def curly(text: str) -> str:
    """Write apostrophes as French prints them: « l'été » becomes « l’été »; what is quoted by them stays."""
    return _APOSTROPHE.sub("’", text)


def curly_page(page: str) -> str:
    """Write the apostrophes of a page's texts as French prints them; attributes, scripts and fields stay."""
    return _SHOWN.sub(lambda found: "’" if found[0] in {"'", "&#39;"} else found[0], page)


def typeset(text: str) -> str:
    """Keep high punctuation, percents and guillemets on the line of their word: « 80 % » never breaks."""
    for sign in (":", ";", "?", "!", "%", "»", "€"):
        text = text.replace(f" {sign}", f"{NBSP}{sign}")
    return text.replace("« ", f"«{NBSP}")


def metres(distance_m: float) -> str:
    """Write a distance the French way: « 350 m », « 1,2 km », « 840 km »."""
    if distance_m < 1000:
        return f"{distance_m:.0f}{NBSP}m"
    decimals = 1 if distance_m < 100_000 else 0
    return f"{typed_number(distance_m / 1000, decimals)}{NBSP}km"


def mobile_of(phone: str) -> str | None:
    """
    Return a French mobile number as telephones dial it; None for a landline, which reads no message.

    Parameters
    ----------
    phone
        As typed: « 06 12 34 56 78 », « +33 6… », « 0033 (0)7… ».

    Returns
    -------
    str or None
        Ten digits from 06 or 07, or +33 6… and +33 7….
    """
    plain = re.sub(r"[^\d+]", "", phone.replace("(0)", ""))
    national = re.sub(r"^(\+|00)33", "0", plain)
    return plain if re.fullmatch(r"0[67]\d{8}", national) else None


def children_words(parameters: Mapping[str, Any]) -> str:
    """Say how the children under three of an observatory were counted, from its parameters."""
    years = parameters["children_years"]
    born = f"nés de {years[0]} à {years[-1]}"
    census = parameters.get("children_census")
    return born if census is None else f"recensement {census} ; à défaut, {born}"
