"""What the chapters of the report are built with: figures, maps, bars and the words of tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from maps.choropleth import SHOWN
from maps.choropleth_figures import bar_figure, coverage_figure, draw_figure
from maps.style import CATEGORICAL, PRUNE
from rpe_geo.messages.french import number, typeset
from rpe_geo.observatory.results import Observatory
from rpe_geo.publishing.blocks import Block, FigureBlock, Paragraph, TableBlock

__all__ = [
    "FEW",
    "MODES",
    "MODE_COLORS",
    "ROWS",
    "TRAVEL",
    "bars",
    "figure",
    "map_of",
    "name_of",
    "set_words",
    "table_note",
]

MODES = {
    "places_childminder": "Assistantes et assistants maternels",
    "places_facility": "Établissements d’accueil",
    "places_other": "École à deux ans et garde à domicile",
}
MODE_COLORS = (CATEGORICAL["childminder"], CATEGORICAL["facility"], CATEGORICAL["school"])
TRAVEL = {
    "car": "en voiture",
    "walk": "à pied",
    "pushchair": "en poussette",
    "bike": "à vélo",
    "transit": "en transports",
}
ROWS = 45
FEW = "n.p."


def figure(value: float, decimals: int = 0) -> str:
    """Write a figure, or that it is not published."""
    return FEW if not math.isfinite(value) else number(float(value), decimals)


def map_of(observatory: Observatory, indicator: str, caption: str) -> FigureBlock:
    """Draw the map of an indicator, with its words for those who do not see it."""
    about = SHOWN[indicator]
    values = (observatory.zones[indicator] * about.factor).replace([np.inf], np.nan).dropna()
    names = observatory.zones["nom"]
    alternative = f"{about.label} par zone."
    if len(values):
        low, high = values.idxmin(), values.idxmax()
        alternative = (
            f"{about.label} ({about.unit}) par zone, de {number(float(values[low]), about.decimals)} ({names[low]}) "
            f"à {number(float(values[high]), about.decimals)} ({names[high]}) ; les chiffres sont dans les tableaux."
        )
    return FigureBlock(
        draw_figure(coverage_figure(observatory, indicator), "svg"),
        typeset(caption),
        typeset(alternative),
    )


def bars(
    parts: Mapping[str, float], unit: str, caption: str, colors: Sequence[str] | None = None
) -> FigureBlock:
    """Draw bars, with their figures in words."""
    words = " ; ".join(
        f"{label} : {number(value, 1 if abs(value) < 100 else 0)}" for label, value in parts.items()
    )
    drawn = draw_figure(bar_figure(parts, unit=unit, colors=colors or PRUNE), "svg")
    return FigureBlock(drawn, typeset(caption), typeset(words))


def name_of(row: pd.Series) -> str:
    """Name the zone of a row."""
    return str(row["nom"])


def table_note(count: int, zones: pd.DataFrame) -> str:
    """Say what a table leaves out."""
    words = []
    if count > ROWS:
        words.append(
            f"{ROWS} premières lignes sur {number(count)} ; toutes sont dans indicators.csv."
        )
    if "professionals" in zones and zones["professionals"].isna().any():
        words.append(f"« {FEW} » : effectif trop petit pour être publié.")
    return " ".join(words)


def set_words(block: Block) -> Block:
    """Set French no-break spaces in what is read."""
    match block:
        case Paragraph(text, kind):
            return Paragraph(typeset(text), kind)
        case TableBlock(caption, header, rows, note, text_columns):
            cells = tuple(tuple(typeset(cell) for cell in row) for row in rows)
            return TableBlock(typeset(caption), header, cells, typeset(note), text_columns)
        case _:
            return block
