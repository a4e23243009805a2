"""An observatory from files, in one call: read, compute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rpe_geo.errors import InputError
from rpe_geo.formats.records import read_requests
from rpe_geo.observatory.communes import observe_communes
from rpe_geo.observatory.inputs import Study
from rpe_geo.observatory.open_requests import with_requests
from rpe_geo.observatory.results import Observatory
from rpe_geo.observatory.tiles import Runner
from rpe_geo.observatory.within_commune import observe_zones
from rpe_geo.open_data.commune_files import CommuneFiles, read_commune_inputs
from rpe_geo.open_data.zone_supply import Report, ZoneFiles, read_zone_inputs
from rpe_geo.protocols import Progress, TravelTimeEngine, silent

__all__ = ["ObservatoryFiles", "build_observatory"]


@dataclass(frozen=True)
class ObservatoryFiles:
    """
    The files of an observatory.

    Parameters
    ----------
    communes
        Open data of communes.
    zones
        What is known below the commune, to measure zones; None measures communes.
    requests
        Open requests, geocoded, to count beside; None counts none.
    """

    communes: CommuneFiles
    zones: ZoneFiles | None = None
    requests: Path | None = None


def build_observatory(
    files: ObservatoryFiles,
    study: Study,
    *,
    engine: TravelTimeEngine | None = None,
    run: Runner | None = None,
    progress: Progress = silent,
    report: Report | None = None,
) -> Observatory:
    """
    Read the files of an observatory, and compute it.

    Parameters
    ----------
    files
        What is read.
    study
        What is asked.
    engine
        Travel times on real streets; None computes them from great circles.
    run
        Runs the tiles of communes; None computes in one piece.
    progress
        Told of each step.
    report
        Told what was understood of each list of places or people.

    Returns
    -------
    Observatory
        One row per commune asked for, or per zone.

    Raises
    ------
    InputError
        For files that cannot be used, and for choices that do not go together.
    """
    if run is not None and (files.zones is not None or engine is not None):
        raise InputError("scheduler_streets")
    if study.estimate_missing and files.zones is not None:
        raise InputError("estimate_zones")
    progress("observatory_read", 0, 6 if files.zones is None else 5)
    if files.zones is None:
        inputs = read_commune_inputs(files.communes, study)
        observatory = observe_communes(inputs, study, engine=engine, run=run, progress=progress)
    else:
        below = read_zone_inputs(files.zones, study.day, report)
        west, south, east, north = below.zones.table.total_bounds
        inputs = read_commune_inputs(files.communes, study, around=(west, south, east, north))
        observatory = observe_zones(inputs, below, study, engine=engine, progress=progress)
    if files.requests is not None:
        return with_requests(observatory, read_requests(files.requests), study.table)
    return observatory
