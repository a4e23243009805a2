"""
A published barème: criteria, points, sources; read strictly, applied as it stands, printed as it was applied.

Points of a family at a provider are the sum, over criteria, of points × the fact, at most `maximum` of it; of a group of
criteria only the one that gives most counts. Facts come from the request's `criteria` (1 for yes), or are known from
the request itself: `handicap` (a need of a child, or AEEH), `parent_seul`, `naissances_multiples`,
`horaires_atypiques`, `semaines_attente`. A fact at one provider is written `name:provider_id`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

from rpe_geo.domain import Request
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.rules.atypical import atypical_hours

__all__ = ["Bareme", "Criterion", "Reservation", "default_bareme", "parse_bareme", "points_of"]

_TOP = {"title", "valid_from", "source", "criteria", "reserved"}
_OF_CRITERION = {"id", "title", "points", "maximum", "group", "priority", "at_provider", "source"}
_OF_RESERVATION = {"provider", "places", "criterion"}


@dataclass(frozen=True)
class Criterion:
    """
    One line of a barème.

    Parameters
    ----------
    criterion_id, title, source
        Its name as facts write it, what it is called, who decided it.
    points
        For one unit of the fact.
    maximum
        Units counted at most.
    group
        Of the lines of a group only the best one counts.
    priority
        Whether families that meet it are counted as having priority.
    at_provider
        Whether the fact is one at a single provider.
    """

    criterion_id: str
    title: str
    points: Fraction
    maximum: float = 1.0
    group: str | None = None
    priority: bool = False
    at_provider: bool = False
    source: str = ""


@dataclass(frozen=True)
class Reservation:
    """Places that a provider keeps for the families of a criterion."""

    provider_id: str
    places: int
    criterion_id: str


@dataclass(frozen=True)
class Bareme:
    """A dated barème."""

    title: str
    valid_from: date | None
    source: str
    criteria: tuple[Criterion, ...]
    reserved: tuple[Reservation, ...] = ()


def default_bareme() -> Bareme:
    """Return the French default, to be replaced by the one that a council has voted."""
    text = files("rpe_geo.commission").joinpath("bareme.toml").read_text(encoding="utf-8")
    return parse_bareme(text, "bareme.toml")


def parse_bareme(text: str, name: str | Path) -> Bareme:
    """
    Read a barème.

    Parameters
    ----------
    text
        TOML: `title`, `valid_from`, `source`, tables `criteria` and `reserved`.
    name
        The file, for the error.

    Returns
    -------
    Bareme
        As it stands.

    Raises
    ------
    InvalidFile
        For a typing error, an unknown or missing key, a criterion that stands twice, a value out of range.
    """
    file = Path(name).name
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidFile("bareme_unreadable", where=Where(file=file), reason=str(error)) from None
    _known_keys(content, _TOP, file, None)
    lines = content.get("criteria")
    if not isinstance(lines, list) or not lines:
        raise InvalidFile("bareme_empty", where=Where(file=file))
    criteria = tuple(_criterion(line, file, row) for row, line in enumerate(lines, start=1))
    seen: set[str] = set()
    for row, criterion in enumerate(criteria, start=1):
        if criterion.criterion_id in seen:
            raise InvalidFile(
                "bareme_twice",
                where=Where(file=file, row=row, field="id"),
                given=criterion.criterion_id,
            )
        seen.add(criterion.criterion_id)
    reserved = tuple(
        _reservation(line, file, row, seen)
        for row, line in enumerate(content.get("reserved", []), start=1)
    )
    valid_from = content.get("valid_from")
    if valid_from is not None and not isinstance(valid_from, date):
        raise _wrong(file, None, "valid_from", valid_from, "une date (AAAA-MM-JJ, sans guillemets)")
    return Bareme(
        title=str(content.get("title", file)),
        valid_from=valid_from,
        source=str(content.get("source", "")),
        criteria=criteria,
        reserved=reserved,
    )


def _known_keys(table: Mapping[str, Any], known: set[str], file: str, row: int | None) -> None:
    for key in table:
        if key not in known:
            raise InvalidFile(
                "bareme_key_unknown",
                where=Where(file=file, row=row, field=key),
                known=sorted(known),
            )


def _wrong(file: str, row: int | None, name: str, given: object, expected: str) -> InvalidFile:
    return InvalidFile(
        "bareme_value", where=Where(file=file, row=row, field=name), given=given, expected=expected
    )


def _number(
    line: Mapping[str, Any], name: str, file: str, row: int, default: float | None
) -> float:
    given = line.get(name, default)
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1_000_000:
        raise _wrong(file, row, name, given, "un nombre de 0 à 1 000 000")
    return float(given)


def _text(line: Mapping[str, Any], name: str, file: str, row: int, *, needed: bool) -> str:
    given = line.get(name, None if needed else "")
    if not isinstance(given, str) or (needed and not given.strip()):
        raise _wrong(file, row, name, given, "un texte")
    return given.strip()


def _truth(line: Mapping[str, Any], name: str, file: str, row: int) -> bool:
    given = line.get(name, False)
    if not isinstance(given, bool):
        raise _wrong(file, row, name, given, "true ou false")
    return given


def _criterion(line: Any, file: str, row: int) -> Criterion:
    if not isinstance(line, dict):
        raise _wrong(file, row, "criteria", line, "une table [[criteria]]")
    _known_keys(line, _OF_CRITERION, file, row)
    name = _text(line, "id", file, row, needed=True)
    return Criterion(
        criterion_id=name,
        title=_text(line, "title", file, row, needed=False) or name,
        points=Fraction(str(_number(line, "points", file, row, None))),
        maximum=_number(line, "maximum", file, row, 1.0),
        group=_text(line, "group", file, row, needed=False) or None,
        priority=_truth(line, "priority", file, row),
        at_provider=_truth(line, "at_provider", file, row),
        source=_text(line, "source", file, row, needed=False),
    )


def _reservation(line: Any, file: str, row: int, criteria: set[str]) -> Reservation:
    if not isinstance(line, dict):
        raise _wrong(file, row, "reserved", line, "une table [[reserved]]")
    _known_keys(line, _OF_RESERVATION, file, row)
    criterion = _text(line, "criterion", file, row, needed=True)
    if criterion not in criteria:
        raise _wrong(file, row, "criterion", criterion, "l’identifiant d’un critère du barème")
    places = _number(line, "places", file, row, None)
    if not places.is_integer() or places < 1:
        raise _wrong(
            file, row, "places", line.get("places"), "un nombre entier de places, au moins 1"
        )
    return Reservation(_text(line, "provider", file, row, needed=True), int(places), criterion)


def _facts(request: Request, today: date) -> dict[str, float]:
    """List what is known of a family; what the request says itself stands above what is derived."""
    household = request.household
    children = request.children
    facts: dict[str, float] = {
        "handicap": float(
            any(child.needs for child in children)
            or (household is not None and household.aeeh_children > 0)
        ),
        "parent_seul": float(household is not None and household.lone_parent),
        "naissances_multiples": float(len(children) > 1),
        "horaires_atypiques": float(atypical_hours(request.schedule, today).hours_per_week > 0),
    }
    if request.requested_on is not None:
        facts["semaines_attente"] = float(max((today - request.requested_on).days // 7, 0))
    return facts | dict(request.criteria)


def points_of(
    bareme: Bareme, request: Request, today: date, provider_ids: Sequence[str] = ()
) -> tuple[dict[str, Fraction], dict[str, dict[str, Fraction]]]:
    """
    Count the points of a family.

    Parameters
    ----------
    bareme
        The barème.
    request
        The family.
    today
        Day up to which weeks of waiting are counted.
    provider_ids
        Providers for which facts at a provider are looked up.

    Returns
    -------
    tuple of dict
        Criterion id to points wherever the family goes; provider id to the same for facts at that provider.
    """
    facts = _facts(request, today)
    common = [
        (one, _points(one, facts.get(one.criterion_id, 0.0)))
        for one in bareme.criteria
        if not one.at_provider
    ]
    everywhere = _best_of_groups(common)
    special: dict[str, dict[str, Fraction]] = {}
    local = [one for one in bareme.criteria if one.at_provider]
    named = {fact.split(":", 1)[1] for fact in facts if ":" in fact}
    for provider_id in provider_ids:
        if provider_id in named:
            counted = [
                (one, _points(one, facts.get(f"{one.criterion_id}:{provider_id}", 0.0)))
                for one in local
            ]
            special[provider_id] = _best_of_groups(counted)
    return everywhere, special


def _points(criterion: Criterion, fact: float) -> Fraction:
    return criterion.points * Fraction(str(min(fact, criterion.maximum)))


def _best_of_groups(counted: Sequence[tuple[Criterion, Fraction]]) -> dict[str, Fraction]:
    best: dict[str, str] = {}
    points = {one.criterion_id: worth for one, worth in counted if worth}
    for one, worth in counted:
        if one.group and worth and (one.group not in best or worth > points[best[one.group]]):
            best[one.group] = one.criterion_id
    return {
        one.criterion_id: points[one.criterion_id]
        for one, _ in counted
        if one.criterion_id in points and (not one.group or best[one.group] == one.criterion_id)
    }
