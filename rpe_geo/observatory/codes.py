"""Codes of communes: their département, the city of an arrondissement, and what became of those that merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError, Where

__all__ = ["among", "city_of", "departement_of", "today"]


def departement_of(codes: pd.Index) -> pd.Index:
    """Name the département of each commune code: two characters, three overseas."""
    text = pd.Series(codes.astype(str))
    return pd.Index(np.where(text.str[:2].isin(["97", "98"]), text.str[:3], text.str[:2]))


def city_of(borough: str) -> str:
    """Name the city of a municipal arrondissement of Paris, Lyon or Marseille."""
    return {"75": "75056", "69": "69123", "13": "13055"}[borough[:2]]


def today(
    codes: Iterable[str], known: pd.Index, former: Mapping[str, str], where: Where
) -> list[str]:
    """
    Turn asked codes into communes of today.

    Raises
    ------
    InputError
        For a code that is unknown, that lost its zero, or that belonged to a commune merged since.
    """
    answer = []
    for code in codes:
        if code in known:
            answer.append(code)
        elif former.get(code) in known:
            answer.append(former[code])
        elif code.zfill(5) in known:
            raise InputError("code_zero_lost", where=where, given=code, expected=code.zfill(5))
        else:
            raise InputError("asked_commune_unknown", where=where, given=code)
    return list(dict.fromkeys(answer))


def among(codes: pd.Index, known: pd.Index) -> NDArray[np.bool_]:
    """Mark the codes that are known; ten times faster than `isin` where many are."""
    there: NDArray[np.bool_] = known.get_indexer(codes) >= 0
    return there
