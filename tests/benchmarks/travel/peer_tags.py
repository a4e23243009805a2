"""
Minutes and metres of OSRM and Valhalla in the towns of `tests/travel/tag_table.py`.

    PYTHON peer_tags.py EXTRACT.osm.pbf DOORS.npy OUT.npz WORK_FOLDER

PYTHON needs osrm-bindings, pyvalhalla and numpy (wheels for Python 3.12). An array per router and mode, shape (towns, 2, 2): along the
way and against it, minutes and metres; inf where there is no way.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import osrm
import valhalla
from peer_routers import OSRM_PROFILES, VALHALLA_COSTINGS


def osrm_trips(extract: Path, doors: np.ndarray, folder: Path, profile: str) -> np.ndarray:
    """Prepare the extract for one profile and route in every town."""
    package = Path(osrm.__file__).parent
    folder.mkdir(parents=True)
    copy = folder / "net.osm.pbf"
    shutil.copy(extract, copy)
    lua = package / "share" / "profiles" / f"{profile}.lua"
    for command in (
        ["osrm-extract", "-p", str(lua), str(copy)],
        ["osrm-contract", str(folder / "net.osrm")],
    ):
        subprocess.run(
            [str(package / "bin" / command[0]), *command[1:]], check=True, capture_output=True
        )
    engine = osrm.OSRM(
        storage_config=str(folder / "net.osrm"), use_shared_memory=False, algorithm="CH"
    )
    trips = np.full((len(doors), 2, 2), np.inf)
    for town, ends in enumerate(doors):
        for way, (start, stop) in enumerate((ends, ends[::-1])):
            places = [tuple(map(float, start)), tuple(map(float, stop))]
            try:
                answer = engine.Route(osrm.RouteParameters(coordinates=places))
            except RuntimeError:  # no way
                continue
            (best, *_) = answer["routes"]
            trips[town, way] = best["duration"] / 60, best["distance"]
    return trips


def valhalla_trips(extract: Path, doors: np.ndarray, folder: Path) -> dict[str, np.ndarray]:
    """Build tiles once and route in every town with each costing."""
    tiles = folder / "tiles"
    tiles.mkdir(parents=True)
    config = valhalla.get_config(tile_dir=str(tiles), tile_extract="")
    file = folder / "valhalla.json"
    file.write_text(json.dumps(config))
    program = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    subprocess.run([str(program), "-c", str(file), str(extract)], check=True, capture_output=True)
    actor = valhalla.Actor(str(file))
    found = {}
    for mode, costing in VALHALLA_COSTINGS.items():
        trips = np.full((len(doors), 2, 2), np.inf)
        for town, ends in enumerate(doors):
            for way, pair in enumerate((ends, ends[::-1])):
                places = [{"lon": float(x), "lat": float(y)} for x, y in pair]
                try:
                    answer = json.loads(
                        actor.route(json.dumps({"locations": places, "costing": costing}))
                    )
                except RuntimeError:  # no way
                    continue
                summary = answer["trip"]["summary"]
                trips[town, way] = summary["time"] / 60, summary["length"] * 1000
        found[mode] = trips
    return found


def main() -> None:
    """Write one array per router and mode."""
    extract, doors_file, out, work = map(Path, sys.argv[1:5])
    doors = np.load(doors_file)
    arrays = {
        f"osrm_{mode}": osrm_trips(extract, doors, work / profile, profile)
        for mode, profile in OSRM_PROFILES.items()
    }
    for mode, trips in valhalla_trips(extract, doors, work / "valhalla").items():
        arrays[f"valhalla_{mode}"] = trips
    np.savez(out, **arrays)


if __name__ == "__main__":
    main()
