"""What the relais did: counts of a period from the facts noted on its requests, as a page and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.dependencies import TodayDep
from api.pages.rendering import render
from api.pages.work import WorkDep
from rpe_geo.desk.activity import Activity, Delay, activity, months_of
from rpe_geo.messages.casework import CHANNELS, MESSAGES
from rpe_geo.messages.french import MONTHS, number

__all__ = ["router"]

router = APIRouter(prefix="/pro/activite")
_LONGEST = 3 * 366
_SOLUTIONS = {
    "childminder": "Assistant·e maternel·le",
    "mam": "MAM",
    "facility": "Crèche ou autre lieu",
    "shared": "Semaine partagée entre deux accueils",
    "other": "Autre solution",
}
_ANSWERS = {"accepted": "Acceptées", "refused": "Refusées", "waiting": "En attente"}
_FIGURES = (
    ("received", "Demandes reçues"),
    ("solved", "Solutions trouvées"),
    ("unsolved", "Closes sans solution"),
    ("withdrawn", "Retirées par la famille"),
    ("open_at_end", "Encore ouvertes à la fin"),
    ("proposals", "Propositions faites"),
)
_DELAYS = (
    ("first_answer", "Jusqu’à la première réponse"),
    ("first_proposal", "Jusqu’à la première proposition"),
    ("solution", "Jusqu’à la solution"),
)


@dataclass(frozen=True)
class Period:
    """The days that are counted, and what is wrong with those asked for."""

    first: date
    last: date
    fault: str | None = None

    @classmethod
    def read(cls, first: str, last: str, today: date) -> Period:
        """Read two days; without them, the year so far."""
        year = cls(date(today.year, 1, 1), today)
        if not first and not last:
            return year
        try:
            begin = date.fromisoformat(first) if first else year.first
            end = date.fromisoformat(last) if last else today
        except ValueError:
            return cls(year.first, year.last, "Choisissez deux jours.")
        if begin > end:
            return cls(year.first, year.last, "Le premier jour vient après le dernier.")
        if (end - begin).days > _LONGEST:
            return cls(year.first, year.last, "Choisissez une période de trois ans au plus.")
        return cls(begin, end)


def _usual(today: date) -> list[tuple[str, date, date]]:
    """List the periods that are one tap away."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    return [
        (f"Année {today.year}", date(today.year, 1, 1), today),
        (f"Année {today.year - 1}", date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        ("Ce trimestre", quarter, today),
        (f"{MONTHS[before.month - 1].capitalize()}", before.replace(day=1), before),
    ]


def _bars(counts: Any, names: Any) -> list[dict[str, Any]]:
    """Sort counts for a table with bars: the largest first, 100 long."""
    most = max(counts.values(), default=0)
    return [
        {"nom": names(key), "combien": count, "part": round(100 * count / most)}
        for key, count in sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))
        if count
    ]


def _reason(key: str) -> str:
    return MESSAGES[f"reason_{key}"]


@router.get("")
def page(request: Request, work: WorkDep, today: TodayDep, du: str = "", au: str = "") -> Response:
    """Count a period."""
    period = Period.read(du, au, today)
    events = work.casework.store.events()
    counted = activity(events, period.first, period.last)
    months = [
        (first, activity(events, first, last))
        for first, last in months_of(period.first, period.last)
    ]
    most = max((one.received for _, one in months), default=0)
    return render(
        request,
        "activite.html",
        status=422 if period.fault else 200,
        session=work.session,
        periode=period,
        usuelles=_usual(today),
        bilan=counted,
        chiffres=[(words, getattr(counted, name)) for name, words in _FIGURES],
        delais=[(words, getattr(counted, name)) for name, words in _DELAYS],
        mois=[
            {
                "nom": f"{MONTHS[first.month - 1]} {first.year}",
                "bilan": one,
                "part": round(100 * one.received / most) if most else 0,
            }
            for first, one in months
        ],
        reponses=_bars(counted.answers, _ANSWERS.__getitem__),
        motifs=_bars(counted.refusals, _reason),
        canaux=_bars(counted.contacts, CHANNELS.__getitem__),
        solutions=_bars(counted.solutions, _SOLUTIONS.__getitem__),
    )


@router.get("/activite.csv")
def table(work: WorkDep, today: TodayDep, du: str = "", au: str = "") -> Response:
    """Write the same counts as a table, the whole period and its months, for a spreadsheet."""
    period = Period.read(du, au, today)
    events = work.casework.store.events()
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(("du", "au", "rubrique", "detail", "valeur"))
    for first, last in [(period.first, period.last), *months_of(period.first, period.last)]:
        counted = activity(events, first, last)
        for heading, detail, value in _rows(counted):
            writer.writerow((first.isoformat(), last.isoformat(), heading, detail, value))
    work.audit("export", "activity", f"{period.first}/{period.last}")
    name = f"activite-{period.first}-{period.last}.csv"
    return Response(
        # The mark tells spreadsheets that the text is UTF-8.
        written.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _rows(counted: Activity) -> Iterator[tuple[str, str, str]]:
    for name, words in _FIGURES:
        yield "Demandes", words, str(getattr(counted, name))
    for heading, counts, names in (
        ("Réponses aux propositions", counted.answers, _ANSWERS.__getitem__),
        ("Motifs de refus", counted.refusals, _reason),
        ("Échanges", counted.contacts, CHANNELS.__getitem__),
        ("Solutions", counted.solutions, _SOLUTIONS.__getitem__),
    ):
        for line in _bars(counts, names):
            yield heading, line["nom"], str(line["combien"])
    for name, words in _DELAYS:
        delay: Delay = getattr(counted, name)
        for what, value in (("médiane", delay.median), ("neuf sur dix", delay.nine_tenths)):
            if value is not None:
                written = number(value).replace("\u202f", "")
                yield "Délais en jours", f"{words}, {what}", written
