"""
One family × 300 childminders, from address to ranked answer, in one process.

Run `python -m tests.benchmarks.bench_journey`; it needs no data but the demonstration territory.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from rpe_geo import Child, Request, Settings, Timetable, build_territory, open_relais
from rpe_geo.synthetic.places import demonstration_folder, places_of_territory
from rpe_geo.synthetic.registry import make_registry
from rpe_geo.territory import Territory, TerritoryInputs

TODAY = date(2026, 11, 22)


def _timed(action: Callable[[], object], runs: int = 12) -> str:
    """Run once unmeasured, then report the median and the range in milliseconds."""
    action()
    spent = []
    for _ in range(runs):
        begin = time.perf_counter()
        action()
        spent.append(1000 * (time.perf_counter() - begin))
    return f"median {statistics.median(spent):7.1f} ms   ({min(spent):.1f} to {max(spent):.1f})"


def main() -> None:
    """Print the time of each part of the journey."""
    with tempfile.TemporaryDirectory() as name:
        folder, files = Path(name), demonstration_folder()
        begin = time.perf_counter()
        territory = build_territory(
            folder / "T",
            TerritoryInputs(
                streets=files / "streets.osm.pbf", addresses=(files / "addresses.csv.gz",)
            ),
        )
        print(f"territory built         {time.perf_counter() - begin:7.2f} s")
        print(f"territory opened        {_timed(lambda: Territory.open(territory.directory))}")
        places = places_of_territory(territory.directory)
        addresses = [place.label for place in places if "Montvernelle" in place.label][:8]
        registry = make_registry(places, childminders=300, requests=1, on=TODAY)
        settings = Settings(
            territory=territory.directory, database_url=f"sqlite:///{folder / 'r.sqlite'}"
        )
        with open_relais(settings) as relais:
            relais.repository.save(
                childminders=registry.childminders,
                mams=registry.mams,
                facilities=registry.facilities,
            )
            for mode, minutes, hours in (
                ("walk", 15, "Mo,Tu,Th,Fr 08:30-17:00"),
                ("bike", 15, "Mo-Fr 08:00-17:30"),
                ("car", 15, "Mo-Fr 08:00-17:30"),
                ("car", 15, ["Mo-Fr 05:30-14:00", "Mo-Fr 13:00-21:30"]),
            ):
                needs = iter(range(10_000))

                def ask(mode=mode, minutes=minutes, hours=hours, needs=needs, new=True) -> object:
                    number = next(needs)
                    # A need that nobody has asked yet, or one that is known from another address.
                    born = date(2025, 3, 1) + timedelta(days=number) if new else date(2026, 5, 1)
                    request = Request(
                        request_id=f"R-{number}",
                        children=(Child(born),),
                        start=date(2027, 1, 4),
                        schedule=Timetable.parse(hours),
                        address=addresses[number % len(addresses)],
                        mode=mode,
                        max_minutes=minutes,
                    )
                    return relais.suggest(request, today=TODAY, accept_review=True)

                answer = ask()
                print(
                    f"suggest {mode:<5} {minutes} min    {_timed(ask)}   "
                    f"{answer.feasible_count} fit, {answer.refused_count} refused"
                )
                print(f"  of a need known       {_timed(partial(ask, new=False))}")
                print(f"  and every refusal     {_timed(lambda: ask().refused, runs=4)}")
                print(f"  and what would open   {_timed(lambda: ask().openings, runs=4)}")
                print(f"  and who would share   {_timed(lambda: ask().alternatives, runs=4)}")


if __name__ == "__main__":
    main()
