"""Addresses along the streets, in the columns of the Base Adresse Nationale."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from shapely import Point

from rpe_geo.crs import to_wgs84
from rpe_geo.synthetic.borders import Borders
from rpe_geo.synthetic.layout import ORIGIN, Layout, Settlement
from rpe_geo.synthetic.names import plain_capitals
from rpe_geo.synthetic.streetgraph import StreetGraph
from rpe_geo.synthetic.ways import Way

__all__ = ["BAN_COLUMNS", "Address", "number_houses", "write_ban"]

BAN_COLUMNS = (
    "id",
    "id_fantoir",
    "numero",
    "rep",
    "nom_voie",
    "code_postal",
    "code_insee",
    "nom_commune",
    "code_insee_ancienne_commune",
    "nom_ancienne_commune",
    "x",
    "y",
    "lon",
    "lat",
    "type_position",
    "alias",
    "nom_ld",
    "libelle_acheminement",
    "nom_afnor",
    "source_position",
    "source_nom_voie",
    "certification_commune",
    "cad_parcelles",
)


@dataclass(frozen=True)
class Address:
    """A house number; metres from the origin of the layout."""

    number: int
    suffix: str
    street: str
    settlement: Settlement
    x: float
    y: float
    locality: str = ""


def _lot(density: float, kind: str, rng: np.random.Generator) -> float:
    """Width of a plot on the street, in metres."""
    if kind in {"core", "place", "ring"}:
        mean = 13.5
    elif kind == "estate":
        mean = 21.0
    else:
        mean = 18.0 + 42.0 * (1 - min(density, 1.0)) ** 1.6
    return float(mean * rng.gamma(9, 1 / 9)) + 2


class _Plots:
    """Keeps houses apart from one another, from other streets and from water."""

    def __init__(self, graph: StreetGraph, layout: Layout) -> None:
        self.graph, self.layout = graph, layout
        self.taken: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)

    def free(self, x: float, y: float, own: set[int], offset: float, gap: float = 6.0) -> bool:
        """Say whether a house may stand here, `offset` metres from its own street."""
        i, j = int(x // 20), int(y // 20)
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                if any(np.hypot(x - a, y - b) < gap for a, b in self.taken[i + di, j + dj]):
                    return False
        for number in self.graph.near(x, y, offset):
            if number in own:
                continue
            fx, fy = self.graph.foot(number, x, y)
            if np.hypot(fx - x, fy - y) < offset * 0.95:
                return False
        return self.layout.water.distance(Point(x, y)) > 8

    def take(self, x: float, y: float) -> None:
        """Note a house."""
        self.taken[int(x // 20), int(y // 20)].append((x, y))


def number_houses(
    ways: list[Way],
    graph: StreetGraph,
    layout: Layout,
    borders: Borders,
    hamlets: dict[int, str],
    seed: int,
) -> list[Address]:
    """
    Give houses their numbers.

    Parameters
    ----------
    ways, graph, layout, borders
        The streets and where they lie.
    hamlets
        Names of the hamlets by number.
    seed
        The same seed gives the same addresses.

    Returns
    -------
    list of Address
        Odd numbers on the left going away from the centre, even ones on the right; in the country the metres from the beginning
        of the road, as many communes number today.
    """
    rng = np.random.default_rng([seed, 8])
    by_code = {s.code: s for s in layout.settlements}
    plots = _Plots(graph, layout)
    streets: dict[tuple[str, str], list[Way]] = defaultdict(list)
    for way in ways:
        if way.name is not None and way.old_code is not None:
            streets[by_code[way.old_code].commune, way.name].append(way)
    addresses: list[Address] = []
    for (_, street), parts in sorted(streets.items()):
        addresses += _street(street, parts, graph, layout, by_code, plots, rng)
    addresses += _hamlets(ways, graph, layout, by_code, hamlets, plots, rng)
    return [a for a in addresses if borders.code_at(a.x, a.y) == a.settlement.commune]


def _street(
    street: str,
    parts: list[Way],
    graph: StreetGraph,
    layout: Layout,
    by_code: dict[str, Settlement],
    plots: _Plots,
    rng: np.random.Generator,
) -> list[Address]:
    """Number one street, its nearest end to the centre first."""
    home = by_code[str(parts[0].old_code)]

    def away(node: int) -> float:
        return float(np.hypot(graph.nodes[node][0] - home.x, graph.nodes[node][1] - home.y))

    runs = [
        way.nodes if away(way.nodes[0]) <= away(way.nodes[-1]) else way.nodes[::-1] for way in parts
    ]
    order = sorted(range(len(parts)), key=lambda n: (away(runs[n][0]), runs[n]))
    own = {graph.piece_between(a, b) for run in runs for a, b in pairwise(run)}
    found: list[Address] = []
    next_number = {1: 1, -1: 2}
    walked = 0.0
    for n in order:
        way = parts[n]
        settlement = by_code[str(way.old_code)]
        points = np.array([graph.nodes[node] for node in runs[n]])
        steps = np.hypot(*np.diff(points, axis=0).T)
        along = np.concatenate(([0.0], np.cumsum(steps)))
        for side in (1, -1):
            at = float(rng.uniform(4, 12))
            while at < along[-1] - 3:
                i = int(np.searchsorted(along, at, side="right")) - 1
                ux, uy = (points[i + 1] - points[i]) / steps[i]
                px, py = points[i] + np.array((ux, uy)) * (at - along[i])
                density = layout.built(float(px), float(py))[0]
                width = _lot(density, way.kind, rng)
                offset = float(
                    rng.uniform(5, 7)
                    if way.kind in {"core", "ring", "place"}
                    else rng.uniform(7.5, 14)
                )
                x, y = (
                    round(float(px - side * uy * offset), 1),
                    round(float(py + side * ux * offset), 1),
                )
                inhabited = way.built and density > 0.1 and "bridge" not in way.tags
                if inhabited and rng.random() < 0.93 and plots.free(x, y, own, offset):
                    metric = not way.built
                    number = (
                        int(walked + at) // 2 * 2 + (1 if side == 1 else 2)
                        if metric
                        else next_number[side]
                    )
                    found.append(Address(number, "", street, settlement, x, y))
                    plots.take(x, y)
                    next_number[side] = number + 2
                    draw = rng.random()
                    if draw < 0.035 and plots.free(x + 6.5 * ux, y + 6.5 * uy, own, offset * 0.9):
                        bx, by = round(float(x + 6.5 * ux), 1), round(float(y + 6.5 * uy), 1)
                        found.append(Address(number, "bis", street, settlement, bx, by))
                        plots.take(bx, by)
                        if draw < 0.006:
                            cx, cy = round(float(x + 13 * ux), 1), round(float(y + 13 * uy), 1)
                            found.append(Address(number, "ter", street, settlement, cx, cy))
                            plots.take(cx, cy)
                elif inhabited and rng.random() < 0.25:
                    next_number[side] += 2
                at += width
        walked += float(along[-1])
    return found


def _hamlets(
    ways: list[Way],
    graph: StreetGraph,
    layout: Layout,
    by_code: dict[str, Settlement],
    hamlets: dict[int, str],
    plots: _Plots,
    rng: np.random.Generator,
) -> list[Address]:
    """Put the houses of hamlets and farms beside their road; some have the hamlet's name for a street."""
    piece_way = {graph.piece_between(a, b): way for way in ways for a, b in pairwise(way.nodes)}
    lengths: dict[tuple[str, str], int] = defaultdict(int)
    found: list[Address] = []
    for number, (hx, hy, houses) in enumerate(layout.hamlets):
        near = graph.nearest_piece(hx, hy, 260)
        if near is None:
            continue
        way = piece_way[near[1]]
        if way.old_code is None:
            continue
        settlement = by_code[way.old_code]
        name = hamlets[number]
        name = name[0].upper() + name[1:]
        as_street = way.name is None or rng.random() < 0.4
        for house in range(houses):
            for _ in range(30):
                x = round(hx + float(rng.normal(0, 18 + 9 * np.sqrt(houses))), 1)
                y = round(hy + float(rng.normal(0, 18 + 9 * np.sqrt(houses))), 1)
                if plots.free(x, y, set(), 9.0, gap=16.0):
                    break
            else:
                continue
            plots.take(x, y)
            if as_street:
                found.append(Address(house + 1, "", name, settlement, x, y))
            else:
                key = (settlement.commune, str(way.name))
                lengths[key] += int(rng.integers(18, 90))
                found.append(
                    Address(lengths[key], "", str(way.name), settlement, x, y, locality=name)
                )
    return found


