"""What the tags of an OpenStreetMap way or node mean for each mode: who may pass, which way, how fast."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rpe_geo.travel.streets.access import Tags, access_of
from rpe_geo.travel.streets.barriers import passage_of
from rpe_geo.travel.streets.conditional import is_conditional, variants
from rpe_geo.travel.streets.cycling import cycling_pace
from rpe_geo.travel.streets.driving import driving_pace
from rpe_geo.travel.streets.walking import Pace, pushchair_pace, walking_pace

__all__ = ["MODES", "NetworkMode", "NodeMeaning", "WayMeaning", "WayRules", "minutes_of"]

NetworkMode = Literal["walk", "bike", "car", "pushchair"]
MODES: tuple[NetworkMode, ...] = ("walk", "bike", "car", "pushchair")

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
_NO_WAY = frozenset({"construction", "proposed", "raceway", "razed", "abandoned", "disused", "planned", "demolished"})  # fmt: skip
_DIRECTED = frozenset({"access", "foot", "bicycle", "vehicle", "motor_vehicle", "motorcar"})
_FAMILIES = frozenset({
    "oneway", "maxspeed", "cycleway", "sidewalk", "ramp", "maxwidth", "maxheight", "stroller", "zone",
}) | _DIRECTED  # fmt: skip
_SINGLE = frozenset({
    "highway", "route", "junction", "motorroad", "source:maxspeed", "surface", "tracktype", "smoothness", "service", "area",
    "construction", "duration", "conveying", "impassable", "width", "est_width", "maxweight", "sac_scale", "step_count",
    "incline", "ladder", "dual_carriageway", "place",
})  # fmt: skip
_IDLE = frozenset({"source", "note", "name", "ref", "created_by", "ele", "description", "crossing", "direction", "fixme", "start_date"})  # fmt: skip
_LAND = re.compile(r"\b([a-z]{2}):")
_ISO = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")
_WORDS = re.compile(r"^\s*(?:(\d+)\s*h(?:ours?)?)?\s*(?:(\d+)\s*(?:m|min|mins|minutes))?\s*$")


def road_rank(highway: str) -> int:
    """Rank a class of road by its priority at junctions: 0 is a motorway, 8 an alley or a path."""
    return _RANK.get(highway, 8)


class _Ruling(dict[str, bool]):
    """Whether a key rules who passes, which way and how fast; ways that agree on those keys mean the same."""

    def __missing__(self, key: str) -> bool:
        self[key] = rules = key in _SINGLE or key.partition(":")[0] in _FAMILIES
        return rules


_RULING = _Ruling()


def minutes_of(text: str | None) -> float | None:
    """Read a duration of OSM (`HH:MM`, `HH:MM:SS`, minutes, ISO 8601 as `PT1H30M`, `20 min`) in minutes."""
    if not text:
        return None
    parts = text.strip().split(":")
    if all(part.strip().isdigit() for part in parts) and len(parts) <= 3:
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            return float(numbers[0])
        return numbers[0] * 60 + numbers[1] + (numbers[2] / 60 if len(numbers) == 3 else 0)
    iso = _ISO.match(text.strip().upper())
    if iso and any(iso.groups()):
        days, hours, minutes, seconds = (int(value or 0) for value in iso.groups())
        return days * 1440 + hours * 60 + minutes + seconds / 60
    words = _WORDS.match(text.lower())
    if words and any(words.groups()):
        return float(int(words[1] or 0) * 60 + int(words[2] or 0))
    return None


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
        Crossing time when the way says it (ferries), the wait for a lift; nan otherwise.
    conditional
        The tags of the way where some of them hold at some hours only; empty otherwise.
    at_best
        As `speeds`, under the condition that opens most.
    """

    speeds: Mapping[NetworkMode, tuple[float, float]]
    restricted: frozenset[NetworkMode] = frozenset()
    rank: int = 8
    roundabout: bool = False
    ferry: bool = False
    fast: bool = False
    track: bool = False
    duration_s: float = float("nan")
    conditional: Mapping[str, str] = field(default_factory=dict)
    at_best: Mapping[NetworkMode, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class NodeMeaning:
    """What one node imposes: modes that cannot pass, or only go there; seconds that others lose; whether it is a traffic light."""

    blocked: frozenset[NetworkMode] = frozenset()
    delay_s: Mapping[NetworkMode, float] = field(default_factory=dict)
    signal: bool = False
    ends: frozenset[NetworkMode] = frozenset()


class WayRules:
    """
    The rules of way, from the speeds table in force.

    Parameters
    ----------
    speeds
        The table `speeds` (see `rpe_geo.parameters`).
    french
        Whether the streets lie in France: its law opens slow one-way streets to bikes both ways.
    """

    def __init__(self, speeds: Mapping[str, Any], *, french: bool = True) -> None:
        self._speeds = dict(speeds)
        self._french = french
        self._node_cache: dict[tuple[tuple[str, str], ...], NodeMeaning | None] = {}
        self._way_cache: dict[tuple[tuple[str, str], ...], WayMeaning | None] = {}

    def way(self, tags: Mapping[str, str] | Any) -> WayMeaning | None:
        """Read a way (a mapping, or the tags of osmium); None when no mode may use it."""
        pairs = tags.items() if isinstance(tags, Mapping) else tags
        key = tuple(sorted([(name, value) for name, value in pairs if _RULING[name]]))
        if key not in self._way_cache:
            self._way_cache[key] = self._with_conditions(dict(key))
        return self._way_cache[key]

    def node(self, tags: Mapping[str, str] | Any) -> NodeMeaning | None:
        """Read a node (a mapping, or the tags of osmium); None when it changes nothing."""
        pairs = tags.items() if isinstance(tags, Mapping) else tags
        key = tuple(sorted([(name, value) for name, value in pairs if name not in _IDLE]))
        if key not in self._node_cache:
            self._node_cache[key] = self._read_node(dict(key))
        return self._node_cache[key]

    def _read_node(self, tags: Tags) -> NodeMeaning | None:
        highway, barrier = tags.get("highway"), tags.get("barrier")
        delay: dict[NetworkMode, float] = {}
        closed: frozenset[NetworkMode] = frozenset()
        ends: frozenset[NetworkMode] = frozenset()
        signal = highway == "traffic_signals"
        if signal:
            waits = self._speeds["signal_s"]
            delay |= {"car": waits["car"], "bike": waits["bike"], "walk": waits["walk"]}
            delay["pushchair"] = waits["walk"]
        elif highway in {"stop", "give_way"}:
            delay["car"] = self._speeds["give_way_s"][highway]
        elif highway == "elevator":
            delay |= dict.fromkeys(MODES, float(self._speeds["elevator_s"]))
        if (barrier and highway != "crossing") or highway == "elevator":
            passage = passage_of(tags, self._speeds)
            closed, ends = passage.closed, passage.ends
            for mode, seconds in passage.delay_s.items():
                delay[mode] = delay.get(mode, 0.0) + seconds
        if not closed and not ends and not delay and not signal:
            return None
        return NodeMeaning(
            closed,
            {mode: seconds for mode, seconds in delay.items() if mode not in closed},
            signal,
            ends,
        )

    def _with_conditions(self, tags: dict[str, str]) -> WayMeaning | None:
        base = self._read_way(tags)
        if not any(map(is_conditional, tags)):
            return base
        others = [found for found in map(self._read_way, variants(tags)) if found is not None]
        if base is None and not others:
            return None
        at_best: dict[NetworkMode, tuple[float, float]] = {}
        for meaning in (*others, *(() if base is None else (base,))):
            for mode, (ahead, back) in meaning.speeds.items():
                most = at_best.get(mode, (0.0, 0.0))
                at_best[mode] = (max(most[0], ahead), max(most[1], back))
        like = base or others[0]
        return WayMeaning(
            speeds={} if base is None else base.speeds,
            restricted=frozenset() if base is None else base.restricted,
            rank=like.rank,
            roundabout=like.roundabout,
            ferry=like.ferry,
            fast=like.fast,
            track=like.track,
            duration_s=like.duration_s,
            conditional=tags,
            at_best=at_best,
        )

    def _read_way(self, tags: dict[str, str]) -> WayMeaning | None:
        highway = tags.get("highway", "")
        ferry = tags.get("route") == "ferry" and not highway
        if (
            (not highway and not ferry)
            or highway in _NO_WAY
            or tags.get("impassable") == "yes"
            or tags.get("smoothness") == "impassable"
        ):
            return None
        paces = self._paces(tags, highway, ferry=ferry)
        speeds = {mode: pace[:2] for mode, pace in paces.items() if max(pace[:2]) > 0}
        if not speeds:
            return None
        minutes = minutes_of(tags.get("duration")) if ferry else None
        seconds = float("nan") if minutes is None else minutes * 60
        if highway == "elevator":
            seconds = float(self._speeds["elevator_s"])
        return WayMeaning(
            speeds=speeds,
            restricted=frozenset(mode for mode in speeds if paces[mode][2]),
            rank=road_rank(highway),
            roundabout=tags.get("junction") in {"roundabout", "circular"},
            ferry=ferry,
            fast=highway in {"motorway", "motorway_link"},
            track=highway == "track" and access_of(tags, "car") != "open",
            duration_s=seconds,
        )

    def _paces(self, tags: dict[str, str], highway: str, *, ferry: bool) -> dict[NetworkMode, Pace]:
        speeds = self._speeds
        walk = walking_pace(tags, highway, speeds, ferry=ferry)
        french = self._french and not _is_foreign(tags)
        return {
            "walk": walk,
            "pushchair": pushchair_pace(tags, highway, walk, speeds, ferry=ferry),
            "bike": cycling_pace(tags, highway, walk, speeds, ferry=ferry, french=french),
            "car": driving_pace(tags, highway, speeds, ferry=ferry),
        }


def _is_foreign(tags: Mapping[str, str]) -> bool:
    """Whether a way names the law of another country (`maxspeed:type=DE:zone30`)."""
    for key in ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic", "maxspeed"):
        land = _LAND.search(tags.get(key, "").lower())
        if land and land[1] != "fr":
            return True
    return False
