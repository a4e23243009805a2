"""A whole commission: from families and providers to who goes where, why, and what it proves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from time import monotonic

from rpe_geo.commission.bareme import Bareme, default_bareme
from rpe_geo.commission.case import Case, TravelTable, build_case
from rpe_geo.commission.fixes import Fix, with_fixes
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.policies import POLICIES, Outcome, Policy, Table, run_policy, stay_near
from rpe_geo.commission.priorities import Priorities, rank_families
from rpe_geo.commission.reasons import Reason, reasons_of, waiting_list
from rpe_geo.commission.rooms import Room, build_rooms
from rpe_geo.commission.values import ValueWeights
from rpe_geo.commission.welfare import Search
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import InputError
from rpe_geo.parameters import parameter_table

__all__ = ["Ask", "Assignment", "assign", "shown_by"]


@dataclass(frozen=True)
class Ask:
    """
    How a commission is to be run.

    Parameters
    ----------
    policy
        The one that is shown.
    compare
        Whether the others are run beside it.
    bareme
        Points.
    fixes
        Decisions by hand.
    own_wishes
        Provider id, request id, rank.
    previous
        Request id to provider id of an assignment that stood: as few families as possible move.
    seed
        Of the lots and of every draw.
    time_limit_s
        Seconds after which the search stops; None for none.
    """

    policy: Policy = "points"
    compare: bool = False
    bareme: Bareme = field(default_factory=default_bareme)
    fixes: tuple[Fix, ...] = ()
    own_wishes: tuple[tuple[str, str, int], ...] = ()
    previous: Mapping[str, str] | None = None
    seed: int = 0
    time_limit_s: float | None = None


@dataclass(frozen=True)
class Assignment:
    """
    What a commission would decide.

    Parameters
    ----------
    case, ranks, ask
        What was asked.
    outcome
        Of the policy asked for.
    outcomes
        Of every policy run, that one included.
    reasons
        By family.
    waiting
        Families without a place, in order.
    stopped_by
        `time` when the clock stopped the search, None when its effort was spent.
    """

    case: Case
    ranks: Priorities
    ask: Ask
    outcome: Outcome
    outcomes: tuple[Outcome, ...]
    reasons: tuple[Reason, ...]
    waiting: tuple[int, ...]
    stopped_by: str | None
    rooms: tuple[Room, ...] = field(repr=False, default=())
    judge: Judge | None = field(repr=False, default=None)


class _Clock:
    """Tells whether to go on; remembers that it said no."""

    def __init__(self, limit_s: float | None) -> None:
        self._end = None if limit_s is None else monotonic() + limit_s
        self.rang = False

    def __call__(self) -> bool:
        if self._end is not None and monotonic() >= self._end:
            self.rang = True
        return not self.rang


def assign(
    requests: Sequence[Request],
    childminders: Sequence[Childminder],
    mams: Sequence[Mam] = (),
    facilities: Sequence[Facility] = (),
    *,
    times: TravelTable,
    ask: Ask,
    today: date,
    told: Callable[[str], None] = lambda _: None,
) -> Assignment:
    """
    Assign families to places.

    Parameters
    ----------
    requests, childminders, mams, facilities
        The open requests and everybody who offers places.
    times
        Minutes of pairs within reach.
    ask
        Policy, barème, decisions, effort.
    today
        Day of the parameters, and up to which waiting is counted.
    told
        Called with each policy that is done.

    Returns
    -------
    Assignment
        Nobody placed is a result.

    Raises
    ------
    InputError
        For files that contradict themselves.
    """
    clock = _Clock(ask.time_limit_s)
    case = build_case(
        requests,
        childminders,
        mams,
        facilities,
        times=times,
        today=today,
        law=parameter_table("law", today),
        weights=ValueWeights.of_table(parameter_table("commission", today)),
        limit_min=float(parameter_table("suggest", today)["max_minutes_default"]),
    )
    case = with_fixes(case, ask.fixes)
    ranks = rank_families(case, ask.bareme, seed=ask.seed, own_wishes=ask.own_wishes)
    rooms = build_rooms(case, ranks.quotas)
    judge = Judge(case)
    search = Search.of_size(case, seed=ask.seed, go_on=clock)
    table = Table(case, rooms, judge, ranks, search)
    if ask.previous is not None:
        table.welfare_plan = stay_near(table, _before(case, ask.previous))
        outcome = run_policy(table, "welfare")
        outcomes: tuple[Outcome, ...] = (outcome,)
    else:
        policies = POLICIES if ask.compare else (ask.policy,)
        found = {}
        for policy in policies:
            found[policy] = run_policy(table, policy)
            told(policy)
        outcome, outcomes = found[ask.policy], tuple(found.values())
    left = [f for f in case.fixed if outcome.plan.chosen[f] < 0]
    if left:
        raise InputError("fix_together", request_ids=[case.requests[f].request_id for f in left])
    return Assignment(
        case=case,
        ranks=ranks,
        ask=ask,
        outcome=outcome,
        outcomes=outcomes,
        reasons=tuple(reasons_of(case, rooms, outcome.plan, ranks, outcome.envies)),
        waiting=tuple(waiting_list(outcome.plan, ranks)),
        stopped_by="time" if clock.rang else None,
        rooms=tuple(rooms),
        judge=judge,
    )


def shown_by(found: Assignment, policy: Policy) -> Assignment:
    """
    Show another of the policies that were run, with its own reasons and waiting list.

    Parameters
    ----------
    found
        Of a run with `compare`.
    policy
        One of those run.

    Returns
    -------
    Assignment
        The same commission.
    """
    (outcome,) = (one for one in found.outcomes if one.policy == policy)
    return replace(
        found,
        ask=replace(found.ask, policy=policy),
        outcome=outcome,
        reasons=tuple(
            reasons_of(found.case, list(found.rooms), outcome.plan, found.ranks, outcome.envies)
        ),
        waiting=tuple(waiting_list(outcome.plan, found.ranks)),
    )


def _before(case: Case, previous: Mapping[str, str]) -> list[int]:
    """Find the option of each family in an earlier assignment; −1 where it has none any more."""
    chosen = [-1] * len(case.requests)
    for family, request in enumerate(case.requests):
        provider = previous.get(request.request_id)
        number = None if provider is None else case.providers.numbers.get(provider)
        for option in case.of_family[family].tolist():
            if number is not None and int(case.options.provider[option]) == number:
                chosen[family] = option
                break
    return chosen
