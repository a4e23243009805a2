"""House numbers as they are typed and published: « 12 », « 12 bis », « 42 c bis », « 12-14 », « 1O »."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rpe_geo.folding import fold
from rpe_geo.geocoding.normalize import ARTICLES, BREAK, MARK, MONTHS
from rpe_geo.geocoding.street_names import (
    QUALIFIERS,
    STREET_TYPES,
    WAY_TYPES,
    guess_type,
    split_type,
)

__all__ = [
    "NUMBERED", "NUMBER_WORDS", "RANGE", "SUFFIXES", "UNREADABLE", "HouseNumber", "NumberRead", "begins_way", "begins_with_type", "suffix_word",
    "take_number",
]  # fmt: skip

SUFFIXES = {
    "bis": "bis", "ter": "ter", "qua": "quater", "quater": "quater", "quat": "quater", "quinquies": "quinquies",
    "qte": "quinquies", "quinq": "quinquies", "sexies": "sexies", "septies": "septies", "octies": "octies",
}  # fmt: skip
"""How an index of repetition is written → its word; single letters stand for themselves."""

NUMBER_WORDS = frozenset({"no", "n", "numero", "num", "nr"})
"""Words that announce a number."""

UNREADABLE = "\u0001"
"""The word that stands for a number that was typed and cannot be read: « 1? », « l0 »."""

RANGE = "\u0002"
"""The word that stands for the dash, the stroke or the « à » between two numbers."""

NUMBERED = frozenset({
    "louis", "henri", "charles", "albert", "jean", "leopold", "francois", "napoleon", "philippe", "leon", "pie", "route",
    "nationale", "departementale", "voie", "rn", "rd", "lot", "ilot", "lotissement", "hameau", "zone", "arrondissement",
})  # fmt: skip
"""Words after which a number belongs to the name: « Louis XIV », « route nationale 9 »."""

_RANGE_WORDS = frozenset({RANGE, "a", "et", "au"})
_SUFFIX_PARTS = re.compile(r"quinquies|quater|septies|octies|sexies|quinq|quat|bis|ter|qua|qte|\d+|[a-z]+?(?=bis|ter|qua|\d|\b)")  # fmt: skip
_WIDEST_RANGE = 60


@dataclass(frozen=True, slots=True)
class HouseNumber:
    """A house number as typed: 12 bis is (12, "bis")."""

    number: int
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class NumberRead:
    """
    The house number among the words of an address.

    Parameters
    ----------
    number, second
        The number; the upper end of a range.
    head, body
        Words before the number and the words of street and city.
    beside
        Words of the part that the number belongs to: « rue haute » for « résidence X n° 4, 10 rue Haute ».
    begins_way
        Whether the number stands right before a type of way: « 10 rue », not « 10 résidence » nor « X 10 ».
    unclear
        Whether a number was typed and not understood, or two of them contend.
    """

    number: HouseNumber | None
    second: HouseNumber | None
    head: list[str]
    body: list[str]
    beside: tuple[str, ...] = ()
    begins_way: bool = False
    unclear: bool = False


def suffix_word(raw: str) -> str:
    """
    Write an index of repetition one way, whole.

    >>> suffix_word("BIS"), suffix_word("qua"), suffix_word("C-bis"), suffix_word("a1")
    ('bis', 'quater', 'c bis', 'a 1')
    """
    if not raw:
        return ""
    folded = fold(raw).strip()
    known = SUFFIXES.get(folded)
    if known or len(folded) == 1:
        return known or folded
    parts = _SUFFIX_PARTS.findall(folded)
    return " ".join(SUFFIXES.get(part, part) for part in parts)


def take_number(found: Sequence[str]) -> NumberRead:
    """
    Take the house number out of the words of an address.

    Parameters
    ----------
    found
        Words with breaks and marks, without what lies inside the house.

    Returns
    -------
    NumberRead
        The number that begins a way wins; else one that begins a part, else one that closes the part of a street.
        Two that begin different ways, and one that cannot be read, are unclear.
    """
    unclear = UNREADABLE in found
    words = [word for word in found if word != UNREADABLE]
    read = (
        _before_a_way(words)
        or _before_a_name(words)
        or _at_the_end(words)
        or _after_the_street(words)
        or _after_a_building(words)
    )
    if read is None:
        body = [word for word in words if word not in {"numero", RANGE}]
        return NumberRead(None, None, [], _trim(body), unclear=unclear)
    if unclear and not read.unclear:
        return _as_unclear(read)
    return read


def _as_unclear(read: NumberRead) -> NumberRead:
    return NumberRead(
        read.number, read.second, read.head, read.body, read.beside, read.begins_way, unclear=True
    )


def _before_a_way(words: list[str]) -> NumberRead | None:
    """Take the number that stands right before a type of way."""
    chosen: NumberRead | None = None
    for index, word in enumerate(words):
        if not _may_be_number(word):
            continue
        if index and words[index - 1] in _RANGE_WORDS and chosen is not None:
            continue  # the upper end of a range already read
        number, second, after = _read_number(words, index)
        if after >= len(words) or not begins_way(words, after):
            continue
        if chosen is not None:
            if number is None or chosen.number != number:
                return _as_unclear(chosen)  # two ways, each with a number of its own
            continue
        # « 1 2 rue »: a figure cut in two, or a word that was lost; a zero is no number
        opening = index < 2 or words[index - 2] in {BREAK, MARK}
        cut = index > 0 and words[index - 1].isdigit() and opening
        chosen = NumberRead(
            number,
            second,
            _trim(words[:index]),
            _trim(words[after:]),
            _part(words, after),
            begins_way=True,
            unclear=cut or number is None,
        )
        if second is not None:
            return chosen
    return chosen


def _before_a_name(words: list[str]) -> NumberRead | None:
    """Take the number that opens a part of the address, whatever follows."""
    for index, word in enumerate(words):
        before = words[index - 1] if index else BREAK
        opening = before in {BREAK, MARK} or before in NUMBER_WORDS
        if not opening or not _may_be_number(word):
            continue
        number, second, after = _read_number(words, index)
        if after >= len(words) or words[after] in MONTHS or number is None:
            continue
        head = words[:index]
        if head and head[-1] in NUMBER_WORDS:
            head = head[:-1]
        rest = _trim(words[after:])
        if not rest or rest[0] == MARK:
            # « avenue Ledru-Rollin, 24, 75012 Paris »
            return NumberRead(
                number, second, [], _trim([*head, BREAK, *words[after:]]), _last_part(head)
            )
        if _names_a_street(head) or (len(head) > 1 and guess_type(head[0])):
            return NumberRead(number, second, [], _trim([*head, *words[after:]]), _last_part(head))
        return NumberRead(
            number,
            second,
            _trim(head),
            rest,
            _part(words, after),
            unclear=after < len(words) and words[after].isdigit(),
        )
    return None


def _at_the_end(words: list[str]) -> NumberRead | None:
    """Take the number that closes the part of a street: « rue Pasteur n° 12 »."""
    for index in range(1, len(words)):
        word = words[index]
        before = words[index - 1]
        if not word.isdigit() or len(word) > 4 or not _closes(words, index) or before.isdigit():
            continue
        if not _names_a_street(words[:index]):
            continue
        if before in MONTHS or before in ARTICLES or before in NUMBERED:
            continue
        number, second, after = _read_number(words, index)
        if number is not None:
            start = index - 1 if before in NUMBER_WORDS else index
            return NumberRead(
                number,
                second,
                [],
                _trim([*words[:start], *words[after:]]),
                _last_part(words[:start]),
            )
    return None


def _after_the_street(words: list[str]) -> NumberRead | None:
    """Take the number between a street and its city: « R Pasteur 14 Belfort »."""
    for index in range(2, len(words) - 1):
        word = words[index]
        if not word.isdigit() or len(word) > 3 or not _names_a_street(words[:index]):
            continue
        before = words[index - 1]
        if (
            not before.isalpha()
            or before in ARTICLES
            or before in NUMBERED
            or before in STREET_TYPES
            or words[index + 1] in MONTHS
            or words[index + 1] == MARK
        ):
            continue
        number, second, after = _read_number(words, index)
        if number is not None:
            start = index - 1 if before in NUMBER_WORDS else index
            return NumberRead(
                number,
                second,
                [],
                _trim([*words[:start], *words[after:]]),
                _last_part(words[:start]),
            )
    return None


def _after_a_building(words: list[str]) -> NumberRead | None:
    """Take the number between a building's name and a place without type: « RPE 3 La Vieille Grange »."""
    numbers = [index for index, word in enumerate(words) if word.isdigit()]
    if len(numbers) != 1 or not 0 < numbers[0] < len(words) - 1:
        return None
    index = numbers[0]
    before = words[index - 1]
    if before in ARTICLES or before in NUMBERED or before in STREET_TYPES or len(words[index]) > 4:
        return None
    number, second, after = _read_number(words, index)
    if number is None or after >= len(words) or words[after] in {*MONTHS, BREAK, MARK}:
        return None
    if words[after] not in ARTICLES and not begins_with_type(words, after):
        return None
    return NumberRead(
        number, second, _trim(words[:index]), _trim(words[after:]), _part(words, after)
    )


