"""Weeks as bits and counts as planes say what booleans and sums say."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rpe_geo.rules.bits import (
    Count,
    bits_at,
    days_between,
    first_bits,
    next_bits,
    pack,
    slots_of,
    turns_of,
    unpack,
)
from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK

quick = settings(max_examples=40, deadline=None)


@st.composite
def weeks(draw, rows=None):
    """A few weeks of any density."""
    count = draw(st.integers(1, 4)) if rows is None else rows
    seed, density = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0, 0.002, 0.3, 0.98, 1]))
    return np.random.default_rng(seed).random((count, QUARTERS_PER_WEEK)) < density


@quick
@given(weeks())
def test_packing_loses_nothing(rows):
    words = pack(rows)
    assert words.shape == (len(rows), 21)
    assert (unpack(words) == rows).all()
    slots = slots_of(words)
    assert (slots == np.flatnonzero(rows)).all()
    everywhere = np.arange(rows.size)
    assert (bits_at(words, everywhere) == rows.ravel()).all()
    filled = np.flatnonzero(rows.any(axis=1))
    assert (first_bits(words[filled]) == rows[filled].argmax(axis=1)).all()


@quick
@given(weeks(), st.data())
def test_what_comes_next(rows, data):
    slots = np.array(data.draw(st.lists(st.integers(0, rows.size - 1), min_size=1, max_size=20)))
    line = rows.ravel()
    expected = [
        slot + int(line[slot:].argmax()) if line[slot:].any() else rows.size for slot in slots
    ]
    assert next_bits(pack(rows), slots).tolist() == expected


@quick
@given(hnp.arrays(np.int64, 5, elements=st.integers(-9, 16)), st.integers(-9, 16))
def test_days_of_a_week(first, last):
    words = days_between(first, np.full(5, last), np.full(5, 2))
    days = unpack(words).reshape(5, 7, QUARTERS_PER_DAY)
    for number, begins in enumerate(first.tolist()):
        expected = [begins <= 2 + day <= last for day in range(7)]
        assert days[number].all(axis=1).tolist() == days[number].any(axis=1).tolist() == expected


@quick
@given(st.lists(st.integers(0, 5), max_size=20).map(sorted))
def test_turns_take_each_thing_once_and_no_group_twice(groups):
    groups = np.array(groups, dtype=np.int64)
    turns = list(turns_of(groups))
    assert sorted(position for turn in turns for position in turn.tolist()) == list(
        range(len(groups))
    )
    for turn in turns:
        assert len(set(groups[turn].tolist())) == len(turn)


@quick
@given(st.lists(st.tuples(weeks(3), st.integers(0, 5)), max_size=6), st.data())
def test_counts_are_sums(people, data):
    count, expected = Count(3), np.zeros((3, QUARTERS_PER_WEEK), dtype=np.int64)
    for present, weight in people:
        rows = np.array(data.draw(st.lists(st.integers(0, 2), unique=True)), dtype=np.int64)
        if weight == 1:
            count.add(rows, pack(present)[rows])
        else:
            count.add_weighted(rows, pack(present)[rows], np.full(len(rows), weight))
        expected[rows] += weight * present[rows]
    line = np.arange(expected.size)
    assert (count.at(line) == expected.ravel()).all()
    assert (count.most() == expected.max(axis=1)).all()
    assert (count.rows(np.array([2, 0])) == expected[[2, 0]]).all()
    limits = np.array(data.draw(st.lists(st.integers(-2, 40), min_size=3, max_size=3)))
    assert (unpack(count.above(limits)) == (expected > limits[:, None])).all()
    assert (unpack(count.above(3)) == (expected > 3)).all()
    other = count.copy()
    other.add(np.arange(3), pack(np.ones((3, QUARTERS_PER_WEEK), dtype=np.bool_)))
    assert (count.at(line) == expected.ravel()).all()
    assert (other.at(line) == expected.ravel() + 1).all()
