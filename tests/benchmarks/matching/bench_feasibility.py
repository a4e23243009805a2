"""
Two speeds of feasibility: one request against 250,000 childminders, and 1,500 requests against 300.

Run it as `python tests/benchmarks/matching/bench_feasibility.py [childminders] [requests]`. Compiling the registry is
timed apart: it happens once.
"""

from __future__ import annotations

import os
import random
import sys
from contextlib import contextmanager
from datetime import date, timedelta
from time import perf_counter, process_time

import numpy as np

from rpe_geo.domain import Agrement, Child, Childminder, Contract, Mam, OwnChild, Request
from rpe_geo.matching.feasibility import compile_registry, evaluate, feasible_mask, feasible_masks
from rpe_geo.schedule import Timetable

TODAY = date(2026, 11, 22)
DAY_SETS = ["Mo-Fr"] * 6 + ["Mo,Tu,Th,Fr"] * 3 + ["Mo-Th", "We", "Tu,We", "Th,Fr", "Mo,We,Fr"]
CLOCK = [f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in (0, 15, 30, 45)]


def hours(draw: random.Random) -> Timetable:
    """Draw the presence of a child: mostly daytime, some early, late, Saturdays, nights and cycles."""
    days = draw.choice(DAY_SETS)
    kind = draw.random()
    if kind < 0.88:
        begin = draw.choice([28, 30, 30, 31, 32, 32, 33, 34, 34, 36])
        end = draw.choice([62, 64, 66, 66, 68, 68, 70, 70, 71, 72, 74])
        return Timetable.parse(f"{days} {CLOCK[begin]}-{CLOCK[end]}")
    if kind < 0.93:
        return Timetable.parse([f"{days} 06:00-14:00", f"{days} 13:00-21:00"])
    if kind < 0.96:
        return Timetable.parse(f"{days} 07:00-09:00,16:30-19:00; Sa 08:00-13:00")
    if kind < 0.98:
        return Timetable.parse(f"{days} 05:30-{CLOCK[draw.choice([50, 52, 56])]}")
    return Timetable.parse("Mo,Tu 20:00-06:00")


def childminder(draw: random.Random, number: int) -> Childminder:
    """Draw a childminder with two to four contracts, some of which end within two years."""
    places = draw.choice([2, 3, 3, 4, 4, 4])
    contracts = []
    for position in range(min(draw.choice([0, 1, 2, 2, 3, 3, 4]), places + 1)):
        start = TODAY - timedelta(days=draw.randrange(0, 900))
        end = start + timedelta(days=draw.randrange(300, 1100)) if draw.random() < 0.6 else None
        birth = start - timedelta(days=draw.randrange(80, 500))
        contracts.append(Contract(f"C-{position}", start, hours(draw), birth, end))
    own = (
        [OwnChild(TODAY - timedelta(days=draw.randrange(200, 5000)))] if draw.random() < 0.4 else []
    )
    return Childminder(
        childminder_id=f"AM-{number}",
        address="1 rue des Lilas",
        agrement=Agrement(places, status="active" if draw.random() < 0.93 else "ceased"),
        mam_id=f"MAM-{number // 4}" if draw.random() < 0.1 else None,
        own_children=tuple(own),
        working_hours=draw.choice(
            [
                None,
                Timetable.parse("Mo-Fr 07:00-19:00"),
                Timetable.parse("Mo-Fr 07:30-18:30"),
                Timetable.parse("Mo-Sa 06:00-21:00"),
                Timetable.parse("Mo,Tu,Th,Fr 07:30-18:00"),
            ]
        ),
        annual_hours_consent=draw.random() < 0.2,
        contracts=tuple(contracts),
        capabilities=frozenset({"step_free"} if draw.random() < 0.5 else ()),
    )


def request(draw: random.Random, number: int) -> Request:
    """Draw a family's need: one child, sometimes two, sometimes a short tolerance."""
    start = TODAY + timedelta(days=draw.randrange(10, 300))
    children = [
        Child(
            start - timedelta(days=draw.randrange(70, 900)),
            frozenset({"step_free"} if draw.random() < 0.1 else ()),
        )
        for _ in range(1 if draw.random() < 0.9 else 2)
    ]
    return Request(
        request_id=f"R-{number}",
        address="2 rue des Lilas",
        children=tuple(children),
        start=start,
        start_tolerance_days=draw.choice([0, 7, 14, 30]),
        schedule=hours(draw),
        min_hours_share=draw.choice([1.0, 1.0, 0.8]),
    )


def hard_requests() -> list[Request]:
    """Write the needs that cost most: many start days, many refused sums of hours, nights, two weeks in turn."""
    written: list[tuple[str | list[str], int, int]] = [
        ("Mo,Tu,Th,Fr 08:00-17:30", 30, 1),
        ("Mo-Fr 08:30-16:00", 0, 1),
        ("Mo-Fr 08:30-16:00", 30, 1),
        ("Mo-Fr 08:00-17:30", 30, 2),
        ("Mo,Tu 20:00-06:00", 7, 1),
        (["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"], 7, 1),
    ]
    return [
        Request(
            request_id=f"R-{number}",
            address="2 rue des Lilas",
            children=(Child(date(2026, 5, 1)),) * children,
            start=date(2027, 1, 4),
            start_tolerance_days=tolerance,
            schedule=Timetable.parse(schedule),
        )
        for number, (schedule, tolerance, children) in enumerate(written)
    ]


@contextmanager
def timed(what: str):
    """Print the time of a block: by the clock, and of the processors (the two differ on a busy machine)."""
    clock, cores = perf_counter(), process_time()
    yield
    clock, cores = perf_counter() - clock, process_time() - cores
    print(f"{what}: {clock:.2f} s by the clock, {cores:.2f} s of processor time")


def main(childminders: int = 250_000, requests: int = 1_500) -> None:
    """Print both figures, and the cost of a verdict with every detail."""
    draw = random.Random(5)
    minders = [childminder(draw, number) for number in range(childminders)]
    mams = [Mam(f"MAM-{number}", address="3 rue des Lilas") for number in range(childminders // 4)]
    needs = [request(draw, number) for number in range(requests)]
    print(f"{os.cpu_count()} cores")
    with timed(f"compile {childminders} childminders"):
        registry = compile_registry(minders, mams)
    feasible_mask(registry, needs[0], today=TODAY)
    for need in (*needs[1:5], *hard_requests()):
        children, days = len(need.children), need.start_tolerance_days
        with timed(f"1 request ({need.schedule}; {children} ch., {days} d.) × {childminders}"):
            mask = feasible_mask(registry, need, today=TODAY)
        print(f"    {mask.feasible.sum()} feasible")
    small = compile_registry(minders[:300], mams)
    with timed(f"{requests} requests × 300"):
        found = sum(mask.feasible.sum() for mask in feasible_masks(small, needs, today=TODAY))
    print(f"    {found} feasible pairs")
    with timed("300 verdicts with every refusal and warning"):
        for need in needs[:5]:
            evaluate(small, need, today=TODAY, only=np.arange(60))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
