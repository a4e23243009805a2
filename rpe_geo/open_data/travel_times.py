"""A long table of travel times, as `rpe-geo matrix` writes it, for a commission."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rpe_geo.commission.case import TravelTable
from rpe_geo.open_data.access_tables import read_numbers, read_text_columns

__all__ = ["read_travel_table"]


def read_travel_table(path: Path) -> TravelTable:
    """
    Read `origin_id, destination_id, minutes`; pairs that are not there, or `inf`, are out of reach.

    Parameters
    ----------
    path
        CSV or Parquet, as `rpe-geo matrix` writes it.

    Returns
    -------
    TravelTable
        Its rows are the distinct ids.

    Raises
    ------
    InvalidFile, InvalidRecord
        For a missing column or a cell that is no number.
    """
    table = read_text_columns(path, ["origin_id", "destination_id", "minutes"])
    minutes = read_numbers(table, "minutes", path.name, empty_allowed=False)
    request_ids, origin = np.unique(
        np.array(table["origin_id"].to_pylist(), dtype=np.str_), return_inverse=True
    )
    provider_ids, destination = np.unique(
        np.array(table["destination_id"].to_pylist(), dtype=np.str_), return_inverse=True
    )
    kept = np.isfinite(minutes)
    return TravelTable(
        [one.strip() for one in request_ids.tolist()],
        [one.strip() for one in provider_ids.tolist()],
        origin[kept].astype(np.int64),
        destination[kept].astype(np.int64),
        minutes[kept],
    )
