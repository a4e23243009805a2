"""
An address as typed, taken apart: number, postcode, arrondissement, what may name the street and the city.

Nothing is looked up here. What cannot be known without an index (where the street ends and the city begins) is left
open: the reader gets the words in order, with their breaks, and tries the possible cuts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from rpe_geo.geocoding.normalize import ARTICLES, BREAK, words
from rpe_geo.geocoding.street_names import STREET_TYPES, guess_type, split_type

__all__ = ["LONGEST_ADDRESS", "HouseNumber", "ParsedAddress", "parse"]

LONGEST_ADDRESS = 400
"""Characters; no French address is longer, so a longer text is not read as one."""

SUFFIXES = {
    "bis": "bis", "ter": "ter", "qua": "quater", "quater": "quater", "quat": "quater", "quinquies": "quinquies",
    "qte": "quinquies", "quinq": "quinquies",
}  # fmt: skip
"""How an index of repetition is written → its word; single letters stand for themselves."""

# 96 is nobody's: invented places use it (data/communes/demonstration).
_POSTCODE = re.compile(r"(?:0[1-9]|[1-8]\d|9[0-68])\d{3}$|97\d{3}$")
_MONTHS = frozenset(
    [
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
    ]
)
_BUILDING = frozenset({
    "bat", "batiment", "bt", "appartement", "appt", "app", "apt", "apprt", "appart", "logement", "logt", "escalier", "esc",
    "porte", "pte", "hall", "entree", "ent", "immeuble", "imm", "etg", "boite", "digicode", "interphone", "code", "chambre",
    "ch", "bal", "bureau",
})  # fmt: skip
_SURELY_BUILDING = frozenset(
    {
        "bat",
        "batiment",
        "bt",
        "appartement",
        "appt",
        "app",
        "apt",
        "apprt",
        "appart",
        "escalier",
        "esc",
    }
)
_POST_BOX = frozenset({"bp", "cs", "tsa", "cedex", "cdx"})
_ARRONDISSEMENT = frozenset({"arrondissement", "arrdt", "arrdts", "arr", "ardt", "arrond", "arrt"})
_WITH_ARRONDISSEMENTS = frozenset({"paris", "marseille", "lyon"})
_NUMBER_WORDS = frozenset({"no", "n", "numero"})
_NUMBERED = frozenset({
    "louis", "henri", "charles", "albert", "jean", "leopold", "francois", "napoleon", "philippe", "leon", "pie", "route",
    "nationale", "departementale", "voie", "rn", "rd", "lot", "ilot", "lotissement", "hameau", "zone", "arrondissement",
})  # fmt: skip
"""Words after which a number belongs to the name: « Louis XIV », « route nationale 9 »."""
_LONG_PLACE = 9
_RANGE_WORDS = frozenset({"a", "et", "au", BREAK})


@dataclass(frozen=True, slots=True)
class HouseNumber:
    """A house number as typed: 12 bis is (12, "bis")."""

    number: int
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """
    What an address says, before anything is looked up.

    Parameters
    ----------
    number, second
        House number; the upper end of a range (« 12-14 »).
    postcode
        Five digits, or "".
    cedex
        Whether the postcode is one of business mail, not of a place.
    arrondissement
        Of Paris, Lyon or Marseille; 0 when none is named.
    head
        Words before the number: a building, a city written first, or nothing.
    body
        Words of the street and, mostly after it, of the city, with `BREAK` where a comma stood.
    after_postcode
        Where in `body` the words that followed the postcode begin; None when it was not inside.
    city
        Words of the city when it came in a column of its own.
    """

    number: HouseNumber | None = None
    second: HouseNumber | None = None
    postcode: str = ""
    cedex: bool = False
    arrondissement: int = 0
    head: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    after_postcode: int | None = None
    city: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was said."""
        return not (self.head or self.body or self.city or self.postcode)


_MARK = "\u0000"  # where the postcode stood


