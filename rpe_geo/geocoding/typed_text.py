"""What machines do to an address before it is read: forms, spreadsheets and other services, undone on the raw text."""

from __future__ import annotations

import html
import re

from rapidfuzz.distance import OSA

from rpe_geo.departements import DEPARTEMENTS
from rpe_geo.folding import fold
from rpe_geo.geocoding.house_numbers import RANGE, UNREADABLE
from rpe_geo.geocoding.lexicon import COMMON_WORDS
from rpe_geo.geocoding.normalize import ARTICLES, BREAK, NUMERALS, words
from rpe_geo.geocoding.street_names import STREET_TYPES

__all__ = [
    "decoded_again",
    "drop_departement_name",
    "drop_regions",
    "is_double_encoded",
    "typed_words",
]

_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\ufffd]"
)
# UTF-8 read as Windows-1252: « RÃ©publique ».
_MOJIBAKE = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]"
)
_EMPTY_CELL = frozenset({"nan", "null", "none", "undefined", "n/a", "#n/a", "na", "nc", "-", "."})
_DECIMAL_ZERO = re.compile(r"(?<![\d.,])(\d{1,5})[.,]0{1,2}(?![\d.,])")
_COUNTRY_BEFORE_POSTCODE = re.compile(r"\b(?:FRA?|F)\s?[-–.]?\s?(?=\d{5}\b)")
_COUNTRY_CODE = re.compile(r"[,;\n]\s*FRA?\s*$", re.IGNORECASE)
_WITHOUT_NUMBER = re.compile(
    r"(?:^|(?<=[\s,;]))(?:s\s?/\s?n(?:[°ºo]|um[ée]ro)?|sans\s+(?:n[°ºo]|num[ée]ro))(?=[\s,;])[\s,]*",
    re.IGNORECASE,
)
_SHORT_PREPOSITIONS = (
    (re.compile(r"\bss?/\s?ss?\b", re.IGNORECASE), "sous"),
    (re.compile(r"\bs/\s?(?=\w)", re.IGNORECASE), "sur "),
    (re.compile(r"(?<=[\w ])/s/?\s(?=\w)", re.IGNORECASE), " sur "),
    (re.compile(r"\bn\.?[ -]?d\.?\s(?=d[eu'’])", re.IGNORECASE), "notre dame "),
)
_SEPARATED_RANGE = re.compile(
    r"(?<![\w/.-])(\d{1,4}\s?(?:bis|ter|quater|[a-z])?)\s?(?:[-–—/&+]|à)\s?(?=\d{1,4}\s?(?:bis|ter|quater|[a-z])?(?![\w]|\s?[-/]\s?\d))",
    re.IGNORECASE,
)
_CONFUSED = re.compile(
    r"(?<![\w'’.-])(?=[\doOlI|]*\d)(?=[\doOlI|]*[oOlI|])[\doOlI|]{2,6}(?![\w'’°º])"
)
_QUESTIONED = re.compile(r"(?<!\w)(?:\d*[?_*…]+\d+|\d+\s?/?\s?[?_*…]+\d*)")
_NO_ANSWER = re.compile(
    r"(?:\bn[°ºo]|\bnum[ée]ro)\s?[?_*…#]+|(?<!\w)#{2,}|^\s*(?:[?_*…]+|x{1,3})(?=\s+\w)",
    re.IGNORECASE,
)
_TYPES = "|".join(sorted((form for form in STREET_TYPES if len(form) > 1), key=len, reverse=True))
_LETTERS_FOR_DIGITS = re.compile(
    rf"^\s*(?:[oOlI|]{{2,4}}(?=\s+[A-Za-z])|[oOlI|](?=\s+(?i:{_TYPES})\b))"
)
_ONE = re.compile(rf"^\s*une?(?=(?:\s+(?:bis|ter|[a-z]))?\s+(?:{_TYPES})\b)", re.IGNORECASE)
_GLUED_SUFFIX = re.compile(
    r"(?<![\w'’.])(\d{1,5}[a-df-z])(?=\s+(?!bis\b|ter\b|quater\b)[a-z])", re.IGNORECASE
)
_CUT_NUMBER = re.compile(r"(?<![\d.,])\d{1,4}[.,]\d{1,4}(?=\s+[a-z])", re.IGNORECASE)
_FIRST_WORD = re.compile(rf"^\s*([a-zéè]{{4,12}})(?=\s+(?:{_TYPES})\b)", re.IGNORECASE)
_LETTER_NUMBER = re.compile(r"(?:^|(?<=[,;\n]))\s*[a-mo-z]\d{1,4}(?=\s+[a-z])", re.IGNORECASE)
# A spreadsheet reads « 3-5 » as a date.
_MONTH = r"(?:janv?|f[ée]vr?|mars?|avr|mai|juin|juil|ao[ûu]t?|sept?|oct|nov|d[ée]c)\.?"
_DATED = re.compile(rf"^\s*(?:\d{{1,2}}[-/]{_MONTH}|{_MONTH}[-/]\d{{1,2}})(?=[\s,])", re.IGNORECASE)
_ROMAN_NUMBER = re.compile(r"^\s*(?=[ivx]{2,5}\s)x{0,2}(?:ix|iv|v?i{0,3})(?=\s)", re.IGNORECASE)
_DIGITS_FOR = str.maketrans({"o": "0", "O": "0", "l": "1", "I": "1", "|": "1"})
_MARKERS = re.compile(f"([{RANGE}{UNREADABLE}])")

