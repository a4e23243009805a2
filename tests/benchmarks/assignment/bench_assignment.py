"""
Commissions against a proven bound, against the `matching` package, and against published optima, in one run.

Run it as `python tests/benchmarks/assignment/bench_assignment.py [weekly|wide|peers|gap|large]…`; without names, all
but `large`. CPU seconds of this process; gaps are (bound − value) / bound. `peers` needs `pip install matching`;
`gap` reads OR-library's files under `RPE_REAL_DATA`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from rpe_geo.commission.bareme import parse_bareme
from rpe_geo.commission.deferred import by_points
from rpe_geo.commission.envy import find_envies
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.neighbourhoods import Effort
from rpe_geo.commission.priorities import rank_families
from rpe_geo.commission.rooms import Room, build_rooms
from rpe_geo.commission.welfare import Search, best_plan, proven_bound
from tests.benchmarks.assignment.generated import (
    case_of,
    cpu_s,
    generated,
    peak_mb,
    with_points,
)

POINTS = parse_bareme('[[criteria]]\nid = "b"\npoints = 1\nmaximum = 60', "bench.toml")


def _until(seconds: float) -> Callable[[], bool]:
    """Stop after so much CPU time: other people's work on the machine changes nothing."""
    end = time.process_time() + seconds
    return lambda: time.process_time() < end


def weekly(*, wide: bool = False) -> None:
    """300 childminders and 1,500 families, 60 seconds of CPU each: three seeds alone, one with 8 % of siblings."""
    gaps = []
    for seed, siblings in ((0, 0.0), (1, 0.0), (2, 0.0), (0, 0.08)):
        begun, clock = cpu_s(), _until(60.0)
        case = case_of(*generated(300, 1500, seed=seed, siblings=siblings, wide=wide))
        rooms = build_rooms(case)
        search = Search.of_size(case, seed=0, go_on=clock)
        before = cpu_s()
        bound, linear = proven_bound(case, rooms, case.options.value, search)
        bound_s = cpu_s() - before
        found = best_plan(case, rooms, Judge(case), search, proven=(bound, linear))
        proven = min(bound.value, found.bound)
        gap = (proven - found.plan.value) / proven
        if not siblings:
            gaps.append(gap)
        print(
            f"seed {seed} siblings {siblings:.0%}: value {found.plan.value} bound {proven} gap {gap:.2%}; "
            f"bound {bound_s:.1f} s CPU, all {cpu_s() - begun:.1f} s CPU, {peak_mb():.0f} MB",
            flush=True,
        )
    print(f"mean gap of the three without siblings: {mean(gaps):.2%}")


def peers() -> None:
    """Stable without slots: us and the `matching` package, the same families, places, points and orders."""
    try:
        from matching.games import HospitalResident
    except ImportError:
        print("the package `matching` is not installed")
        HospitalResident = None  # noqa: N806
    for providers, families in ((40, 150), (60, 300), (300, 1500)):
        requests, minders, times = generated(providers, families, seed=0, slots=False)
        case = case_of(with_points(requests, 1), minders, times)
        rooms = build_rooms(case)
        ranks = rank_families(case, POINTS, seed=0)
        judge = Judge(case)
        begun = cpu_s()
        plan = by_points(case, rooms, judge, ranks)
        ours = cpu_s() - begun
        envies = find_envies(case, rooms, judge, plan, ranks)
        line = f"{providers} × {families}: placed {len(plan.placed)} in {ours:.3f} s, envy {len(envies.pairs)}"
        if HospitalResident is not None:
            line += "; matching " + _matching(HospitalResident, case, ranks)
        print(line, flush=True)


def _matching(game, case, ranks) -> str:  # type: ignore[no-untyped-def]
    provider = case.options.provider
    wishes = {
        family: [int(provider[option]) for option in ranks.preferences[family]]
        for family in range(len(case.requests))
        if ranks.preferences[family]
    }
    asked: dict[int, list[int]] = {}
    for family, providers in wishes.items():
        for one in providers:
            asked.setdefault(one, []).append(family)
    orders = {
        one: sorted(there, key=lambda family: ranks.key(family, one))
        for one, there in asked.items()
    }
    places = {one: case.providers.records[one].agrement.places_offered for one in asked}
    begun = cpu_s()
    try:
        solved = game.create_from_dictionaries(wishes, orders, places).solve()
    except RecursionError:
        return f"overflows the stack after {cpu_s() - begun:.1f} s"
    return f"placed {sum(len(there) for there in solved.values())} in {cpu_s() - begun:.3f} s"


