"""The week ribbon: seven columns in which a timetable is recognised at a glance."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from maps.style import PRUNE, STATES
from rpe_geo.messages.french import hours
from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK, Timetable

__all__ = ["week_ribbon"]

_FIRST, _LAST = 5 * 4, 22 * 4
_HEIGHT = 38.0
_LETTERS = "LMMJVSD"


def week_ribbon(need: Timetable, offered: Timetable | None = None, *, letters: bool = True) -> str:
    """
    Draw the first week of a need: covered hours full, missing ones outlined, the rest empty.

    Parameters
    ----------
    need
        The hours asked.
    offered
        The hours offered; None covers everything.
    letters
        Whether the days are named below.

    Returns
    -------
    str
        One SVG image with its words; 5 h to 22 h, what lies outside is told by the words.
    """
    covered = need if offered is None else need.intersection(offered)
    asked = need.slots[:QUARTERS_PER_WEEK]
    kept = covered.slots[:QUARTERS_PER_WEEK]
    error = STATES["error"]
    parts = []
    for day in range(7):
        ground = "#ECE6EE" if day < 5 else "#E3DBE6"
        parts.append(f'<rect x="{15 * day}" width="12" height="38" rx="2" fill="{ground}"/>')
        for slots, style in (
            (kept, f'fill="{PRUNE}"'),
            (asked & ~kept, f'fill="{error[1]}" stroke="{error[0]}" stroke-dasharray="2 1.5"'),
        ):
            for begin, end in _runs(slots[day * QUARTERS_PER_DAY : (day + 1) * QUARTERS_PER_DAY]):
                top = _HEIGHT * (begin - _FIRST) / (_LAST - _FIRST)
                tall = _HEIGHT * (end - begin) / (_LAST - _FIRST)
                parts.append(
                    f'<rect x="{15 * day}" y="{top:.1f}" width="12" height="{tall:.1f}" rx="1.5" {style}/>'
                )
    if letters:
        parts += [
            f'<text x="{15 * day + 6}" y="47" font-size="7.5" font-weight="600" fill="#574C5F" '
            f'text-anchor="middle">{letter}</text>'
            for day, letter in enumerate(_LETTERS)
        ]
    words = f"{hours(int(kept.sum()))} sur {hours(int(asked.sum()))} par semaine"
    tall_box = 49 if letters else 38
    return (
        f'<svg class="week" viewBox="0 0 102 {tall_box}" role="img" aria-label="{escape(words)}">'
        f"{''.join(parts)}</svg>"
    )


def _runs(day: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """List the spans of one day within the hours drawn."""
    edges = np.flatnonzero(np.diff(day[_FIRST:_LAST].astype(np.int8), prepend=0, append=0))
    return [(int(begin) + _FIRST, int(end) + _FIRST) for begin, end in edges.reshape(-1, 2)]
