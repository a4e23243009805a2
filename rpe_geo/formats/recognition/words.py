"""The words of a column's title."""

from __future__ import annotations

import re

from rpe_geo.folding import fold_words

__all__ = ["tokens"]


def tokens(title: str) -> list[str]:
    """
    Split the title of a column into words, at signs and where capitals begin (`nomEquip`).

    Parameters
    ----------
    title
        Of a column.

    Returns
    -------
    list of str
        Folded words, in order.

    Examples
    --------
    >>> tokens("EQUIP_NOM"), tokens("nbPlaces")
    (['equip', 'nom'], ['nb', 'places'])
    """
    return fold_words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title)).split()
