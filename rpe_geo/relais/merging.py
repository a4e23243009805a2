"""What a file says against what was written by hand since: a merge by field, in which nothing is undone silently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rpe_geo.errors import InvalidRecord
from rpe_geo.record_fields import record_from, values_of

__all__ = ["Held", "Merged", "merge"]

_PLACES = (
    ("address", "longitude", "latitude"),
    ("work_address", "work_longitude", "work_latitude"),
)
_CONFIRMED = "availability_confirmed_on"


@dataclass(frozen=True)
class Held:
    """A field written by hand, and what the file says of it."""

    path: str
    ours: Any
    sent: Any


@dataclass(frozen=True)
class Merged:
    """
    What becomes of a record.

    Parameters
    ----------
    record
        To be stored.
    held
        Fields in which a hand and the file differ: kept, or replaced when the file was to prevail.
    """

    record: Any
    held: tuple[Held, ...] = ()


def merge(ours: Any, base: Any, sent: Any, placed: Any, *, file_prevails: bool = False) -> Merged:
    """
    Put what a file says into the record that is stored.

    Parameters
    ----------
    ours
        As stored.
    base
        As a file last gave it; None when it was never imported, so that everything in it was written by hand.
    sent, placed
        As the file gives it now, and the same with coordinates.
    file_prevails
        Take the file's word everywhere; what that undoes is still told.

    Returns
    -------
    Merged
        A field changed by hand alone or by both keeps the hand's value, one that only the file changed takes the file's;
        an address goes with its coordinates, and of two days of confirmation the later counts.
    """
    if placed == ours and _repeats_places(ours, sent):
        return Merged(ours)
    now, then, new = values_of(ours), None if base is None else values_of(base), values_of(placed)
    typed = values_of(sent)
    result, held = dict(new), []
    for path, value in now.items():
        if any(path in group[1:] for group in _PLACES) or path == _CONFIRMED:
            continue
        if value == new[path] or (then is not None and value == then[path]):
            continue
        held.append(Held(path, value, new[path]))
        if not file_prevails:
            result[path] = value
    for group in _PLACES:
        if group[0] in now and _place_by_hand(group, now, then, typed):
            if now[group[0]] == new[group[0]]:
                held.append(Held(group[0], "position corrigée", "une autre position"))
            if not file_prevails:
                result |= {path: now[path] for path in group}
        elif group[0] in now and _position_unsaid(group, now, then, new):
            result |= {path: now[path] for path in group}
    if _CONFIRMED in now:
        result[_CONFIRMED] = max(
            (day for day in (now[_CONFIRMED], new[_CONFIRMED]) if day is not None), default=None
        )
    try:
        record = record_from(type(ours), result)
    except InvalidRecord:
        # Half of the one and half of the other contradict each other: what was written by hand stays whole.
        return Merged(ours, tuple(held))
    return Merged(record, tuple(held))


def _repeats_places(ours: Any, sent: Any) -> bool:
    """Tell whether a file says no place, or the very places that are stored."""
    return all(
        getattr(sent, longitude) is None
        or (getattr(sent, longitude), getattr(sent, latitude))
        == (getattr(ours, longitude), getattr(ours, latitude))
        for address, longitude, latitude in _PLACES
        if hasattr(ours, address)
    )


def _position_unsaid(
    group: tuple[str, str, str],
    now: dict[str, Any],
    then: dict[str, Any] | None,
    new: dict[str, Any],
) -> bool:
    """Tell whether a file repeats an address without a position, where one was found or set since the last file."""
    address, longitude, latitude = group
    changed = then is not None and (now[longitude], now[latitude]) != (
        then[longitude],
        then[latitude],
    )
    return changed and now[address] == new[address] and new[longitude] is None


def _place_by_hand(
    group: tuple[str, str, str],
    now: dict[str, Any],
    then: dict[str, Any] | None,
    typed: dict[str, Any],
) -> bool:
    """Tell whether a place was moved by hand and the file does not simply repeat it."""
    at = tuple(now[path] for path in group)
    if then is not None and at == tuple(then[path] for path in group):
        return False
    address, longitude, latitude = (typed[path] for path in group)
    return not (address == at[0] and (longitude is None or (longitude, latitude) == at[1:]))
