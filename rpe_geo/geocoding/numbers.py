"""The house numbers of a street: packed in the index, found, or placed between their neighbours of the same side."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, overload

from rpe_geo.geocoding.house_numbers import HouseNumber

__all__ = [
    "PLATE_FIELDS",
    "NumberFound",
    "Plate",
    "Plates",
    "find_number",
    "metres",
    "pack_plates",
]

PLATE_FIELDS = (
    ("number", "<u4"),
    ("suffix", "<u2"),
    ("x", "<i4"),
    ("y", "<i4"),
    ("position", "u1"),
)
"""How a plate is packed: suffix is a place in the index's list, x and y are degrees × 10⁷ (EPSG:4326)."""

_RECORD = struct.Struct("<IHiiB")
_NUMBER = struct.Struct("<I")
_E7 = 1e7
_POSITIONS = ("", "entrée", "bâtiment", "parcelle", "segment", "délivrance postale", "interpolation", "service technique",
              "logement", "cage d’escalier")  # fmt: skip
_POSITION_INDEX = {name: index for index, name in enumerate(_POSITIONS)}
_SAME_SUFFIX = {
    "b": "bis",
    "bis": "b",
    "t": "ter",
    "ter": "t",
    "q": "quater",
    "quater": "q",
    "d": "quater",
}
_METRES_PER_DEGREE = 111_195.0


class Plate(NamedTuple):
    """One number of a street, where it hangs (EPSG:4326) and how its place was found."""

    number: int
    suffix: str
    longitude: float
    latitude: float
    position: str


@dataclass(frozen=True, slots=True)
class NumberFound:
    """
    Where a number lies on its street.

    Parameters
    ----------
    level
        housenumber: published; interpolated: between or beside published ones.
    spread_m
        How far off the place can be for want of the exact plate: 0 when it is published once.
    exact
        Whether number and suffix are the ones asked for.
    beyond
        Whether it lies past the published numbers.
    suffixes
        The suffixes under which the number is published, when none was asked for and it never stands alone.
    """

    level: Literal["housenumber", "interpolated"]
    plate: Plate
    spread_m: float
    exact: bool
    beyond: bool = False
    suffixes: tuple[str, ...] = ()


def pack_plates(plates: Iterable[Plate], suffixes: dict[str, int]) -> bytes:
    """
    Pack plates for the index, sorted by number and suffix.

    Parameters
    ----------
    plates
        Of one street.
    suffixes
        Suffix → its place in the index's own list, which grows as new ones come.

    Returns
    -------
    bytes
        Fifteen a plate.
    """
    return b"".join(
        _RECORD.pack(
            plate.number,
            suffixes.setdefault(plate.suffix, len(suffixes)),
            round(plate.longitude * _E7),
            round(plate.latitude * _E7),
            _POSITION_INDEX.get(plate.position, 0),
        )
        for plate in sorted(plates, key=lambda plate: (plate.number, plate.suffix))
    )


class Plates(Sequence[Plate]):
    """
    The plates of a street, in order of number and suffix, unpacked only as far as they are looked at.

    Parameters
    ----------
    packed
        What `pack_plates` wrote.
    suffixes
        The index's list of suffixes.
    """

    def __init__(self, packed: bytes, suffixes: Sequence[str]) -> None:
        self._packed = packed
        self._suffixes = suffixes

    @cached_property
    def _unpacked(self) -> list[Plate]:
        return [self._plate(record) for record in _RECORD.iter_unpack(self._packed)]

    def __len__(self) -> int:
        return len(self._packed) // _RECORD.size

    @overload
    def __getitem__(self, index: int) -> Plate: ...
    @overload
    def __getitem__(self, index: slice) -> list[Plate]: ...
    def __getitem__(self, index: int | slice) -> Plate | list[Plate]:
        return self._unpacked[index]

    def numbered(self, number: int) -> list[Plate]:
        """List the plates that have a number."""
        key = _NUMBER.pack(number)
        found = []
        at = self._packed.find(key)
        while at >= 0:
            if at % _RECORD.size == 0:
                found.append(self._plate(_RECORD.unpack_from(self._packed, at)))
            at = self._packed.find(key, at + 1)
        return found

    def _plate(self, record: tuple[int, int, int, int, int]) -> Plate:
        number, suffix, x, y, position = record
        return Plate(number, self._suffixes[suffix], x / _E7, y / _E7, _POSITIONS[position])


