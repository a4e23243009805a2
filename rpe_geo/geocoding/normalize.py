"""
How French writes addresses, reduced to plain words: the only place that knows letters and abbreviations.

A typed or published text becomes a list of *words*: lower case, no accents, digits apart from letters, numerals and
ordinals as digits, the usual abbreviations written out. Both sides of every comparison go through the same door.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["ARTICLES", "BREAK", "TITLES", "fold", "phonetic", "words"]

BREAK = ","
"""The word that stands for a comma, a semicolon, a bracket or a new line."""

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

_NUMERALS = {
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9, "dix": 10, "onze": 11,
    "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16, "vingt": 20, "trente": 30, "cent": 100,
    "premier": 1, "premiere": 1, "deuxieme": 2, "troisieme": 3, "quatrieme": 4, "cinquieme": 5, "sixieme": 6,
    "septieme": 7, "huitieme": 8, "neuvieme": 9, "dixieme": 10,
}  # fmt: skip
_NUMERAL_WORDS = {word: str(value) for word, value in _NUMERALS.items()}

_LIGATURES = str.maketrans(
    {
        "œ": "oe",
        "Œ": "oe",
        "æ": "ae",
        "Æ": "ae",
        "ß": "ss",
        "ø": "o",
        "Ø": "o",
        "ł": "l",
        "Ł": "l",
        "°": " ",
        "º": " ",
    }
)
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


def fold(text: str) -> str:
    """
    Lower a text, without accents or ligatures.

    >>> fold("Œuvres d'ÉTÉ")
    "oeuvres d'ete"
    """
    text = text.translate(_LIGATURES)
    if not text.isascii():
        text = "".join(
            letter
            for letter in unicodedata.normalize("NFKD", text)
            if not unicodedata.combining(letter)
        )
    return text.lower()


def words(text: str) -> list[str]:
    """
    Cut a text into plain words; commas and their like become one `BREAK` between words.

    >>> words("12bis, Av. du 8-Mai-1945 / St-Priest")
    ['12', 'bis', ',', 'av', 'du', '8', 'mai', '1945', 'saint', 'priest']
    >>> words("place Louis XIV, 1ère étage")
    ['place', 'louis', '14', ',', '1', 'etage']
    """
    found: list[str] = []
    for raw in _WORD.findall(_LETTER_ONE.sub("l", _LETTER_ZERO.sub("o", fold(text)))):
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
    return _join_numerals(found)


def _numeral(word: str) -> str:
    """Write a numeral in digits when the word is one: « onze », « XIV »."""
    digits = _NUMERAL_WORDS.get(word)
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


def _join_numerals(found: list[str]) -> list[str]:
    """Join « dix neuf » (10, 9) as 19; « 10 9 » never occurs otherwise before a month."""
    if "10" not in found:
        return found
    joined: list[str] = []
    for index, word in enumerate(found):
        if (
            word in {"7", "8", "9"}
            and joined
            and joined[-1] == "10"
            and index + 1 < len(found)
            and found[index + 1] in _MONTHS
        ):
            joined[-1] = f"1{word}"
        else:
            joined.append(word)
    return joined


_MONTHS = frozenset({
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
