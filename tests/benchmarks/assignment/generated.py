"""Invented commissions of any size: homes in villages, weeks as families ask for them, childminders with contracts."""

from __future__ import annotations

import random
import resource
import time
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from rpe_geo.commission.case import Case, TravelTable, build_case
from rpe_geo.commission.values import ValueWeights
from rpe_geo.domain import Agrement, Child, Childminder, Contract, Request
from rpe_geo.parameters import parameter_table
from rpe_geo.schedule import Timetable

__all__ = ["TODAY", "case_of", "cpu_s", "generated", "peak_mb"]

TODAY = date(2026, 11, 30)
STARTS = (date(2027, 1, 4), date(2027, 1, 4), date(2027, 2, 1), date(2027, 3, 1))
DAYS = ("Mo-Fr", "Mo-Fr", "Mo,Tu,Th,Fr", "Mo-We", "Th,Fr", "We", "Mo-Th")
OFFERS = ("Mo-Fr 08:00-17:30", "Mo-Fr 07:30-17:30", "Mo,Tu,Th,Fr 07:00-19:00", "Mo-Fr 08:00-18:00")
"""Weeks that one person may work: 44 to 50 hours."""
WIDE = ("Mo-Fr 07:00-19:00", "Mo-Fr 07:30-18:30", "Mo-Sa 06:00-20:00", "Mo,Tu,Th,Fr 07:30-18:30")
"""Weeks out of which the law lets one person work only a part: far harder, for the 48 hours couple all families."""


def _week(draw: random.Random) -> Timetable:
    begin = draw.choice((7, 8, 8, 8, 9, 13))
    end = draw.choice((12, 16, 17, 17, 18, 19))
    return Timetable.parse(f"{draw.choice(DAYS)} {begin:02d}:00-{max(end, begin + 4):02d}:00")


def generated(
    providers: int,
    families: int,
    *,
    seed: int,
    siblings: float = 0.0,
    reach: int = 20,
    slots: bool = True,
    wide: bool = False,
) -> tuple[list[Request], list[Childminder], TravelTable]:
    """
    Draw a commission.

    Parameters
    ----------
    providers, families
        How many.
    seed
        Of every draw.
    siblings
        Part of the families that ask for two children together.
    reach
        Providers within reach of a family, the nearest ones.
    slots
        Whether weeks differ; without, everybody asks for the same one.
    wide
        Whether childminders offer more hours than one person may work.
    """
    draw = random.Random(seed)
    side = (providers / 300) ** 0.5 * 30.0
    homes = np.array([[draw.uniform(0, side), draw.uniform(0, side)] for _ in range(families)])
    places = np.array([[draw.uniform(0, side), draw.uniform(0, side)] for _ in range(providers)])
    same = Timetable.parse("Mo-Fr 08:00-17:00")
    minders = [
        Childminder(
            f"AM-{number:05d}",
            Agrement(4, places_offered=draw.choice((1, 2, 2, 3, 4))),
            longitude=3.0,
            latitude=43.0,
            working_hours=Timetable.parse(
                draw.choice(WIDE if wide else OFFERS) if slots else "Mo-Fr 07:00-19:00"
            ),
            annual_hours_consent=draw.random() < 0.5,
            contracts=tuple(
                Contract(f"C-{turn}", date(2026, 9, 1), _week(draw), date(2024, 5, 1))
                for turn in range(draw.choice((0, 0, 1)) if slots else 0)
            ),
        )
        for number in range(providers)
    ]
    requests = []
    for number in range(families):
        born = date(2026, 3, 1) - timedelta(days=draw.randint(0, 500))
        both = draw.random() < siblings
        requests.append(
            Request(
                f"R-{number:05d}",
                (Child(born), Child(born - timedelta(days=600))) if both else (Child(born),),
                draw.choice(STARTS) if slots else STARTS[0],
                _week(draw) if slots else same,
                longitude=3.0,
                latitude=43.0,
                end=draw.choice((None, None, date(2027, 7, 31))) if slots else None,
                start_tolerance_days=14 if slots else 0,
                min_hours_share=0.8 if slots else 1.0,
                max_minutes=60,
                criteria={"residence": float(draw.random() < 0.6), "insertion": float(draw.random() < 0.1)},
            )
        )  # fmt: skip
    distance = np.hypot(*(homes[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    near = np.argsort(distance, axis=1, kind="stable")[:, :reach]
    origin = np.repeat(np.arange(families), near.shape[1])
    minutes = np.round(2.0 + 1.5 * distance[origin, near.ravel()], 1)
    table = TravelTable(
        [one.request_id for one in requests],
        [one.childminder_id for one in minders],
        origin.astype(np.int64),
        near.ravel().astype(np.int64),
        minutes,
    )
    return requests, minders, table


def case_of(requests: list[Request], minders: list[Childminder], times: TravelTable) -> Case:
    """Compile a commission as `assign` does."""
    return build_case(
        requests,
        minders,
        times=times,
        today=TODAY,
        law=parameter_table("law", TODAY),
        weights=ValueWeights.of_table(parameter_table("commission", TODAY)),
        limit_min=60.0,
    )


def cpu_s() -> float:
    """Return the CPU time of this process so far."""
    return time.process_time()


def peak_mb() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def with_points(requests: list[Request], seed: int) -> list[Request]:
    """Give families distinct facts, for a barème."""
    draw = random.Random(seed)
    return [replace(one, criteria={"b": float(draw.randint(0, 60))}) for one in requests]
