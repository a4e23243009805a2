"""Folding of titles and words: without case, accents or signs."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold", "tokens"]


def fold(text: str) -> str:
    """
    Lower a text, take its accents off, and make every sign a space.

    Parameters
    ----------
    text
        « Capacité d'accueil ».

    Returns
    -------
    str
        « capacite d accueil ».

    Examples
    --------
    >>> fold("Œuvre d'ACCUEIL")
    'oeuvre d accueil'
    """
    text = text.replace("œ", "oe").replace("Œ", "OE")
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", " ", flat.lower()).strip()


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
    return fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title)).split()
