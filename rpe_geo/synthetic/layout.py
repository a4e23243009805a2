"""
Where things lie in the demonstration territory: the ground, the river, the communes, the hamlets.

Plane coordinates are metres from `ORIGIN` in Lambert-93. Everything here is invented; the positions of the communes
are a composition, moved a little by the seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

__all__ = [
    "CELL_M",
    "EXTENT_M",
    "ORIGIN",
    "Ground",
    "Layout",
    "Settlement",
    "lay_out",
    "smooth_curve",
]

ORIGIN = (592_000.0, 6_642_000.0)
"""South-west corner in Lambert-93."""

EXTENT_M = (17_600.0, 15_200.0)
CELL_M = 50.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Settlement:
    """
    A town, a village or a delegated commune.

    Parameters
    ----------
    code, name
        Code and name of the commune; of the delegated commune when `merged_into` is set.
    radius_m
        Distance at which the streets end, more or less.
    merged_into
        Code of the commune nouvelle.
    """

    code: str
    name: str
    postcode: str
    x: float
    y: float
    population: int
    radius_m: float
    merged_into: str | None = None

    @property
    def commune(self) -> str:
        """Code of the present commune."""
        return self.merged_into or self.code


@dataclass(frozen=True)
class Ground:
    """A smooth field of values in [-1, 1] over the extent, for whatever must vary from place to place."""

    values: Array

    @classmethod
    def draw(cls, rng: np.random.Generator, wavelength_m: float) -> Ground:
        """Draw a field whose hills are about `wavelength_m` metres apart."""
        shape = tuple(int(length / CELL_M) + 1 for length in EXTENT_M)
        field = gaussian_filter(
            rng.standard_normal(shape), wavelength_m / CELL_M / 4, mode="nearest"
        )
        return cls(np.clip(field / np.abs(field).max() * 1.3, -1, 1))

    def at(self, x: Array | float, y: Array | float) -> Array:
        """Read the field at metres."""
        columns = np.clip(np.asarray(x) / CELL_M, 0, self.values.shape[0] - 1.001)
        rows = np.clip(np.asarray(y) / CELL_M, 0, self.values.shape[1] - 1.001)
        i, j = columns.astype(np.intp), rows.astype(np.intp)
        u, v = columns - i, rows - j
        low = self.values[i, j] * (1 - u) + self.values[i + 1, j] * u
        high = self.values[i, j + 1] * (1 - u) + self.values[i + 1, j + 1] * u
        return np.asarray(low * (1 - v) + high * v)


@dataclass(frozen=True)
class Layout:
    """The ground plan before any road."""

    settlements: tuple[Settlement, ...]
    hamlets: tuple[tuple[float, float, int], ...]
    river: LineString
    stream: LineString
    water: BaseGeometry
    lake: Polygon
    woods: MultiPolygon
    ground: Ground
    fine_ground: Ground

    @property
    def town(self) -> Settlement:
        """The largest settlement."""
        return max(self.settlements, key=lambda settlement: settlement.population)

    def built(self, x: float, y: float) -> tuple[float, Settlement]:
        """
        Say how dense the place is.

        Returns
        -------
        tuple
            Density from 1 in a centre to 0 in the fields, and the settlement that gives it.
        """
        best, owner = 0.0, self.settlements[0]
        for settlement in self.settlements:
            distance = np.hypot(x - settlement.x, y - settlement.y)
            if distance > 2.2 * settlement.radius_m:
                continue
            density = float(np.exp(-((distance / settlement.radius_m) ** 2) * 1.2))
            density *= 1 + 0.35 * float(self.fine_ground.at(x, y))
            if density > best:
                best, owner = density, settlement
        return best, owner


_PLAN: tuple[tuple[str, str, str, float, float, int, str | None], ...] = (
    ("96001", "Montvernelle-sur-Aubrelle", "96100", 8350, 7800, 7640, None),
    ("96002", "Saint-Lubin-la-Roselle", "96110", 5700, 5650, 2180, None),
    ("96003", "Pont-d'Aubrelle", "96120", 14250, 6150, 1930, None),
    ("96004", "Champverlin", "96120", 13300, 10200, 1240, None),
    ("96005", "Courvaly", "96130", 3300, 9700, 1060, None),
    ("96006", "La Chapelle-Thibaude", "96140", 4700, 2700, 830, None),
    ("96007", "Treuillac-le-Vieux", "96140", 8900, 2300, 690, None),
    ("96008", "Saint-Évrard-des-Bois", "96130", 6000, 12500, 540, None),
    ("96009", "Noirmeure", "96110", 2200, 6350, 480, None),
    ("96010", "Les Essards-Gaudin", "96120", 12300, 3300, 410, None),
    ("96011", "Fontorgne", "96100", 15400, 12900, 290, None),
    ("96012", "Marcenelles-Bréhaut", "96100", 10500, 11500, 760, None),
    ("96013", "Bréhaut", "96100", 9350, 13400, 210, "96012"),
)

_RIVER = (
    (17_900, 5_000),
    (16_300, 5_450),
    (14_900, 5_700),
    (13_400, 6_500),
    (11_900, 6_450),
    (10_500, 7_250),
    (9_300, 7_420),
    (8_300, 7_330),
    (7_100, 6_900),
    (6_000, 7_350),
    (4_700, 7_300),
    (3_400, 6_850),
    (2_000, 7_150),
    (700, 6_550),
    (-400, 6_700),
)
_STREAM = (
    (12_900, 15_400),
    (12_300, 13_600),
    (12_100, 12_100),
    (11_300, 10_500),
    (10_200, 9_300),
    (9_650, 8_300),
    (9_720, 7_420),
)
RIVER_WIDTH_M = 38.0


def smooth_curve(points: Array, passes: int = 3) -> Array:
    """Round the corners of a line by Chaikin's cutting; the ends stay."""
    for _ in range(passes):
        if len(points) < 3:
            return points
        cut = np.empty((2 * len(points) - 2, 2))
        cut[0::2] = 0.75 * points[:-1] + 0.25 * points[1:]
        cut[1::2] = 0.25 * points[:-1] + 0.75 * points[1:]
        cut[0], cut[-1] = points[0], points[-1]
        points = cut
    return points


