"""
How alike two names are, and in which way: the same, written otherwise, misspelt, incomplete, or another name.

A figure ranks candidates; the *kind* of likeness decides whether one may be accepted without asking. « Parc » typed
for « Port » is one letter away and another street; « Prac » is no word, so it is a slip of the finger.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import IntEnum

from rapidfuzz.distance import OSA

from rpe_geo.geocoding.keyboard import KEYBOARD
from rpe_geo.geocoding.lexicon import COMMON_WORDS, OPPOSITES
from rpe_geo.geocoding.normalize import TITLES, phonetic

__all__ = ["SAME", "Likeness", "Resemblance", "compare", "compare_glued"]


class Resemblance(IntEnum):
    """In which way two names are alike, best first."""

    SAME = 0
    """Word for word, in any order."""
    WRITTEN_OTHERWISE = 1
    """The same sounds, initials, abbreviations, or a rank left out."""
    MISSPELT = 2
    """Every word is there, some with slips that make no other known word."""
    INCOMPLETE = 3
    """A word that matters is missing on one side."""
    ANOTHER_WORD = 4
    """Near in letters, but what was typed is a word of its own."""
    DIFFERENT = 5


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike (0 to 1) and in which way."""

    score: float
    kind: Resemblance


SAME = Likeness(1.0, Resemblance.SAME)
_LIGHT = 0.3
_SOUND = 0.93
_SOUND_LETTERS = 0.6
_INITIAL = 0.9
_SHORTENED = 0.92
_TRUNCATED = 0.86
_TRUNCATED_LETTERS = 5
_LONG_WORD = 7
_RARE_LETTERS = 5
_SAME_SOUND = frozenset(
    {"sz", "zs", "ck", "kc", "kq", "qk", "cq", "qc", "iy", "yi", "jg", "gj", "sc", "cs", "vw", "wv"}
)
_MISTYPED_FIRST = 5
_LONG_GLUED = 10
_PART_OF_NAME = 0.82


def _weight(word: str) -> float:
    """Weigh a word: ranks and letters say little, long words much."""
    if word in TITLES or len(word) == 1:
        return _LIGHT
    return 0.7 if len(word) <= 3 else 1.0


def _slips_allowed(length: int) -> int:
    """Count the slips that a word of this length forgives."""
    if length <= 3:
        return 0
    if length <= 6:
        return 1
    return 2 if length <= 10 else 3


def compare(typed: Sequence[str], known: Sequence[str], frequent: Container[str]) -> Likeness:
    """
    Compare a typed name with a known one, word by word.

    Parameters
    ----------
    typed, known
        Plain words, without articles.
    frequent
        Words that exist in the index: a typed word among them is not a slip for another one.

    Returns
    -------
    Likeness
        Score in [0, 1] and the way in which they are alike.
    """
    if list(typed) == list(known):
        return SAME
    if len(typed) == len(known) and sorted(typed) == sorted(known):
        return Likeness(0.985, Resemblance.SAME)
    likeness = _by_words(typed, known, frequent)
    if likeness.kind <= Resemblance.WRITTEN_OTHERWISE:
        return likeness
    glued = compare_glued(typed, known)
    if glued.kind < likeness.kind or (glued.kind == likeness.kind and glued.score > likeness.score):
        return glued
    return likeness


