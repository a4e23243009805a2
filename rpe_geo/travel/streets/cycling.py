"""How fast one cycles along a way, where one pushes, and against which one-way streets one may ride."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpe_geo.travel.streets.access import Access, Direction, Tags, access_of, oneway_of, said_of
from rpe_geo.travel.streets.limits import speed_limit
from rpe_geo.travel.streets.sizes import too_narrow
from rpe_geo.travel.streets.walking import NO_PACE, Pace

__all__ = ["cycling_pace"]

_CYCLABLE = frozenset({
    "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link",
    "unclassified", "residential", "living_street", "service", "track", "path", "cycleway", "road",
    "trunk", "trunk_link",
})  # fmt: skip
_PUSHED = frozenset({"footway", "pedestrian", "steps", "platform", "pier", "corridor", "bridleway"})
_SIDES = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
_OPPOSITE = frozenset({"opposite", "opposite_lane", "opposite_track", "opposite_share_busway"})
_LANES = frozenset({"lane", "track", "shared_lane", "share_busway", "shoulder", "yes", "shared"})
_LAW_EXCEPTED = frozenset({"motorway", "motorway_link", "trunk", "trunk_link"})
_ROUND = frozenset({"roundabout", "circular"})
_CONTRAFLOW_LIMIT_KPH = 30.0


def cycling_pace(
    tags: Tags, highway: str, walk: Pace, speeds: Mapping[str, Any], *, ferry: bool, french: bool
) -> Pace:
    """
    Say how fast one cycles along a way.

    Parameters
    ----------
    tags, highway
        Of the way.
    walk
        How one walks there: a bike is pushed where one walks.
    speeds
        The table `speeds`.
    ferry
        Whether the way is a ferry.
    french
        Whether French law holds: one-way streets at 30 km/h or less, and zones de rencontre, are open to bikes both ways unless a
        sign says otherwise (Code de la route, R412-28-1 and R110-2).

    Returns
    -------
    Pace
        Pushing counts, slowly.
    """
    if tags.get("motorroad") == "yes" or too_narrow(tags, "bike", speeds):
        return NO_PACE
    ahead = access_of(tags, "bike", "forward")
    back = access_of(tags, "bike", "backward")
    if ferry:
        speed = float(speeds["ferry_kph"])
        return _pair(speed, ahead), _pair(speed, back), "ends" in {ahead, back}
    pushed = _pushed(tags, highway, walk, speeds)
    ridden = _ridden(tags, highway, speeds)
    forward = _way_speed(tags, "forward", ahead, ridden, pushed[0])
    backward = _way_speed(tags, "backward", back, ridden, pushed[1])
    if ridden:
        forward, backward = _one_way(
            tags, highway, speeds, (forward, backward), pushed, french=french
        )
    return forward, backward, "ends" in {ahead, back} or (not ridden and walk[2])


def _pair(speed: float, access: Access | None) -> float:
    return 0.0 if access == "closed" else speed


def _pushed(tags: Tags, highway: str, walk: Pace, speeds: Mapping[str, Any]) -> tuple[float, float]:
    """Give the km/h of pushing, both ways: where one walks and bikes are not barred as such."""
    bicycle = tags.get("bicycle")
    known = highway in _CYCLABLE or highway in _PUSHED or bicycle == "dismount"
    if not known or bicycle in {"no", "use_sidepath"} or highway == "elevator":
        return 0.0, 0.0
    pace = float(speeds["bike_kph"]["steps" if highway == "steps" else "pushed"])
    return (pace if walk[0] else 0.0), (pace if walk[1] else 0.0)


def _ridden(tags: Tags, highway: str, speeds: Mapping[str, Any]) -> float:
    """Give the km/h of riding; 0 where one does not ride."""
    said = access_of(tags, "bike")
    directed = {access_of(tags, "bike", direction) for direction in ("forward", "backward")}
    rides = said == "open" or "open" in directed
    if highway not in _CYCLABLE and not (
        rides and highway not in {"steps", "motorway", "elevator"}
    ):
        return 0.0
    if highway in _PUSHED and not _own_consent(tags):
        return 0.0
    table = speeds["bike_kph"]
    speed = float(table.get(highway, table["default"]))
    speed = min(speed, float(speeds["bike_surface_kph"].get(tags.get("surface", ""), speed)))
    limit = speed_limit(tags, speeds["limit_kph"])
    return min(speed, limit) if limit else speed


def _own_consent(tags: Tags) -> bool:
    """On a footway only what is tagged for bikes or vehicles opens it, not `access=yes`."""
    named = {key: value for key, value in tags.items() if key != "access"}
    return "open" in {access_of(named, "bike", d) for d in ("forward", "backward")}


def _way_speed(
    tags: Tags, direction: Direction, access: Access | None, ridden: float, pushed: float
) -> float:
    if said_of(tags, "bike", direction) == "dismount":
        return pushed
    if access == "closed":
        # A street barred to vehicles is still one to walk along.
        return pushed if "bicycle" not in tags else 0.0
    return ridden or pushed


def _one_way(
    tags: Tags,
    highway: str,
    speeds: Mapping[str, Any],
    pace: tuple[float, float],
    pushed: tuple[float, float],
    *,
    french: bool,
) -> tuple[float, float]:
    """Close the direction that a one-way street closes; a bike may be pushed there, but not around a roundabout."""
    own = oneway_of(tags, "oneway:bicycle")
    only = own or oneway_of(tags, "oneway:vehicle", "oneway")
    circles = tags.get("junction") in _ROUND
    if only is None and (circles or highway == "motorway"):
        only = "forward"
    if only not in {"forward", "backward"}:
        return pace
    against: Direction = "backward" if only == "forward" else "forward"
    if own is None and _rides_against(
        tags, highway, speeds, against, circles=circles, french=french
    ):
        return pace
    at_hand = pushed[1 if against == "backward" else 0]
    left = (
        0.0 if circles or own is not None else min(at_hand, pace[1 if against == "backward" else 0])
    )
    return (pace[0], left) if against == "backward" else (left, pace[1])


def _rides_against(
    tags: Tags,
    highway: str,
    speeds: Mapping[str, Any],
    against: Direction,
    *,
    circles: bool,
    french: bool,
) -> bool:
    """Whether one may ride against a one-way street: by a tag, else by law."""
    said = access_of({k: v for k, v in tags.items() if k == f"bicycle:{against}"}, "bike", against)
    if said is not None:
        return said == "open"
    for side in _SIDES:
        value = tags.get(side, "")
        if value in _OPPOSITE:
            return True
        if value in _LANES and oneway_of(tags, f"{side}:oneway") in {"both", against}:
            return True
    if not french or circles or highway in _LAW_EXCEPTED or tags.get("dual_carriageway") == "yes":
        return False
    limit = speed_limit(tags, speeds["limit_kph"])
    if highway == "living_street":
        return True
    return limit is not None and limit <= _CONTRAFLOW_LIMIT_KPH