def metres(longitude_a: float, latitude_a: float, longitude_b: float, latitude_b: float) -> float:
    """Measure a short distance in metres on the sphere, flattened at its latitude."""
    east = (longitude_a - longitude_b) * math.cos(math.radians(latitude_a))
    return math.hypot(east, latitude_a - latitude_b) * _METRES_PER_DEGREE


def find_number(plates: Plates, wanted: HouseNumber) -> NumberFound | None:
    """
    Find a number on a street.

    Parameters
    ----------
    plates
        The street's published numbers, in order.
    wanted
        Number and suffix as typed.

    Returns
    -------
    NumberFound or None
        The published plate; else the same number without or with another suffix; else a place between the nearest
        lower and higher numbers of the same side; else the end of the street when the number lies just beyond it.
        None when the street publishes no number, or none near enough to tell.
    """
    same = plates.numbered(wanted.number)
    if same:
        return _among(same, wanted)
    side = [plate for plate in plates if plate.number % 2 == wanted.number % 2]
    lower = max((p for p in side if p.number < wanted.number), key=lambda p: p.number, default=None)
    upper = min((p for p in side if p.number > wanted.number), key=lambda p: p.number, default=None)
    if lower and upper:
        share = (wanted.number - lower.number) / (upper.number - lower.number)
        return _between(lower, upper, share, wanted)
    lower = max(
        (p for p in plates if p.number < wanted.number), key=lambda p: p.number, default=None
    )
    upper = min(
        (p for p in plates if p.number > wanted.number), key=lambda p: p.number, default=None
    )
    if lower and upper:
        share = (wanted.number - lower.number) / (upper.number - lower.number)
        found = _between(lower, upper, share, wanted)
        return NumberFound("interpolated", found.plate, found.spread_m + 15, exact=False)
    return _beyond(plates, lower or upper, wanted)


def _among(same: Sequence[Plate], wanted: HouseNumber) -> NumberFound:
    """Choose among the plates of one number: its suffix, an equivalent one, none, else the first."""
    twins = [plate for plate in same if plate.suffix == wanted.suffix]
    if not twins and " " in wanted.suffix:  # « c bis » published « cbis »
        twins = [
            plate
            for plate in same
            if plate.suffix.replace(" ", "") == wanted.suffix.replace(" ", "")
        ]
    if not twins and wanted.suffix:
        twins = [plate for plate in same if plate.suffix == _SAME_SUFFIX.get(wanted.suffix)]
    if twins:
        spread = max(metres(*twins[0][2:4], *twin[2:4]) for twin in twins)
        return NumberFound("housenumber", twins[0], spread, exact=True)
    plain = next((plate for plate in same if not plate.suffix), same[0])
    spread = max(metres(*plain[2:4], *other[2:4]) for other in same)
    if wanted.suffix:
        return NumberFound("interpolated", plain, max(25.0, spread), exact=False)
    suffixes = () if not plain.suffix else tuple(dict.fromkeys(plate.suffix for plate in same))
    return NumberFound("housenumber", plain, spread, exact=False, suffixes=suffixes)


def _between(lower: Plate, upper: Plate, share: float, wanted: HouseNumber) -> NumberFound:
    gap = metres(lower.longitude, lower.latitude, upper.longitude, upper.latitude)
    plate = Plate(
        wanted.number,
        wanted.suffix,
        lower.longitude + share * (upper.longitude - lower.longitude),
        lower.latitude + share * (upper.latitude - lower.latitude),
        "interpolation",
    )
    return NumberFound("interpolated", plate, gap, exact=False)


def _beyond(plates: Sequence[Plate], end: Plate | None, wanted: HouseNumber) -> NumberFound | None:
    """Place a number just past the end of the published ones at the end; give up when it is far past."""
    if end is None:
        return None
    numbers = sorted({plate.number for plate in plates})
    past = abs(wanted.number - end.number)
    allowed = max(10, (numbers[-1] - numbers[0]) // 4)
    if past > allowed:
        return None
    ends = [plate for plate in plates if plate.number in {numbers[0], numbers[-1]}]
    length = metres(*ends[0][2:4], *ends[-1][2:4])
    pace = length / max(1, numbers[-1] - numbers[0]) if len(numbers) > 1 else 10.0
    plate = Plate(wanted.number, wanted.suffix, end.longitude, end.latitude, "interpolation")
    return NumberFound("interpolated", plate, 40 + past * max(pace, 8.0), exact=False, beyond=True)