def compare_glued(typed: Sequence[str], known: Sequence[str]) -> Likeness:
    """Compare without spaces: « ledrurollin », « dustade »; only where words were cut differently."""
    if len(typed) == len(known):
        return Likeness(0.0, Resemblance.DIFFERENT)
    one, other = "".join(typed), "".join(known)
    if one == other:
        return Likeness(0.98, Resemblance.WRITTEN_OTHERWISE)
    distance = OSA.distance(one, other, score_cutoff=1)
    # « descartes » is not « des Carmes »: a slip besides is forgiven in long names alone
    if distance > (len(other) >= _LONG_GLUED) or _digits(one) != _digits(other):
        return Likeness(0.0, Resemblance.DIFFERENT)
    return Likeness(0.97 - distance / max(len(one), len(other)), Resemblance.MISSPELT)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _by_words(typed: Sequence[str], known: Sequence[str], frequent: Container[str]) -> Likeness:
    """Pair each typed word with its best counterpart."""
    left = list(known)
    worst = Resemblance.SAME
    gained = total = 0.0
    unpaired: list[str] = []
    pending: list[str] = []
    anchored = rare = False
    initial = False
    slips = 0
    for word in typed:
        if word in left:
            left.remove(word)
            anchored = anchored or (len(word) >= 4 and word not in TITLES)
            rare = rare or (
                len(word) >= _RARE_LETTERS and not (word in TITLES or word in COMMON_WORDS)
            )
            gained += 2 * _weight(word)
            total += 2 * _weight(word)
        else:
            pending.append(word)
    for word in pending:
        best, at, kind = 0.0, -1, Resemblance.DIFFERENT
        for index, other in enumerate(left):
            likeness = _word_likeness(word, other, frequent, anchored=anchored, rare=rare)
            if likeness.score > best:
                best, at, kind = likeness.score, index, likeness.kind
        if at < 0 or best < 0.5:
            unpaired.append(word)
            total += _weight(word)
            continue
        other = left.pop(at)
        if kind == Resemblance.DIFFERENT and anchored and _first_letter_mistyped(word, other):
            unknown = word not in frequent and word not in COMMON_WORDS
            kind = Resemblance.MISSPELT if unknown else kind
        initial = initial or (
            kind == Resemblance.WRITTEN_OTHERWISE and 1 in {len(word), len(other)}
        )
        slips += 1 if len(other) >= 5 and OSA.distance(word, other) == 1 else 2
        weight = max(_weight(word), _weight(other))
        gained += 2 * weight * best
        total += 2 * weight
        worst = max(worst, kind)
    total += sum(_weight(word) for word in left)
    score = gained / total if total else 0.0
    if worst == Resemblance.ANOTHER_WORD and slips == 1 and not unpaired and not left and anchored:
        worst = Resemblance.MISSPELT
    if initial and worst >= Resemblance.MISSPELT:
        worst = max(worst, Resemblance.INCOMPLETE)  # « C. Desous » may be anybody
    if left and not unpaired and anchored and worst == Resemblance.SAME:
        score = max(
            score, _PART_OF_NAME
        )  # « rue Doret » for « rue Marcel Doret » is a likely guess
    if any(word not in TITLES for word in (*unpaired, *left)):
        worst = max(worst, Resemblance.INCOMPLETE if gained else Resemblance.DIFFERENT)
    elif unpaired or left:
        worst = max(worst, Resemblance.WRITTEN_OTHERWISE)
    return Likeness(score, worst)


def _first_letter_mistyped(typed: str, known: str) -> bool:
    """Tell whether the first letter of a word was struck beside, lost or doubled; the rest is whole."""
    if len(known) < _MISTYPED_FIRST:
        return False
    if len(typed) == len(known):
        return typed[1:] == known[1:] and typed[0] in KEYBOARD.get(known[0], "")
    return typed == known[1:] or (typed[1:] == known and typed[0] in KEYBOARD.get(known[0], ""))


def _first_letters_slipped(typed: str, known: str, distance: int) -> bool:
    """Tell whether a first letter was lost or swapped, or replaced in a long word: « asteur », « apsteur »."""
    if distance > 1:
        return False
    if typed[1:] == known[1:] and typed[0] + known[0] in _SAME_SOUND and len(known) >= 4:
        return True
    lost = known[1:] == typed and len(known) >= _LONG_WORD - 1
    swapped = typed[:2] == known[1::-1]
    return lost or swapped or len(known) >= _LONG_WORD


def _word_likeness(
    typed: str, known: str, frequent: Container[str], *, anchored: bool = False, rare: bool = False
) -> Likeness:
    """Compare two words that are not equal; beside a word that stands whole, and a rare one, more is forgiven."""
    if typed.isdigit() or known.isdigit():
        return Likeness(0.0, Resemblance.DIFFERENT)
    if len(typed) == 1 or len(known) == 1:
        if typed[0] == known[0]:
            return Likeness(_INITIAL, Resemblance.WRITTEN_OTHERWISE)
        return Likeness(0.0, Resemblance.DIFFERENT)
    distance = OSA.distance(typed, known)
    letters = 1 - distance / max(len(typed), len(known))
    if frozenset((typed, known)) in OPPOSITES:
        return Likeness(0.0, Resemblance.DIFFERENT)
    is_word = typed in frequent or typed in COMMON_WORDS
    if not is_word and letters >= _SOUND_LETTERS - 0.1 * anchored and len(typed) >= 3:
        sound = phonetic(typed)
        if len(sound) >= 3 - anchored and sound == phonetic(known):
            return Likeness(max(letters, _SOUND), Resemblance.WRITTEN_OTHERWISE)
    if 2 <= len(typed) < len(known) and known.startswith(typed) and known in TITLES:
        return Likeness(max(letters, _SHORTENED), Resemblance.WRITTEN_OTHERWISE)
    if not is_word and len(typed) >= _TRUNCATED_LETTERS and known.startswith(typed):
        return Likeness(max(letters, _TRUNCATED), Resemblance.MISSPELT)
    if typed[0] != known[0] and not _first_letters_slipped(typed, known, distance):
        return Likeness(letters, Resemblance.DIFFERENT)  # the first letter is seldom mistyped
    allowed = _slips_allowed(max(len(known), len(typed) if distance == 1 else 0))
    if rare and not is_word and len(known) >= 5:
        allowed = max(allowed, 2)
    if distance <= allowed:
        return Likeness(letters, Resemblance.ANOTHER_WORD if is_word else Resemblance.MISSPELT)
    sounds = OSA.normalized_similarity(phonetic(typed), phonetic(known)) * 0.95
    return Likeness(max(letters, (letters + sounds) / 2), Resemblance.DIFFERENT)
