"""People: what the public may know of a professional, as far as her consent goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rpe_geo.domain import Attributes, Childminder, Contact
from rpe_geo.privacy.masking import Masking

__all__ = [
    "PublicPlace",
    "is_public",
    "public_attributes",
    "public_contact",
    "public_name",
    "public_place",
    "stand_in",
]


@dataclass(frozen=True)
class PublicPlace:
    """
    Where the public may know that a professional is.

    Parameters
    ----------
    visibility
        exact: a point and an address; masked: a zone; hidden: no place at all.
    longitude, latitude
        The point, or the centre of the zone, EPSG:4326; None when hidden.
    radius_m
        Radius of the zone; None for a point.
    """

    visibility: Literal["exact", "masked", "hidden"]
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    radius_m: float | None = None


def is_public(childminder: Childminder) -> bool:
    """Tell whether the public may know of a professional: she consents in writing, and may work."""
    publication = childminder.publication
    return (
        publication is not None and publication.consent and childminder.agrement.status == "active"
    )


def public_name(name: str) -> str:
    """
    Shorten a name to first names and an initial.

    >>> public_name("Marie-Claire Dupont")
    'Marie-Claire D.'
    """
    words = name.split()
    if len(words) < 2:
        return name.strip()
    return f"{' '.join(words[:-1])} {words[-1][0].upper()}."


def public_contact(childminder: Childminder) -> Contact:
    """Keep the telephone and the e-mail that she agreed to publish."""
    publication = childminder.publication
    if publication is None or not publication.consent:
        return Contact()
    return Contact(
        phone=childminder.contact.phone if publication.phone else None,
        email=childminder.contact.email if publication.email else None,
    )


def _shows_exactly(childminder: Childminder) -> bool:
    return is_public(childminder) and getattr(childminder.publication, "address", "") == "exact"


def public_place(childminder: Childminder, masking: Masking) -> PublicPlace:
    """Say where the public may know that she is, as far as her consent goes."""
    publication = childminder.publication
    longitude, latitude = childminder.longitude, childminder.latitude
    if publication is None or not is_public(childminder) or publication.address == "hidden":
        return PublicPlace("hidden")
    if publication.address == "exact":
        return PublicPlace("exact", childminder.address or None, longitude, latitude)
    if longitude is None or latitude is None:
        return PublicPlace("hidden")
    zone = masking.zone(childminder.childminder_id, longitude, latitude)
    return PublicPlace("masked", None, zone.longitude, zone.latitude, zone.radius_m)


def stand_in(childminder: Childminder, masking: Masking) -> Childminder | None:
    """
    Make the record with which everything public is computed in her stead.

    Rules, times, ranks and maps for the public run on stand-ins only: what is not in them cannot come out.

    Parameters
    ----------
    childminder
        The record of the registry, public or not: even who is not shown counts for the limits of a MAM.
    masking
        The zones of this deployment.

    Returns
    -------
    Childminder or None
        Placed at the centre of her zone, without address, contact, whole name or what would place her; None when she
        has no coordinates.
    """
    if childminder.longitude is None or childminder.latitude is None:
        return None
    if _shows_exactly(childminder):
        return replace(
            childminder, name=public_name(childminder.name), contact=public_contact(childminder)
        )
    publication = childminder.publication
    hidden = publication is None or not is_public(childminder) or publication.address == "hidden"
    zone = masking.zone(
        childminder.childminder_id, childminder.longitude, childminder.latitude, hidden=hidden
    )
    return replace(
        childminder,
        name=public_name(childminder.name),
        address="",
        longitude=zone.longitude,
        latitude=zone.latitude,
        contact=public_contact(childminder),
    )


def public_attributes(childminder: Childminder) -> Attributes:
    """Keep what a family may prefer, without the schools: they tell where she lives."""
    if _shows_exactly(childminder):
        return childminder.attributes
    return replace(childminder.attributes, schools_served=())
