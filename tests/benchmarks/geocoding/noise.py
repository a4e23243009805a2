"""Addresses as people type them: real rows, spoilt in the ways of keyboards, ears, forms and habits."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass

__all__ = ["PROFILES", "Profile", "Row", "Typed", "spoil"]

ABBREVIATED = {
    "Avenue": ["av", "av.", "ave", "Av."], "Boulevard": ["bd", "bld", "Bd.", "boul."], "Rue": ["r", "r.", "R."],
    "Place": ["pl", "pl."], "Chemin": ["che", "chem.", "ch."], "Impasse": ["imp", "imp."], "Allée": ["all", "all."],
    "Route": ["rte", "Rte"], "Square": ["sq"], "Passage": ["pass", "pge"], "Lotissement": ["lot", "lot."],
    "Résidence": ["res", "rés."], "Faubourg": ["fg", "fbg"], "Quartier": ["quart"],
}  # fmt: skip
SHORTENED = {
    "Saint": ["st", "St.", "S:t"[:2]], "Sainte": ["ste", "Ste"], "Général": ["gal", "gén.", "Gal"], "Maréchal": ["mal", "Mal"],
    "Docteur": ["dr", "Dr"], "Président": ["pdt", "Pdt"], "Commandant": ["cdt"], "Capitaine": ["cap", "cne"],
    "Colonel": ["col", "Col."], "Professeur": ["prof", "Pr"], "Faubourg": ["fbg", "fg"],
}  # fmt: skip
SOUNDS = [
    ("ph", "f"), ("eau", "o"), ("au", "o"), ("qu", "k"), ("ss", "s"), ("ll", "l"), ("tt", "t"), ("nn", "n"), ("mm", "m"),
    ("y", "i"), ("ç", "ss"), ("th", "t"), ("ai", "è"), ("ei", "ai"), ("an", "en"), ("en", "an"), ("c", "ss"), ("g", "gu"),
    ("z", "s"), ("s", "z"), ("h", ""), ("rr", "r"), ("ein", "in"), ("ain", "in"), ("x", "s"), ("è", "ê"), ("é", "ai"),
]  # fmt: skip
KEYS = {
    "a": "zqs", "z": "aes", "e": "zrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "om",
    "q": "asw", "s": "qdz", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy", "j": "hku", "k": "jli", "l": "kmo", "m": "lp",
    "w": "xq", "x": "wcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bh",
}  # fmt: skip
BEFORE = [
    "Bât. {L}, ",
    "Bâtiment {L} ",
    "Appt {N} ",
    "Résidence les Tilleuls, ",
    "Chez Mme Durand, ",
    "chez M. Petit ",
    "APPT {N} BAT {L} ",
]
AFTER = [
    " bât {L}",
    ", appt {N}",
    " bat {L} appt {N}",
    ", {F}e étage",
    ", BP {N}",
    " rez-de-chaussée",
    ", résidence du Parc",
    " esc {L}",
]


@dataclass(frozen=True)
class Row:
    """A published address."""

    number: int
    suffix: str
    street: str
    postcode: str
    code: str
    city: str
    longitude: float
    latitude: float
    street_key: str


@dataclass(frozen=True)
class Typed:
    """What somebody typed, the row it came from, and how it was spoilt."""

    text: str
    postcode: str | None
    city: str | None
    row: Row
    numbered: bool
    spoilt: tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """How often each kind of spoiling happens."""

    columns: float = 0.0
    upper: float = 0.2
    lower: float = 0.2
    plain: float = 0.3
    abbreviated: float = 0.3
    shortened: float = 0.4
    typo: float = 0.2
    typos_more: float = 0.1
    sound: float = 0.1
    article: float = 0.1
    inside: float = 0.12
    cedex: float = 0.03
    no_postcode: float = 0.12
    wrong_postcode: float = 0.05
    no_city: float = 0.05
    swapped: float = 0.08
    ranged: float = 0.03
    no_number: float = 0.1
    glued: float = 0.03
    city_typo: float = 0.1
    first_name: float = 0.03


PROFILES = {
    "usual": Profile(),
    "form": Profile(
        columns=1.0, inside=0.2, no_postcode=0.05, wrong_postcode=0.05, no_city=0.03, swapped=0.0
    ),
    "shouted": Profile(
        upper=1.0, plain=1.0, abbreviated=0.7, shortened=0.9, typo=0.1, cedex=0.1, inside=0.25
    ),
    "by-ear": Profile(sound=0.5, typo=0.1, lower=0.6, plain=0.6, no_postcode=0.3, city_typo=0.25),
    "hasty": Profile(
        typo=0.6,
        typos_more=0.3,
        lower=0.8,
        plain=0.7,
        article=0.3,
        glued=0.1,
        no_city=0.1,
        city_typo=0.3,
    ),
}


def spoil(row: Row, profile: Profile, rng: random.Random, wrong_postcodes: list[str]) -> Typed:
    """Type a row as somebody might."""
    spoilt: list[str] = []

    def chance(share: float, name: str) -> bool:
        happens = rng.random() < share
        if happens:
            spoilt.append(name)
        return happens

    street, city, postcode = row.street, row.city, row.postcode
    arrondissement = re.match(r"(Paris|Lyon|Marseille) (\d+)er?e? Arrondissement", city)
    if arrondissement:
        base, number = arrondissement.groups()
        city = rng.choice(
            [
                base,
                base,
                base,
                f"{base} {number}",
                f"{base} {number}e",
                f"{base} {number}ème arrondissement",
            ]
        )
    words = street.split(" ")
    if words[0] in ABBREVIATED and chance(profile.abbreviated, "abbreviated"):
        words[0] = rng.choice(ABBREVIATED[words[0]])
    if any(word in SHORTENED for word in words[1:]) and chance(profile.shortened, "shortened"):
        words = [
            words[0],
            *(rng.choice(SHORTENED[word]) if word in SHORTENED else word for word in words[1:]),
        ]
    if len(words) > 2 and chance(profile.article, "article"):
        words = [
            words[0],
            *(
                word
                for word in words[1:]
                if word.lower() not in {"de", "du", "des", "la", "le", "les"}
            ),
        ]
    if (
        len(words) == 3
        and words[1].isalpha()
        and len(words[1]) > 3
        and chance(profile.first_name, "first name")
    ):
        words[1] = rng.choice([words[1][0], words[1][0] + "."])
    street = " ".join(words)
    if chance(profile.sound, "sound"):
        street = _misheard(street, rng)
    if chance(profile.typo, "typo"):
        street = _mistyped(street, rng)
        if rng.random() < profile.typos_more:
            street = _mistyped(street, rng)
    if chance(profile.glued, "glued"):
        street = _glued(street, rng)
    if chance(profile.city_typo, "city typo"):
        city = _misheard(city, rng) if rng.random() < 0.4 else _mistyped(city, rng)
    if chance(profile.cedex, "cedex"):
        city = f"{city} CEDEX" + rng.choice(["", " 9", " 01"])
        postcode = postcode[:3] + f"{rng.randrange(1, 99):02d}"
    numbered = not chance(profile.no_number, "no number")
    number = ""
    if numbered:
        number = (
            str(row.number) + rng.choice(["", " "]) + row.suffix if row.suffix else str(row.number)
        )
        if chance(profile.ranged, "range"):
            number = number + rng.choice(["-", "/", " à ", " et "]) + str(row.number + 2)
        number += rng.choice([" ", " ", " ", ", "])
        if rng.random() < 0.03:
            number = rng.choice(["n° ", "N°", "no "]) + number
    has_postcode = not chance(profile.no_postcode, "no postcode")
    if has_postcode and chance(profile.wrong_postcode, "wrong postcode"):
        postcode = rng.choice(wrong_postcodes)
    has_city = not chance(profile.no_city, "no city")
    if not has_city and not has_postcode:
        has_city = True
        spoilt.remove("no city")
    before = after = ""
    if chance(profile.inside, "inside"):
        filled = rng.choice(BEFORE if numbered and rng.random() < 0.4 else AFTER)
        text = (
            filled.replace("{L}", rng.choice("ABCD"))
            .replace("{N}", str(rng.randrange(1, 60)))
            .replace("{F}", str(rng.randrange(2, 9)))
        )
        before, after = (text, "") if filled in BEFORE else ("", text)
    line = f"{before}{number}{street}{after}"
    if rng.random() < profile.columns:
        return Typed(
            _cased(line, profile, rng),
            postcode if has_postcode else None,
            _cased(city, profile, rng) if has_city else None,
            row,
            numbered,
            tuple(spoilt),
        )
    place = " ".join(
        part for part in ((postcode if has_postcode else ""), (city if has_city else "")) if part
    )
    joint = rng.choice([" ", " ", ", ", " - ", "\n"])
    if after and rng.random() < 0.5:
        joint = ", "
    if chance(profile.swapped, "swapped"):
        if numbered and rng.random() < 0.4 and not row.suffix:
            line = f"{street}, {row.number}" if rng.random() < 0.5 else f"{street} {row.number}"
            text = f"{line}, {place}"
        else:
            text = f"{place}{rng.choice([', ', ' '])}{line}"
    elif has_postcode and has_city and rng.random() < 0.1:
        text = f"{line}{joint}{city} {postcode}"
    else:
        text = f"{line}{joint}{place}"
    return Typed(_cased(text, profile, rng), None, None, row, numbered, tuple(spoilt))


def _cased(text: str, profile: Profile, rng: random.Random) -> str:
    if rng.random() < profile.plain:
        text = "".join(
            c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)
        )
    draw = rng.random()
    if draw < profile.upper:
        return text.upper()
    return text.lower() if draw < profile.upper + profile.lower else text


def _letters(text: str) -> list[int]:
    """List the letters of words long enough to be mistyped: never the first letter of a word."""
    return [
        match.start() + offset
        for match in re.finditer(r"[^\W\d_]{4,}", text)
        for offset in range(1, len(match[0]))
    ]


def _mistyped(text: str, rng: random.Random) -> str:
    places = _letters(text)
    if not places:
        return text
    at = rng.choice(places)
    letter = text[at].lower()
    match rng.randrange(5):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + letter + text[at:]
        case 2:
            return text[:at] + rng.choice(KEYS.get(letter, "e")) + text[at + 1 :]
        case 3 if at + 1 < len(text) and text[at + 1].isalpha():
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        case _:
            return text[:at] + rng.choice(KEYS.get(letter, "e")) + text[at:]


def _misheard(text: str, rng: random.Random) -> str:
    possible = [(a, b) for a, b in SOUNDS if a in text[1:].lower()]
    if not possible:
        return text
    a, b = rng.choice(possible)
    at = text.lower().index(a, 1)
    return text[:at] + b + text[at + len(a) :]


def _glued(text: str, rng: random.Random) -> str:
    spaces = [match.start() for match in re.finditer(r"[ -]", text)][1:]
    if not spaces:
        return text
    at = rng.choice(spaces)
    return text[:at] + text[at + 1 :]
