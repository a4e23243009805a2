"""§4bis 10–11: places, children under three and under eleven, and old attestations by age."""

from __future__ import annotations

from tests.rules.legal.case import (
    DAYS,
    FIVE_TO_ELEVEN,
    MORNINGS,
    WANTED,
    Case,
    contract,
    minder,
    need,
)

__all__ = ["CASES"]

CASES = [
    # ---- 10 Slots: `places`, `under_3`, `under_11` ----
    Case(
        "10.1",
        "three offered of four, the third taken",
        minder(*[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3, agrement={"places_offered": 3}),
        need(MORNINGS),
        refused={"places": {"have": 4, "limit": 3}},
    ),
    Case(
        "10.1b",
        "two taken",
        minder(*[contract(MORNINGS, FIVE_TO_ELEVEN)] * 2, agrement={"places_offered": 3}),
        need(MORNINGS),
        accepted=WANTED,
    ),
    Case(
        "10.2",
        "her own baby takes a place",
        minder(
            *[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3,
            own=["2026-08-01"],
            agrement={"own_under_3_takes_place": True},
        ),
        need(MORNINGS, "2021-05-01"),
        refused={"places": {"have": 5, "limit": 4, "from": "2027-01-04", "when": MORNINGS}},
    ),
    Case(
        "10.2b",
        "not at three",
        minder(
            *[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3,
            own=["2024-01-04"],
            agrement={"own_under_3_takes_place": True},
        ),
        need(MORNINGS, "2021-05-01"),
        accepted=WANTED,
    ),
    Case(
        "10.2c",
        "at three tomorrow",
        minder(
            *[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3,
            own=["2024-01-05"],
            agrement={"own_under_3_takes_place": True},
        ),
        need(MORNINGS, "2021-05-01"),
        refused={"places": {"have": 5, "limit": 4}, "start_date": {}},
        relaxed=[("start", "2027-01-05"), ("schedule", "Tu-Fr 08:00-12:00")],
    ),
    Case(
        "10.3",
        "two offered of three, her baby takes the third",
        minder(
            contract(MORNINGS, FIVE_TO_ELEVEN),
            places=3,
            own=["2026-08-01"],
            agrement={"places_offered": 2, "own_under_3_takes_place": True},
        ),
        need(MORNINGS),
        accepted=WANTED,
    ),
    Case(
        "10.3b",
        "two babies of hers",
        minder(
            contract(MORNINGS, FIVE_TO_ELEVEN),
            places=3,
            own=["2026-08-01"] * 2,
            agrement={"places_offered": 2, "own_under_3_takes_place": True},
        ),
        need(MORNINGS),
        refused={"places": {"have": 4, "limit": 3}},
    ),
    Case(
        "10.3c",
        "both limits passed: one refusal",
        minder(
            *[contract(MORNINGS, FIVE_TO_ELEVEN)] * 2,
            places=3,
            own=["2026-08-01"] * 2,
            agrement={"places_offered": 2, "own_under_3_takes_place": True},
        ),
        need(MORNINGS),
        refused={"places": {}},
    ),
    Case(
        "10.4",
        "six places as written",
        minder(*[contract(MORNINGS, FIVE_TO_ELEVEN)] * 5, places=6),
        need(MORNINGS, "2021-05-01"),
        accepted=WANTED,
        warned=["agrement_places"],
    ),
    Case(
        "10.4b",
        "seven under eleven with her own",
        minder(*[contract(MORNINGS, FIVE_TO_ELEVEN)] * 5, places=6, own=["2019-01-01"]),
        need(MORNINGS, "2021-05-01"),
        refused={"under_11": {"have": 7, "limit": 6}},
        warned=["agrement_places"],
    ),
    Case(
        "10.4c",
        "five under three",
        minder(*[contract(MORNINGS)] * 4, places=6),
        need(MORNINGS),
        refused={"under_3": {"have": 5, "limit": 4}},
        warned=["agrement_places"],
    ),
    Case(
        "10.5",
        "the exceptional excess lifts no place",
        minder(*[contract(MORNINGS, FIVE_TO_ELEVEN)] * 4, agrement={"exceptional_excess": True}),
        need(MORNINGS),
        refused={"places": {"have": 5, "limit": 4}},
    ),
    Case(
        "10.5b",
        "nor the six",
        minder(
            *[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3,
            own=[FIVE_TO_ELEVEN] * 3,
            agrement={"exceptional_excess": True},
        ),
        need(MORNINGS, "2021-05-01"),
        refused={"under_11": {"have": 7, "limit": 6}},
    ),
    Case(
        "10.6",
        "twins for one place",
        minder(*[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3),
        need(MORNINGS, *["2026-05-01"] * 2),
        refused={"places": {"have": 5, "limit": 4}, "siblings": {}},
    ),
    Case(
        "10.6b",
        "twins for two places",
        minder(*[contract(MORNINGS, FIVE_TO_ELEVEN)] * 2),
        need(MORNINGS, *["2026-05-01"] * 2),
        accepted=WANTED,
    ),
    Case(
        "10.6c",
        "twins for none: no one alone either",
        minder(*[contract(MORNINGS, FIVE_TO_ELEVEN)] * 4),
        need(MORNINGS, *["2026-05-01"] * 2),
        refused={"places": {"have": 6, "limit": 4}},
    ),
    Case(
        "10.7",
        "only the baby is under three",
        minder(*[contract(MORNINGS)] * 2, own=["2026-01-01"]),
        need(MORNINGS, "2026-05-01", "2022-05-01"),
        accepted=WANTED,
    ),
    Case(
        "10.7b",
        "both are",
        minder(*[contract(MORNINGS)] * 2, own=["2026-01-01"]),
        need(MORNINGS, *["2026-05-01"] * 2),
        refused={"under_3": {"have": 5}, "siblings": {}},
    ),
    Case(
        "10.7c",
        "the elder alone would be accepted",
        minder(*[contract(MORNINGS)] * 2, own=["2026-01-01"] * 2),
        need(MORNINGS, "2026-05-01", "2022-05-01"),
        refused={"under_3": {"have": 5}, "siblings": {}},
    ),
    Case(
        "10.8",
        "all the hours are named, the worst moment counts",
        minder(
            contract("Mo 08:00-10:00", FIVE_TO_ELEVEN),
            contract("Mo,Tu 09:00-12:00", FIVE_TO_ELEVEN),
            places=1,
        ),
        need("Mo,Tu 08:00-12:00"),
        refused={
            "places": {
                "have": 3,
                "limit": 1,
                "from": "2027-01-04",
                "when": "Mo 08:00-12:00; Tu 09:00-12:00",
            }
        },
    ),
    Case(
        "10.9",
        "nothing offered",
        minder(agrement={"places_offered": 0}),
        need(MORNINGS),
        refused={"places": {"have": 1, "limit": 0}},
    ),
    Case(
        "10.10",
        "two half weeks on one place",
        minder(contract("Mo,Tu 08:00-17:00"), places=1),
        need("Th,Fr 08:00-17:00", start="2027-01-07"),
        accepted="2027-01-07",
    ),
    Case(
        "10.11",
        "two nights together",
        minder(contract("Mo 19:00-07:00"), places=1),
        need("Mo 19:00-07:00"),
        refused={"places": {"when": "Mo 19:00-07:00", "have": 2}},
    ),
    Case(
        "10.12",
        "her child of ten is at home on Wednesdays",
        minder(
            *[contract(MORNINGS, FIVE_TO_ELEVEN)] * 3,
            own=[
                {
                    "birth_date": "2017-02-01",
                    "presence": "Mo,Tu,Th,Fr 16:30-24:00; We 00:00-24:00; Sa,Su 00:00-24:00",
                },
                FIVE_TO_ELEVEN,
                FIVE_TO_ELEVEN,
            ],
        ),
        need(DAYS, "2021-05-01"),
        refused={"under_11": {"have": 7, "when": "We 08:00-12:00"}},
    ),
    Case(
        "10.13",
        "full in March: later, or until February",
        minder(contract(MORNINGS, start="2027-03-01", end="2027-03-31"), places=1),
        need(MORNINGS),
        refused={"places": {"from": "2027-03-01"}, "start_date": {}},
        relaxed=[("start", "2027-04-01"), ("end", "2027-02-28")],
    ),
    # ---- 11 `legacy_ages` ----
    Case(
        "11.1a",
        "both places under three years taken",
        minder(
            *[contract(MORNINGS)] * 2,
            places=3,
            agrement={
                "legacy_ages": [
                    {"places": 2, "min_months": 0, "max_months": 36},
                    {"places": 1, "min_months": 36, "max_months": 132},
                ]
            },
        ),
        need(MORNINGS),
        refused={"legacy_ages": {"from": "2027-01-04", "when": MORNINGS}},
    ),
    Case(
        "11.1b",
        "an elder child fits",
        minder(
            *[contract(MORNINGS)] * 2,
            places=3,
            agrement={
                "legacy_ages": [
                    {"places": 2, "min_months": 0, "max_months": 36},
                    {"places": 1, "min_months": 36, "max_months": 132},
                ]
            },
        ),
        need(MORNINGS, "2023-01-01"),
        accepted=WANTED,
    ),
    Case(
        "11.2a",
        "36 months on the day are not under 36",
        minder(
            places=1, agrement={"legacy_ages": [{"places": 1, "min_months": 0, "max_months": 36}]}
        ),
        need(MORNINGS, "2024-01-04"),
        refused={"legacy_ages": {"from": "2027-01-04"}},
        relaxed=[],
    ),
    Case(
        "11.2b",
        "36 months the next day",
        minder(
            places=1, agrement={"legacy_ages": [{"places": 1, "min_months": 0, "max_months": 36}]}
        ),
        need(MORNINGS, "2024-01-05"),
        refused={"legacy_ages": {"from": "2027-01-05"}},
        relaxed=[],
    ),
    Case(
        "11.2c",
        "ended before",
        minder(
            places=1, agrement={"legacy_ages": [{"places": 1, "min_months": 0, "max_months": 36}]}
        ),
        need(MORNINGS, "2024-01-05", end="2027-01-04"),
        accepted=WANTED,
    ),
    Case(
        "11.3",
        "places open until 11:00",
        minder(
            places=1,
            agrement={
                "legacy_ages": [
                    {
                        "places": 1,
                        "min_months": 0,
                        "max_months": 72,
                        "presence": "Mo-Fr 08:00-11:00",
                    }
                ]
            },
        ),
        need(MORNINGS),
        refused={"legacy_ages": {"when": "Mo-Fr 11:00-12:00"}},
        relaxed=[("schedule", "Mo-Fr 08:00-11:00")],
    ),
    Case(
        "11.3b",
        "places of every other week, from 1 January 2024",
        minder(
            places=1,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 72, "presence": ["off", MORNINGS]}
                ]
            },
        ),
        need([MORNINGS, "off"]),
        accepted=WANTED,
    ),
    Case(
        "11.3c",
        "of the other weeks",
        minder(
            places=1,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 72, "presence": [MORNINGS, "off"]}
                ]
            },
        ),
        need([MORNINGS, "off"]),
        refused={"legacy_ages": {}},
    ),
    Case(
        "11.4",
        "the elder leaves the narrow band to the baby",
        minder(
            contract(MORNINGS, "2025-05-04", end="2027-06-30"),
            places=2,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 36},
                    {"places": 1, "min_months": 0, "max_months": 24},
                ]
            },
        ),
        need(MORNINGS, "2026-06-01", end="2027-06-30"),
        accepted=WANTED,
    ),
    Case(
        "11.4b",
        "the assignment changes as they grow",
        minder(
            contract(MORNINGS, "2025-02-04", end="2027-06-30"),
            places=2,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 24},
                    {"places": 1, "min_months": 18, "max_months": 36},
                ]
            },
        ),
        need(MORNINGS, "2026-06-01", end="2027-06-30"),
        accepted=WANTED,
    ),
    Case(
        "11.4c",
        "from 10 February both are over 24 months",
        minder(
            contract(MORNINGS, "2025-02-04", end="2027-06-30"),
            places=2,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 24},
                    {"places": 1, "min_months": 18, "max_months": 36},
                ]
            },
        ),
        need(MORNINGS, "2025-02-10", end="2027-06-30"),
        refused={"legacy_ages": {"from": "2027-02-10"}},
    ),
    Case(
        "11.5",
        "her own child needs no place",
        minder(
            places=1,
            own=["2026-01-01"],
            agrement={"legacy_ages": [{"places": 1, "min_months": 0, "max_months": 36}]},
        ),
        need(MORNINGS, end="2027-12-31"),
        accepted=WANTED,
    ),
    Case(
        "11.6",
        "24 months on the day",
        minder(
            places=1, agrement={"legacy_ages": [{"places": 1, "min_months": 24, "max_months": 132}]}
        ),
        need(MORNINGS, "2025-01-04"),
        accepted=WANTED,
    ),
    Case(
        "11.6b",
        "the next day",
        minder(
            places=1, agrement={"legacy_ages": [{"places": 1, "min_months": 24, "max_months": 132}]}
        ),
        need(MORNINGS, "2025-01-05"),
        refused={"legacy_ages": {"from": "2027-01-04"}, "start_date": {}},
        relaxed=[("start", "2027-01-05"), ("schedule", "Tu-Fr 08:00-12:00")],
    ),
    Case(
        "11.7",
        "three bands, each child in its own",
        minder(
            contract(MORNINGS, "2024-09-01", end="2027-03-01"),
            contract(MORNINGS, "2025-09-01", end="2027-03-01"),
            places=3,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 18},
                    {"places": 1, "min_months": 12, "max_months": 30},
                    {"places": 1, "min_months": 24, "max_months": 36},
                ]
            },
        ),
        need(MORNINGS, end="2027-03-01"),
        accepted=WANTED,
    ),
    Case(
        "11.8",
        "two babies for one band",
        minder(
            places=2,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 36},
                    {"places": 1, "min_months": 36, "max_months": 132},
                ]
            },
        ),
        need(MORNINGS, *["2026-05-01"] * 2),
        refused={"legacy_ages": {}, "siblings": {}},
    ),
    Case(
        "11.8b",
        "a baby and an elder",
        minder(
            places=2,
            agrement={
                "legacy_ages": [
                    {"places": 1, "min_months": 0, "max_months": 36},
                    {"places": 1, "min_months": 36, "max_months": 132},
                ]
            },
        ),
        need(MORNINGS, "2026-05-01", "2022-05-01"),
        accepted=WANTED,
    ),
    Case(
        "11.9",
        "born on 31 January: a month old on 1 March",
        minder(
            places=1, agrement={"legacy_ages": [{"places": 1, "min_months": 0, "max_months": 1}]}
        ),
        need(MORNINGS, "2027-01-31", start="2027-02-01", end="2027-02-28"),
        accepted="2027-02-01",
    ),
    Case(
        "11.9b",
        "and no longer under one month",
        minder(
            places=1, agrement={"legacy_ages": [{"places": 1, "min_months": 0, "max_months": 1}]}
        ),
        need(MORNINGS, "2027-01-31", start="2027-02-01", end="2027-03-01"),
        refused={"legacy_ages": {"from": "2027-03-01"}},
    ),
]
