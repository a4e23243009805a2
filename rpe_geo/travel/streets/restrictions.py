"""Turn restrictions as OpenStreetMap tells them: from a way, through a node or through ways, into a way."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any, Literal

__all__ = ["Restriction", "Turn", "TurnReader", "read_turn", "resolve_turns"]

Kind = Literal["no", "only"]
NodesOf = Callable[[int], Sequence[int]]
Passable = Callable[[int, frozenset[str]], tuple[bool, bool]]

_KEYS = {
    "car": ("restriction", "restriction:motorcar", "restriction:motor_vehicle"),
    "bike": ("restriction", "restriction:bicycle"),
}
_EXCEPTIONS = {"car": {"motorcar", "motor_vehicle", "vehicle"}, "bike": {"bicycle", "vehicle"}}
_CONDITIONAL = (
    "restriction:conditional", "restriction:motorcar:conditional",
    "restriction:motor_vehicle:conditional", "restriction:bicycle:conditional",
)  # fmt: skip
_HOURS = ("day_on", "day_off", "hour_on", "hour_off")


@dataclass(frozen=True)
class Restriction:
    """
    A forbidden (`no`) or compulsory (`only`) turn.

    Parameters
    ----------
    kind
        `no`: who comes by the path may not go on into the way. `only`: who comes by it may go nowhere else.
    from_way, to_way
        Ways of the network.
    via_nodes
        The path between them: one node, or the nodes along the ways that lie between.
    via_ways
        Way of each step of that path; empty for one node.
    modes
        Modes that must obey.
    """

    kind: Kind
    from_way: int
    via_nodes: tuple[int, ...]
    via_ways: tuple[int, ...]
    to_way: int
    modes: frozenset[str]


@dataclass(frozen=True)
class Turn:
    """A restriction as the relation names it, by OSM ids."""

    kinds: Mapping[Kind, frozenset[str]]
    origins: tuple[int, ...]
    via_node: int | None
    via_ways: tuple[int, ...]
    targets: tuple[int, ...]


@dataclass
class TurnReader:
    """
    Gathers the restrictions of an extract.

    Parameters
    ----------
    turns
        Those that can be understood.
    ignored
        How many could not be used, by reason: `conditional` (at some hours only), `unknown` (neither no_ nor only_),
        `malformed` (members missing or too many), `incomplete` (a member that is no street of the extract),
        `disconnected` (members that do not touch).
    """

    turns: list[Turn] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def read(self, relation: Any) -> None:
        """Read a relation; anything but a turn restriction is left alone."""
        if relation.tags.get("type") != "restriction":
            return
        members = [(member.type, member.role, member.ref) for member in relation.members]
        found = read_turn(relation.tags, members)
        if isinstance(found, str):
            self.ignored[found] += 1
        elif found is not None:
            self.turns.append(found)


def read_turn(
    tags: Mapping[str, str] | Any, members: Sequence[tuple[str, str, int]]
) -> Turn | str | None:
    """
    Read what a restriction says.

    Parameters
    ----------
    tags
        Tags of the relation.
    members
        Type (`n`, `w`, `r`), role and id of each member.

    Returns
    -------
    Turn, str or None
        The turn; the reason why it is ignored; None where it concerns no mode of ours.
    """
    excepted = {part.strip() for part in (tags.get("except") or "").split(";")}
    kinds: dict[Kind, set[str]] = {}
    unknown = False
    for mode, keys in _KEYS.items():
        for key in keys:
            value = tags.get(key) or ""
            kind: Kind | None = (
                "no" if value.startswith("no_") else "only" if value.startswith("only_") else None
            )
            if kind is None:
                unknown |= bool(value)
            elif not excepted & _EXCEPTIONS[mode]:
                kinds.setdefault(kind, set()).add(mode)
    if any(tags.get(key) for key in _HOURS):
        return "conditional"
    if not kinds:
        if any(tags.get(key) for key in _CONDITIONAL):
            return "conditional"
        plain = any(tags.get(key) for keys in _KEYS.values() for key in keys)
        other = any(tag_key.startswith("restriction:") for tag_key, _ in _items(tags))
        return "unknown" if unknown or not (plain or other) else None
    origins = _ids(members, "w", "from")
    targets = _ids(members, "w", "to")
    nodes, ways = _ids(members, "n", "via"), _ids(members, "w", "via")
    clear = len(nodes) == 1 if nodes else bool(ways)
    several = len(origins) > 1 or len(targets) > 1
    if not origins or not targets or not clear or (nodes and ways) or ("only" in kinds and several):
        return "malformed"
    return Turn(
        kinds={kind: frozenset(modes) for kind, modes in kinds.items()},
        origins=origins,
        via_node=nodes[0] if nodes else None,
        via_ways=ways,
        targets=targets,
    )


def _items(tags: Any) -> list[tuple[str, str]]:
    pairs = tags.items() if isinstance(tags, Mapping) else tags
    return [(str(key), str(value)) for key, value in pairs]


def _ids(members: Sequence[tuple[str, str, int]], kind: str, role: str) -> tuple[int, ...]:
    """Ids of the members of a type and role, each once, in their order."""
    return tuple(
        dict.fromkeys(ref for type_, named, ref in members if (type_, named) == (kind, role))
    )


def resolve_turns(
    reader: TurnReader,
    nodes: Mapping[int, int],
    ways: Mapping[int, Sequence[int]],
    nodes_of: NodesOf,
    passable: Passable,
) -> list[Restriction]:
    """
    Find the places of the turns in a network; those that cannot be found are counted as ignored.

    Parameters
    ----------
    reader
        The turns read.
    nodes
        Node of the network by OSM id.
    ways
        Ways of the network by OSM id: several where the extract cuts a way.
    nodes_of
        Nodes of a way, in its drawn order.
    passable
        Whether a way may be passed as drawn, and against that, by some of the given modes.

    Returns
    -------
    list of Restriction
        One per pair of ways from and to.
    """
    found: list[Restriction] = []
    for turn in reader.turns:
        named = (*turn.origins, *turn.via_ways, *turn.targets)
        if any(way not in ways for way in named) or (
            turn.via_node is not None and turn.via_node not in nodes
        ):
            reader.ignored["incomplete"] += 1
            continue
        here = list(_placed(turn, nodes, ways, nodes_of, passable))
        if not here:
            reader.ignored["disconnected"] += 1
        found.extend(here)
    return found


def _placed(
    turn: Turn,
    nodes: Mapping[int, int],
    ways: Mapping[int, Sequence[int]],
    nodes_of: NodesOf,
    passable: Passable,
) -> list[Restriction]:
    placed = []
    for from_id, to_id in product(turn.origins, turn.targets):
        for origin, target in product(ways[from_id], ways[to_id]):
            enter, leave = set(nodes_of(origin)), set(nodes_of(target))
            for kind, modes in turn.kinds.items():
                if turn.via_node is not None:
                    node = nodes[turn.via_node]
                    path = _Path((node,), ()) if node in enter & leave else None
                else:
                    pieces = [ways[way] for way in turn.via_ways]
                    path = _path(pieces, enter, leave, nodes_of, passable, modes)
                if path is not None:
                    placed.append(Restriction(kind, origin, path.nodes, path.ways, target, modes))
    return placed


@dataclass(frozen=True)
class _Path:
    """Nodes one after the other, and the way of each step."""

    nodes: tuple[int, ...]
    ways: tuple[int, ...]


def _path(
    pieces: Sequence[Sequence[int]],
    enter: set[int],
    leave: set[int],
    nodes_of: NodesOf,
    passable: Passable,
    modes: frozenset[str],
) -> _Path | None:
    """Shortest path along ways in their order, from a node of the first way to a node of the last."""
    steps: list[dict[int, list[tuple[int, int]]]] = []
    for alternatives in pieces:
        onward: dict[int, list[tuple[int, int]]] = {}
        for way in alternatives:
            run = nodes_of(way)
            ahead, back = passable(way, modes)
            for one, two in pairwise(run):
                if ahead:
                    onward.setdefault(one, []).append((two, way))
                if back:
                    onward.setdefault(two, []).append((one, way))
        steps.append(onward)
    waiting = deque((0, _Path((node,), ())) for node in sorted(enter & steps[0].keys()))
    seen: set[tuple[int, int]] = set()
    while waiting:
        number, path = waiting.popleft()
        node = path.nodes[-1]
        if number == len(pieces) - 1 and path.ways and node in leave:
            return path
        if (number, node) in seen:
            continue
        seen.add((number, node))
        for following, way in steps[number].get(node, ()):
            if following not in path.nodes:
                waiting.append((number, _Path((*path.nodes, following), (*path.ways, way))))
        if number + 1 < len(pieces) and path.ways and path.ways[-1] in pieces[number]:
            waiting.append((number + 1, path))
    return None
