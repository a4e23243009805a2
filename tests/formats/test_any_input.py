"""Whatever stands in a file, the answer is records or one error that can be told."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpe_geo.errors import InvalidFile
from rpe_geo.formats.checks import id_of
from rpe_geo.formats.records import KINDS, examine, json_of
from rpe_geo.formats.shapes import struct_of
from rpe_geo.messages import explain
from tests.formats.record_strategies import RECORDS

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        [
            "",
            "2027-02-30",
            "Mo 25:00",
            "SH",
            "PH off",
            "24/7",
            "9999-12-31",
            "=1+1",
            "[]",
            "[1",
            "oui",
        ]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
many = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def check(path, kind):
    """Read a file; everything found must be told in one line each."""
    reading = None
    try:
        reading = examine(path, kind)
    except InvalidFile as error:
        told = explain(error)
    if reading is None:
        assert "\n" not in told
        return
    for note in (*reading.faults, *reading.warnings):
        assert "\n" not in explain(note)
        assert note.where.file is not None
    if reading.faults:
        with pytest.raises(InvalidFile) as caught:
            reading.usable()
        assert "\n" not in explain(caught.value)
    ids = [id_of(record)[1] for record in reading.usable()] if not reading.faults else []
    assert len(ids) == len(set(ids))


def strange_record(kind):
    """A good record some of whose keys hold anything."""
    struct = struct_of(KINDS[kind])
    names = [field.name for field in struct.fields]
    nested = st.dictionaries(
        st.sampled_from(["places", "birth_date", "presence", "start", "hours", "from", "x"]), values
    )
    anything = st.one_of(values, nested, st.lists(nested, max_size=2))
    changes = st.dictionaries(
        st.one_of(st.sampled_from(names), st.text(max_size=6)), anything, max_size=4
    )
    return st.builds(lambda record, change: json_of(record) | change, RECORDS[kind], changes)


@pytest.mark.parametrize("kind", list(RECORDS))
@many
@given(data=st.data())
def test_any_json(kind, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "any.json"
    content = data.draw(st.one_of(values, st.lists(strange_record(kind), max_size=2)))
    path.write_text(json.dumps(content), encoding="utf-8")
    check(path, kind)


@pytest.mark.parametrize("kind", list(RECORDS))
@many
@given(data=st.data())
def test_any_table(kind, data, tmp_path_factory):
    struct = struct_of(KINDS[kind])
    columns = (
        [name for name, _ in struct.leaves()]
        + [path for path, _ in struct.tables()]
        + ["", "zz", "adress"]
    )
    header = data.draw(st.lists(st.sampled_from(columns), min_size=1, max_size=8))
    header = [*dict.fromkeys([struct.fields[0].name, *header])]
    cells = st.one_of(
        st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
        scalars.map(str),
    )
    rows = data.draw(st.lists(st.lists(cells, max_size=len(header) + 1), max_size=3))
    path = tmp_path_factory.mktemp("any") / "any.csv"
    separator = data.draw(st.sampled_from([",", ";", "\t"]))
    text = "\n".join(separator.join(row) for row in [header, *rows])
    path.write_bytes(text.encode())
    check(path, kind)


@pytest.mark.parametrize("ending", ["json", "csv", "xlsx"])
@many
@given(content=st.binary(max_size=60))
def test_any_bytes(ending, content, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / f"any.{ending}"
    path.write_bytes(content)
    check(path, "childminders")
