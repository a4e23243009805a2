"""Fold French text, so that what is typed and what is written compare equal: the only place that forgets accents."""

from __future__ import annotations

import unicodedata

__all__ = ["fold", "fold_words", "without_accents"]

_LIGATURES = str.maketrans(
    {
        "œ": "oe",
        "Œ": "Oe",
        "æ": "ae",
        "Æ": "Ae",
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "’": "'",
        "ʼ": "'",
        "‘": "'",
    }
)
_DEGREES = str.maketrans("°º", "  ")


def without_accents(text: str) -> str:
    """
    Write a text without accents or ligatures, with straight apostrophes; capitals and signs stay.

    Parameters
    ----------
    text
        What somebody wrote.

    Returns
    -------
    str
        The same, in bare letters.

    Examples
    --------
    >>> without_accents("Rue du Sacré-Cœur, l’été")
    "Rue du Sacre-Coeur, l'ete"
    """
    text = text.translate(_LIGATURES)
    if text.isascii():
        return text
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )


def fold(text: str) -> str:
    """
    Write a text without accents, ligatures or capitals; signs stay.

    Parameters
    ----------
    text
        What somebody wrote.

    Returns
    -------
    str
        The same, folded.

    Examples
    --------
    >>> fold("Œuvres d'ÉTÉ")
    "oeuvres d'ete"
    """
    # NFKD would make an « o » of the sign of « nº 4 ».
    return without_accents(text.translate(_DEGREES)).lower()


def fold_words(text: str) -> str:
    """
    Fold a text and write every sign as one space, to compare names or to search.

    Parameters
    ----------
    text
        What somebody wrote.

    Returns
    -------
    str
        Folded words, one space between them.

    Examples
    --------
    >>> fold_words("L’Œuvre – capacité d'ACCUEIL")
    'l oeuvre capacite d accueil'
    """
    return " ".join("".join(sign if sign.isalnum() else " " for sign in fold(text)).split())
