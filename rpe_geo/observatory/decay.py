"""
Decay: how much a place counts, given the minutes needed to reach it.

A decay is a function of travel times in minutes, which returns weights of the same shape, and knows its `cutoff_min`:
beyond it the weight is 0. Thresholds are included (a place at exactly 15 minutes is within `binary:15`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpe_geo.errors import InputError

__all__ = ["Binary", "Decay", "Gaussian", "Inverse", "Step", "parse_decay"]

SMALLEST_TIME_MIN = 1e-3
"""Where a decay has no value at 0 minutes, shorter times count as this (0.06 s, finer than any measurement)."""


class Decay(Protocol):
    """A weight between 0 and 1 (`Inverse` excepted) that never rises with travel time."""

    @property
    def cutoff_min(self) -> float:
        """The travel time in minutes beyond which nothing counts."""
        ...

    def __call__(self, travel_time_min: ArrayLike) -> NDArray[np.float64]:
        """Weigh travel times in minutes; `inf` and times beyond the cutoff weigh 0."""
        ...

    def __str__(self) -> str:
        """Write the decay as `parse_decay` reads it."""
        ...


def _times(travel_time_min: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(travel_time_min, dtype=np.float64)


def _check_cutoff(cutoff_min: float) -> None:
    if not 0 < cutoff_min < np.inf:
        raise InputError("decay_cutoff", given=f"{cutoff_min:g}")


@dataclass(frozen=True)
class Binary:
    """
    Weigh 1 up to the cutoff, 0 beyond (Luo & Wang 2003).

    Parameters
    ----------
    cutoff_min
        Longest travel time that counts, in minutes.
    """

    cutoff_min: float

    def __post_init__(self) -> None:
        _check_cutoff(self.cutoff_min)

    def __call__(self, travel_time_min: ArrayLike) -> NDArray[np.float64]:
        """Weigh travel times in minutes."""
        return (_times(travel_time_min) <= self.cutoff_min).astype(np.float64)

    def __str__(self) -> str:
        return f"binary:{self.cutoff_min:g}"


@dataclass(frozen=True)
class Step:
    """
    Weigh by travel-time zones (Luo & Qi 2009; DREES APL).

    Parameters
    ----------
    weights
        Upper bound of each zone in minutes → weight in [0, 1], never rising with time.
    """

    weights: Mapping[float, float]
    _bounds: NDArray[np.float64] = field(init=False, repr=False, compare=False)
    _values: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.weights:
            raise InputError("decay_unreadable", given="step:")
        steps = sorted(self.weights.items())
        bounds = np.array([bound for bound, _ in steps], dtype=np.float64)
        values = np.array([weight for _, weight in steps], dtype=np.float64)
        _check_cutoff(float(bounds[0]))
        _check_cutoff(float(bounds[-1]))
        if not ((values >= 0) & (values <= 1)).all() or (np.diff(values) > 0).any():
            raise InputError("decay_weights", given=str(self))
        if values[0] == 0:
            raise InputError("decay_weights", given=str(self))
        object.__setattr__(self, "_bounds", bounds)
        object.__setattr__(self, "_values", np.append(values, 0.0))

    @property
    def cutoff_min(self) -> float:
        """The last bound with a weight above 0, in minutes."""
        return float(self._bounds[self._values[:-1] > 0][-1])

    def __call__(self, travel_time_min: ArrayLike) -> NDArray[np.float64]:
        """Weigh travel times in minutes."""
        zone = np.searchsorted(self._bounds, _times(travel_time_min), side="left")
        weights: NDArray[np.float64] = self._values[zone]
        return weights

    def __str__(self) -> str:
        return "step:" + ",".join(f"{b:g}={w:g}" for b, w in sorted(self.weights.items()))


@dataclass(frozen=True)
class Gaussian:
    r"""
    Weigh by a Gaussian that reaches 0 at the cutoff (Dai 2010).

    $f(t) = (e^{-\frac12 (t/t_0)^2} - e^{-\frac12}) / (1 - e^{-\frac12})$ for $t \le t_0$, else 0.

    Parameters
    ----------
    cutoff_min
        $t_0$, the longest travel time that counts, in minutes.
    """

    cutoff_min: float

    def __post_init__(self) -> None:
        _check_cutoff(self.cutoff_min)

    def __call__(self, travel_time_min: ArrayLike) -> NDArray[np.float64]:
        """Weigh travel times in minutes."""
        times = _times(travel_time_min)
        tail = np.exp(-0.5)
        with np.errstate(over="ignore"):
            weights = (np.exp(-0.5 * (times / self.cutoff_min) ** 2) - tail) / (1 - tail)
        return np.where(times <= self.cutoff_min, np.maximum(weights, 0), 0.0)

    def __str__(self) -> str:
        return f"gaussian:{self.cutoff_min:g}"


@dataclass(frozen=True)
class Inverse:
    """
    Weigh by one over the minutes, up to the cutoff; above 1 for times under a minute.

    Parameters
    ----------
    cutoff_min
        Longest travel time that counts, in minutes.

    Notes
    -----
    A time of 0 counts as a thousandth of a minute, so that the weight stays finite.
    """

    cutoff_min: float

    def __post_init__(self) -> None:
        _check_cutoff(self.cutoff_min)

    def __call__(self, travel_time_min: ArrayLike) -> NDArray[np.float64]:
        """Weigh travel times in minutes."""
        times = _times(travel_time_min)
        return np.where(times <= self.cutoff_min, 1 / np.maximum(times, SMALLEST_TIME_MIN), 0.0)

    def __str__(self) -> str:
        return f"inverse:{self.cutoff_min:g}"


@dataclass(frozen=True)
class Linear:
    r"""
    Weigh $1 - t / T$ up to the cutoff T, where it reaches 0.

    Parameters
    ----------
    cutoff_min
        T, minutes.
    """

    cutoff_min: float

    def __post_init__(self) -> None:
        _check_cutoff(self.cutoff_min)

    def __call__(self, travel_time_min: ArrayLike) -> NDArray[np.float64]:
        """Weigh travel times in minutes."""
        times = _times(travel_time_min)
        return np.where(
            times <= self.cutoff_min, 1 - np.minimum(times, self.cutoff_min) / self.cutoff_min, 0.0
        )

    def __str__(self) -> str:
        return f"linear:{self.cutoff_min:g}"


@dataclass(frozen=True)
class _Shaped(ABC):
    """A curve cut off after a longest travel time."""

    parameter: float
    cutoff_min: float

    def __post_init__(self) -> None:
        _check_cutoff(self.cutoff_min)
        if not 0 < self.parameter < np.inf:
            raise InputError("decay_parameter", given=f"{self.parameter:g}")

    def __call__(self, travel_time_min: ArrayLike) -> NDArray[np.float64]:
        """Weigh travel times in minutes."""
        times = _times(travel_time_min)
        within = times <= self.cutoff_min
        return np.where(within, self._curve(np.where(within, times, 0.0)), 0.0)

    @abstractmethod
    def _curve(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weigh times within the cutoff."""


