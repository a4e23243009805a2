"""Parts of one question on all cores: numpy lets go of the interpreter while it counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_threads"]

_Part = TypeVar("_Part")
_Answer = TypeVar("_Answer")

_PAIRS_FOR_THREADS = 2048
"""Below, beginning a thread takes longer than what it would count."""


def in_threads(
    function: Callable[[_Part], _Answer], parts: Sequence[_Part], *, pairs: int
) -> list[_Answer]:
    """
    Answer every part, several at a time where there is enough to count.

    Parameters
    ----------
    function
        Works on arrays and changes nothing that two parts share.
    parts
        What it is asked.
    pairs
        How many pairs of a request and a childminder the parts have together.

    Returns
    -------
    list
        Answers in the order of the parts.
    """
    workers = 1 if pairs < _PAIRS_FOR_THREADS else min(os.cpu_count() or 1, len(parts))
    if workers < 2:
        return [function(part) for part in parts]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, parts))
