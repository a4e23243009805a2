"""What a bound says of a pair, the laws say in full: hypothesis looks for a pair on which they differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpe_geo.domain import Childminder, Request
from rpe_geo.matching.feasibility import compile_registry
from rpe_geo.matching.starts import bounds
from rpe_geo.matching.starts.bound_sums import weigh
from rpe_geo.matching.starts.first_starts import Question, ask, timeline_of
from rpe_geo.matching.starts.presences import Pairs
from rpe_geo.rules.breaches import Breaches, SlotBreaches
from rpe_geo.rules.compiled import NEVER
from rpe_geo.rules.laws import slot_breaches_of, working_time_breaches
from rpe_geo.rules.working_time import summed_hours
from tests.strategies import availabilities, childminders, mams, requests

TODAY = date(2026, 11, 22)
quick = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Pair:
    """One request asked of one childminder, day by day."""

    def __init__(self, question: Question) -> None:
        self.question, self.need = question, question.need
        self.needs = question.need.alone
        self.nobody = np.zeros(1, dtype=np.int64)

    def breaches(self, start: int, laws) -> list[Breaches | SlotBreaches]:
        """Ask laws of every week, none dropped."""
        timeline = timeline_of(
            self.question.registry,
            self.needs,
            self.nobody,
            self.nobody,
            np.array([start]),
            self.question.law,
            shortened=False,
        )
        return [found for found in laws(timeline, self.question.law) if len(found)]

    def starts(self, last: int) -> list[int]:
        """List the days on which care may begin."""
        days = np.arange(self.need.start, min(last, self.need.end) + 1)
        asked = np.unique(self.need.next_asked_day(days))
        return [int(day) for day in asked if day <= min(last, self.need.end)]


def pair_of(minder: Childminder, request: Request, mam=None) -> Pair:
    registry = compile_registry([minder], [mam] if mam else [])
    return Pair(ask(registry, request, TODAY))


def check_bounds(pair: Pair) -> None:
    question = pair.question
    latest = question.latest
    starts = pair.starts(latest)
    if not starts:
        return
    start = np.array(starts[:1])
    (code,), (passed,) = bounds.settle(
        question.registry,
        pair.needs,
        pair.nobody,
        pair.nobody,
        start,
        question.law,
        latest=np.array([min(latest, pair.need.end)]),
    )
    places, hours = (
        pair.breaches(starts[0], laws) for laws in (slot_breaches_of, working_time_breaches)
    )
    if code in (bounds.FREE, bounds.ROOMY):
        assert not places
    if code in (bounds.FREE, bounds.TIMELY):
        assert not hours
    if code == bounds.ROOMY:
        assert not {found.rule for found in hours} & {"weekly_hours", "annual_hours"}
    until = {bounds.BROKEN: latest, bounds.BLOCKED: int(passed)}.get(code, NEVER)
    for day in starts:
        if day <= until:
            assert pair.breaches(day, slot_breaches_of) or pair.breaches(day, working_time_breaches)


@quick
@given(childminders(), requests())
def test_bounds_hold_at_home(minder, request):
    check_bounds(pair_of(minder, request))


@quick
@given(childminders(max_contracts=2), requests(max_children=1), st.integers(0, 40))
def test_bounds_hold_over_a_long_tolerance(minder, request, days):
    check_bounds(pair_of(minder, replace(request, end=None, start_tolerance_days=days)))


@quick
@given(
    childminders(legacy=True),
    requests(),
    st.one_of(st.none(), st.lists(availabilities(), max_size=2).map(tuple)),
)
def test_bounds_hold_for_old_attestations_and_declared_places(minder, request, declared):
    check_bounds(pair_of(replace(minder, availabilities=declared), request))


@quick
@given(childminders(mam_id="M"), mams("M"), requests())
def test_bounds_hold_in_a_mam(minder, mam, request):
    check_bounds(pair_of(minder, request, mam))


@quick
@given(childminders(max_contracts=6), requests(), st.integers(1, 600))
def test_sums_are_weighed_as_the_law_does(minder, request, days):
    """Nights, cycles, weeks cut in the middle and both windows: the same windows are refused."""
    request = replace(request, end=request.start + timedelta(days=days))
    pair = pair_of(minder, request)
    registry, law = pair.question.registry, pair.question.law
    cycle = int(np.lcm(registry.cycle[0], pair.needs.length[0]))
    for start in pair.starts(pair.question.latest)[:3]:
        day = np.array([start])
        ends = pair.needs.last_days(pair.nobody, day)
        pairs = Pairs(pair.nobody, pair.nobody, day, ends, day)
        sums = weigh(registry, pair.needs, pairs, law, cycle)
        refused = pair.breaches(start, summed_hours)
        assert sums.within[0] == (not refused)
        if refused:
            last = max(found.last_start.max() for found in refused)
            assert start <= sums.passed[0] <= last
        if sums.idle[0]:
            assert not pair.breaches(start, working_time_breaches)
