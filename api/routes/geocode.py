"""Addresses as they are typed. What is looked up is never logged nor kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from shapely import Point

from api.dependencies import ServiceDep
from api.schemas import AddressesOut, AddressOut, ReverseOut
from rpe_geo.crs import great_circle_m
from rpe_geo.protocols import AddressQuery, Geocoded

router = APIRouter(tags=["adresses"])


def _out(place: Geocoded) -> AddressOut:
    return AddressOut.model_validate(
        {name: value for name, value in asdict(place).items() if name != "choices"}
    )


@router.get("/geocode", summary="Chercher une adresse", operation_id="geocode")
def geocode(
    service: ServiceDep,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=300,
            description="L’adresse, en une ligne.",
            examples=["12 rue des Tanneries 34000 Montpellier"],
        ),
    ],
    *,
    autocomplete: Annotated[
        bool, Query(description="1 pendant la frappe : le dernier mot peut être inachevé.")
    ] = False,
    limit: Annotated[int, Query(ge=1, le=20, description="Réponses au plus.")] = 6,
) -> AddressesOut:
    """
    Trouve une adresse française dans le territoire.

    `status` dit si la première réponse peut être utilisée sans demander : ok, review (plusieurs lieux possibles) ou not-found.
    """
    if autocomplete:
        found = service.relais.autocomplete(q, limit=limit)
        status = found[0].status if found else "not-found"
        return AddressesOut(status=status, results=[_out(place) for place in found])
    best = service.relais.geocode([AddressQuery(q)])[0]
    results = [] if best.status == "not-found" else [_out(best)]
    known = {(best.longitude, best.latitude, best.label)}
    results += [
        _out(place)
        for place in best.choices
        if (place.longitude, place.latitude, place.label) not in known
    ]
    return AddressesOut(status=best.status, results=results[:limit])


@router.get("/reverse", summary="Chercher l’adresse d’un point", operation_id="reverse")
def reverse(
    service: ServiceDep,
    lon: Annotated[float, Query(ge=-180, le=180, description="Longitude, en degrés (WGS 84).")],
    lat: Annotated[float, Query(ge=-90, le=90, description="Latitude, en degrés (WGS 84).")],
) -> ReverseOut:
    """
    Trouve l’adresse du territoire la plus proche d’un point.

    `status` : ok près d’une adresse, review quand elle est loin du point, not-found quand il n’y en a pas alentour.
    """
    place = service.relais.reverse(Point(lon, lat))
    if place.longitude is None or place.latitude is None:
        return ReverseOut(status=place.status, results=[], reason=place.reason)
    away = float(great_circle_m(*np.array([lon, lat, place.longitude, place.latitude])))
    return ReverseOut(
        status=place.status, results=[_out(place)], distance_m=round(away, 1), reason=place.reason
    )
