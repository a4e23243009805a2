"""What is too narrow, too low or too weak a way for a mode."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rpe_geo.travel.streets.access import Tags

__all__ = ["metres_of", "too_narrow"]

_METRES = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(m|cm|km|mm)?\s*$")
_FEET = re.compile(r"^\s*(\d+)\s*(?:'|ft)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|in))?\s*$")
_WIDTHS = ("maxwidth:physical", "maxwidth", "width", "est_width", "opening", "spacing")
_HEIGHTS = ("maxheight:physical", "maxheight")
_EVERY_KEY = frozenset({*_WIDTHS, *_HEIGHTS, "maxweight"})
_UNITS = {None: 1.0, "m": 1.0, "cm": 0.01, "km": 1000.0, "mm": 0.001}


def metres_of(text: str | None) -> float | None:
    """Read a length of OpenStreetMap (`2.1`, `2,1 m`, `70 cm`, `6'7"`) in metres; None where it does not read as one."""
    if not text:
        return None
    found = _METRES.match(text.lower())
    if found:
        return float(found[1].replace(",", ".")) * _UNITS[found[2]]
    feet = _FEET.match(text.lower())
    if feet:
        return int(feet[1]) * 0.3048 + float(feet[2] or 0) * 0.0254
    return None


def too_narrow(tags: Tags, mode: str, speeds: Mapping[str, Any]) -> bool:
    """
    Say whether a mode is too wide, too high or too heavy for what the tags say.

    Parameters
    ----------
    tags
        Of a way or a node; a width of the way itself counts as what it leaves (`width`, `est_width`).
    mode
        walk, pushchair, bike or car.
    speeds
        The table `speeds`: `size_m`, the width, height and weight of each mode.

    Returns
    -------
    bool
        True where it cannot pass.
    """
    if _EVERY_KEY.isdisjoint(tags):
        return False
    sizes = speeds["size_m"]
    width = sizes["width"].get(mode)
    if width is not None:
        for key in _WIDTHS:
            room = metres_of(tags.get(key))
            if room is not None:
                if 0 < room < width:
                    return True
                break
    if mode != "car":
        return False
    for key in _HEIGHTS:
        height = metres_of(tags.get(key))
        if height is not None:
            if 0 < height < sizes["car_height"]:
                return True
            break
    weight = _METRES.match(tags.get("maxweight", ""))
    if weight is None:
        return False
    return bool(0 < float(weight[1].replace(",", ".")) < sizes["car_weight_t"])
