"""How far each professional stands from the relais and from peers, how long without a contact, and the relais' staff against its aim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.parameters import ParameterTable

__all__ = ["Isolation", "isolation_of", "isolation_summary"]

Floats = NDArray[np.float64]

PEERS = 3


@dataclass(frozen=True)
class Isolation:
    """
    What is known of each professional; nan is not known, inf no way.

    Parameters
    ----------
    ids
        Axis (professional).
    relais_min, peers_min
        Minutes to the nearest place of the relais; mean of the three nearest peers.
    months
        Whole months without a contact.
    """

    ids: pd.Index
    relais_min: Floats
    peers_min: Floats
    months: Floats


def isolation_of(
    ids: pd.Index,
    to_relais: Floats,
    to_peers: Floats,
    contacts: list[date | None],
    *,
    today: date,
) -> Isolation:
    """
    Measure the isolation of each professional.

    Parameters
    ----------
    ids
        Axis (professional).
    to_relais
        Minutes, inf where there is no way. Axes (professional, place).
    to_peers
        Minutes, inf where there is no way; the own place is not looked at. Axes (professional, professional).
    contacts
        Day of the last contact; None when not known.
    today
        The day on which it is counted.

    Returns
    -------
    Isolation
        With fewer than three peers, the mean of those there are; alone, inf.
    """
    relais = to_relais.min(axis=1) if to_relais.shape[1] else np.full(len(ids), np.inf)
    others = to_peers.copy()
    np.fill_diagonal(others, np.inf)
    count = min(PEERS, max(len(ids) - 1, 0))
    near = np.sort(others, axis=1)[:, :count]
    peers = near.mean(axis=1) if count else np.full(len(ids), np.inf)
    months = np.array([np.nan if one is None else _months(one, today) for one in contacts])
    return Isolation(ids, relais, peers, months)


def _months(since: date, today: date) -> float:
    if since > today:
        raise InputError("isolation_contact_ahead", given=since.isoformat())
    whole = (today.year - since.year) * 12 + today.month - since.month
    return float(whole - (today.day < since.day))


def isolation_summary(
    found: Isolation,
    communes: list[str],
    table: ParameterTable,
    *,
    staff_fte: float | None,
    at_least: int,
) -> dict[str, object]:
    """
    Sum the isolation up for planners: by commune, and no commune of too few professionals.

    Parameters
    ----------
    found
        See `isolation_of`.
    communes
        Commune of each professional.
    table
        Parameters of planning.
    staff_fte
        Full-time equivalents of the relais; None when not told.
    at_least
        The fewest professionals told.

    Returns
    -------
    dict
        `communes` (medians; those too small together as « autres », nothing where even these are too few), `whole`, and `staff`.
    """
    frame = pd.DataFrame(
        {
            "commune": communes,
            "relais": found.relais_min,
            "peers": found.peers_min,
            "months": found.months,
        }
    )
    sizes = frame.groupby("commune")["relais"].transform("size")
    small = sizes < at_least
    if small.any() and small.sum() < at_least and (~small).any():
        # Too few left over: the smallest commune told joins them, or the difference to the whole would tell.
        least = frame["commune"].iloc[
            int(np.nanargmin(sizes.mask(small).to_numpy(dtype=np.float64)))
        ]
        small |= frame["commune"].eq(least)
    frame["commune"] = frame["commune"].mask(small, "autres")
    rows = [
        {"commune": str(name), **_medians(group, table)}
        for name, group in frame.groupby("commune")
        if len(group) >= at_least
    ]
    aim = float(table["childminders_per_fte"])
    needed = len(frame) / aim
    staff = {
        "professionals_per_fte_aim": aim,
        "needed_fte": round(needed, 2),
        "staff_fte": staff_fte,
        "missing_fte": None if staff_fte is None else round(max(needed - staff_fte, 0.0), 2),
    }
    whole = _medians(frame, table) if len(frame) >= at_least else None
    return {"communes": rows, "whole": whole, "staff": staff}


def _medians(group: pd.DataFrame, table: ParameterTable) -> dict[str, float | int | None]:
    return {
        "professionals": len(group),
        "relais_min_median": _finite(group["relais"].median()),
        "peers_min_median": _finite(group["peers"].median()),
        "far_share": round(float((group["relais"] > float(table["isolation_minutes"])).mean()), 2),
        "without_contact_share": _share(group["months"], float(table["isolation_months"])),
        "contact_known": int(group["months"].notna().sum()),
    }


def _share(months: pd.Series, limit: float) -> float | None:
    known = months.dropna()
    return None if known.empty else round(float((known > limit).mean()), 2)


def _finite(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None
