"""Classes of a choropleth: six colours, round limits where they read well, the words of the legend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maps.style import DIVERGING, INK, PAPER, SEQUENTIAL, SEQUENTIAL_INK
from rpe_geo.messages.french import number
from rpe_geo.observatory.indicators import INDICATORS, Indicator
from rpe_geo.observatory.results import Observatory
from rpe_geo.parameters import parameter_table
from rpe_geo.privacy.zones import published_zones

__all__ = ["SHOWN", "Classes", "classify", "natural_limits", "shown_values", "shown_zones"]

_SAMPLE = 120
_LARGEST = 1e300
_STEPS = (1.0, 2.0, 2.5, 5.0)


_KIND = Indicator(
    "kind",
    "Type de commune",
    "sur 5",
    "count",
    decimals=0,
    meaning="Communes qui se ressemblent (k-moyennes), du type 1, le moins couvert, au type 5.",
)
SHOWN: dict[str, Indicator] = INDICATORS | {"kind": _KIND}
"""Every column that a map can show, by name."""


@dataclass(frozen=True)
class Classes:
    """
    The classes of one indicator.

    Parameters
    ----------
    breaks
        Lower limits of every class but the first, in the unit shown; a value at a limit is in the class above.
    labels
        « moins de 20 », « 20 à 40 »…, « 80 et plus ».
    colors, inks
        Colour of each class, and of what is written on it.
    decimals
        Decimals of the limits.
    """

    breaks: tuple[float, ...]
    labels: tuple[str, ...]
    colors: tuple[str, ...]
    inks: tuple[str, ...]
    decimals: int

    def of(self, values: pd.Series) -> NDArray[np.int_]:
        """Class of each value; −1 where it is missing."""
        figures = values.to_numpy(dtype=np.float64)
        found = np.searchsorted(np.asarray(self.breaks), figures, side="right")
        return np.where(np.isfinite(figures), found, -1)


def shown_values(values: pd.Series, indicator: Indicator) -> pd.Series:
    """Turn a column into the unit that is shown; what is out of reach (`inf`) has no figure."""
    shown = values.astype(np.float64) * indicator.factor
    return shown.where(np.isfinite(shown))


def shown_zones(observatory: Observatory) -> gpd.GeoDataFrame:
    """Leave out of the zones what would tell of fewer professionals than may be published."""
    table = parameter_table("observatory", date(int(observatory.parameters["year"]), 12, 31))
    return published_zones(observatory.zones, at_least=int(table["fewest_professionals"]))


def classify(values: pd.Series, indicator: Indicator) -> Classes:
    """
    Choose the classes of an indicator.

    Parameters
    ----------
    values
        Figures in the unit shown (see `shown_values`); nan is left out.
    indicator
        What they are: its scale chooses the palette.

    Returns
    -------
    Classes
        Six at most (Fisher–Jenks, limits rounded as far as they stay apart), symmetric about zero for a difference.
        Limits strictly increase, and read differently at the decimals shown.
    """
    if indicator.name == "kind":
        return _kinds()
    figures = values.to_numpy(dtype=np.float64)
    # Differences and squares of the largest figures would overflow; the open classes hold them all the same.
    figures = np.clip(np.sort(figures[np.isfinite(figures)]), -_LARGEST, _LARGEST)
    most_decimals = max(2, indicator.decimals + 1)
    if indicator.scale == "diverging":
        return _diverging(figures, most_decimals)
    breaks, decimals = _sequential_breaks(figures, most_decimals)
    count = len(breaks) + 1
    # Fewer classes still run from the lightest to the darkest.
    picks = [round(at) for at in np.linspace(0, len(SEQUENTIAL) - 1, count)] if count > 1 else [2]
    if indicator.scale == "reversed":
        picks.reverse()
    return Classes(
        tuple(breaks),
        _labels(breaks, decimals, figures),
        tuple(SEQUENTIAL[pick] for pick in picks),
        tuple(SEQUENTIAL_INK[pick] for pick in picks),
        decimals,
    )


def _kinds() -> Classes:
    """Five kinds, each with its colour: the lighter, the less covered."""
    colors = (*SEQUENTIAL[:4], SEQUENTIAL[5])
    inks = (*SEQUENTIAL_INK[:4], SEQUENTIAL_INK[5])
    labels = ("type 1", "type 2", "type 3", "type 4", "type 5")
    return Classes((1.5, 2.5, 3.5, 4.5), labels, colors, inks, 0)


def _sequential_breaks(figures: NDArray[np.float64], most_decimals: int) -> tuple[list[float], int]:
    """Find up to five limits, each above the least figure and at most the largest; none when all read the same."""
    if not len(figures):
        return [], 0
    low, high = np.quantile(figures, [0.01, 0.99])
    inside = np.clip(figures, low, high)
    if len(inside) > _SAMPLE:
        inside = np.quantile(inside, np.linspace(0, 1, _SAMPLE))
    limits = natural_limits(inside, 6)
    return _rounded(limits, figures, most_decimals) if limits else ([], most_decimals)


def natural_limits(figures: NDArray[np.float64], most_classes: int) -> list[float]:
    """
    Find the limits between the classes that differ least inside.

    Fisher, W. D. (1958), On grouping for maximum homogeneity, Journal of the American Statistical Association 53;
    Jenks (1977), Optimal data classification for choropleth maps. Solved exactly, in double precision.

    Parameters
    ----------
    figures
        Shape (n,), finite, in any unit.
    most_classes
        Classes at most; fewer where there are fewer distinct figures.

    Returns
    -------
    list[float]
        Strictly increasing, one fewer than the classes, each halfway between two neighbouring figures: above the
        lower one, and at most the upper one.
    """
    distinct, counts = np.unique(figures, return_counts=True)
    classes = min(most_classes, len(distinct))
    if classes < 2:
        return []
    scaled = (distinct - distinct[0]) / (distinct[-1] - distinct[0])
    # Sums before each figure, so that the spread of any run of figures is a difference of two sums.
    weight = np.concatenate([[0.0], np.cumsum(counts)])
    total = np.concatenate([[0.0], np.cumsum(counts * scaled)])
    square = np.concatenate([[0.0], np.cumsum(counts * scaled**2)])
    # spread[i, j]: squared deviations of the figures i to j - 1 from their mean; inf where the run is empty.
    runs = weight[None, :] - weight[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (total[None, :] - total[:, None]) ** 2 / runs
    spread = np.where(runs > 0, np.maximum(square[None, :] - square[:, None] - means, 0), np.inf)
    # best[j]: least spread of the first j figures in as many classes as there were rounds.
    best = spread[0]
    starts = []
    for _ in range(classes - 1):
        options = best[:, None] + spread
        starts.append(np.argmin(options, axis=0))
        best = np.min(options, axis=0)
    limits: list[float] = []
    end = len(distinct)
    for start in reversed(starts):
        end = int(start[end])
        below, above = float(distinct[end - 1]), float(distinct[end])
        middle = below + (above - below) / 2
        limits.append(middle if middle > below else above)
    return limits[::-1]


def _rounded(
    raw: list[float], figures: NDArray[np.float64], most_decimals: int
) -> tuple[list[float], int]:
    """Round limits to the coarsest step that keeps them apart and inside; what reads the same is merged."""
    least, most = float(figures[0]), float(figures[-1])
    span = raw[-1] - raw[0] if len(raw) > 1 else most - least
    power = math.floor(math.log10(span))
    steps = [
        (mantissa, exponent)
        for exponent in range(power, max(power - 4, -most_decimals - 1), -1)
        for mantissa in reversed(_STEPS)
    ]
    for mantissa, exponent in steps:
        step = mantissa * 10.0**exponent
        decimals = max(0, -exponent + (mantissa == 2.5))
        if decimals > most_decimals:
            continue
        limits = [round(round(limit / step) * step, 10) for limit in raw]
        apart = len(set(limits)) == len(limits)
        near = all(abs(a - b) <= max(span, 1e-9) / 12 for a, b in zip(limits, raw, strict=True))
        if apart and near and limits[0] > least and limits[-1] < most:
            return _that_part(limits, figures), decimals
    merged = np.unique([round(limit, most_decimals) for limit in raw])
    return _that_part(merged.tolist(), figures), most_decimals


def _that_part(limits: list[float], figures: NDArray[np.float64]) -> list[float]:
    """Leave out the limits that would bound an empty class."""
    below = np.searchsorted(figures, limits)
    fuller = (np.diff(below, prepend=0) > 0) & (below < len(figures))
    return [limit for limit, parts in zip(limits, fuller, strict=True) if parts]


def _labels(breaks: list[float], decimals: int, figures: NDArray[np.float64]) -> tuple[str, ...]:
    if not breaks:
        ends = [number(float(end), decimals) for end in figures[[0, -1]]] if len(figures) else []
        apart = len(set(ends)) > 1
        return (f"de {ends[0]} à {ends[1]}" if apart else "une seule valeur",)
    words = [number(limit, decimals) for limit in breaks]
    between = [f"{a} à {b}" for a, b in pairwise(words)]
    return (f"moins de {words[0]}", *between, f"{words[-1]} et plus")


def _diverging(figures: NDArray[np.float64], most_decimals: int) -> Classes:
    """Seven classes symmetric about zero; the middle one is « no change »."""
    reach = float(np.quantile(np.abs(figures), 0.98)) if len(figures) else 0.0
    # Below the decimals shown, every limit would read the same.
    reach = max(reach, 10.0 ** (1 - most_decimals)) if reach > 0 else 1.0
    power = 10.0 ** math.floor(math.log10(reach))
    top = next(step * power for step in (1, 2, 5, 10) if step * power >= reach * 0.8)
    decimals = max(0, 1 - math.floor(math.log10(top)))
    limits = [round(top * share, decimals) for share in (0.1, 0.4, 0.8)]
    breaks = [*(-limit for limit in reversed(limits)), *limits]
    words = [number(limit, decimals) for limit in limits]
    labels = (
        f"− {words[2]} et moins",
        f"− {words[2]} à − {words[1]}",
        f"− {words[1]} à − {words[0]}",
        "presque rien",
        f"+ {words[0]} à + {words[1]}",
        f"+ {words[1]} à + {words[2]}",
        f"+ {words[2]} et plus",
    )
    inks = (PAPER, INK, INK, INK, INK, INK, PAPER)
    return Classes(tuple(breaks), labels, DIVERGING, inks, decimals)
