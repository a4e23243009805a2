"""Classes of a choropleth: six colours, round limits where they read well, the words of the legend."""

from __future__ import annotations

import math
import threading
import warnings
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

__all__ = ["SHOWN", "Classes", "classify", "shown_values", "shown_zones"]

_SAMPLE = 120
_warnings_set = threading.Lock()
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
    """
    if indicator.name == "kind":
        return _kinds()
    known = np.sort(values.dropna().to_numpy(dtype=np.float64))
    if indicator.scale == "diverging":
        return _diverging(known)
    breaks, decimals = _sequential_breaks(known)
    count = len(breaks) + 1
    # Fewer classes still run from the lightest to the darkest.
    picks = [round(at) for at in np.linspace(0, len(SEQUENTIAL) - 1, count)] if count > 1 else [2]
    if indicator.scale == "reversed":
        picks.reverse()
    return Classes(
        tuple(breaks),
        _labels(breaks, decimals),
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


def _sequential_breaks(known: NDArray[np.float64]) -> tuple[list[float], int]:
    """Find up to five limits; none when all values are the same."""
    if not len(known) or known[0] == known[-1]:
        return [], 0
    low, high = np.quantile(known, [0.01, 0.99])
    inside = np.clip(known, low, high)
    if len(inside) > _SAMPLE:
        inside = np.quantile(inside, np.linspace(0, 1, _SAMPLE))
    distinct = len(np.unique(inside))
    if distinct < 2:
        return [], 0
    raw = _fisher_jenks(inside, min(6, distinct))
    # Values that hardly differ give limits that do not: each is kept once.
    limits = sorted({float(limit) for limit in raw if known[0] < limit < known[-1]})
    return _rounded(limits, float(known[0]), float(known[-1])) if limits else ([], 0)


def _fisher_jenks(known: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Limits between the classes that differ least inside (Fisher 1958; Jenks 1977), halfway between two figures."""
    # Imported here: a page that draws no classes need not wait for it.
    import mapclassify

    # mapclassify reckons in single precision: figures between 0 and 1 lose least.
    scaled = (known - known[0]) / (known[-1] - known[0])
    with _warnings_set, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Numba not installed")
        bins = mapclassify.FisherJenks(scaled, k=count).bins
    after = np.searchsorted(scaled, bins[:-1], side="right")
    limits: NDArray[np.float64] = (known[after - 1] + known[after]) / 2
    return limits


def _rounded(raw: list[float], least: float, most: float) -> tuple[list[float], int]:
    """Round limits to the coarsest step that keeps them apart and inside."""
    span = raw[-1] - raw[0] if len(raw) > 1 else most - least
    power = math.floor(math.log10(span)) if span > 0 else 0
    steps = [
        step * 10.0**exponent
        for exponent in range(power, power - 4, -1)
        for step in reversed(_STEPS)
    ]
    for step in steps:
        limits = [round(round(limit / step) * step, 10) for limit in raw]
        apart = len(set(limits)) == len(limits)
        near = all(abs(a - b) <= max(span, 1e-9) / 12 for a, b in zip(limits, raw, strict=True))
        if apart and near and limits[0] > least and limits[-1] < most:
            return limits, max(
                0,
                -math.floor(math.log10(step) + 1e-9)
                + (step / 10 ** math.floor(math.log10(step)) == 2.5),
            )
    return raw, 2


def _labels(breaks: list[float], decimals: int) -> tuple[str, ...]:
    if not breaks:
        return ("une seule valeur",)
    words = [number(limit, decimals) for limit in breaks]
    between = [f"{a} à {b}" for a, b in pairwise(words)]
    return (f"moins de {words[0]}", *between, f"{words[-1]} et plus")


def _diverging(known: NDArray[np.float64]) -> Classes:
    """Seven classes symmetric about zero; the middle one is « no change »."""
    reach = float(np.quantile(np.abs(known), 0.98)) if len(known) else 1.0
    reach = reach if reach > 0 else 1.0
    power = 10.0 ** math.floor(math.log10(reach))
    top = next(step * power for step in (1, 2, 5, 10) if step * power >= reach * 0.8)
    limits = [top * share for share in (0.1, 0.4, 0.8)]
    decimals = max(0, 1 - math.floor(math.log10(top)))
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
