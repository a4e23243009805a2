"""The observatory's page as values: figures, map, table, charts; the template only writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from api.observatory_shelf import Edition, gathered, published
from api.pages.observatory.choices import (
    AGES,
    DRAWABLE,
    SLOTS,
    Asked,
    Option,
    Scale,
    Variant,
    chosen_edition,
    families_of,
    find_places,
    options_of,
    scales_of,
)
from api.pages.observatory.panels import (
    chapters,
    day_of,
    gatherings,
    histogram,
    key_figures,
    key_of,
    open_requests,
    places_of_care,
    sheet_of,
    tense_zones,
)
from maps.choropleth import SHOWN, Classes, classify, shown_values
from maps.choropleth_svg import Drawing, Zone, choropleth_svg
from maps.coverage import data_credits, method_notes
from maps.insets import plane_of
from rpe_geo.departements import departement_name
from rpe_geo.folding import fold_words
from rpe_geo.messages import phrase
from rpe_geo.messages.french import MODES as TRAVEL_MODES
from rpe_geo.messages.french import children_words, number, plural, typed_number
from rpe_geo.observatory.indicators import Indicator
from rpe_geo.observatory.results import Observatory
from rpe_geo.publishing.territories import narrowed

__all__ = ["Territory", "page_values", "table_file", "territory_of"]

_ROWS = 100
_SUGGESTED = 400
_NO_FIGURE = "–"


@dataclass(frozen=True)
class Territory:
    """
    What is looked at.

    Parameters
    ----------
    edition
        The observatory on disk.
    whole
        All of it, as published.
    here
        The part asked for.
    shown
        The zones drawn: its communes, or what they are gathered in.
    scale
        What these zones are.
    code
        « D34 », « E2000… », or empty for the whole.
    """

    edition: Edition
    whole: Observatory
    here: Observatory
    shown: Observatory
    scale: Scale
    scales: tuple[Scale, ...]
    code: str

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self.here.parameters["title"])


def territory_of(known: list[Edition], asked: Asked) -> Territory:
    """
    Find the part of an observatory that was asked for.

    Parameters
    ----------
    known
        The observatories of the deployment, at least one.
    asked
        What stands in the address; a territory that does not exist is the whole.
    """
    edition = chosen_edition(known, asked)
    whole = published(edition)
    kind, code = asked.ou[:1], asked.ou[1:]
    column = {"D": "departement", "E": "epci"}.get(kind)
    here, within = whole, ""
    if column is not None and column in whole.zones:
        members = whole.zones.index[(whole.zones[column] == code).to_numpy(dtype=bool)]
        if len(members):
            name = (
                departement_name(code)
                if kind == "D"
                else str(whole.zones.loc[members[0], "epci_nom"])
            )
            here, within = narrowed(whole, members, name), asked.ou
    scales = tuple(scales_of(here, whole))
    scale = next((one for one in scales if one.value == asked.maille), scales[0])
    return Territory(edition, whole, here, _gathered(edition, here, scale), scale, scales, within)


def _gathered(edition: Edition, here: Observatory, scale: Scale) -> Observatory:
    if scale.group is None:
        return here
    everything = gathered(edition, scale.group)
    codes = here.zones[scale.group].dropna().unique()
    return narrowed(everything, everything.zones.index.intersection(codes), "")


def page_values(known: list[Edition], asked: Asked) -> dict[str, Any]:
    """
    Gather all that the page says.

    Parameters
    ----------
    known
        The observatories of the deployment, at least one.
    asked
        What stands in the address of the page.
    """
    territory = territory_of(known, asked)
    zones = territory.shown.zones
    column, label, about, variant, options = _chosen(territory, asked)
    families = families_of(zones)
    family = _family(families, asked)
    values = shown_values(zones[column], about)
    classes = classify(values, about)
    chosen = asked.zone if asked.zone in zones.index else ""
    rows, order = _table(territory, asked, values, classes, about)
    return {
        "edition": territory.edition,
        "territoire": territory,
        "params": territory.here.parameters,
        "demande": asked,
        "titre": territory.title,
        "lead": _lead(territory),
        "fil": _path(territory, asked),
        "indicateurs": [Option(key, name, key == family) for key, (name, _) in families.items()],
        "filtres": options,
        "mailles": [
            Option(one.value, one.label, one == territory.scale) for one in territory.scales
        ],
        **_editions(known, territory.edition),
        "reglages": _changed(asked),
        "apropos": about,
        "intitule": label,
        "precisions": _precisions(variant, territory, about),
        "chiffres": key_figures(
            territory.here, None if territory.code else _before(territory.edition, known)
        ),
        "carte": _map(territory, asked, values, classes, about, chosen),
        "classes": key_of(classes, values, zones),
        "nb_absents": int(values.isna().sum()),
        "repartition": histogram(values, classes, zones["children"]),
        "lignes": rows,
        "ordre": order,
        "suite": _pages(asked, len(zones)),
        "fiche": sheet_of(territory.shown.zones, chosen),
        "journee": day_of(territory.here),
        "tension": tense_zones(territory.here),
        "demandes": open_requests(territory.here),
        "lieux": places_of_care(territory.here),
        "trouves": find_places(territory.edition, asked),
        "propositions": _suggestions(territory),
        "credit": data_credits(territory.here)[0],
        "methode": method_notes(territory.here),
        "notes": [phrase(note.code, **note.values) for note in territory.whole.notes],
        "chapitres": chapters(
            territory.here if len(territory.here.zones) <= DRAWABLE else territory.shown
        ),
    }


def _family(families: dict[str, Any], asked: Asked) -> str:
    return asked.indicateur if asked.indicateur in families else next(iter(families))


def _chosen(
    territory: Territory, asked: Asked
) -> tuple[str, str, Indicator, Variant, dict[str, list[Option]]]:
    """Choose the column shown: its name, its title, what it is, its mode, slot and age, and the other choices."""
    families = families_of(territory.shown.zones)
    family = _family(families, asked)
    label, variants = families[family]
    variant, options = options_of(variants, (asked.mode, asked.creneau, asked.age))
    column = variants[variant]
    about = SHOWN[column] if column in SHOWN else SHOWN[family]
    return column, label, about, variant, options


def _editions(known: list[Edition], edition: Edition) -> dict[str, list[Option]]:
    titles = list(dict.fromkeys(one.title for one in known))
    years = sorted({one.year for one in known if one.title == edition.title}, reverse=True)
    return {
        "jeux": [Option(name, name, name == edition.title) for name in titles]
        if len(titles) > 1
        else [],
        "annees": [Option(str(year), str(year), year == edition.year) for year in years]
        if len(years) > 1
        else [],
    }


def _changed(asked: Asked) -> str:
    """Where « Réinitialiser » leads; empty when nothing differs from the default."""
    filters = ("indicateur", "mode", "creneau", "age", "maille", "lieux")
    if not any(getattr(asked, name) for name in filters):
        return ""
    return asked.link(**dict.fromkeys((*filters, "tri", "sens", "page"), ""))


def _lead(territory: Territory) -> str:
    parameters, summary = territory.here.parameters, territory.here.summary
    word = "commune" if territory.whole.parameters["zones"] == "communes" else "zone"
    return (
        f"{plural(len(territory.here.zones), word)}, {number(summary['children'], 0)} enfants de moins de 3\u00a0ans "
        f"({children_words(parameters)}). Places de {parameters['year']}. Accès {TRAVEL_MODES[parameters['mode']]}, "
        f"{number(parameters['minutes'])}\u00a0min au plus."
    )


def _path(territory: Territory, asked: Asked) -> list[tuple[str, str]]:
    """From the whole to what is shown: (name, address); the last has none."""
    if not territory.code:
        return []
    clean = asked.model_copy(update=dict.fromkeys(("zone", "page", "q", "maille"), ""))
    path = [(str(territory.whole.parameters["title"]), clean.link(ou=""))]
    zones = territory.here.zones
    several = (
        "departement" in territory.whole.zones
        and len(territory.whole.zones["departement"].unique()) > 1
    )
    if territory.code.startswith("E") and several:
        own = str(zones["departement"].mode().iloc[0])
        path.append((departement_name(own), clean.link(ou=f"D{own}")))
    return [*path, (territory.title, "")]


def _precisions(variant: Variant, territory: Territory, about: Indicator) -> str:
    mode, slot, age = variant
    modes = {
        "": "tous modes" if "access" in about.name or "coverage" in about.name else "",
        "individuel": "accueil individuel",
        "collectif": "crèches",
        "autres": "autres modes",
    }
    words = [
        about.unit,
        SLOTS[slot].lower() if slot else "",
        modes[mode],
        AGES[age].lower() if age else "",
        str(territory.edition.year),
    ]
    return ", ".join(word for word in words if word)


def _before(edition: Edition, known: list[Edition]) -> tuple[int, dict[str, float]] | None:
    earlier = [one for one in known if one.title == edition.title and one.year < edition.year]
    if not earlier:
        return None
    last = max(earlier, key=lambda one: one.year)
    return last.year, published(last).summary


def table_file(known: list[Edition], asked: Asked) -> tuple[str, str]:
    """
    Write the table of the page for a French spreadsheet.

    Returns
    -------
    str, str
        Name of the file without its ending, and its text: semicolons between columns, commas in figures.
    """
    territory = territory_of(known, asked)
    zones = territory.shown.zones
    column, _, about, _, _ = _chosen(territory, asked)
    values = shown_values(zones[column], about)
    lines = [f"code;nom;{about.label} ({about.unit});enfants;places;incertain"]
    for (code, row), value in zip(_rows(zones), values.to_numpy(), strict=True):
        name = str(row.nom).replace('"', '""')
        cells = [
            typed_number(value, about.decimals + 1),
            *(typed_number(figure, 1) for figure in (row.children, row.places)),
        ]
        lines.append(f'{code};"{name}";{";".join(cells)};{"oui" if row.uncertain else "non"}')
    return f"{column}-{territory.edition.year}", "\r\n".join(lines) + "\r\n"


# ---- the map -----------------------------------------------------------------------------------------------------


def _link(territory: Territory, asked: Asked, code: str) -> str:
    clean = asked.model_copy(update=dict.fromkeys(("q", "page"), ""))
    if territory.scale.group == "departement":
        return clean.link(ou=f"D{code}", maille="", zone="")
    if territory.scale.group == "epci":
        return clean.link(ou=f"E{code}", maille="", zone="")
    return clean.link(zone=code) + "#fiche"


def _map(
    territory: Territory,
    asked: Asked,
    values: pd.Series,
    classes: Classes,
    about: Indicator,
    chosen: str,
) -> Markup | None:
    zones = territory.shown.zones
    plane = plane_of(zones.geometry)
    if plane.absent == len(zones):
        return None
    short = 0 if values.max() - values.min() > 12 else min(about.decimals, 1)
    drawn = {
        str(code): Zone(
            name=str(row.nom),
            link=_link(territory, asked, str(code)),
            words=_words(row, value, about)[: 2 if len(zones) > _SUGGESTED else None],
            value=number(value, short) if math.isfinite(value) else "",
            uncertain=bool(row.uncertain),
            tense=row.hotspot == "tension",
        )
        for (code, row), value in zip(_rows(zones), values.to_numpy(), strict=True)
    }
    over = Drawing(
        supply=places_of_care(territory.here) if asked.lieux else (),
        areas=gatherings(territory.here),
        chosen=chosen,
    )
    label = f"Carte : {about.label}, {about.unit}. Le tableau dit les mêmes chiffres."
    svg = choropleth_svg(plane, drawn, classes.of(values).tolist(), classes, label=label, over=over)
    return Markup(svg)  # noqa: S704 - its words are escaped there


def _rows(zones: pd.DataFrame) -> list[tuple[Any, Any]]:
    named = ["nom", "children", "places", "uncertain", "uncertain_why", "hotspot"]
    table = pd.DataFrame(zones[named])
    return list(zip(zones.index, table.itertuples(index=False), strict=True))


def _words(row: Any, value: float, about: Indicator) -> tuple[str, ...]:
    words = [str(row.nom)]
    if math.isfinite(value):
        words.append(f"{number(value, about.decimals)} {about.unit}")
    else:
        words.append("Donnée absente ou effectif trop petit")
    words.append(
        f"{_amount(row.children)} enfants de moins de 3\u00a0ans, {_amount(row.places)} places"
    )
    if row.uncertain_why:
        words.append(f"Incertain\u00a0: {row.uncertain_why}")
    if row.hotspot == "tension":
        words.append("Zone en tension")
    return tuple(words)


def _amount(value: float) -> str:
    return number(float(value), 0) if math.isfinite(value) else _NO_FIGURE


# ---- beside it ---------------------------------------------------------------------------------------------------


def _table(
    territory: Territory, asked: Asked, values: pd.Series, classes: Classes, about: Indicator
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    zones = territory.shown.zones
    by = asked.tri if asked.tri in {"nom", "enfants", "places"} else "valeur"
    falls = (
        asked.sens == "d"
        if asked.sens
        else about.scale in {"reversed", "count"} or by in {"enfants", "places"}
    )
    key = {
        "nom": zones["nom"].map(fold_words),
        "enfants": zones["children"],
        "places": zones["places"],
        "valeur": values,
    }[by]
    order = key.sort_values(ascending=not falls, na_position="last", kind="stable").index
    page = _page(asked, len(order))
    of = pd.Series(classes.of(values), index=zones.index)
    finite = values[np.isfinite(values)]
    most = max(float(finite.quantile(0.97)), 1e-9) if len(finite) else 1.0
    rows = []
    for code in order[page * _ROWS : (page + 1) * _ROWS]:
        row, value, kind = zones.loc[code], float(values[code]), int(of[code])
        rows.append(
            {
                "code": code,
                "nom": row["nom"],
                "lien": _link(territory, asked, str(code)),
                "teinte": "#FFFFFF" if kind < 0 else classes.colors[kind],
                "valeur": number(value, about.decimals) if math.isfinite(value) else _NO_FIGURE,
                "barre": round(75 * min(1.0, max(0.0, value / most)))
                if math.isfinite(value)
                else 0,
                "enfants": _amount(row["children"]),
                "places": _amount(row["places"]),
                "incertain": row["uncertain_why"] if row["uncertain"] and kind >= 0 else "",
                "tension": row["hotspot"] == "tension",
            }
        )
    heads = []
    for name, title, number_ in (
        ("nom", territory.scale.singular.capitalize(), False),
        ("valeur", _column(about), True),
        ("enfants", "Enfants", True),
        ("places", "Places", True),
    ):
        on = by == name
        way = ("c" if falls else "d") if on else ""
        heads.append(
            {
                "nom": name,
                "titre": title,
                "chiffre": number_,
                "sens": ("descending" if falls else "ascending") if on else "",
                "lien": asked.link(tri="" if name == "valeur" else name, sens=way, page="")
                + "#table",
            }
        )
    return rows, {"colonnes": heads, "par": by, "total": len(order), "debut": page * _ROWS + 1}


def _column(about: Indicator) -> str:
    if "100" in about.unit:
        return "Pour 100"
    return about.unit.capitalize() if len(about.unit) < 12 else "Valeur"


def _page(asked: Asked, rows: int) -> int:
    last = max(0, (rows - 1) // _ROWS)
    return min(last, max(0, int(asked.page) - 1)) if asked.page.isdecimal() else 0


def _pages(asked: Asked, rows: int) -> list[Option]:
    """Pages of the table; none when one is enough."""
    here, last = _page(asked, rows), max(0, (rows - 1) // _ROWS)
    return (
        [
            Option(asked.link(page=at + 1 if at else "") + "#table", str(at + 1), at == here)
            for at in range(last + 1)
        ]
        if last
        else []
    )


def _suggestions(territory: Territory) -> list[str]:
    zones = territory.whole.zones
    if len(zones) <= _SUGGESTED:
        return sorted(set(zones["nom"].astype(str)))
    if "departement" in zones:
        return sorted({departement_name(code) for code in zones["departement"].dropna().unique()})
    return []