@dataclass(frozen=True)
class Exponential(_Shaped):
    r"""
    Weigh $e^{-\beta t}$ up to the cutoff.

    Parameters
    ----------
    parameter
        $\beta$, per minute.
    cutoff_min
        Longest travel time that counts, minutes.
    """

    def _curve(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(-self.parameter * times)

    def __str__(self) -> str:
        return f"exponential:{self.parameter:g},{self.cutoff_min:g}"


@dataclass(frozen=True)
class Power(_Shaped):
    r"""
    Weigh $t^{-\beta}$ up to the cutoff, 1 below a minute.

    Parameters
    ----------
    parameter
        $\beta$.
    cutoff_min
        Longest travel time that counts, minutes.
    """

    def _curve(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum(times, 1.0) ** -self.parameter

    def __str__(self) -> str:
        return f"power:{self.parameter:g},{self.cutoff_min:g}"


@dataclass(frozen=True)
class WideGaussian(_Shaped):
    r"""
    Weigh $e^{-\frac12 (t/\sigma)^2}$ up to the cutoff: a Gaussian with a width of its own.

    Parameters
    ----------
    parameter
        $\sigma$, minutes.
    cutoff_min
        Longest travel time that counts, minutes.
    """

    def _curve(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(-0.5 * (times / self.parameter) ** 2)

    def __str__(self) -> str:
        return f"gaussian:{self.parameter:g},{self.cutoff_min:g}"


@dataclass(frozen=True)
class Logistic:
    r"""
    Weigh $(1 + e^{-\pi m / (s \sqrt 3)}) / (1 + e^{\pi (t - m) / (s \sqrt 3)})$ (Bauer & Groneberg 2016), 1 at 0 minutes.

    Parameters
    ----------
    inflection_min, spread_min
        m, where the weight falls fastest, and s, how slowly it falls; minutes.
    cutoff_min
        Longest travel time that counts, minutes.
    """

    inflection_min: float
    spread_min: float
    cutoff_min: float

    def __post_init__(self) -> None:
        _check_cutoff(self.cutoff_min)
        for value in (self.inflection_min, self.spread_min):
            if not 0 < value < np.inf:
                raise InputError("decay_parameter", given=f"{value:g}")

    def __call__(self, travel_time_min: ArrayLike) -> NDArray[np.float64]:
        """Weigh travel times in minutes."""
        times = _times(travel_time_min)
        within = times <= self.cutoff_min
        slope = np.pi / (self.spread_min * np.sqrt(3.0))
        with np.errstate(over="ignore"):
            low = 1 + np.exp(-slope * self.inflection_min)
            curve = low / (1 + np.exp(slope * (np.where(within, times, 0.0) - self.inflection_min)))
        return np.where(within, curve, 0.0)

    def __str__(self) -> str:
        return f"logistic:{self.inflection_min:g},{self.spread_min:g},{self.cutoff_min:g}"


def parse_decay(text: str) -> Decay:
    """
    Read a decay from the words of the command line.

    Parameters
    ----------
    text
        `binary:30`, `step:10=1,20=0.68,30=0.22`, `gaussian:30`, `gaussian:12,30` (width, cutoff), `inverse:61`,
        `linear:30`, `exponential:0.1,30`, `power:1.5,30`, or `logistic:10,4,30` (inflection, spread, cutoff).

    Returns
    -------
    Decay
        The weighing function.

    Raises
    ------
    InputError
        For an unknown name, a number that cannot be read, weights that rise or a cutoff that is not positive.

    Examples
    --------
    >>> parse_decay("step:10=1,20=0.68")([5, 10, 15, 25]).tolist()
    [1.0, 1.0, 0.68, 0.0]
    """
    name, _, rest = text.strip().partition(":")
    try:
        match name:
            case "binary":
                return Binary(float(rest))
            case "gaussian" if "," in rest:
                return WideGaussian(*_floats(rest, 2))
            case "exponential":
                return Exponential(*_floats(rest, 2))
            case "power":
                return Power(*_floats(rest, 2))
            case "logistic":
                return Logistic(*_floats(rest, 3))
            case "linear":
                return Linear(float(rest))
            case "gaussian":
                return Gaussian(float(rest))
            case "inverse":
                return Inverse(float(rest))
            case "step":
                zones = [zone.split("=") for zone in rest.split(",")]
                weights = {float(bound): float(weight) for bound, weight in zones}
                if len(weights) == len(zones):
                    return Step(weights)
    except InputError:
        raise
    except ValueError:
        pass
    raise InputError("decay_unreadable", given=text)


def _floats(text: str, count: int) -> list[float]:
    numbers = [float(part) for part in text.split(",")]
    if len(numbers) != count:
        raise ValueError(text)
    return numbers
