"""Three invented bus lines, as a GTFS feed."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from rpe_geo.crs import to_wgs84
from rpe_geo.synthetic.borders import Borders
from rpe_geo.synthetic.layout import ORIGIN, Layout, Settlement
from rpe_geo.synthetic.streetgraph import StreetGraph
from rpe_geo.synthetic.ways import NO_CAR, Way

__all__ = ["write_gtfs"]

_AGENCY = "Les cars de l'Aubrelle"
_LINES = (
    (
        "1",
        "Saint-Lubin-la-Roselle – Montvernelle – Marcenelles",
        ("96002", "96001", "96012"),
        range(6 * 60 + 20, 20 * 60, 30),
        "3b7a57",
    ),
    (
        "2",
        "Montvernelle – Pont-d'Aubrelle – Champverlin",
        ("96001", "96003", "96004"),
        range(6 * 60 + 35, 19 * 60 + 40, 60),
        "8a4fbf",
    ),
    (
        "3",
        "Courvaly – Montvernelle – Treuillac-le-Vieux",
        ("96005", "96001", "96007"),
        range(6 * 60 + 50, 19 * 60, 120),
        "c2571a",
    ),
)
_HOLIDAYS = (
    "20261101", "20261111", "20261225", "20270101", "20270329", "20270501", "20270506", "20270508", "20270517", "20270714", "20270815",
)  # fmt: skip
_STOP_M = {True: 420.0, False: 1_600.0}
_SPEED_KMH = {True: 24.0, False: 48.0}
_DWELL_S = 20


@dataclass(frozen=True)
class _Stop:
    id: str
    name: str
    node: int


def write_gtfs(ways: list[Way], graph: StreetGraph, layout: Layout, borders: Borders) -> bytes:
    """
    Write the feed.

    Parameters
    ----------
    ways, graph, layout, borders
        The territory.

    Returns
    -------
    bytes
        A zip valid from 1 September 2026 to 31 August 2027, Monday to Saturday but public holidays; the same bytes each time.
    """
    network = _Network(ways, graph, layout)
    stops: dict[int, _Stop] = {}
    patterns = []
    for number, title, codes, starts, colour in _LINES:
        path = network.path(
            [next(s for s in layout.settlements if s.code == code) for code in codes]
        )
        patterns.append((number, title, starts, colour, network.halts(path, stops, borders)))
    nodes = sorted(stops)
    points = np.array([graph.nodes[n] for n in nodes])
    longitude, latitude = to_wgs84(points[:, 0] + ORIGIN[0], points[:, 1] + ORIGIN[1])
    files: dict[str, list[tuple[object, ...]]] = {
        "agency.txt": [("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang"),
                       ("VA", _AGENCY, "https://cars.example.org", "Europe/Paris", "fr")],
        "feed_info.txt": [("feed_publisher_name", "feed_publisher_url", "feed_lang", "feed_start_date", "feed_end_date"),
                          (_AGENCY, "https://cars.example.org", "fr", "20260901", "20270831")],
        "calendar.txt": [("service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "start_date", "end_date"),
                         ("semaine", 1, 1, 1, 1, 1, 0, 0, "20260901", "20270831"), ("samedi", 0, 0, 0, 0, 0, 1, 0, "20260901", "20270831")],
        "calendar_dates.txt": [("service_id", "date", "exception_type"),
                               *((service, day, 2) for day in _HOLIDAYS for service in ("semaine", "samedi"))],
        "stops.txt": [("stop_id", "stop_name", "stop_lat", "stop_lon"),
                      *((stops[n].id, stops[n].name, f"{lat:.6f}", f"{lon:.6f}") for n, lon, lat in zip(nodes, longitude, latitude, strict=True))],
        "routes.txt": [("route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_color"),
                       *((f"L{number}", "VA", number, title, 3, colour) for number, title, _, colour, _ in patterns)],
    }  # fmt: skip
    trips: list[tuple[object, ...]] = [
        ("route_id", "service_id", "trip_id", "trip_headsign", "direction_id")
    ]
    times: list[tuple[object, ...]] = [
        ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")
    ]
    for number, _, starts, _, halts in patterns:
        for direction, there in enumerate((halts, _reverse(halts))):
            for service, step in (("semaine", 1), ("samedi", 2)):
                for minute in list(starts)[::step]:
                    trip = f"L{number}-{direction}-{service[:3]}-{minute:04d}"
                    trips.append((f"L{number}", service, trip, there[-1][0].name, direction))
                    for rank, (stop, seconds) in enumerate(there, start=1):
                        clock = _clock(60 * minute + seconds + _DWELL_S * (rank - 1))
                        times.append((trip, clock, clock, stop.id, rank))
    files |= {"trips.txt": trips, "stop_times.txt": times}
    return _zip(files)


class _Network:
    """Where a bus can go."""

    def __init__(self, ways: list[Way], graph: StreetGraph, layout: Layout) -> None:
        self.graph, self.layout = graph, layout
        self.names: dict[int, set[str]] = defaultdict(set)
        sources, targets, lengths = [], [], []
        for way in ways:
            for node in way.nodes:
                if way.name:
                    self.names[node].add(way.name)
            if way.highway in NO_CAR or way.highway == "track":
                continue
            slow = 1.0 if way.highway in {"secondary", "tertiary"} else 2.5
            for a, b in pairwise(way.nodes):
                length = float(np.hypot(*np.subtract(graph.nodes[a], graph.nodes[b]))) * slow
                sources.append(a)
                targets.append(b)
                lengths.append(length)
                if way.tags.get("oneway") != "yes":
                    sources.append(b)
                    targets.append(a)
                    lengths.append(length)
        self.matrix = csr_matrix((lengths, (sources, targets)), shape=(len(graph.nodes),) * 2)
        self.nodes = np.array(sorted(set(sources)))

    def path(self, settlements: list[Settlement]) -> list[int]:
        """Find the way of a bus through the centres of settlements."""
        points = np.array([self.graph.nodes[n] for n in self.nodes])
        centres = [
            int(self.nodes[np.hypot(points[:, 0] - s.x, points[:, 1] - s.y).argmin()])
            for s in settlements
        ]
        path = [centres[0]]
        for a, b in pairwise(centres):
            _, before = dijkstra(
                self.matrix, indices=np.array([a]), return_predecessors=True, min_only=True
            )[:2]
            leg = [b]
            while leg[-1] != a:
                leg.append(int(before[leg[-1]]))
            path += leg[::-1][1:]
        return path

    def halts(
        self, path: list[int], stops: dict[int, _Stop], borders: Borders
    ) -> list[tuple[_Stop, int]]:
        """Choose the stops of a line and the seconds from its beginning."""
        halts: list[tuple[_Stop, int]] = []
        seconds, since = 0.0, 1e9
        names = {stop.name for stop in stops.values()}
        for rank, node in enumerate(path):
            x, y = self.graph.nodes[node]
            built = self.layout.built(x, y)[0] > 0.2
            if rank:
                length = float(np.hypot(*np.subtract(self.graph.nodes[path[rank - 1]], (x, y))))
                since += length
                seconds += 3.6 * length / _SPEED_KMH[built]
            if since < _STOP_M[built] and rank < len(path) - 1:
                continue
            near = next(
                (
                    n
                    for n in sorted(stops)
                    if np.hypot(*np.subtract(self.graph.nodes[n], (x, y))) < 150
                ),
                None,
            )
            if near is None:
                code = borders.code_at(x, y)
                if code is None or not (self.names[node] or rank == len(path) - 1):
                    continue
                name = self._name(node, code, names)
                if name is None:
                    continue
                names.add(name)
                stops[node] = _Stop(f"S{len(stops) + 1:03d}", name, node)
                near = node
            if not halts or halts[-1][0] is not stops[near]:
                halts.append((stops[near], round(seconds)))
                since = 0.0
        return halts

    def _name(self, node: int, code: str, taken: set[str]) -> str | None:
        """Name a stop by its commune and the street that meets the bus."""
        commune = next(s.name for s in self.layout.settlements if s.code == code)
        short = commune.split("-sur-")[0]
        for street in sorted(
            self.names[node],
            key=lambda name: (name.startswith(("Avenue", "Grande", "Route", "Rue de ")), name),
        ):
            bare = (
                street.removeprefix("Rue des ").removeprefix("Rue du ").removeprefix("Rue de la ")
            )
            name = f"{short} – {bare[0].upper()}{bare[1:]}"
            if name not in taken:
                return name
        return f"{short} – Centre" if f"{short} – Centre" not in taken else None


def _reverse(halts: list[tuple[_Stop, int]]) -> list[tuple[_Stop, int]]:
    whole = halts[-1][1]
    return [(stop, whole - seconds) for stop, seconds in reversed(halts)]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _zip(files: dict[str, list[tuple[object, ...]]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, rows in sorted(files.items()):
            text = io.StringIO()
            csv.writer(text, lineterminator="\r\n").writerows(rows)
            info = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text.getvalue().encode("utf-8"))
    return packed.getvalue()
