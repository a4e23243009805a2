"""
Children of the coming years by commune, from the births of the past ones, with intervals.

A commune's births are its département's births × its share of them. The département follows a damped trend of the logarithm (Gardner &
McKenzie 1985); the share is its mean over the last years, drawn towards that of a longer time as far as small numbers make it doubtful
(Poisson-gamma, Clayton & Kaldor 1987). What is uncertain is measured and not assumed: the same method forecasts years that are
known from years before them, and the squares of its errors are fitted as `dispersion × mean + spread × mean²` (negative
binomial, widened Poisson) for each horizon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import gamma

from rpe_geo.errors import InputError

__all__ = [
    "FEWEST_YEARS",
    "BirthsForecast",
    "Errors",
    "births_forecast",
    "children_backtest",
    "fit_errors",
    "whole_errors",
]

Floats = NDArray[np.float64]

CHILD_YEARS = 3
"""Children under three at the end of a year: born in it or in the two before (no moves, no deaths)."""
DAMPING = 0.8
TREND_YEARS = 6
RECENT_YEARS = 3
FEWEST_YEARS = 6


@dataclass(frozen=True)
class Errors:
    """
    How wrong the method was on known years.

    Parameters
    ----------
    dispersion, spread
        Variance of what is unknown = dispersion × mean + spread × mean². Axis (horizon), from one year on.
    tried
        Pairs of a commune and a year on which each was measured, axis (horizon).
    """

    dispersion: Floats
    spread: Floats
    tried: NDArray[np.int64]

    def variance(self, mean: Floats, horizon: int) -> Floats:
        """Return the variance of what is unknown of a mean, `horizon` years ahead; beyond what was measured it grows with time."""
        last = len(self.dispersion)
        at = min(horizon, last) - 1
        beyond = max(horizon / last, 1.0)
        grown: Floats = (self.dispersion[at] * mean + self.spread[at] * mean**2) * beyond
        return np.asarray(np.maximum(grown, mean))


@dataclass(frozen=True)
class BirthsForecast:
    """
    Children under three of the years asked for.

    Parameters
    ----------
    years
        Axis (year).
    known
        Children born in years whose births are known, axes (commune, year).
    mean
        Expected children of whom the births are not known yet, axes (commune, year).
    variance
        Of those, axes (commune, year).
    observed_to
        Last year of known births.
    errors
        Of communes.
    whole
        Of the sum of the communes (see `whole_errors`); None takes those of communes, which are larger.
    """

    communes: pd.Index
    years: tuple[int, ...]
    known: Floats
    mean: Floats
    variance: Floats
    observed_to: int
    errors: Errors
    whole: Errors | None = None

    @property
    def children(self) -> Floats:
        """Expected children, axes (commune, year)."""
        return self.known + self.mean

    def of(self, communes: pd.Index) -> BirthsForecast:
        """
        Take some communes, in their order.

        Parameters
        ----------
        communes
            Codes; one without births gets nan.

        Returns
        -------
        BirthsForecast
            Of these.
        """
        at = self.communes.get_indexer(communes)
        lost = (at < 0)[:, None]
        known, mean, variance = (
            np.where(lost, np.nan, part[at]) for part in (self.known, self.mean, self.variance)
        )
        return replace(self, communes=communes, known=known, mean=mean, variance=variance)

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """
        Bound the children of each commune and year.

        Parameters
        ----------
        level
            Share of cases that should lie between the bounds, 0.8 for instance.

        Returns
        -------
        tuple
            Low and high, axes (commune, year), whole children.
        """
        tail = (1 - level) / 2
        return (
            self.known + np.floor(quantile(self.mean, self.variance, tail)),
            self.known + np.ceil(quantile(self.mean, self.variance, 1 - tail)),
        )


def quantile(mean: Floats, variance: Floats, share: float | Floats) -> Floats:
    """Return quantiles of a gamma of this mean and variance, 0 where the mean is 0."""
    safe_mean = np.where(mean > 0, mean, 1.0)
    safe_variance = np.where((mean > 0) & (variance > 0), variance, 1.0)
    found = gamma.ppf(share, safe_mean**2 / safe_variance, scale=safe_variance / safe_mean)
    return np.asarray(np.where(mean > 0, found, 0.0))


def births_forecast(
    births: pd.DataFrame,
    departements: pd.Series,
    years: tuple[int, ...],
    *,
    errors: Errors | None = None,
) -> BirthsForecast:
    """
    Forecast the children under three.

    Parameters
    ----------
    births
        Births by commune (index) and year (whole columns without a gap, ascending); nan where not published.
    departements
        Code of the département of each commune, same index.
    years
        Years asked for, each after the last known one.
    errors
        What was measured on past years; measured here when not given.

    Returns
    -------
    BirthsForecast
        Means and variances; nan for a commune whose last years of births are not known.

    Raises
    ------
    InputError
        With too few years of births, a gap, or a year that is already past.
    """
    _check(births, years)
    last = int(births.columns[-1])
    errors = fit_errors(births, departements) if errors is None else errors
    known, mean = _expected(births, departements, years)
    variance = np.column_stack(
        [
            np.where(
                np.isnan(mean[:, at]),
                np.nan,
                errors.variance(np.nan_to_num(mean[:, at]), year - last),
            )
            for at, year in enumerate(years)
        ]
    )
    return BirthsForecast(births.index, years, known, mean, variance, last, errors)


def _check(births: pd.DataFrame, years: tuple[int, ...]) -> None:
    columns = [int(year) for year in births.columns]
    if len(columns) < FEWEST_YEARS or columns != list(range(columns[0], columns[-1] + 1)):
        raise InputError("project_births_years", found=columns, needed=FEWEST_YEARS)
    if not years or min(years) <= columns[-1]:
        raise InputError("project_year_past", given=min(years, default=0), last=columns[-1])


def _expected(
    births: pd.DataFrame, departements: pd.Series, years: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Return children whose births are known and expected others; axes (commune, year) each."""
    counts = births.to_numpy(dtype=np.float64)
    last = int(births.columns[-1])
    places, group = np.unique(departements.to_numpy(dtype=str), return_inverse=True)
    known_counts = np.nan_to_num(counts)
    totals = np.zeros((len(places), counts.shape[1]))
    np.add.at(totals, group, known_counts)
    ahead = _damped(totals, max(years) - last)
    share = _share(known_counts, totals[group])
    share = np.where(np.isnan(counts[:, -CHILD_YEARS:]).any(axis=1), np.nan, share)
    known = np.zeros((len(counts), len(years)))
    mean = np.zeros((len(counts), len(years)))
    for at, year in enumerate(years):
        for born in range(year - CHILD_YEARS + 1, year + 1):
            if born <= last:
                known[:, at] += counts[:, born - last - 1]
            else:
                mean[:, at] += share * ahead[group, born - last - 1]
    return known, mean


