"""Travel times as sparse pairs: which supply each demand can reach, and in how many minutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError

__all__ = ["TravelPairs"]

Positions = NDArray[np.int32]


@dataclass(frozen=True)
class TravelPairs:
    """
    Known travel times between demand (zones, homes) and supply (places of care); a missing pair is unreachable.

    Parameters
    ----------
    demand_ids, supply_ids
        Ids of every demand and supply, each once; a measure answers on `demand_ids`, in this order.
    demand_at, supply_at
        Position of each pair's ends in these indexes, sorted by (demand, supply).
    minutes
        Travel time of each pair, finite and not negative.
    """

    demand_ids: pd.Index
    supply_ids: pd.Index
    demand_at: Positions
    supply_at: Positions
    minutes: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.minutes)

    @classmethod
    def from_positions(
        cls,
        demand_ids: pd.Index,
        supply_ids: pd.Index,
        demand_at: NDArray[np.integer],
        supply_at: NDArray[np.integer],
        minutes: NDArray[np.float64],
    ) -> TravelPairs:
        """
        Order pairs given by positions; unreachable ones (`inf`) are left out.

        Parameters
        ----------
        demand_ids, supply_ids
            Ids of every demand and supply.
        demand_at, supply_at, minutes
            One entry per pair, in any order.

        Raises
        ------
        InputError
            For an id given twice, a negative or missing time, or a pair given twice with different times.
        """
        for ids, kind in ((demand_ids, "demand"), (supply_ids, "supply")):
            if not ids.is_unique:
                raise InputError(f"{kind}_id_twice", id=str(ids[ids.duplicated()][0]))
        minutes = np.asarray(minutes, dtype=np.float64)
        if np.isnan(minutes).any() or (minutes < 0).any():
            row = int(np.flatnonzero(np.isnan(minutes) | (minutes < 0))[0])
            raise InputError("minutes_invalid", given=f"{minutes[row]:g}")
        reachable = minutes < np.inf
        if not reachable.all():
            demand_at, supply_at = demand_at[reachable], supply_at[reachable]
            minutes = minutes[reachable]
        # One integer per pair sorts several times faster than two keys.
        key = demand_at.astype(np.int64) * len(supply_ids) + supply_at
        if (key[1:] <= key[:-1]).any():
            order = np.argsort(key, kind="stable")
            key, minutes = key[order], minutes[order]
            demand_at, supply_at = demand_at[order], supply_at[order]
            twice = key[1:] == key[:-1]
            if twice.any():
                differing = np.flatnonzero(twice & (minutes[1:] != minutes[:-1]))
                if differing.size:
                    pair = differing[0]
                    raise InputError(
                        "pair_twice",
                        origin=str(demand_ids[demand_at[pair]]),
                        destination=str(supply_ids[supply_at[pair]]),
                        first=float(minutes[pair]),
                        second=float(minutes[pair + 1]),
                    )
                once = np.append(True, ~twice)
                demand_at, supply_at, minutes = demand_at[once], supply_at[once], minutes[once]
        return cls(
            demand_ids,
            supply_ids,
            demand_at.astype(np.int32),
            supply_at.astype(np.int32),
            minutes,
        )

    @classmethod
    def from_long(
        cls, times: pd.DataFrame, demand_ids: pd.Index, supply_ids: pd.Index
    ) -> TravelPairs:
        """
        Read pairs from a long table; rows that name unknown ids are left out.

        Parameters
        ----------
        times
            Columns `origin_id` (demand), `destination_id` (supply), `minutes`.
        demand_ids, supply_ids
            Ids of every demand and supply.
        """
        demand_at = demand_ids.get_indexer(pd.Index(times["origin_id"]))
        supply_at = supply_ids.get_indexer(pd.Index(times["destination_id"]))
        known = (demand_at >= 0) & (supply_at >= 0)
        minutes = times["minutes"].to_numpy(dtype=np.float64)
        return cls.from_positions(
            demand_ids, supply_ids, demand_at[known], supply_at[known], minutes[known]
        )

    @classmethod
    def from_matrix(cls, times: pd.DataFrame) -> TravelPairs:
        """
        Read pairs from a matrix, as a `TravelTimeEngine` returns it.

        Parameters
        ----------
        times
            Rows demand, columns supply, minutes; `inf` is unreachable.
        """
        values = times.to_numpy(dtype=np.float64)
        demand_at, supply_at = np.nonzero(values != np.inf)
        return cls.from_positions(
            times.index, times.columns, demand_at, supply_at, values[demand_at, supply_at]
        )

    def where(self, kept: NDArray[np.bool_]) -> TravelPairs:
        """Keep some pairs, given as a mask; demand and supply ids stay."""
        return TravelPairs(
            self.demand_ids,
            self.supply_ids,
            self.demand_at[kept],
            self.supply_at[kept],
            self.minutes[kept],
        )

    def align_demand(self, values: pd.Series) -> NDArray[np.float64]:
        """Order values by `demand_ids`; an id without value is an error, a missing value stays nan."""
        return _align(values, self.demand_ids, "demand")

    def align_supply(self, values: pd.Series) -> NDArray[np.float64]:
        """Order values by `supply_ids`; an id without value is an error, a missing value stays nan."""
        return _align(values, self.supply_ids, "supply")


def _align(values: pd.Series, ids: pd.Index, kind: str) -> NDArray[np.float64]:
    if values.index is not ids and not values.index.equals(ids):
        at = values.index.get_indexer(ids)
        if (at < 0).any():
            raise InputError(f"{kind}_value_missing", id=str(ids[int(np.flatnonzero(at < 0)[0])]))
        values = values.iloc[at]
    aligned = values.to_numpy(dtype=np.float64)
    if (aligned < 0).any() or np.isinf(aligned).any():
        wrong = int(np.flatnonzero((aligned < 0) | np.isinf(aligned))[0])
        raise InputError(f"{kind}_negative", id=str(ids[wrong]), given=f"{aligned[wrong]:g}")
    return aligned
