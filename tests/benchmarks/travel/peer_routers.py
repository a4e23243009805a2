"""
Times of OSRM and Valhalla with their default profiles, for bench_realism.py.

    PYTHON peer_routers.py EXTRACT.osm.pbf POINTS.npy OUT.npz WORK_FOLDER

PYTHON needs osrm-bindings, pyvalhalla and numpy (wheels for Python 3.12). Rows and columns are the points; nan where a
router finds no way.
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

OSRM_PROFILES = {"car": "car", "bike": "bicycle", "walk": "foot"}
VALHALLA_COSTINGS = {"car": "auto", "bike": "bicycle", "walk": "pedestrian"}
BLOCK = 50


def osrm_minutes(extract: Path, points: np.ndarray, folder: Path, profile: str) -> np.ndarray:
    """Prepare the extract for one profile and ask for its whole table."""
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
    answer = engine.Table(
        osrm.TableParameters(
            coordinates=[(float(x), float(y)) for x, y in points], annotations=["duration"]
        )
    )
    rows = [
        [v if isinstance(v, (int, float)) else np.nan for v in row] for row in answer["durations"]
    ]
    return np.array(rows) / 60


def valhalla_minutes(extract: Path, points: np.ndarray, folder: Path) -> dict[str, np.ndarray]:
    """Build tiles once and ask for the table of each costing, block by block."""
    tiles = folder / "tiles"
    tiles.mkdir(parents=True)
    config = valhalla.get_config(tile_dir=str(tiles), tile_extract="")
    file = folder / "valhalla.json"
    file.write_text(json.dumps(config))
    program = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    subprocess.run([str(program), "-c", str(file), str(extract)], check=True, capture_output=True)
    actor = valhalla.Actor(str(file))
    places = [{"lon": float(x), "lat": float(y)} for x, y in points]
    found = {}
    for mode, costing in VALHALLA_COSTINGS.items():
        minutes = np.full((len(places),) * 2, np.nan)
        for top in range(0, len(places), BLOCK):
            for left in range(0, len(places), BLOCK):
                request = {
                    "sources": places[top : top + BLOCK],
                    "targets": places[left : left + BLOCK],
                    "costing": costing,
                }
                answer = json.loads(actor.matrix(json.dumps(request)))
                for cell in np.ravel(answer["sources_to_targets"]):
                    if cell["time"] is not None:
                        minutes[top + cell["from_index"], left + cell["to_index"]] = (
                            cell["time"] / 60
                        )
        found[mode] = minutes
    return found


def main() -> None:
    """Write one array per router and mode."""
    extract, points_file, out, work = map(Path, sys.argv[1:5])
    points = np.load(points_file)
    arrays = {
        f"osrm_{mode}": osrm_minutes(extract, points, work / profile, profile)
        for mode, profile in OSRM_PROFILES.items()
    }
    for mode, minutes in valhalla_minutes(extract, points, work / "valhalla").items():
        arrays[f"valhalla_{mode}"] = minutes
    np.savez(out, **arrays)


if __name__ == "__main__":
    main()
