"""Templates: what is filled in is read, and the example is nobody."""

from __future__ import annotations

import openpyxl
import pytest

from rpe_geo.cli import run
from rpe_geo.errors import InvalidFile
from rpe_geo.formats.records import examine
from rpe_geo.formats.templates import TEMPLATES


@pytest.mark.parametrize("kind", sorted(TEMPLATES))
def test_a_template_filled_in_is_read_whole(tmp_path, kind):
    path = tmp_path / "m.xlsx"
    assert run(["template", "--kind", kind, "-o", str(path)]) == 0
    with pytest.raises(InvalidFile):
        # Nothing filled in: the example is not imported.
        examine(path, kind)
    book = openpyxl.load_workbook(path)
    book.worksheets[0].append([shown for _, _, shown in TEMPLATES[kind]])
    book.save(path)
    reading = examine(path, kind)
    assert len(reading.usable()) == 1
    assert reading.recognition.ignored == []
    assert [one for one in reading.warnings if one.code == "field_left_out"] == []
    assert run(["template", "--kind", kind, "-o", str(tmp_path / "m.csv")]) == 2
