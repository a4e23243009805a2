"""
Which commune an address may mean, and which of its words say so.

Where the street ends and the city begins is not written in « 12 rue de la Paix Saint-Denis »; every plausible cut is a
*reading*: some communes, the words left for the street, and how well name and postcode agree. The best reading is
chosen only once the streets have been looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from rpe_geo.geocoding.lexicon import COMMON_WORDS
from rpe_geo.geocoding.normalize import ARTICLES, BREAK
from rpe_geo.geocoding.parse import ParsedAddress
from rpe_geo.geocoding.similarity import Likeness, Resemblance, compare
from rpe_geo.geocoding.store import AddressStore, postal_departement
from rpe_geo.geocoding.street_names import STREET_TYPES, split_type

__all__ = [
    "ExactName",
    "PostcodeAgreement",
    "Reading",
    "Readings",
    "read_commune",
    "read_communes",
]

PostcodeAgreement = Literal["agrees", "absent", "same-departement", "other-departement"]

_LONGEST_NAME = 7
_MOST_READINGS = 10
_NEAR_NAME = 62.0
_AGREEMENT_SCORE: dict[PostcodeAgreement, float] = {
    "agrees": 1.0,
    "absent": 0.95,
    "same-departement": 0.88,
    "other-departement": 0.66,
}
_NO_CITY_SCORE = 0.78
_NO_CITY_ELSEWHERE: dict[PostcodeAgreement, float] = {
    "agrees": _NO_CITY_SCORE,
    "absent": 0.6,
    "same-departement": 0.5,
    "other-departement": 0.2,
}
_UNKNOWN_CITY_SCORE = 0.5
_NATURAL_CUT = 0.02
_PER_WORD = 0.006
_LONG_CITY = 10
_SHORT_CITY = 5
_BEGINNING = 0.8
_NEVER_A_CITY = frozenset({
    "rue", "avenue", "boulevard", "place", "chemin", "impasse", "allee", "route", "square", "quai", "lotissement", "residence",
    "passage", "ruelle", "sentier", "voie",
})  # fmt: skip
_BEGINS_MANY_NAMES = frozenset(
    {"saint", "sainte", "notre", "mont", "grand", "villers", "sur", "sous"}
)
_EXACT = Likeness(1.0, Resemblance.SAME)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One way to read an address: these words name the city, those the street.

    Parameters
    ----------
    communes
        Communes of the index that the city words may mean.
    street
        Words left for the street, with their breaks.
    score
        How well name and postcode agree, 0 to about 1.
    name
        How the typed city resembles the commune's name; None when no city was typed.
    postcode
        How the typed postcode goes with the commune.
    city
        The known name that the typed city was taken for; "" when none was typed.
    shortened
        Whether the typed city is the beginning of this commune's name alone: Beaulieu for Beaulieu-en-Bresse.
    typed
        Words read as the city.
    beside
        Words of the same part that were read as nothing: « Bourran » in « Rodez Bourran ».
    """

    communes: tuple[int, ...]
    street: tuple[str, ...]
    score: float
    name: Likeness | None
    postcode: PostcodeAgreement
    city: str = ""
    shortened: bool = False
    typed: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExactName:
    """
    Words of the address that are, letter for letter, the name of communes.

    Parameters
    ----------
    communes
        All that have the name, now or formerly, inside the territory or not.
    typed
        The words.
    natural
        Whether the words are a whole part of the address: what follows the postcode, a comma, or a column.
    agrees
        Whether the postcode typed is one of theirs.
    first
        Whether the words stand before the street.
    """

    communes: frozenset[int]
    typed: tuple[str, ...]
    natural: bool
    agrees: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Readings:
    """
    Every plausible reading, best first.

    Parameters
    ----------
    outside
        A commune of France that the address names and the territory does not cover; None when there is none.
    outside_is_sure
        Whether its name cannot well be a part of the street's.
    homonym_outside
        Whether the name typed is also that of a commune outside, and no postcode tells them apart.
    exact
        Names of communes typed letter for letter.
    """

    found: tuple[Reading, ...]
    outside: int | None
    outside_is_sure: bool
    homonym_outside: bool
    exact: tuple[ExactName, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cut:
    """A possible place of the city among the words."""

    city: tuple[str, ...]
    street: tuple[str, ...]
    natural: bool
    beside: tuple[str, ...] = ()
    """Words of the same part left aside, where the part is surely a city's."""
    first: bool = False
    """Whether the city would stand before the street: a building may have a commune's name."""


def read_communes(parsed: ParsedAddress, store: AddressStore) -> Readings:
    """
    List the communes that an address may mean.

    Parameters
    ----------
    parsed
        The address taken apart.
    store
        The index.

    Returns
    -------
    Readings
        Best first; possibly none.
    """
    cuts = _cuts(parsed)
    found: list[Reading] = []
    outside: int | None = None
    outside_weight = 0.0
    homonym = sure = False
    exact: list[ExactName] = []
    for cut in cuts:
        known = store.by_name.get(" ".join(cut.city))
        if not known:
            continue
        grouped = _by_agreement(known, parsed, store)
        if _stands_alone(cut) and (cut.natural or cut.city[0] not in _NEVER_A_CITY):
            exact.append(
                ExactName(frozenset(known), cut.city, cut.natural, "agrees" in grouped, cut.first)
            )
        for agreement, communes in grouped.items():
            covered = tuple(c for c in communes if c in store.covered)
            score = (
                _AGREEMENT_SCORE[agreement] + _NATURAL_CUT * cut.natural + _PER_WORD * len(cut.city)
            )
            if covered:
                found.append(
                    Reading(
                        covered, cut.street, score, _EXACT, agreement, " ".join(cut.city),
                        typed=cut.city, beside=cut.beside,
                    )
                )  # fmt: skip
                if agreement != "agrees" and _homonym_outside(known, parsed, store):
                    homonym = True
            elif score > outside_weight and _stands_alone(cut):
                outside, outside_weight = communes[0], score
                sure = cut.natural or not cut.street or agreement == "agrees" or len(cut.city) > 1
    if not any(reading.postcode == "agrees" for reading in found):
        found.extend(_near_names(parsed, cuts, store, exact=bool(found)))
    if parsed.postcode:
        local = tuple(c for c in store.by_postcode.get(parsed.postcode, ()) if c in store.covered)
        if local:
            typed = bool(parsed.city)
            score = _UNKNOWN_CITY_SCORE if typed else _NO_CITY_SCORE
            name = Likeness(0.0, Resemblance.DIFFERENT) if typed else None
            found.append(Reading(local, parsed.body, score, name, "agrees"))
    found.sort(key=lambda reading: -reading.score)
    best = found[0].score if found else 0.0
    return Readings(
        found=tuple(found[:_MOST_READINGS]),
        outside=outside if outside_weight >= best else None,
        outside_is_sure=sure,
        homonym_outside=homonym,
        exact=tuple(exact),
    )


def _stands_alone(cut: _Cut) -> bool:
    """Tell whether the words before a city end: « rue de Lyon » does not lie in Lyon."""
    if cut.natural or not cut.street:
        return True
    before = cut.street[-1]
    return before not in ARTICLES and before not in STREET_TYPES


def _homonym_outside(communes: Iterable[int], parsed: ParsedAddress, store: AddressStore) -> bool:
    """Whether another commune of this name lies outside and, by its département, may be meant; a Cedex keeps that."""
    wanted = postal_departement(parsed.postcode) if parsed.postcode else ""
    return any(
        commune not in store.covered
        and (not wanted or postal_departement(store.communes[commune].code) == wanted)
        for commune in communes
    )


def read_commune(parsed: ParsedAddress, commune: int, store: AddressStore) -> list[Reading]:
    """Read an address as if it lay in one given commune: the best cut for its names, and no cut at all."""
    agreement = _agreement(commune, parsed, store)
    readings: list[Reading] = []
    best: tuple[float, Likeness, _Cut, str] | None = None
    for cut in _cuts(parsed):
        if _is_street(cut.city) or cut.beside:
            continue
        for name in store.names_of[commune]:
            if fuzz.ratio(" ".join(cut.city), name) < _NEAR_NAME:
                continue
            likeness = _name_likeness(cut.city, name, store)
            if likeness.kind == Resemblance.INCOMPLETE and _is_ordinary("".join(cut.city)):
                continue
            score = _near_score(likeness, agreement, cut)
            if likeness.score >= 0.7 and (best is None or score > best[0]):
                best = score, likeness, cut, name
    if best:
        score, likeness, cut, name = best
        readings.append(
            Reading((commune,), cut.street, score, likeness, agreement, name, typed=cut.city)
        )
    if (
        agreement == "other-departement"
        and postal_departement(parsed.postcode) in store.departements
    ):
        return readings
    score = _NO_CITY_ELSEWHERE[agreement] - (0.25 if parsed.city else 0.0)
    name_typed = Likeness(0.0, Resemblance.DIFFERENT) if parsed.city else None
    readings.append(Reading((commune,), parsed.body, score, name_typed, agreement))
    return readings


def _agreement(commune: int, parsed: ParsedAddress, store: AddressStore) -> PostcodeAgreement:
    """Tell how the typed postcode and arrondissement go with a commune."""
    known = store.communes[commune]
    if parsed.arrondissement and known.arrondissement:
        if known.arrondissement == parsed.arrondissement:
            return "agrees"
        return "same-departement"
    if not parsed.postcode:
        return "absent"
    if commune in store.by_postcode.get(parsed.postcode, ()):
        return "agrees"
    if postal_departement(parsed.postcode) == postal_departement(known.code):
        return "absent" if commune in store.without_postcode else "same-departement"
    return "other-departement"


def _by_agreement(
    communes: Sequence[int], parsed: ParsedAddress, store: AddressStore
) -> dict[PostcodeAgreement, list[int]]:
    grouped: dict[PostcodeAgreement, list[int]] = {}
    for commune in communes:
        grouped.setdefault(_agreement(commune, parsed, store), []).append(commune)
    return grouped


@lru_cache(maxsize=16)
def _cuts(parsed: ParsedAddress) -> tuple[_Cut, ...]:
    """List where the city may stand: its own column, after the postcode, at the end, at the start."""
    body = parsed.body
    cuts: list[_Cut] = []
    if parsed.city:
        street = body
        length = len(parsed.city)
        if (
            len(body) > length and body[-length:] == parsed.city
        ):  # the city is repeated in the address column
            cuts.append(_Cut(parsed.city, body[:-length], natural=True))
        cuts.append(_Cut(parsed.city, street, natural=True))
        for size in range(1, len(parsed.city)):  # « Rodez Bourran », « Commune de Rodez »
            front, back = parsed.city[:size], parsed.city[size:]
            cuts.extend(
                (
                    _Cut(front, street, natural=False, beside=back),
                    _Cut(back, street, natural=False, beside=front),
                )
            )
        return tuple(cuts)
    after = parsed.after_postcode
    if after is not None and after < len(body) and body[after] != BREAK:
        end = _next_break(body, after)
        cuts.extend(
            _Cut(
                body[after : after + size],
                # what follows the city on its line, « 75007 Paris 07 SP », is no part of a street before it
                body[:after] + (body[end:] if after else body[after + size :]),
                natural=size == end - after,
                beside=body[after + size : end],
            )
            for size in range(end - after, 0, -1)
        )
        if after == 0:
            cuts = [cut for cut in cuts if len(cut.city) <= _LONGEST_NAME]
    last = len(body)
    floor = _last_break(body)
    for size in range(1, min(_LONGEST_NAME, last - floor) + 1):
        start = last - size
        if start < floor:
            break
        natural = start == floor and floor > 0
        # the end of what follows the postcode is a city's end, « Haut » in « 12990 Valcombe Haut »
        beside = (
            body[after:start] if after is not None and 0 < after < start and after >= floor else ()
        )
        cuts.append(_Cut(body[start:], body[:start], natural=natural, beside=beside))
    middle = _middle_part(body, floor)
    if middle is not None:
        cuts.append(middle)
    if parsed.head:
        head = tuple(word for word in parsed.head if word != BREAK)
        cuts.append(_Cut(head, body, natural=True, first=True))
        for size in range(1, min(_LONGEST_NAME, len(head))):
            cuts.append(_Cut(head[-size:], body, natural=False, first=True))
            cuts.append(_Cut(head[:size], body, natural=False, first=True))
    elif after != 0:
        first = _next_break(body, 0)
        for size in range(1, min(_LONGEST_NAME, len(body) - 1) + 1):
            rest = body[size + 1 :] if body[size] == BREAK else body[size:]
            if size <= first and rest and (split_type(rest)[0] or body[size] == BREAK):
                cuts.append(_Cut(body[:size], rest, natural=body[size] == BREAK, first=True))
    return tuple(cuts)


def _middle_part(body: Sequence[str], floor: int) -> _Cut | None:
    """Read the last part but one as the city, where maps write a district after it: « rue Haute, Creissels, Millau »."""
    if floor < 2:
        return None
    start = _last_break(body[: floor - 1])
    if not 0 < start < floor - 1:
        return None
    return _Cut(tuple(body[start : floor - 1]), tuple(body[: start - 1]), natural=True)


def _is_street(city: Sequence[str]) -> bool:
    """Whether words that may name a city begin like a street: « rue de Vézelois » is not Vézelois."""
    return len(city) > 1 and split_type(city)[0] in _NEVER_A_CITY


def _next_break(body: Sequence[str], start: int) -> int:
    return next((index for index in range(start, len(body)) if body[index] == BREAK), len(body))


def _last_break(body: Sequence[str]) -> int:
    """Return where the last part begins: 0 when there is only one."""
    return next((index + 1 for index in range(len(body) - 1, -1, -1) if body[index] == BREAK), 0)


def _near_names(
    parsed: ParsedAddress, cuts: Sequence[_Cut], store: AddressStore, *, exact: bool
) -> list[Reading]:
    """Look for misspelt names: among the communes of the postcode, else of its département, else of the territory."""
    tiers: list[Iterable[int]] = []
    if parsed.postcode:
        tiers.append(store.by_postcode.get(parsed.postcode, ()))
    if not exact:
        if parsed.postcode and postal_departement(parsed.postcode) in store.departements:
            wanted = postal_departement(parsed.postcode)
            tiers.append(
                c for c in store.covered if postal_departement(store.communes[c].code) == wanted
            )
        else:
            tiers.append(store.covered)
    for tier in tiers:
        found = _nearest(
            parsed, cuts, store, [commune for commune in tier if commune in store.covered]
        )
        if found:
            return found
    return []


def _nearest(
    parsed: ParsedAddress, cuts: Sequence[_Cut], store: AddressStore, communes: Sequence[int]
) -> list[Reading]:
    names: dict[str, list[int]] = {}
    for commune in communes:
        for name in store.names_of[commune]:
            names.setdefault(name, []).append(commune)
    if not names:
        return []
    choices = list(names)
    found: list[Reading] = []
    for cut in cuts:
        typed = " ".join(cut.city)
        if len(typed) < 3 or cut.beside or _is_street(cut.city):
            continue
        near = process.extract(typed, choices, scorer=fuzz.ratio, score_cutoff=_NEAR_NAME, limit=2)
        alike = [(name, _name_likeness(cut.city, name, store)) for name, _, _ in near]
        if not _is_ordinary(cut.city[-1]):
            begun = [name for name in choices if name.startswith(typed + " ")]
            alike.extend((name, Likeness(_BEGINNING, Resemblance.INCOMPLETE)) for name in begun)
        for name, likeness in alike:
            if likeness.score < 0.7:
                continue
            if likeness.kind == Resemblance.INCOMPLETE and _is_ordinary("".join(cut.city)):
                continue  # « Saint » is no beginning of Saint-Fiel
            for agreement, members in _by_agreement(names[name], parsed, store).items():
                shortened = (
                    likeness.kind == Resemblance.INCOMPLETE
                    and agreement == "absent"
                    and members == _shortened(cut, store)
                )
                if likeness.kind == Resemblance.INCOMPLETE and not (
                    shortened or agreement == "agrees"
                ):
                    continue
                score = _near_score(likeness, agreement, cut)
                found.append(
                    Reading(
                        tuple(members),
                        cut.street,
                        score,
                        likeness,
                        agreement,
                        name,
                        shortened,
                        cut.city,
                    )
                )
    found.sort(key=lambda reading: -reading.score)
    return found[:4]


def _shortened(cut: _Cut, store: AddressStore) -> list[int]:
    """
    Name the one commune of the territory whose name begins with these words; none where another may be meant.

    Another may be when a commune of France is called exactly so, or when a larger one, or one of the same
    département, begins so too.
    """
    typed = " ".join(cut.city)
    if (
        len(typed) < _SHORT_CITY
        or _is_ordinary(cut.city[-1])
        or typed in store.by_name
        or not _stands_alone(cut)
    ):
        return []
    begun = {c for name in store.names_beginning(typed) for c in store.by_name[name]}
    inside = [commune for commune in begun if commune in store.covered]
    if len(inside) != 1:
        return []
    people = store.communes[inside[0]].population
    others = [store.communes[c] for c in begun if c not in store.covered]
    meant = any(
        other.population > people or postal_departement(other.code) in store.departements
        for other in others
    )
    return [] if meant else inside


def _is_ordinary(word: str) -> bool:
    """Whether a word alone says little of a commune's name: « Saint », « Grande », « Bourg »."""
    return (
        word in ARTICLES
        or word in STREET_TYPES
        or word in COMMON_WORDS
        or word in _BEGINS_MANY_NAMES
    )


def _near_score(likeness: Likeness, agreement: PostcodeAgreement, cut: _Cut) -> float:
    base = _AGREEMENT_SCORE[agreement] - 0.6 * (1 - likeness.score)
    return base + _NATURAL_CUT * cut.natural + _PER_WORD * len(cut.city)


def _name_likeness(typed: Sequence[str], name: str, store: AddressStore) -> Likeness:
    """Compare a typed city with a commune's name, articles aside."""
    left = [word for word in typed if word not in ARTICLES] or list(typed)
    right = [word for word in name.split(" ") if word not in ARTICLES] or name.split(" ")
    likeness = compare(left, right, store.frequent)
    if likeness.kind > Resemblance.MISSPELT and len(left) == len(right):
        one, other = "".join(left), "".join(right)
        if len(other) >= _LONG_CITY and OSA.distance(one, other, score_cutoff=2) <= 2:
            return Likeness(max(likeness.score, 1 - 2 / len(other)), Resemblance.MISSPELT)
    return likeness