def parse(
    text: str,
    postcode: str | None = None,
    city: str | None = None,
    *,
    places: Collection[tuple[str, ...]] = (),
) -> ParsedAddress:
    """
    Take an address apart.

    Parameters
    ----------
    text
        The address, or its street part when the postcode and the city have columns of their own.
    postcode, city
        Those columns; "" and None are the same.
    places
        Names of places that begin like an occupant, « Chez Jarry », as plain words: they are kept.

    Returns
    -------
    ParsedAddress
        Its parts; `is_empty` when there is nothing.

    Examples
    --------
    >>> parsed = parse("Bât. B, 12bis av. Jean Jaurès 90000 Belfort Cedex")
    >>> parsed.number, parsed.postcode, parsed.cedex
    (HouseNumber(number=12, suffix='bis'), '90000', True)
    >>> parsed.body
    ('av', 'jean', 'jaures', 'belfort')
    """
    found = words(text)
    city_words = words(city or "")
    typed_postcode = _column_postcode(postcode)
    found, cedex = _drop_post_boxes(found)
    if (
        len(found) > 1 and found[-1] == "sp"
    ):  # « Paris 07 SP », the service postal of the ministries
        found = found[:-1]
    city_words, city_cedex = _drop_post_boxes(city_words)
    found, inner = _take_postcode(found)
    city_words, beside = _take_postcode(city_words)
    city_words = [word for word in city_words if word != _MARK]
    found, arrondissement = _take_arrondissement(found)
    city_words, city_arrondissement = _take_arrondissement(city_words, whole=True)
    found = _drop_occupants(found, places)
    number, second, head, body = _take_number(found)
    if _MARK in body:
        after_postcode: int | None = body.index(_MARK)
        body = [word for word in body if word != _MARK]
    else:
        after_postcode = None
    head = [word for word in head if word != _MARK]
    body, after_postcode = _drop_country(body, after_postcode)
    if number and not (typed_postcode or inner):
        body = _drop_departement(body)
    return ParsedAddress(
        number=number,
        second=second,
        postcode=typed_postcode or inner or beside,
        cedex=cedex or city_cedex,
        arrondissement=city_arrondissement or arrondissement,
        head=tuple(head),
        body=tuple(body),
        after_postcode=after_postcode,
        city=tuple(word for word in city_words if word != BREAK),
    )


def _column_postcode(postcode: str | None) -> str:
    """Read a postcode column: « 1000 » has lost its zero in a spreadsheet, « 75012.0 » gained a decimal."""
    digits = re.sub(r"\D", "", re.sub(r"[.,]0+$", "", (postcode or "").strip()))
    digits = digits.zfill(5) if len(digits) == 4 else digits
    return digits if len(digits) == 5 and _POSTCODE.match(digits) else ""


def _drop_post_boxes(found: list[str]) -> tuple[list[str], bool]:
    """Remove « BP 12 », « CS 90001 », « TSA 1 », « Cedex 09 »; tell whether the postcode is a Cedex."""
    kept: list[str] = []
    cedex = False
    index = 0
    while index < len(found):
        word = found[index]
        if word in _POST_BOX:
            business = word in {"cedex", "cdx"}
            following = found[index + 1] if index + 1 < len(found) else ""
            if business:
                cedex = True
                index += 2 if following.isdigit() and len(following) <= 2 else 1
                continue
            if following.isdigit():
                index += 2
                if (
                    index < len(found)
                    and found[index].isdigit()
                    and len(found[index]) <= 3
                    and word != "bp"
                ):
                    index += 1
                continue
        kept.append(word)
        index += 1
    return kept, cedex


def _take_postcode(found: list[str]) -> tuple[list[str], str]:
    """Take the last group of five digits that may be a postcode; leave a mark in its place."""
    for index in range(len(found) - 1, -1, -1):
        word = found[index]
        if len(word) != 5 or not word.isdigit() or not _POSTCODE.match(word):
            continue
        if (
            index + 1 < len(found)
            and index == 0
            and split_type(found[1:])[0]
            and _numbers_later(found)
        ):
            continue  # « 12345 chemin de … 34000 … »: the first one is a house number
        before = index - 1 if index and found[index - 1] == "f" else index
        return [*found[:before], _MARK, *found[index + 1 :]], word
    for index in range(1, len(found) - 1):  # « 75 012 Paris »
        first, second = found[index], found[index + 1]
        if len(first) == 2 and len(second) == 3 and first.isdigit() and second.isdigit():
            joined = first + second
            tail = found[index + 2 :]
            if _POSTCODE.match(joined) and tail and not any(word.isdigit() for word in tail):
                return [*found[:index], _MARK, *tail], joined
    return found, ""


def _numbers_later(found: Sequence[str]) -> bool:
    return any(len(word) == 5 and word.isdigit() for word in found[1:])