def write_ban(addresses: list[Address], layout: Layout) -> bytes:
    """
    Write addresses as a BAN file.

    Parameters
    ----------
    addresses
        House numbers, in metres.
    layout
        For the names of the communes before a merger.

    Returns
    -------
    bytes
        Gzip of a CSV with semicolons, the same bytes for the same addresses.
    """
    by_code = {s.code: s for s in layout.settlements}
    x = np.array([a.x for a in addresses]) + ORIGIN[0]
    y = np.array([a.y for a in addresses]) + ORIGIN[1]
    longitude, latitude = to_wgs84(x, y)
    street_ids: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = defaultdict(int)
    rows = []
    for i, address in enumerate(addresses):
        settlement = address.settlement
        commune = by_code[settlement.commune]
        key = (commune.code, address.street)
        if key not in street_ids:
            counts[commune.code] += 10
            street_ids[key] = counts[commune.code]
        street_id = f"{commune.code}_{street_ids[key]:04d}"
        merged = any(s.merged_into == commune.code for s in layout.settlements)
        old_name = settlement.name if settlement.merged_into else settlement.name.split("-")[0]
        rows.append(
            (
                f"{street_id}_{address.number:05d}{'_' + address.suffix if address.suffix else ''}",
                street_id,
                address.number,
                address.suffix,
                address.street,
                settlement.postcode,
                commune.code,
                commune.name,
                settlement.code if merged else "",
                old_name if merged else "",
                f"{x[i]:.2f}",
                f"{y[i]:.2f}",
                f"{longitude[i]:.6f}",
                f"{latitude[i]:.6f}",
                "entrée" if i % 5 else "parcelle",
                "",
                address.locality,
                plain_capitals(commune.name),
                plain_capitals(address.street),
                "commune",
                "commune",
                1,
                "",
            )
        )
    rows.sort(key=lambda row: row[0])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(BAN_COLUMNS)
    writer.writerows(rows)
    return gzip.compress(text.getvalue().encode("utf-8"), compresslevel=9, mtime=0)
