"""
Check that `__all__` of every module is what others take from it, as `make lint` does; `--write` writes it.

A name is public when another module or a test imports it, or when the signature of a public name needs it to be read:
the class of what a function returns, the alias of what it takes.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("rpe_geo", "api", "maps")
BY_NAME = {"register", "router", "served_app"}
"""What the command line, the service and its server find by this name."""

WINDOWS = {"rpe_geo"}
"""Modules that promise their names to the users of the library."""


def module_name(path: Path) -> str:
    """Write the name by which a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    """Read every module of the product."""
    return {
        module_name(path): ast.parse(path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def exported(tree: ast.Module) -> list[str] | None:
    """Read `__all__`; None where a module has none."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return list(ast.literal_eval(statement.value))
    return None


def taken() -> dict[str, set[str]]:
    """Tell which names of each module are imported elsewhere, or read through the module's own name."""
    found: dict[str, set[str]] = defaultdict(set)
    own = modules()
    tests = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("*.py")]
    for tree in (*own.values(), *tests):
        aliases: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                aliases |= {name.asname: name.name for name in node.names if name.asname}
            elif isinstance(node, ast.ImportFrom) and node.module in {*own, *PACKAGES}:
                for name in node.names:
                    inner = f"{node.module}.{name.name}"
                    if inner in own:
                        aliases[name.asname or name.name] = inner
                    else:
                        found[str(node.module)].add(name.name)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found[aliases.get(node.value.id, "")].add(node.attr)
    return found


def defined(tree: ast.Module) -> dict[str, ast.AST]:
    """Give what a module defines at its top, by name."""
    names: dict[str, ast.AST] = {}
    for statement in tree.body:
        match statement:
            case ast.FunctionDef() | ast.ClassDef():
                names[statement.name] = statement
            case ast.Assign():
                names |= {
                    target.id: statement
                    for target in statement.targets
                    if isinstance(target, ast.Name)
                }
            case ast.AnnAssign(target=ast.Name() as target):
                names[target.id] = statement
            case ast.If():
                names |= defined(ast.Module(body=statement.body, type_ignores=[]))
    return names


def passed_on(tree: ast.Module) -> set[str]:
    """Name what a module imports, which it may pass on."""
    return {
        name.asname or name.name
        for statement in tree.body
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for name in statement.names
    }


def read_with(node: ast.AST) -> Iterator[str]:
    """Name what one must know to read a signature: annotations, bases, the members of an alias."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        notes: list[ast.AST | None] = [node]
    else:
        notes = list(getattr(node, "bases", []))
        for inner in ast.walk(node):
            if isinstance(inner, ast.arg | ast.AnnAssign):
                notes.append(inner.annotation)
            elif isinstance(inner, ast.FunctionDef):
                notes.append(inner.returns)
    for note in notes:
        for part in ast.walk(note) if note is not None else ():
            if isinstance(part, ast.Name):
                yield part.id


def public_names(name: str, tree: ast.Module, used: set[str]) -> tuple[set[str], set[str]]:
    """Tell which names of a module must be in `__all__`, and which others may."""
    own = {key: node for key, node in defined(tree).items() if not key.startswith("_")}
    must = {key for key in own if key in used}
    if name.startswith("rpe_geo.messages."):
        must -= {"MESSAGES"}
    may = set(must)
    while True:
        more = {part for key in may for part in read_with(own[key])} & own.keys()
        if more <= may:
            return must, may | (BY_NAME & own.keys()) | {"MESSAGES"}
        may |= more


def faults() -> Iterator[tuple[str, set[str], set[str]]]:
    """Give each module whose `__all__` is not the truth: what it lacks, what nobody takes."""
    used = taken()
    for name, tree in modules().items():
        if name in WINDOWS:
            continue
        must, may = public_names(name, tree, used[name])
        said = exported(tree)
        if said is None and not must:
            continue
        lacking = must - set(said or ())
        idle = set(said or ()) - may - passed_on(tree)
        if lacking or idle:
            yield name, lacking, idle


def main(*, writes: bool) -> int:
    """Look at every module; 1 when one does not tell the truth."""
    left = 0
    for name, lacking, idle in list(faults()):
        path = ROOT / Path(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if writes and exported(modules()[name]) is not None:
            write(path, lacking, idle)
        else:
            left = 1
            print(
                f"{path.relative_to(ROOT)}: __all__ lacks {sorted(lacking)}, nobody takes {sorted(idle)}"
            )
    modules.cache_clear()
    return left


def write(path: Path, lacking: set[str], idle: set[str]) -> None:
    """Write the right `__all__`; the formatter breaks its lines."""
    text = path.read_text(encoding="utf-8")
    names = sorted((set(exported(ast.parse(text)) or ()) | lacking) - idle, key=_case_last)
    listed = ", ".join(f'"{name}"' for name in names)
    path.write_text(
        re.sub(
            r"^__all__ = \[.*?\]", f"__all__ = [{listed}]", text, flags=re.MULTILINE | re.DOTALL
        ),
        "utf-8",
    )


def _case_last(name: str) -> tuple[int, str]:
    """Order names as ruff does: constants, classes, functions."""
    if name.isupper():
        return 0, name
    return (1 if name[0].isupper() else 2), name
