"""The kind of a place in a producer's word or in its name: what is care for young children, and what is not."""

from __future__ import annotations

import re

from rpe_geo.folding import fold_words

__all__ = ["CARE", "CHILDMINDER", "facility_kind", "kind_of_code"]

CHILDMINDER = "assistante maternelle"
"""Somebody who keeps children at home: never a facility."""

CARE = frozenset(
    {
        "crèche",
        "micro-crèche",
        "multi-accueil",
        "halte-garderie",
        "jardin d'enfants",
        "jardin d'éveil",
        "MAM",
    }
)
"""Kinds whose places are places of care for children under six."""

_KINDS: tuple[tuple[str, str], ...] = (
    (r"micro\s?creches?", "micro-crèche"),
    (r"multi\s?accueils?|etablissements? multi accueil", "multi-accueil"),
    (r"haltes?\s?garderies?|haltes? jeux|garderies? (?:d enfants|parentale)", "halte-garderie"),
    (
        (r"creches?|creches? (?:familiale|collective|parentale)|eaje|kindergarten|childcare|nursery|pouponniere" r"|service d accueil familial|structures? d accueil (?:de )?(?:la )?petite enfance"
         r"|etablissements? d accueil (?:du |de |des |de la )?(?:jeunes? enfants?|petite enfance)|garderies? d entreprise"),
        "crèche",
    ),
    (r"jardins? d enfants?", "jardin d'enfants"),
    (r"jardins? d eveil", "jardin d'éveil"),
    (r"laep|accueils? parents? enfants?|accueils? enfants? parents?|lieux? accueil enfants? parents?|lieux? d accueil (?:des )?enfants? (?:et )?parents?|lieux? d accueil parents? enfants?", "LAEP"),
    (
        (r"rpe|rape|ram|rami|rap|ripe|rpam|ramip" r"|relais (?:de la |de )?(?:petite enfance|(?:d )?assistant\w*|accueil petite enfance|parents?|intercommunal|itinerant)"),
        "RPE",
    ),
    (r"pmi|protection maternelle", "PMI"),
    (r"mam|maisons? (?:d |des )?assistant\w*", "MAM"),
    (r"assistant\w* maternel\w*", CHILDMINDER),
    (
        (r"(?:accueils?|garderies?|services?)? ?peri\s?scolaires?|garderies? (?:scolaire|municipale|du matin|du soir)" r"|extra\s?scolaires?|alae|clae|alp|aps"),
        "périscolaire",
    ),
    (
        r"(?:centres?|accueils?) (?:de |des )?loisirs?(?: \w+ hebergement)?|alsh|clsh|centres? aeres?|acm",
        "centre de loisirs",
    ),
    (r"(?:ecoles? )?maternelles?", "école maternelle"),
    (r"ecoles?(?: elementaires?| primaires?)?|groupes? scolaires?|school", "école"),
    (r"ludotheques?", "ludothèque"),
)  # fmt: skip
"""Word patterns, folded → the kind; a RAM became an RPE by the ordonnance of 19 May 2021."""
_PATTERNS = tuple((re.compile(rf"\b(?:{pattern})\b"), kind) for pattern, kind in _KINDS)


_CODES = {
    "cc": "crèche", "cf": "crèche", "cp": "crèche", "ce": "crèche", "saf": "crèche", "d502": "crèche", "eaje": "crèche",
    "hg": "halte-garderie", "ma": "multi-accueil", "mac": "multi-accueil", "maf": "multi-accueil", "mcf": "multi-accueil",
    "mc": "micro-crèche", "mcr": "micro-crèche", "je": "jardin d'enfants", "jev": "jardin d'éveil",
    "d503": "LAEP", "d504": "RPE", "d505": "centre de loisirs", "c107": "école maternelle", "c108": "école", "c109": "école",
}  # fmt: skip
"""Codes that stand alone in a column of kinds: those of towns (CC: crèche collective), and of INSEE's BPE."""


def kind_of_code(text: str) -> str | None:
    """
    Recognise the kind of a place in a code that stands alone in its cell.

    Parameters
    ----------
    text
        « CC », « HG », « MAC », `D502` (INSEE, Base permanente des équipements).

    Returns
    -------
    str or None
        As `facility_kind`.
    """
    return _CODES.get(fold_words(text))


def facility_kind(text: str) -> str | None:
    """
    Recognise the kind of a place in a producer's word or in its name.

    Parameters
    ----------
    text
        « CRECHE », « Halte-garderie Mowgli », « RAM Antigone », « Accueil périscolaire ».

    Returns
    -------
    str or None
        One of `CARE`; RPE, LAEP, PMI, périscolaire, centre de loisirs, école maternelle, école, ludothèque, assistante
        maternelle; None when nothing is recognised. The word that comes first decides.
    """
    bare = fold_words(text)
    found = [
        (match.start(), rank, kind)
        for rank, (pattern, kind) in enumerate(_PATTERNS)
        if (match := pattern.search(bare))
    ]
    return min(found)[2] if found else None
