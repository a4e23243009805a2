"""Numbers of places as people write them: « 20 + 5 », « arrêté du 12/03/2019 : 40 places », « quarante berceaux »."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from rpe_geo.folding import fold_words

__all__ = ["Count", "read_count"]

IMPLAUSIBLE_PLACES = 300
"""More places than any establishment for young children has: told, and not used."""

Doubt = Literal["range", "implausible", "fraction", "several", "reference", "unreadable"]

_UNIT = r"(?:places?|pl|berceaux?|lits?|enfants?|agrements?|agrees?)"
_BARE = re.compile(r"^\d{1,3}(?:[ \u00a0\u202f]\d{3})+$|^\d+(?:[.,]0+)?$")
_SUM = re.compile(
    rf"^(\d+)(?:\s*{_UNIT})?((?:\s*(?:\+|et|plus)\s*\d+(?:\s*\w+)?)+)\s*(?:{_UNIT})?$"
)
_FRACTION = re.compile(r"^\d+[.,]\d*[1-9]\d*$")
_AGREEMENT = re.compile(
    r"^(?:n ?°? ?)?(?:19|20)\d\d\s*[-/_. ]\s*\w+$|^[a-z]{1,6}[-/_ ]?\d{2,}[\w/-]*$"
)
_NOISE = (
    r"\b\d{1,2}\s*/\s*\d{1,2}\s*/\s*\d{2,4}\b",
    r"\b\d{4}-\d{2}-\d{2}\b",
    r"\b\d{1,2}(?:er)?\s+(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\s+\d{4}\b",
    r"\b(?:arrete|agrement|decision|autorisation|avis|article|art|dossier|numero|no?)\s*(?:n|no|numero|°|n°)?\s*°?\s*[\w]*\d[\w./-]*(?!\s*" + _UNIT + r")(?=\W|$)(?<!places)",
    r"\b\d{1,2}\s*h\s*\d{0,2}\b",
    r"\b(?:de\s*)?\d{1,2}\s*(?:mois|semaines?|ans?)?\s*(?:a|-|/)\s*\d{1,2}\s*(?:mois|ans?|semaines?)\b",
    r"\b\d{1,2}\s*(?:mois|ans?|semaines?)\b",
    r"\bdont\b.*$",
    r"\bsoit\b.*$",
    r"\ben\s+(?:19|20)\d\d\b|\bdepuis\s+(?:19|20)\d\d\b",
)  # fmt: skip
"""What holds digits and is no number of places: dates, references, hours, ages, and a part of what was said (« dont 5 »)."""
_RANGE = re.compile(r"\b(?:entre\s+|de\s+)?(\d+)\s*(?:a|et|-|/|–)\s*(\d+)\b")
_ONES = [
    "zero",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
]
_WORDS = {word: number for number, word in enumerate(_ONES)} | {
    "une": 1, "vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "cent": 100, "cents": 100,
}  # fmt: skip


@dataclass(frozen=True)
class Count:
    """A number of places, or why there is none: `doubt` names what a person must look at."""

    value: int | None
    doubt: Doubt | None = None


def _marked(text: str) -> str:
    """Fold a text but keep the signs that count."""
    kept = re.sub(r"[–—]", "-", text)
    parts = re.split(r"([+/\-:().,°])", kept)
    return " ".join(
        re.sub(
            r"\s+",
            " ",
            "".join(
                p if p in "+/-:().,°" and p else f"{fold_words(p)}" if p.strip() else " "
                for p in parts
            ),
        ).split()
    )


def _in_words(text: str) -> str:
    """Turn « quarante-deux » into 42; one word alone such as « un » stays a word unless it counts places."""

    def number(match: re.Match[str]) -> str:
        total, current = 0, 0
        for word in re.split(r"[ -]+", match[0]):
            if word == "et":
                continue
            value = _WORDS[word]
            if value == 100:
                current = max(current, 1) * 100
            elif value == 20 and current == 4:
                current = 80
            else:
                total, current = total + current, value
        return str(total + current)

    word = "|".join(sorted(_WORDS, key=len, reverse=True))
    return re.sub(
        rf"\b(?:{word})(?:[ -]+(?:et[ -]+)?(?:{word}))*\b(?=\s*{_UNIT}|\s*$)", number, text
    )


def read_count(value: Any) -> Count:
    """
    Read a number of places as a person would.

    Parameters
    ----------
    value
        A cell: a number, or words with a number in them.

    Returns
    -------
    Count
        The number; without one, whether it is a range, a reference (`2015-123`), a fraction, too many numbers, implausible.

    Examples
    --------
    >>> read_count("arrêté du 12/03/2019 : 40 places").value
    40
    >>> read_count("20 + 5").value
    25
    >>> read_count("de 12 à 18")
    Count(value=None, doubt='range')
    """
    if value is None or isinstance(value, bool):
        return Count(None)
    if isinstance(value, (int, float)):
        return _whole(float(value))
    written = str(value).strip()
    if not written or fold_words(written) in {
        "nc",
        "nd",
        "ns",
        "na",
        "n a",
        "non communique",
        "non renseigne",
        "inconnu",
        "inconnue",
    }:
        return Count(None)
    if _BARE.match(written):
        return _whole(float(re.sub(r"[ \u00a0\u202f]", "", written).replace(",", ".")))
    text = written.lower().strip()
    if re.fullmatch(r"-\s*\d+(?:[.,]0+)?", text):
        return Count(None, "implausible")
    if _FRACTION.match(text):
        return Count(None, "fraction")
    text = _in_words(_marked(text))
    if _BARE.match(text):
        return _whole(float(text))
    if "scolaire" in text and len(re.findall(r"\d+", text)) > 1:
        # « 2 + 1 périscolaire »: a place for an older child is none for a child under three.
        return Count(None, "several")
    if match := _SUM.match(text):
        return _whole(float(sum(map(int, re.findall(r"\d+", match[0])))))
    if _AGREEMENT.match(text):
        return Count(None, "reference")
    return _in_a_sentence(text)


def _in_a_sentence(text: str) -> Count:
    for pattern in _NOISE:
        text = re.sub(pattern, " ", text)
    text = re.sub(r"(?<=\d) (?=\d{3}\b)", "", text)
    if _RANGE.search(text):
        return Count(None, "range")
    everything = [int(one) for one in re.findall(r"\d+", text)]
    if not everything:
        return Count(None, "reference" if re.search(r"\d", text) else "unreadable")
    if "+" in text and len(everything) > 1:
        return _whole(float(sum(everything)))
    if len(everything) == 1:
        return _whole(float(everything[0]))
    return Count(None, "several")


def _whole(number: float) -> Count:
    if not number.is_integer():
        return Count(None, "fraction")
    if number > IMPLAUSIBLE_PLACES or number < 0:
        return Count(None, "implausible")
    return Count(int(number))