def _take_arrondissement(found: list[str], *, whole: bool = False) -> tuple[list[str], int]:
    """Take « 12e arrondissement », « Paris 12 »; 0 when there is none."""
    for index, word in enumerate(found):
        if _names_arrondissement(word) and index and _is_arrondissement(found[index - 1]):
            return [*found[: index - 1], *found[index + 1 :]], int(found[index - 1])
        if (
            _names_arrondissement(word)
            and index > 1
            and found[index - 1] == "e"
            and _is_arrondissement(found[index - 2])
        ):
            return [*found[: index - 2], *found[index + 1 :]], int(found[index - 2])
    for index in range(len(found) - 1):
        after = found[index + 1]
        divided = _divided_city(found[index])
        if not divided or not _is_arrondissement(after):
            continue
        alone = (
            whole
            or index == 0
            or found[index - 1] in {BREAK, _MARK}
            or found[index - 1] not in ARTICLES
        )
        rest = found[index + 2 :]
        ends = not rest or rest[0] in {BREAK, _MARK} or rest[0] == "e"
        # « Paris 12e 11 rue Lacuée »
        ends = ends or (index == 0 and rest[0].isdigit() and bool(split_type(rest[1:])[0]))
        if alone and ends:
            skip = 3 if rest and rest[0] == "e" else 2
            return [*found[:index], divided, *found[index + skip :]], int(after)
    return found, 0


def _divided_city(word: str) -> str:
    """Name the city with arrondissements that a word means, slips forgiven; "" for none."""
    if word in _WITH_ARRONDISSEMENTS:
        return word
    if len(word) < 5:
        return ""
    return next((city for city in ("paris", "marseille") if OSA.distance(word, city) == 1), "")


def _names_arrondissement(word: str) -> bool:
    return word in _ARRONDISSEMENT or (
        len(word) > 9 and word.startswith("ar") and OSA.distance(word, "arrondissement") <= 3
    )


def _is_arrondissement(word: str) -> bool:
    return word.isdigit() and len(word) <= 2 and 1 <= int(word) <= 20


def _drop_occupants(found: list[str], places: Collection[tuple[str, ...]]) -> list[str]:
    """Remove what is inside the house: « bât. B », « appt 12 », « 3e étage », « chez Mme X », « rez-de-chaussée »."""
    kept: list[str] = []
    index = 0
    last = len(found) - 1
    while index <= last:
        word = found[index]
        following = found[index + 1] if index < last else ""
        opening = not kept or kept[-1] == BREAK or kept[-1].isdigit() or len(kept) > 1
        if word.isdigit() and following in {"etage", "etg"}:
            index += 2
            continue
        if word == "rdc":
            index += 1
            continue
        if word in {"rez", "rdc"} and "chaussee" in found[index : index + 4]:
            index = found.index("chaussee", index) + 1
            continue
        if word in {"etage", "etg"} and (following.isdigit() or len(following) == 1):
            index += 2
            continue
        if word == "chez" and (length := _place_length(found, index, places)):
            kept.extend(found[index : index + length])
            index += length
            continue
        if word == "chez" and opening:
            index = _end_of_occupant(found, index)
            continue
        if (
            word in _BUILDING
            and following
            and _is_unit(following, word)
            and not (kept and kept[-1] in ARTICLES)
            and not (word == "ch" and not following.isdigit())
        ):
            if following.isdigit() and _starts_street(found, index + 2):
                index += 2
                continue
            named = split_type([word])[0] and not (following.isdigit() or len(following) == 1)
            if not named and not (following.isdigit() and _starts_street(found, index + 1)):
                index += 2
                continue
            if following.isdigit():
                index += 1
                continue
        kept.append(word)
        index += 1
    return kept


def _place_length(found: Sequence[str], index: int, places: Collection[tuple[str, ...]]) -> int:
    """Count the words of a place called « Chez Jarry », one slip forgiven; 0 for an occupant or after a street."""
    if not places or _names_a_street(_part_before(found, index)):
        return 0
    lengths = [
        len(place) for place in places if _is_place(found[index : index + len(place)], place)
    ]
    return max(lengths, default=0)


def _part_before(found: Sequence[str], index: int) -> Sequence[str]:
    """Return the words of the same part, up to an article: « chemin de | chez Jarry » is one name."""
    start = index
    while start and found[start - 1] not in {BREAK, _MARK}:
        start -= 1
    while index > start and found[index - 1] in ARTICLES:
        index -= 1
    return found[start:index]


