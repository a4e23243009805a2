"""
Better and better: free some neighbouring houses, choose again, keep what gains, ask the rules.

Large-neighbourhood search (Shaw, 1998), in two forms. First houses choose one by one (`rpe_geo.commission.responses`),
some neighbouring ones emptied at a time. Then some are chosen again together, exactly, by CP-SAT. Houses that lose most at
the prices of the bound are freed together with those that share their families; an option far below its price cannot be
in a good answer and is left out. Two neighbourhoods without a family or a house in common are solved at the same time. The rules judge every set that changes; what they
refuse is learnt as a conflict and the house is tried again later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.case import Case
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.plan import Plan
from rpe_geo.commission.pricing import RowPrices
from rpe_geo.commission.responses import Responses
from rpe_geo.commission.rooms import Room
from rpe_geo.commission.solver import choose

__all__ = ["Effort", "improve"]

_AT_ONCE = 2
_KICK_SIZES = (2, 3, 4, 6)
_CHOICES_PER_KICK = 60


@dataclass(frozen=True)
class Effort:
    """
    How much is tried.

    Parameters
    ----------
    kicks
        Groups of neighbouring houses emptied, one after the other.
    rounds
        Rounds of two neighbourhoods chosen exactly.
    sizes
        Houses freed together, in turn.
    effort
        Deterministic time of each exact choice.
    reduced_cost
        Hundredths below its price at which an option is left out.
    """

    kicks: int
    rounds: int
    sizes: tuple[int, ...] = (10, 14, 20)
    effort: float = 1.0
    reduced_cost: int = 25_000


@dataclass
class _Search:
    case: Case
    rooms: Sequence[Room]
    judge: Judge
    plan: Plan
    gain: NDArray[np.int64]
    prices: NDArray[np.int64]
    tops: list[int]
    effort: Effort
    seed: int
    near: list[list[int]] = field(default_factory=list)
    tired: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.near = _neighbours(self.case, self.gain, self.prices)
        self.tired = [1.0] * len(self.rooms)

    def loss(self, house: int) -> float:
        """Tell how far a house is from its best set at the prices, and its families from theirs."""
        held = self.plan.held[house]
        worth = sum(
            int(self.gain[one] - self.prices[self.case.options.family[one]]) for one in held
        )
        return float(max(self.tops[house] - worth, 0))

    def pick(self, size: int, random: Random, banned: set[int]) -> list[int]:
        """Choose a house that loses much, and those that share its families."""
        open_houses = [
            house
            for house, room in enumerate(self.rooms)
            if len(room.options) and house not in banned
        ]
        if not open_houses:
            return []
        weights = [(self.loss(house) + 100.0) * self.tired[house] for house in open_houses]
        first = random.choices(open_houses, weights)[0]
        group = [first]
        queue = [first]
        while queue and len(group) < size:
            house = queue.pop(0)
            around = [one for one in self.near[house] if one not in group and one not in banned]
            around = around[: 3 * size]
            random.shuffle(around)
            around.sort(key=lambda one: -self.loss(one) * self.tired[one] * random.random())
            for one in around[: max(2, size // 3)]:
                if len(group) < size:
                    group.append(one)
                    queue.append(one)
        return sorted(group)

    def question(
        self, houses: Sequence[int]
    ) -> tuple[list[tuple[int, int, int, int]], frozenset[int]]:
        """List the options of some houses for families that are there or nowhere, and the ones taken now."""
        options = self.case.options
        inside = set(houses)
        asked: list[tuple[int, int, int, int]] = []
        hint: set[int] = set()
        for house in houses:
            room = self.rooms[house]
            held = set(self.plan.held[house])
            for position, option in enumerate(room.options.tolist()):
                family = int(options.family[option])
                now = self.plan.chosen[family]
                if now >= 0 and int(options.house[now]) not in inside:
                    continue
                if option not in held and (
                    self.gain[option] - self.prices[family] < -self.effort.reduced_cost
                ):
                    continue
                if option in held:
                    hint.add(len(asked))
                asked.append((house, position, family, int(self.gain[option])))
        return asked, frozenset(hint)

    def must(self, asked: Sequence[tuple[int, int, int, int]]) -> frozenset[int]:
        """Return the families that hold a place and may not lose it."""
        rightful = self.case.providers.held.keys() | self.case.fixed
        placed = {family for family in rightful if self.plan.chosen[family] >= 0}
        return frozenset(family for _, _, family, _ in asked if family in placed)


def _neighbours(case: Case, gain: NDArray[np.int64], prices: NDArray[np.int64]) -> list[list[int]]:
    """Order the houses that share families with each house, those that share most and dearest first."""
    options = case.options
    shared: list[dict[int, float]] = [{} for _ in case.providers.members]
    slack = gain - prices[options.family]
    for mine in case.of_family:
        best = mine[np.argsort(-slack[mine], kind="stable")[:8]]
        houses = list(dict.fromkeys(options.house[best].tolist()))
        for turn, one in enumerate(houses):
            for other in houses[turn + 1 :]:
                shared[one][other] = shared[one].get(other, 0.0) + 1.0
                shared[other][one] = shared[other].get(one, 0.0) + 1.0
    return [
        [other for other, _ in sorted(row.items(), key=lambda pair: (-pair[1], pair[0]))]
        for row in shared
    ]


def improve(  # noqa: PLR0913 - the state of one search
    case: Case,
    rooms: Sequence[Room],
    judge: Judge,
    plan: Plan,
    gain: NDArray[np.int64],
    prices: NDArray[np.int64],
    lines: Sequence[RowPrices],
    tops: Sequence[int],
    *,
    effort: Effort,
    seed: int,
    enough: int,
    go_on: Callable[[], bool],
) -> Plan:
    """
    Improve a lawful plan.

    Parameters
    ----------
    case, rooms, judge
        The commission.
    plan
        Lawful; changed in place.
    gain
        What is added up, by option, whole.
    prices, lines, tops
        Of the bound: price of each family, prices of the rows of each house, worth of its best set.
    effort
        How much is tried.
    seed
        Of every draw.
    enough
        Sum at which to stop: the bound.
    go_on
        False once the clock has run out.

    Returns
    -------
    Plan
        The same, lawful still.
    """
    search = _Search(case, rooms, judge, plan, gain, prices, list(tops), effort, seed)
    responses = Responses(case, rooms, judge, plan, gain, prices, lines)
    responses.settle(range(len(rooms)), 10 * len(rooms), go_on)
    for turn in range(effort.kicks):
        if responses.total >= enough or not go_on():
            break
        random = Random(seed * 1_000_003 + turn)  # noqa: S311 - a search, not a secret
        group = search.pick(random.choice(_KICK_SIZES), random, set())
        better = responses.kick(group, random, _CHOICES_PER_KICK, go_on)
        for house in group:
            search.tired[house] = 1.0 if better else max(0.8 * search.tired[house], 1e-3)
    search.tired = [1.0] * len(rooms)
    total = responses.total
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for turn in range(effort.rounds):
            if total >= enough or not go_on():
                break
            random = Random(seed * 1_000_003 + turn)  # noqa: S311 - a search, not a secret
            groups: list[list[int]] = []
            banned: set[int] = set()
            for other in range(_AT_ONCE):
                size = effort.sizes[(turn + other) % len(effort.sizes)]
                group = search.pick(size, random, banned)
                if group:
                    groups.append(group)
                    banned |= set(group)
            total += _round(search, groups, turn, pool)
    return plan


def _round(
    search: _Search, groups: Sequence[list[int]], turn: int, pool: ThreadPoolExecutor
) -> int:
    """Solve some neighbourhoods at the same time and keep what gains and stands; return the gain."""
    questions = []
    met: set[int] = set()
    for group in groups:
        asked, hint = search.question(group)
        # A family without a place belongs to the first neighbourhood that asks for it.
        kept = [number for number, (_, _, family, _) in enumerate(asked) if family not in met]
        renumbered = {number: place for place, number in enumerate(kept)}
        asked = [asked[number] for number in kept]
        questions.append((asked, frozenset(renumbered[one] for one in hint if one in renumbered)))
        met |= {family for _, _, family, _ in asked}

    def solve(number: int) -> object:
        asked, hint = questions[number]
        if not asked:
            return None
        rooms = {house: search.rooms[house] for house in groups[number]}
        return choose(
            rooms,
            asked,
            hint=hint,
            must=search.must(asked),
            effort=search.effort.effort,
            seed=search.seed * 7919 + 2 * turn + number,
        )

    gained = 0
    for number, choice in enumerate(pool.map(solve, range(len(questions)))):
        asked, hint = questions[number]
        before = sum(asked[one][3] for one in hint)
        better = choice is not None and choice.worth > before  # type: ignore[attr-defined]
        for house in groups[number]:
            search.tired[house] = 1.0 if better else search.tired[house] * 0.6
        if better:
            gained += _accept(search, groups[number], asked, choice.chosen, before)  # type: ignore[attr-defined]
    if min(search.tired, default=1.0) < 1e-6:
        search.tired = [max(one, 1e-3) for one in search.tired]
    return gained


def _accept(
    search: _Search,
    houses: Sequence[int],
    asked: Sequence[tuple[int, int, int, int]],
    chosen: Sequence[int],
    before: int,
) -> int:
    """Put a better choice in place if the rules let it stand; else learn why not and let it be."""
    wanted: dict[int, list[int]] = {house: [] for house in houses}
    for number in chosen:
        house, position, _, _ = asked[number]
        wanted[house].append(int(search.rooms[house].options[position]))
    changed = [house for house in houses if sorted(wanted[house]) != search.plan.held[house]]
    answers = search.judge.stand([wanted[house] for house in changed])
    refused = [house for house, lawful in zip(changed, answers, strict=True) if not lawful]
    after = sum(asked[number][3] for number in chosen)
    held = search.case.providers.held.keys() | search.case.fixed
    while refused:
        # The least of each conflict goes; what is left may be better still than what was there.
        for house in refused:
            conflict = search.judge.minimal(wanted[house])
            search.rooms[house].learn(conflict)
            search.tired[house] = 1.0
            least = min(conflict, key=lambda option: (int(search.gain[option]), -option))
            if int(search.case.options.family[least]) in held:
                return 0
            wanted[house].remove(least)
            after -= int(search.gain[least])
        answers = search.judge.stand([wanted[house] for house in refused])
        refused = [house for house, lawful in zip(refused, answers, strict=True) if not lawful]
    if after <= before:
        return 0
    for house in changed:
        for option in list(search.plan.held[house]):
            search.plan.drop(option)
    for house in changed:
        for option in wanted[house]:
            search.plan.put(option)
    return after - before
