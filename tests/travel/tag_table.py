"""
Write `docs/travel-tags.md`: what each set of tags means to us, to OSRM and to Valhalla, and what is right.

    python -m tests.travel.tag_table                      our column anew, the peers' as they were measured
    RPE_ROUTERS_PYTHON=… python -m tests.travel.tag_table --peers    the peers' too

Every set of tags has a town of its own: two streets joined by the way under test, 500 m long, or by a way round of 3.3 km. All
towns stand in one extract, some kilometres apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import osmium.osm.mutable as osm

from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets

from .tag_scenarios import SCENARIOS, Scenario

MODES = ("walk", "pushchair", "bike", "car")
PAGE = Path(__file__).parents[2] / "docs" / "travel-tags.md"
PEERS = Path(__file__).with_name("tag_peers.json")
WORDS = {"t": "through", "s": "slowly", "r": "round", "-": "no way", "": "–"}
_LON, _LAT = 0.2, 45.2
_STEP = 0.09
_COLUMNS = 30
_M = 1 / 111_195.0
_HALF, _TEST = 350.0, 500.0
_THROUGH_M = 2500.0


def _origin(number: int) -> tuple[float, float]:
    return _LON + _STEP * (number % _COLUMNS), _LAT + _STEP * (number // _COLUMNS)


def _spot(number: int, x_m: float, y_m: float) -> tuple[float, float]:
    west, south = _origin(number)
    return west + x_m * _M / float(np.cos(np.radians(south))), south + y_m * _M


def write_towns(path: Path, scenarios: Sequence[Scenario]) -> None:
    """Write the extract: town `n` has nodes and ways numbered from 10 n; the first town is the control, a plain street."""
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        ways = []
        for number, scenario in enumerate(
            [Scenario({"highway": "residential"}, "tttt", ""), *scenarios]
        ):
            base = 10 * number + 1
            spots = [
                (0, 0), (_HALF, 0), (_HALF + _TEST / 2, 0), (_HALF + _TEST, 0), (2 * _HALF + _TEST, 0),
                (0, scenario.round_m), (2 * _HALF + _TEST, scenario.round_m),
            ]  # fmt: skip
            for shift, (x, y) in enumerate(spots):
                tags = scenario.tags if scenario.node and shift == 2 else {}
                writer.add_node(osm.Node(id=base + shift, location=_spot(number, x, y), tags=tags))
            street = {"highway": "residential"}
            tested = dict(scenario.way) or street if scenario.node else scenario.tags
            ways += [
                (base, [0, 1], street), (base + 1, [1, 2, 3], tested), (base + 2, [3, 4], street),
                (base + 3, [0, 5, 6, 4], street),
            ]  # fmt: skip
            ways[-4:] = [(i, [base + n for n in nodes], t) for i, nodes, t in ways[-4:]]
        for identity, nodes, tags in ways:
            writer.add_way(osm.Way(id=identity, nodes=nodes, tags=tags))


def doors(count: int) -> np.ndarray:
    """Two doors per town, shape (towns, 2, 2): west and east of the way under test."""
    return np.array([
        [_spot(number, 60, 0), _spot(number, 2 * _HALF + _TEST - 60, 0)] for number in range(count)
    ])  # fmt: skip


def outcome(minutes: float, metres: float, usual_min: float) -> str:
    """Say which way was taken, and whether it took more than twice the time of a plain street."""
    if not np.isfinite(minutes):
        return "-"
    if metres > _THROUGH_M:
        return "r"
    return "s" if minutes > 2 * usual_min else "t"


def ours(scenarios: Sequence[Scenario]) -> list[tuple[str, str]]:
    """Ask our engine: the letters of the four modes, along and against, by scenario."""
    with tempfile.TemporaryDirectory() as folder:
        extract = Path(folder) / "towns.osm.pbf"
        write_towns(extract, scenarios)
        build_streets(extract, Path(folder) / "streets")
        engine = StreetEngine(Path(folder) / "streets")
        places = doors(len(scenarios) + 1)
        found = [["", ""] for _ in scenarios]
        for mode in MODES:
            usual = _trip(engine, mode, places[0], "")[0]
            for number, scenario in enumerate(scenarios, start=1):
                for way, ends in enumerate((places[number], places[number][::-1])):
                    minutes, metres = _trip(engine, mode, ends, scenario.at)
                    found[number - 1][way] += outcome(minutes, metres, usual)
        return [(ahead, back) for ahead, back in found]


def _trip(engine: StreetEngine, mode: str, ends: np.ndarray, at: str) -> tuple[float, float]:
    points = gpd.GeoSeries.from_xy(ends[:, 0], ends[:, 1], crs=4326)
    when = datetime.fromisoformat(at) if at else None
    (route,) = engine.routes(points.iloc[0], points.iloc[1:], mode=mode, departure=when)
    return route.travel_time_min, route.distance_m


def peers(scenarios: Sequence[Scenario], python: str) -> dict[str, list[list[str]]]:
    """Ask OSRM and Valhalla, with their default profiles; a pushchair is none of their modes."""
    places = doors(len(scenarios) + 1)
    with tempfile.TemporaryDirectory() as folder:
        extract = Path(folder) / "towns.osm.pbf"
        write_towns(extract, scenarios)
        np.save(Path(folder) / "doors.npy", places)
        program = Path(__file__).parents[1] / "benchmarks/travel/peer_tags.py"
        command = [python, str(program), str(extract), "doors.npy", "peers.npz", "work"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        tables = np.load(Path(folder) / "peers.npz")
        answer: dict[str, list[list[str]]] = {}
        for router in ("osrm", "valhalla"):
            letters = [["", ""] for _ in scenarios]
            for mode in MODES:
                for number in range(1, len(scenarios) + 1):
                    for way in (0, 1):
                        if mode == "pushchair":
                            letters[number - 1][way] += " "
                            continue
                        table = tables[f"{router}_{mode}"]
                        letters[number - 1][way] += outcome(*table[number, way], table[0, 0, 0])
            answer[router] = letters
        return answer


def key_of(scenario: Scenario) -> str:
    """Name a scenario in the file of the peers' answers."""
    tags = ", ".join(f"{key}={value}" for key, value in scenario.tags.items())
    around = "".join(f" on {key}={value}" for key, value in scenario.way)
    where = f"node: {tags}{around}" if scenario.node else tags
    return f"{where} @ {scenario.at}" if scenario.at else where


