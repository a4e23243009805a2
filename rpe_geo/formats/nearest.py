"""The known name that somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nearest_name"]

_ALIKE = 75.0


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """
    Find the known name nearest to a misspelt one.

    Parameters
    ----------
    name
        What was written.
    known
        The names that exist.

    Returns
    -------
    str or None
        The nearest name, None when nothing looks like it.
    """
    # Imported where a name is misspelt: most files have none.
    from rapidfuzz import fuzz, process
    from rapidfuzz.utils import default_process

    found = process.extractOne(
        name, list(known), scorer=fuzz.ratio, processor=default_process, score_cutoff=_ALIKE
    )
    return found[0] if found else None
