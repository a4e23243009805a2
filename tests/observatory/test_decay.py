"""Decays: their thresholds, their laws, the words they are written in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.errors import InputError
from rpe_geo.observatory.decay import Binary, Gaussian, Inverse, Step, parse_decay

TIMES = st.lists(st.floats(0, 1e6) | st.just(float("inf")), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("words", "times", "weights"),
    [
        ("binary:15", [0, 15, 15.001, np.inf], [1, 1, 0, 0]),
        ("step:10=1,20=0.68,30=0.22", [0, 10, 10.1, 20, 30, 30.1], [1, 1, 0.68, 0.68, 0.22, 0]),
        ("step:20=0.68,10=1", [5, 15], [1, 0.68]),
        ("inverse:61", [1, 40, 61, 62, 0.5], [1, 1 / 40, 1 / 61, 0, 2]),
        ("gaussian:30", [0, 30, 31, np.inf], [1, 0, 0, 0]),
    ],
)
def test_weights_and_their_thresholds(words, times, weights):
    assert parse_decay(words)(times) == pytest.approx(weights, abs=1e-15)


def test_gaussian_is_dai_2010():
    t, t0 = 12.0, 30.0
    expected = (np.exp(-0.5 * (t / t0) ** 2) - np.exp(-0.5)) / (1 - np.exp(-0.5))
    assert float(Gaussian(t0)(t)) == pytest.approx(expected, rel=1e-15)


@given(TIMES, st.floats(0.1, 1e4))
def test_a_decay_stays_between_0_and_1_and_never_rises(times, cutoff):
    times = np.sort(times)
    for decay in (Binary(cutoff), Gaussian(cutoff), Step({cutoff: 1, 2 * cutoff: 0.3})):
        weights = decay(times)
        assert ((weights >= 0) & (weights <= 1)).all()
        assert (np.diff(weights) <= 0).all()
        assert (weights[times > decay.cutoff_min] == 0).all()


def test_inverse_stays_finite_at_no_distance():
    assert np.isfinite(Inverse(10)(0.0))


@pytest.mark.parametrize("words", ["binary:30", "step:10=1,20=0.68", "gaussian:12.5", "inverse:61"])
def test_a_decay_writes_itself_as_it_is_read(words):
    assert str(parse_decay(words)) == words


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", "decay_unreadable"),
        ("binary", "decay_unreadable"),
        ("exponential:3", "decay_unreadable"),
        ("binary:dix", "decay_unreadable"),
        ("step:10", "decay_unreadable"),
        ("step:10=1,10=0.5", "decay_unreadable"),
        ("binary:0", "decay_cutoff"),
        ("gaussian:-3", "decay_cutoff"),
        ("inverse:inf", "decay_cutoff"),
        ("binary:nan", "decay_cutoff"),
        ("step:10=0.5,20=0.8", "decay_weights"),
        ("step:10=2", "decay_weights"),
        ("step:10=0", "decay_weights"),
    ],
)
def test_bad_words_are_refused(words, code):
    with pytest.raises(InputError) as refused:
        parse_decay(words)
    assert refused.value.code == code
