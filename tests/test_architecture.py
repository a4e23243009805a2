"""The house keeps its order: imports flow one way, and nothing unfinished or local stays in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_imports_flow_one_way() -> None:
    # In a process of its own: it sets up logging for itself, and others' loggers fall silent.
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    looked = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert looked.returncode == 0, looked.stdout


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_code_is_left_unfinished() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    own = Path(__file__).name
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _tracked("*.py")
        if path.name != own
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if unfinished.search(line)
    ]
    assert found == []


def test_no_tracked_file_is_heavy() -> None:
    assert [str(path) for path in _tracked() if path.stat().st_size > 3 * 2**20] == []


def test_the_shop_window_is_what_it_promises() -> None:
    import rpe_geo

    assert rpe_geo.__all__ == sorted(rpe_geo.__all__)
    for name in rpe_geo.__all__:
        assert getattr(rpe_geo, name) is not None


def test_importing_the_engine_is_light() -> None:
    """The shop window imports nothing heavy before it is used."""
    code = "import sys, rpe_geo; print(sorted({'geopandas', 'sqlalchemy', 'folium'} & set(sys.modules)))"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert shown.stdout.strip() == "[]"
