"""Static figures for print: the choropleth of an indicator, bars of places, as SVG or PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Patch, Rectangle
from numpy.typing import NDArray

from maps.choropleth import SHOWN, classify, shown_values, shown_zones
from maps.insets import Plane, plane_of
from maps.style import GROUND, INK, NO_DATA, PAPER, PRUNE
from rpe_geo.crs import WGS84
from rpe_geo.messages.french import number
from rpe_geo.observatory.indicators import Indicator
from rpe_geo.observatory.results import Observatory

__all__ = ["bar_figure", "coverage_figure", "draw_figure", "font_folder"]

Format = Literal["svg", "png", "pdf"]
_INK_2 = "#574C5F"
_LABELLED = 60
_RASTERIZED = 3000
_PRUNE_RGB = (0.36, 0.165, 0.37)
_SETTINGS: Any = {
    "font.family": ["Figtree", "DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": "#8A7F92",
    "axes.labelcolor": _INK_2,
    "xtick.color": _INK_2,
    "ytick.color": _INK_2,
    "svg.fonttype": "path",
    "svg.hashsalt": "rpe_geo",
    "hatch.linewidth": 0.5,
}


def font_folder() -> Path:
    """Name the folder of the fonts of print (Figtree, SIL Open Font Licence)."""
    return Path(str(files("maps") / "static"))


def _with_fonts() -> None:
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for font in sorted(font_folder().glob("Figtree-*.ttf")):
        if str(font) not in known:
            font_manager.fontManager.addfont(str(font))


def _words(text: str) -> str:
    """The font of print has no narrow no-break space."""
    return text.replace("\u202f", "\u00a0")


def coverage_figure(observatory: Observatory, indicator: str, *, width_in: float = 6.4) -> Figure:
    """
    Draw the choropleth of an indicator for print, in the plane projection of the place.

    Parameters
    ----------
    observatory
        What was found.
    indicator
        A column of its zones (see `SHOWN`).
    width_in
        Width in inches; the height follows the shape of the territory.

    Returns
    -------
    Figure
        Nothing is saved or shown.
    """
    about = SHOWN[indicator]
    zones = shown_zones(observatory)
    plane = plane_of(zones.geometry)
    drawn = ~plane.shapes.is_empty.to_numpy()
    zones = zones[drawn]
    flat = gpd.GeoDataFrame(geometry=plane.shapes[drawn])
    values = shown_values(zones[indicator], about)
    classes = classify(values, about)
    of = classes.of(values)
    with mpl.rc_context(_SETTINGS):
        _with_fonts()
        left, bottom, right, top = _bounds(plane)
        ratio = float((top - bottom) / max(right - left, 1))
        height = min(max(width_in * ratio, 2.6), width_in * 0.85)
        figure = Figure(figsize=(width_in, height + 0.75), layout="constrained")
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_aspect("equal")
        fills = np.where(of < 0, NO_DATA, np.array([*classes.colors, NO_DATA])[of])
        many = len(flat) > 600
        flat.plot(
            ax=axes,
            color=fills,
            edgecolor=PAPER if not many else "none",
            linewidth=0 if many else 0.7,
            # Thousands of outlines would weigh more than a picture of them.
            rasterized=len(flat) > _RASTERIZED,
        )
        _frames(axes, plane, of, flat)
        doubtful = flat[zones["uncertain"].to_numpy(dtype=bool) & (of >= 0)]
        if len(doubtful) and not many:
            doubtful.plot(
                ax=axes,
                facecolor="none",
                edgecolor=(0.14, 0.1, 0.16, 0.45),
                hatch="/////",
                linewidth=0,
            )
        tense = flat[(zones["hotspot"] == "tension").to_numpy()]
        if len(tense) and not many:
            size = float(np.sqrt((right - left) * (top - bottom))) / 250
            whole = tense.geometry.buffer(size).union_all().buffer(-size)
            gpd.GeoSeries([whole], crs=flat.crs).boundary.plot(
                ax=axes, color=INK, linewidth=1.3, linestyle=(0, (4, 2.5))
            )
        if len(flat) <= _LABELLED:
            _label(axes, flat, values, classes.inks, of, about.decimals)
        areas = observatory.parameters.get("request_areas") or []
        gathered = indicator == "open_requests" and bool(areas) and not plane.insets
        if gathered:
            _circles(axes, areas, plane)
        entries = [
            Patch(facecolor=color, edgecolor="#8A7F92", linewidth=0.5, label=_words(label))
            for color, label in zip(classes.colors, classes.labels, strict=True)
        ]
        if len(doubtful) and not many:
            entries.append(
                Patch(
                    facecolor=GROUND["land"],
                    edgecolor="#574C5F",
                    hatch="/////",
                    linewidth=0.5,
                    label="incertain",
                )
            )
        if len(tense) and not many:
            entries.append(
                Patch(
                    facecolor="none",
                    edgecolor=INK,
                    linestyle=(0, (3, 2)),
                    linewidth=1.2,
                    label="zone en tension",
                )
            )
        if gathered:
            entries.append(
                Patch(
                    facecolor=(*_PRUNE_RGB, 0.1),
                    edgecolor=PRUNE,
                    linewidth=1.2,
                    label="là où elles se rassemblent",
                )
            )
        if (of < 0).any():
            entries.append(
                Patch(
                    facecolor=NO_DATA,
                    edgecolor="#8A7F92",
                    linewidth=0.5,
                    label="non publié ou sans enfant",
                )
            )
        figure.legend(
            handles=entries,
            loc="outside lower center",
            ncols=5,
            frameon=False,
            title=_words(_title(about, observatory)),
            title_fontproperties={"weight": "bold", "size": 9},
            fontsize=8,
            handlelength=1.6,
            columnspacing=1.3,
        )
    return figure


def _circles(axes: Any, areas: Sequence[Mapping[str, Any]], plane: Plane) -> None:
    """Draw where open requests gather: circles on a grid of 500 m."""
    points = gpd.GeoSeries(
        gpd.points_from_xy(
            [area["longitude"] for area in areas], [area["latitude"] for area in areas]
        ),
        crs=WGS84,
    ).to_crs(plane.shapes.crs)
    for area, point in zip(areas, points, strict=True):
        radius = float(area["radius_m"])
        ring = Circle(
            (point.x, point.y),
            radius,
            facecolor=(*_PRUNE_RGB, 0.08),
            edgecolor=PRUNE,
            linewidth=1.2,
        )
        axes.add_patch(ring)
        axes.annotate(
            str(area["requests"]),
            (point.x, point.y + radius),
            ha="center",
            va="center",
            fontsize=7,
            fontweight="bold",
            color=PAPER,
            bbox={"boxstyle": "round,pad=0.3", "facecolor": PRUNE, "edgecolor": PAPER},
        )


def _title(about: Indicator, observatory: Observatory) -> str:
    unit = f" ({about.unit})" if about.unit else ""
    projection = observatory.parameters.get("projection")
    year = observatory.parameters["year"]
    if projection is not None and about.name in {"places_missing", "children_projected"}:
        year = projection["years"][-1]
    return f"{about.label}{unit}, {year}"


def _bounds(plane: Plane) -> tuple[float, float, float, float]:
    boxes = np.array([plane.shapes.total_bounds, *(inset.box for inset in plane.insets)])
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _frames(axes: Any, plane: Plane, of: NDArray[np.int_], flat: gpd.GeoDataFrame) -> None:
    """Frame the overseas départements, each at its own scale; white zones keep an outline there."""
    for inset in plane.insets:
        west, south, east, north = inset.box
        frame = Rectangle(
            (west, south),
            east - west,
            north - south,
            fill=False,
            edgecolor="#C9BFCE",
            linewidth=0.6,
        )
        axes.add_patch(frame)
        axes.annotate(
            inset.label,
            ((west + east) / 2, south + 0.04 * (north - south)),
            ha="center",
            va="bottom",
            fontsize=6.5,
            color=_INK_2,
        )
    blank = flat[of < 0]
    if len(blank) and plane.insets:
        blank.boundary.plot(ax=axes, color="#B5A9BB", linewidth=0.25)


def _label(
    axes: Any,
    flat: gpd.GeoDataFrame,
    values: pd.Series,
    inks: Sequence[str],
    of: Any,
    decimals: int,
) -> None:
    """Write each value inside its zone."""
    points = flat.geometry.representative_point()
    short = 0 if (values.max() - values.min()) > 12 else decimals
    for point, value, kind in zip(points, values, of, strict=True):
        written = axes.annotate(
            _words(number(float(value), short)),
            (point.x, point.y),
            ha="center",
            va="center",
            fontsize=7,
            fontweight="bold",
            color=inks[kind] if kind >= 0 else _INK_2,
        )
        # It lies inside its zone: the layout need not measure it.
        written.set_in_layout(False)


def bar_figure(
    parts: Mapping[str, float],
    *,
    unit: str,
    colors: Sequence[str] | None = None,
    width_in: float = 6.4,
) -> Figure:
    """
    Draw horizontal bars with their figures, largest amounts longest.

    Parameters
    ----------
    parts
        Label → amount, in the order drawn, top first.
    unit
        Unit of the amounts.
    colors
        Colour of each bar.
    width_in
        Width in inches.
    """
    with mpl.rc_context(_SETTINGS):
        _with_fonts()
        figure = Figure(figsize=(width_in, 0.34 * len(parts) + 0.35), layout="constrained")
        axes = figure.add_subplot()
        labels = [_words(label) for label in parts]
        amounts = [0.0 if not np.isfinite(value) else float(value) for value in parts.values()]
        bars = axes.barh(labels, amounts, color=colors or PRUNE, height=0.62)
        axes.invert_yaxis()
        axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
        axes.xaxis.set_visible(False)
        axes.tick_params(length=0)
        axes.set_xlim(0, max([*amounts, 1e-9]) * 1.18)
        decimals = 1 if max([*amounts, 0]) < 100 else 0
        texts = [_words(f"{number(value, decimals)} {unit}") for value in amounts]
        axes.bar_label(bars, texts, padding=4, fontsize=8.5, fontweight="bold", color=INK)
    return figure


def draw_figure(figure: Figure, format: Format = "svg", *, dpi: int = 200) -> bytes:  # noqa: A002 - matplotlib's word
    """Render a figure; the same figure always gives the same bytes."""
    buffer = io.BytesIO()
    metadata = {"Date": None} if format == "svg" else None
    with mpl.rc_context(_SETTINGS):
        figure.savefig(buffer, format=format, dpi=dpi, metadata=metadata)
    return buffer.getvalue()