def _damped(totals: Floats, horizon: int) -> Floats:
    """Follow the trend of the logarithm, damped; axes (département, year ahead)."""
    recent = np.log(np.maximum(totals[:, -TREND_YEARS:], 0.5))
    middle = np.arange(recent.shape[1]) - (recent.shape[1] - 1) / 2
    slope = recent @ middle / (middle @ middle)
    # The level is that of the last two years on the trend: one odd year does not carry it all.
    level = (recent[:, -1] + recent[:, -2] + slope) / 2
    steps = np.cumsum(DAMPING ** np.arange(1, horizon + 1))
    return np.asarray(np.exp(level[:, None] + slope[:, None] * steps))


def _share(counts: Floats, totals: Floats) -> Floats:
    """Take each commune's share of its département: recent years, drawn towards all years where they are few (Poisson-gamma)."""
    span = min(CHILD_YEARS * RECENT_YEARS, counts.shape[1])
    long_share = counts[:, -span:].sum(axis=1) / np.maximum(totals[:, -span:].sum(axis=1), 1.0)
    recent, exposure = counts[:, -RECENT_YEARS:].sum(axis=1), totals[:, -RECENT_YEARS:].sum(axis=1)
    expected = long_share * exposure
    # Moments: E[(y − e)²] = e + τ² e², over the communes of the file.
    seen = expected > 0
    between = float(
        np.sum((recent[seen] - expected[seen]) ** 2 - expected[seen])
        / max(np.sum(expected[seen] ** 2), 1.0)
    )
    prior = 1.0 / min(max(between, 1e-4), 1.0)
    return np.asarray(long_share * (prior + recent) / (prior + np.maximum(expected, 0.0)))


