"""From street pieces to ways: strokes that go straight on, their names, their traffic rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from itertools import count, pairwise

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from rpe_geo.synthetic.borders import Borders
from rpe_geo.synthetic.layout import Layout, Settlement
from rpe_geo.synthetic.names import NamePool
from rpe_geo.synthetic.streetgraph import StreetGraph

__all__ = ["NO_CAR", "Restriction", "Way", "make_oneways", "name_ways", "restrict_turns"]

NO_CAR = frozenset({"footway", "cycleway", "steps", "pedestrian", "path"})
"""Classes that cars never use here."""

_STRAIGHT = 0.72
"""Radians within which a street goes on."""


@dataclass(frozen=True)
class Way:
    """
    A street or a part of it.

    Parameters
    ----------
    nodes
        Node numbers of the graph, in the direction of travel when it is one-way.
    old_code
        Commune, or delegated commune; None beyond the border.
    built
        Whether it runs between houses.
    """

    nodes: tuple[int, ...]
    highway: str
    kind: str
    old_code: str | None
    built: bool
    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Restriction:
    """A forbidden or ordered turn, with nodes: the last before the crossing, the crossing, the first after."""

    kind: str
    before: int
    via: int
    after: int


def _strokes(graph: StreetGraph, key: Callable[[int], Hashable]) -> list[list[int]]:
    """Join pieces of one key that go straight on into runs of nodes."""
    onward: dict[tuple[int, int], int] = {}
    for node in range(len(graph.nodes)):
        around = sorted(graph.at_node[node])
        x, y = graph.nodes[node]
        angles = {}
        for number in around:
            piece = graph.pieces[number]
            ox, oy = graph.nodes[piece.end if piece.begin == node else piece.begin]
            angles[number] = float(np.arctan2(oy - y, ox - x))
        pairs = sorted(
            (abs(abs((angles[a] - angles[b] + np.pi) % (2 * np.pi) - np.pi) - np.pi), a, b)
            for i, a in enumerate(around)
            for b in around[i + 1 :]
            if key(a) == key(b)
        )
        used: set[int] = set()
        for bend, a, b in pairs:
            if bend < (_STRAIGHT if len(around) > 2 else 1.7) and not {a, b} & used:
                used |= {a, b}
                onward[node, a], onward[node, b] = b, a
    seen: set[int] = set()
    runs = []
    for first in sorted(graph.pieces):
        if first in seen:
            continue
        piece = graph.pieces[first]
        number, node = first, piece.begin
        walked = {number}
        # Walk back to the beginning of the stroke, or once around a ring.
        while (previous := onward.get((node, number))) is not None and previous not in walked:
            number = previous
            walked.add(number)
            node = _other(graph, number, node)
        run = [node]
        onto: int | None = number
        while onto is not None and onto not in seen:
            seen.add(onto)
            node = _other(graph, onto, node)
            run.append(node)
            onto = onward.get((node, onto))
        runs.append(run)
    return runs


def _other(graph: StreetGraph, number: int, node: int) -> int:
    piece = graph.pieces[number]
    return piece.end if piece.begin == node else piece.begin


def _length(graph: StreetGraph, nodes: tuple[int, ...] | list[int]) -> float:
    points = np.array([graph.nodes[n] for n in nodes])
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def name_ways(
    graph: StreetGraph, layout: Layout, borders: Borders, seed: int
) -> tuple[list[Way], dict[int, str]]:
    """
    Group the pieces into ways and name them.

    Parameters
    ----------
    graph, layout, borders
        The streets, the ground plan, the communes.
    seed
        The same seed gives the same names.

    Returns
    -------
    list of Way, dict of int to str
        The ways, and the name of each hamlet by its number in the layout.
    """
    rng = np.random.default_rng([seed, 5])
    pool = NamePool(rng)
    hamlets = {number: pool.farm() for number in range(len(layout.hamlets))}
    keys: dict[int, tuple[str, str, str | None, bool, tuple[tuple[str, str], ...]]] = {}
    for number, piece in graph.pieces.items():
        (x1, y1), (x2, y2) = graph.nodes[piece.begin], graph.nodes[piece.end]
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        built = piece.kind != "road" or layout.built(x, y)[0] > 0.24
        keys[number] = (
            piece.highway,
            piece.kind,
            borders.old_code_at(x, y),
            built,
            tuple(sorted(piece.tags.items())),
        )
    refs = _road_numbers(graph)
    # A bridge carries the name of its street: names follow strokes that ignore the tags.
    ways: list[Way] = []
    runs = _strokes(graph, lambda number: keys[number][:4])
    runs.sort(key=lambda run: (-_length(graph, run), run))
    namer = _Namer(graph, layout, pool, rng, hamlets)
    for run in runs:
        highway, kind, old_code, built, _ = keys[graph.piece_between(run[0], run[1])]
        whole = Way(tuple(run), highway, kind, old_code, built)
        for part in namer.parts(whole):
            named = replace(part, name=namer.name(part))
            ways += _by_tags(graph, named, refs)
    return ways, hamlets


def _by_tags(graph: StreetGraph, way: Way, refs: dict[int, str]) -> list[Way]:
    """Cut a way wherever its tags change, and complete them."""
    cut: list[Way] = []
    begin = 0
    pieces = [graph.piece_between(a, b) for a, b in pairwise(way.nodes)]
    for i in range(1, len(pieces) + 1):
        if i < len(pieces) and graph.pieces[pieces[i]].tags == graph.pieces[pieces[begin]].tags:
            continue
        tags = dict(graph.pieces[pieces[begin]].tags)
        if ref := refs.get(pieces[begin]):
            tags["ref"] = ref
        tags |= _speed(way)
        cut.append(replace(way, nodes=way.nodes[begin : i + 1], tags=tags))
        begin = i
    return cut


def _speed(way: Way) -> dict[str, str]:
    """Write the speed limit where a sign would stand."""
    if way.highway in {"secondary", "tertiary"}:
        return {"maxspeed": ("50" if way.highway == "secondary" else "30") if way.built else "80"}
    if way.kind == "core":
        return {"maxspeed": "20" if way.highway == "living_street" else "30"}
    if way.kind == "estate":
        return {"maxspeed": "30"}
    return (
        {"surface": "asphalt", "maxspeed": "80"}
        if way.highway == "unclassified" and not way.built
        else {}
    )


def _road_numbers(graph: StreetGraph) -> dict[int, str]:
    """Number the roads of the département, the longest first."""
    road = {
        n: p.highway if p.highway in {"secondary", "tertiary"} else None
        for n, p in graph.pieces.items()
    }
    refs: dict[int, str] = {}
    runs = [
        run
        for run in _strokes(graph, lambda n: road[n])
        if road[graph.piece_between(run[0], run[1])]
    ]
    runs.sort(key=lambda run: (-_length(graph, run), run))
    main = count(903, 4)
    local = count(11, 6)
    for run in runs:
        if _length(graph, run) < 400:
            continue
        numbers = [graph.piece_between(a, b) for a, b in pairwise(run)]
        label = f"D {next(main if road[numbers[0]] == 'secondary' else local)}"
        refs |= dict.fromkeys(numbers, label)
    return refs


class _Namer:
    """Names one way after another, the longest first."""

    def __init__(
        self,
        graph: StreetGraph,
        layout: Layout,
        pool: NamePool,
        rng: np.random.Generator,
        hamlets: dict[int, str],
    ) -> None:
        self.graph, self.layout, self.pool, self.rng, self.hamlets = (
            graph,
            layout,
            pool,
            rng,
            hamlets,
        )
        self.by_code = {s.code: s for s in layout.settlements}
        self.spots = np.array([(x, y) for x, y, _ in layout.hamlets])
        self.nodes_of: dict[tuple[str, str], set[int]] = defaultdict(set)

    def parts(self, way: Way) -> list[Way]:
        """Cut a way that carries several names: the ring, and very long roads."""
        if way.kind == "ring" and len(way.nodes) > 8:
            count = 4
        elif way.kind == "quay":
            count = 1 + int(_length(self.graph, way.nodes) > 700)
        elif way.kind == "street" and way.built:
            count = 1 + int(_length(self.graph, way.nodes) > 1_100)
        else:
            count = 1
        cuts = np.linspace(0, len(way.nodes) - 1, count + 1).round().astype(int)
        return [replace(way, nodes=way.nodes[a : b + 1]) for a, b in pairwise(cuts)]

    def name(self, way: Way) -> str | None:
        """Name a way, or leave it without a name as many country roads are."""
        if (
            way.old_code is None
            or way.kind in {"path", "greenway", "roundabout"}
            or way.highway == "track"
        ):
            return None
        settlement = self.by_code[way.old_code]
        commune = settlement.commune
        town = settlement is self.layout.town
        length = _length(self.graph, way.nodes)
        if way.kind == "road":
            return self._road(way, settlement, length)
        if way.kind == "ring":
            return self.pool.street(commune, "Boulevard", "any")
        if way.kind == "quay":
            return self.pool.street(commune, "Quai", "old")
        if way.kind == "place":
            for name in (
                ("Place du Marché", "Place de l'Hôtel-de-Ville")
                if town
                else ("Place de l'Église", "Place de la Mairie")
            ):
                if self.pool.fixed(commune, name):
                    return name
            return self.pool.street(commune, "Place", "any")
        dead = (
            min(len(self.graph.at_node[way.nodes[0]]), len(self.graph.at_node[way.nodes[-1]])) == 1
        )
        if way.kind == "core":
            kind = "Ruelle" if length < 45 else "Impasse" if dead and length < 90 else "Rue"
            return self.pool.street(commune, kind, "old")
        if way.kind == "estate":
            kind = str(
                self.rng.choice(
                    ["Allée", "Impasse", "Rue", "Clos", "Square"], p=[0.38, 0.3, 0.2, 0.07, 0.05]
                )
            )
            return self.pool.street(
                commune, kind, "nature" if self.rng.random() < 0.8 else "person"
            )
        if way.kind == "lane":
            return self.pool.street(
                commune, "Chemin" if self.rng.random() < 0.6 else "Rue", "nature"
            )
        if dead and length < 150:
            kind = "Impasse" if self.rng.random() < 0.75 else "Allée"
        elif town and length > 560:
            kind = "Avenue"
        else:
            kind = str(
                self.rng.choice(["Rue", "Chemin", "Allée", "Sente"], p=[0.84, 0.08, 0.05, 0.03])
            )
        return self.pool.street(commune, kind, "any" if town or self.rng.random() < 0.4 else "old")

    def _road(self, way: Way, settlement: Settlement, length: float) -> str | None:
        """Name a road by where it leads; one far from every house keeps its number only."""
        points = np.array([self.graph.nodes[n] for n in way.nodes])
        if not way.built and way.highway == "unclassified":
            away = np.hypot(*(points[:, None] - self.spots[None]).transpose(2, 0, 1)).min(axis=0)
            target = int(away.argmin())
            if away[target] < 220:
                return self._shared(way, self.pool.towards("Chemin", self.hamlets[target]))
            return (
                None if length < 500 else self.pool.street(settlement.commune, "Chemin", "nature")
            )
        here = np.array((settlement.x, settlement.y))
        far = points[np.hypot(*(points - here).T).argmax()]
        others = [s for s in self.layout.settlements if s is not settlement]
        bearings = [
            np.dot((s.x, s.y) - here, far - here)
            / (np.hypot(s.x - here[0], s.y - here[1]) ** 1.5 * (np.hypot(*(far - here)) + 1))
            for s in others
        ]
        target_name = others[int(np.argmax(bearings))].name
        if not way.built:
            return self._shared(way, self.pool.towards("Route", target_name))
        commune = settlement.commune
        if settlement is not self.layout.town and self.pool.fixed(commune, "Grande Rue"):
            return "Grande Rue"
        kind = ("Avenue" if length > 350 else "Rue") if settlement is self.layout.town else "Rue"
        name = self.pool.towards(kind, target_name)
        return name if self.pool.fixed(commune, name) else self.pool.street(commune, "Rue", "old")

    def _shared(self, way: Way, name: str) -> str | None:
        """Share a road's name with the parts it touches; elsewhere in the commune the name is taken."""
        commune = self.by_code[str(way.old_code)].commune
        touching = self.nodes_of[commune, name]
        if touching and not touching & set(way.nodes):
            return (
                self.pool.street(commune, "Chemin", "nature")
                if way.highway == "unclassified"
                else None
            )
        if not touching and self.pool.fixed(commune, name) is None:
            return None
        touching |= set(way.nodes)
        return name


