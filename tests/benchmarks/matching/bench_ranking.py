"""
Ranking 20,000 feasible childminders against a plain loop over the same formulas; openings and combinations among 300.

Run it as `python tests/benchmarks/matching/bench_ranking.py [childminders]`. Compiling is timed apart: it happens once.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from time import perf_counter

import numpy as np

from rpe_geo.domain import Agrement, Attributes, Child, Childminder, Contract, Request
from rpe_geo.matching.candidates import Candidates, tie_break
from rpe_geo.matching.combination import find_combinations
from rpe_geo.matching.feasibility import compile_registry, feasible_mask
from rpe_geo.matching.merits import continuity_target
from rpe_geo.matching.profiles import Profiles
from rpe_geo.matching.ranking import rank
from rpe_geo.matching.relaxation import find_openings
from rpe_geo.parameters import parameter_table
from rpe_geo.schedule import Timetable
from rpe_geo.verdicts import Verdict

TODAY = date(2026, 11, 22)
START = date(2027, 1, 4)
PRESENCES = [
    Timetable.parse(text)
    for text in ("Mo-Fr 08:00-17:30", "Mo,Tu 08:00-18:00", "We-Fr 07:30-17:00", "Mo-Fr 16:00-19:00", "We 08:00-18:00")
]  # fmt: skip
OFFERS = [
    Timetable.parse(text)
    for text in ("Mo-Fr 07:00-19:00", "Mo-Sa 06:00-22:00", "Mo-Fr 08:00-18:00", "Mo-Fr 12:00-22:00", "Mo-Fr 05:30-15:00")
]  # fmt: skip


def childminder(number: int, draw: random.Random) -> Childminder:
    return Childminder(
        childminder_id=f"AM-{number:06}",
        agrement=Agrement(
            draw.randint(2, 4), valid_until=START + timedelta(days=draw.randint(300, 1800))
        ),
        longitude=3.0,
        latitude=43.0,
        working_hours=draw.choice(OFFERS),
        contracts=tuple(
            Contract(
                f"C-{contract}",
                date(2025, 9, 1) + timedelta(days=draw.randint(0, 480)),
                draw.choice(PRESENCES),
                child_birth_date=date(2025, 6, 1) + timedelta(days=draw.randint(0, 300)),
            )
            for contract in range(draw.randint(0, 3))
        ),
        attributes=Attributes(garden=draw.choice([None, True, False]), pets=draw.choice([None, (), ("dog",)])),
        availability_confirmed_on=TODAY - timedelta(days=draw.randint(0, 300)),
    )  # fmt: skip


def request(schedule: str) -> Request:
    return Request(
        request_id="R-1",
        children=(Child(date(2026, 5, 1)),),
        start=START,
        start_tolerance_days=14,
        schedule=Timetable.parse(schedule),
        longitude=3.0,
        latitude=43.0,
        mode="walk",
        max_minutes=20,
        preferences={"travel": 2, "garden": 1, "no_pets": 1},
    )


def timed(work, times=7):
    spent = []
    for _ in range(times):
        begin = perf_counter()
        answer = work()
        spent.append(perf_counter() - begin)
    return answer, median(spent)


def plain_rank(candidates: Candidates, asked: Request, scoring, limit: int) -> list[str]:
    """Score one candidate after the other, as a page of rules reads."""
    weights = {part: scoring[f"maximum_{part}"] * asked.preferences.get(part, 1.0) for part in (
        "travel", "hours", "start", "continuity", "packing", "preferences", "freshness")}  # fmt: skip
    total = sum(weights.values())
    zero = max(scoring["travel_zero_minutes"][asked.mode], asked.max_minutes)
    target = continuity_target(asked, scoring)
    scored = []
    for row, name in enumerate(candidates.provider_ids):
        start = candidates.start[row].astype(object)
        until = candidates.continuity_until[row].astype(object)
        garden, pets = candidates.wishes["garden"][row], candidates.wishes["no_pets"][row]
        age = (TODAY - candidates.confirmed_on[row].astype(object)).days
        shares = {
            "travel": (zero - candidates.travel_min[row]) / (zero - scoring["travel_full_minutes"]),
            "hours": candidates.hours_share[row],
            "start": 1 - (start - asked.start).days / scoring["start_zero_days"],
            "continuity": 1.0
            if until is None
            else ((until - start).days + 1) / (target - start).days,
            "packing": candidates.packing[row],
            "preferences": sum(0.5 if np.isnan(one) else one for one in (garden, pets)) / 2,
            "freshness": (183 - age) / (183 - 30),
        }
        points = sum(min(max(shares[part], 0), 1) * weights[part] / total for part in weights)
        scored.append((-points, tie_break(asked.request_id, name), name))
    return [name for *_, name in sorted(scored)[:limit]]


def main(count: int) -> None:
    draw = random.Random(5)
    people = [childminder(number, draw) for number in range(count)]
    registry = compile_registry(people)
    profiles, compiled = timed(lambda: Profiles.compile(registry), 1)
    scoring = parameter_table("scoring", TODAY)
    asked = request("Mo,Tu,Th,Fr 08:00-17:00")
    minutes = np.random.default_rng(5).uniform(1, 20, count)
    rows = np.arange(count)

    def candidates() -> Candidates:
        return profiles.candidates(
            rows, asked, scoring=scoring, start=np.full(count, np.datetime64(START)),
            hours_share=np.ones(count), travel_min=minutes,
            verdict_of=lambda row: Verdict("R-1", "childminder", people[row].childminder_id, True, START, Fraction(1)),
        )  # fmt: skip

    shown, ours = timed(lambda: rank(candidates(), asked, scoring=scoring, limit=10))
    ready = candidates()
    plain, loop = timed(lambda: plain_rank(ready, asked, scoring, 10), 1)
    same = [one.verdict.provider_id for one in shown] == plain
    print(f"profiles of {count}: {1000 * compiled:.0f} ms, once")
    print(
        f"rank {count}, top 10: {1000 * ours:.1f} ms; a plain loop without packing: {1000 * loop:.0f} ms, "
        f"{loop / ours:.0f} times as long; same order: {same}"
    )
    few = people[:300]
    registry = compile_registry(few)
    profiles = Profiles.compile(registry)
    for schedule in ("Mo-Fr 06:00-19:00", "Mo-Fr 05:30-20:00", "Mo-Fr 07:00-19:30"):
        hard = request(schedule)
        mask = feasible_mask(registry, hard, today=TODAY)
        found, openings = timed(
            lambda: find_openings(
                registry, hard, today=TODAY, scoring=scoring, mask=mask,  # noqa: B023
                minutes_of=lambda _: minutes[:300],
            ), 3,
        )  # fmt: skip
        pairs, combinations = timed(
            lambda: find_combinations(
                registry, profiles, hard, today=TODAY, scoring=scoring, minutes=minutes[:300]  # noqa: B023
            ), 3,
        )  # fmt: skip
        print(
            f"{schedule}, 300 childminders: {len(found)} openings in {1000 * openings:.0f} ms, "
            f"{len(pairs)} combinations in {1000 * combinations:.0f} ms"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
