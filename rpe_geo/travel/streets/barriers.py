"""What a barrier on a node means for each mode: the default access of the wiki, widths, locks, who is excepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rpe_geo.travel.streets.access import Access, Tags, access_of, said_of
from rpe_geo.travel.streets.sizes import too_narrow

__all__ = ["Passage", "passage_of"]

Mode = Literal["walk", "bike", "car", "pushchair"]
_MODES: tuple[Mode, ...] = ("walk", "pushchair", "bike", "car")
_EVERYBODY = frozenset(_MODES)
_PASSABLE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "gate", "lift_gate", "swing_gate", "sliding_gate", "sliding_beam", "hampshire_gate", "bump_gate",
            "cattle_grid", "border_control", "toll_booth", "sally_port", "no", "entrance", "height_restrictor",
            "arch", "speed_bump", "checkpoint",
        ),
        _EVERYBODY,
    ),
    **dict.fromkeys(
        (
            "bollard", "block", "planter", "jersey_barrier", "chain", "rope", "motorcycle_barrier", "cycle_barrier",
            "bus_trap", "sump_buster", "bar", "barrier_board", "marker", "spikes",
        ),
        frozenset({"walk", "pushchair", "bike"}),
    ),
    "wicket_gate": frozenset({"walk", "pushchair", "bike"}),
    "log": frozenset({"walk", "bike"}),
    **dict.fromkeys(
        ("kissing_gate", "stile", "turnstile", "full-height_turnstile", "horse_stile", "step"), frozenset({"walk"})
    ),
}  # fmt: skip
"""
Modes that pass a barrier about which nothing is tagged: the `implies` of the wiki's pages Tag:barrier=*. A barrier without default
is `access=no` (wiki, Barriers). A kissing gate, a stile and a turnstile let people through one by one, no wheels.
"""
_CARRIED = frozenset({"stile", "turnstile", "full-height_turnstile", "horse_stile", "kissing_gate", "step"})  # fmt: skip
_GATES = frozenset({
    "gate", "lift_gate", "swing_gate", "sliding_gate", "sliding_beam", "hampshire_gate", "kissing_gate", "wicket_gate",
})  # fmt: skip
_SLOW = _GATES | {"cycle_barrier"}
_OPEN_KERBS = frozenset({"lowered", "flush", "no", "rolled"})


@dataclass(frozen=True)
class Passage:
    """Who passes a node: modes that cannot, modes that may only go there, and seconds that others lose."""

    closed: frozenset[Mode] = frozenset()
    ends: frozenset[Mode] = frozenset()
    delay_s: Mapping[Mode, float] = field(default_factory=dict)


def passage_of(tags: Tags, speeds: Mapping[str, Any]) -> Passage:
    """
    Read a node with a barrier, or with access tags of its own.

    Parameters
    ----------
    tags
        Of the node.
    speeds
        The table `speeds`: delays at gates, widths of each mode.

    Returns
    -------
    Passage
        What the node imposes on each mode.
    """
    barrier = tags.get("barrier", "")
    closed: set[Mode] = set()
    ends: set[Mode] = set()
    delay: dict[Mode, float] = {}
    for mode in _MODES:
        access = _access(tags, barrier, mode, speeds)
        if access == "closed":
            closed.add(mode)
        elif access == "ends":
            ends.add(mode)
        if access != "closed" and barrier in _SLOW:
            gates = speeds["gate_s"]
            delay[mode] = float(gates["walk" if mode == "pushchair" else mode])
    return Passage(frozenset(closed), frozenset(ends), {m: s for m, s in delay.items() if s})


def _access(tags: Tags, barrier: str, mode: str, speeds: Mapping[str, Any]) -> Access:
    said = access_of(tags, mode)
    if mode == "pushchair":
        stroller = tags.get("stroller")
        if stroller == "no":
            return "closed"
        if stroller in {"yes", "limited", "designated"} and said != "closed":
            return said or "open"
        if barrier in _CARRIED:
            wide = tags.get("wheelchair") in {"yes", "designated"}
            return (said or "open") if wide else "closed"
    if too_narrow(_room(tags, barrier), mode, speeds):
        return "closed"
    if tags.get("locked") == "yes" and _own(tags, mode) != "open":
        return "closed"
    if said == "closed" and mode == "bike" and _pushed_through(tags):
        return "open"
    if said is not None or not barrier:
        return said or "open"
    return "open" if _passes(tags, barrier, mode) else "closed"


def _room(tags: Tags, barrier: str) -> Tags:
    """Tags that say how much room a barrier leaves; the width of a post or of a row of bars is none."""
    if barrier in _GATES:
        return tags
    return {key: value for key, value in tags.items() if key not in {"width", "est_width"}}


def _own(tags: Tags, mode: str) -> Access | None:
    """Access that the mode's own key says, not the general one."""
    if mode in {"walk", "pushchair"}:
        return access_of({"foot": tags.get("foot", "")}, mode)
    return access_of({key: value for key, value in tags.items() if key != "access"}, mode)


def _pushed_through(tags: Tags) -> bool:
    """Whether a bike is pushed where it may not be ridden: `bicycle=dismount`, or vehicles barred and walkers not."""
    said = said_of(tags, "bike")
    return said == "dismount" or ("bicycle" not in tags and access_of(tags, "walk") == "open")


def _passes(tags: Tags, barrier: str, mode: str) -> bool:
    if barrier == "kerb":
        return mode != "car" or tags.get("kerb") in _OPEN_KERBS
    if barrier == "bollard" and tags.get("bollard") == "rising":
        return True
    return mode in _PASSABLE.get(barrier, frozenset())
