"""Small invented commissions, and the check of every placed family by the rules alone."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import numpy as np

from rpe_geo.commission.case import TravelTable
from rpe_geo.commission.run import Ask, Assignment, assign
from rpe_geo.domain import Agrement, Child, Childminder, Contract, Request
from rpe_geo.matching.feasibility import compile_registry, evaluate
from rpe_geo.schedule import Timetable

TODAY = date(2026, 11, 30)
ALL_WEEK = "Mo-Fr 08:00-17:00"


def minder(name: str, places: int = 1, hours: str = "Mo-Fr 07:00-19:00", **more) -> Childminder:
    return Childminder(
        name,
        replace(more.pop("agrement", Agrement(4)), places_offered=places),
        address="x",
        working_hours=Timetable.parse(hours),
        contracts=more.pop("contracts", ()),
        **more,
    )


def family(name: str, hours: str = ALL_WEEK, births: tuple[date, ...] = (), **more) -> Request:
    return Request(
        name,
        tuple(Child(birth) for birth in births or (date(2026, 3, 1),)),
        more.pop("start", date(2027, 1, 4)),
        Timetable.parse(hours),
        address="x",
        **more,
    )


def times_of(requests, providers, minutes=5.0) -> TravelTable:
    """Everybody reaches everybody; `minutes` may be a table by (request, provider)."""
    ids = [getattr(one, "childminder_id", None) or one.facility_id for one in providers]
    pairs = [(r, p) for r in range(len(requests)) for p in range(len(ids))]
    found = [
        minutes.get((requests[r].request_id, ids[p]), 5.0) if isinstance(minutes, dict) else minutes
        for r, p in pairs
    ]
    origin, destination = np.array(pairs or [(0, 0)][:0], dtype=np.int64).reshape(-1, 2).T
    return TravelTable(
        [r.request_id for r in requests], ids, origin, destination, np.array(found, dtype=float)
    )


def run(requests, minders, facilities=(), mams=(), minutes=5.0, **ask) -> Assignment:
    return assign(
        requests,
        minders,
        mams,
        facilities,
        times=times_of(requests, [*minders, *facilities], minutes),
        ask=Ask(**ask),
        today=TODAY,
    )


def places(found: Assignment) -> dict[str, str]:
    """Who goes where."""
    options, providers = found.case.options, found.case.providers
    return {
        found.case.requests[number].request_id: providers.id_of(int(options.provider[option]))
        for number, option in enumerate(found.outcome.plan.chosen)
        if option >= 0
    }


def unlawful(found: Assignment, minders, mams=()) -> list[str]:
    """Judge every family placed with a childminder with everybody else's contracts written into the records."""
    case, options = found.case, found.case.options
    placed: dict[str, list[tuple[Request, date]]] = {}
    for number, option in enumerate(found.outcome.plan.chosen):
        if option >= 0 and not case.providers.is_facility(int(options.provider[option])):
            provider = case.providers.id_of(int(options.provider[option]))
            start = date.fromordinal(int(options.start[option]))
            placed.setdefault(provider, []).append((case.requests[number], start))
    wrong = []
    for provider, there in placed.items():
        for request, start in there:
            records = []
            for record in minders:
                others = [
                    Contract(
                        f"{other.request_id}-{turn}",
                        begun,
                        other.schedule
                        if record.working_hours is None
                        else other.schedule.intersection(record.working_hours),
                        child.birth_date,
                        other.end,
                    )
                    for other, begun in placed.get(record.childminder_id, ())
                    if other is not request
                    for turn, child in enumerate(other.children)
                ]
                records.append(replace(record, contracts=(*(record.contracts or ()), *others)))
            row = [one.childminder_id for one in records].index(provider)
            asked = replace(request, start=start, start_tolerance_days=0)
            (verdict,) = evaluate(compile_registry(records, mams), asked, today=TODAY, only=[row])
            if not verdict.feasible:
                wrong.append(f"{request.request_id} at {provider}: {verdict.refusals}")
    return wrong


def crowd(
    seed: int, minders: int = 6, families: int = 18
) -> tuple[list[Request], list[Childminder]]:
    """Draw a small commission with contracts, siblings, short weeks, late starts and ends."""
    draw = random.Random(seed)
    weeks = ["Mo-Fr", "Mo,Tu,Th,Fr", "Mo-We", "Th,Fr", "We", "Mo-Sa"]

    def week() -> str:
        begin, end = draw.choice([6, 7, 8, 9, 13]), draw.choice([12, 16, 17, 18, 20])
        return f"{draw.choice(weeks)} {begin:02d}:00-{max(end, begin + 3):02d}:00"

    who = [
        minder(
            f"AM-{n}",
            draw.randint(1, 4),
            draw.choice(["Mo-Fr 07:00-19:00", "Mo-Sa 06:00-20:00", "Mo,Tu,Th,Fr 07:30-18:30"]),
            annual_hours_consent=draw.random() < 0.2,
            contracts=tuple(
                Contract(f"C-{n}-{k}", date(2026, 9, 1), Timetable.parse(week()), date(2024, 5, 1))
                for k in range(draw.randint(0, 2))
            ),
        )
        for n in range(minders)
    ]
    asked = [
        family(
            f"R-{n:02d}",
            week(),
            births=tuple(
                date(draw.choice([2022, 2024, 2025, 2026]), draw.randint(1, 9), 5)
                for _ in range(draw.choice([1, 1, 1, 2]))
            ),
            start=draw.choice([date(2027, 1, 4), date(2027, 3, 1), date(2027, 1, 13)]),
            start_tolerance_days=draw.choice([0, 14]),
            end=draw.choice([None, date(2027, 7, 31)]),
            min_hours_share=draw.choice([1.0, 0.8, 0.5]),
            criteria={"residence": float(draw.random() < 0.5)},
        )
        for n in range(families)
    ]
    return asked, who
