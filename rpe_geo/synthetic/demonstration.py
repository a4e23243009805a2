"""The demonstration territory as files: streets, addresses, communes, contours, facilities."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rpe_geo.domain import Facility
from rpe_geo.files import replacing
from rpe_geo.protocols import Progress
from rpe_geo.synthetic.addresses import Address, number_houses, write_ban
from rpe_geo.synthetic.borders import Borders, draw_borders
from rpe_geo.synthetic.buses import write_gtfs
from rpe_geo.synthetic.census import cog_file, communes_table, contours_table
from rpe_geo.synthetic.equipment import equip, facilities_geojson
from rpe_geo.synthetic.layout import Layout, lay_out
from rpe_geo.synthetic.osm import write_osm
from rpe_geo.synthetic.output import make_folder
from rpe_geo.synthetic.streetgraph import StreetGraph
from rpe_geo.synthetic.streetplan import plan_streets
from rpe_geo.synthetic.ways import Restriction, Way, make_oneways, name_ways, restrict_turns

__all__ = ["write_demonstration"]

DEMONSTRATION_SEED = 0

_SOURCE = {"producer": "Territoire fictif de rpe_geo", "licence": "MIT", "date": "2026-11-22"}
"""What a territory built from these files must cite."""


@dataclass(frozen=True)
class Demonstration:
    """Everything that was drawn, in metres from the origin of the layout."""

    layout: Layout
    graph: StreetGraph
    borders: Borders
    ways: list[Way]
    restrictions: list[Restriction]
    hamlets: dict[int, str]
    addresses: list[Address]
    facilities: list[Facility]


def draw_demonstration(
    seed: int = DEMONSTRATION_SEED, progress: Progress | None = None
) -> Demonstration:
    """
    Draw the territory.

    Parameters
    ----------
    seed
        The same seed draws the same territory.
    progress
        Told where the work stands.

    Returns
    -------
    Demonstration
        A fictive intercommunalité of a dozen communes; nothing in it exists.
    """

    def done(steps: int) -> None:
        if progress:
            progress("demonstration_drawn", steps, 4)

    layout = lay_out(seed)
    done(1)
    graph = plan_streets(layout, seed)
    done(2)
    borders = draw_borders(layout, seed)
    ways, hamlets = name_ways(graph, layout, borders, seed)
    ways = make_oneways(ways, seed)
    restrictions = restrict_turns(ways, graph, seed)
    done(3)
    addresses = number_houses(ways, graph, layout, borders, hamlets, seed)
    done(4)
    facilities = equip(layout, addresses, seed)
    return Demonstration(layout, graph, borders, ways, restrictions, hamlets, addresses, facilities)


def write_demonstration(
    folder: Path, seed: int = DEMONSTRATION_SEED, progress: Progress | None = None
) -> list[Path]:
    """
    Write the files of the territory.

    Parameters
    ----------
    folder
        Made when missing; each file in it appears complete or not at all.
    seed
        The same seed writes the same content.
    progress
        Told where the work stands.

    Returns
    -------
    list of Path
        The files written.
    """
    make_folder(folder)
    drawn = draw_demonstration(seed, progress)
    streets = folder / "streets.osm.pbf"
    write_osm(streets, drawn.ways, drawn.restrictions, drawn.graph, drawn.layout)
    communes = communes_table(drawn.layout, drawn.borders, drawn.addresses, seed)
    contours = contours_table(drawn.layout, drawn.borders)
    written = [
        streets,
        _replace(folder / "addresses.csv.gz", write_ban(drawn.addresses, drawn.layout)),
        _replace(folder / "communes.parquet", lambda path: communes.to_parquet(path, index=False)),
        _replace(folder / "contours.parquet", lambda path: contours.to_parquet(path, index=False)),
        _replace(folder / "communes-cog.json.gz", cog_file(drawn.layout)),
        _replace(folder / "facilities.geojson", facilities_geojson(drawn.facilities)),
        _replace(
            folder / "gtfs.zip", write_gtfs(drawn.ways, drawn.graph, drawn.layout, drawn.borders)
        ),
    ]
    for path in list(written):
        source = json.dumps(_SOURCE, ensure_ascii=False) + "\n"
        written.append(_replace(path.with_name(f"{path.name}.source.json"), source.encode()))
    return written


def _replace(path: Path, content: bytes | Callable[[Path], object]) -> Path:
    """Replace one file of the folder."""
    with replacing(path) as fresh:
        if isinstance(content, bytes):
            fresh.write_bytes(content)
        else:
            content(fresh)
    return path