def strongly_connected(ways: list[Way], without: frozenset[int] = frozenset()) -> bool:
    """Say whether a car can go from every street to every other, one-ways obeyed."""
    sources: list[int] = []
    targets: list[int] = []
    for number, way in enumerate(ways):
        if way.highway in NO_CAR or number in without:
            continue
        sources += way.nodes[:-1]
        targets += way.nodes[1:]
        if way.tags.get("oneway") != "yes":
            sources += way.nodes[1:]
            targets += way.nodes[:-1]
    names, numbers = np.unique(np.array(sources + targets, dtype=np.int64), return_inverse=True)
    half = len(sources)
    matrix = csr_matrix((np.ones(half), (numbers[:half], numbers[half:])), shape=(len(names),) * 2)
    count, _ = connected_components(matrix, directed=True, connection="strong")
    return bool(count == 1)


def make_oneways(ways: list[Way], seed: int, wanted: int = 26) -> list[Way]:
    """Make some narrow streets one-way, where every place stays within reach; cycles may often go both ways."""
    rng = np.random.default_rng([seed, 6])
    candidates = [
        n
        for n, w in enumerate(ways)
        if (w.kind in {"core", "street", "quay"})
        and w.highway == "residential"
        and len(w.nodes) > 2
        and not w.tags.get("bridge")
    ]
    # The core first, then the suburbs.
    order = sorted(rng.permutation(candidates).tolist(), key=lambda n: ways[n].kind != "core")
    result = list(ways)
    made = 0
    for number in order:
        if made == wanted:
            break
        way = ways[number]
        nodes = way.nodes if rng.random() < 0.5 else way.nodes[::-1]
        tags = {**way.tags, "oneway": "yes"}
        if rng.random() < 0.5:
            tags["oneway:bicycle"] = "no"
        trial = replace(way, nodes=nodes, tags=tags)
        result[number] = trial
        if strongly_connected(result):
            made += 1
        else:
            result[number] = way
    return result