def _is_place(typed: Sequence[str], place: Sequence[str]) -> bool:
    if list(typed) == list(place):
        return True
    one, other = "".join(typed), "".join(place)
    return len(other) >= _LONG_PLACE and OSA.distance(one, other, score_cutoff=1) <= 1


def _is_unit(word: str, building: str) -> bool:
    """Whether a word numbers a flat or a building: « B », « 12 », « nord »."""
    if word.isdigit():
        return len(word) <= 4
    if len(word) == 1 and word.isalpha():
        return building in _SURELY_BUILDING or word not in {"l", "d"}
    return word in {"nord", "sud", "est", "ouest"}


def _starts_street(found: Sequence[str], index: int) -> bool:
    """Whether a house number and a street type begin here."""
    if index >= len(found) or not found[index].isdigit():
        return False
    after = index + 1
    while (
        after < len(found) and not split_type(found[after:])[0] and _may_follow_number(found[after])
    ):
        after += 1
    if after < len(found) and found[after] == BREAK:
        after += 1
    return after < len(found) and bool(split_type(found[after:])[0])


def _may_follow_number(word: str) -> bool:
    return word in SUFFIXES or word.isdigit() or (len(word) == 1 and word.isalpha())


def _end_of_occupant(found: Sequence[str], index: int) -> int:
    """Skip « chez Mme Durand » up to a comma, a number, or a street type."""
    end = index + 1
    while (
        end < len(found)
        and found[end] != BREAK
        and found[end] != _MARK
        and not found[end].isdigit()
    ):
        if end > index + 1 and split_type(found[end:])[0]:
            break
        end += 1
    return end


def _take_number(
    found: list[str],
) -> tuple[HouseNumber | None, HouseNumber | None, list[str], list[str]]:
    """Take the house number: the first one before a street type, else at the start of a part, else at its end."""
    for index, word in enumerate(found):
        if word.isdigit() and len(word) <= 5:
            read = _read_number(found, index)
            if read is None:
                continue
            number, second, after = read
            if after < len(found) and (split_type(found[after:])[0] or _typo_type(found, after)):
                return number, second, _trim(found[:index]), _trim(found[after:])
    for index, word in enumerate(found):
        opening = (
            index == 0 or found[index - 1] in {BREAK, _MARK} or found[index - 1] in _NUMBER_WORDS
        )
        if opening and word.isdigit() and len(word) <= 5:
            read = _read_number(found, index)
            if read is None or read[2] >= len(found) or found[read[2]] in _MONTHS:
                continue
            number, second, after = read
            rest = _trim(found[after:])
            head = found[:index]
            if head and head[-1] in _NUMBER_WORDS:
                head = head[:-1]
            if not rest or rest[0] == _MARK:
                # « avenue Ledru-Rollin, 24, 75012 Paris »
                return number, second, [], _trim([*head, BREAK, *found[after:]])
            if _names_a_street(head) or (len(head) > 1 and guess_type(head[0])):
                return number, second, [], _trim([*head, *found[after:]])
            return number, second, _trim(head), rest
    for index in range(1, len(found)):
        word = found[index]
        if (
            not word.isdigit()
            or len(word) > 4
            or not _closes(found, index)
            or found[index - 1].isdigit()
        ):
            continue
        if not _names_a_street(found[:index]):
            continue
        before = found[index - 1]
        if (
            before in _MONTHS
            or before in ARTICLES
            or before in {"route", "nationale", "departementale", "voie"}
        ):
            continue
        read = _read_number(found, index)
        if read is not None:
            start = index - 1 if before in _NUMBER_WORDS else index
            return read[0], read[1], [], _trim([*found[:start], *found[read[2] :]])
    for index in range(2, len(found) - 1):  # « R Pasteur 14 Belfort »
        word = found[index]
        if not word.isdigit() or len(word) > 3 or not _names_a_street(found[:index]):
            continue
        before = found[index - 1]
        if (
            not before.isalpha()
            or before in ARTICLES
            or before in _NUMBERED
            or before in STREET_TYPES
            or found[index + 1] in _MONTHS
            or found[index + 1] == _MARK
        ):
            continue
        read = _read_number(found, index)
        if read is not None:
            start = index - 1 if before in _NUMBER_WORDS else index
            return read[0], read[1], [], _trim([*found[:start], *found[read[2] :]])
    return None, None, [], _trim([word for word in found if word != "numero"])


