"""What is written is read back the same, in each format."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpe_geo.formats.checks import id_of
from rpe_geo.formats.records import examine, json_of, read_childminders, write_records
from tests.formats.record_strategies import RECORDS


@pytest.mark.parametrize("ending", ["json", "csv", "xlsx"])
@pytest.mark.parametrize("kind", list(RECORDS))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(choice=st.data())
def test_write_then_read_is_the_same(kind, ending, choice, tmp_path_factory):
    records = choice.draw(
        st.lists(RECORDS[kind], max_size=3, unique_by=lambda record: id_of(record)[1])
    )
    path = tmp_path_factory.mktemp("round") / f"{kind}.{ending}"
    write_records(kind, records, path)
    reading = examine(path, kind)
    assert reading.faults == ()
    assert list(reading.records) == records
    assert list(reading.rows) == list(range(1, len(records) + 1))
    assert [path.name for path in path.parent.glob(".*")] == []


@given(record=RECORDS["childminders"])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_json_omits_what_was_not_said(record):
    written = json_of(record)
    assert ("contracts" in written) == (record.contracts is not None)
    assert ("availabilities" in written) == (record.availabilities is not None)
    assert ("publication" in written) == (record.publication is not None)


def test_formats_agree(tmp_path):
    """One registry through the three formats, one after the other, stays what it was."""
    source = tmp_path / "am.json"
    source.write_text(
        '[{"childminder_id": "A", "address": "1 rue X", "agrement": {"places": 3}, "contracts": []},'
        '{"childminder_id": "B", "longitude": 3.9, "latitude": 43.6, "agrement": {"places": 4},'
        '"availabilities": [{"hours": ["Mo 08:00-10:00", "Tu 08:00-10:00"], "places": 1, "from": "2027-01-04"}],'
        '"attributes": {"pets": []}}]',
        encoding="utf-8",
    )
    records = read_childminders(source)
    for ending in ("csv", "xlsx", "json"):
        step = tmp_path / f"step.{ending}"
        write_records("childminders", records, step)
        assert read_childminders(step) == records
