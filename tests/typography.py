"""
Check that French texts of the code are written with curly apostrophes, as `make lint` does; `--write` writes them.

The tables `MESSAGES` of `rpe_geo/messages`, and those of `rpe_geo/parameters` are set by `rpe_geo.messages.french.curly` as they are read;
what people typed is set by the pages that show it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ELISION = re.compile(
    r"\b([ldnsjtmcLDNSJTMC]|[Qq]u|[Jj]usqu|[Ll]orsqu|[Pp]uisqu|[Aa]ujourd|[Pp]resqu|[Qq]uelqu)'(?=[A-Za-zÀ-ÿœŒ{«])"
)
"""A word that lost its vowel: « l' », « qu' », « jusqu' »."""

LEFT_OUT = (
    "rpe_geo/geocoding/",  # words to recognise, as others type them
    "rpe_geo/formats/recognition/headings.py",
    "rpe_geo/formats/recognition/kinds.py",
    "rpe_geo/synthetic/",  # invented data, as producers type it
)


def texts(path: Path) -> Iterator[ast.Constant]:
    """Give the texts of a module that are shown: strings, and docstrings of commands, which are their help."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = set() if "/cli/" in path.as_posix() else set(_docstrings(tree))
    silent |= set(_table(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in silent:
            yield node


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                yield statement.value


def _table(tree: ast.Module) -> Iterator[ast.AST]:
    """Give the sentences of a table of messages: they are set as they are read."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and ast.unparse(statement).startswith(
            "MESSAGES"
        ):
            yield from ast.walk(statement)


def straight(path: Path) -> list[int]:
    """Tell the lines of a module where a French text has a straight apostrophe."""
    return [node.lineno for node in texts(path) if ELISION.search(node.value)]


def modules() -> Iterator[Path]:
    """Give the modules that are looked at."""
    for package in ("rpe_geo", "api", "maps"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if not path.relative_to(ROOT).as_posix().startswith(LEFT_OUT):
                yield path


def write(path: Path) -> None:
    """Write curly apostrophes in the French texts of a module."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for node in texts(path):
        if ELISION.search(node.value):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ELISION.sub(r"\1’", lines[number])
    path.write_text("".join(lines), encoding="utf-8")


def main(*, writes: bool) -> int:
    """Look at every module; 1 when a straight apostrophe is left."""
    faults = [(path, line) for path in modules() for line in straight(path)]
    if writes:
        for path in dict.fromkeys(path for path, _ in faults):
            write(path)
        return 0
    for path, line in faults:
        print(f"{path.relative_to(ROOT)}:{line}: a French text with a straight apostrophe")
    return 1 if faults else 0
