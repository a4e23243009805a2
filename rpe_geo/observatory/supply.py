"""The supply as arrays: where it is, how many places, free or not, open early, late or on Saturday, for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.domain import Childminder, Facility
from rpe_geo.schedule import Timetable

__all__ = ["NEEDS", "SLOTS", "childminder_supply", "facility_supply", "share_places"]

QUARTERS_A_DAY = 96
SLOTS: dict[str, int] = {
    "early": 1 * QUARTERS_A_DAY + 26,  # Tuesday 6:30
    "late": 1 * QUARTERS_A_DAY + 78,  # Tuesday 19:30
    "saturday": 5 * QUARTERS_A_DAY + 40,  # Saturday 10:00
}
"""Name of a slot → its quarter-hour in the week."""
USUAL_DAY = 1 * QUARTERS_A_DAY + 40
"""Tuesday 10:00: whoever is full then has no place to offer."""

NEEDS: dict[str, frozenset[str]] = {
    "step_free": frozenset({"step_free"}),
    "medicines": frozenset({"medicines", "epilepsy_first_aid"}),
    "trained": frozenset({"trained_autism", "trained_motor", "trained_sensory"}),
    "sign_language": frozenset({"sign_language"}),
}
"""Name of a functional need → the capabilities of which one answers it."""
_COLUMNS = (
    "kind", "name", "longitude", "latitude", "places", "estimated", "free", "open_early", "open_late", "open_saturday",
    *NEEDS, "hours_known", "confirmed_days_ago", "offered_hours", "free_hours",
)  # fmt: skip


def _week(timetable: Timetable | None) -> NDArray[np.float64]:
    """Share of the weeks of a cycle in which each quarter-hour of the week is on; empty when not known."""
    if timetable is None:
        return np.zeros(7 * QUARTERS_A_DAY)
    share: NDArray[np.float64] = timetable.slots.reshape(-1, 7 * QUARTERS_A_DAY).mean(axis=0)
    return share


def childminder_supply(childminders: Iterable[Childminder], *, on: date) -> pd.DataFrame:
    """
    List what childminders in activity offer.

    Parameters
    ----------
    childminders
        Records of the registry; those whose agrément is not active that day are left out.
    on
        The day looked at.

    Returns
    -------
    DataFrame
        By `childminder_id`: `kind, name (empty), longitude, latitude, places, free, open_early, open_late, open_saturday`,
        places by functional need (`NEEDS`), `hours_known, confirmed_days_ago, offered_hours, free_hours`. It holds homes:
        for computing, never for drawing.
    """
    rows = {}
    for person in childminders:
        agrement = person.agrement
        begun = agrement.valid_from is None or agrement.valid_from <= on
        lasting = agrement.valid_until is None or on <= agrement.valid_until
        if agrement.status != "active" or not begun or not lasting:
            continue
        places = float(agrement.places_offered)
        hours = _week(person.working_hours)
        taken = np.zeros(7 * QUARTERS_A_DAY)
        for contract in person.contracts or ():
            if contract.start <= on and (contract.end is None or on <= contract.end):
                taken += _week(contract.presence)
        free = np.maximum(places - taken, 0) * hours
        known = person.availability_confirmed_on
        rows[person.childminder_id] = (
            "childminder",
            "",
            person.longitude,
            person.latitude,
            places,
            False,
            float(max(places - taken[USUAL_DAY], 0)),
            *(places * float(hours[slot]) for slot in SLOTS.values()),
            *(places if person.capabilities & words else 0.0 for words in NEEDS.values()),
            person.working_hours is not None,
            float((on - known).days) if known is not None else np.nan,
            places * float(hours.sum()) / 4,
            float(free.sum()) / 4,
        )
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(_COLUMNS)).astype(
        {"longitude": float, "latitude": float}
    )


def facility_supply(facilities: Iterable[Facility]) -> pd.DataFrame:
    """
    List what facilities offer.

    Parameters
    ----------
    facilities
        Crèches and other places; one without published number of places gets nan.

    Returns
    -------
    DataFrame
        See `childminder_supply`, by `facility_id`; `kind` is the producer's word. Free places are not known: nan.
    """
    rows = {}
    for place in facilities:
        places = np.nan if place.places is None else float(place.places)
        hours = _week(place.opening_hours)
        rows[place.facility_id] = (
            place.kind,
            place.name,
            place.longitude,
            place.latitude,
            places,
            False,
            np.nan,
            *(places * float(hours[slot]) for slot in SLOTS.values()),
            *(places if place.capabilities & words else 0.0 for words in NEEDS.values()),
            place.opening_hours is not None,
            np.nan,
            np.nan,
            np.nan,
        )
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(_COLUMNS)).astype(
        {"longitude": float, "latitude": float}
    )


def share_places(
    facilities: pd.DataFrame, total: float, weights: Mapping[str, float]
) -> pd.DataFrame:
    """
    Give facilities without a published number of places their share of those of the commune.

    Parameters
    ----------
    facilities
        See `facility_supply`.
    total
        Places of the commune in facilities.
    weights
        Parts by kind: a crèche 3, a halte-garderie 1, a relais 0; an unknown kind counts as 1.

    Returns
    -------
    DataFrame
        With `places` filled in and `estimated` true where it was. All places sum to the total, unless the published ones
        alone exceed it.
    """
    unknown = facilities["places"].isna()
    parts = facilities["kind"].map(lambda kind: weights.get(kind, 1.0)).where(unknown, 0.0)
    left = max(total - float(facilities["places"].sum()), 0.0)
    shared = facilities["places"].fillna(
        parts / parts.sum() * left if parts.sum() > 0 else pd.Series(0.0, facilities.index)
    )
    return facilities.assign(places=shared, estimated=unknown & (parts > 0))
