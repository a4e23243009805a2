"""The week in quarter-hours: its text form, its calendar, and its laws."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.errors import InvalidSchedule
from rpe_geo.schedule import QUARTERS_PER_DAY, Timetable, Week, monday_of, timetable_of_slots

MONDAY = date(2027, 1, 4)


@pytest.mark.parametrize(
    ("text", "canonical", "quarters"),
    [
        ("Mo-Fr 07:30-18:30; Sa 08:00-12:00", "Mo-Fr 07:30-18:30; Sa 08:00-12:00", 236),
        ("Mo,We 08:00-12:00", "Mo,We 08:00-12:00", 32),
        ("Mo 07:00-09:00,16:30-19:00", "Mo 07:00-09:00,16:30-19:00", 18),
        ("Fr 20:00-06:00", "Fr 20:00-06:00", 40),
        ("Su 20:00-06:00", "Su 20:00-06:00", 40),
        ("Mo-Fr 08:00-18:00; We off", "Mo,Tu,Th,Fr 08:00-18:00", 160),
        ("Mo 07:00-09:00; Mo 16:00-18:00", "Mo 16:00-18:00", 8),
        ("Fr-Mo 08:00-09:00", "Mo,Fr-Su 08:00-09:00", 16),
        ("Mo-Fr 08:00-18:00; off", "off", 0),
        ("08:00-09:00", "Mo-Su 08:00-09:00", 28),
        ("24/7", "Mo-Su 00:00-24:00", 672),
        ("Mo 08:00-08:00", "Mo 08:00-08:00", 96),
        ("Mo 20:00-00:00", "Mo 20:00-24:00", 16),
        ("Mo 08:00-12:00,11:00-13:00,13:00-14:00", "Mo 08:00-14:00", 24),
        ("Mo 00:00-24:00,20:00-06:00", "Mo 00:00-24:00,23:45-06:00", 120),
        ("PH 08:00-10:00; Mo 8:00-10:00", "Mo,PH 08:00-10:00", 8),
        ("mo , tu 08:00 - 09:00 ; PH OFF", "Mo,Tu 08:00-09:00", 8),
    ],
)
def test_the_text_form_is_read_and_written(text: str, canonical: str, quarters: int) -> None:
    week = Week.parse(text)
    assert str(week) == canonical
    assert week.quarters == quarters
    assert Week.parse(canonical) == week


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "schedule_empty"),
        (" ; ", "schedule_empty"),
        ("Mo", "schedule_rule_unreadable"),
        ("Mo 25:00", "schedule_span_unreadable"),
        ("Mo 08:00-25:00", "schedule_hour_impossible"),
        ("Mo 08:00-24:15", "schedule_hour_impossible"),
        ("Mo 24:00-08:00", "schedule_hour_impossible"),
        ("Mo 08:75-09:00", "schedule_hour_impossible"),
        ("Mo 08:10-09:00", "schedule_not_a_quarter"),
        ("Xx 08:00-09:00", "schedule_day_unknown"),
        ("Mo-PH 08:00-09:00", "schedule_day_unknown"),
        ("SH 08:00-09:00", "schedule_school_holidays"),
        ("lundi 8h-18h", "schedule_rule_unreadable"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        Week.parse(text)
    assert refused.value.code == code


def test_a_cycle_has_52_weeks_at_most() -> None:
    assert len(Timetable.parse(["Mo 08:00-09:00", *["off"] * 51])) == 52
    with pytest.raises(InvalidSchedule):
        Timetable.parse(["Mo 08:00-09:00"] * 53)
    with pytest.raises(InvalidSchedule):
        Timetable.parse([])


def test_a_cycle_that_repeats_itself_is_shortened() -> None:
    assert Timetable.parse(["Mo 08:00-09:00"] * 4) == Timetable.parse("Mo 08:00-09:00")


def test_week_1_holds_the_start_date() -> None:
    cycle = Timetable.parse(["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"])
    thursday = MONDAY + timedelta(days=3)
    assert cycle.spans_on(thursday, week_1=thursday)[0].begin == 24
    assert cycle.spans_on(MONDAY, week_1=thursday)[0].begin == 24
    assert cycle.spans_on(MONDAY + timedelta(days=7), week_1=thursday)[0].begin == 52
    assert cycle.spans_on(MONDAY - timedelta(days=1), week_1=thursday) == ()


def test_without_start_date_week_1_is_that_of_1_january_2024() -> None:
    cycle = Timetable.parse(["Mo 06:00-14:00", "Mo 13:00-21:00"])
    assert cycle.spans_on(date(2024, 1, 1))[0].begin == 24
    assert cycle.spans_on(date(2024, 1, 8))[0].begin == 52


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    nights = Timetable.parse("Mo-Su 20:00-06:00")
    window = nights.presence(MONDAY, 3, start=MONDAY, end=MONDAY + timedelta(days=1))
    assert not window[:80].any(), "the night begun on the eve of the start does not exist"
    assert window[80:96].all()
    assert window[96:120].all()
    assert window[192:216].all(), "the night begun on the last day runs to its end"
    assert not window[216:].any()


def test_sunday_night_ends_on_the_next_week() -> None:
    week = Week.parse("Su 20:00-06:00")
    assert week.slots[:24].all()
    assert week.slots[-16:].all()
    assert not week.slots[24:-16].any()


def test_hours_share_is_exact_and_counts_public_holidays_as_an_eighth_day() -> None:
    offered = Timetable.parse("Mo-Fr 08:00-18:00")
    assert offered.share_of(
        Timetable.parse(["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"])
    ) == Fraction(11, 16)
    assert offered.share_of(Timetable.parse("Mo,PH 08:00-18:00")) == Fraction(1, 2)
    assert Timetable.parse("Mo,PH 08:00-18:00").covers(Timetable.parse("PH 09:00-10:00"))


def test_cycles_without_a_common_week_still_compare() -> None:
    long = Timetable.parse(["Mo 08:00-09:00", *["off"] * 51])
    other = Timetable.parse(["Mo 08:00-09:00", *["off"] * 50])
    assert long.share_of(other) == Fraction(1, 52)
    with pytest.raises(InvalidSchedule):
        long.minus(other)


@st.composite
def timetables(draw: st.DrawFn) -> Timetable:
    """Cycles of one to three weeks with spans anywhere, nights and public holidays included."""
    texts = []
    for _ in range(draw(st.integers(1, 3))):
        rules = []
        for day in ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH"):
            spans = draw(st.lists(st.tuples(st.integers(0, 95), st.integers(0, 96)), max_size=2))
            if spans:
                hours = ",".join(
                    f"{a // 4:02d}:{a % 4 * 15:02d}-{b // 4:02d}:{b % 4 * 15:02d}" for a, b in spans
                )
                rules.append(f"{day} {hours}")
        texts.append("; ".join(rules) or "off")
    return Timetable.parse(texts)


def _hours(timetable: Timetable, weeks: int) -> tuple[list[bool], list[bool]]:
    """The quarter-hours of a timetable, whatever the spans that write them."""
    return (
        np.resize(timetable.slots, weeks * 672).tolist(),
        np.resize(timetable.holiday_slots, weeks * 192).tolist(),
    )


@given(timetables())
def test_reading_what_is_written_gives_the_same(timetable: Timetable) -> None:
    assert Timetable.parse(timetable.write()) == timetable


@given(timetables())
def test_slots_and_back_keep_every_quarter_hour(timetable: Timetable) -> None:
    again = timetable_of_slots(timetable.slots, timetable.holiday_slots.ravel())
    assert _hours(again, 6) == _hours(timetable, 6)


@given(timetables(), timetables())
def test_union_commutes_and_covers_both(a: Timetable, b: Timetable) -> None:
    both = a.union(b)
    assert _hours(both, 6) == _hours(b.union(a), 6)
    assert both.covers(a)
    assert both.covers(b)


@given(timetables(), timetables())
def test_minus_and_intersection_part_a_timetable(a: Timetable, b: Timetable) -> None:
    rest, shared = a.minus(b), a.intersection(b)
    assert _hours(rest.union(shared), 6) == _hours(a, 6)
    assert not rest.intersection(b)
    assert b.covers(shared)


@given(timetables(), timetables(), timetables())
def test_share_is_monotone(asked: Timetable, a: Timetable, b: Timetable) -> None:
    assert a.share_of(asked) <= a.union(b).share_of(asked) <= 1


@given(timetables(), st.dates(date(2023, 1, 1), date(2028, 12, 31)), st.integers(1, 21))
def test_the_calendar_repeats_the_cycle(timetable: Timetable, first: date, days: int) -> None:
    window = timetable.presence(first, days)
    offset = (first - date(2024, 1, 1)).days * QUARTERS_PER_DAY
    expected = timetable.slots[(offset + np.arange(days * 96)) % len(timetable.slots)]
    assert (window == expected).all()


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)))
def test_monday_of_is_a_monday_at_most_six_days_before(day: date) -> None:
    assert monday_of(day).weekday() == 0
    assert 0 <= (day - monday_of(day)).days <= 6
