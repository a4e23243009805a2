"""Which street an address may mean: core names compared first, types apart, in the communes of each reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process

from rpe_geo.geocoding.communes import Reading
from rpe_geo.geocoding.normalize import ARTICLES, BREAK, phonetic
from rpe_geo.geocoding.parse import ParsedAddress
from rpe_geo.geocoding.similarity import SAME, Likeness, Resemblance, compare, compare_glued
from rpe_geo.geocoding.store import AddressStore, StreetEntry, StreetPool
from rpe_geo.geocoding.street_names import (
    PLACE_TYPES,
    QUALIFIERS,
    StreetName,
    guess_type,
    mend_articles,
    split_type,
    street_name,
)

__all__ = [
    "Candidate",
    "TypeAgreement",
    "best_streets",
    "parts_of",
    "score_entry",
    "street_variants",
]

TypeAgreement = Literal["same", "untyped", "unpublished", "contradicted"]

_STREET_SHARE = 0.7
_TYPE_FACTOR: dict[TypeAgreement, float] = {
    "same": 1.0,
    "untyped": 0.97,
    "unpublished": 0.94,
    "contradicted": 0.86,
}
_FAIR = 0.86
_NEAR = 55.0
_SHARED_WORDS = 80.0
_SAME_FULL = 0.012
_SAME_POSTCODE = 0.01
_SAME_OLD_CITY = 0.015
_LATER_VARIANT = 0.03
_OFTEN_COMPLEMENTS = frozenset(
    {"residence", "tour", "parc", "domaine", "clos", "lotissement", "quartier", "za"}
)
_NEARLY_SAME = 0.99
_MUCH_LESS_LIKELY = 0.04
_SHARED_WORDS_READINGS = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A street that an address may mean.

    Parameters
    ----------
    total
        What ranks it: street, type, commune and postcode together.
    likeness
        Of the cores of the names.
    kind
        Whether the typed type of street is the published one.
    whole
        Whether the names are equal with their articles too.
    """

    entry: StreetEntry
    total: float
    likeness: Likeness
    kind: TypeAgreement
    whole: bool
    reading: Reading
    typed: StreetName


def street_variants(text: Sequence[str], *, numbered: bool) -> list[StreetName]:
    """
    List the ways to read a street in some words, most plausible first.

    Parameters
    ----------
    text
        Words with breaks.
    numbered
        Whether they followed a house number: then the street comes first.

    Returns
    -------
    list of StreetName
        Possibly none.
    """
    parts = parts_of(text)
    if not parts:
        return []
    main = parts[0]
    if not split_type(main)[0]:
        streets = (part for part in parts if split_type(part)[0] not in {"", *_OFTEN_COMPLEMENTS})
        main = next(streets, main)
    readings: list[list[str]] = []
    kind, _ = split_type(main)
    guessed = "" if kind or len(main) < 2 else guess_type(main[0])
    variants: list[StreetName] = []
    if guessed:
        core = tuple(word for word in main[1:] if word not in ARTICLES)
        if core:
            variants.append(StreetName(guessed, core, tuple(main[1:])))
    readings.append(main)
    mended = mend_articles(main)
    if len(mended) < len(main):
        readings.append([guessed, *mended[1:]] if guessed else mended)
    for index in range(1, len(main)):
        if main[index - 1] in ARTICLES or not split_type(main[index:])[0]:
            continue
        tail = main[index:]
        if all(word in ARTICLES for word in tail[split_type(tail)[1] :]):  # « Victor Hugo, rue »
            readings.append([*tail, *main[:index]])
        elif (not kind or kind in _OFTEN_COMPLEMENTS) and not (
            index == 1 and main[0] in QUALIFIERS
        ):
            readings.append(tail)
        break
    if not numbered or kind in _OFTEN_COMPLEMENTS:
        readings.extend(part for part in parts if part is not main and split_type(part)[0])
    if len(parts) > 1:
        readings.append([word for part in parts for word in part])
        if numbered and main is not parts[0]:
            readings.append(parts[0])
        if not numbered and not split_type(main)[0]:
            readings.extend(part for part in parts if part is not main and not split_type(part)[0])
    for words in readings:
        named = street_name(words)
        if named.core and named not in variants:
            variants.append(named)
    return variants[:5]


def parts_of(text: Sequence[str]) -> list[list[str]]:
    """Cut words at their breaks."""
    parts: list[list[str]] = [[]]
    for word in text:
        if word == BREAK:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def best_streets(
    readings: Iterable[Reading], parsed: ParsedAddress, store: AddressStore
) -> list[Candidate]:
    """
    Find the streets that fit an address, best first.

    Parameters
    ----------
    readings
        Best first; a reading that could not beat what is found is not looked at.
    parsed
        The address taken apart.
    store
        The index.

    Returns
    -------
    list of Candidate
        Each street once, by falling `total`.
    """
    search = _Search(parsed, store)
    plans = [
        (reading, street_variants(reading.street, numbered=parsed.number is not None))
        for reading in readings
    ]
    for reading, variants in plans:
        for order, name in enumerate(variants):
            search.word_for_word(reading, name, order)
    for reading, variants in plans:
        if search.is_beyond(reading):
            break
        for order, name in enumerate(variants):
            if search.by_letters(reading, name, order):
                break
    if not search.found_fair:
        for reading, variants in plans[:_SHARED_WORDS_READINGS]:
            for order, name in enumerate(variants[:2]):
                search.by_shared_words(reading, name, order)
    return sorted(search.best.values(), key=lambda candidate: -candidate.total)


