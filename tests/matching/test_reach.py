"""Minutes are judged as they are shown."""

from __future__ import annotations

import numpy as np
import pytest

from rpe_geo.matching.reach import within_minutes
from rpe_geo.messages.french import minutes as shown


@pytest.mark.parametrize(
    ("minutes", "limit", "expected"),
    [(20.0, 20, True), (20.49, 20, True), (20.51, 20, False), (12.4, 12.4, True), (59.6, 60, True)],
)
def test_a_time_shown_as_the_limit_is_within_it(minutes, limit, expected):
    assert within_minutes(np.array([minutes]), limit)[0] == expected
    if expected:
        assert round(minutes) <= round(limit)
        assert shown(minutes)


def test_unreachable_and_unknown_are_never_within():
    assert not within_minutes(np.array([np.inf, np.nan]), None).any()
    assert within_minutes(np.array([500.0]), None).all()
