"""The documentation names every field, table and setting of files and registry."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rpe_geo.formats.records import KINDS, childminder_of, request_of
from rpe_geo.formats.shapes import struct_of
from rpe_geo.formats.tables import sheet_name
from rpe_geo.storage.tables import metadata

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_column_is_documented(kind):
    text = (DOCS / "formats.md").read_text(encoding="utf-8")
    struct = struct_of(KINDS[kind])
    for name, _ in struct.leaves():
        assert f"`{name}" in text, name
    for path, item in struct.tables():
        assert f"`{sheet_name(path)}`" in text
        for name, _ in item.leaves():
            assert f"`{name}`" in text, f"{path}: {name}"


def test_every_table_is_documented():
    text = (DOCS / "storage.md").read_text(encoding="utf-8")
    for table in metadata.tables:
        assert f"`{table}`" in text


def test_columns_are_a_promise():
    """These names stand in users' files: they are added to, never changed."""
    columns = {
        kind: [
            *(name for name, _ in struct_of(of).leaves()),
            *(
                f"{sheet_name(path)}:{name}"
                for path, item in struct_of(of).tables()
                for name, _ in item.leaves()
            ),
        ]
        for kind, of in KINDS.items()
    }
    promised = {
        "childminders": (
            "childminder_id name address longitude latitude mam_id agrement.places agrement.places_offered agrement.status "
            "agrement.valid_from agrement.valid_until agrement.suspended_until agrement.exceptional_excess "
            "agrement.own_under_3_takes_place legacy_ages:places legacy_ages:min_months legacy_ages:max_months "
            "legacy_ages:presence own_children:birth_date own_children:presence working_hours accepts_variable_hours "
            "annual_hours_consent contracts:contract_id contracts:child_birth_date contracts:start contracts:end "
            "contracts:presence contracts:weeks_per_year availabilities:hours availabilities:places availabilities:from "
            "availabilities:until min_notice_days capabilities attributes.smoker attributes.pets attributes.garden "
            "attributes.car attributes.languages attributes.schools_served hourly_rate maintenance_per_day meals_per_day "
            "availability_confirmed_on publication.consent publication.address"
        ),
        "mams": "mam_id name address longitude latitude members_present_max children_max",
        "facilities": (
            "facility_id kind name address longitude latitude places opening_hours age_min_months age_max_months funding"
        ),
        "requests": (
            "request_id address longitude latitude work_address work_longitude work_latitude mode max_minutes "
            "children:birth_date children:needs children:school start start_tolerance_days end schedule min_hours_share "
            "preferences. household.monthly_income household.children_at_charge household.lone_parent "
            "household.aeeh_children"
        ),
    }
    for kind, names in promised.items():
        assert set(names.split()) <= set(columns[kind])


def test_the_examples_of_the_documentation_are_read():
    text = (DOCS / "interfaces.md").read_text(encoding="utf-8")
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    (minder,) = [childminder_of(block) for block in blocks if "agrement" in block]
    (request,) = [request_of(block) for block in blocks if "schedule" in block]
    assert minder.agrement.places_offered == 3
    assert minder.own_children[0].presence.quarters_per_week == 672
    assert minder.availabilities == ()
    assert minder.publication.address == "masked"
    assert request.preferences == {"travel": 3, "continuity": 2, "garden": 1, "no_pets": 0}
    assert request.household.children_at_charge == 1
