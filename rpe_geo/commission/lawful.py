"""
May these families be with this house together? The rules answer, with everybody's contracts laid in.

A set of options stands when each of its families is accepted with the contracts of all the others, and when each is
accepted in turn after those before it. The second question matters where two families fill the same too long day: each
would find it broken already by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from rpe_geo.commission.case import Case
from rpe_geo.commission.cribs import Stay, overfull
from rpe_geo.domain import Childminder, Contract, Request
from rpe_geo.matching.starts.first_starts import first_starts
from rpe_geo.rules.compiled import FOREVER, compile_registry
from rpe_geo.rules.patterns import REFERENCE_ORDINAL
from rpe_geo.schedule import Timetable, monday_of

__all__ = ["Judge"]

_SETS_AT_ONCE = 400


def _turned(timetable: Timetable, weeks: int) -> Timetable:
    """Begin a cycle some weeks later."""
    shift = weeks % len(timetable)
    if not shift:
        return timetable
    return Timetable(timetable.weeks[shift:] + timetable.weeks[:shift])


def contracts_of(request: Request, start: date, offered: Timetable | None) -> tuple[Contract, ...]:
    """
    Write the contracts that a family would have with a provider.

    Hours outside those offered occupy nothing. Week 1 of a need is the week of its wanted start, week 1 of a contract
    the week of its own, so a cycle is turned.

    Parameters
    ----------
    request
        The family's need.
    start
        First day of care.
    offered
        When the provider takes children; None when not known.

    Returns
    -------
    tuple of Contract
        One for each child.
    """
    first = monday_of(start)
    hours = _turned(request.schedule, (first - monday_of(request.start)).days // 7)
    if offered is not None:
        within = _turned(offered, (first.toordinal() - REFERENCE_ORDINAL) // 7)
        if not within.covers(hours):
            hours = hours.intersection(within)
    return tuple(
        Contract(f"{request.request_id}/{number}", start, hours, child.birth_date, request.end)
        for number, child in enumerate(request.children)
    )


@dataclass
class Judge:
    """
    Asks the rules about sets of options, and remembers what they said.

    Parameters
    ----------
    case
        The commission.
    """

    case: Case
    known: dict[tuple[int, ...], bool] = field(default_factory=dict)
    _contracts: dict[int, tuple[Contract, ...]] = field(default_factory=dict)

    def contracts(self, option: int) -> tuple[Contract, ...]:
        """Return the contracts of an option."""
        found = self._contracts.get(option)
        if found is None:
            case, options = self.case, self.case.options
            family, provider = int(options.family[option]), int(options.provider[option])
            if options.stays[option]:
                found = case.providers.held[family].contracts
            else:
                facility = case.providers.is_facility(provider)
                registry = (
                    case.providers.crib_registry if facility else case.providers.minders_registry
                )
                row = provider - case.providers.childminders * facility
                pattern = int(registry.hours[row])
                offered = None if pattern < 0 else registry.patterns.timetables[pattern]
                start = date.fromordinal(int(options.start[option]))
                found = contracts_of(case.requests[family], start, offered)
            self._contracts[option] = found
        return found

    def stand(self, sets: Sequence[Sequence[int]]) -> list[bool]:
        """
        Tell which sets of options of one house each may stand together.

        Parameters
        ----------
        sets
            Options, all of one house in each set; each lawful alone.

        Returns
        -------
        list of bool
            In order.
        """
        keys = [tuple(sorted(one)) for one in sets]
        asked = []
        for key in dict.fromkeys(keys):
            if key in self.known:
                continue
            if self._crib(key):
                self.known[key] = self._too_many(key) is None
            elif len(key) <= 1:
                self.known[key] = True
            else:
                asked.append(key)
        for first in range(0, len(asked), _SETS_AT_ONCE):
            some = asked[first : first + _SETS_AT_ONCE]
            self.known.update(zip(some, self._judge(some), strict=True))
        return [self.known[key] for key in keys]

    def _too_many(self, key: Sequence[int]) -> tuple[int, ...] | None:
        """Count a crèche's children section by section; return those that are too many."""
        case, options = self.case, self.case.options
        bands = case.providers.records[int(options.provider[key[0]])].agrement.legacy_ages or ()
        stays = [
            Stay(option, self.contracts(option), asked=not options.stays[option]) for option in key
        ]
        return overfull(bands, stays, int(case.providers.law["horizon_months"]))

    def minimal(self, options: Sequence[int]) -> tuple[int, ...]:
        """Return a smallest part of an unlawful set that is unlawful itself: no family of it can be left out."""
        if self._crib(options):
            return self._too_many(sorted(options)) or tuple(options)
        kept = list(options)
        for option in list(options):
            rest = [one for one in kept if one != option]
            if rest and not self.stand([rest])[0]:
                kept = rest
        return tuple(sorted(kept))

    def _crib(self, key: Sequence[int]) -> bool:
        return bool(key) and self.case.providers.is_facility(
            int(self.case.options.provider[key[0]])
        )

    def _judge(self, keys: Sequence[tuple[int, ...]]) -> list[bool]:
        """Lay a copy of the house for each question, and ask all questions at once."""
        case, options = self.case, self.case.options
        records: list[Childminder] = []
        questions: list[tuple[int, int, int]] = []  # set, option, row of the copy
        mams = {}
        for number, key in enumerate(keys):
            for option, others in self._questions(key):
                copy = f"#{len(questions)}"
                provider = int(options.provider[option])
                house = case.providers.members[case.providers.house[provider]]
                for member in house:
                    record = case.providers.records[member]
                    more = [
                        contract
                        for other in others
                        if options.provider[other] == member
                        for contract in self.contracts(other)
                    ]
                    changes: dict[str, object] = {
                        "childminder_id": record.childminder_id + copy,
                        "contracts": (*(record.contracts or ()), *more),
                    }
                    if record.mam_id is not None:
                        changes["mam_id"] = record.mam_id + copy
                        mam = case.providers.mams.get(record.mam_id)
                        if mam is not None:
                            mams[record.mam_id + copy] = replace(mam, mam_id=record.mam_id + copy)
                    if member == provider:
                        questions.append((number, option, len(records)))
                    records.append(replace(record, **changes))  # type: ignore[arg-type]
        lawful = [True] * len(keys)
        if not questions or case.needs is None:
            return lawful
        registry = compile_registry(records, tuple(mams.values()))
        which = np.array([options.family[option] for _, option, _ in questions])
        starts = np.array([options.start[option] for _, option, _ in questions])
        found = first_starts(
            registry,
            case.needs,
            which,
            np.array([row for _, _, row in questions]),
            case.providers.law,
            earliest=starts,
            latest=starts,
        )
        for (number, _, _), start in zip(questions, found.tolist(), strict=True):
            lawful[number] &= start != FOREVER
        return lawful

    def _questions(self, key: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
        """List who is asked, and whose contracts are laid in: all the others', and those before."""
        stays = self.case.options.stays
        asked = []
        for turn, option in enumerate(key):
            if stays[option]:
                continue
            asked.append((option, key[:turn] + key[turn + 1 :]))
            before = tuple(one for one in key if stays[one] or one in key[:turn])
            if 0 < len(before) < len(key) - 1:
                asked.append((option, before))
        return asked