def page(measured: Sequence[tuple[str, str]], known: dict[str, dict[str, list[str]]]) -> str:
    """Write the table."""
    rows = []
    for scenario, found in zip(SCENARIOS, measured, strict=True):
        others = known.get(key_of(scenario), {})
        for position, mode in enumerate(MODES):
            directions = (
                [("", 0)] if scenario.forward == scenario.backward else [(" →", 0), (" ←", 1)]
            )
            for arrow, way in directions:
                right = (scenario.forward, scenario.backward)[way][position]
                cells = [
                    WORDS[found[way][position]],
                    *(WORDS.get(others.get(router, ["    "] * 2)[way][position].strip(), "–") for router in ("osrm", "valhalla")),
                    WORDS[right],
                ]  # fmt: skip
                rows.append(
                    f"| `{key_of(scenario)}` | {mode}{arrow} | {' | '.join(cells)} | {_link(scenario.source)} |"
                )
    agreeing = sum(row.split(" | ")[2] == row.split(" | ")[5] for row in rows)
    head = (Path(__file__).with_name("tag_table_head.md")).read_text("utf-8")
    counted = head.replace("{rows}", str(len(rows))).replace("{agreeing}", str(agreeing))
    return counted + "\n".join(rows) + "\n"


def _link(source: str) -> str:
    if source.startswith("http"):
        return f"[{source.rsplit('/', 1)[1].replace('%3D', '=').replace('_', ' ')}]({source})"
    return source


def main() -> None:
    """Measure, and write the page."""
    known: dict[str, dict[str, list[str]]] = (
        json.loads(PEERS.read_text("utf-8")) if PEERS.is_file() else {}
    )
    if "--peers" in sys.argv:
        python = os.environ.get("RPE_ROUTERS_PYTHON")
        if not python:
            print(
                "no routers: set RPE_ROUTERS_PYTHON to a Python that has osrm-bindings and pyvalhalla"
            )
            raise SystemExit(3)
        answer = peers(SCENARIOS, python)
        known = {
            key_of(scenario): {router: answer[router][number] for router in answer}
            for number, scenario in enumerate(SCENARIOS)
        }
        PEERS.write_text(json.dumps(known, ensure_ascii=False, indent=0) + "\n", "utf-8")
    PAGE.write_text(page(ours(SCENARIOS), known), "utf-8")


if __name__ == "__main__":
    main()
