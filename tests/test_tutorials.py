"""The tutorials work: every command and every piece of Python on them is run, in order, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEAVES = {
    "installer.md": ["ville/territory.json", "registre.sqlite", "modele.xlsx", "sauvegardes"],
    "planifier.md": ["carte.html", "rapport.html", "acces.csv", "choix.json", "plancher.html", "departs.html"],
    "contribute.md": [],
}  # fmt: skip


def _script(page: Path) -> str:
    """Join what a page gives to type; Python goes through the same interpreter."""
    parts = [
        text if language == "sh" else f"python - <<'END_OF_PYTHON'\n{text}END_OF_PYTHON\n"
        for language, text in _BLOCK.findall(page.read_text(encoding="utf-8"))
    ]
    return "set -euo pipefail\n" + "\n".join(parts)


def test_every_tutorial_is_run():
    assert {page.name for page in TUTORIALS} == LEAVES.keys()


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.name)
def test_what_a_tutorial_gives_to_type_works(page, tmp_path):
    for name in ("data", "tests", "rpe_geo", "api", "maps", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    own = {key: value for key, value in os.environ.items() if not key.startswith("RPE_")}
    ran = subprocess.run(
        ["bash", "-c", _script(page)],
        cwd=tmp_path,
        env=own | {"PATH": f"{Path(sys.executable).parent}:{own['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-1500:] + ran.stderr[-1500:]
    assert [name for name in LEAVES[page.name] if not (tmp_path / name).exists()] == []


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.name)
def test_a_tutorial_takes_twenty_minutes(page):
    minutes = re.findall(
        r"^## .*\((\d+) minutes?\)$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sum(map(int, minutes)) <= 20
