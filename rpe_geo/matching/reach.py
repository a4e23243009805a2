"""Who is within the minutes that a family accepts, judged as minutes are shown: rounded to the minute."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["within_minutes"]


def within_minutes(minutes: NDArray[np.float64], limit: float | None) -> NDArray[np.bool_]:
    """
    Tell which times are within a limit.

    Parameters
    ----------
    minutes
        Travel times; inf is unreachable, nan unknown: neither is within.
    limit
        The longest time accepted; None for no limit. 20.4 minutes are shown as 20 and are within 20.

    Returns
    -------
    ndarray of bool
        Aligned with `minutes`.
    """
    most = np.inf if limit is None else limit
    within: NDArray[np.bool_] = np.isfinite(minutes) & (
        (minutes <= most) | (np.rint(minutes) <= most)
    )
    return within
