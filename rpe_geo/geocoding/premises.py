"""What lies inside a house or an estate and is no street: « bât. B », « appt n° 4 », « 3e étage », « chez Mme X »."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rapidfuzz.distance import OSA

from rpe_geo.geocoding.house_numbers import (
    NUMBER_WORDS,
    SUFFIXES,
    UNREADABLE,
    begins_way,
    begins_with_type,
)
from rpe_geo.geocoding.normalize import ARTICLES, BREAK, MARK
from rpe_geo.geocoding.street_names import QUALIFIERS, split_type

__all__ = ["drop_premises"]

_SURE = frozenset({
    "bat", "batiment", "batim", "bt", "appartement", "appartment", "apartment", "appt", "app", "apt", "apprt", "appart",
    "logement", "logt", "lgt", "escalier", "esc", "hall", "etage", "etg", "boite", "digicode", "interphone", "chambre", "chb",
    "bal", "bureau", "studio", "cage", "bloc", "box", "niveau", "palier", "porte", "pte", "entree", "ent", "immeuble", "imm",
    "garage", "parking", "local", "cellule", "casier", "boitier", "code", "aile", "duplex", "sous sol", "etagere", "ch",
})  # fmt: skip
"""Words of a part of a building; a number or a letter after them is its own."""

_OFTEN = frozenset({
    "villa", "pavillon", "pav", "lot", "maison", "chalet", "bungalow", "tour", "emplacement", "parcelle", "ilot", "gite",
    "mobil", "mobilhome", "secteur", "tranche", "groupe",
})  # fmt: skip
"""Words that number a house of an estate; they begin names too, so that only a number after them is dropped."""

_ESTATES = frozenset({
    "residence", "resid", "rce", "immeuble", "copropriete", "lotissement", "lotiss", "ensemble", "camping", "foyer", "domaine",
    "copro", "hlm", "lieudit",
})  # fmt: skip
"""Words that begin an estate's name where they follow a street."""

_NUMBERED_ESTATES = frozenset({
    "clos", "villa", "tour", "hameau", "cite", "domaine", "jardin", "parc", "quartier", "village", "mas", "maison", "pavillon", "les",
})  # fmt: skip
"""What a second number begins after a street: « 10 rue Haute 4 clos Fleuri »."""

_LETTERED = frozenset(
    {"bat", "batiment", "bt", "appartement", "appt", "app", "apt", "escalier", "esc"}
)
"""Of these, « d » and « l » are names: « bât. D », not « entrée d'honneur »."""

_DIRECTIONS = frozenset({"nord", "sud", "est", "ouest", "droite", "gauche", "centre"})
_FLOORS = frozenset({"etage", "etages", "etg"})
_LETTERS = frozenset({"l", "d"})
_LONG_PLACE = 9


def drop_premises(found: list[str], places: Collection[tuple[str, ...]]) -> list[str]:
    """
    Remove what is inside the house, and set an estate named after the street apart.

    Parameters
    ----------
    found
        Words of an address with breaks and marks.
    places
        Names of places that begin like an occupant, « Chez Jarry »: they are kept.

    Returns
    -------
    list of str
        The words left; a number of which nobody can say whether it is the flat's or the house's brings `UNREADABLE`.
    """
    kept: list[str] = []
    index = 0
    while index < len(found):
        step = _floor(found, index) or _unit(found, index, kept)
        if step:
            index += step
            if kept and kept[-1] != BREAK and not kept[-1].isdigit():
                kept.append(BREAK)
            continue
        word = found[index]
        if word == "chez":
            length = _place_length(found, index, places)
            if length:
                kept.extend(found[index : index + length])
                index += length
                continue
            opening = not kept or kept[-1] == BREAK or kept[-1].isdigit() or len(kept) > 1
            if opening:
                index = _end_of_occupant(found, index)
                continue
        if _begins_estate(found, index) and _follows_a_street(kept):
            kept.append(BREAK)
        kept.append(word)
        index += 1
    return kept


def _floor(found: Sequence[str], index: int) -> int:
    """Count the words of a floor that begins here: « 3e étage », « rez-de-chaussée », « RDC »."""
    word = found[index]
    following = found[index + 1] if index + 1 < len(found) else ""
    if word.isdigit() and len(word) <= 2:
        after = index + 2 if following in {"e", "er", "eme", "ieme", "me"} else index + 1
        if after < len(found) and found[after] in _FLOORS:
            return after + 1 - index
    if word == "dernier" and following in _FLOORS:
        return 2
    if word in {"rdc", "rdj", "entresol"}:
        return 1
    if word == "rez":
        end = next((at for at in range(index, min(index + 4, len(found))) if found[at] in {"chaussee", "jardin"}), -1)  # fmt: skip
        return end + 1 - index if end >= 0 else 0
    return 0


