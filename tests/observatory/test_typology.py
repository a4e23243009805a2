"""Kinds of zones and missing figures: what is learnt is checked on what is known."""

import numpy as np
import pandas as pd

from rpe_geo.observatory.typology import estimate_missing, typology


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


def test_intervals_hold_the_share_they_promise():
    rng = np.random.default_rng(1)
    n = 600
    features = pd.DataFrame({"population": rng.uniform(50, 5000, n), "paje": rng.uniform(0, 1, n)})
    truth = features["population"] * (0.02 + 0.02 * features["paje"]) * rng.uniform(0.7, 1.3, n)
    hidden = rng.uniform(size=n) < 0.3
    found = estimate_missing(truth.mask(hidden), features, coverage=0.8)
    assert list(found.index) == list(truth.index[hidden])
    inside = truth[hidden].between(found["low"], found["high"]).mean()
    assert 0.68 < inside < 0.97
    assert (found["low"] >= 0).all()
    assert (found["low"] <= found["estimate"]).all()
    assert (found["estimate"] <= found["high"]).all()
    assert estimate_missing(truth[:20].mask(truth[:20] > 50), features[:20]).empty