def _meander(
    rng: np.random.Generator, points: tuple[tuple[float, float], ...], swing_m: float
) -> LineString:
    """Bend a line to and fro, as water does in a flat valley."""
    line = LineString(smooth_curve(np.array(points, dtype=np.float64)))
    distances = np.arange(0, line.length, 60.0)
    phase = np.cumsum(60 / rng.uniform(500, 1100, len(distances)) * 2 * np.pi)
    swing = swing_m * (0.4 + 0.6 * np.abs(np.sin(phase / 7.3))) * np.sin(phase)
    here = np.array([line.interpolate(distance).coords[0] for distance in distances])
    tangent = np.gradient(here, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    bent = (
        here + np.column_stack((-tangent[:, 1], tangent[:, 0])) * gaussian_filter(swing, 2)[:, None]
    )
    return LineString(shapely.simplify(LineString(smooth_curve(bent, 1)), 2.0).coords)


def _woods(ground: Ground, fine_ground: Ground, keep_off: BaseGeometry) -> MultiPolygon:
    """Put woods on the heights, away from houses and water."""
    columns, rows = np.meshgrid(
        *(np.arange(-CELL_M, length + CELL_M, CELL_M) for length in EXTENT_M), indexing="ij"
    )
    height = ground.at(columns, rows) + 0.55 * fine_ground.at(columns, rows)
    x, y = columns[height > 0.38], rows[height > 0.38]
    wooded = shapely.union_all(shapely.box(x, y, x + CELL_M, y + CELL_M))
    # Closing fills the gaps, opening rounds the edges.
    wooded = (
        wooded.buffer(45, quad_segs=4)
        .buffer(-85, quad_segs=4)
        .buffer(40, quad_segs=4)
        .difference(keep_off)
    )
    parts = [part.simplify(9) for part in getattr(wooded, "geoms", [wooded]) if part.area > 25_000]
    return MultiPolygon(
        [
            Polygon(part.exterior, [hole for hole in part.interiors if Polygon(hole).area > 8_000])
            for part in parts
        ]
    )


def lay_out(seed: int) -> Layout:
    """
    Draw the ground plan.

    Parameters
    ----------
    seed
        The same seed draws the same plan.

    Returns
    -------
    Layout
        River, settlements, hamlets, woods; in metres from `ORIGIN`.
    """
    rng = np.random.default_rng([seed, 1])
    ground, fine_ground = Ground.draw(rng, 2600.0), Ground.draw(rng, 700.0)
    river, stream = _meander(rng, _RIVER, 85.0), _meander(rng, _STREAM, 55.0)
    settlements = tuple(
        Settlement(
            code,
            name,
            postcode,
            x + rng.normal(0, 60),
            y + rng.normal(0, 40),
            population,
            float(11.8 * np.sqrt(population) + 95),
            merged_into,
        )
        for code, name, postcode, x, y, population, merged_into in _PLAN
    )
    lake_shape = np.array(
        [
            (
                150 * (1 + 0.35 * np.sin(2 * a + 1) + 0.15 * np.sin(5 * a)) * np.cos(a),
                95 * (1 + 0.3 * np.cos(3 * a)) * np.sin(a),
            )
            for a in np.linspace(0, 2 * np.pi, 40)
        ]
    )
    lake = Polygon(smooth_curve(lake_shape + np.array((11_150, 10_050)), 1)).buffer(0)
    water = river.buffer(RIVER_WIDTH_M / 2).union(lake)
    hamlets = _hamlets(rng, settlements, water)
    centres = [Point(s.x, s.y).buffer(1.15 * s.radius_m + 120) for s in settlements]
    centres += [Point(x, y).buffer(160) for x, y, _ in hamlets]
    woods = _woods(
        ground, fine_ground, shapely.union_all([*centres, water.buffer(60), stream.buffer(30)])
    )
    return Layout(settlements, hamlets, river, stream, water, lake, woods, ground, fine_ground)


def _hamlets(
    rng: np.random.Generator, settlements: tuple[Settlement, ...], water: BaseGeometry
) -> tuple[tuple[float, float, int], ...]:
    """Scatter hamlets and farms: (x, y, houses)."""
    placed: list[tuple[float, float, int]] = []
    for _ in range(4000):
        if len(placed) == 84:
            break
        x, y = rng.uniform(900, EXTENT_M[0] - 900), rng.uniform(900, EXTENT_M[1] - 900)
        if min(np.hypot(x - s.x, y - s.y) - 1.25 * s.radius_m for s in settlements) < 350:
            continue
        if min(np.hypot(x - s.x, y - s.y) for s in settlements) > 3100:
            continue
        if (
            any(np.hypot(x - a, y - b) < 620 for a, b, _ in placed)
            or water.distance(Point(x, y)) < 130
        ):
            continue
        placed.append(
            (x, y, int(rng.choice([1, 2, 3, 5, 8, 12], p=[0.3, 0.2, 0.18, 0.14, 0.1, 0.08])))
        )
    return tuple(placed)
