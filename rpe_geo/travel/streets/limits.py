"""Speed limits, as numbers, words and zones of OpenStreetMap say them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rpe_geo.travel.streets.access import Direction, Tags

__all__ = ["speed_limit"]

_NUMBER = re.compile(r"\s*(\d+(?:[.,]\d+)?)")
_ZONE = re.compile(r"^(?:[a-z]{2}(?:-[a-z]+)?:)?(?:zone:?)?(\d+)$")
_KEYS = ("maxspeed:advisory", "maxspeed", "zone:maxspeed", "maxspeed:type", "source:maxspeed")
_BUILT_UP = frozenset({
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
    "tertiary", "tertiary_link", "unclassified", "residential", "road",
})  # fmt: skip


def speed_limit(
    tags: Tags, words: Mapping[str, Any], direction: Direction | None = None
) -> float | None:
    """
    Read the speed limit of a way in km/h.

    Parameters
    ----------
    tags
        Of the way.
    words
        The parameter `limit_kph`: km/h of words such as `fr:urban`.
    direction
        Reads `maxspeed:forward` or `:backward` first.

    Returns
    -------
    float or None
        None where nothing is given. `zone:maxspeed=FR:30`, `maxspeed:type=FR:zone30` and `source:maxspeed=FR:urban` are read where
        `maxspeed` is missing, `zone:traffic` last and on roads alone (wiki, Key:zone:maxspeed, Key:zone:traffic).
    """
    first = (f"maxspeed:{direction}",) if direction else ()
    for key in (*first, *_KEYS):
        limit = _read(tags.get(key), words)
        if limit is not None:
            return limit
    if tags.get("highway") in _BUILT_UP:
        return _read(tags.get("zone:traffic"), words)
    return None


def _read(text: str | None, words: Mapping[str, Any]) -> float | None:
    if not text:
        return None
    word = text.strip().lower()
    number = _NUMBER.match(word)
    if number:
        value = float(number[1].replace(",", "."))
        return value * 1.609344 if "mph" in word else (value or None)
    if word in words:
        return float(words[word])
    zone = _ZONE.match(word)
    return float(zone[1]) if zone else None