def _read_number(
    found: Sequence[str], index: int
) -> tuple[HouseNumber, HouseNumber | None, int] | None:
    """Read « 12 », « 12 bis », « 12-14 », « 12 bis à 14 ter »; tell where it ends."""
    number = HouseNumber(int(found[index]))
    if number.number == 0:
        return None
    after = index + 1
    number, after = _read_suffix(found, number, after)
    step = after + 1 if after < len(found) and found[after] in _RANGE_WORDS else after
    if step < len(found) and found[step].isdigit() and len(found[step]) <= 4:
        upper = HouseNumber(int(found[step]))
        upper, end = _read_suffix(found, upper, step + 1)
        if end + 1 < len(found) and found[end] == BREAK:
            end += 1
        typed = end < len(found) and (split_type(found[end:])[0] or _typo_type(found, end))
        if typed and number.number < upper.number <= number.number + 60:
            return number, upper, end
    if after < len(found) and found[after] == BREAK:
        after += 1
    return number, None, after


def _read_suffix(found: Sequence[str], number: HouseNumber, after: int) -> tuple[HouseNumber, int]:
    if after >= len(found):
        return number, after
    word = found[after]
    following = found[after + 1] if after + 1 < len(found) else BREAK
    if word in SUFFIXES and len(word) > 1:
        return HouseNumber(number.number, SUFFIXES[word]), after + 1
    if len(word) == 1 and word.isalpha() and word not in {"l", "d", "r", "n"}:
        # « 12 b rue … », « 12 c, … », « 12 a le bourg »; but « 12 r Pasteur » is a street type
        if following in {BREAK, _MARK, "le", "la", "les"} or _begins_street(found, after + 1):
            return HouseNumber(number.number, word), after + 1
    elif (
        2 <= len(word) <= 3
        and word.isalpha()
        and word not in ARTICLES
        and not split_type([word])[0]
    ):
        # « 47bac rue … »: any short mark between a number and a street
        if following == BREAK or split_type(found[after + 1 :])[0]:
            return HouseNumber(number.number, word), after + 1
    elif word == "d" and split_type(found[after + 1 :])[0]:
        return HouseNumber(number.number, word), after + 1
    return number, after


def _closes(found: Sequence[str], index: int) -> bool:
    """Whether nothing of the same part follows this number, but its suffix."""
    after = index + 1
    if after < len(found) and (
        found[after] in SUFFIXES or (len(found[after]) == 1 and found[after].isalpha())
    ):
        after += 1
    return after >= len(found) or found[after] in {BREAK, _MARK}


def _begins_street(found: Sequence[str], index: int) -> bool:
    return bool(split_type(found[index:])[0]) or _typo_type(found, index)


def _typo_type(found: Sequence[str], index: int) -> bool:
    return index + 1 < len(found) and bool(guess_type(found[index]))


def _names_a_street(found: Sequence[str]) -> bool:
    """Whether a street type stands before some word: « Montpellier rue Blier »."""
    return any(
        split_type(found[index : index + 2])[0] and (index == 0 or found[index - 1] not in ARTICLES)
        for index in range(len(found) - 1)
    )


def _trim(found: Sequence[str]) -> list[str]:
    """Remove breaks at both ends and « n° » before the number."""
    trimmed = [
        word
        for index, word in enumerate(found)
        if word != BREAK or (index and found[index - 1] != BREAK)
    ]
    while trimmed and trimmed[0] == BREAK:
        trimmed.pop(0)
    while trimmed and trimmed[-1] in {BREAK, "no", "n", "numero"}:
        trimmed.pop()
    return trimmed


def _drop_country(body: list[str], after_postcode: int | None) -> tuple[list[str], int | None]:
    """Remove a final « France »."""
    if (
        len(body) > 1
        and body[-1] == "france"
        and (len(body) < 2 or body[-2] not in ARTICLES)
        and "ile" not in body[-3:]
    ):
        body = _trim(body[:-1])
    if after_postcode is not None:
        after_postcode = min(after_postcode, len(body))
    return body, after_postcode


def _drop_departement(body: list[str]) -> list[str]:
    """Remove a final département: « Belfort (90) », « Mende 48 »."""
    if len(body) > 2 and len(body[-1]) == 2 and body[-1].isdigit():
        before = body[-2]
        if before not in ARTICLES and before not in _NUMBERED and before not in _MONTHS:
            return _trim(body[:-1])
    return body