_COUNTRIES = frozenset(
    {
        "france",
        "france metropolitaine",
        "republique francaise",
        "fr",
        "fra",
        "francois",
        "metropolitan france",
    }
)
_REGIONS = frozenset(
    " ".join(words(name))
    for name in (
        "Auvergne-Rhône-Alpes", "Bourgogne-Franche-Comté", "Bretagne", "Centre-Val de Loire", "Corse", "Grand Est",
        "Hauts-de-France", "Île-de-France", "Normandie", "Nouvelle-Aquitaine", "Occitanie", "Pays de la Loire",
        "Provence-Alpes-Côte d'Azur", "PACA", "Alsace", "Aquitaine", "Auvergne", "Bourgogne", "Champagne-Ardenne",
        "Franche-Comté", "Languedoc-Roussillon", "Limousin", "Lorraine", "Midi-Pyrénées", "Nord-Pas-de-Calais",
        "Basse-Normandie", "Haute-Normandie", "Picardie", "Poitou-Charentes", "Rhône-Alpes", "DROM",
    )
)  # fmt: skip
_DEPARTEMENT_NAMES = {code: " ".join(words(name)) for code, name in DEPARTEMENTS.items()}
_CITIES_TOO = frozenset({"paris", "mayenne", "vienne"})
_ALL_DEPARTEMENTS = frozenset(_DEPARTEMENT_NAMES.values())


def mend_text(text: str) -> str:
    """
    Undo what forms, spreadsheets and other services do to an address.

    Parameters
    ----------
    text
        As it came.

    Returns
    -------
    str
        Readable text; the dash of a range becomes `RANGE`, and `UNREADABLE` precedes a number that cannot be read.

    Examples
    --------
    >>> mend_text("12.0 Rue de la RÃ©publique &amp; Co")
    '12 Rue de la République & Co'
    """
    text = _INVISIBLE.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    if is_double_encoded(text):
        text = decoded_again(text)
    if fold(text).strip() in _EMPTY_CELL:
        return ""
    text = text.strip().strip("\"'«»").removeprefix("=").strip("\"' ")
    text = _COUNTRY_CODE.sub("", _COUNTRY_BEFORE_POSTCODE.sub("", text))
    if "/" in text or "." in text or "nd " in text.lower():
        text = _WITHOUT_NUMBER.sub("", text)
        for pattern, long in _SHORT_PREPOSITIONS:
            text = pattern.sub(long, text)
    elif "sans" in text.lower():
        text = _WITHOUT_NUMBER.sub("", text)
    text = _DECIMAL_ZERO.sub(r"\1", text)
    text = _SEPARATED_RANGE.sub(rf"\1 {RANGE} ", text)
    text = _CONFUSED.sub(lambda found: f"{UNREADABLE} {found[0].translate(_DIGITS_FOR)}", text)
    text = _GLUED_SUFFIX.sub(r"\1, ", _ONE.sub("1", text))
    first = _FIRST_WORD.match(text)
    if first and _is_misspelt_numeral(fold(first[1])):
        text = f"{UNREADABLE} {text}"
    text = _CUT_NUMBER.sub(lambda found: f"{UNREADABLE} {found[0]}", text)
    for pattern in (_DATED, _NO_ANSWER, _LETTERS_FOR_DIGITS):
        text = pattern.sub(f"{UNREADABLE} ", text)
    text = _QUESTIONED.sub(lambda found: f"{UNREADABLE} {re.sub(r'[^0-9]', '', found[0])} ", text)
    return _ROMAN_NUMBER.sub(
        lambda found: f"{UNREADABLE} {found[0]}",
        _LETTER_NUMBER.sub(lambda found: f"{UNREADABLE} {found[0]}", text),
    )


