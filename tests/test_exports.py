"""`__all__` of a module is what others take from it."""

from __future__ import annotations

from tests import exports


def test_every_module_promises_what_others_take():
    assert list(exports.faults()) == [], "run `python -m tests.front --write`"


def test_what_is_missing_or_idle_is_seen(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(
        '__all__ = ["Gone", "used"]\n\n\ndef used() -> int: ...\n\n\ndef other(): ...\n'
    )
    tree = exports.ast.parse(module.read_text())
    assert exports.public_names("module", tree, {"used", "other"})[0] == {"used", "other"}
    exports.write(module, {"other"}, {"Gone"})
    assert exports.exported(exports.ast.parse(module.read_text())) == ["other", "used"]
