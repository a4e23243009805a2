"""
Places that childminders will still offer: by their ages and renewals where the registry knows them, else by the trend of approvals.

The trend is that of a département's approvals, which counts who arrives too; the registry's own departures count nobody who arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError

__all__ = ["ApprovalsTrend", "approvals_backtest", "approvals_trend", "leaving_shares"]

Floats = NDArray[np.float64]

TREND_YEARS = 5
RENEWAL_YEARS = 5


@dataclass(frozen=True)
class ApprovalsTrend:
    """
    How approvals change.

    Parameters
    ----------
    change
        Logarithm per year, by département.
    error
        Standard error of the logarithm, axis (horizon), from one year on.
    elsewhere
        Change where the département is not known.
    last
        Last year seen; None for a parameter.
    """

    change: pd.Series
    error: Floats
    elsewhere: float
    last: int | None = None

    def of(self, departements: pd.Series) -> Floats:
        """Return the yearly change of each row."""
        found = departements.map(self.change).astype("float64").fillna(self.elsewhere)
        return np.asarray(found, dtype=np.float64)

    def error_at(self, horizon: int) -> float:
        """Return the standard error `horizon` years ahead; beyond what was measured it grows with time."""
        known = len(self.error)
        return float(self.error[min(horizon, known) - 1] * max(horizon / known, 1.0))


def approvals_trend(approvals: pd.DataFrame) -> ApprovalsTrend:
    """
    Learn the trend of each département and how wrong such a trend was.

    Parameters
    ----------
    approvals
        By département (index) and year (whole columns without a gap, ascending), approvals in force; nan or 0 where not known.

    Returns
    -------
    ApprovalsTrend
        Slope over the last five years; errors measured by forecasting known years from the ones before.

    Raises
    ------
    InputError
        With fewer than seven years, or a gap.
    """
    years = [int(year) for year in approvals.columns]
    if len(years) < TREND_YEARS + 2 or years != list(range(years[0], years[-1] + 1)):
        raise InputError("project_approvals_years", found=years, needed=TREND_YEARS + 2)
    logs = np.log(approvals.where(approvals > 0).to_numpy(dtype=np.float64))
    squares: dict[int, list[Floats]] = {}
    for cut in range(TREND_YEARS, len(years) - 1):
        slope = _slope(logs[:, : cut + 1])
        for ahead in range(1, len(years) - cut):
            miss = logs[:, cut + ahead] - logs[:, cut] - slope * ahead
            squares.setdefault(ahead, []).append(miss[np.isfinite(miss)] ** 2)
    error = np.array([np.sqrt(np.concatenate(squares[one]).mean()) for one in sorted(squares)])
    slope = _slope(logs)
    known = np.isfinite(slope)
    total = np.log(approvals.iloc[:, [-1 - TREND_YEARS, -1]].sum())
    return ApprovalsTrend(
        pd.Series(slope[known], index=approvals.index[known]),
        np.maximum.accumulate(error),
        float((total.iloc[1] - total.iloc[0]) / TREND_YEARS),
        years[-1],
    )


def _slope(logs: Floats) -> Floats:
    return np.asarray((logs[:, -1] - logs[:, -1 - TREND_YEARS]) / TREND_YEARS)


def approvals_backtest(approvals: pd.DataFrame, *, held_out: int, width: float) -> pd.DataFrame:
    """
    Forecast the last years of approvals from the ones before.

    Parameters
    ----------
    approvals
        See `approvals_trend`.
    held_out
        Years at the end that the trend does not see.
    width
        Half width of the interval in standard errors, 1.2816 for 80 %.

    Returns
    -------
    DataFrame
        `year, horizon, departements, coverage, total, total_expected`.
    """
    past = approvals.iloc[:, :-held_out]
    trend = approvals_trend(past)
    last = past.iloc[:, -1].where(past.iloc[:, -1] > 0)
    change = trend.of(pd.Series(past.index, index=past.index))
    rows = []
    for ahead in range(1, held_out + 1):
        real = approvals.iloc[:, -held_out + ahead - 1]
        expected = last * np.exp(change * ahead)
        kept = real.gt(0) & expected.notna()
        inside = np.abs(np.log(real[kept] / expected[kept])) <= width * trend.error_at(ahead)
        rows.append(
            {
                "year": int(approvals.columns[-held_out + ahead - 1]),
                "horizon": ahead,
                "departements": int(kept.sum()),
                "coverage": float(inside.mean()),
                "total": float(real[kept].sum()),
                "total_expected": float(expected[kept].sum()),
            }
        )
    return pd.DataFrame(rows)


def leaving_shares(
    birth_years: Floats,
    renewal_years: Floats,
    years: tuple[int, ...],
    *,
    exits_by_age: Mapping[str, float],
    unknown_age: float,
    today: int,
) -> Floats:
    """
    Say how probably each professional has left by the end of each year.

    Parameters
    ----------
    birth_years, renewal_years
        Year of birth and year in which the agrément ends; nan where not known. Axis (professional).
    years
        Years asked for, ascending.
    exits_by_age
        Age from which → share that stops within a year.
    unknown_age
        Share that stops within a year, where the age is not known.
    today
        The year from which it is counted.

    Returns
    -------
    array
        Probability, axes (professional, year). Who has an age follows it; who has none but a known renewal leaves rather in the
        year of renewal (half of the risk of five years lies there; convention).
    """
    steps = sorted((int(age), share) for age, share in exits_by_age.items())
    ages = np.array([age for age, _ in steps])
    shares = np.array([share for _, share in steps])
    staying = np.ones(len(birth_years))
    answer = np.zeros((len(birth_years), len(years)))
    for year in range(today + 1, max(years) + 1):
        age = year - birth_years
        known = np.isfinite(age)
        at = np.clip(np.searchsorted(ages, np.nan_to_num(age), side="right") - 1, 0, None)
        renewed = np.isfinite(renewal_years) & (
            (year - np.nan_to_num(renewal_years)) % RENEWAL_YEARS == 0
        )
        # Over five years: four of one half and one of three make five shares.
        blind = np.where(
            np.isfinite(renewal_years), unknown_age * np.where(renewed, 3.0, 0.5), unknown_age
        )
        staying = staying * (1 - np.minimum(np.where(known, shares[at], blind), 1.0))
        if year in years:
            answer[:, years.index(year)] = 1 - staying
    return answer
