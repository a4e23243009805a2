"""
The registry at the size of a département: 20,000 childminders saved, read and searched.

Ratios in one run: our save to the driver writing the same JSON alone, our search to reading everything and measuring.
On SQLite, and on PostGIS when `RPE_TEST_POSTGIS_URL` is set (`python tests/postgis/server.py -- python …`).
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from shapely import Point

from rpe_geo.domain import Agrement, Attributes, Childminder, Contract, OwnChild
from rpe_geo.formats.records import json_of, read_childminders, write_childminders
from rpe_geo.schedule import Timetable
from rpe_geo.storage.repository import open_repository

COUNT = 20_000
RADIUS_M = 1500
SEARCHES = 50


def timed(work: Callable[[], object], repeat: int = 1) -> float:
    """Return the median seconds of a call."""
    durations = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def childminders() -> list[Childminder]:
    """Make childminders over 60 km × 80 km, each with two contracts and an own child."""
    draw = random.Random(0)
    week = Timetable.parse("Mo-Fr 07:30-18:30")
    model = Childminder(
        "A",
        Agrement(4, valid_from=date(2023, 9, 1), valid_until=date(2028, 8, 31)),
        name="Prénom Nom",
        address="128 Rue Bernard Blier 34070 Montpellier",
        own_children=(OwnChild(date(2024, 6, 1)),),
        working_hours=week,
        contracts=tuple(
            Contract(f"C-{number}", date(2025, 9, 1), week, date(2025, 2, 11)) for number in (1, 2)
        ),
        capabilities=frozenset({"step_free", "medicines"}),
        attributes=Attributes(garden=True, pets=("dog",), languages=("fr",)),
    )
    return [
        replace(
            model,
            childminder_id=f"AM-{number:05d}",
            longitude=3.4 + draw.random(),
            latitude=43.3 + draw.random() * 0.55,
        )
        for number in range(COUNT)
    ]


def measure(address: str, records: list[Childminder], folder: Path) -> None:
    """Print the figures of one database."""
    repository = open_repository(address, rpe_id=uuid.uuid4().hex)
    save = timed(lambda: repository.save(childminders=records))
    again = timed(lambda: repository.save(childminders=records))
    read = timed(repository.childminders)
    version = timed(repository.version, repeat=200)
    draw = random.Random(1)
    centres = [
        Point(3.6 + draw.random() * 0.6, 43.4 + draw.random() * 0.35) for _ in range(SEARCHES)
    ]
    found = [len(repository.childminders_near(centre, RADIUS_M)) for centre in centres]
    turn = iter(centres * 2)
    near = timed(lambda: repository.childminders_near(next(turn), RADIUS_M), repeat=SEARCHES)

    def bare() -> None:
        rows = [(record.childminder_id, json.dumps(json_of(record))) for record in records]
        with sqlite3.connect(folder / f"{uuid.uuid4().hex}.sqlite") as connection:
            connection.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, record TEXT)")
            connection.executemany("INSERT INTO bare VALUES (?, ?)", rows)
        connection.close()

    bare_s = timed(bare)
    print(
        f"  save {COUNT} new       {save:6.2f} s   {save / bare_s:.1f} × bare JSON rows in SQLite"
    )
    print(f"  save {COUNT} again     {again:6.2f} s   {again / bare_s:.1f} ×")
    print(f"  read all              {read:6.2f} s")
    print(
        f"  near {RADIUS_M} m           {near * 1000:6.2f} ms  {read / near:.0f} × faster than reading all"
    )
    print(f"                        {statistics.mean(found):6.1f} found on average")
    print(f"  version               {version * 1000:6.2f} ms")
    repository.delete(childminder_ids=[record.childminder_id for record in records])
    repository.close()


def main() -> None:
    """Measure files, then each database at hand."""
    records = childminders()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for ending in ("json", "csv", "xlsx"):
            path = folder / f"registry.{ending}"
            write = timed(lambda path=path: write_childminders(records[:2000], path))
            read = timed(lambda path=path: read_childminders(path))
            print(
                f"{ending:5} 2,000 records: written in {write:.2f} s, read and checked in {read:.2f} s"
            )
        print("SQLite")
        measure(f"sqlite:///{folder / 'registry.sqlite'}", records, folder)
        if server := os.environ.get("RPE_TEST_POSTGIS_URL"):
            print("PostGIS")
            measure(server, records, folder)


if __name__ == "__main__":
    main()
