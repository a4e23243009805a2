"""
Tags and what they must mean: one line per set of tags, with the right outcome of each mode and where it is written.

An outcome is a letter per mode, in the order walk, pushchair, bike, car: `t` through the way under test, `s` through it but slowly
(pushed, steps, bad ground), `r` round by other streets. A second word is the other direction, where it differs.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SCENARIOS", "Scenario"]

WIKI = "https://wiki.openstreetmap.org/wiki/"
ACCESS = WIKI + "Key:access"
DEFAULTS = WIKI + "OSM_tags_for_routing/Access_restrictions"
BARRIER = WIKI + "Key:barrier"
ONEWAY = WIKI + "Key:oneway"
STROLLER = WIKI + "Key:stroller"
CONDITION = WIKI + "Conditional_restrictions"
BICYCLE = WIKI + "Bicycle"
FERRY = WIKI + "Tag:route%3Dferry"
LAW = "Code de la route, R412-28-1"
OURS = "convention (rpe_geo/parameters/speeds.toml)"


@dataclass(frozen=True)
class Scenario:
    """
    One set of tags.

    Parameters
    ----------
    tags
        Of the way under test, or of a node in the middle of it (then the way is residential, or what `way` says).
    right
        Outcomes, and those of the other direction.
    source
        Where the right value is written.
    node, way, at
        Whether the tags are a node's; tags of the way around it; local time of the trip.
    round_m
        How far north the way round goes.
    """

    tags: dict[str, str]
    right: str
    source: str
    node: bool = False
    way: tuple[tuple[str, str], ...] = ()
    at: str = ""
    round_m: float = 1400.0

    @property
    def forward(self) -> str:
        """Outcomes along the way as drawn."""
        return self.right.split()[0]

    @property
    def backward(self) -> str:
        """Outcomes against it."""
        return self.right.split()[-1]


def _read(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(" & "))


def _ways(*rows: tuple[str, str, str]) -> list[Scenario]:
    return [Scenario(_read(tags), right, source) for tags, right, source in rows]


def _nodes(*rows: tuple[str, str, str], way: str = "") -> list[Scenario]:
    around = tuple(_read(way).items()) if way else ()
    return [
        Scenario(_read(tags), right, source, node=True, way=around) for tags, right, source in rows
    ]


R = "highway=residential & "
F = "highway=footway & "

_CLASSES = _ways(
    ("highway=residential", "tttt", DEFAULTS),
    ("highway=primary", "tttt", DEFAULTS),
    ("highway=tertiary", "tttt", DEFAULTS),
    ("highway=living_street", "tttt", DEFAULTS),
    ("highway=service", "tttt", DEFAULTS),
    ("highway=unclassified", "tttt", DEFAULTS),
    ("highway=pedestrian", "ttsr", DEFAULTS),
    ("highway=footway", "ttsr", DEFAULTS),
    ("highway=path", "tttr", DEFAULTS),
    ("highway=cycleway", "tttr", "Code de la route, R412-34 à R412-36"),
    ("highway=bridleway", "rrrr", DEFAULTS),
    ("highway=steps", "trrr", WIKI + "Tag:highway%3Dsteps"),
    ("highway=elevator", "ttrr", WIKI + "Tag:highway%3Delevator"),
    ("highway=corridor", "ttsr", WIKI + "Tag:highway%3Dcorridor"),
    ("highway=construction & construction=residential", "rrrr", WIKI + "Tag:highway%3Dconstruction"),
    ("highway=proposed", "rrrr", WIKI + "Tag:highway%3Dproposed"),
    ("highway=motorway & oneway=no", "rrrt", DEFAULTS),
    ("highway=path & motor_vehicle=yes", "tttt", ACCESS),
    ("highway=cycleway & foot=no", "rrtr", ACCESS),
    ("highway=footway & bicycle=yes", "tttr", ACCESS),
    ("highway=pedestrian & bicycle=yes", "tttr", ACCESS),
    ("highway=footway & bicycle=no", "ttrr", ACCESS),
    ("highway=residential & motorroad=yes", "rrrt", WIKI + "Key:motorroad"),
    ("highway=residential & impassable=yes", "rrrr", WIKI + "Key:impassable"),
)  # fmt: skip
_ACCESS_KEYS = _ways(
    (R + "access=no", "rrrr", ACCESS),
    (R + "access=no & foot=yes", "ttsr", ACCESS),
    (R + "access=no & bicycle=yes", "rrtr", ACCESS),
    (R + "access=private", "rrrr", ACCESS),
    (R + "access=destination", "rrrr", ACCESS),
    (R + "access=customers", "rrrr", ACCESS),
    (R + "access=permissive", "tttt", ACCESS),
    (R + "access=agricultural", "rrrr", ACCESS),
    (R + "access=private & foot=yes & bicycle=yes", "tttr", ACCESS),
    (R + "vehicle=no", "ttsr", ACCESS),
    (R + "vehicle=no & bicycle=yes", "tttr", ACCESS),
    (R + "vehicle=destination", "ttrr", ACCESS),
    (R + "motor_vehicle=no", "tttr", ACCESS),
    (R + "motor_vehicle=destination", "tttr", ACCESS),
    (R + "motor_vehicle=private", "tttr", ACCESS),
    (R + "motor_vehicle=permit", "tttr", ACCESS),
    (R + "motor_vehicle=agricultural;forestry", "tttr", ACCESS),
    (R + "motor_vehicle=agricultural;destination", "tttr", ACCESS),
    (R + "motorcar=no", "tttr", ACCESS),
    (R + "motor_vehicle=no & motorcar=yes", "tttt", ACCESS),
    (R + "motor_vehicle=yes & motorcar=private", "tttr", ACCESS),
    (R + "foot=no", "rrtt", ACCESS),
    (R + "foot=private", "rrtt", ACCESS),
    (R + "foot=use_sidepath", "rrtt", ACCESS),
    (R + "bicycle=no", "ttrt", ACCESS),
    (R + "bicycle=dismount", "ttst", ACCESS),
    (R + "bicycle=use_sidepath", "ttrt", ACCESS),
    (R + "bicycle=optional_sidepath", "tttt", ACCESS),
    ("highway=service & access=private", "rrrr", ACCESS),
    ("highway=service & service=emergency_access", "tttr", WIKI + "Tag:service%3Demergency_access"),
    ("highway=track & motor_vehicle=no", "tttr", ACCESS),
    ("highway=trunk & motorroad=yes", "rrrt", WIKI + "Key:motorroad"),
)  # fmt: skip
_DIRECTIONS = _ways(
    (R + "oneway=yes", "tttt ttsr", ONEWAY),
    (R + "oneway=-1", "ttsr tttt", ONEWAY),
    (R + "oneway=yes & oneway:bicycle=no", "tttt tttr", WIKI + "Key:oneway:bicycle"),
    (R + "oneway=yes & maxspeed=30", "tttt tttr", LAW),
    (R + "oneway=yes & maxspeed=20", "tttt tttr", LAW),
    (R + "oneway=yes & maxspeed=50", "tttt ttsr", LAW),
    (R + "oneway=yes & maxspeed=30 & oneway:bicycle=yes", "tttt ttrr", LAW),
    (R + "oneway=yes & maxspeed=30 & bicycle:backward=no", "tttt ttsr", LAW),
    (R + "oneway=yes & zone:maxspeed=FR:30", "tttt tttr", LAW),
    (R + "oneway=yes & source:maxspeed=FR:zone30", "tttt tttr", LAW),
    (R + "oneway=yes & maxspeed:type=FR:zone30", "tttt tttr", LAW),
    (R + "oneway=yes & maxspeed=30 & maxspeed:type=DE:zone30", "tttt ttsr", "StVO § 41: a sign is needed"),
    (R + "oneway=yes & maxspeed=30 & junction=roundabout", "tttt ttrr", LAW),
    ("highway=living_street & oneway=yes", "tttt tttr", "Code de la route, R110-2"),
    (R + "oneway=yes & cycleway=opposite", "tttt tttr", WIKI + "Tag:cycleway%3Dopposite"),
    (R + "oneway=yes & cycleway=opposite_lane", "tttt tttr", BICYCLE),
    (R + "oneway=yes & cycleway:left=opposite_lane", "tttt tttr", BICYCLE),
    (R + "oneway=yes & cycleway:left=lane & cycleway:left:oneway=-1", "tttt tttr", BICYCLE),
    (R + "oneway=yes & cycleway:left=track & cycleway:left:oneway=no", "tttt tttr", BICYCLE),
    (R + "oneway=yes & cycleway:right=lane", "tttt ttsr", BICYCLE),
    (R + "oneway=yes & cycleway:both=lane & oneway:bicycle=no", "tttt tttr", BICYCLE),
    (R + "oneway=yes & bicycle:backward=yes", "tttt tttr", ACCESS),
    (R + "bicycle:backward=no", "tttt ttst", ACCESS),
    (R + "vehicle:backward=no", "tttt ttsr", ACCESS),
    (R + "vehicle:forward=no", "ttsr tttt", ACCESS),
    (R + "motor_vehicle:backward=no", "tttt tttr", ACCESS),
    (R + "motor_vehicle:forward=destination", "tttr tttr", ACCESS),
    (R + "motorcar:backward=no", "tttt tttr", ACCESS),
    (R + "access:backward=no", "tttt rrrr", ACCESS),
    (R + "access:backward=no & foot=yes", "tttt ttsr", ACCESS),
    (R + "foot:backward=no", "tttt rrtt", ACCESS),
    (R + "oneway:foot=yes", "tttt rrtt", WIKI + "Key:oneway:foot"),
    (R + "oneway:motor_vehicle=yes", "tttt tttr", ONEWAY),
    (R + "oneway=yes & oneway:motor_vehicle=no", "tttt ttst", ONEWAY),
    (R + "oneway=reversible", "tttr", ONEWAY),
    (R + "oneway=alternating", "tttt", ONEWAY),
    ("highway=cycleway & oneway=yes", "tttr ttsr", ONEWAY),
    ("highway=steps & conveying=forward", "trrr rrrr", WIKI + "Key:conveying"),
    ("highway=footway & conveying=backward", "rrrr ttsr", WIKI + "Key:conveying"),
    ("highway=motorway", "rrrt rrrr", ONEWAY),
)  # fmt: skip
_PUSHCHAIRS = _ways(
    (F + "stroller=no", "trsr", STROLLER),
    (F + "stroller=yes", "ttsr", STROLLER),
    (F + "stroller=designated", "ttsr", STROLLER),
    (F + "stroller=limited", "ttsr", STROLLER),
    ("highway=steps & stroller=yes", "ttrr", STROLLER),
    ("highway=steps & ramp:stroller=yes", "ttrr", STROLLER),
    ("highway=steps & ramp:stroller=no & ramp=yes", "trrr", WIKI + "Key:ramp"),
    ("highway=steps & ramp=yes", "ttrr", WIKI + "Key:ramp"),
    ("highway=steps & ramp:wheelchair=yes", "ttrr", WIKI + "Key:ramp"),
    ("highway=steps & ramp=yes & ramp:bicycle=yes", "trrr", WIKI + "Key:ramp"),
    ("highway=steps & ramp:bicycle=yes", "trrr", WIKI + "Key:ramp"),
    ("highway=steps & step_count=1", "ttrr", STROLLER),
    ("highway=steps & step_count=12", "trrr", STROLLER),
    ("highway=steps & conveying=yes & ramp=yes", "trrr", WIKI + "Key:conveying"),
    ("highway=elevator & stroller=no", "trrr", STROLLER),
    ("highway=elevator & access=private", "rrrr", ACCESS),
    ("highway=path & smoothness=bad", "tttr", WIKI + "Key:smoothness"),
    ("highway=path & smoothness=very_bad", "tttr", WIKI + "Key:smoothness"),
    ("highway=path & smoothness=horrible", "trtr", WIKI + "Key:smoothness"),
    ("highway=path & smoothness=very_horrible", "trtr", WIKI + "Key:smoothness"),
    ("highway=path & smoothness=impassable", "rrrr", WIKI + "Key:smoothness"),
    ("highway=path & width=0.5", "trtr", WIKI + "Key:width"),
    ("highway=path & width=1.2", "tttr", WIKI + "Key:width"),
    ("highway=path & est_width=0.4", "trtr", WIKI + "Key:est_width"),
    ("highway=path & surface=gravel", "tttr", OURS),
    ("highway=path & surface=sand", "tssr", OURS),
    ("highway=path & surface=asphalt", "tttr", OURS),
    ("highway=path & sac_scale=mountain_hiking", "trtr", WIKI + "Key:sac_scale"),
    ("highway=path & sac_scale=hiking", "tttr", WIKI + "Key:sac_scale"),
    ("highway=path & incline=30%", "trtr", OURS),
    ("highway=path & incline=8%", "tttr", OURS),
    ("highway=path & incline=up", "tttr", WIKI + "Key:incline"),
)  # fmt: skip
_SIZES = _ways(
    (R + "maxwidth=1.5", "tttr", WIKI + "Key:maxwidth"),
    (R + "maxwidth=2.2", "tttt", WIKI + "Key:maxwidth"),
    (R + "maxwidth:physical=1.6 m", "tttr", WIKI + "Key:maxwidth:physical"),
    (R + "width=1.6", "tttr", WIKI + "Key:width"),
    (R + "maxheight=1.8", "tttr", WIKI + "Key:maxheight"),
    (R + "maxheight=2.5", "tttt", WIKI + "Key:maxheight"),
    (R + "maxheight=6'7\"", "tttt", WIKI + "Key:maxheight"),
    (R + "maxheight=default", "tttt", WIKI + "Key:maxheight"),
    (R + "maxweight=3.5", "tttt", WIKI + "Key:maxweight"),
    (R + "maxweight=0.5", "tttr", WIKI + "Key:maxweight"),
    (R + "sidewalk=separate", "tttt", WIKI + "Tag:sidewalk%3Dseparate"),
    (R + "sidewalk:both=separate", "tttt", WIKI + "Tag:sidewalk%3Dseparate"),
    (R + "sidewalk:left=separate & sidewalk:right=yes", "tttt", WIKI + "Tag:sidewalk%3Dseparate"),
    (R + "sidewalk=separate & foot=yes", "tttt", WIKI + "Tag:sidewalk%3Dseparate"),
)  # fmt: skip
_FERRIES = [
    Scenario(_read(tags), right, FERRY, round_m=6000.0)
    for tags, right in (
        ("route=ferry & duration=00:05", "ttss"),
        ("route=ferry & duration=PT5M", "ttss"),
        ("route=ferry & duration=PT5H", "rrrr"),
        ("route=ferry & duration=5", "ttss"),
        ("route=ferry & foot=no & motor_vehicle=yes & duration=00:05", "rrss"),
        ("route=ferry & motor_vehicle=yes & duration=5", "ttss"),
        ("route=ferry & motor_vehicle=no & duration=00:05", "ttsr"),
        ("route=ferry & motorcar=no & duration=00:05", "ttsr"),
        ("route=ferry & vehicle=no & duration=00:05", "ttrr"),
        ("route=ferry & foot=yes & duration=00:05", "ttsr"),
        ("route=ferry & foot=yes & bicycle=yes & duration=00:05", "ttsr"),
        ("route=ferry & foot=yes & bicycle=yes & motor_vehicle=yes & duration=00:05", "ttss"),
        ("route=ferry & access=no & duration=00:05", "rrrr"),
        ("route=ferry & access=private & duration=00:05", "rrrr"),
        ("route=ferry & bicycle=no & foot=yes & duration=00:05", "ttrr"),
    )
]
_BARRIERS = _nodes(
    ("barrier=gate", "tttt", BARRIER),
    ("barrier=lift_gate", "tttt", BARRIER),
    ("barrier=swing_gate", "tttt", BARRIER),
    ("barrier=gate & access=no", "rrrr", BARRIER),
    ("barrier=gate & access=private", "rrrr", BARRIER),
    ("barrier=gate & access=private & foot=yes", "ttrr", BARRIER),
    ("barrier=gate & motor_vehicle=private", "tttr", BARRIER),
    ("barrier=gate & locked=yes", "rrrr", WIKI + "Key:locked"),
    ("barrier=gate & locked=yes & foot=yes", "ttrr", WIKI + "Key:locked"),
    ("barrier=gate & locked=no", "tttt", WIKI + "Key:locked"),
    ("barrier=lift_gate & bicycle=yes & foot=yes & access=private", "tttr", BARRIER),
    ("barrier=bollard", "tttr", WIKI + "Tag:barrier%3Dbollard"),
    ("barrier=bollard & bollard=rising", "tttt", WIKI + "Key:bollard"),
    ("barrier=bollard & bollard=removable", "tttr", WIKI + "Key:bollard"),
    ("barrier=bollard & motor_vehicle=yes", "tttt", WIKI + "Tag:barrier%3Dbollard"),
    ("barrier=bollard & bicycle=no", "ttrr", WIKI + "Tag:barrier%3Dbollard"),
    ("barrier=bollard & maxwidth:physical=0.5", "trtr", WIKI + "Key:maxwidth:physical"),
    ("barrier=block", "tttr", WIKI + "Tag:barrier%3Dblock"),
    ("barrier=chain", "tttr", WIKI + "Tag:barrier%3Dchain"),
    ("barrier=jersey_barrier", "tttr", WIKI + "Tag:barrier%3Djersey_barrier"),
    ("barrier=planter", "tttr", WIKI + "Tag:barrier%3Dplanter"),
    ("barrier=cycle_barrier", "tttr", WIKI + "Tag:barrier%3Dcycle_barrier"),
    ("barrier=cycle_barrier & stroller=no", "trtr", STROLLER),
    ("barrier=cycle_barrier & maxwidth:physical=0.6", "trtr", WIKI + "Key:maxwidth:physical"),
    ("barrier=cycle_barrier & bicycle=dismount", "tttr", ACCESS),
    ("barrier=motorcycle_barrier", "tttr", WIKI + "Tag:barrier%3Dmotorcycle_barrier"),
    ("barrier=kissing_gate", "trrr", WIKI + "Tag:barrier%3Dkissing_gate"),
    ("barrier=kissing_gate & wheelchair=yes", "ttrr", WIKI + "Tag:barrier%3Dkissing_gate"),
    ("barrier=kissing_gate & stroller=yes", "ttrr", STROLLER),
    ("barrier=kissing_gate & bicycle=yes", "trtr", WIKI + "Tag:barrier%3Dkissing_gate"),
    ("barrier=stile", "trrr", WIKI + "Tag:barrier%3Dstile"),
    ("barrier=turnstile", "trrr", WIKI + "Tag:barrier%3Dturnstile"),
    ("barrier=full-height_turnstile", "trrr", WIKI + "Tag:barrier%3Dfull-height_turnstile"),
    ("barrier=horse_stile", "trrr", WIKI + "Tag:barrier%3Dhorse_stile"),
    ("barrier=wicket_gate", "tttr", WIKI + "Tag:barrier%3Dwicket_gate"),
    ("barrier=log", "trtr", WIKI + "Tag:barrier%3Dlog"),
    ("barrier=debris", "rrrr", WIKI + "Tag:barrier%3Ddebris"),
    ("barrier=cattle_grid", "tttt", WIKI + "Tag:barrier%3Dcattle_grid"),
    ("barrier=toll_booth", "tttt", WIKI + "Tag:barrier%3Dtoll_booth"),
    ("barrier=border_control", "tttt", WIKI + "Tag:barrier%3Dborder_control"),
    ("barrier=entrance", "tttt", WIKI + "Tag:barrier%3Dentrance"),
    ("barrier=sally_port", "tttt", WIKI + "Tag:barrier%3Dsally_port"),
    ("barrier=hampshire_gate", "tttt", WIKI + "Tag:barrier%3Dhampshire_gate"),
    ("barrier=bus_trap", "tttr", WIKI + "Tag:barrier%3Dbus_trap"),
    ("barrier=sump_buster", "tttr", WIKI + "Tag:barrier%3Dsump_buster"),
    ("barrier=height_restrictor & maxheight=2.1", "tttt", WIKI + "Tag:barrier%3Dheight_restrictor"),
    ("barrier=height_restrictor & maxheight=1.7", "tttr", WIKI + "Tag:barrier%3Dheight_restrictor"),
    ("barrier=kerb & kerb=lowered", "tttt", WIKI + "Tag:barrier%3Dkerb"),
    ("barrier=kerb & kerb=raised", "tttr", WIKI + "Tag:barrier%3Dkerb"),
    ("barrier=wall", "rrrr", BARRIER),
    ("barrier=fence", "rrrr", BARRIER),
    ("barrier=hedge", "rrrr", BARRIER),
    ("barrier=yes", "rrrr", WIKI + "Barriers"),
    ("barrier=unheard_of", "rrrr", WIKI + "Barriers"),
    ("barrier=unheard_of & foot=yes", "ttrr", WIKI + "Barriers"),
    ("barrier=unheard_of & access=yes", "tttt", WIKI + "Barriers"),
    ("barrier=gate & width=1.0", "tttr", WIKI + "Key:width"),
    ("highway=traffic_signals", "tttt", WIKI + "Tag:highway%3Dtraffic_signals"),
    ("highway=stop", "tttt", WIKI + "Tag:highway%3Dstop"),
    ("highway=crossing & bicycle=no", "tttt", WIKI + "Tag:highway%3Dcrossing"),
)  # fmt: skip
_LIFTS = _nodes(
    ("highway=elevator", "ttsr", WIKI + "Tag:highway%3Delevator"),
    ("highway=elevator & stroller=no", "trsr", STROLLER),
    ("barrier=gate & stroller=no", "trsr", STROLLER),
    way="highway=footway",
)
_SCHOOL = {"highway": "residential", "motor_vehicle:conditional": "no @ (Mo,Tu,Th,Fr 08:15-08:45)"}
_HOURS = [
    Scenario(tags, right, CONDITION, at=at)
    for tags, right, at in (
        (_SCHOOL, "tttt", ""),
        (_SCHOOL, "tttr", "2026-12-01T08:15"),
        (_SCHOOL, "tttt", "2026-12-01T08:45"),
        (_SCHOOL, "tttt", "2026-12-01T10:00"),
        (_SCHOOL, "tttt", "2026-12-02T08:20"),
        (_read(R + "motor_vehicle:conditional=no @ (Mo-Fr 08:00-09:00; PH off)"), "tttt", "2026-12-25T08:20"),
        (_read(R + "access:conditional=no @ (22:00-06:00)"), "rrrr", "2026-12-01T23:00"),
        (_read(R + "access:conditional=no @ (22:00-06:00)"), "rrrr", "2026-12-02T05:00"),
        (_read(R + "access:conditional=no @ (22:00-06:00)"), "tttt", "2026-12-01T12:00"),
        (_read(R + "motor_vehicle=no & motor_vehicle:conditional=yes @ (06:00-11:00)"), "tttr", ""),
        (_read(R + "motor_vehicle=no & motor_vehicle:conditional=yes @ (06:00-11:00)"), "tttt", "2026-12-01T08:00"),
        (_read(R + "motor_vehicle:conditional=destination @ (Mo-Fr 07:00-09:00)"), "tttr", "2026-12-01T08:00"),
        (_read(R + "motor_vehicle:conditional=no @ (weight>3.5)"), "tttt", "2026-12-01T08:00"),
        (_read(R + "oneway:conditional=yes @ (Mo-Fr 07:00-09:00)"), "tttt ttsr", "2026-12-01T08:00"),
        (_read(R + "oneway:conditional=yes @ (Mo-Fr 07:00-09:00)"), "tttt", "2026-12-01T12:00"),
        (_read(R + "motor_vehicle:conditional=no @ (Jul-Aug)"), "tttt", "2026-12-01T12:00"),
        (_read(R + "motor_vehicle:conditional=no @ (Nov-Mar)"), "tttr", "2026-12-01T12:00"),
        (_read(R + "vehicle:conditional=no @ Mo-Fr 08:00-09:00"), "ttsr", "2026-12-01T08:30"),
    )
]  # fmt: skip

SCENARIOS: list[Scenario] = [
    *_CLASSES, *_ACCESS_KEYS, *_DIRECTIONS, *_PUSHCHAIRS, *_SIZES, *_FERRIES, *_BARRIERS, *_LIFTS, *_HOURS,
]  # fmt: skip
