"""Every path and module that the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "pyproject.toml"])
_TOP = r"(?:rpe_geo|api|maps|notebooks|tests|docs|data/communes|findings|\.ci)"
_PATH = re.compile(rf"(?<![\w./-])({_TOP}/[\w./-]*[\w/])(?![\w*{{<…-])")
_ELSEWHERE = ("docs/research/",)
"""Folders of the repositories that are cited as sources."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(document):
    named = {found.rstrip("/.") for found in _PATH.findall(document.read_text(encoding="utf-8"))}
    lost = [name for name in sorted(named) if not (_there(name) or name.startswith(_ELSEWHERE))]
    assert lost == []


def _there(name: str) -> bool:
    """Tell whether it is a file or a folder, by name or by pattern."""
    return (ROOT / name).exists() or bool(list(ROOT.glob(name)))
