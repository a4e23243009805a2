"""Who may use a way or pass a node: the access tags of OpenStreetMap, by mode and by direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["Access", "Direction", "Tags", "access_of", "oneway_of", "said_of"]

Tags = Mapping[str, str]
Direction = Literal["forward", "backward"]
Access = Literal["open", "ends", "closed"]
"""`open` to everybody, `ends`: only for those who live there or go there, `closed`."""

_KEYS: dict[str, tuple[str, ...]] = {
    "walk": ("foot", "access"),
    "pushchair": ("foot", "access"),
    "bike": ("bicycle", "vehicle", "access"),
    "car": ("motorcar", "motor_vehicle", "vehicle", "access"),
}
"""Keys of each mode, the most specific first (wiki, Key:access, transport mode restrictions)."""

_NAMES: dict[tuple[str, str | None], tuple[str, ...]] = {
    (mode, direction): tuple(
        name
        for key in keys
        for name in ((f"{key}:{direction}", f"{key}:both_ways", key) if direction else (key,))
    )
    for mode, keys in _KEYS.items()
    for direction in (None, "forward", "backward")
}
_EVERY_KEY = frozenset(name for names in _NAMES.values() for name in names)
_OPEN = frozenset({"yes", "designated", "permissive", "public", "optional_sidepath", "limited"})
_ENDS = frozenset({"private", "destination", "customers", "permit", "residents", "resident", "visitors", "guest"})  # fmt: skip
_CLOSED = frozenset({
    "no", "agricultural", "forestry", "agricultural;forestry", "use_sidepath", "emergency", "psv", "taxi", "bus", "minibus",
    "military", "restricted", "emergency_vehicle", "share_taxi", "none", "hgv", "official",
})  # fmt: skip
_TRUE = frozenset({"yes", "true", "1"})
_FALSE = frozenset({"no", "false", "0", "alternating"})


def said_of(tags: Tags, mode: str, direction: Direction | None = None) -> str | None:
    """
    Return what the tags say of a mode in a direction: the value of the most specific key that is there.

    Parameters
    ----------
    tags
        Of a way or a node.
    mode
        walk, pushchair, bike or car.
    direction
        As drawn, or against it; None reads the keys without direction alone.

    Returns
    -------
    str or None
        None where nothing is given.

    Notes
    -----
    A more specific key wins over a more general one, `bicycle` over `vehicle:forward`; for one key the direction wins
    (wiki, Key:access; Forward & backward, left & right).
    """
    if _EVERY_KEY.isdisjoint(tags):
        return None
    for name in _NAMES[mode, direction]:
        value = tags.get(name)
        if value:
            return value.strip().lower()
    return None


def access_of(tags: Tags, mode: str, direction: Direction | None = None) -> Access | None:
    """
    Read what the tags say of a mode in a direction.

    Parameters
    ----------
    tags, mode, direction
        As `said_of`.

    Returns
    -------
    Access or None
        None where nothing that is understood is tagged; of several values (`agricultural;destination`) the widest.
    """
    said = said_of(tags, mode, direction)
    if said is None:
        return None
    read = {_value(value.strip(), mode) for value in said.split(";")}
    widest: tuple[Access, ...] = ("open", "ends", "closed")
    return next((access for access in widest if access in read), None)


def _value(value: str, mode: str) -> Access | None:
    if value in _OPEN or (value == "official" and mode != "car"):
        return "open"
    if value in _ENDS or (value in {"delivery", "unknown"} and mode == "car"):
        return "ends"
    if value in _CLOSED or value == "delivery" or (value == "foot" and mode != "walk"):
        return "closed"
    return None


def oneway_of(tags: Tags, *keys: str) -> Direction | Literal["both"] | None:
    """
    Read the only direction that is open, from the first of some keys that says anything.

    Parameters
    ----------
    tags
        Of a way.
    *keys
        `oneway:bicycle`, `oneway` and the like, the most specific first.

    Returns
    -------
    Direction, both or None
        `both` where a key says that there is none, None where no key is there.
    """
    for key in keys:
        value = (tags.get(key) or "").strip().lower()
        if value in _TRUE:
            return "forward"
        if value in {"-1", "reverse"}:
            return "backward"
        if value in _FALSE:
            return "both"
    return None
