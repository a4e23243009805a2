"""The columns that somebody told once, kept for the next list with the same titles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rpe_geo.files import replacing
from rpe_geo.folding import fold_words

__all__ = ["remember", "remembered"]

_KEPT = 200
"""Lists remembered; the oldest are forgotten."""


def _key(kind: str, titles: Sequence[str]) -> str:
    joined = "|".join(sorted(fold_words(title) for title in titles))
    return f"{kind}:{hashlib.sha256(joined.encode()).hexdigest()[:16]}"


def _read(memory: Path) -> dict[str, dict[str, str]]:
    try:
        kept = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def remembered(memory: Path | None, kind: str, titles: Sequence[str]) -> dict[str, str]:
    """
    Find what was told of a list with these titles.

    Parameters
    ----------
    memory
        The file; None remembers nothing.
    kind
        Kind of record.
    titles
        Columns of the list, in any order.

    Returns
    -------
    dict
        Field → title, or `=` and a word for every row.
    """
    if memory is None:
        return {}
    kept = _read(memory).get(_key(kind, titles), {})
    by_fold = {fold_words(title): title for title in titles}
    return {
        str(name): str(column) if str(column).startswith("=") else by_fold[fold_words(str(column))]
        for name, column in kept.items()
        if str(column).startswith("=") or fold_words(str(column)) in by_fold
    }


def remember(memory: Path, kind: str, titles: Sequence[str], told: Mapping[str, str]) -> None:
    """
    Keep what was told of a list; titles and fields only, never what stands in it.

    Parameters
    ----------
    memory
        The file, replaced whole.
    kind, titles
        The list.
    told
        Field → title.
    """
    kept = _read(memory)
    key = _key(kind, titles)
    kept.pop(key, None)
    if told:
        kept[key] = dict(told)
    with replacing(memory) as temporary:
        lines = json.dumps(dict(list(kept.items())[-_KEPT:]), ensure_ascii=False, indent=1)
        temporary.write_text(lines + "\n", "utf-8")