def fit_errors(births: pd.DataFrame, departements: pd.Series, *, horizons: int = 9) -> Errors:
    """
    Measure how wrong the method was when it forecast known years from earlier ones.

    Parameters
    ----------
    births, departements
        See `births_forecast`.
    horizons
        Farthest number of years ahead.

    Returns
    -------
    Errors
        Fitted for each horizon for which known years exist; nothing after the last column is looked at.
    """
    columns = [int(year) for year in births.columns]
    squares: dict[int, list[tuple[Floats, Floats]]] = {}
    counts = births.to_numpy(dtype=np.float64)
    for cut in range(FEWEST_YEARS - 1, len(columns) - 1):
        past = births.iloc[:, : cut + 1]
        ahead = tuple(columns[cut + 1 : cut + 1 + horizons])
        known, mean = _expected(past, departements, ahead)
        for at in range(len(ahead)):
            stop = cut + 2 + at
            real = counts[:, stop - CHILD_YEARS : stop].sum(axis=1) - known[:, at]
            kept = np.isfinite(real) & np.isfinite(mean[:, at]) & (mean[:, at] > 0)
            squares.setdefault(at + 1, []).append((mean[kept, at], (real - mean[:, at])[kept] ** 2))
    dispersion: list[float] = []
    spread: list[float] = []
    tried: list[int] = []
    for horizon in sorted(squares):
        mean = np.concatenate([one for one, _ in squares[horizon]])
        square = np.concatenate([one for _, one in squares[horizon]])
        found = _fit_variance(mean, square)
        # A farther year is never surer than a nearer one.
        dispersion.append(max([found[0], 1.0, *dispersion[-1:]]))
        spread.append(max([found[1], *spread[-1:]]))
        tried.append(len(mean))
    return Errors(np.array(dispersion), np.array(spread), np.array(tried, dtype=np.int64))


def whole_errors(births: pd.DataFrame, departements: pd.Series, *, mean: float) -> Errors | None:
    """
    Measure how wrong the method was on whole départements, for the sum of a territory that is as large as one.

    Parameters
    ----------
    births, departements
        See `births_forecast`.
    mean
        Births of the territory in the last year.

    Returns
    -------
    Errors or None
        None where the territory is smaller than every département, or nothing could be tried: errors of communes partly make up
        for each other in it, by an amount that is not known.
    """
    sums = births.groupby(departements).sum()
    if births.shape[1] <= FEWEST_YEARS or mean < float(sums.iloc[:, -1].min()):
        return None
    return fit_errors(sums, pd.Series(sums.index, index=sums.index))


def _fit_variance(mean: Floats, square: Floats) -> tuple[float, float]:
    """Fit square ≈ dispersion × mean + spread × mean², both ≥ 0, on groups of like size so that no commune weighs most."""
    if len(mean) == 0:
        return 1.0, 0.0
    order = np.argsort(mean, kind="stable")
    groups = np.array_split(order, min(20, len(order)))
    means = np.array([mean[group].mean() for group in groups])
    squares = np.array([square[group].mean() for group in groups])
    second = np.array([(mean[group] ** 2).mean() for group in groups])
    weight = 1 / np.maximum(squares, means)
    found, _ = nnls(np.column_stack([means, second]) * weight[:, None], squares * weight)
    return float(found[0]), float(found[1])


def children_backtest(
    births: pd.DataFrame, departements: pd.Series, *, held_out: int, level: float
) -> pd.DataFrame:
    """
    Forecast the last years of a table from the ones before, and compare.

    Parameters
    ----------
    births, departements
        See `births_forecast`.
    held_out
        Years at the end that the forecast does not see.
    level
        Of the interval.

    Returns
    -------
    DataFrame
        A row per year held out: `year, horizon, communes, coverage` (share of communes within their interval), `total` and
        `total_expected` children, `error` and `error_unchanged` (mean absolute error, of the forecast and of « the children stay as
        many as they are »).
    """
    columns = [int(year) for year in births.columns]
    past = births.iloc[:, :-held_out]
    years = tuple(columns[-held_out:])
    forecast = births_forecast(past, departements, years)
    low, high = forecast.interval(level)
    counts = births.to_numpy(dtype=np.float64)
    before = counts[:, -held_out - CHILD_YEARS : -held_out].sum(axis=1)
    rows = []
    for at, year in enumerate(years):
        stop = len(columns) - held_out + at + 1
        real = counts[:, stop - CHILD_YEARS : stop].sum(axis=1)
        kept = np.isfinite(real) & np.isfinite(forecast.mean[:, at]) & (forecast.mean[:, at] > 0)
        inside = (real >= low[:, at]) & (real <= high[:, at])
        expected = forecast.children[:, at]
        rows.append(
            {
                "year": year,
                "horizon": at + 1,
                "communes": int(kept.sum()),
                "coverage": float(inside[kept].mean()) if kept.any() else float("nan"),
                "total": float(real[kept].sum()),
                "total_expected": float(expected[kept].sum()),
                "error": float(np.abs(real - expected)[kept].mean()),
                "error_unchanged": float(np.abs(real - before)[kept].mean()),
            }
        )
    return pd.DataFrame(rows)