def _may_be_number(word: str) -> bool:
    return word.isdigit() and len(word) <= 5


def _read_number(
    words: Sequence[str], index: int
) -> tuple[HouseNumber | None, HouseNumber | None, int]:
    """Read « 12 », « 12 bis », « 12-14-16 », « 12 bis à 14 ter »; tell where it ends; None for zero."""
    first, after = _read_suffix(words, int(words[index]), index + 1)
    second: HouseNumber | None = None
    while after + 1 < len(words) and words[after] in _RANGE_WORDS:
        following = words[after + 1]
        if not following.isdigit() or len(following) > 4:
            break
        upper, end = _read_suffix(words, int(following), after + 2)
        lowest = second or first
        if not lowest.number <= upper.number <= first.number + _WIDEST_RANGE:
            break
        second, after = upper, end
    if after + 1 < len(words) and words[after] == BREAK:
        after += 1
    return (first if first.number else None), second, after


def _read_suffix(words: Sequence[str], number: int, after: int) -> tuple[HouseNumber, int]:
    """Read what follows a number and belongs to it: « bis », « b », « c bis », « bis a »."""
    parts: list[str] = []
    while after < len(words) and len(parts) < 3:
        part = _suffix_part(words, after, first=not parts)
        if not part:
            break
        parts.append(part)
        after += 1
    return HouseNumber(number, " ".join(parts)), after