class _Search:
    """What one address has brought to light so far."""

    def __init__(self, parsed: ParsedAddress, store: AddressStore) -> None:
        self.best: dict[int, Candidate] = {}
        self.found_fair = False
        self._fair_score = 0.0
        self._top = 0.0
        self._parsed = parsed
        self._store = store

    def is_beyond(self, reading: Reading) -> bool:
        """Tell whether a reading cannot beat what is found, but by a name spelt worse."""
        ceiling = (
            _STREET_SHARE * _NEARLY_SAME + (1 - _STREET_SHARE) * reading.score + _SAME_OLD_CITY
        )
        return ceiling < self._top or (
            self.found_fair and reading.score < self._fair_score - _MUCH_LESS_LIKELY
        )

    def word_for_word(self, reading: Reading, name: StreetName, order: int) -> None:
        """Look a name up as it is."""
        for commune in reading.communes:
            pool = self._store.pool(commune)
            for index in pool.by_core.get(name.key, ()):
                self._keep(pool.entries[index], SAME, name, reading, order)

    def by_letters(self, reading: Reading, name: StreetName, order: int) -> bool:
        """Look for names that sound or look like this one; tell whether one is fair."""
        sound = " ".join(phonetic(word) for word in name.core)
        fair = False
        for commune in reading.communes:
            pool = self._store.pool(commune)
            if name.key in pool.by_core:
                fair = True
                continue
            indices = set(pool.by_sound.get(sound, ()))
            hits = process.extract(
                name.key, pool.cores, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=6
            )
            indices.update(hit[2] for hit in hits)
            fair = self._compare(indices, pool, name, reading, order) or fair
        return fair

    def by_shared_words(self, reading: Reading, name: StreetName, order: int) -> None:
        """Look for names that share words with this one, whatever else they hold."""
        for commune in reading.communes:
            pool = self._store.pool(commune)
            hits = process.extract(
                name.key,
                pool.cores,
                scorer=fuzz.token_set_ratio,
                score_cutoff=_SHARED_WORDS,
                limit=6,
            )
            self._compare({hit[2] for hit in hits}, pool, name, reading, order)

    def _compare(
        self,
        indices: Iterable[int],
        pool: StreetPool,
        name: StreetName,
        reading: Reading,
        order: int,
    ) -> bool:
        fair = False
        for index in indices:
            entry = pool.entries[index]
            likeness = _likeness(name, entry, self._store)
            fair = fair or likeness.score >= _FAIR
            self._keep(entry, likeness, name, reading, order)
        return fair

    def _keep(
        self, entry: StreetEntry, likeness: Likeness, name: StreetName, reading: Reading, order: int
    ) -> None:
        if likeness.score >= _FAIR:
            self.found_fair = True
            self._fair_score = max(self._fair_score, reading.score)
        candidate = _candidate(entry, likeness, name, reading, self._parsed, order)
        known = self.best.get(entry.street)
        if known is None or candidate.total > known.total:
            self.best[entry.street] = candidate
            self._top = max(self._top, candidate.total)


def _likeness(name: StreetName, entry: StreetEntry, store: AddressStore) -> Likeness:
    """Compare two names word by word, and where that fails without their spaces."""
    likeness = compare(name.core, entry.core.split(" "), store.frequent)
    if likeness.kind > Resemblance.WRITTEN_OTHERWISE:
        glued = compare_glued(name.full, entry.full.split(" "))
        if glued.kind <= likeness.kind and glued.score > likeness.score:
            return glued
    return likeness


def score_entry(
    entry: StreetEntry, reading: Reading, parsed: ParsedAddress, store: AddressStore
) -> Candidate | None:
    """Score one given street for a reading: its best variant."""
    best: Candidate | None = None
    for order, name in enumerate(
        street_variants(reading.street, numbered=parsed.number is not None)
    ):
        candidate = _candidate(entry, _likeness(name, entry, store), name, reading, parsed, order)
        if best is None or candidate.total > best.total:
            best = candidate
    return best


def _candidate(
    entry: StreetEntry,
    likeness: Likeness,
    name: StreetName,
    reading: Reading,
    parsed: ParsedAddress,
    order: int,
) -> Candidate:
    kind = _type_agreement(name.kind, entry.kind)
    whole = " ".join(name.full) == entry.full
    score = likeness.score * _TYPE_FACTOR[kind] + _SAME_FULL * whole - _LATER_VARIANT * (order > 0)
    total = _STREET_SHARE * score + (1 - _STREET_SHARE) * reading.score
    if parsed.postcode and parsed.postcode == entry.postcode:
        total += _SAME_POSTCODE
    goes_on = bool(reading.beside) and reading.beside[0] in {*ARTICLES, "sur", "sous", "lez"}
    if entry.old_city and reading.city and not goes_on:
        total += _SAME_OLD_CITY if entry.old_city == reading.city else 0.0
    return Candidate(entry, total, likeness, kind, whole, reading, name)


def _type_agreement(typed: str, published: str) -> TypeAgreement:
    if typed == published:
        return "same"
    if {typed, published} <= PLACE_TYPES | {""}:
        return "same"  # « lieu-dit le Viala », « le Viala »
    if not typed:
        return "untyped"
    return "contradicted" if published else "unpublished"
