"""The docs name every command, setting and preference, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rpe_geo.cli import build_app
from rpe_geo.matching.preferences import PARTS, WISHES
from rpe_geo.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def _all_docs() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def test_every_command_is_documented() -> None:
    app = build_app()
    names = [
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback is not None
    ]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        names += [
            f"{group.name} {command.name or command.callback.__name__}"
            for command in group.typer_instance.registered_commands
            if command.callback is not None
        ]
    docs = _all_docs()
    assert [name for name in names if f"rpe-geo {name}" not in docs] == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`RPE_{name.upper()}`" not in page] == []
    assert [
        name
        for name in re.findall(r"`RPE_([A-Z_]+)`", page)
        if name.lower() not in Settings.model_fields
    ] == []


def test_every_preference_is_documented() -> None:
    docs = _all_docs()
    assert [name for name in (*PARTS, *WISHES) if f"`{name}`" not in docs] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_repository_names_no_workplace() -> None:
    """Texts speak of the project alone: no path of one machine, no host of a package registry."""
    import subprocess

    words = [
        r"(^|[^a-zA-Z0-9_.])/(work|root|farm)/",
        r"(pypi|pythonhosted|npmjs|debian)\.(org|net)",
    ]
    for pattern in words:
        found = subprocess.run(
            ["git", "grep", "-nIE", pattern, "--", ".", ":!tests/test_docs.py"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.stdout == ""
