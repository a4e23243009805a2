"""The published rules are those of the parameters: every rule, weight, preference and value is on the page."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from rpe_geo.matching.preferences import PARTS, WISHES
from rpe_geo.messages.french import typeset
from rpe_geo.messages.regles import MESSAGES, RULE_TITLES
from rpe_geo.parameters import parameter_table
from rpe_geo.publishing.regles import PUBLISHED_ON, published_rules, rules_markdown
from rpe_geo.verdicts import Rule
from tests.conftest import ROOT


def test_the_page_is_the_one_that_the_parameters_make():
    written = (ROOT / "docs" / "regles.md").read_text(encoding="utf-8")
    assert written == rules_markdown(), "run: python -m rpe_geo.publishing.regles > docs/regles.md"


def test_every_rule_has_its_words():
    assert set(RULE_TITLES) == set(get_args(Rule))
    assert {f"regle_{rule}" for rule in get_args(Rule)} <= set(MESSAGES)
    page = rules_markdown()
    assert all(f"`{name}`" in page for name in (*get_args(Rule), *WISHES, *PARTS[1:]))


@pytest.mark.parametrize("table", ["law", "scoring", "money", "atypical_hours"])
def test_every_value_in_force_is_told_with_its_source(table):
    page = rules_markdown()
    parameters = parameter_table(table, PUBLISHED_ON)
    for name in parameters:
        told = parameters.describe(name)
        (row,) = [line for line in page.splitlines() if line.endswith(f"| `{name}` |")][-1:]
        assert typeset(told.title) in row
        assert typeset(told.source) in row


def test_figures_follow_the_day():
    text = {
        day: "\n".join(
            sentence for section in published_rules(day) for sentence in section.paragraphs
        )
        for day in (date(2025, 10, 1), date(2026, 6, 1))
    }
    assert "8 € pour un·e" in text[date(2025, 10, 1)]
    assert "8,09 € pour un·e" in text[date(2026, 6, 1)]


def test_tables_are_whole():
    for section in published_rules(PUBLISHED_ON):
        assert section.paragraphs or section.rows
        assert all(len(row) == len(section.columns) for row in section.rows)
        assert all(cell == cell.strip() for row in section.rows for cell in row)


def test_the_seven_maxima_are_published_and_add_up():
    (ranking,) = [
        section for section in published_rules(PUBLISHED_ON) if "classées" in section.title
    ]
    assert sum(int(row[1]) for row in ranking.rows) == 100