def _unit(found: Sequence[str], index: int, kept: list[str]) -> int:
    """
    Count the words of a part of a building that begins here; 0 for none.

    Where its number stands right before a way and no number before it, « appt 4 rue Haute », the number stays and is
    marked unreadable: it may be the flat's or the house's.
    """
    word = found[index]
    sure = word in _SURE
    if not sure and word not in _OFTEN:
        return 0
    if kept and kept[-1] in ARTICLES and not (kept[-1] == "a" and len(kept) > 1):
        return 0  # « rue de la porte Haute »
    if kept and split_type(kept[-1:])[0] and not kept[-1].isdigit():
        return 0  # « rue Porte Haute »
    at = index + 1
    if at < len(found) and found[at] == "numero":
        at += 1
    announced = at < len(found) and found[at] in NUMBER_WORDS and _value(found, at + 1, word) > 0
    if announced:
        at += 1
    elif at + 1 < len(found) and found[at] == BREAK and sure and found[at + 1].isdigit():
        at += 0  # « appt, 4 rue »: the break ends the part
    length = _value(found, at, word)
    if not length:
        return 0
    number = next((w for w in found[at : at + length] if w.isdigit()), "")
    if not sure and not number and not (word == "villa" and length == 1):
        return 0
    end = at + length
    houses = any(w.isdigit() for w in kept)
    if number and begins_way(found, end) and not houses:
        if length > 1 and found[at] != number:
            return at - index + 1  # « bât B 12 rue Haute »: B is the building's, 12 the house's
        kept.append(UNREADABLE)
        return at - index
    if (
        number
        and not sure
        and word not in {"lot", "villa", "pavillon", "pav"}
        and begins_with_type(found, end)
    ):
        return 0
    return end - index


def _value(found: Sequence[str], at: int, unit: str) -> int:
    """Count the words that number a part of a building: « B », « 12 », « 12 B », « B 12 », « nord »; 0 for none."""
    if at >= len(found):
        return 0
    word = found[at]
    following = found[at + 1] if at + 1 < len(found) else BREAK
    if word.isdigit() and len(word) <= 4:
        lettered = len(following) == 1 and following.isalpha() and following not in _LETTERS
        if (lettered or following in SUFFIXES) and not begins_with_type(found, at + 1):
            return 2
        return 1
    if len(word) == 1 and word.isalpha():
        elided = word in _LETTERS and following.isalpha() and following not in _SURE
        if unit in {"ch", "maison", "tour", "lot"} or (elided and unit not in _LETTERED):
            return 0  # « entrée d'honneur »
        if (
            following.isdigit()
            and len(following) <= 3
            and not _starts_street(found, at + 1)
            and not _floor(found, at + 1)
        ):
            return 2
        return 1
    return 1 if word in _DIRECTIONS and unit != "ch" else 0


def _starts_street(found: Sequence[str], index: int) -> bool:
    """Whether a house number and what it begins stand here."""
    after = index + 1
    while after < len(found) and (
        found[after] in SUFFIXES or (len(found[after]) == 1 and found[after].isalpha())
    ):
        if begins_with_type(found, after):
            return True
        after += 1
    if after < len(found) and found[after] == BREAK:
        after += 1
    return begins_with_type(found, after)


def _begins_estate(found: Sequence[str], index: int) -> bool:
    """Whether an estate's name begins here, perhaps by its number: « résidence », « hameau », « 4 clos »."""
    word = found[index]
    following = found[index + 1] if index + 1 < len(found) else ""
    if word.isdigit():
        return following in _NUMBERED_ESTATES or following in _ESTATES
    if word in {"hameau", "cite"}:
        return found[index - 1] not in QUALIFIERS
    return word in _ESTATES


def _follows_a_street(kept: Sequence[str]) -> bool:
    """Whether the part so far names a way: a type and a word that is no article."""
    if not kept or kept[-1] in ARTICLES or kept[-1] in {BREAK, MARK} or kept[-1].isdigit():
        return False
    start = len(kept)
    while start and kept[start - 1] not in {BREAK, MARK}:
        start -= 1
    for index in range(start, len(kept) - 1):
        if begins_way(kept, index):
            rest = kept[index + 1 :]
            return any(word not in ARTICLES for word in rest)
    return False


def _place_length(found: Sequence[str], index: int, places: Collection[tuple[str, ...]]) -> int:
    """Count the words of a place called « Chez Jarry », one slip forgiven; 0 for an occupant or after a street."""
    if not places or _in_a_street(found, index):
        return 0
    lengths = [
        len(place) for place in places if _is_place(found[index : index + len(place)], place)
    ]
    return max(lengths, default=0)


def _in_a_street(found: Sequence[str], index: int) -> bool:
    """Whether a street is named before, in the same part, up to an article: « chemin de | chez Jarry » is one name."""
    start = index
    while start and found[start - 1] not in {BREAK, MARK}:
        start -= 1
    while index > start and found[index - 1] in ARTICLES:
        index -= 1
    return any(
        split_type(found[at : at + 2])[0] and (at == start or found[at - 1] not in ARTICLES)
        for at in range(start, index - 1)
    )


def _is_place(typed: Sequence[str], place: Sequence[str]) -> bool:
    if list(typed) == list(place):
        return True
    one, other = "".join(typed), "".join(place)
    return len(other) >= _LONG_PLACE and OSA.distance(one, other, score_cutoff=1) <= 1


def _end_of_occupant(found: Sequence[str], index: int) -> int:
    """Skip « chez Mme Durand » up to a comma, a number, or a street type."""
    end = index + 1
    while end < len(found) and found[end] not in {BREAK, MARK} and not found[end].isdigit():
        if end > index + 1 and split_type(found[end:])[0]:
            break
        end += 1
    return end