def _is_misspelt_numeral(word: str) -> bool:
    """Tell whether a word is a slip for a number: « douz », « trante »."""
    if word in NUMERALS or word in STREET_TYPES or word in COMMON_WORDS:
        return False
    return any(OSA.distance(word, numeral, score_cutoff=1) <= 1 for numeral in NUMERALS)


def is_double_encoded(text: str) -> bool:
    """Tell whether a text is UTF-8 that was read as Windows-1252: « RÃ©publique »."""
    return not text.isascii() and _MOJIBAKE.search(text) is not None


def decoded_again(text: str) -> str:
    """Decode once more what was UTF-8; a text that was not stays as it is."""
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


def typed_words(text: str) -> list[str]:
    """Cut a typed text into plain words, with `RANGE` and `UNREADABLE` where they stand."""
    mended = mend_text(text)
    if RANGE not in mended and UNREADABLE not in mended:
        return words(mended)
    found: list[str] = []
    for piece in _MARKERS.split(mended):
        if piece in {RANGE, UNREADABLE}:
            found.append(piece)
        else:
            found.extend(words(piece))
    return found


def drop_regions(found: list[str], postcode: str) -> list[str]:
    """
    Drop the parts that name a country, a region or a département, as maps and forms append them.

    Parameters
    ----------
    found
        Words with breaks and marks.
    postcode
        The postcode typed, or "": a département is dropped by its name where it is the postcode's own, or the last part.

    Returns
    -------
    list of str
        What is left; the first part always stays.
    """
    parts: list[list[str]] = [[]]
    for word in found:
        if word == BREAK:
            parts.append([])
        else:
            parts[-1].append(word)
    own = _DEPARTEMENT_NAMES.get(postcode[:3] if postcode.startswith("97") else postcode[:2], "")
    kept = [parts[0]]
    for index, part in enumerate(parts[1:], 1):
        name = " ".join(part)
        named_already = any(other == part for other in kept)
        last = not any(parts[index + 1 :])
        dropped = name in _COUNTRIES or name in _REGIONS or name.startswith("departement ")
        is_city_too = name in _CITIES_TOO and not named_already
        if name == own and postcode and not is_city_too:
            dropped = dropped or _another_city(kept, parts[index + 1 :])
        if name in _ALL_DEPARTEMENTS and last and not postcode and len(kept) > 1:
            dropped = dropped or not is_city_too
        if not dropped:
            kept.append(part)
    joined: list[str] = []
    for part in kept:
        if joined and part:
            joined.append(BREAK)
        joined.extend(part)
    return joined


def drop_departement_name(body: list[str]) -> list[str]:
    """Drop the name of a département that ends an address without postcode: « 12 rue Haute Mende Lozère »."""
    for length in (3, 2, 1):
        name = " ".join(body[-length:])
        if len(body) > length + 3 and name in _ALL_DEPARTEMENTS and name not in _CITIES_TOO:
            before = body[-length - 1]
            if before not in {BREAK, "sur", "sous", "lez"} | ARTICLES | STREET_TYPES.keys():
                return body[:-length]
    return body


def _another_city(before: list[list[str]], after: list[list[str]]) -> bool:
    """Whether other parts may name the city: « 34000 Montpellier, Hérault », not « 75012, Paris »."""
    return len([part for part in before[1:] if part]) > 0 or any(
        len([word for word in part if not word.isdigit()]) > 0
        and any(word.isdigit() and len(word) == 5 for word in part)
        for part in after
    )
