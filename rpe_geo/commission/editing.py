"""A barème edited line by line, as a page shows it; written back as the TOML that people publish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from rpe_geo.commission.bareme import Bareme
from rpe_geo.errors import InputError

__all__ = ["with_points", "written_bareme", "written_points"]

_MOST = 1000


def with_points(bareme: Bareme, typed: Mapping[str, str]) -> Bareme:
    """
    Change points as they were typed.

    Parameters
    ----------
    bareme
        As published.
    typed
        Criterion id to points as text, with a comma or a point; those that are not there stay.

    Returns
    -------
    Bareme
        As edited.

    Raises
    ------
    InputError
        For points that are missing or are no number from 0 to 1,000; naming the criterion.
    """
    criteria = []
    for criterion in bareme.criteria:
        text = typed.get(criterion.criterion_id)
        if text is None:
            criteria.append(criterion)
            continue
        words = text.strip().replace(",", ".").replace("\u202f", "")
        if not words:
            raise InputError("criterion_without_points", title=criterion.title)
        try:
            points = Fraction(words)
        except (ValueError, ZeroDivisionError):
            raise InputError(
                "criterion_points_wrong", title=criterion.title, given=text.strip()[:20]
            ) from None
        if not 0 <= points <= _MOST:
            raise InputError(
                "criterion_points_wrong", title=criterion.title, given=text.strip()[:20]
            )
        criteria.append(replace(criterion, points=points))
    return replace(bareme, criteria=tuple(criteria))


def written_bareme(bareme: Bareme) -> str:
    """Write a barème as TOML that `parse_bareme` reads back the same."""
    lines = [f"title = {_quoted(bareme.title)}"]
    if bareme.valid_from is not None:
        lines.append(f"valid_from = {bareme.valid_from.isoformat()}")
    lines.append(f"source = {_quoted(bareme.source)}")
    for one in bareme.criteria:
        lines += [
            "",
            "[[criteria]]",
            f"id = {_quoted(one.criterion_id)}",
            f"title = {_quoted(one.title)}",
            f"points = {written_points(one.points)}",
        ]
        if one.maximum != 1:
            lines.append(f"maximum = {_number(one.maximum)}")
        if one.group:
            lines.append(f"group = {_quoted(one.group)}")
        if one.priority:
            lines.append("priority = true")
        if one.at_provider:
            lines.append("at_provider = true")
        if one.source:
            lines.append(f"source = {_quoted(one.source)}")
    for reserved in bareme.reserved:
        lines += [
            "",
            "[[reserved]]",
            f"provider = {_quoted(reserved.provider_id)}",
            f"places = {reserved.places}",
            f"criterion = {_quoted(reserved.criterion_id)}",
        ]
    return "\n".join(lines) + "\n"


def written_points(points: Fraction) -> str:
    """Write points with every digit that they have."""
    return _number(float(points))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
