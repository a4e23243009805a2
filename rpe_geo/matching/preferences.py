"""What a family may weigh: the parts of the score, and wishes of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rpe_geo.errors import InputError, Where

__all__ = ["LANGUAGE_WISH", "PARTS", "WISHES", "check_preferences", "wishes_of"]

PARTS = ("travel", "hours", "start", "continuity", "packing", "preferences", "freshness")
"""The parts of a score in the order in which they are shown; `travel` is called `detour` when the work is given."""

WISHES = ("garden", "no_pets", "no_smoker", "car", "home", "mam", "facility")
"""Wishes that feed the `preferences` part; besides them `language_<code>`, as `language_en`."""

LANGUAGE_WISH = "language_"


def check_preferences(preferences: Mapping[str, float]) -> None:
    """
    Refuse a preference that does not exist, naming those that do.

    Parameters
    ----------
    preferences
        Name to weight, as in a request.

    Raises
    ------
    InputError
        With the unknown name and the known ones, or the weight that is not a number from 0 up.
    """
    for name, weight in preferences.items():
        if not 0 <= weight < math.inf:
            raise InputError(
                "preference_weight", where=Where(field="preferences"), name=name, value=weight
            )
        language = name.startswith(LANGUAGE_WISH) and len(name) > len(LANGUAGE_WISH)
        if name not in PARTS and name != "detour" and name not in WISHES and not language:
            raise InputError(
                "preference_unknown",
                where=Where(field="preferences"),
                name=name,
                known=", ".join([*PARTS, *WISHES, f"{LANGUAGE_WISH}en"]),
            )


def wishes_of(preferences: Mapping[str, float]) -> dict[str, float]:
    """Keep the wishes of a request that weigh something, those of the `preferences` part."""
    return {
        name: weight
        for name, weight in preferences.items()
        if weight > 0 and name not in PARTS and name != "detour"
    }
