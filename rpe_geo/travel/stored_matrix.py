"""Large tables of travel times, computed once: kept by network version, mode and points, resumed when interrupted."""

from __future__ import annotations

import hashlib
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.files import replacing
from rpe_geo.protocols import Mode, Progress
from rpe_geo.travel.street import StreetEngine

__all__ = ["MatrixStore"]

_ROWS = 256


class MatrixStore:
    """
    A folder of stored tables.

    Parameters
    ----------
    folder
        Where tables lie; made at the first use.
    streets
        The folder of streets that the engine reads.
    pushchair
        As in `StreetEngine`.

    Notes
    -----
    A table is cut into chunks of origins, each a file written whole; an interrupted job goes on where it stopped, and a
    finished one is read. Another version of the streets, another mode, cutoff or set of points is another table.
    """

    def __init__(self, folder: Path, streets: Path, *, pushchair: bool = False) -> None:
        self._folder = folder
        self._streets = streets
        self._pushchair = pushchair
        self._engine = StreetEngine(streets, pushchair=pushchair)

    def travel_times(
        self,
        origins: gpd.GeoSeries,
        destinations: gpd.GeoSeries,
        *,
        mode: Mode,
        cutoff_min: float,
        processes: int = 1,
        progress: Progress | None = None,
    ) -> pd.DataFrame:
        """
        Read the table, computing what is missing.

        Parameters
        ----------
        origins, destinations
            Points in EPSG:4326, indexed by id.
        mode
            walk, bike or car.
        cutoff_min
            Times above are `inf`.
        processes
            How many work at once; worth more than one for tables of many millions of pairs.
        progress
            Told of the origins done.

        Returns
        -------
        DataFrame
            As `StreetEngine.travel_times`, in float32 minutes.
        """
        table = self._folder / self._key(origins, destinations, mode, cutoff_min)
        table.mkdir(parents=True, exist_ok=True)
        parts = [origins.iloc[begin : begin + _ROWS] for begin in range(0, len(origins), _ROWS)]
        files = [table / f"{number:06d}.npy" for number in range(len(parts))]
        missing = [number for number, file in enumerate(files) if not file.is_file()]
        compute = partial(
            _compute,
            self._streets,
            pushchair=self._pushchair,
            destinations=destinations,
            mode=mode,
            cutoff_min=cutoff_min,
        )
        done = len(parts) - len(missing)
        many = processes > 1 and len(missing) > 1
        with ProcessPoolExecutor(processes) if many else nullcontext() as pool:
            work = [(parts[number], files[number]) for number in missing]
            finished = (
                pool.map(compute, work) if pool is not None else map(self._own(compute), work)
            )
            for count in finished:
                done += count
                if progress is not None:
                    progress("matrix_rows", min(done * _ROWS, len(origins)), len(origins))
        minutes = [cast("NDArray[np.float32]", np.load(file)) for file in files]
        values = np.concatenate([np.empty((0, len(destinations)), dtype=np.float32), *minutes])
        return pd.DataFrame(values, index=origins.index, columns=destinations.index)

    def _own(self, compute: partial[int]) -> partial[int]:
        """In this process the open engine serves."""
        return partial(compute, engine=self._engine)

    def _key(
        self, origins: gpd.GeoSeries, destinations: gpd.GeoSeries, mode: str, cutoff_min: float
    ) -> str:
        version = self._engine.describe()["network_version"]
        digest = hashlib.sha256(f"{version} {mode} {self._pushchair} {cutoff_min!r}".encode())
        for points in (origins, destinations):
            digest.update(np.column_stack([points.x, points.y]).tobytes())
            digest.update("\x1f".join(map(str, points.index)).encode())
        return f"{mode}-{digest.hexdigest()[:20]}"


def _compute(
    streets: Path,
    work: tuple[gpd.GeoSeries, Path],
    *,
    pushchair: bool,
    destinations: gpd.GeoSeries,
    mode: Mode,
    cutoff_min: float,
    engine: StreetEngine | None = None,
) -> int:
    """Compute one chunk and put its file in place whole."""
    origins, file = work
    engine = engine or StreetEngine(streets, pushchair=pushchair)
    minutes = engine.travel_times(origins, destinations, mode=mode, cutoff_min=cutoff_min)
    with replacing(file) as fresh, fresh.open("wb") as stream:
        np.save(stream, minutes.to_numpy(dtype=np.float32))
    return 1
