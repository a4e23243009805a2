"""Ranking: seven parts, absolute, explained; ties by lot; nobody reordered by a newcomer."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.domain import Child, Request
from rpe_geo.errors import InputError
from rpe_geo.matching.candidates import Candidates, tie_break
from rpe_geo.matching.exposure import audit_exposure
from rpe_geo.matching.merits import continuity_target
from rpe_geo.matching.pareto import non_dominated, pareto_front
from rpe_geo.matching.preferences import LANGUAGE_WISH, PARTS, WISHES, check_preferences
from rpe_geo.matching.ranking import part_maxima, rank, score
from rpe_geo.matching.stability import first_rank_stability
from rpe_geo.messages import explain
from rpe_geo.messages.matching import why, wish_name
from rpe_geo.parameters import parameter_table
from rpe_geo.rules.school_calendar import school_calendar
from rpe_geo.schedule import Timetable
from rpe_geo.verdicts import Verdict

SCORING = parameter_table("scoring", date(2026, 11, 22))
START = date(2027, 1, 4)


def request(**changes) -> Request:
    given_ = {
        "request_id": "R-1",
        "children": (Child(date(2026, 5, 1)),),
        "start": START,
        "schedule": Timetable.parse("Mo,Tu,Th,Fr 07:45-18:15"),
        "longitude": 3.0,
        "latitude": 43.0,
        "mode": "walk",
        "max_minutes": 15,
    }
    return Request(**(given_ | changes))


def candidates(count=1, **columns) -> Candidates:
    """Candidates that earn everything, save what is said otherwise."""
    ids = columns.pop("provider_ids", [f"AM-{number}" for number in range(count)])
    days = {"start", "confirmed_on", "continuity_until"}
    given_ = {
        "start": START,
        "hours_share": 1.0,
        "travel_min": 1.0,
        "confirmed_on": date(2026, 11, 20),
        "continuity_until": None,
        "packing": 1.0,
        "part_used": 0.0,
    } | columns
    arrays = {
        name: values
        if isinstance(values, dict)
        else np.broadcast_to(
            np.array(values, dtype="datetime64[D]" if name in days else "float64"), len(ids)
        )
        for name, values in given_.items()
    }
    return Candidates(
        provider_kinds=["childminder"] * len(ids),
        provider_ids=ids,
        verdict_of=lambda row: Verdict("R-1", "childminder", ids[row], True, START, Fraction(1)),
        **arrays,
    )


def earned(part, **columns) -> float:
    scores = score(candidates(1, **columns), columns.pop("request", request()), scoring=SCORING)
    return float(scores.points[0, scores.parts.index(part)]) / 100


def test_the_published_maxima_add_up_to_100():
    assert part_maxima({}, SCORING).tolist() == [3000, 3000, 1000, 1000, 800, 800, 400]


def test_a_perfect_candidate_earns_100_and_a_hopeless_one_nothing():
    (best,) = rank(candidates(), request(), scoring=SCORING)
    assert (best.score, best.rank) == (100, 1)
    worst = candidates(
        start=START + timedelta(days=40), hours_share=0.0, travel_min=np.inf,
        continuity_until=START - timedelta(days=1), packing=0.0, confirmed_on="NaT",
        wishes={"garden": np.array([0.0])},
    )  # fmt: skip
    scores = score(worst, request(preferences={"garden": 1}), scoring=SCORING)
    assert scores.totals.tolist() == [0]


@pytest.mark.parametrize(
    ("part", "column", "value", "points"),
    [
        ("travel", "travel_min", 2, 30),
        ("travel", "travel_min", 5, 26.09),
        ("travel", "travel_min", 25, 0),
        ("travel", "travel_min", np.nan, 0),
        ("hours", "hours_share", 38 / 42, 27.14),
        ("start", "start", START + timedelta(days=7), 8),
        ("start", "start", START + timedelta(days=14), 6),
        ("start", "start", START + timedelta(days=36), 0),
        ("packing", "packing", 0.75, 6),
        ("packing", "packing", np.nan, 4),
        ("freshness", "confirmed_on", date(2026, 10, 23), 4),
        ("freshness", "confirmed_on", date(2026, 6, 22), 0.78),
        ("freshness", "confirmed_on", date(2026, 5, 23), 0),
        ("freshness", "confirmed_on", np.datetime64("NaT"), 0),
    ],
)
def test_each_part_alone(part, column, value, points):
    assert earned(part, **{column: value}) == pytest.approx(points, abs=0.005)


def test_continuity_counts_the_days_until_the_third_birthday():
    whole = (date(2029, 5, 1) - START).days
    assert earned("continuity", continuity_until=date(2029, 4, 30)) == 10
    half = START + timedelta(days=whole // 2 - 1)
    assert earned("continuity", continuity_until=half) == pytest.approx(5, abs=0.01)


def test_continuity_stops_at_the_end_asked_and_looks_a_year_ahead_for_older_children():
    until = candidates(continuity_until=date(2027, 7, 2))
    ending = request(end=date(2027, 7, 2))
    assert score(until, ending, scoring=SCORING).points[0, 3] == 1000
    schoolchild = request(children=(Child(date(2021, 5, 1)),))
    (suggestion,) = rank(until, schoolchild, scoring=SCORING)
    assert suggestion.contributions["continuity"] == pytest.approx(10 * 180 / 365, abs=0.01)


def test_continuity_looks_no_further_than_the_school_calendar():
    asked = request(school_holidays="except", school_zone="C")
    known = school_calendar("C").known_until
    assert continuity_target(asked, SCORING) == known + timedelta(days=1)
    (suggestion,) = rank(candidates(), asked, scoring=SCORING)
    said = [why(part.reason, part.values) for part in suggestion.parts]
    assert any("fin du calendrier scolaire connu" in one for one in said)


def test_more_minutes_accepted_push_the_zero_away():
    far = candidates(travel_min=25.0)
    assert score(far, request(max_minutes=48), scoring=SCORING).points[0, 0] == 1500


def test_detour_replaces_travel_when_the_work_is_given():
    (suggestion,) = rank(candidates(detour_min=5.0), request(), scoring=SCORING)
    assert list(suggestion.contributions) == ["detour", *PARTS[1:]]
    assert suggestion.contributions["detour"] == 26.09
    assert (suggestion.travel_minutes, suggestion.detour_minutes) == (1, 5)


def test_preferences_reweigh_the_parts_and_the_total_remains_100():
    maxima = part_maxima({"travel": 3, "continuity": 2, "garden": 5}, SCORING)
    assert maxima.sum() == 10_000
    weights = np.array([90, 30, 10, 20, 8, 8, 4])
    assert np.abs(maxima - 10_000 * weights / weights.sum()).max() < 1
    assert (
        part_maxima({"detour": 3}, SCORING).tolist() == part_maxima({"travel": 3}, SCORING).tolist()
    )


def test_wishes_are_weighed_and_the_unknown_counts_half():
    people = candidates(
        3, wishes={"garden": np.array([1.0, 0.0, np.nan]), "no_pets": np.array([1.0, 1.0, 1.0])}
    )
    wanted = request(preferences={"garden": 3, "no_pets": 1, "no_smoker": 0})
    points = score(people, wanted, scoring=SCORING).points[:, 5]
    assert points.tolist() == [800, 200, 500]


def test_an_unknown_preference_is_refused_with_the_known_ones():
    with pytest.raises(InputError) as caught:
        check_preferences({"travell": 2})
    line = explain(caught.value)
    assert "travell" in line
    assert "no_pets" in line
    assert "champ preferences" in line
    check_preferences(dict.fromkeys([*PARTS, *WISHES, "detour", f"{LANGUAGE_WISH}en"], 1.0))


@pytest.mark.parametrize("weight", [float("inf"), float("nan"), -1.0])
def test_a_weight_is_a_number_from_0_up(weight):
    with pytest.raises(InputError, match="preference_weight") as caught:
        check_preferences({"travel": weight})
    assert "travel" in explain(caught.value)


def test_all_weights_at_zero_are_refused():
    nothing = request(preferences=dict.fromkeys(PARTS, 0.0))
    with pytest.raises(InputError, match="preferences_all_zero"):
        rank(candidates(), nothing, scoring=SCORING)


def test_verdicts_are_asked_only_for_what_is_shown():
    asked = []
    people = candidates(50, travel_min=np.arange(50.0))
    object.__setattr__(people, "verdict_of", asked.append)
    suggestions = rank(people, request(), scoring=SCORING, limit=5)
    assert [suggestion.rank for suggestion in suggestions] == [1, 2, 3, 4, 5]
    assert len(asked) == 5
    assert rank(people, request(), scoring=SCORING, limit=0) == []
    assert rank(candidates(0), request(), scoring=SCORING, limit=3) == []


def test_ties_follow_the_lot_of_the_request_not_the_name():
    ids = [f"AM-{number:02}" for number in range(20)]
    orders = []
    for number in range(30):
        asked = request(request_id=f"R-{number}")
        shown = rank(candidates(provider_ids=ids), asked, scoring=SCORING)
        orders.append([suggestion.verdict.provider_id for suggestion in shown])
        backwards = rank(candidates(provider_ids=ids[::-1]), asked, scoring=SCORING)
        assert [suggestion.verdict.provider_id for suggestion in backwards] == orders[-1]
        assert orders[-1] == sorted(ids, key=lambda one: tie_break(f"R-{number}", one))
    assert len({order[0] for order in orders}) > 10


PEOPLE = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(0, 40),
        st.sampled_from([0.5, 0.75, 1.0]),
        st.sampled_from([0.0, 0.5, 1.0]),
        st.sampled_from([0.0, 1.0, float("nan")]),
    ),
    min_size=1,
    max_size=25,
)


def people_of(rows, ids) -> Candidates:
    late, minutes, share, packing, garden = (list(column) for column in zip(*rows, strict=True))
    return candidates(
        provider_ids=ids,
        start=[START + timedelta(days=days) for days in late],
        travel_min=minutes,
        hours_share=share,
        packing=packing,
        wishes={"garden": np.array(garden)},
    )


WEIGHTS = st.dictionaries(
    st.sampled_from([*PARTS, *WISHES]), st.sampled_from([0.0, 0.5, 1.0, 3.0]), max_size=5
).filter(lambda weights: any(weights.get(part, 1) > 0 for part in PARTS))


@settings(max_examples=60, deadline=None)
@given(rows=PEOPLE, newcomer=PEOPLE, weights=WEIGHTS, limit=st.integers(1, 30))
def test_a_newcomer_reorders_nobody(rows, newcomer, weights, limit):
    ids = [f"AM-{number}" for number in range(len(rows))]
    asked = request(preferences=weights)
    before = rank(people_of(rows, ids), asked, scoring=SCORING)
    after = rank(people_of([newcomer[0], *rows], ["AM-new", *ids]), asked, scoring=SCORING)
    scores_before = {one.verdict.provider_id: one.score for one in before}
    left = [one for one in after if one.verdict.provider_id != "AM-new"]
    assert [one.verdict.provider_id for one in left] == [one.verdict.provider_id for one in before]
    assert all(scores_before[one.verdict.provider_id] == one.score for one in left)
    top = rank(people_of(rows, ids), asked, scoring=SCORING, limit=limit)
    assert [one.verdict.provider_id for one in top] == [one.verdict.provider_id for one in before][
        :limit
    ]


@settings(max_examples=60, deadline=None)
@given(rows=PEOPLE, weights=WEIGHTS)
def test_a_score_is_the_sum_of_its_parts_between_0_and_100(rows, weights):
    ids = [f"AM-{number}" for number in range(len(rows))]
    suggestions = rank(people_of(rows, ids), request(preferences=weights), scoring=SCORING)
    assert [one.score for one in suggestions] == sorted(
        (one.score for one in suggestions), reverse=True
    )
    for one in suggestions:
        assert one.score == pytest.approx(sum(one.contributions.values()), abs=1e-9)
        assert 0 <= one.score <= 100
        assert sum(part.maximum for part in one.parts) == pytest.approx(100)
        assert all(0 <= part.points <= part.maximum for part in one.parts)
        assert all(why(part.reason, part.values) for part in one.parts)


def test_every_part_says_why_in_french():
    people = candidates(
        travel_min=5.0, hours_share=38 / 42, start=START + timedelta(days=7), packing=0.93,
        continuity_until=date(2028, 6, 30), part_used=0.5,
        wishes={"garden": np.array([1.0]), "language_en": np.array([0.0]), "car": np.array([np.nan])},
    )  # fmt: skip
    wanted = request(preferences={"garden": 1, "language_en": 1, "car": 1})
    (suggestion,) = rank(people, wanted, scoring=SCORING)
    sentences = [why(part.reason, part.values).replace("\u00a0", " ") for part in suggestion.parts]
    assert sentences == [
        "5 min à pied : 30 points jusqu’à 2 min, 0 à partir de 25 min",
        "38 h couvertes sur 42 h par semaine",
        "Libre à partir du 11 janvier 2027, 7 jours après la date demandée",
        "Accueil assuré jusqu’au 30 juin 2028, pour un besoin jusqu’au 1er mai 2029",
        "Complète une place déjà entamée, qui serait remplie à 93 %",
        "Jardin : tenu ; langue : anglais : non tenu ; voiture : à demander",
        "Disponibilité confirmée le 20 novembre 2026",
    ]
    assert wish_name("language_xx") == "langue : xx"


def test_the_other_reasons():
    unknown = candidates(
        travel_min=np.nan, packing=np.nan, part_used=np.nan, confirmed_on=np.datetime64("NaT")
    )
    (suggestion,) = rank(unknown, request(), scoring=SCORING)
    assert [part.reason for part in suggestion.parts] == [
        "why_travel_unknown", "why_hours_all", "why_start_asked", "why_continuity_age",
        "why_packing_unknown", "why_preferences_none", "why_freshness_never",
    ]  # fmt: skip
    old = candidates(confirmed_on=date(2026, 1, 1), detour_min=np.inf)
    (suggestion,) = rank(old, request(end=date(2027, 6, 1)), scoring=SCORING)
    reasons = [part.reason for part in suggestion.parts]
    assert (reasons[0], reasons[3]) == ("why_travel_unknown", "why_continuity_end")
    assert (reasons[4], reasons[6]) == ("why_packing_empty", "why_freshness_stale")
    older = request(children=(Child(date(2021, 5, 1)),))
    (suggestion,) = rank(candidates(detour_min=3.0), older, scoring=SCORING)
    assert suggestion.parts[0].reason == "why_detour"
    assert suggestion.parts[3].reason == "why_continuity_period"


def test_the_frame_shows_every_candidate():
    frame = score(candidates(3, travel_min=[1, 5, 9]), request(), scoring=SCORING).frame()
    assert frame.index.tolist() == ["AM-0", "AM-1", "AM-2"]
    assert frame["score"].tolist() == pytest.approx(frame[list(PARTS)].sum(axis=1).tolist())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 3), min_size=1, max_size=20))
def test_the_front_is_what_nobody_dominates(rows):
    values = np.array(rows)
    for row, kept in enumerate(non_dominated(values)):
        beaten = any(
            (other >= values[row]).all() and (other > values[row]).any() for other in values
        )
        assert kept != beaten


def test_the_front_compares_the_parts_asked_for():
    people = candidates(3, travel_min=[5, 10, 12], hours_share=[0.8, 1.0, 0.9])
    scores = score(people, request(), scoring=SCORING)
    assert [people.provider_ids[row] for row in pareto_front(scores, ("travel", "hours"))] == [
        people.provider_ids[row] for row in scores.order() if row != 2
    ]
    assert pareto_front(scores, ("travel",)).tolist() == [0]
    with pytest.raises(InputError, match="score_part_unknown"):
        pareto_front(scores, ("detour",))


def test_a_clear_first_is_stable_and_a_narrow_one_is_not():
    clear = score(candidates(2, travel_min=[1, 20]), request(), scoring=SCORING)
    found = first_rank_stability(clear)
    assert found.stable
    assert found.provider_id == "AM-0"
    # 12 points less for hours against 12.1 less for travel: the first rank hangs on the two weights.
    narrow = candidates(2, travel_min=[2, 2 + 23 * 12.1 / 30], hours_share=[0.6, 1.0])
    found = first_rank_stability(score(narrow, request(), scoring=SCORING))
    assert not found.stable
    assert 0.2 < found.holds_share < 0.9
    assert {(one.part, one.factor, one.provider_id) for one in found.overtakings} == {
        ("travel", 0.8, "AM-1"),
        ("hours", 1.2, "AM-1"),
    }
    empty = first_rank_stability(score(candidates(0), request(), scoring=SCORING))
    assert (empty.provider_id, empty.stable) == (None, True)


def test_equal_merit_is_shown_equally_often():
    people = candidates(12, travel_min=[1] * 9 + [24] * 3)
    scored = [
        score(people, request(request_id=f"R-{number}"), scoring=SCORING) for number in range(400)
    ]
    audit = audit_exposure(scored, limit=3)
    equals = audit.loc[[f"AM-{number}" for number in range(9)]]
    assert equals["expected"].tolist() == pytest.approx([400 / 3] * 9)
    assert audit["shown"].sum() == pytest.approx(audit["expected"].sum())
    assert equals["z"].abs().max() < 4
    far = audit.loc[["AM-9", "AM-10", "AM-11"]]
    assert far["shown"].tolist() == [0, 0, 0]
    assert far["z"].isna().all()
    firsts = Counter(people.provider_ids[int(scores.order(1)[0])] for scores in scored)
    assert equals["first"].to_dict() == {f"AM-{n}": float(firsts[f"AM-{n}"]) for n in range(9)}
    assert equals["expected_first"].tolist() == pytest.approx([400 / 9] * 9)


def test_the_audit_of_nothing_is_an_empty_table():
    assert audit_exposure([]).empty
