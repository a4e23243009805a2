"""What a planner may choose on the observatory's page: only what the observatory that was built holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlencode

import pandas as pd
from pydantic import BaseModel, Field

from api.observatory_shelf import Edition, published
from maps.choropleth import SHOWN
from rpe_geo.departements import departement_name
from rpe_geo.folding import fold_words
from rpe_geo.observatory.results import Observatory
from rpe_geo.publishing.territories import Group

__all__ = [
    "AGES",
    "DRAWABLE",
    "SLOTS",
    "Asked",
    "Option",
    "Place",
    "Scale",
    "Variant",
    "chosen_edition",
    "families_of",
    "find_places",
    "options_of",
    "scales_of",
]

PATH = "/pro/observatoire"
DRAWABLE = 1500
_FOUND = 12

MODES = {"": "Tous", "individuel": "Ass. mat.", "collectif": "Crèches", "autres": "Autres"}
SLOTS = {"": "En journée", "matin": "À 6 h 30", "soir": "À 19 h 30", "samedi": "Le samedi"}
AGES = {"": "0 à 3 ans", "0": "Moins de 1 an", "1": "1 an", "2": "2 ans"}

Variant = tuple[str, str, str]
_FAMILIES: dict[str, tuple[str, dict[Variant, str]]] = {
    "acces": (
        "Places accessibles pour 100 enfants",
        {
            ("", "", ""): "access_e2sfca",
            ("individuel", "", ""): "access_childminder",
            ("collectif", "", ""): "access_facility",
            ("", "matin", ""): "access_early",
            ("", "soir", ""): "access_late",
            ("", "samedi", ""): "access_saturday",
        },
    ),
    "couverture": (
        "Taux de couverture (CNAF)",
        {
            ("", "", ""): "coverage_rate",
            ("individuel", "", ""): "coverage_childminder",
            ("collectif", "", ""): "coverage_facility",
        },
    ),
    "places": (
        "Places offertes",
        {
            ("", "", ""): "places",
            ("individuel", "", ""): "places_childminder",
            ("collectif", "", ""): "places_facility",
            ("autres", "", ""): "places_other",
        },
    ),
}
_ALONE = (
    "coverage_rate_calibrated", "minutes_to_closest", "choices", "tension", "need", "children", "access_step_free",
    "access_2sfca", "access_3sfca", "places_within_reach", "open_requests", "vacancy_rate", "freshness", "kind", "gi_star",
    "access_margin_effect",
)  # fmt: skip

Text = Annotated[str, Field(max_length=80)]


class Asked(BaseModel):
    """What stands in the address of the page: never a person's data."""

    jeu: Text = ""
    annee: Text = ""
    ou: Text = ""
    maille: Text = ""
    indicateur: Text = ""
    mode: Text = ""
    creneau: Text = ""
    age: Text = ""
    lieux: Text = ""
    zone: Text = ""
    q: Text = ""
    tri: Text = ""
    sens: Text = ""
    page: Text = ""

    def link(self, **changed: str | int) -> str:
        """Write the address of the same page with something changed."""
        values = self.model_dump() | {name: str(value) for name, value in changed.items()}
        kept = {name: value for name, value in values.items() if value}
        return PATH + (f"?{urlencode(kept)}" if kept else "")


