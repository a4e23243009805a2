"""How slopes change the pace, where the source of the streets gives elevations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rpe_geo.crs import great_circle_m
from rpe_geo.travel.streets.osm_file import ParsedStreets
from rpe_geo.travel.streets.tags import NetworkMode

__all__ = ["elevation_along", "slope_factor"]

Floats = NDArray[np.float64]


def elevation_along(parsed: ParsedStreets) -> Floats:
    """
    Return the elevation of each vertex of the ways, in metres.

    Parameters
    ----------
    parsed
        The streets; their nodes may have elevations.

    Returns
    -------
    ndarray
        One value per item of `parsed.way_nodes`: what the node says, else in proportion to the length between the two
        nearest nodes of the same way that say it; nan beyond them, and on steps, which have a pace of their own.
    """
    nodes = parsed.way_nodes
    if not parsed.elevation.size:
        return np.full(nodes.size, np.nan)
    said = parsed.elevation[nodes]
    known = np.flatnonzero(~np.isnan(said))
    lengths = np.diff(parsed.way_ptr)
    way = np.repeat(np.arange(lengths.size), lengths)
    longitude, latitude = parsed.longitude[nodes], parsed.latitude[nodes]
    step = great_circle_m(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    along = np.concatenate([[0.0], np.cumsum(step)])
    if not known.size:
        return said
    after = np.searchsorted(known, np.arange(nodes.size))
    before = known[np.maximum(np.searchsorted(known, np.arange(nodes.size), side="right") - 1, 0)]
    beyond = known[np.minimum(after, known.size - 1)]
    between = (way[before] == way) & (way[beyond] == way)
    between &= (before <= np.arange(nodes.size)) & (beyond >= np.arange(nodes.size))
    span = along[beyond] - along[before]
    share = np.where(span > 0, (along - along[before]) / np.where(span > 0, span, 1.0), 0.0)
    elevation = said[before] + share * (said[beyond] - said[before])
    is_steps = np.array([name == "steps" for name in parsed.classes])[parsed.way_class[way]]
    found: Floats = np.where(between & ~is_steps, elevation, np.nan)
    return found


def slope_factor(
    mode: NetworkMode, climb: Floats, length: Floats, rules: Mapping[str, float]
) -> Floats:
    """
    Say which part of the pace on the flat is kept on a slope.

    Parameters
    ----------
    mode
        walk, pushchair, bike or car.
    climb
        Metres gained along each stretch; nan is unknown.
    length
        Metres of each stretch, on the map.
    rules
        The parameter `slope`.

    Returns
    -------
    ndarray
        1 on the flat, where nothing is known, and for cars.

    Notes
    -----
    On foot, Tobler's function relative to the flat: exp(-3.5 (|g + 0.05| - 0.05)) for a grade g, fastest on a gentle way
    down. By bike, a straight line each way, within limits. Grades beyond `steepest` count as `steepest`.
    """
    if mode == "car":
        return np.ones(climb.size)
    grade = np.divide(climb, length, out=np.zeros(climb.size), where=length > 1e-3)
    grade = np.clip(np.nan_to_num(grade, nan=0.0), -rules["steepest"], rules["steepest"])
    if mode == "bike":
        slower = 1 - rules["bike_loss"] * np.maximum(grade, 0)
        faster = rules["bike_gain"] * np.maximum(-grade, 0)
        kept: Floats = np.clip(slower + faster, rules["bike_least"], rules["bike_most"])
        return kept
    best = rules["walk_best"]
    pace: Floats = np.exp(-rules["walk_decay"] * (np.abs(grade - best) - abs(best)))
    return pace
