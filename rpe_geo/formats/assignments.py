"""The files of a commission: times, decisions by hand and wishes of professionals in; the result out."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np

from rpe_geo.commission.bareme import Bareme
from rpe_geo.commission.fixes import Fix
from rpe_geo.commission.metrics import costs_between
from rpe_geo.commission.policies import Outcome
from rpe_geo.commission.run import Assignment
from rpe_geo.commission.values import HUNDREDTHS
from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes
from rpe_geo.messages.commission import phrase_reason

__all__ = ["assignment_json", "assignment_xlsx", "read_fixes", "read_own_wishes", "read_previous"]


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Read a small CSV file as rows of text; commas or semicolons."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidFile("file_not_utf8", where=Where(file=path.name)) from None
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(StringIO(text), delimiter=";" if ";" in header else ",")
    found = [(name or "").strip() for name in reader.fieldnames or ()]
    missing = [name for name in columns if name not in found]
    if missing:
        raise InvalidFile(
            "column_missing", where=Where(file=path.name), missing=missing, found=found
        )
    return [
        {
            (key or "").strip(): (value or "").strip()
            for key, value in row.items()
            if isinstance(value, str)
        }
        for row in reader
    ]


def read_fixes(path: Path) -> tuple[Fix, ...]:
    """Read decisions by hand: `request_id, provider_id (empty for none), reason`."""
    fixes = []
    for number, row in enumerate(_rows(path, ("request_id", "provider_id", "reason")), start=1):
        if not row["request_id"]:
            raise InvalidRecord(
                "cell_empty", where=Where(file=path.name, row=number, field="request_id"), given=""
            )
        if not row.get("reason"):
            raise InvalidRecord(
                "cell_empty", where=Where(file=path.name, row=number, field="reason"), given=""
            )
        fixes.append(Fix(row["request_id"], row["provider_id"] or None, row["reason"]))
    return tuple(fixes)


def read_own_wishes(path: Path) -> tuple[tuple[str, str, int], ...]:
    """Read the wishes of professionals: `provider_id, request_id, rank` (1 is the dearest)."""
    wishes = []
    for number, row in enumerate(_rows(path, ("provider_id", "request_id", "rank")), start=1):
        if not row["rank"].isdigit():
            raise InvalidRecord(
                "cell_not_a_number",
                where=Where(file=path.name, row=number, field="rank"),
                given=row["rank"],
            )
        wishes.append((row["provider_id"], row["request_id"], int(row["rank"])))
    return tuple(wishes)


def read_previous(path: Path) -> dict[str, str]:
    """Read who went where from an earlier result."""
    from rpe_geo.formats.json_files import parse_json

    content = parse_json(read_bytes(path), path.name)
    try:
        return {one["request_id"]: one["provider_id"] for one in content["assignments"]}
    except (KeyError, TypeError):
        raise InvalidFile("previous_unreadable", where=Where(file=path.name)) from None


def bareme_json(bareme: Bareme) -> dict[str, Any]:
    """Write a barème as it was applied."""
    return {
        "title": bareme.title,
        "valid_from": None if bareme.valid_from is None else bareme.valid_from.isoformat(),
        "source": bareme.source,
        "criteria": [
            {
                "id": one.criterion_id,
                "title": one.title,
                "points": _number(one.points),
                "maximum": one.maximum,
                "group": one.group,
                "priority": one.priority,
                "source": one.source,
            }
            for one in bareme.criteria
        ],
        "reserved": [
            {"provider": one.provider_id, "places": one.places, "criterion": one.criterion_id}
            for one in bareme.reserved
        ],
    }


def _number(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else round(float(value), 4)


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    value, bound = outcome.plan.value, outcome.bound
    return {
        "policy": outcome.policy,
        "objective": value / HUNDREDTHS,
        "bound": bound / HUNDREDTHS,
        "gap": round((bound - value) / bound, 6) if bound else 0.0,
        "proof": outcome.proof,
        "minutes_bound": outcome.minutes_bound,
        "metrics": dict(outcome.metrics),
    }


def assignment_json(found: Assignment) -> dict[str, Any]:
    """
    Write a result.

    Parameters
    ----------
    found
        The assignment.

    Returns
    -------
    dict
        INTERFACES « assign »: no NaN, no Infinity.
    """
    case, ranks, outcome = found.case, found.ranks, found.outcome
    options, name_of = case.options, case.providers.name_of
    fixes = {fix.request_id: fix.reason for fix in found.ask.fixes}
    assignments: list[dict[str, Any]] = []
    unassigned: list[dict[str, Any]] = []
    for family, option in enumerate(outcome.plan.chosen):
        request = case.requests[family]
        reason = found.reasons[family]
        said = phrase_reason(reason.code, reason.values, name_of)
        if request.request_id in fixes:
            said = f"Décision de la commission : {fixes[request.request_id]}"
        if option >= 0:
            provider = int(options.provider[option])
            minutes = float(options.minutes[option])
            assignments.append(
                {
                    "request_id": request.request_id,
                    "provider_kind": case.providers.kind_of(provider),
                    "provider_id": case.providers.id_of(provider),
                    "start": date.fromordinal(int(options.start[option])).isoformat(),
                    "minutes": None if np.isnan(minutes) else minutes,
                    "hours_share": float(options.hours_share[option]),
                    "children": len(request.children),
                    "points": _number(ranks.points(family, provider)),
                    "points_parts": {
                        one: _number(worth) for one, worth in ranks.details[family].items()
                    },
                    "choice": ranks.taste[option] + 1,
                    "value": int(options.value[option]) / HUNDREDTHS,
                    "reason": said,
                }
            )
        else:
            change = dict(reason.change)
            if "provider" in change:
                change["provider_id"] = case.providers.id_of(change.pop("provider"))
            unassigned.append(
                {
                    "request_id": request.request_id,
                    "points": _number(ranks.base[family]),
                    "points_parts": {
                        one: _number(worth) for one, worth in ranks.details[family].items()
                    },
                    "lot": ranks.lots[family],
                    "waiting_rank": found.waiting.index(family) + 1,
                    "reason": said,
                    "smallest_change": change,
                }
            )
    unassigned.sort(key=lambda one: one["waiting_rank"])
    answer = _outcome_json(outcome)
    weights = case.weights
    written = {
        "policy": outcome.policy,
        "seed": found.ask.seed,
        "parameters": {
            "today": case.today.isoformat(),
            "value": {
                "formula": "enfants × (par heure × heures couvertes − par minute × min(minutes, plafond) + vœu × (1 − rang / vœux) − par semaine × semaines après la date)",
                "per_hour": weights.per_hour,
                "per_minute": weights.per_minute,
                "minutes_max": weights.minutes_max,
                "dearest_wish": weights.dearest_wish,
                "per_week_later": weights.per_week_later,
            },
            "lot": "SHA-256 de « graine:demande », la plus petite empreinte d’abord",
            "bareme": bareme_json(found.ask.bareme),
            "fixes": [
                {"request_id": fix.request_id, "provider_id": fix.provider_id, "reason": fix.reason}
                for fix in found.ask.fixes
            ],
            "left_out": list(case.providers.left_out),
        },
        "assignments": assignments,
        "unassigned": unassigned,
        **{name: answer[name] for name in ("objective", "bound", "gap", "proof", "minutes_bound")},
        "stopped_by": found.stopped_by,
        "metrics": answer["metrics"],
        "envies": [
            {
                "request_id": case.requests[one].request_id,
                "envied_request_id": case.requests[other].request_id,
                "provider_id": case.providers.id_of(int(options.provider[option])),
            }
            for one, other, option in outcome.envies.pairs
        ],
    }
    if len(found.outcomes) > 1:
        costs = costs_between(case, [one.plan for one in found.outcomes])
        names = [one.policy for one in found.outcomes]
        written["policies"] = [
            {
                **_outcome_json(one),
                "against": {
                    name: cost for name, cost in zip(names, row, strict=True) if name != one.policy
                },
            }
            for one, row in zip(found.outcomes, costs, strict=True)
        ]
    return written


def assignment_xlsx(written: Mapping[str, Any]) -> bytes:
    """Write a result as a workbook: attributions, waiting list, policies, barème."""
    from openpyxl import Workbook

    book = Workbook()
    sheets = {
        "Attributions": written["assignments"],
        "Liste d’attente": written["unassigned"],
        "Façons d’attribuer": [
            {**{k: v for k, v in one.items() if k != "metrics"}, **one["metrics"]}
            for one in written.get(
                "policies", [{"policy": written["policy"], "metrics": written["metrics"]}]
            )
        ],
        "Barème": written["parameters"]["bareme"]["criteria"],
    }
    for number, (title, rows) in enumerate(sheets.items()):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        sheet.title = title
        columns = list(rows[0]) if rows else ["(vide)"]
        sheet.append(columns)
        for row in rows:
            sheet.append([_cell(row.get(column)) for column in columns])
        sheet.freeze_panes = "A2"
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cell(value: Any) -> Any:
    """Write a cell; text that begins like a formula is kept from being one."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, str) and value[:1] in "=+-@":
        return f"'{value}"
    return value
