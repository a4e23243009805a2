"""Whether a place lies in France, as far as the rules of the road ask: an outline of a few kilometres' precision."""

from __future__ import annotations

import shapely

__all__ = ["is_in_france"]

_METROPOLE = shapely.Polygon(
    [
        (2.55, 51.10), (2.63, 50.83), (3.15, 50.79), (3.28, 50.52), (3.66, 50.36), (4.03, 50.35), (4.20, 49.97),
        (4.68, 50.00), (4.83, 50.16), (4.88, 49.80), (5.45, 49.51), (5.82, 49.55), (6.37, 49.46), (6.73, 49.17),
        (7.05, 49.12), (7.45, 49.17), (8.23, 48.97), (7.81, 48.58), (7.58, 48.12), (7.59, 47.59), (7.20, 47.43),
        (6.99, 47.50), (6.45, 46.93), (6.11, 46.57), (6.10, 46.28), (5.97, 46.20), (6.15, 46.14), (6.31, 46.25),
        (6.30, 46.40), (6.80, 46.42), (6.80, 46.13), (7.04, 45.92), (6.86, 45.83), (7.13, 45.40), (6.62, 45.10),
        (6.75, 44.92), (7.03, 44.70), (6.87, 44.50), (7.00, 44.23), (7.68, 44.17), (7.53, 43.78), (7.50, 43.30),
        (3.25, 42.40), (2.00, 42.35), (1.95, 42.44), (1.73, 42.50), (1.44, 42.60), (0.66, 42.69), (-0.31, 42.84),
        (-0.75, 42.95), (-1.44, 43.04), (-1.79, 43.37), (-2.20, 43.60), (-5.50, 47.50), (-5.50, 49.00), (-2.60, 48.95),
        (-1.80, 49.00), (-1.95, 49.40), (-2.10, 49.80), (0.00, 50.00), (1.50, 51.02),
    ]
)  # fmt: skip
_MONACO = shapely.box(7.409, 43.724, 7.440, 43.752)
_OTHERS = [
    shapely.box(8.4, 41.3, 9.7, 43.1),  # Corse
    shapely.box(-61.95, 15.8, -60.9, 16.6),  # Guadeloupe
    shapely.box(-61.3, 14.3, -60.7, 15.0),  # Martinique
    shapely.box(-54.7, 2.0, -51.5, 6.0),  # Guyane
    shapely.box(55.1, -21.5, 55.9, -20.8),  # La Réunion
    shapely.box(45.0, -13.1, 45.4, -12.5),  # Mayotte
]
_FRANCE = shapely.union_all([shapely.difference(_METROPOLE, _MONACO), *_OTHERS])


def is_in_france(longitude: float, latitude: float) -> bool:
    """
    Say whether a point lies in France.

    Parameters
    ----------
    longitude, latitude
        EPSG:4326.

    Returns
    -------
    bool
        True inside the outline, a few kilometres more or less along land borders.
    """
    return bool(shapely.contains_xy(_FRANCE, longitude, latitude))
