"""The inbox: every request with its status, filtered and searched; what is looked for is never in an address of a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.datastructures import FormData, QueryParams

from api.pages.work import Work
from rpe_geo.desk.casework import CLOSED
from rpe_geo.folding import fold_words
from rpe_geo.relais.casework import Case

__all__ = ["Sought", "inbox_values", "matches"]

OPEN = ("new", "in_progress", "proposed")
STATES = (*OPEN, "accepted", "withdrawn", "unsolved")
TAGS = {"new": "new", "proposed": "info", "accepted": "ok", "unsolved": "error"}
AGES: dict[str, tuple[str, timedelta, bool]] = {
    "semaine": ("Reçues depuis 7 jours", timedelta(days=7), True),
    "mois": ("Reçues depuis 30 jours", timedelta(days=30), True),
    "plus-mois": ("Reçues il y a plus de 30 jours", timedelta(days=30), False),
    "plus-trimestre": ("Reçues il y a plus de 90 jours", timedelta(days=90), False),
}
_LISTED = 60


def matches(sought: str, texts: Iterable[str]) -> bool:
    """Tell whether every word that is looked for lies within one of the texts; short ones at the beginning of a word."""
    within = f" {' '.join(fold_words(text) for text in texts)}"
    together = within.replace(" ", "")
    words = fold_words(sought).split()
    figures = "".join(words)
    if figures.isdecimal() and len(figures) >= 4:
        # A telephone number is found however it is spaced.
        return figures in together
    return all((word if len(word) > 2 else f" {word}") in within for word in words)


@dataclass(frozen=True)
class Sought:
    """What the inbox is asked for."""

    text: str = ""
    state: str = ""
    age: str = ""

    @classmethod
    def read(cls, given: FormData | QueryParams, *, text: str = "") -> Sought:
        """Read the filters; words that are none are passed over."""
        state, age = str(given.get("etat", "")), str(given.get("age", ""))
        return cls(
            text.strip()[:100],
            state if state in {*STATES, "toutes"} else "",
            age if age in AGES else "",
        )

    def __bool__(self) -> bool:
        return bool(self.text or self.state or self.age)

    def keeps(self, case: Case, now: datetime) -> bool:
        """Tell whether a case is asked for; without a state, those that wait for something, or any that is named."""
        if self.state not in {"", "toutes"} and case.status != self.state:
            return False
        if not self.state and not self.text and case.status in CLOSED:
            return False
        if self.age:
            _, length, younger = AGES[self.age]
            if case.received_at is None or (now - case.received_at <= length) != younger:
                return False
        contact = case.contact
        said = (str(contact.get(name, "")) for name in ("nom", "contact"))
        return matches(self.text, (case.request.request_id, case.request.address, *said))


def inbox_values(work: Work, sought: Sought | None = None) -> dict[str, Any]:
    """Gather what the inbox shows beside every page of the requests."""
    asked, now = sought or Sought(), datetime.now(UTC)
    cases = work.casework.inbox()
    counts = {name: sum(case.status == name for case in cases) for name in STATES}
    shown = [case for case in cases if asked.keeps(case, now)]
    return {
        "session": work.session,
        "cas": shown[:_LISTED],
        "cas_de_plus": max(0, len(shown) - _LISTED),
        "cas_trouves": len(shown),
        "cherche": asked,
        "etats": [(name, counts[name]) for name in STATES if counts[name]],
        "ages": {name: words for name, (words, _, _) in AGES.items()},
        "a_suivre": sum(counts[name] for name in OPEN),
        "etiquettes": TAGS,
    }