def gap() -> None:
    """Generalised assignment: the published optima of OR-library."""
    folder = Path(os.environ.get("RPE_REAL_DATA", "../shared/data")) / "vectors" / "gap"
    if not folder.is_dir():
        print(f"no {folder}")
        return
    optima = _optima((folder / "readme_optima.txt").read_text(encoding="utf-8"))
    for file in sorted(folder.glob("gap[0-9]*.txt")):
        numbers = iter([int(word) for word in file.read_text(encoding="utf-8").split()])
        for turn in range(next(numbers)):
            agents, jobs = next(numbers), next(numbers)
            worth = np.array([[next(numbers) for _ in range(jobs)] for _ in range(agents)])
            takes = np.array([[next(numbers) for _ in range(jobs)] for _ in range(agents)])
            room = np.array([next(numbers) for _ in range(agents)])
            begun = cpu_s()
            value, bound = _solve_gap(worth, takes, room)
            best = optima.get(f"{agents}{jobs}-{turn + 1}", optima.get(f"{file.stem}/{turn}"))
            print(
                f"{file.stem} {agents} × {jobs} no. {turn + 1}: {value} of {best} (bound {bound}), {cpu_s() - begun:.2f} s",
                flush=True,
            )


def _optima(text: str) -> dict[str, int]:
    words = text.split()
    return {
        words[turn][1:]: int(words[turn + 1])
        for turn in range(len(words) - 1)
        if words[turn][:1] == "c" and "-" in words[turn] and words[turn + 1].isdigit()
    }


class _Anything(Judge):
    """The rules of a problem that has none but its rows."""

    def stand(self, sets) -> list[bool]:  # type: ignore[no-untyped-def]
        return [True] * len(sets)


def _solve_gap(worth: np.ndarray, takes: np.ndarray, room: np.ndarray) -> tuple[int, int]:
    """Every agent is a house of one row; every job must be done, so each is worth a large sum besides."""
    agents, jobs = worth.shape
    requests, minders, times = generated(agents, jobs, seed=0, reach=agents, slots=False)
    case = case_of(requests, minders, times)
    table = case.options
    gain = (10_000 + worth[table.provider, table.family] * 100).astype(np.int64)
    rooms = [
        Room(mine, table.family[mine], takes[house, table.family[mine]][None, :].astype(np.int16),
             room[house : house + 1].astype(np.int16), ())
        for house, mine in enumerate(case.of_house)
    ]  # fmt: skip
    search = Search(
        columns=20, neighbourhoods=Effort(kicks=300, rounds=10), seed=0, go_on=_until(5.0)
    )
    found = best_plan(case, rooms, _Anything(case), search, gain=gain)
    done = len(found.plan.placed)
    value = int(gain[found.plan.placed].sum()) - 10_000 * done
    return (value // 100 if done == jobs else 0), (found.bound - 10_000 * jobs) // 100


def large() -> None:
    """5,000 × 20,000: a proven bound, and a plan within ten minutes of CPU."""
    begun, clock = cpu_s(), _until(600.0)
    case = case_of(*generated(5000, 20000, seed=0, reach=15))
    print(f"options {len(case.options)}: {cpu_s() - begun:.1f} s CPU", flush=True)
    rooms = build_rooms(case)
    print(f"rooms: {cpu_s() - begun:.1f} s CPU", flush=True)
    search = Search.of_size(case, seed=0, go_on=clock)
    before = cpu_s()
    bound, linear = proven_bound(case, rooms, case.options.value, search)
    print(f"bound {bound.value}: {cpu_s() - before:.1f} s CPU", flush=True)
    found = best_plan(case, rooms, Judge(case), search, proven=(bound, linear))
    proven = min(bound.value, found.bound)
    print(
        f"value {found.plan.value}: gap {(proven - found.plan.value) / proven:.2%}, {cpu_s() - begun:.1f} s CPU, {peak_mb():.0f} MB"
    )


def main() -> int:
    """Run what is asked."""
    runs = {
        "weekly": weekly,
        "wide": lambda: weekly(wide=True),
        "peers": peers,
        "gap": gap,
        "large": large,
    }
    for name in sys.argv[1:] or ["peers", "gap", "weekly", "wide"]:
        print(f"--- {name}")
        runs[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
