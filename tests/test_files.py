"""Files and folders are replaced whole or not at all, and nothing half-written stays or is readable by others."""

from __future__ import annotations

import ast
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rpe_geo.errors import InvalidFile, ServiceUnavailable
from rpe_geo.files import SCRATCH, replacing, replacing_folder, scratch_beside

ROOT = Path(__file__).resolve().parent.parent
OWN_REPLACING = {
    "rpe_geo/files.py",
    "rpe_geo/deployment/backup.py",  # a folder that must not replace another one
    "rpe_geo/open_data/download.py",  # a part that stays, to be resumed
    "rpe_geo/open_data/street_extract.py",  # pieces inside a scratch folder
}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """Files of this user are readable by the group only."""
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def test_a_new_file_is_as_open_as_the_users_others(tmp_path, umask):
    with replacing(tmp_path / "deep" / "figures.csv") as fresh:
        fresh.write_text("a")
    assert mode_of(tmp_path / "deep" / "figures.csv") == 0o666 & ~umask


def test_a_replaced_file_keeps_its_permissions(tmp_path):
    file = tmp_path / "figures.csv"
    file.write_text("before")
    for mode in (0o600, 0o640, 0o664):
        file.chmod(mode)
        with replacing(file) as fresh:
            fresh.write_text(f"after {mode}")
        assert (file.read_text(), mode_of(file)) == (f"after {mode}", mode)


def test_a_private_file_is_never_readable_by_others(tmp_path):
    file = tmp_path / "person.json"
    file.write_text("before")
    file.chmod(0o644)
    with replacing(file, private=True) as fresh:
        fresh.write_text("after")
    assert mode_of(file) == 0o600


def test_while_it_is_written_only_the_owner_can_reach_it(tmp_path):
    with (
        replacing(tmp_path / "a.osm.pbf") as fresh,
        replacing_folder(tmp_path / "streets") as built,
    ):
        assert fresh.name == "a.osm.pbf"
        assert fresh.parent != built.parent
        for inside in (fresh.parent, built.parent):
            assert inside.parent.name.startswith(SCRATCH)
            assert mode_of(inside.parent) == 0o700
        fresh.touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.osm.pbf", "streets"]


@pytest.mark.parametrize("name", ["lock", "fresh", "previous", "a" * 250, "é", ".hidden"])
def test_any_name_can_be_written(tmp_path, name):
    with replacing(tmp_path / name) as fresh:
        fresh.write_text("x")
    with replacing_folder(tmp_path / f"{name[:200]}-folder") as built:
        (built / name).write_text("y")
    assert (tmp_path / name).read_text() == "x"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, ServiceUnavailable])
def test_what_fails_changes_nothing(tmp_path, failure):
    (tmp_path / "file").write_text("before")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "part").write_text("before")
    raised = failure("gone") if failure is not ServiceUnavailable else failure("disk_full")

    def half_write(where) -> None:
        with where as fresh:
            (fresh / "part" if fresh.is_dir() else fresh).write_text("half")
            raise raised

    for where in (replacing(tmp_path / "file"), replacing_folder(tmp_path / "folder")):
        with pytest.raises(failure):
            half_write(where)
    assert (tmp_path / "file").read_text() == "before"
    assert (tmp_path / "folder" / "part").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    for content in ("one", "two"):
        with replacing_folder(tmp_path / "folder") as built:
            assert list(built.iterdir()) == []
            (built / content).write_text(content)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_file_stands_where_a_folder_should(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InvalidFile, match="file_unwritable"), replacing(tmp_path / "taken" / "a"):
        pass
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(InvalidFile, match="file_unwritable"),
        replacing(tmp_path / "folder") as fresh,
    ):
        fresh.write_text("x")
    assert (tmp_path / "folder").is_dir()


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("before")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "a.csv")
    with replacing(tmp_path / "link.csv") as fresh:
        fresh.write_text("after")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real" / "a.csv").read_text() == "after"


def test_a_pipe_is_written_to_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    said = []
    reader = threading.Thread(target=lambda: said.append(pipe.read_text()))
    reader.start()
    with replacing(pipe) as fresh:
        fresh.write_text("through")
    reader.join(10)
    assert said == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


KILLED = """
import sys, time
from pathlib import Path
from rpe_geo.files import replacing, replacing_folder
with replacing(Path(sys.argv[1]) / "other.csv") as fresh, replacing_folder(Path(sys.argv[1]) / "streets") as built:
    fresh.write_text("half of a family's address")
    (built / "half").write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


def test_a_killed_process_leaves_nothing_for_long(tmp_path):
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
    )
    with writer:
        assert writer.stdout.readline() == b"writing\n"
        # It is still at work: another one's end must not take its files away.
        with replacing(tmp_path / "a.csv") as fresh:
            fresh.write_text("a")
        assert len(list(tmp_path.glob(f"{SCRATCH}*/fresh/*"))) == 2
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    left = list(tmp_path.glob(f"{SCRATCH}*"))
    assert len(left) == 2
    assert {mode_of(folder) for folder in left} == {0o700}
    with replacing(tmp_path / "b.csv") as fresh:
        fresh.write_text("b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]


def test_a_folder_taken_out_of_its_place_comes_back(tmp_path):
    """A process killed between the two renames had put the old folder aside."""
    with scratch_beside(tmp_path / "streets") as scratch:
        (scratch.parent / "previous" / "streets").mkdir(parents=True)
        (scratch.parent / "previous" / "streets" / "car").write_text("old")
        scratch.parent.rename(tmp_path / f"{SCRATCH}killed")
    with replacing(tmp_path / "note") as fresh:
        fresh.write_text("x")
    assert (tmp_path / "streets" / "car").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note", "streets"]


def test_many_at_once_each_write_whole(tmp_path):
    def write(number: int) -> None:
        for turn in range(20):
            with replacing(tmp_path / "same.txt") as fresh:
                fresh.write_text(f"{number}-{turn}\n" * 500)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(set((tmp_path / "same.txt").read_text().splitlines())) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["same.txt"]


def test_nothing_else_replaces_files():
    """Temporary files beside their place are made by one module."""
    found = {
        str(path.relative_to(ROOT))
        for package in ("rpe_geo", "api", "maps")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _replaces(node)
    }
    assert found <= OWN_REPLACING


def _replaces(call: ast.Call) -> bool:
    """Tell whether a call renames a file, makes a temporary one in a chosen folder, or changes the mask of permissions."""
    name = ast.unparse(call.func)
    if name in {"os.replace", "os.rename", "os.umask", "shutil.move"}:
        return True
    if name.startswith("tempfile."):
        return any(word.arg == "dir" for word in call.keywords)
    # `Path.replace` and `Path.rename` take one argument, `str.replace` two, those of dataclasses and pandas named ones.
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in {"replace", "rename"}
        and len(call.args) == 1
        and not call.keywords
        and isinstance(call.args[0], ast.Name | ast.BinOp | ast.Attribute)
    )
