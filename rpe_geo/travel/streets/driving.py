"""How fast one drives along a way, and where one may not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpe_geo.travel.streets.access import Access, Tags, access_of, oneway_of
from rpe_geo.travel.streets.limits import speed_limit
from rpe_geo.travel.streets.sizes import too_narrow
from rpe_geo.travel.streets.walking import NO_PACE, Pace

__all__ = ["driving_pace"]

_ROUND = frozenset({"roundabout", "circular"})
_WITHOUT_CARS = frozenset({"steps", "corridor", "elevator", "ladder"})


def driving_pace(tags: Tags, highway: str, speeds: Mapping[str, Any], *, ferry: bool) -> Pace:
    """
    Say how fast one drives along a way.

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
        0 where cars may not pass; a ferry carries them unless it says otherwise (see `_aboard`).
    """
    ahead, back = access_of(tags, "car", "forward"), access_of(tags, "car", "backward")
    if (
        tags.get("area") == "yes"
        or highway in _WITHOUT_CARS
        or tags.get("service") == "emergency_access"
        or too_narrow(tags, "car", speeds)
    ):
        return NO_PACE
    ends = "ends" in {ahead, back}
    if ferry:
        speed = float(speeds["ferry_kph"])
        if not _aboard(tags):
            return NO_PACE
        return _open(speed, ahead), _open(speed, back), ends
    base = _base(tags, highway, speeds)
    if not base:
        return NO_PACE
    limits = speeds["limit_kph"]
    forward = _driven(tags, base, speed_limit(tags, limits, "forward"), speeds)
    backward = _driven(tags, base, speed_limit(tags, limits, "backward"), speeds)
    if tags.get("oneway") == "reversible":
        return NO_PACE
    only = oneway_of(tags, "oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")
    if only is None and (highway == "motorway" or tags.get("junction") in _ROUND):
        only = "forward"
    if only == "backward":
        forward = 0.0
    elif only == "forward":
        backward = 0.0
    return _open(forward, ahead), _open(backward, back), ends


def _open(speed: float, access: Access | None) -> float:
    return 0.0 if access == "closed" else speed


def _aboard(tags: Tags) -> bool:
    """
    Whether a ferry carries cars.

    Notes
    -----
    What `motorcar`, `motor_vehicle`, `vehicle` or `access` says; a ferry that names walkers or bikes alone is theirs; one that names
    nobody is a link of the roads that it joins (wiki, Tag:route=ferry).
    """
    said = access_of(tags, "car")
    if said is not None:
        return said != "closed"
    return "foot" not in tags and "bicycle" not in tags


def _base(tags: Tags, highway: str, speeds: Mapping[str, Any]) -> float:
    """Give the km/h of a class of road without a limit; 0 where a car has no business."""
    said = access_of(tags, "car")
    directed = {said, access_of(tags, "car", "forward"), access_of(tags, "car", "backward")}
    base = speeds["car_kph"].get(highway)
    if highway == "track" and said is None:
        table = speeds["car_track_kph"]
        return float(table.get(tags.get("tracktype", ""), table["other"]))
    if base is None or highway == "track":
        # A path carries cars only where it says so.
        return float(speeds["car_kph"]["other"]) if "open" in directed else 0.0
    return float(base)


def _driven(tags: Tags, base: float, limit: float | None, speeds: Mapping[str, Any]) -> float:
    """Average speed on the way in one direction: by its limit when it has one, else by its class."""
    speed = limit * float(speeds["car_share_of_limit"]) if limit else base
    speed *= float(speeds["car_service_factor"].get(tags.get("service", ""), 1.0))
    surface = speeds["car_surface_kph"].get(tags.get("surface", ""))
    return float(speed if surface is None else min(speed, surface))
