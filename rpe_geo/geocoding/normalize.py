"""
How French writes addresses, reduced to plain words: the only place that knows letters and abbreviations.

A typed or published text becomes a list of *words*: lower case, no accents, digits apart from letters, numerals and
ordinals as digits, the usual abbreviations written out. Both sides of every comparison go through the same door.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rpe_geo.folding import fold

__all__ = [
    "ARTICLES",
    "BREAK",
    "MARK",
    "MONTHS",
    "NUMERALS",
    "TITLES",
    "numerals_beginning",
    "phonetic",
    "words",
]

BREAK = ","
"""The word that stands for a comma, a semicolon, a bracket or a new line."""

MARK = "\u0000"
"""The word that stands where a postcode stood."""

ARTICLES = frozenset({"le", "la", "les", "l", "de", "du", "des", "d", "a", "au", "aux", "et", "en"})
"""Words that people drop or swap without meaning another street."""

TITLES = frozenset({
    "abbe", "adjudant", "amiral", "archeveque", "aspirant", "baron", "caporal", "capitaine", "cardinal", "chanoine",
    "chevalier", "colonel", "commandant", "commissaire", "comte", "comtesse", "cure", "docteur", "duc", "duchesse",
    "eveque", "frere", "general", "ingenieur", "lieutenant", "madame", "marechal", "marquis", "marquise", "maitre",
    "mere", "monseigneur", "monsieur", "pere", "president", "professeur", "prince", "princesse", "sergent",
    "soeur",
})  # fmt: skip
"""Ranks and honours: « rue Leclerc » is « rue du Général Leclerc »."""

# Only abbreviations that are nothing else in a French address: « col » may be a mountain pass and « cap » a cape.
_ABBREVIATIONS = {
    "st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes", "dr": "docteur", "doct": "docteur",
    "gal": "general", "gral": "general", "gnal": "general", "mal": "marechal", "marech": "marechal", "cdt": "commandant",
    "cmdt": "commandant", "cne": "capitaine", "cpt": "capitaine", "lt": "lieutenant", "ltn": "lieutenant",
    "sgt": "sergent", "pdt": "president", "pdte": "presidente", "prof": "professeur", "pr": "professeur",
    "mgr": "monseigneur", "mme": "madame", "mr": "monsieur", "fbg": "faubourg", "fg": "faubourg", "fb": "faubourg",
    "gde": "grande", "gd": "grand", "grd": "grand", "pte": "porte", "dez": "des", "dela": "de la", "vx": "vieux", "vlle": "vieille",
    "anc": "ancien", "chl": "charles", "hri": "henri", "ml": "marechal", "gl": "general", "cl": "colonel",
    "rgt": "regiment", "div": "division", "inf": "infanterie", "rep": "republique", "lib": "liberation",
    "egl": "eglise", "chap": "chapelle", "chat": "chateau", "fr": "francois", "jh": "joseph", "ndame": "notre dame",
    "sr": "soeur", "zae": "zone d activite economique",
}  # fmt: skip

_UNITS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9, "dix": 10,
    "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
}  # fmt: skip
_TENS = {
    "vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "septante": 70, "octante": 80, "huitante": 80,
    "nonante": 90,
}  # fmt: skip
_HUNDRED = frozenset({"cent", "cents"})
NUMERALS = frozenset({*_UNITS, *_TENS}) - {"un", "une", "six", "dix"}
"""Numbers in words, long enough for a slip in one to be known."""
_NUMERAL_BEGINNINGS = frozenset({*_UNITS, *_TENS, *_HUNDRED, "mille"})
_ORDINAL_WORDS = {
    "premier": "1", "premiere": "1", "deuxieme": "2", "troisieme": "3", "quatrieme": "4", "cinquieme": "5",
    "sixieme": "6", "septieme": "7", "huitieme": "8", "neuvieme": "9", "dixieme": "10",
}  # fmt: skip

_ROMAN = re.compile(r"(?=[ivx]{2,5}$)x{0,2}(?:ix|iv|v?i{0,3})$")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}
_WORD = re.compile(
    r"\d+(?:ere|er|ieme|eme|nde|nd|re|e)\b|\d+|[a-z]+|[,;\n\r()|\[\]]|\s[-–—]\s", re.ASCII
)
_ORDINAL = re.compile(r"(\d+)(?:ere|er|ieme|eme|nde|nd|re|e)$")
# Scanned forms: « F0ntaine », « Bou1evard ».
_LETTER_ZERO = re.compile(r"(?<=[a-z])0(?=[a-z])")
_LETTER_ONE = re.compile(r"(?<=[a-z])1(?=[a-z]{3})")
_STRUCTURAL = frozenset(",;\n\r()|[]")


def words(text: str) -> list[str]:
    """
    Cut a text into plain words; commas and their like become one `BREAK` between words.

    >>> words("12bis, Av. du 8-Mai-1945 / St-Priest")
    ['12', 'bis', ',', 'av', 'du', '8', 'mai', '1945', 'saint', 'priest']
    >>> words("place Louis XIV, 1ère étage")
    ['place', 'louis', '14', ',', '1', 'etage']
    """
    found: list[str] = []
    raws = _WORD.findall(_LETTER_ONE.sub("l", _LETTER_ZERO.sub("o", fold(text))))
    read = 0
    for index, raw in enumerate(raws):
        if index < read:
            continue  # a word of a number already read
        if raw in _NUMERAL_BEGINNINGS:
            value, length = _read_numeral(raws, index)
            if length:
                found.append(str(value))
                read = index + length
                continue
        if raw in _STRUCTURAL or not raw.strip("-–— \t"):
            if found and found[-1] != BREAK:
                found.append(BREAK)
            continue
        ordinal = _ORDINAL.match(raw)
        if ordinal:
            found.append(ordinal[1])
            if raw.endswith(ordinal[1] + "e") and len(found) == 1:
                found.append("e")  # « 5e rue… » at the very start is number 5 E
            continue
        long = _ABBREVIATIONS.get(raw)
        if long is not None:
            found.extend(long.split(" "))
            continue
        found.append(_numeral(raw))
    while found and found[-1] == BREAK:
        found.pop()
    return found


def _numeral(word: str) -> str:
    """Write an ordinal or a Roman numeral in digits: « deuxième », « XIV »."""
    digits = _ORDINAL_WORDS.get(word)
    if digits is not None:
        return digits
    if word[0] in "ivx" and _ROMAN.match(word):
        value, highest = 0, 0
        for letter in reversed(word):
            figure = _ROMAN_VALUES[letter]
            value += figure if figure >= highest else -figure
            highest = max(highest, figure)
        return str(value)
    return word


def _read_numeral(raws: Sequence[str], start: int) -> tuple[int, int]:
    """
    Read a number written in words, and how many words it takes: « quatre-vingt-dix-neuf » is (99, 4); (0, 0) for none.

    « un » alone is an article.
    """
    value, at = 0, start
    if raws[at] == "mille" and at + 1 < len(raws):
        rest, length = _below_thousand(raws, at + 1)
        return (1000 + rest, 1 + length) if length else (0, 0)
    value, length = _below_thousand(raws, start)
    if length == 1 and raws[start] in {"un", "une"}:
        return 0, 0
    return value, length


def _below_thousand(raws: Sequence[str], start: int) -> tuple[int, int]:
    at = start
    hundreds, length = 1, 0
    if raws[at] not in _HUNDRED:
        hundreds, length = _below_hundred(raws, at)
        if not 1 < hundreds < 10 or at + length >= len(raws) or raws[at + length] not in _HUNDRED:
            return hundreds, length
    at += length + 1
    rest, more = _below_hundred(raws, at) if at < len(raws) else (0, 0)
    return 100 * hundreds + rest, length + 1 + more


def _below_hundred(raws: Sequence[str], start: int) -> tuple[int, int]:
    word = raws[start]
    following = raws[start + 1] if start + 1 < len(raws) else ""
    if word == "quatre" and following in {"vingt", "vingts"}:
        base, length, most = 80, 2, 19
    elif word in _TENS:
        base, length, most = _TENS[word], 1, 19 if word == "soixante" else 9
    elif word == "dix" and following in {"sept", "huit", "neuf"}:
        return 10 + _UNITS[following], 2
    else:
        return (_UNITS[word], 1) if word in _UNITS else (0, 0)
    at = start + length
    joined = (
        1
        if at + 1 < len(raws) and raws[at] == "et" and raws[at + 1] in {"un", "une", "onze"}
        else 0
    )
    at += joined
    if (
        at < len(raws)
        and raws[at] in _UNITS
        and (joined or raws[at] not in {"un", "une"} or base == 80)
    ):
        unit, more = (
            (10 + _UNITS[raws[at + 1]], 2)
            if raws[at] == "dix" and at + 1 < len(raws) and raws[at + 1] in {"sept", "huit", "neuf"}
            else (_UNITS[raws[at]], 1)
        )
        if unit <= most:
            return base + unit, length + joined + more
    return base, length


_ROMAN_NUMERALS = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11, "xii": 12, "xiii": 13,
    "xiv": 14, "xv": 15, "xvi": 16, "xvii": 17, "xviii": 18, "xix": 19, "xx": 20, "xxi": 21, "xxii": 22, "xxiii": 23,
}  # fmt: skip


def numerals_beginning(text: str) -> list[str]:
    """
    List the numbers whose Roman or French writing begins so, in digits.

    >>> numerals_beginning("xi")
    ['11', '12', '13']
    >>> numerals_beginning("hui")
    ['8']
    """
    if not text:
        return []
    if set(text) <= set("ivx"):
        return [str(value) for roman, value in _ROMAN_NUMERALS.items() if roman.startswith(text)][
            :6
        ]
    if len(text) < 3:
        return []
    return [str(value) for word, value in (_UNITS | _TENS).items() if word.startswith(text)][:3]


MONTHS = frozenset({
    "janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
    "decembre",
})  # fmt: skip

_SOUNDS = (
    (re.compile(r"([bcdfgjklmnpqrstvxz])\1"), r"\1"),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"ge(?=[ao])|g(?=[eiy])"), "j"),
    (re.compile(r"eaux|eau|aux|au"), "o"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"sch|sh"), "ch"),
    (re.compile(r"th"), "t"),
    (re.compile(r"gn"), "ny"),
    (re.compile(r"ch(?=[rl])"), "k"),
    (re.compile(r"(?<!c)h"), ""),
    (re.compile(r"qu|q|ck|c(?!h)"), "k"),
    (re.compile(r"gu(?=[eiy])"), "g"),
    (re.compile(r"(?<=[a-z]{2})(?:ets?|er|ez)$"), "E"),
    (re.compile(r"y"), "i"),
    (re.compile(r"ai|ei"), "e"),
    (re.compile(r"[ae][mn](?![aeioumn])"), "an"),
    (re.compile(r"[i][mn](?![aeioumn])"), "in"),
    (re.compile(r"om(?=[pb])"), "on"),
    (re.compile(r"(?<=[aeiou])s(?=[aeiou])|x$"), "z"),
    (re.compile(r"oe|oeu"), "e"),
    (re.compile(r"w"), "v"),
    (re.compile(r"ti(?=on)"), "si"),
    (re.compile(r"([a-z])\1"), r"\1"),
    (re.compile(r"(?<=[a-z]{2})(?:ent|es?|[stdzxp]+)$"), ""),
)


@lru_cache(maxsize=50_000)
def phonetic(word: str) -> str:
    """
    Write a word as it sounds in French, roughly.

    >>> phonetic("philippe") == phonetic("filipe")
    True
    >>> phonetic("chateau") == phonetic("chato")
    True
    """
    if len(word) < 3 or word.isdigit():
        return word
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word
