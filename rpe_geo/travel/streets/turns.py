"""What turns do to the search graph: copies of junctions and of edges that remember where one comes from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rpe_geo.travel.streets.restrictions import Restriction

__all__ = ["Arms", "States", "expand_turns"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Memory = frozenset[tuple[int, int]]
"""Restrictions through ways that one has begun to follow: number of the restriction, edges of its path passed."""

_NOTHING: Memory = frozenset()


@dataclass(frozen=True, eq=False)
class Arms:
    """
    How the edges of a network meet.

    Parameters
    ----------
    start, end
        Junctions of each edge.
    can_forward, can_backward
        Whether each direction is allowed.
    way_at_start, way_at_end
        Way of each edge beside each of its ends.
    beside_start, beside_end
        Node next to each end, along the edge.
    slot_of_node
        Junction of each node; -1 for a node that is none.
    """

    start: Ints
    end: Ints
    can_forward: Bools
    can_backward: Bools
    way_at_start: Ints
    way_at_end: Ints
    beside_start: Ints
    beside_end: Ints
    slot_of_node: Ints

    def can(self, arc: int) -> bool:
        """Whether an arc is allowed: arc 2e is edge e as drawn, 2e + 1 against it."""
        return bool((self.can_backward if arc & 1 else self.can_forward)[arc >> 1])

    def head(self, arc: int) -> int:
        """Junction that an arc leads to."""
        return int((self.start if arc & 1 else self.end)[arc >> 1])

    def way_out(self, arc: int) -> int:
        """Way of an arc where it begins."""
        return int((self.way_at_end if arc & 1 else self.way_at_start)[arc >> 1])

    def way_in(self, arc: int) -> int:
        """Way of an arc where it arrives."""
        return int((self.way_at_start if arc & 1 else self.way_at_end)[arc >> 1])

    def first_node(self, arc: int) -> int:
        """Node that follows the junction where an arc begins."""
        return int((self.beside_end if arc & 1 else self.beside_start)[arc >> 1])

    def around(self, junctions: Iterable[int]) -> dict[int, list[int]]:
        """Arcs out of each of some junctions, allowed or not; their reverses are the arcs in."""
        wanted = np.array(sorted({*junctions} - {-1}), dtype=np.int64)
        found: dict[int, list[int]] = {int(junction): [] for junction in wanted}
        for ends, side in ((self.start, 0), (self.end, 1)):
            for edge in np.flatnonzero(np.isin(ends, wanted)).tolist():
                found[int(ends[edge])].append(2 * edge + side)
        return found


@dataclass(eq=False)
class States:
    """
    The states of a search graph.

    Parameters
    ----------
    node
        Junction of each state; the first states are the junctions themselves.
    tail_forward, head_forward, tail_backward, head_backward
        States from which the places of an edge are entered, and where it is left, by direction.
    pass_forward, pass_backward
        States from which an edge is passed as a whole: the tails, save where copies remember a path.
    from_state, to_state
        Links from a junction, or an arrival at it, to an exit; they cost nothing.
    copy_tail, copy_head, copy_arc
        Every arc along the edges that are passed once more, with a memory of the path; none of them is a tail.
    """

    node: Ints
    tail_forward: Ints
    head_forward: Ints
    tail_backward: Ints
    head_backward: Ints
    pass_forward: Ints
    pass_backward: Ints
    from_state: Ints
    to_state: Ints
    copy_tail: Ints
    copy_head: Ints
    copy_arc: Ints

    @property
    def count(self) -> int:
        """How many states there are."""
        return int(self.node.size)


@dataclass(frozen=True)
class _Path:
    """A restriction through ways: arcs that arrive at it, the arcs along it, the arcs named at its end."""

    compulsory: bool
    incoming: frozenset[int]
    along: tuple[int, ...]
    named: frozenset[int]


@dataclass
class _Rules:
    """What is forbidden: turns at a junction by arc of arrival, and paths."""

    closed: dict[int, set[int]] = field(default_factory=dict)
    paths: list[_Path] = field(default_factory=list)
    begins: dict[int, list[int]] = field(default_factory=dict)


def expand_turns(arms: Arms, restrictions: Iterable[Restriction]) -> States:
    """
    Give a copy of the junction to every arrival whose turns differ, linked to the exits that it may take.

    Parameters
    ----------
    arms
        How the edges meet.
    restrictions
        Those that the mode must obey.

    Returns
    -------
    States
        The junctions and their copies.

    Notes
    -----
    A restriction through ways needs a memory: the edges of its path are passed once more by those who come from its
    first way, and only these copies end where its last turn is closed. Places along such an edge are entered by a
    state of their own, which all copies lead to. The expansion is exact: a path of the graph is a path of the streets
    that breaks no rule, and the other way round; save that nobody turns back where turns are restricted.
    """
    rules, out = _rules(arms, list(restrictions))
    expansion = _Expansion(arms, rules, out)
    expansion.run()
    return expansion.states()


def _rules(arms: Arms, restrictions: list[Restriction]) -> tuple[_Rules, dict[int, list[int]]]:
    """Translate ways and nodes into arcs; also the arcs out of every junction that was looked at."""
    slots = arms.slot_of_node
    out = arms.around(
        int(slots[node]) for r in restrictions for node in (r.via_nodes[0], r.via_nodes[-1])
    )
    rules = _Rules()
    for rule in restrictions:
        first, last = int(slots[rule.via_nodes[0]]), int(slots[rule.via_nodes[-1]])
        if first < 0 or last < 0:
            continue
        incoming = {
            arc ^ 1
            for arc in out[first]
            if arms.can(arc ^ 1) and arms.way_in(arc ^ 1) == rule.from_way
        }
        outgoing = {arc for arc in out[last] if arms.can(arc)}
        named = {arc for arc in outgoing if arms.way_out(arc) == rule.to_way}
        if not named or not incoming:
            continue
        if rule.via_ways:
            along = _follow(arms, rule, out)
            if along:
                number = len(rules.paths)
                named_set = frozenset(named)
                rules.paths.append(
                    _Path(rule.kind == "only", frozenset(incoming), along, named_set)
                )
                for arc in incoming:
                    rules.begins.setdefault(arc, []).append(number)
            continue
        for arc in incoming:
            same_way = rule.from_way == rule.to_way
            closed = (
                outgoing - named
                if rule.kind == "only"
                else {other for other in named if other != arc ^ 1 or same_way}
            )
            rules.closed.setdefault(arc, set()).update(closed)
    return rules, out


def _follow(arms: Arms, rule: Restriction, out: dict[int, list[int]]) -> tuple[int, ...]:
    """Arcs along the path of a restriction; none where this mode cannot follow it."""
    nodes, ways = rule.via_nodes, rule.via_ways
    slots = arms.slot_of_node
    position, arcs = 0, []
    while position < len(nodes) - 1:
        here = int(slots[nodes[position]])
        if here not in out:
            out.update(arms.around([here]))
        found = [
            arc
            for arc in out.get(here, ())
            if arms.can(arc)
            and arms.way_out(arc) == ways[position]
            and arms.first_node(arc) == nodes[position + 1]
        ]
        if not found:
            return ()
        arcs.append(found[0])
        head = arms.head(found[0])
        ahead = [at for at in range(position + 1, len(nodes)) if int(slots[nodes[at]]) == head]
        if not ahead:
            return ()
        position = ahead[0]
    return tuple(arcs)


class _Expansion:
    """Builds the copies, arrival by arrival."""

    def __init__(self, arms: Arms, rules: _Rules, out: dict[int, list[int]]) -> None:
        self._arms, self._rules, self._out = arms, rules, out
        self._owner = list(range(int(max(arms.start.max(), arms.end.max())) + 1))
        self._arrival: dict[tuple[int, Memory], int] = {}
        self._exit: dict[tuple[int, Memory], int] = {}
        self._links: list[tuple[int, int]] = []
        self._waiting: deque[tuple[int, Memory]] = deque()

    def run(self) -> None:
        """Make every arrival that differs, and those that follow from it."""
        special = {*self._rules.closed, *self._rules.begins}
        self._out.update(
            self._arms.around({self._arms.head(arc) for arc in special} - self._out.keys())
        )
        for arc in sorted(special):
            self._arrive(arc, _NOTHING)
        while self._waiting:
            self._leave(*self._waiting.popleft())

    def _new(self, junction: int) -> int:
        self._owner.append(junction)
        return len(self._owner) - 1

    def _arrive(self, arc: int, memory: Memory) -> int:
        key = (arc, memory)
        if key not in self._arrival:
            self._arrival[key] = self._new(self._arms.head(arc))
            self._waiting.append(key)
        return self._arrival[key]

    def _leave(self, arc: int, memory: Memory) -> None:
        """Link an arrival to the exits that it may take."""
        junction = self._arms.head(arc)
        if junction not in self._out:
            self._out.update(self._arms.around([junction]))
        choices = self._out[junction]
        closed = self._rules.closed.get(arc, set())
        restricted = bool(closed or memory)
        state = self._arrival[arc, memory]
        for onward in choices:
            if not self._arms.can(onward) or onward in closed:
                continue
            # Turning back is not a way around a restriction, save in a dead end.
            if restricted and onward == arc ^ 1 and len(choices) > 1:
                continue
            follows = self._remember(arc, memory, onward)
            if follows is not None:
                exit_state = self._exit_of(onward, follows, junction)
                self._links.append((state, exit_state))

    def _remember(self, arc: int, memory: Memory, onward: int) -> Memory | None:
        """What one remembers after a turn; None where the turn is closed."""
        follows = set()
        for number, passed in memory:
            path = self._rules.paths[number]
            if passed < len(path.along):
                if path.along[passed] == onward:
                    follows.add((number, passed + 1))
            elif (onward in path.named) != path.compulsory:
                return None
        for number in self._rules.begins.get(arc, ()):
            if self._rules.paths[number].along[0] == onward:
                follows.add((number, 1))
        return frozenset(follows)

    def _exit_of(self, arc: int, memory: Memory, junction: int) -> int:
        key = (arc, memory)
        if key not in self._exit:
            self._exit[key] = self._new(junction)
            if memory:
                self._arrive(arc, memory)
            else:
                self._links.append((junction, self._exit[key]))
        return self._exit[key]

    def states(self) -> States:
        """Put the copies in order."""
        arms = self._arms
        heads = [arms.end.copy(), arms.start.copy()]
        passes = [arms.start.copy(), arms.end.copy()]
        for (arc, memory), state in self._arrival.items():
            if not memory:
                heads[arc & 1][arc >> 1] = state
        for (arc, memory), state in self._exit.items():
            if not memory:
                passes[arc & 1][arc >> 1] = state
        tails = [side.copy() for side in passes]
        copies: list[tuple[int, int, int]] = []
        for (arc, memory), state in list(self._exit.items()):
            if not memory:
                continue
            side, edge = arc & 1, arc >> 1
            copies.append((state, self._arrival[arc, memory], arc))
            if tails[side][edge] == passes[side][edge]:
                passed = int(passes[side][edge])
                tails[side][edge] = self._new(self._owner[passed])
                self._links.append((passed, int(tails[side][edge])))
                copies.append((passed, int(heads[side][edge]), arc))
            self._links.append((state, int(tails[side][edge])))
        links = np.array(self._links, dtype=np.int64).reshape(-1, 2)
        copied = np.array(copies, dtype=np.int64).reshape(-1, 3)
        return States(
            node=np.array(self._owner, dtype=np.int64),
            tail_forward=tails[0],
            head_forward=heads[0],
            tail_backward=tails[1],
            head_backward=heads[1],
            pass_forward=passes[0],
            pass_backward=passes[1],
            from_state=links[:, 0],
            to_state=links[:, 1],
            copy_tail=copied[:, 0],
            copy_head=copied[:, 1],
            copy_arc=copied[:, 2],
        )
