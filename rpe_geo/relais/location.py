"""Where a family lives and works: coordinates as given, or addresses that leave no doubt."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import cast

from shapely import Point

from rpe_geo.domain import Request, TravelMode
from rpe_geo.errors import AddressNotFound, AmbiguousAddress, InputError, Where
from rpe_geo.protocols import AddressQuery, Geocoded, Geocoder

__all__ = ["Located", "locate", "place_of"]


@dataclass(frozen=True)
class Located:
    """
    A request whose places are known.

    Parameters
    ----------
    request
        With coordinates.
    home, work, second_home
        EPSG:4326. On a trip that goes on by train, `work` is the station.
    addresses
        What the geocoder answered, by field name; empty when coordinates were given.
    """

    request: Request
    home: Point
    work: Point | None
    addresses: dict[str, Geocoded]
    second_home: Point | None = None


def locate(request: Request, geocoder: Geocoder | None, *, accept_review: bool = False) -> Located:
    """
    Find where a family lives, and works when it says so.

    Parameters
    ----------
    request
        Coordinates win over addresses.
    geocoder
        Asked only when an address has no coordinates; None where the territory has no addresses.
    accept_review
        Take the best guess of a doubtful address instead of refusing.

    Returns
    -------
    Located
        The request with its coordinates.

    Raises
    ------
    AddressNotFound
        When nothing looks like an address.
    AmbiguousAddress
        When somebody must choose; `values["places"]` are the choices as `Geocoded`.
    InputError
        When there is an address and no geocoder.
    """
    addresses: dict[str, Geocoded] = {}
    home = _point(request.longitude, request.latitude)
    if home is None:
        addresses["address"] = place_of(
            request.address, geocoder, field="address", accept_review=accept_review
        )
        home = addresses["address"].point
    work = _point(request.work_longitude, request.work_latitude)
    if request.trip is not None and request.station:
        # The train is the same whoever keeps the child: what differs is the way by the provider to the station.
        work = _written_point(request.station)
        if work is None:
            addresses["station"] = place_of(
                request.station, geocoder, field="station", accept_review=accept_review
            )
            work = addresses["station"].point
    elif work is None and request.work_address:
        addresses["work_address"] = place_of(
            request.work_address, geocoder, field="work_address", accept_review=accept_review
        )
        work = addresses["work_address"].point
    second = None
    if request.second_home is not None:
        other = request.second_home
        second = _point(other.longitude, other.latitude)
        if second is None:
            addresses["second_home"] = place_of(
                other.address, geocoder, field="second_home.address", accept_review=accept_review
            )
            second = addresses["second_home"].point
    assert home is not None
    placed = replace(
        request,
        mode=request.mode if request.trip is None else cast("TravelMode", request.trip[0]),
        longitude=home.x,
        latitude=home.y,
        work_longitude=None if work is None else work.x,
        work_latitude=None if work is None else work.y,
    )
    return Located(placed, home, work, addresses, second)


def place_of(
    address: str, geocoder: Geocoder | None, *, field: str, accept_review: bool = False
) -> Geocoded:
    """Find the place of one address, or raise as `locate` does."""
    if geocoder is None:
        raise InputError("address_without_geocoder", where=Where(field=field))
    found = geocoder.geocode([AddressQuery(address)])[0]
    if found.status == "not-found" or found.point is None:
        raise AddressNotFound("address_not_found", where=Where(field=field), reason=found.reason)
    if found.status == "review" and not accept_review:
        places = (found, *found.choices)
        raise AmbiguousAddress(
            "address_ambiguous",
            where=Where(field=field),
            reason=found.reason,
            choices=" ; ".join(dict.fromkeys(place.label for place in places)),
            places=places,
        )
    return found


def _written_point(text: str) -> Point | None:
    """Read « 3.8802,43.6047 », longitude first."""
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*", text)
    return None if found is None else Point(float(found[1]), float(found[2]))


def _point(longitude: float | None, latitude: float | None) -> Point | None:
    return None if longitude is None or latitude is None else Point(longitude, latitude)
