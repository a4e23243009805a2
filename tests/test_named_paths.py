"""Every path, module, command and option that the documents name is there."""

from __future__ import annotations

import importlib
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

from rpe_geo.cli import build_app

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "pyproject.toml"])
_TOP = r"(?:rpe_geo|api|maps|notebooks|tests|docs|data/communes|findings|\.ci)"
_PATH = re.compile(rf"(?<![\w./-])({_TOP}/[\w./-]*[\w/])(?![\w*{{<…-])")
_MODULE = re.compile(r"(?<![\w./-])((?:rpe_geo|api|maps|tests)(?:\.[A-Za-z_]\w*)+)(?![\w*(/])")
_COMMAND = re.compile(r"\brpe-geo ((?!rpe-geo)(?:[a-z][a-z-]+)(?: [a-z][a-z-]+)?)([^`\n|#&;]*)")
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")
_MAKE = re.compile(r"\bmake ([a-z][a-z-]+)\b")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_ELSEWHERE = ("docs/research/",)
"""Folders of the repositories that are cited as sources."""

_SESSION = {"rpe_geo.accounts", "rpe_geo.rpe_id"}
"""Values of a PostgreSQL session, which are written as modules are."""

_COMPILED = {
    one["name"]
    for one in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"][
        "ext-modules"
    ]
    if all((ROOT / source).is_file() for source in one["sources"])
}
"""Libraries that are compiled where a compiler is, and loaded without being modules."""

_ENDINGS = (".md", ".py", ".toml", ".json", ".css", ".js", ".html")


def _text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _code(document: Path) -> str:
    """Give what a document writes as code, one piece a line; a table of settings is code as a whole."""
    if document.suffix == ".toml":
        return _text(document)
    return "\n".join(_CODE.findall(_text(document)))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_paths_of_a_document_exist(document):
    named = {found.rstrip("/.") for found in _PATH.findall(_text(document))}
    lost = [name for name in sorted(named) if not (_there(name) or name.startswith(_ELSEWHERE))]
    assert lost == []


def _there(name: str) -> bool:
    """Tell whether it is a file or a folder, by name or by pattern."""
    return (ROOT / name).exists() or bool(list(ROOT.glob(name)))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_modules_of_a_document_exist(document):
    named = {name for name in _MODULE.findall(_code(document)) if not name.endswith(_ENDINGS)}
    assert [name for name in sorted(named - _SESSION - _COMPILED) if not _importable(name)] == []


def _importable(name: str) -> bool:
    """Tell whether a dotted name is a module, or what stands in one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@cache
def _commands() -> dict[str, set[str]]:
    """Tell every command and its options."""

    def walk(command, path):
        yield " ".join(path), {one for param in command.params for one in param.opts}
        for name in getattr(command, "commands", {}):
            yield from walk(command.commands[name], (*path, name))

    return dict(walk(get_command(build_app()), ()))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_of_a_document_exist(document):
    lost = []
    for words, rest in _COMMAND.findall(_code(document)):
        first, _, second = words.partition(" ")
        name = words if words in _commands() else first
        if name not in _commands() or (second and _is_group(first) and name == first):
            lost.append(f"rpe-geo {words}")
            continue
        options = set(_OPTION.findall(rest)) - {"--help"}
        lost += [f"rpe-geo {name} {option}" for option in sorted(options - _commands()[name])]
    assert lost == []


def _is_group(name: str) -> bool:
    return any(other.startswith(f"{name} ") for other in _commands())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_targets_of_make_exist(document):
    targets = set(re.findall(r"^([a-z][a-z-]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    assert sorted(set(_MAKE.findall(_code(document))) - targets) == []
