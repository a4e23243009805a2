"""What the tags of an OpenStreetMap way or node mean for each mode: who may pass, which way, how fast."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "MODES",
    "PATTERN_KEYS",
    "NetworkMode",
    "NodeMeaning",
    "WayMeaning",
    "WayRules",
    "road_rank",
]

NetworkMode = Literal["walk", "bike", "car", "pushchair"]
MODES: tuple[NetworkMode, ...] = ("walk", "bike", "car", "pushchair")

Tags = Mapping[str, str]

_YES = frozenset({"yes", "designated", "permissive", "official"})
_NO = frozenset({"no", "private", "agricultural", "forestry", "use_sidepath", "delivery"})
_CAR_NO = frozenset({
    "no", "agricultural", "forestry", "emergency", "psv", "taxi", "bus", "minibus", "foot", "military",
    "official", "restricted", "emergency_vehicle", "share_taxi",
})  # fmt: skip
_CAR_ACCESS = ("motorcar", "motor_vehicle", "vehicle", "access")
_CAR_RESTRICTED = frozenset({
    "private", "delivery", "destination", "customers", "permit", "residents", "unknown",
})  # fmt: skip
_FORWARD = frozenset({"yes", "true", "1"})
_TWO_WAY = frozenset({"no", "false", "0"})
_CONTRAFLOW = frozenset({"opposite", "opposite_lane", "opposite_track", "opposite_share_busway"})
_WALKABLE = frozenset({
    "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary",
    "tertiary_link", "unclassified", "residential", "living_street", "service", "track", "path",
    "steps", "pedestrian", "platform", "footway", "pier", "road", "corridor", "cycleway", "bridleway",
    "busway",
})  # fmt: skip
_WALK_NEEDS_CONSENT = frozenset({"trunk", "trunk_link", "cycleway", "bridleway", "busway"})
_CYCLABLE = frozenset({
    "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link",
    "unclassified", "residential", "living_street", "service", "track", "path", "cycleway", "road",
    "trunk", "trunk_link",
})  # fmt: skip
_PUSHED = frozenset({"footway", "pedestrian", "steps", "platform", "pier", "corridor", "bridleway"})
_RANKS = (
    ("motorway", "motorway_link"),
    ("trunk", "trunk_link"),
    ("primary",),
    ("secondary", "primary_link"),
    ("tertiary", "secondary_link"),
    ("unclassified", "tertiary_link", "road"),
    ("residential",),
    ("living_street", "cycleway"),
    ("service", "pedestrian", "path", "footway", "track"),
)
_RANK = {name: rank for rank, names in enumerate(_RANKS) for name in names}
_CAR_BARRIERS_OPEN = frozenset({
    "cattle_grid", "border_control", "toll_booth", "sally_port", "no", "entrance",
    "height_restrictor", "arch", "speed_bump",
})  # fmt: skip
_GATES = frozenset({"gate", "lift_gate", "swing_gate", "hampshire_gate", "kissing_gate"})
_WALLS = frozenset({"yes", "wall", "fence", "debris"})
_NUMBER = re.compile(r"\s*(\d+(?:[.,]\d+)?)")

PATTERN_KEYS: tuple[str, ...] = (
    "highway", "route", "access", "foot", "bicycle", "vehicle", "motor_vehicle", "motorcar",
    "oneway", "oneway:bicycle", "oneway:foot", "oneway:motor_vehicle", "oneway:motorcar", "junction",
    "maxspeed", "maxspeed:forward", "maxspeed:backward", "source:maxspeed", "maxspeed:type",
    "zone:maxspeed", "maxspeed:advisory", "cycleway", "cycleway:left", "cycleway:right",
    "cycleway:both", "surface", "tracktype", "smoothness", "service", "sidewalk", "sidewalk:both",
    "area", "construction", "motorroad", "duration", "ramp", "ramp:stroller", "ramp:wheelchair",
    "conveying", "railway", "public_transport", "man_made", "impassable", "lanes", "width",
    "lane_markings", "maxheight", "bridge", "incline", "wheelchair",
)  # fmt: skip
"""Ways that agree on these keys mean the same to every mode, so the rules are read once for all of them."""


def road_rank(highway: str) -> int:
    """Rank a class of road by its priority at junctions: 0 is a motorway, 8 an alley or a path."""
    return _RANK.get(highway, 8)


@dataclass(frozen=True)
class WayMeaning:
    """
    What one way offers.

    Parameters
    ----------
    speeds
        For each mode: km/h along the way as drawn and against it; 0 is forbidden.
    restricted
        Modes for which the way is open only to those who live there or go there.
    rank
        Priority at junctions (see `road_rank`).
    roundabout, ferry, fast
        A roundabout; a ferry; a motorway on which no door opens.
    track
        A field or forest track without a word on cars: they creep along it where no street leads, and no door opens on it.
    duration_s
        Crossing time when the way says it (ferries); nan otherwise.
    """

    speeds: Mapping[NetworkMode, tuple[float, float]]
    restricted: frozenset[NetworkMode] = frozenset()
    rank: int = 8
    roundabout: bool = False
    ferry: bool = False
    fast: bool = False
    track: bool = False
    duration_s: float = float("nan")


@dataclass(frozen=True)
class NodeMeaning:
    """What one node imposes: modes that cannot pass, seconds that others lose, and whether it is a traffic light."""

    blocked: frozenset[NetworkMode] = frozenset()
    delay_s: Mapping[NetworkMode, float] = field(default_factory=dict)
    signal: bool = False


def _first(tags: Tags, *keys: str) -> str | None:
    """Return the value of the first key present; of several values (`a;b`) the first."""
    for key in keys:
        value = tags.get(key)
        if value:
            return value.split(";")[0].strip()
    return None


def _minutes(text: str | None) -> float | None:
    """Read a duration of OSM (`HH:MM`, `HH:MM:SS` or minutes) in minutes."""
    if not text:
        return None
    parts = text.split(":")
    if not all(part.strip().isdigit() for part in parts) or len(parts) > 3:
        return None
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        return float(numbers[0])
    return numbers[0] * 60 + numbers[1] + (numbers[2] / 60 if len(numbers) == 3 else 0)


class WayRules:
    """
    The rules of way, from the speeds table in force.

    Parameters
    ----------
    speeds
        The table `speeds` (see `rpe_geo.parameters`).
    """

    def __init__(self, speeds: Mapping[str, Any]) -> None:
        self._speeds = speeds
        self._car = speeds["car_kph"]
        self._bike = speeds["bike_kph"]
        self._limits = speeds["limit_kph"]
        self._way_cache: dict[tuple[str | None, ...], WayMeaning | None] = {}

    def way(self, tags: Tags) -> WayMeaning | None:
        """Read a way; None when no mode may use it."""
        key = tuple(tags.get(name) for name in PATTERN_KEYS)
        if key not in self._way_cache:
            self._way_cache[key] = self._read_way(tags)
        return self._way_cache[key]

    def node(self, tags: Tags) -> NodeMeaning | None:
        """Read a node; None when it changes nothing."""
        highway, barrier = tags.get("highway"), tags.get("barrier")
        blocked: set[NetworkMode] = set()
        delay: dict[NetworkMode, float] = {}
        signal = highway == "traffic_signals"
        if signal:
            waits = self._speeds["signal_s"]
            delay |= {"car": waits["car"], "bike": waits["bike"], "walk": waits["walk"]}
            delay["pushchair"] = waits["walk"]
        elif highway in {"stop", "give_way"}:
            delay["car"] = self._speeds["give_way_s"][highway]
        if barrier and highway != "crossing":
            self._read_barrier(tags, barrier, blocked, delay)
        if not blocked and not delay and not signal:
            return None
        return NodeMeaning(frozenset(blocked), delay, signal)

    def _read_barrier(
        self, tags: Tags, barrier: str, blocked: set[NetworkMode], delay: dict[NetworkMode, float]
    ) -> None:
        gates = self._speeds["gate_s"]
        car = _first(tags, *_CAR_ACCESS)
        if car in _CAR_NO:
            blocked.add("car")
        elif barrier in _GATES:
            delay["car"] = delay.get("car", 0.0) + gates["car"]
        elif (
            car is None
            and barrier not in _CAR_BARRIERS_OPEN
            and tags.get("bollard") != "rising"
            and not (barrier == "kerb" and tags.get("kerb") in {"lowered", "flush"})
        ):
            blocked.add("car")
        bike = _first(tags, "bicycle", "vehicle", "access")
        if bike in _NO or (bike is None and barrier in _WALLS):
            blocked.add("bike")
        elif barrier in _GATES or barrier == "cycle_barrier":
            delay["bike"] = delay.get("bike", 0.0) + gates["bike"]
        foot = _first(tags, "foot", "access")
        if foot in _NO or (foot is None and barrier in _WALLS):
            blocked.update(("walk", "pushchair"))
        elif barrier in {"stile", "turnstile", "full-height_turnstile"}:
            blocked.add("pushchair")

    def _read_way(self, tags: Tags) -> WayMeaning | None:
        highway = tags.get("highway", "")
        ferry = tags.get("route") == "ferry"
        if (
            (not highway and not ferry)
            or highway in {"construction", "proposed", "raceway", "razed", "abandoned"}
            or tags.get("impassable") == "yes"
            or tags.get("smoothness") == "impassable"
        ):
            return None
        walk = self._walk(tags, highway, ferry=ferry)
        speeds: dict[NetworkMode, tuple[float, float]] = {
            "walk": walk,
            "pushchair": self._pushchair(tags, highway, walk),
            "bike": self._bicycle(tags, highway, ferry=ferry),
        }
        speeds["car"], restricted = self._drive(tags, highway, ferry=ferry)
        speeds = {mode: pair for mode, pair in speeds.items() if max(pair) > 0}
        if not speeds:
            return None
        minutes = _minutes(tags.get("duration")) if ferry else None
        return WayMeaning(
            speeds=speeds,
            restricted=frozenset({"car"} if restricted else ()),
            rank=road_rank(highway),
            roundabout=tags.get("junction") in {"roundabout", "circular"},
            ferry=ferry,
            fast=highway in {"motorway", "motorway_link"},
            track=highway == "track" and _first(tags, *_CAR_ACCESS) not in _YES,
            duration_s=float("nan") if minutes is None else minutes * 60,
        )

    def _walk(self, tags: Tags, highway: str, *, ferry: bool) -> tuple[float, float]:
        access = _first(tags, "foot", "access")
        if access in _NO or tags.get("motorroad") == "yes":
            return 0.0, 0.0
        if ferry:
            speed = self._speeds["ferry_kph"]
            return speed, speed
        allowed = highway in _WALKABLE or (access in _YES and highway != "motorway")
        if highway in _WALK_NEEDS_CONSENT and highway not in {"trunk", "trunk_link"}:
            allowed = tags.get("foot") in _YES or highway == "cycleway"
        if not allowed:
            return 0.0, 0.0
        if tags.get("sidewalk") == "separate" and tags.get("foot") not in _YES:
            return 0.0, 0.0
        speed = self._speeds["steps_kph" if highway == "steps" else "walk_kph"]
        speed *= self._speeds["walk_surface_factor"].get(tags.get("surface", ""), 1.0)
        forward, backward = speed, speed
        one_way = tags.get("oneway:foot")
        conveying = tags.get("conveying")
        if one_way in _FORWARD or conveying == "forward":
            backward = 0.0
        elif one_way == "-1" or conveying == "backward":
            forward = 0.0
        return forward, backward

    def _pushchair(
        self, tags: Tags, highway: str, walk: tuple[float, float]
    ) -> tuple[float, float]:
        ramp = "yes" in {tags.get("ramp"), tags.get("ramp:stroller"), tags.get("ramp:wheelchair")}
        if highway == "steps" and not ramp:
            return 0.0, 0.0
        factor = self._speeds["pushchair_kph"] / self._speeds["walk_kph"]
        return walk[0] * factor, walk[1] * factor

    def _bicycle(self, tags: Tags, highway: str, *, ferry: bool) -> tuple[float, float]:
        access = _first(tags, "bicycle", "vehicle", "access")
        bicycle, foot = tags.get("bicycle"), _first(tags, "foot", "access")
        if ferry:
            speed = 0.0 if access in _NO else self._speeds["ferry_kph"]
            return speed, speed
        may_push = (
            foot not in _NO
            and bicycle != "use_sidepath"
            and tags.get("motorroad") != "yes"
            and highway not in {"motorway", "motorway_link"}
        )
        pushed = self._bike["steps" if highway == "steps" else "pushed"] if may_push else 0.0
        if tags.get("motorroad") == "yes":
            return 0.0, 0.0
        if access in _NO or bicycle == "dismount":
            speed = pushed if highway in _CYCLABLE | _PUSHED and bicycle != "no" else 0.0
            if bicycle == "dismount":
                speed = pushed
            return (speed, speed) if access not in {"private", "no"} or foot in _YES else (0.0, 0.0)
        if highway in _CYCLABLE or (access in _YES and highway not in {"steps", "motorway"}):
            speed = self._bike.get(highway, self._bike["default"])
        elif highway in _PUSHED:
            return pushed, pushed
        else:
            return 0.0, 0.0
        speed = min(speed, self._speeds["bike_surface_kph"].get(tags.get("surface", ""), speed))
        limit = self._limit(tags, "maxspeed")
        if limit:
            speed = min(speed, limit)
        forward, backward = speed, speed
        one_way = tags.get("oneway:bicycle") or tags.get("oneway")
        contraflow = tags.get("oneway:bicycle") in _TWO_WAY or any(
            tags.get(key) in _CONTRAFLOW
            for key in ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
        )
        round_about = tags.get("junction") in {"roundabout", "circular"}
        if not contraflow:
            against = 0.0 if round_about or tags.get("oneway:bicycle") in _FORWARD else pushed
            if one_way in _FORWARD or (round_about and one_way not in _TWO_WAY):
                backward = against
            elif one_way == "-1":
                forward = against
        return forward, backward

    def _drive(self, tags: Tags, highway: str, *, ferry: bool) -> tuple[tuple[float, float], bool]:
        access = _first(tags, *_CAR_ACCESS)
        if tags.get("area") == "yes" or highway in {"steps", "corridor", "elevator"}:
            return (0.0, 0.0), False
        restricted = access in _CAR_RESTRICTED
        if access in _CAR_NO or tags.get("service") == "emergency_access":
            return (0.0, 0.0), False
        if ferry:
            speed = self._speeds["ferry_kph"] if access in _YES else 0.0
            return (speed, speed), False
        base = self._car.get(highway)
        if highway == "track" and access is None:
            speeds = self._speeds["car_track_kph"]
            base = speeds.get(tags.get("tracktype", ""), speeds["other"])
        elif base is None or highway == "track":
            # A path carries cars only where it says so.
            if access not in _YES:
                return (0.0, 0.0), False
            base = self._car["other"]
        forward = self._driven(tags, base, "maxspeed:forward")
        backward = self._driven(tags, base, "maxspeed:backward")
        height = _NUMBER.match(tags.get("maxheight", ""))
        if height and float(height[1].replace(",", ".")) < 1.9 and "'" not in tags["maxheight"]:
            return (0.0, 0.0), False
        one_way = _first(tags, "oneway:motorcar", "oneway:motor_vehicle", "oneway")
        if one_way == "-1":
            forward = 0.0
        elif one_way in _FORWARD or (
            one_way not in _TWO_WAY
            and (highway == "motorway" or tags.get("junction") in {"roundabout", "circular"})
        ):
            backward = 0.0
        elif one_way == "reversible":
            return (0.0, 0.0), False
        return (forward, backward), restricted

    def _driven(self, tags: Tags, base: float, direction: str) -> float:
        """Average speed on the way in one direction: by its limit when it has one, else by its class."""
        limit = self._limit(
            tags, direction, "maxspeed:advisory", "maxspeed", "source:maxspeed", "maxspeed:type",
            "zone:maxspeed",
        )  # fmt: skip
        speed = limit * self._speeds["car_share_of_limit"] if limit else base
        speed *= self._speeds["car_service_factor"].get(tags.get("service", ""), 1.0)
        surface = self._speeds["car_surface_kph"].get(tags.get("surface", ""))
        return float(speed if surface is None else min(speed, surface))

    def _limit(self, tags: Tags, *keys: str) -> float | None:
        """Read the speed limit in km/h from the first key that holds one."""
        for key in keys:
            text = tags.get(key)
            if not text:
                continue
            number = _NUMBER.match(text)
            if number:
                value = float(number[1].replace(",", "."))
                return value * 1.609344 if "mph" in text else (value or None)
            named = self._limits.get(text.strip().lower())
            if named is not None:
                return float(named)
        return None