def _suffix_part(words: Sequence[str], at: int, *, first: bool) -> str:
    word = words[at]
    if word in SUFFIXES and len(word) > 1:
        return SUFFIXES[word]
    if not word.isalpha() or len(word) > 4 or (word in ARTICLES and len(word) > 1):
        return ""
    following = words[at + 1] if at + 1 < len(words) else BREAK
    if len(word) == 1:
        if following in SUFFIXES and len(following) > 1:
            return word  # « 42 c bis »
        ends = following in {BREAK, MARK, RANGE, "le", "la", "les"} or begins_with_type(
            words, at + 1
        )
        # « 12 b rue … », « 12 a le bourg »; but « 12 r Pasteur » is a street type, « 12 l'Orée » an article
        if word in {"l", "d", "r", "n"}:
            before_type = following == BREAK or split_type(words[at + 1 : at + 3])[0]
            return word if word != "n" and before_type else ""
        return word if ends else ""
    if not first or split_type([word])[0]:
        return ""
    whole = suffix_word(word)
    if whole != word and whole.split(" ")[-1] in SUFFIXES.values():
        return whole  # « 42 cbis »
    # « 47bac rue … »: any short mark between a number and a street
    ends = following == BREAK or bool(split_type(words[at + 1 :])[0])
    return word if len(word) <= 3 and ends else ""


def begins_way(words: Sequence[str], index: int) -> bool:
    """Whether a type of way, not of an estate, begins here: « rue », « grande rue », « ruue du »."""
    return _type_here(words, index) in WAY_TYPES


def begins_with_type(words: Sequence[str], index: int) -> bool:
    """Whether any type of street begins here, slips forgiven."""
    return bool(_type_here(words, index))


def _type_here(words: Sequence[str], index: int) -> str:
    if index >= len(words):
        return ""
    kind = split_type(words[index : index + 2])[0]
    if kind:
        return kind
    if words[index] in QUALIFIERS and index + 1 < len(words) and not words[index].isdigit():
        kind = split_type(words[index + 1 : index + 3])[0]
        if kind:
            return kind
    return guess_type(words[index]) if index + 1 < len(words) else ""


def _closes(words: Sequence[str], index: int) -> bool:
    """Whether nothing of the same part follows this number, but its suffix."""
    after = index + 1
    while after < len(words) and (
        words[after] in SUFFIXES or (len(words[after]) == 1 and words[after].isalpha())
    ):
        after += 1
    return after >= len(words) or words[after] in {BREAK, MARK}


def _names_a_street(words: Sequence[str]) -> bool:
    """Whether a street type stands before some word: « Montpellier rue Blier »."""
    return any(
        split_type(words[index : index + 2])[0] and (index == 0 or words[index - 1] not in ARTICLES)
        for index in range(len(words) - 1)
    )


def _part(words: Sequence[str], start: int) -> tuple[str, ...]:
    """Return the words from here to the next break."""
    end = start
    while end < len(words) and words[end] not in {BREAK, MARK}:
        end += 1
    return tuple(words[start:end])


def _last_part(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of the last part."""
    trimmed = _trim(words)
    start = len(trimmed)
    while start and trimmed[start - 1] not in {BREAK, MARK}:
        start -= 1
    return tuple(trimmed[start:])


def _trim(words: Sequence[str]) -> list[str]:
    """Remove breaks at both ends and « n° » before the number."""
    trimmed = [
        word
        for index, word in enumerate(words)
        if word != RANGE and (word != BREAK or (index and words[index - 1] != BREAK))
    ]
    while trimmed and trimmed[0] == BREAK:
        trimmed.pop(0)
    while trimmed and (trimmed[-1] == BREAK or trimmed[-1] in NUMBER_WORDS):
        trimmed.pop()
    return trimmed
