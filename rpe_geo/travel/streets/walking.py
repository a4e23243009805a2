"""How fast one walks along a way, alone or with a pushchair, and where one may not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpe_geo.travel.streets.access import Access, Direction, Tags, access_of, oneway_of
from rpe_geo.travel.streets.sizes import metres_of, too_narrow

__all__ = ["NO_PACE", "Pace", "pushchair_pace", "walking_pace"]

Pace = tuple[float, float, bool]
"""km/h along the way as drawn and against it, 0 being forbidden; and whether only those who go there may pass."""

NO_PACE: Pace = (0.0, 0.0, False)

_WALKABLE = frozenset({
    "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary",
    "tertiary_link", "unclassified", "residential", "living_street", "service", "track", "path",
    "steps", "pedestrian", "platform", "footway", "pier", "road", "corridor", "cycleway", "bridleway",
    "busway", "elevator", "ladder",
})  # fmt: skip
_NEEDS_CONSENT = frozenset({"bridleway", "busway"})
_SEPARATE = frozenset({"separate"})
_ROADS = frozenset({
    "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link",
    "unclassified", "residential", "living_street", "service", "road",
})  # fmt: skip
_WITH_STROLLER = frozenset({"yes", "designated"})
_MOUNTAIN = frozenset({
    "mountain_hiking", "demanding_mountain_hiking", "alpine_hiking", "demanding_alpine_hiking", "difficult_alpine_hiking",
})  # fmt: skip
_STEEP_SHARE = 0.25


def walking_pace(tags: Tags, highway: str, speeds: Mapping[str, Any], *, ferry: bool) -> Pace:
    """
    Say how fast one walks along a way.

    Parameters
    ----------
    tags, highway
        Of the way.
    speeds
        The table `speeds`.
    ferry
        Whether the way is a ferry.

    Returns
    -------
    Pace
        Pavements drawn apart make the street itself less attractive (`sidewalk_apart_factor`), never closed: half of them are
        not drawn to their end.
    """
    ahead = _direction(tags, highway, "forward", ferry=ferry)
    back = _direction(tags, highway, "backward", ferry=ferry)
    if ahead == "closed" and back == "closed":
        return NO_PACE
    if ferry:
        speed = float(speeds["ferry_kph"])
    else:
        speed = float(speeds["steps_kph" if highway in {"steps", "ladder"} else "walk_kph"])
        speed *= speeds["walk_surface_factor"].get(tags.get("surface", ""), 1.0)
        if highway in _ROADS and _pavements_apart(tags):
            speed *= float(speeds["sidewalk_apart_factor"])
    forward = 0.0 if ahead == "closed" else speed
    backward = 0.0 if back == "closed" else speed
    only = oneway_of(tags, "oneway:foot")
    if highway in {"steps", "footway", "pedestrian", "path", "corridor"}:
        only = only or oneway_of(tags, "foot:oneway")
    conveying = tags.get("conveying")
    if only == "forward" or conveying == "forward":
        backward = 0.0
    elif only == "backward" or conveying == "backward":
        forward = 0.0
    return forward, backward, "ends" in {ahead, back}


def _direction(tags: Tags, highway: str, direction: Direction, *, ferry: bool) -> Access:
    said = access_of(tags, "walk", direction)
    if said == "closed" or tags.get("motorroad") == "yes":
        return "closed"
    if ferry:
        return said or "open"
    if highway in _NEEDS_CONSENT:
        allowed = access_of({"foot": tags.get("foot", "")}, "walk") == "open"
    else:
        allowed = highway in _WALKABLE or (
            said == "open" and highway not in {"motorway", "motorway_link"}
        )
    return (said or "open") if allowed else "closed"


def _pavements_apart(tags: Tags) -> bool:
    """Whether every pavement of a street is drawn as a way of its own."""
    if access_of({"foot": tags.get("foot", "")}, "walk") == "open":
        return False
    if "separate" in {tags.get("sidewalk"), tags.get("sidewalk:both")}:
        return True
    sides = {tags.get("sidewalk:left", "no"), tags.get("sidewalk:right", "no")}
    return "separate" in sides and sides <= {"separate", "no", "none"}


def pushchair_pace(
    tags: Tags, highway: str, walk: Pace, speeds: Mapping[str, Any], *, ferry: bool
) -> Pace:
    """
    Say how fast one walks along a way with a pushchair.

    Parameters
    ----------
    tags, highway
        Of the way.
    walk
        Pace without one.
    speeds
        The table `speeds`.
    ferry
        Whether the way is a ferry.

    Returns
    -------
    Pace
        What `stroller` says wins (wiki, Key:stroller: `yes`, `limited`, `no`, `designated`); else steps ask for a ramp, and the
        width, the smoothness and the ground of the way count.
    """
    stroller = tags.get("stroller")
    if stroller == "no" or max(walk[:2]) == 0:
        return NO_PACE
    factor = float(speeds["pushchair_kph"]) / float(speeds["walk_kph"])
    if stroller == "limited":
        factor *= float(speeds["pushchair_limited_factor"])
    elif stroller not in _WITH_STROLLER and not ferry:
        share = _share_kept(tags, highway, speeds)
        if share == 0:
            return NO_PACE
        factor *= share
    return walk[0] * factor, walk[1] * factor, walk[2]


def _share_kept(tags: Tags, highway: str, speeds: Mapping[str, Any]) -> float:
    """Share of the pace that a pushchair keeps on a way that says nothing of strollers; 0 where it cannot pass."""
    if highway == "ladder" or tags.get("ladder") == "yes" or tags.get("sac_scale") in _MOUNTAIN:
        return 0.0
    if too_narrow(tags, "pushchair", speeds):
        return 0.0
    ground = float(speeds["pushchair_smoothness_factor"].get(tags.get("smoothness", ""), 1.0))
    ground *= float(speeds["pushchair_surface_factor"].get(tags.get("surface", ""), 1.0))
    if highway == "steps":
        return ground * _on_steps(tags, speeds)
    if _steepness(tags.get("incline")) > _STEEP_SHARE:
        return 0.0
    return ground


def _on_steps(tags: Tags, speeds: Mapping[str, Any]) -> float:
    """A ramp for strollers or wheelchairs opens steps; one for bikes does not, and nobody takes a pushchair on an escalator."""
    if tags.get("conveying") not in {None, "no"}:
        return 0.0
    told = {key: tags.get(key) for key in ("ramp:stroller", "ramp:wheelchair", "ramp")}
    if told["ramp:stroller"] in {"yes", "designated", "automatic", "manual"}:
        return 1.0
    if told["ramp:stroller"] == "no":
        return 0.0
    if told["ramp:wheelchair"] in {"yes", "designated", "automatic", "manual"}:
        return 1.0
    if told["ramp"] == "yes" and tags.get("ramp:bicycle") != "yes":
        return 1.0
    # A single step of at most 15 cm is what the wiki calls limited.
    return float(speeds["pushchair_limited_factor"]) if tags.get("step_count") == "1" else 0.0


def _steepness(text: str | None) -> float:
    """Read `incline=12%` or `10°` as a share; 0 where it gives no number."""
    if not text:
        return 0.0
    value = metres_of(text.strip().lstrip("+-").rstrip("%° "))
    if value is None:
        return 0.0
    return value / 100 if text.strip().endswith("%") else (value * 0.0175 if "°" in text else 0.0)
