"""Two versions of one record: what each of two people changed, side by side, and a proposal that loses neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.pages.work import Work
from rpe_geo.domain import Adaptation, Envelope, SecondHome
from rpe_geo.errors import InvalidRecord
from rpe_geo.messages.fields import FIELD_NAMES, said
from rpe_geo.protocols import Standing
from rpe_geo.record_fields import record_from, values_of

__all__ = ["Line", "TwoVersions", "two_versions"]

_HIDDEN = frozenset({"longitude", "latitude", "work_longitude", "work_latitude"})


@dataclass(frozen=True)
class Line:
    """One field in which the versions differ, as text; `both` when both people changed it."""

    name: str
    before: str | None
    theirs: str
    mine: str | None
    both: bool


@dataclass(frozen=True)
class TwoVersions:
    """
    What the page of a conflict tells.

    Parameters
    ----------
    who, at
        Who stored the other version, and when; empty and None when it is gone.
    lines
        The fields that differ.
    proposed
        What was typed, with the other's changes of the fields that were left alone; None when what was typed is faulty.
    """

    who: str
    at: datetime | None
    lines: tuple[Line, ...]
    proposed: Any = None


def two_versions(
    work: Work, base: Any | None, theirs: Any, mine: Any | None, standing: Standing
) -> TwoVersions:
    """
    Set two versions beside each other.

    Parameters
    ----------
    work
        Who is at work.
    base
        What both began with; None when it is not known.
    theirs
        As it is stored now.
    mine
        As it was typed; None when it cannot be read.
    standing
        Who stored theirs, and when.
    """
    by_hand = standing.edited_at == standing.changed_at
    who = work.who(standing.edited_by) if by_hand else "un import de fichier"
    then = None if base is None else values_of(base)
    now, typed = values_of(theirs), None if mine is None else values_of(mine)
    return TwoVersions(
        who,
        standing.changed_at,
        tuple(_lines(then, now, typed)),
        None if typed is None else _proposed(then, now, typed, type(theirs)) or mine,
    )


def _lines(
    then: Mapping[str, Any] | None, now: Mapping[str, Any], typed: Mapping[str, Any] | None
) -> list[Line]:
    lines = []
    for path, value in now.items():
        was = value if then is None else then[path]
        wish = was if typed is None else typed[path]
        if path in _HIDDEN or (value == was == wish) or (then is None and value == wish):
            continue
        lines.append(
            Line(
                FIELD_NAMES.get(path, path),
                None if then is None else _written(path, was),
                _written(path, value),
                None if typed is None else _written(path, wish),
                both=then is not None and typed is not None and was not in (value, wish),
            )
        )
    return lines


def _written(path: str, value: Any) -> str:
    """Write a value, rows of a table each with its own fields."""
    if isinstance(value, tuple) and value and not isinstance(value[0], str):
        rows = (
            ", ".join(
                said(f"{path}.{name}", part)
                for name, part in values_of(row).items()
                if part not in (None, frozenset())
            )
            for row in value
        )
        return " ; ".join(rows)
    if isinstance(value, Adaptation | Envelope | SecondHome):
        named = (
            f"{FIELD_NAMES[f'{path}.{name}']} {said(f'{path}.{name}', part)}"
            for name, part in values_of(value).items()
            if part not in (None, "")
        )
        return ", ".join(named)
    return said(path, dict(value) if isinstance(value, Mapping) else value)


def _proposed(
    then: Mapping[str, Any] | None,
    now: Mapping[str, Any],
    typed: Mapping[str, Any],
    kind: type[Any],
) -> Any | None:
    """Take the other's value of what was left alone, and what was typed of the rest; None when they contradict."""
    if then is None:
        return None
    result = {path: now[path] if typed[path] == then[path] else typed[path] for path in now}
    for place in ("", "work_"):
        at = tuple(f"{place}{name}" for name in ("address", "longitude", "latitude"))
        if at[0] in now:
            source = now if typed[at[0]] == then[at[0]] else typed
            result |= {path: source[path] for path in at}
    try:
        return record_from(kind, result)
    except InvalidRecord:
        return None
