"""A docstring that lists parameters lists those of its function or class: all of them, and no other."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re

import pytest
from numpydoc.docscrape import FunctionDoc

from tests.exports import exported, modules


def _documented():
    """Give every public function and class whose docstring lists parameters, and the public methods of classes."""
    for module, tree in modules().items():
        for name in exported(tree) or ():
            found = getattr(importlib.import_module(module), name)
            if getattr(found, "__module__", None) != module:
                continue
            yield f"{module}.{name}", found
            if inspect.isclass(found):
                for key, member in vars(found).items():
                    method = getattr(member, "__func__", member)
                    if not key.startswith("_") and inspect.isfunction(method):
                        yield f"{module}.{name}.{key}", method


def _lists_parameters(found):
    return bool(
        re.search(r"^\s*(Parameters|Attributes)\n\s*-{3,}$", found.__doc__ or "", re.MULTILINE)
    )


DOCUMENTED = [(name, found) for name, found in _documented() if _lists_parameters(found)]


def _parameters(found) -> set[str]:
    if dataclasses.is_dataclass(found):
        return {field.name for field in dataclasses.fields(found)}
    signature = inspect.signature(found)
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return {
        f"{stars.get(one.kind, '')}{name}"
        for name, one in signature.parameters.items()
        if name not in {"self", "cls"} and not name.startswith("_")
    }


def test_enough_is_looked_at():
    assert len(DOCUMENTED) > 400


def test_parameters_are_those_of_the_signature():
    lost = {}
    for name, found in DOCUMENTED:
        told = (
            FunctionDoc(found)
            if not inspect.isclass(found)
            else FunctionDoc(None, doc=inspect.getdoc(found))
        )
        sections = told["Parameters"] + told["Other Parameters"] + told["Attributes"]
        said = {word.strip() for one in sections for word in (one.name or one.type).split(",")}
        real = _parameters(found)
        wrong = said - real
        if inspect.isclass(found):
            # Attributes may be told too: what the class holds and does not take.
            wrong = {word for word in wrong if not hasattr(found, word)}
            missing = set()
        else:
            missing = real - said
        if wrong or missing:
            lost[name] = (sorted(missing), sorted(wrong))
    assert lost == {}


@pytest.mark.parametrize(
    ("text", "lists"), [("Do.\n\n    Parameters\n    ----------\n    a\n", True), ("Do.", False)]
)
def test_what_lists_parameters_is_seen(text, lists):
    def found():
        pass

    found.__doc__ = text
    assert _lists_parameters(found) is lists