def restrict_turns(
    ways: list[Way], graph: StreetGraph, seed: int, wanted: int = 14
) -> list[Restriction]:
    """
    Forbid some left turns from busy roads into side streets that have another way in.

    Parameters
    ----------
    ways, graph
        The streets.
    seed
        The same seed forbids the same turns.
    wanted
        How many.

    Returns
    -------
    list of Restriction
    """
    rng = np.random.default_rng([seed, 7])
    busy = {"secondary", "tertiary"}
    through: dict[int, list[int]] = defaultdict(list)
    for number, way in enumerate(ways):
        for node in way.nodes:
            through[node].append(number)
    found: list[Restriction] = []
    for node in rng.permutation(sorted(through)).tolist():
        if len(found) == wanted:
            break
        mains = [
            n
            for n in through[node]
            if ways[n].highway in busy
            and ways[n].built
            and node not in {ways[n].nodes[0], ways[n].nodes[-1]}
        ]
        sides = [
            n
            for n in through[node]
            if ways[n].highway == "residential"
            and ways[n].nodes[0] == node
            and ways[n].tags.get("oneway") != "yes"
        ]
        if not mains or not sides or not strongly_connected(ways, frozenset({sides[0]})):
            continue
        main, side = ways[mains[0]], ways[sides[0]]
        place = main.nodes.index(node)
        after = side.nodes[1]
        for before in (main.nodes[place - 1], main.nodes[place + 1]):
            a, b, c = (np.array(graph.nodes[n]) for n in (before, node, after))
            into, out = b - a, c - b
            if into[0] * out[1] - into[1] * out[0] > 0:
                found.append(Restriction("no_left_turn", before, node, after))
                break
    return found
