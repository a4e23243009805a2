"""Writing an answer: a place of the index as a `Geocoded`, with its label and a true width of uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rpe_geo.geocoding.decision import Doubt
from rpe_geo.geocoding.numbers import NumberFound
from rpe_geo.geocoding.store import AddressStore, Street
from rpe_geo.messages import phrase
from rpe_geo.parameters import ParameterTable
from rpe_geo.protocols import AddressLevel, Geocoded

__all__ = ["commune_answer", "not_found", "street_answer", "with_choices"]

_DIGITS = 7


def not_found(doubt: Doubt) -> Geocoded:
    """Answer that there is no place, and why."""
    return Geocoded(status="not-found", reason=phrase(doubt.code, **doubt.values))


def with_choices(answer: Geocoded, choices: Sequence[Geocoded]) -> Geocoded:
    """Add the other places that could be meant."""
    return replace(answer, choices=tuple(choices))


def street_answer(
    street: Street,
    number: NumberFound | None,
    store: AddressStore,
    limits: ParameterTable,
    *,
    score: float,
    doubt: Doubt | None = None,
) -> Geocoded:
    """
    Answer with a street, or a number on it.

    Parameters
    ----------
    street
        The street as the index has it.
    number
        Where the number lies; None for the street itself.
    store, limits
        The index and the parameters of uncertainty.
    score
        How well the words fit, 0 to 1.
    doubt
        Why somebody must look; None when it is accepted.

    Returns
    -------
    Geocoded
        Accepted without doubt, else for review.
    """
    commune = store.communes[street.commune]
    level: AddressLevel
    if number is not None:
        level = number.level
        longitude, latitude = number.plate.longitude, number.plate.latitude
        housenumber = f"{number.plate.number}{number.plate.suffix}"
        written = f"{number.plate.number} {number.plate.suffix}".strip() + " "
    else:
        level = "street" if street.plates else "locality"
        longitude, latitude = street.longitude, street.latitude
        housenumber = written = ""
    return Geocoded(
        status="review" if doubt else "ok",
        longitude=round(longitude, _DIGITS),
        latitude=round(latitude, _DIGITS),
        score=round(max(0.0, min(1.0, score)), 4),
        level=level,
        label=f"{written}{street.name}, {f'{street.postcode} {commune.city}'.strip()}",
        housenumber=housenumber,
        street=street.name,
        code_postal=street.postcode,
        code_commune=commune.code,
        city=commune.city,
        uncertainty_m=round(_uncertainty_m(street, number, limits), 1),
        reason=phrase(doubt.code, **doubt.values) if doubt else "",
    )


def commune_answer(
    commune: int, store: AddressStore, *, postcode: str, score: float, doubt: Doubt | None
) -> Geocoded:
    """Answer with the middle of a commune's streets; the postcode is kept when it is one of the commune's."""
    known = store.communes[commune]
    longitude, latitude, radius_m = store.commune_place(commune)
    kept = postcode if commune in store.by_postcode.get(postcode, ()) else ""
    return Geocoded(
        status="review" if doubt else "ok",
        longitude=round(longitude, _DIGITS),
        latitude=round(latitude, _DIGITS),
        score=round(max(0.0, min(1.0, score)), 4),
        level="municipality",
        label=f"{kept} {known.name}".strip(),
        code_postal=kept,
        code_commune=known.code,
        city=known.city,
        uncertainty_m=round(max(500.0, radius_m * 1.1), 1),
        reason=phrase(doubt.code, **doubt.values) if doubt else "",
    )


def _uncertainty_m(street: Street, number: NumberFound | None, limits: ParameterTable) -> float:
    """Measure the radius in metres that holds the true place in 95 cases of 100."""
    if number is None:
        return max(float(limits["street_floor_m"]), street.radius_m)
    if number.level == "housenumber":
        widths = limits["plate_uncertainty_m"]
        return float(widths.get(number.plate.position, widths["autre"])) + number.spread_m
    return float(limits["interpolated_floor_m"] + limits["interpolated_share"] * number.spread_m)
