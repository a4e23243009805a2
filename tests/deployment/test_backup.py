"""A backup is whole or not there, says what it needs, and gives back the same registry."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from cryptography.fernet import Fernet

from rpe_geo.cli import run
from rpe_geo.deployment.backup import back_up, restore, verify
from rpe_geo.domain import Agrement, Childminder
from rpe_geo.errors import InputError, InvalidFile, NotFound
from rpe_geo.messages import explain
from rpe_geo.privacy.ground import ground_sheets
from rpe_geo.settings import Settings
from rpe_geo.storage.cells import SqlCells
from rpe_geo.storage.repository import open_repository

KEY, OTHER = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def settings_of(path: Path, **options: object) -> Settings:
    return Settings(
        _env_file=None,
        **(
            {
                "database_url": f"sqlite:///{path}",
                "encryption_keys": KEY,
                "masking_secret": "s" * 20,
            }
            | options
        ),
    )


@pytest.fixture
def registry(tmp_path):
    path = tmp_path / "service" / "registry.sqlite"
    repository = open_repository(str(path), encryption_keys=[KEY])
    repository.save(
        childminders=[
            Childminder(
                f"AM-{number}", Agrement(3), name="Une Inventée", longitude=3.9, latitude=43.6
            )
            for number in range(40)
        ]
    )
    random = np.random.default_rng(1)
    ground_sheets(
        SqlCells(repository.engine),
        "one",
        3.9 + random.normal(0, 0.01, 500),
        43.6 + random.normal(0, 0.01, 500),
        former=list,
    )
    yield settings_of(path), repository
    repository.close()


def test_a_running_registry_is_saved_and_restored_elsewhere(registry, tmp_path):
    settings, repository = registry
    made = back_up(settings, tmp_path / "backups", {"identity": "one", "built_at": "2026-11-30"})
    repository.save(childminders=[Childminder("later", Agrement(2), longitude=3.9, latitude=43.6)])
    saved, findings = verify(settings, made)
    assert findings == []
    assert saved.rows["childminders"] == 40
    assert saved.territory == {"identity": "one", "built_at": "2026-11-30"}
    assert [path.stat().st_mode & 0o077 for path in made.iterdir()] == [0, 0]
    elsewhere = settings_of(tmp_path / "new machine" / "registry.sqlite")
    assert restore(elsewhere, made) == []
    again = open_repository(elsewhere.database_url, encryption_keys=[KEY], create=False)
    assert again.childminders() == [
        one for one in repository.childminders() if one.childminder_id != "later"
    ]
    ours, theirs = SqlCells(repository.engine).sheets("one"), SqlCells(again.engine).sheets("one")
    assert np.array_equal(ours[0].dwellings, theirs[0].dwellings)
    again.close()
    assert not list(tmp_path.rglob("*partial*"))
    assert (tmp_path / "new machine" / "registry.sqlite").stat().st_mode & 0o077 == 0


def test_no_key_stands_in_a_backup(registry, tmp_path):
    settings, _ = registry
    made = back_up(settings, tmp_path / "backups", None)
    said = (made / "backup.json").read_text()
    assert KEY not in said
    assert "s" * 20 not in said


def test_a_registry_gives_way_only_when_asked_and_is_kept_beside(registry, tmp_path):
    settings, repository = registry
    made = back_up(settings, tmp_path / "backups", None)
    repository.save(childminders=[Childminder("later", Agrement(2), longitude=3.9, latitude=43.6)])
    repository.close()
    with pytest.raises(InputError, match="backup_target_taken"):
        restore(settings, made)
    restore(settings, made, replace=True)
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as now, sqlite3.connect(f"{path}.before-restore") as before:
        count = "SELECT count(*) FROM childminders"
        assert (now.execute(count).fetchone(), before.execute(count).fetchone()) == ((40,), (41,))
    now.close()
    before.close()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"encryption_keys": OTHER}, "backup_key_missing"),
        ({"encryption_keys": None}, "backup_key_missing"),
        ({"masking_secret": "another secret of twenty"}, "backup_other_masking_secret"),
    ],
)
def test_a_machine_without_the_right_keys_is_told(registry, tmp_path, options, code):
    settings, _ = registry
    made = back_up(settings, tmp_path / "backups", None)
    target = tmp_path / "new" / "registry.sqlite"
    with pytest.raises(InvalidFile) as caught:
        restore(settings_of(target, **options), made)
    assert caught.value.code == code
    assert not target.exists()


def test_two_keys_read_what_the_older_one_sealed(registry, tmp_path):
    settings, _ = registry
    made = back_up(settings, tmp_path / "backups", None)
    _, findings = verify(settings_of(tmp_path / "x", encryption_keys=f"{OTHER},{KEY}"), made)
    assert findings == []


@pytest.mark.parametrize("name", ["registry.sqlite", "backup.json"])
@pytest.mark.parametrize("harm", ["cut", "flip", "remove"])
def test_a_damaged_backup_is_refused_whole(registry, tmp_path, name, harm):
    settings, _ = registry
    made = back_up(settings, tmp_path / "backups", None)
    file = made / name
    content = bytearray(file.read_bytes())
    if harm == "remove":
        file.unlink()
    else:
        file.write_bytes(
            content[: len(content) // 2] if harm == "cut" else content[:-9] + b"?" + content[-8:]
        )
    target = settings_of(tmp_path / "new" / "registry.sqlite")
    with pytest.raises((InvalidFile, InputError)) as caught:
        restore(target, made)
    assert len(explain(caught.value).splitlines()) == 1
    assert not (tmp_path / "new" / "registry.sqlite").exists()


def test_nothing_to_save_is_said(tmp_path):
    with pytest.raises(NotFound):
        back_up(settings_of(tmp_path / "none.sqlite"), tmp_path / "backups", None)
    assert not (tmp_path / "none.sqlite").exists()


def test_the_commands(registry, tmp_path, capsys, monkeypatch):
    settings, _ = registry
    monkeypatch.setenv("RPE_ENCRYPTION_KEYS", KEY)
    monkeypatch.setenv("RPE_MASKING_SECRET", "s" * 20)
    database = ["--database", settings.database_url]
    assert run(["backup", str(tmp_path / "backups"), *database]) == 0
    (made,) = (tmp_path / "backups").iterdir()
    assert str(made) in capsys.readouterr().out
    assert run(["restore", str(made), "--verify", *database]) == 0
    assert "40\u00a0fiches" in capsys.readouterr().out
    assert run(["restore", str(made), *database]) == 2
    assert "--replace" in capsys.readouterr().err
    elsewhere = f"sqlite:///{tmp_path / 'else' / 'registry.sqlite'}"
    assert run(["restore", str(made), "--database", elsewhere]) == 0
    assert run(["restore", str(tmp_path), "--verify"]) == 2


@pytest.mark.postgis
def test_postgresql_is_never_saved_in_part(empty_postgis_url, tmp_path):
    """The application's role sees the rows of one RPE: pg_dump must refuse, not leave out."""
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    repository = open_repository(empty_postgis_url)
    repository.save(childminders=[Childminder("A", Agrement(3), longitude=3.9, latitude=43.6)])
    settings = settings_of(tmp_path, database_url=empty_postgis_url)
    repository.close()
    with pytest.raises(InputError) as caught:
        back_up(settings, tmp_path / "backups", None)
    assert caught.value.code == "backup_role_blind"
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_tells_its_revision(registry, tmp_path):
    settings, _ = registry
    made = back_up(settings, tmp_path / "backups", None)
    manifest = made / "backup.json"
    said = json.loads(manifest.read_text()) | {"revision": "9999"}
    manifest.write_text(json.dumps(said))
    _, findings = verify(settings, made)
    assert [finding.code for finding in findings if finding.stops] == ["backup_newer"]
