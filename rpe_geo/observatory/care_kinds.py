"""
What a listed place counts as: places in a facility, individual care, or no place of care for children under three.

A MAM is individual care (CASF L.424-1: assistantes maternelles who work together). An accueil périscolaire, a centre de
loisirs or a school keeps older children; a RPE, a LAEP, a PMI or a ludothèque keeps none.
"""

from __future__ import annotations

import re

import pandas as pd

from rpe_geo.folding import fold_words

__all__ = ["care_modes", "itinerant_services"]

_NO_CARE = re.compile(
    r"\b(rpe|rape|ram|rami|rap|ripe|rpam|ramip|relais (petite enfance|assistant\w*|d assistant\w*|parents?)|laep"
    r"|lieux? d accueil enfants? parents?|enfants? parents?|pmi|protection maternelle|ludotheques?|peri ?scolaires?"
    r"|extra ?scolaires?|alsh|alae|clae|clsh|acm|centres? (de loisirs|aeres?|social|socio\w*)|accueils? (de|collectif de) "
    r"(loisirs|mineurs)|garderies? (peri ?)?scolaires?|ecoles?|maternelle|elementaire|school|colleges?|lycees?)\b"
)
_CARE = re.compile(
    r"\b(creches?|micro ?creches?|multi ?accueils?|haltes? ?garderies?|haltes? ?jeux|jardins? d (enfants?|eveil)"
    r"|eaje|childcare|kindergarten|nursery|pouponniere|garderies? (d enfants|parentale)|services? d accueil familial"
    r"|structures? d accueil (de )?(la )?petite enfance|maisons? de la petite enfance)\b"
)
_MAM = re.compile(r"\b(mam|maisons? (d |des )?assistant\w*|assistant\w* maternel\w*)\b")
_ITINERANT = re.compile(r"\b(itinerant\w*|ambulant\w*|mobiles?|bus|camping car|nomades?)\b")
_DAYS = re.compile(
    r"\b(lundis?|mardis?|mercredis?|jeudis?|vendredis?|samedis?|matin|apres midi|semaines?|paires?|impaires?|\d+)\b"
)


def care_modes(kinds: pd.Series, names: pd.Series) -> pd.Series:
    """
    Say what each place counts as.

    Parameters
    ----------
    kinds, names
        The producer's word and the name, on one index.

    Returns
    -------
    Series
        « places_facility », « places_childminder » (MAM), or "" for what is no place of care. The kind decides where it says
        something, else what the name says first; a place of which nothing is understood is held for a facility.
    """
    return pd.Series(
        [
            _mode(fold_words(str(kind)), fold_words(str(name)))
            for kind, name in zip(kinds, names, strict=True)
        ],
        index=kinds.index,
        dtype=object,
    )


def _mode(kind: str, name: str) -> str:
    for text in (kind, name):
        found = [
            (match.start(), mode)
            for pattern, mode in (
                (_MAM, "places_childminder"),
                (_CARE, "places_facility"),
                (_NO_CARE, ""),
            )
            if (match := pattern.search(text))
        ]
        if found:
            return min(found)[1]
    return "places_facility"


def itinerant_services(kinds: pd.Series, names: pd.Series) -> pd.Series:
    """
    Find the stops of itinerant services: a bus that stands in five villages is one service.

    Parameters
    ----------
    kinds, names
        The producer's word and the name of each stop, on one index.

    Returns
    -------
    Series
        Name of the service of each stop, without its days and what follows a dash, a comma or a bracket; None for a place
        that stays.
    """
    services: list[str | None] = []
    for kind, name in zip(kinds, names, strict=True):
        if not _ITINERANT.search(fold_words(f"{kind} {name}")):
            services.append(None)
            continue
        head = re.split(r"\s[-–—]\s|[,(:;/]", str(name))[0]
        services.append(" ".join(_DAYS.sub(" ", fold_words(head)).split()) or fold_words(str(kind)))
    return pd.Series(services, index=kinds.index, dtype=object)
