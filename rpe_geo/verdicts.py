"""
What the engine answers: verdicts with every refusal, suggestions with every part of their score.

These are codes and figures; `rpe_geo.messages` phrases them and `rpe_geo.formats.verdicts` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from fractions import Fraction
from typing import Any, Literal

from rpe_geo.domain import ProviderKind
from rpe_geo.schedule import Timetable

__all__ = [
    "AtypicalHours",
    "Combination",
    "CombinationPart",
    "CostEstimate",
    "Refusal",
    "Relaxation",
    "RelaxationKind",
    "Rule",
    "SchoolTrip",
    "ScorePart",
    "Suggestion",
    "TripSide",
    "Unknown",
    "Verdict",
    "VerdictWarning",
]

Rule = Literal[
    "agrement_status",
    "places",
    "under_3",
    "under_11",
    "mam_present",
    "mam_children",
    "legacy_ages",
    "daily_rest",
    "weekly_hours",
    "annual_hours",
    "consecutive_days",
    "weekly_rest",
    "working_hours",
    "functional_need",
    "siblings",
    "school_pickup",
    "travel_time",
    "start_date",
    "age",
    "opening_hours",
    "leave",
]


@dataclass(frozen=True)
class Refusal:
    """
    One broken rule.

    Parameters
    ----------
    rule
        Which one; it also names the French sentence `refusal_<rule>`.
    when
        The offending hours of the week of `since`, in the text form; None when hours have no part in it.
    since
        The earliest date on which the rule is broken (JSON: `from`).
    have, limit
        At the worst moment, the asked children included; children, hours, days or minutes as the rule goes.
    values
        What else the sentence names: missing needs, schools, dates.
    """

    rule: Rule
    when: str | None = None
    since: date | None = None
    have: float | None = None
    limit: float | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class VerdictWarning:
    """Legal but fragile; `rule` names the French sentence `warning_<rule>`."""

    rule: str
    values: Mapping[str, Any] = field(default_factory=dict)


RelaxationKind = Literal[
    "start",
    "schedule",
    "min_hours_share",
    "end",
    "max_minutes",
    "mode",
    "needs",
    "school",
    "children",
]


@dataclass(frozen=True)
class Relaxation:
    """
    One change of the request that alone makes it feasible; verified by running the rules again.

    Parameters
    ----------
    change
        The field of the request that changes.
    to
        Its new value, as it would be written in the request.
    values
        What the French sentence `relaxation_<change>` names besides.
    """

    change: RelaxationKind
    to: Any
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AtypicalHours:
    """Hours outside the standard window of a profile, per week and as a share of the hours asked."""

    profile: str
    hours_per_week: Fraction
    share: Fraction


Unknown = Literal["places", "hours", "contracts"]
"""What is not known of a provider and must be asked before care can be counted on."""


@dataclass(frozen=True)
class Verdict:
    """
    Whether one provider can take the children of one request, and everything that speaks against it.

    Parameters
    ----------
    start
        The first day on which nothing is refused; None when there is none.
    hours_share
        Asked hours within the working hours ÷ asked hours, exact.
    unknown
        What is not known of the provider: a verdict with unknowns is feasible « à demander ».
    """

    request_id: str
    provider_kind: ProviderKind
    provider_id: str
    feasible: bool
    start: date | None
    hours_share: Fraction
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[VerdictWarning, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    atypical: AtypicalHours | None = None
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True)
class CostEstimate:
    """
    What a family pays in a month, in euros; `None` parts are unknown.

    Parameters
    ----------
    gross_cost
        Salary, maintenance and meals, or the facility's fee, before aid.
    cmg
        Complément de libre choix du mode de garde (0 where a fee is already income-based).
    reste_a_charge
        What is left after the aid, before tax credit.
    tax_credit
        Monthly share of the credit d'impôt.
    unconfirmed
        Names of the dated parameters used whose value is not yet confirmed.
    outdated
        Names of those that are older than the last of their yearly dates.
    """

    gross_cost: float
    cmg: float
    reste_a_charge: float
    tax_credit: float
    hours_per_month: float
    unconfirmed: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScorePart:
    """
    One named part of a score, and why it is what it is.

    Parameters
    ----------
    name
        travel or detour, hours, start, continuity, packing, preferences, freshness.
    points, maximum
        At most two decimals; the maxima of a request add up to 100.
    reason, values
        Key and figures of the French sentence, see `rpe_geo.messages.matching.why`.
    """

    name: str
    points: float
    maximum: float
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TripSide:
    """
    One side of the day, in minutes; None where it is not asked or there is no way.

    Parameters
    ----------
    to_provider_min
        Home → provider in the morning; work → provider in the evening, when work is given.
    from_provider_min
        Provider → work in the morning, when work is given; provider → home in the evening.
    direct_min
        The way between home and work without the provider, when work is given.
    detour_min
        The first two less the third.
    """

    to_provider_min: float | None = None
    from_provider_min: float | None = None
    direct_min: float | None = None
    detour_min: float | None = None


@dataclass(frozen=True)
class SchoolTrip:
    """
    How far the provider is from a child's school; information, never a rule.

    Parameters
    ----------
    school
        As the request names it.
    facility_id, name
        The place of the registry that has this id or name.
    mode
        How the child is taken there.
    to_school_min, from_school_min
        Door to door, there and back.
    """

    school: str
    facility_id: str
    name: str
    mode: str
    to_school_min: float
    from_school_min: float


@dataclass(frozen=True)
class Suggestion:
    """
    A feasible verdict with its rank and the named parts of its score.

    Parameters
    ----------
    score
        0 to 100, the sum of `contributions`.
    contributions
        Part name to points.
    parts
        The same with their maxima and reasons, in the order in which they are shown.
    travel_minutes
        Door to door from home; `detour_minutes` home → provider → work minus home → work, when work is given.
    distance_m
        Great-circle distance from home.
    morning, evening
        The two sides of the day: one-way streets and timetables make them differ. `detour_minutes` is the morning's.
    last_return
        By public transport: when one must leave the provider at the latest to be carried home.
    second_home_minutes
        The way from the child's other home, or its detour; None without one.
    schools
        Trips between the provider and the schools of the children, where both places are known.
    """

    verdict: Verdict
    rank: int
    score: float
    contributions: Mapping[str, float]
    travel_minutes: float
    detour_minutes: float | None = None
    distance_m: float | None = None
    cost: CostEstimate | None = None
    availability_confirmed_on: date | None = None
    parts: tuple[ScorePart, ...] = ()
    morning: TripSide | None = None
    evening: TripSide | None = None
    schools: tuple[SchoolTrip, ...] = ()
    last_return: time | None = None
    second_home_minutes: float | None = None


@dataclass(frozen=True)
class CombinationPart:
    """One provider of a combination and the hours of the week that it covers."""

    provider_kind: Literal["childminder", "mam", "facility", "home_care"]
    provider_id: str | None
    hours: Timetable
    travel_minutes: float | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Combination:
    """
    Two providers who together cover the week asked.

    Parameters
    ----------
    to_ask
        Whether something must be asked of one of them first.
    hard
        Whether the child is carried every day, for a short stay, or very early or late.
    cost
        What the family would pay for all parts; None where a rate is not known.
    """

    parts: tuple[CombinationPart, ...]
    handovers_per_week: Fraction
    hours_share: Fraction
    travel_minutes_per_week: float | None = None
    to_ask: bool = False
    hard: bool = False
    cost: CostEstimate | None = None
