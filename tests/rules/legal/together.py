"""Several paragraphs of §4bis at once."""

from __future__ import annotations

from tests.rules.legal.case import (
    ABSENT,
    FIVE_TO_ELEVEN,
    MORNINGS,
    WANTED,
    Case,
    contract,
    declared,
    minder,
    need,
)

__all__ = ["CASES"]

CASES = [
    # ---- Combined ----
    Case(
        "30.1",
        "twins wait for her child's third birthday",
        minder(*[contract(MORNINGS)] * 2, own=["2024-01-08"]),
        need(MORNINGS, *["2026-05-01"] * 2, tolerance=7),
        accepted="2027-01-08",
    ),
    Case(
        "30.2",
        "eleven on the 6th, agrément from the 11th",
        minder(
            *[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3,
            own=["2016-01-06", FIVE_TO_ELEVEN, FIVE_TO_ELEVEN],
            agrement={"valid_from": "2027-01-11"},
        ),
        need(MORNINGS, "2020-01-01", tolerance=7),
        accepted="2027-01-11",
    ),
    Case(
        "30.2b",
        "the same without tolerance",
        minder(
            *[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3,
            own=["2016-01-06", FIVE_TO_ELEVEN, FIVE_TO_ELEVEN],
            agrement={"valid_from": "2027-01-11"},
        ),
        need(MORNINGS, "2020-01-01"),
        refused={
            "under_11": {"have": 7, "when": "Mo,Tu 08:00-12:00"},
            "agrement_status": {},
            "start_date": {},
        },
        relaxed=[("start", "2027-01-11")],
    ),
    Case(
        "30.3",
        "14:00-22:00 of a night until 02:00",
        minder(hours="Mo-Su 06:00-22:00"),
        need("Mo,We 14:00-02:00", share=0.6),
        accepted=WANTED,
        share=2 / 3,
    ),
    Case(
        "30.3b",
        "the cut makes two presences: served 16:00-22:00 and 06:00-09:00, 8 h apart: one working day of 17 h",
        minder(hours="Mo-Su 06:00-22:00"),
        need("Mo 16:00-09:00", share=0.5),
        refused={"daily_rest": {"have": 17, "limit": 13, "from": "2027-01-04"}},
        share=9 / 17,
    ),
    Case(
        "30.4",
        "early and late weeks together: 65 h",
        minder(contract(["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"], start="2027-01-04"), places=1),
        need(["Mo-Fr 14:00-19:00", "Mo-Fr 08:00-13:00"]),
        refused={"weekly_hours": {}},
    ),
    Case(
        "30.4b",
        "the same on three days",
        minder(
            contract(["Mo,Tu,We 07:00-13:00", "Mo,Tu,We 13:00-19:00"], start="2027-01-04"), places=1
        ),
        need(["Mo,Tu,We 13:00-18:00", "Mo,Tu,We 08:00-13:00"]),
        accepted=WANTED,
    ),
    Case(
        "30.4c",
        "both early, both late",
        minder(
            contract(["Mo,Tu,We 07:00-13:00", "Mo,Tu,We 13:00-19:00"], start="2027-01-04"), places=1
        ),
        need(["Mo,Tu,We 08:00-13:00", "Mo,Tu,We 13:00-18:00"]),
        refused={"places": {"have": 2, "when": "Mo-We 08:00-13:00", "from": "2027-01-04"}},
    ),
    Case(
        "30.5",
        "21:00 to 08:00 is 11 h, 08:00 to 21:00 is 13 h",
        minder(contract("Mo,Tu,We 17:00-21:00"), places=1),
        need("Tu,We 08:00-10:00", start="2027-01-05"),
        accepted="2027-01-05",
    ),
    Case(
        "30.5b",
        "a quarter earlier",
        minder(contract("Mo,Tu,We 17:00-21:00"), places=1),
        need("Tu,We 07:45-10:00", start="2027-01-05"),
        refused={"daily_rest": {"from": "2027-01-05", "limit": 13}},
    ),
    Case(
        "30.6",
        "three nights from Monday to Saturday: six dates",
        minder(contract("Mo 19:00-07:00")),
        need("We,Fr 19:00-07:00", start="2027-01-06"),
        accepted="2027-01-06",
    ),
    Case(
        "30.6b",
        "and the Sunday: all seven dates; Tuesday 07:00 to Wednesday 19:00 is a rest of 36 h",
        minder(contract("Mo 19:00-07:00"), contract("Su 10:00-12:00")),
        need("We,Fr 19:00-07:00", start="2027-01-06"),
        refused={"consecutive_days": {}},
    ),
    Case(
        "30.7",
        "refused by one contract, hours by another",
        minder(contract("Mo-Fr 08:00-18:00"), places=1),
        need("Mo-Fr 08:00-18:00; Sa 08:00-12:00"),
        refused={
            "places": {"when": "Mo-Fr 08:00-18:00"},
            "weekly_hours": {"have": 54, "limit": 48},
        },
    ),
    Case(
        "30.8",
        "school, need, places, status and start at once",
        minder(contract(MORNINGS), places=1, agrement={"status": "suspended"}),
        need(MORNINGS, {"birth_date": "2027-01-05", "needs": ["lift"], "school": "A"}),
        refused={
            "places": {},
            "agrement_status": {},
            "functional_need": {},
            "school_pickup": {},
            "start_date": {},
        },
        relaxed=[],
    ),
    Case(
        "30.9",
        "a contract in September, an agrément until December, no Friday",
        minder(
            contract(MORNINGS, start="2027-09-01"),
            places=1,
            hours="Mo-Th 08:00-12:00",
            agrement={"valid_until": "2027-12-31"},
        ),
        need(MORNINGS, share=0.8),
        refused={"places": {"from": "2027-09-01", "when": "We,Th 08:00-12:00"}},
        relaxed=[("end", "2027-08-31")],
        warned=["agrement_renewal"],
        share=0.8,
    ),
    Case(
        "30.10",
        "two of hers under three until February",
        minder(*[contract(MORNINGS)] * 2, own=["2024-02-01", "2024-06-01"]),
        need(MORNINGS, tolerance=60),
        accepted="2027-02-01",
    ),
    Case(
        "30.11",
        "the elder child leaves the baby's place",
        minder(
            contract(MORNINGS, "2022-01-01"),
            places=3,
            agrement={
                "places_offered": 2,
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 36},
                    {"places": 2, "min_months": 24, "max_months": 132},
                ],
            },
        ),
        need(MORNINGS),
        accepted=WANTED,
    ),
    Case(
        "30.11b",
        "twins for it",
        minder(
            contract(MORNINGS, "2022-01-01"),
            places=3,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 36},
                    {"places": 2, "min_months": 24, "max_months": 132},
                ]
            },
        ),
        need(MORNINGS, *["2026-05-01"] * 2),
        refused={"legacy_ages": {"have": 3, "limit": 2, "from": "2027-01-04"}, "siblings": {}},
    ),
    Case(
        "30.12",
        "turning three settles one rule of two",
        minder(*[contract(MORNINGS)] * 3, own=["2024-03-01", FIVE_TO_ELEVEN, FIVE_TO_ELEVEN]),
        need(MORNINGS),
        refused={"under_3": {"have": 5, "limit": 4}, "under_11": {"have": 7, "limit": 6}},
    ),
    Case(
        "30.13",
        "the same weeks, early or late",
        minder(contract([MORNINGS, "off"], start="2027-01-04"), places=1),
        need([MORNINGS, MORNINGS], tolerance=13),
        refused={"places": {"from": "2027-01-04"}},
    ),
    Case(
        "30.14",
        "a last night meets the Monday after the end",
        minder(contract("Mo 00:00-06:00", start="2027-01-11"), places=1),
        need("Su 20:00-06:00", start="2027-01-10", end="2027-01-10"),
        refused={"places": {"from": "2027-01-11", "when": "Mo 00:00-06:00"}},
    ),
    Case(
        "30.15",
        "her child turns three at midnight",
        minder(*[contract("Mo 20:00-06:00")] * 3, own=["2024-01-12"]),
        need("Mo 20:00-06:00", start="2027-01-11"),
        refused={"under_3": {"from": "2027-01-11", "when": "Mo 20:00-24:00"}, "start_date": {}},
    ),
    Case(
        "30.16",
        "51 h with consent: 2,397 h a year",
        minder(contract("Mo-Fr 08:00-18:00"), annual_hours_consent=True),
        need("Sa 08:00-09:00", start="2027-01-09"),
        refused={"annual_hours": {"have": 2397, "limit": 2250}},
    ),
    Case(
        "30.17",
        "no contract known, four of hers under three",
        minder(own=["2026-01-01"] * 4, contracts=ABSENT),
        need(MORNINGS),
        refused={"under_3": {"have": 5}},
    ),
    Case(
        "30.18",
        "declared without Friday, contract on Monday and Tuesday",
        minder(
            contract("Mo,Tu 08:00-12:00"), places=1, availabilities=[declared("Mo-Th 08:00-12:00")]
        ),
        need(MORNINGS, share=0.8),
        refused={"places": {"when": "Mo,Tu 08:00-12:00"}},
        warned=["availability_differs"],
        share=0.8,
    ),
]
