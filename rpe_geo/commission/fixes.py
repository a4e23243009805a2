"""Decisions by hand: a family goes where people say, or nowhere, and everything else is worked out around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from rpe_geo.commission.case import Case, Options
from rpe_geo.errors import InputError
from rpe_geo.matching.feasibility import evaluate
from rpe_geo.messages.rules import refusal_sentence

__all__ = ["Fix", "with_fixes"]


@dataclass(frozen=True)
class Fix:
    """One decision by hand; `provider_id` None leaves the family without a place."""

    request_id: str
    provider_id: str | None
    reason: str = ""


def with_fixes(case: Case, fixes: Sequence[Fix]) -> Case:
    """
    Keep, of the families decided by hand, only the options that were decided.

    Parameters
    ----------
    case
        The commission.
    fixes
        The decisions.

    Returns
    -------
    Case
        The same with fewer options.

    Raises
    ------
    InputError
        For a family or provider that nobody knows, a family decided twice, or a place that the rules refuse.
    """
    if not fixes:
        return case
    families = {request.request_id: number for number, request in enumerate(case.requests)}
    kept = np.ones(len(case.options), dtype=np.bool_)
    fixed: set[int] = set()
    seen: set[str] = set()
    for fix in fixes:
        if fix.request_id in seen:
            raise InputError("fix_twice", request_id=fix.request_id)
        seen.add(fix.request_id)
        known = fix.provider_id is None or fix.provider_id in case.providers.numbers
        if fix.request_id not in families or not known:
            raise InputError(
                "fix_unknown", request_id=fix.request_id, provider_id=fix.provider_id or "–"
            )
        family = families[fix.request_id]
        mine = case.options.family == family
        if fix.provider_id is None:
            kept &= ~mine
            continue
        number = case.providers.numbers[fix.provider_id]
        there = mine & (case.options.provider == number)
        if not there.any():
            raise InputError(
                "fix_unlawful",
                request_id=fix.request_id,
                provider_id=fix.provider_id,
                why=_why(case, family, number),
            )
        kept &= ~mine | there
        fixed.add(family)
    chosen = np.flatnonzero(kept)
    options = Options(*(getattr(case.options, one.name)[chosen] for one in fields(Options)))
    return replace(case, options=options, fixed=frozenset(fixed))


def _why(case: Case, family: int, number: int) -> str:
    """Say which rules refuse, or that the way is too long or not known."""
    if not case.providers.is_facility(number):
        (verdict,) = evaluate(
            case.providers.minders_registry, case.requests[family], today=case.today, only=[number]
        )
        if verdict.refusals:
            return " ".join(refusal_sentence(refusal) for refusal in verdict.refusals)
        return "le trajet dépasse les minutes acceptées, ou n’est pas connu."
    return "l’âge, les horaires ou le trajet ne vont pas."
