"""Crèches, schools and other places of the demonstration territory."""

from __future__ import annotations

import json
from random import Random

import numpy as np

from rpe_geo.crs import to_wgs84
from rpe_geo.domain import Facility
from rpe_geo.synthetic.addresses import Address
from rpe_geo.synthetic.facilities import invent_facility
from rpe_geo.synthetic.layout import ORIGIN, Layout
from rpe_geo.synthetic.places import Place

__all__ = ["CRECHE_PLACES", "equip", "facilities_geojson"]

_PLAN: tuple[tuple[str, str, str, int | None], ...] = (
    ("96001", "crèche", "Crèche La Farandole", 40),
    ("96001", "multi-accueil", "Multi-accueil Les Moussaillons", 24),
    ("96001", "micro-crèche", "Micro-crèche La Souris Verte", 10),
    ("96001", "RPE", "Relais petite enfance du Val d'Aubrelle", None),
    ("96001", "LAEP", "LAEP La Parenthèse", None),
    ("96001", "PMI", "Centre de PMI de Montvernelle", None),
    ("96001", "école", "École maternelle des Remparts", None),
    ("96001", "école", "École maternelle du Vieux-Pont", None),
    ("96001", "école", "École maternelle Sainte-Radegonde", None),
    ("96002", "micro-crèche", "Micro-crèche Les Grenouilles", 12),
    ("96002", "micro-crèche", "Micro-crèche À Cloche-Pied", 10),
    ("96002", "école", "École maternelle de Saint-Lubin", None),
    ("96003", "multi-accueil", "Multi-accueil Les Castors", 20),
    ("96003", "LAEP", "LAEP Les Petits Pas de l'Aubrelle", None),
    ("96003", "école", "École maternelle de Pont-d'Aubrelle", None),
    ("96004", "micro-crèche", "Micro-crèche Les Papillons", 12),
    ("96004", "école", "École de Champverlin", None),
    ("96005", "école", "École de Courvaly", None),
    ("96006", "école", "École de La Chapelle-Thibaude", None),
    ("96007", "école", "École de Treuillac", None),
    ("96012", "micro-crèche", "Micro-crèche Pirouette", 10),
    ("96012", "école", "École de Marcenelles", None),
)

CRECHE_PLACES: dict[str, int] = {}
"""Places in facilities by commune."""
for _code, _, _, _places in _PLAN:
    CRECHE_PLACES[_code] = CRECHE_PLACES.get(_code, 0) + (_places or 0)


def equip(layout: Layout, addresses: list[Address], seed: int) -> list[Facility]:
    """
    Put the facilities at addresses near the centres.

    Parameters
    ----------
    layout, addresses
        The territory.
    seed
        The same seed chooses the same addresses.

    Returns
    -------
    list of Facility
    """
    rng = Random(f"{seed}-equipment")  # noqa: S311 - chance of a simulation
    centres = {s.code: s for s in layout.settlements}
    taken: set[Address] = set()
    made = []
    for number, (code, kind, name, places) in enumerate(_PLAN, start=1):
        centre = centres[code]
        near = [
            a
            for a in addresses
            if a.settlement.code == code
            and a not in taken
            and np.hypot(a.x - centre.x, a.y - centre.y) < 0.85 * centre.radius_m
        ]
        address = rng.choice(near)
        taken.add(address)
        longitude, latitude = to_wgs84(
            np.array([address.x + ORIGIN[0]]), np.array([address.y + ORIGIN[1]])
        )
        commune = centres[centre.commune].name
        suffix = f" {address.suffix}" if address.suffix else ""
        label = f"{address.number}{suffix} {address.street} {centre.postcode} {commune}"
        place = Place(round(float(longitude[0]), 6), round(float(latitude[0]), 6), label, code)
        made.append(invent_facility(f"VA-{number:02d}", kind, name, place, rng, places))
    return made


def facilities_geojson(facilities: list[Facility]) -> bytes:
    """Write facilities as a GeoJSON file (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [f.longitude, f.latitude]},
            "properties": {
                "facility_id": f.facility_id, "kind": f.kind, "name": f.name, "address": f.address, "places": f.places,
                "opening_hours": f.opening_hours.write() if f.opening_hours else None, "age_min_months": f.age_min_months,
                "age_max_months": f.age_max_months, "funding": f.funding, "phone": f.contact.phone, "email": f.contact.email,
            },
        }
        for f in facilities
    ]  # fmt: skip
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'.encode()
