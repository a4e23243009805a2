"""Kinds of zones: what is learnt is checked on what is known."""

import numpy as np
import pandas as pd

from rpe_geo.observatory.typology import typology


def test_kinds_are_found_and_ordered():
    rng = np.random.default_rng(0)
    low = rng.normal([10, 5], 1, (60, 2))
    high = rng.normal([60, 40], 1, (60, 2))
    features = pd.DataFrame(np.vstack([low, high, [[np.nan, 3]]]), columns=["coverage", "access"])
    found = typology(features, kinds=2)
    assert (found["kind"][:60] == 0).all()
    assert (found["kind"][60:120] == 1).all()
    assert found["kind"].iloc[120] == -1
    assert found["typical"][:120].between(0, 1).all()
    assert (typology(features.iloc[:1], kinds=2)["kind"] == -1).all()
