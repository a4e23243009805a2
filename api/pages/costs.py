"""What would be left to pay: one childminder and one crèche of the answer side by side, with the calculation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from maps.cards import Card
from rpe_geo.domain import Childminder, Facility
from rpe_geo.messages.french import NBSP, number, typeset
from rpe_geo.relais.suggest import Suggestions
from rpe_geo.verdicts import CostEstimate

__all__ = ["cost_panel"]

_GAP = 0.4
"""Space between two parts of a bar, in hundredths of its width."""


@dataclass(frozen=True)
class CostBar:
    """
    One way of care and its price for this family.

    Parameters
    ----------
    label
        What is paid.
    cost
        Per month.
    parts
        Class, begin and width of each part of the bar, in hundredths of the dearest.
    """

    label: str
    cost: CostEstimate
    parts: tuple[tuple[str, float, float], ...]

    @property
    def remaining(self) -> float:
        """What is left after the tax credit, in euros a month."""
        return self.cost.reste_a_charge - self.cost.tax_credit


def cost_panel(answer: Suggestions, cards: Sequence[Card]) -> dict[str, Any]:
    """
    Compare what the kinds of care near a family would cost her.

    Parameters
    ----------
    answer
        To a request with a household, or without: then there is nothing to compare.
    cards
        The suggestions as the family reads them.

    Returns
    -------
    dict
        For the template: `barres`, and in words the hours that are priced.
    """
    priced = [(card, cost) for card in cards if (cost := card.suggestion.cost) is not None]
    chosen = [
        picked
        for kind in (Childminder, Facility)
        if (picked := _median([one for one in priced if isinstance(one[0].provider, kind)]))
    ]
    widest = max((cost.gross_cost for _, cost in chosen), default=0.0)
    bars = [
        CostBar(_label(card), cost, _parts(cost, widest)) for card, cost in chosen if widest > 0
    ]
    weekly = float(answer.request.schedule.quarters_per_week) / 4
    return {"barres": bars, "heures_semaine": typeset(f"{number(weekly)}{NBSP}h par semaine")}


def _median(priced: list[tuple[Card, CostEstimate]]) -> tuple[Card, CostEstimate] | None:
    """Take the one in the middle: neither the cheapest nor the dearest speaks for the others."""
    ordered = sorted(priced, key=lambda pair: pair[1].reste_a_charge)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def _label(card: Card) -> str:
    provider = card.provider
    if isinstance(provider, Childminder) and provider.hourly_rate is not None:
        return f"Assistant·e maternel·le, {number(provider.hourly_rate, 2)}{NBSP}€ net de l’heure"
    if isinstance(provider, Facility) and provider.funding == "psu":
        return f"{card.what} (tarif national selon vos revenus)"
    return card.what


def _parts(cost: CostEstimate, widest: float) -> tuple[tuple[str, float, float], ...]:
    sums = (
        ("b-you", cost.reste_a_charge - cost.tax_credit),
        ("b-tax", cost.tax_credit),
        ("b-aid", cost.cmg),
    )
    begin, parts = 0.0, []
    for name, euros in sums:
        width = round(100 * max(euros, 0.0) / widest, 1)
        if width > _GAP:
            parts.append((name, round(begin, 1), round(width - _GAP, 1)))
        begin += width
    return tuple(parts)