@dataclass(frozen=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Scale:
    """The size of the zones shown: communes (or the zones of the file), or what they are gathered in."""

    value: str
    label: str
    singular: str
    group: Group | None


@dataclass(frozen=True)
class Place:
    """A territory or a zone that was looked for: what it is called, where, and its address."""

    name: str
    within: str
    link: str


@dataclass(frozen=True)
class _Entry:
    """A name that can be looked for."""

    plain: str
    code: str
    name: str
    within: str
    territory: str
    zone: str
    rank: int


def families_of(zones: pd.DataFrame) -> dict[str, tuple[str, dict[Variant, str]]]:
    """List the indicators that some zone has a figure of, each with its modes, time slots and ages."""
    there = {name for name in zones.columns if name in SHOWN and zones[name].notna().any()}
    families = {}
    for key, (label, variants) in _FAMILIES.items():
        found = {variant: column for variant, column in variants.items() if column in there}
        if ("", "", "") in found:
            families[key] = (label, found)
    for name in _ALONE:
        if name in there:
            variants = {("", "", ""): name}
            variants |= {
                ("", "", age): f"{name}_age_{age}" for age in "012" if f"{name}_age_{age}" in there
            }
            families[name] = (SHOWN[name].label, variants)
    return families


def options_of(
    variants: Mapping[Variant, str], chosen: Variant
) -> tuple[Variant, dict[str, list[Option]]]:
    """
    Offer the modes, time slots and ages of one indicator.

    Parameters
    ----------
    variants
        What there is: (mode, slot, age) → column.
    chosen
        What was asked.

    Returns
    -------
    variant, options
        What is shown (the whole where the mixture asked does not exist), and by filter its choices: none for a filter
        that has but one.
    """
    shown = chosen if chosen in variants else ("", "", "")
    options: dict[str, list[Option]] = {}
    for position, (name, labels) in enumerate((("mode", MODES), ("creneau", SLOTS), ("age", AGES))):
        known = {variant[position] for variant in variants}
        listed = [
            Option(value, label, value == shown[position])
            for value, label in labels.items()
            if value in known
        ]
        options[name] = listed if len(listed) > 1 else []
    return shown, options


def scales_of(observatory: Observatory, whole: Observatory) -> list[Scale]:
    """
    List the sizes of zones that can be drawn, the one shown at first in front.

    Parameters
    ----------
    observatory
        The territory looked at.
    whole
        The observatory that it is a part of.
    """
    zones = observatory.zones
    if whole.parameters["zones"] != "communes":
        return [Scale("zones", "Zones", "zone", None)]
    communes = Scale("communes", "Communes", "commune", None)
    found = [communes] if len(zones) <= DRAWABLE else []
    if "departement" in zones and len(zones["departement"].unique()) > 1:
        found.append(Scale("departements", "Départements", "département", "departement"))
    if "epci" in zones and len(zones["epci"].dropna().unique()) > 1 and "epci_nom" in zones:
        found.append(Scale("epci", "Intercommunalités", "intercommunalité", "epci"))
    return found


@lru_cache(maxsize=4)
def _index(edition: Edition) -> tuple[_Entry, ...]:
    """List every name of an observatory, once."""
    zones = published(edition).zones
    entries: list[_Entry] = []
    departements = zones.get("departement")
    if departements is not None and len(departements.unique()) > 1:
        for code in departements.dropna().unique():
            name = departement_name(code)
            entries.append(
                _Entry(fold_words(name), str(code), name, "département", f"D{code}", "", 0)
            )
    if "epci_nom" in zones:
        for code, name in zones.groupby("epci")["epci_nom"].first().items():
            entries.append(
                _Entry(
                    fold_words(name), str(code), str(name), "intercommunalité", f"E{code}", "", 1
                )
            )
    large = len(zones) > DRAWABLE
    owns = [""] * len(zones) if departements is None else departements.fillna("").astype(str)
    for code, name, own in zip(
        zones.index.astype(str), zones["nom"].astype(str), owns, strict=True
    ):
        within = f"commune, {departement_name(own)}" if own else "zone"
        entries.append(
            _Entry(fold_words(name), code, name, within, f"D{own}" if large else "", code, 2)
        )
    return tuple(entries)


def find_places(edition: Edition, asked: Asked) -> list[Place]:
    """
    Look for a commune, an intercommunalité or a département by its name or code.

    Parameters
    ----------
    edition
        The observatory.
    asked
        `q` is what was typed; the filters are kept in the addresses.

    Returns
    -------
    list of Place
        Names that begin so first, the largest territories before the communes; twelve at most.
    """
    sought = fold_words(asked.q)
    code = asked.q.strip().upper()
    if not sought:
        return []
    clean = asked.model_copy(
        update=dict.fromkeys(("q", "zone", "page", "tri", "sens", "maille"), "")
    )
    found = [one for one in _index(edition) if sought in one.plain or code == one.code]
    found.sort(
        key=lambda one: (
            one.code != code,
            one.plain != sought,
            not one.plain.startswith(sought),
            one.rank,
            one.plain,
        )
    )
    return [
        Place(
            one.name,
            one.within,
            clean.link(ou=one.territory, zone=one.zone) + ("#fiche" if one.zone else ""),
        )
        for one in found[:_FOUND]
    ]


def chosen_edition(known: list[Edition], asked: Asked) -> Edition:
    """Choose among the observatories of the folder: the one asked for, else the first and its latest year."""
    titles = [edition.title for edition in known]
    title = asked.jeu if asked.jeu in titles else titles[0]
    same = [edition for edition in known if edition.title == title]
    return next((one for one in same if str(one.year) == asked.annee), same[0])
