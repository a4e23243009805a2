"""Zones: the circle that stands for a masked home, and where everything public about it is computed."""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from rpe_geo.crs import to_metric, to_wgs84
from rpe_geo.parameters import parameter_table
from rpe_geo.privacy.cells import Cells, plane_of

__all__ = ["Masking", "Zone"]

_PARAMETERS = parameter_table("privacy", date(2021, 9, 1))
_CANDIDATES = 24


@dataclass(frozen=True)
class Zone:
    """
    The circle that stands for a masked home.

    Parameters
    ----------
    longitude, latitude
        Its centre, EPSG:4326, rounded to five decimals; where public times are computed to.
    radius_m
        Its radius in metres: every dwelling of the cell lies inside.
    dwellings
        How many dwellings the cell holds; None where addresses are unknown.
    """

    longitude: float
    latitude: float
    radius_m: float
    dwellings: int | None


@dataclass(frozen=True)
class Masking:
    """
    Gives every masked home its zone, always the same one.

    Parameters
    ----------
    sheets
        The territory cut into cells, oldest sheet first: the first that knows a home answers for it, so that no later
        sheet moves its zone. None where no address is known.
    secret
        Key of the deployment; another one draws other centres within the same cells.
    """

    sheets: tuple[Cells, ...]
    secret: bytes

    def zone(self, key: str, longitude: float, latitude: float, *, hidden: bool = False) -> Zone:
        """
        Give the zone of a home.

        Parameters
        ----------
        key
            Id of the professional.
        longitude, latitude
            Where she lives, EPSG:4326.
        hidden
            For an address that is not even drawn: a cell of many more dwellings, for its times only.

        Returns
        -------
        Zone
            A function of the cell, the key and the secret; two homes of one cell have the same.
        """
        home = np.array([longitude]), np.array([latitude])
        k = int(_PARAMETERS["dwellings_min"])
        for number, cells in enumerate(self.sheets):
            if len(cells.dwellings) < k or not cells.knows(*home)[0]:
                continue
            xs, ys = to_metric(*home, cells.crs)
            at_least = int(_PARAMETERS["dwellings_hidden"]) if hidden else k
            node = cells.node_of(float(xs[0]), float(ys[0]), at_least)
            # The first sheet is named as cells were before there were sheets: its zones stay where they are.
            name = f"{cells.crs}:{node}" if number == 0 else f"{cells.crs}:sheet {number}:{node}"
            return self._draw(key, name, cells.inside(node), cells.crs)
        crs = self.sheets[0].crs if self.sheets else plane_of(longitude, latitude)
        xs, ys = to_metric(*home, crs)
        return self._blind_zone(key, float(xs[0]), float(ys[0]), crs)

    def _blind_zone(self, key: str, x: float, y: float, crs: int) -> Zone:
        """Mask by a fixed square where nothing is known of the dwellings."""
        side = float(_PARAMETERS["blind_square_m"])
        column, row = math.floor(x / side), math.floor(y / side)
        corners = np.array(
            [[column, row], [column + 1, row], [column, row + 1], [column + 1, row + 1]]
        )
        zone = self._draw(key, f"{crs}:square:{column}:{row}", corners * side, crs)
        return replace(zone, dwellings=None)

    def _draw(self, key: str, cell: str, dwellings: NDArray[np.float64], crs: int) -> Zone:
        """Displace the centre of a cell within a ring, away from every door, and cover the whole cell."""
        centre = (dwellings.min(axis=0) + dwellings.max(axis=0)) / 2
        reach = float(np.hypot(*(dwellings - centre).T).max())
        reach = max(reach, float(_PARAMETERS["zone_radius_min_m"]) / 1.5)
        lots = self._lots(f"{key}|{cell}", 2 * _CANDIDATES)
        low, high = _PARAMETERS["donut_share_min"], _PARAMETERS["donut_share_max"]
        # Uniform over the ring's area, not over its radii.
        away = reach * np.sqrt(low**2 + (high**2 - low**2) * lots[::2])
        angle = 2 * math.pi * lots[1::2]
        candidates = centre + np.column_stack([away * np.cos(angle), away * np.sin(angle)])
        gaps = np.hypot(*(candidates[:, None, :] - dwellings[None, :, :]).transpose(2, 0, 1))
        drawn = candidates[int(gaps.min(axis=1).argmax())]
        longitude, latitude = to_wgs84(drawn[:1], drawn[1:], crs)
        radius = float(np.hypot(*(dwellings - drawn).T).max()) + 2
        radius = max(10 * math.ceil(radius / 10), float(_PARAMETERS["zone_radius_min_m"]))
        return Zone(
            longitude=round(float(longitude[0]), 5),
            latitude=round(float(latitude[0]), 5),
            radius_m=radius,
            dwellings=len(dwellings),
        )

    def _lots(self, text: str, count: int) -> NDArray[np.float64]:
        """Draw numbers in [0, 1) that only the secret can foretell."""
        numbers: list[int] = []
        while len(numbers) < count:
            block = hmac.new(self.secret, f"{text}|{len(numbers)}".encode(), sha256).digest()
            numbers += [int.from_bytes(block[at : at + 4], "big") for at in range(0, 32, 4)]
        return np.array(numbers[:count]) / 2**32
