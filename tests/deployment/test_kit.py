"""The deployment kit says what is true: units verify, files parse, every command and setting that it names exists."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
from datetime import date
from pathlib import Path

import pytest
import yaml

from rpe_geo.cli import build_app, run
from rpe_geo.deployment.doctor import examine_deployment
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT / "docs" / "deployment"


def test_units_verify(tmp_path):
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in (KIT / "systemd").iterdir():
        # The program of a machine that is not this one: any that exists will do for the check.
        said = unit.read_text().replace("/opt/rpe-geo/.venv/bin/rpe-geo", "/bin/true")
        (tmp_path / unit.name).write_text(said)
    units = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run([tool, "verify", *units], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "rpe-geo" in line] == []


def test_files_parse():
    compose = yaml.safe_load((KIT / "compose.yaml").read_text())
    asked = {
        name for service in compose["services"].values() for name in service.get("secrets", [])
    }
    assert asked == set(compose["secrets"])
    rules = yaml.safe_load((KIT / "prometheus-rules.yaml").read_text())
    assert {rule["alert"] for rule in rules["groups"][0]["rules"]} >= {"RpeGeoDown", "RpeGeoErrors"}
    assert len(json.loads((KIT / "grafana.json").read_text())["panels"]) == 3
    subprocess.run(["bash", "-n", str(KIT / "init-role.sh")], check=True)


def test_what_the_kit_names_exists():
    words = "\n".join(path.read_text() for path in KIT.rglob("*") if path.is_file())
    words += (ROOT / "docs" / "deployment.md").read_text()
    settings = {f"RPE_{name.upper()}" for name in Settings.model_fields}
    named = {name.removesuffix("_FILE") for name in re.findall(r"RPE_[A-Z_]*[A-Z]", words)}
    assert named - settings == set()
    app = build_app()
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    commands |= {group.name for group in app.registered_groups}
    for command in re.findall(r"rpe-geo[\"\s,]+([a-z]+)\b", words):
        if command in {"serve", "nightly", "doctor", "backup", "restore", "database"}:
            assert command in commands
    metrics = set(re.findall(r"rpe_geo_answer\w+", words))
    assert metrics == {"rpe_geo_answers_total", "rpe_geo_answer_seconds_bucket"}


@pytest.fixture
def settings(tmp_path):
    address = f"sqlite:///{tmp_path / 'db' / 'registry.sqlite'}"
    open_repository(address).close()
    return Settings(database_url=address, outbox=tmp_path / "outbox", tiles_url="", _env_file=None)


def outcomes(settings, **options):
    checks = examine_deployment(settings, territory=None, on=date(2026, 11, 30), **options)
    return {check.subject: (check.outcome, check.code) for check in checks}


def test_a_sound_installation_is_called_sound(settings, tmp_path):
    found = outcomes(settings)
    assert found["database"] == ("ok", "doctor_database_ok")
    assert found["permissions"] == ("ok", "doctor_permissions_ok")
    assert found["mail"] == ("warning", "doctor_mail_outbox")
    assert found["territory"][0] == "warning"


def test_what_is_wrong_is_found(settings, tmp_path):
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    file.chmod(file.stat().st_mode | stat.S_IROTH)
    assert outcomes(settings)["permissions"] == ("fault", "doctor_permissions_open")
    silent = settings.override(smtp_url="smtp://127.0.0.1:9")
    assert outcomes(silent)["mail"] == ("fault", "mail_failed")
    assert outcomes(settings, backups=tmp_path)["backups"] == ("fault", "doctor_backup_none")
    file.write_bytes(b"")
    assert outcomes(settings)["database"] == ("fault", "database_empty")
    missing = settings.override(database_url=f"sqlite:///{tmp_path / 'none.sqlite'}")
    assert outcomes(missing)["database"] == ("fault", "database_missing")
    assert not (tmp_path / "none.sqlite").exists()


def test_the_command_ends_with_two_when_something_is_to_be_mended(settings, capsys, monkeypatch):
    monkeypatch.setenv("RPE_TILES_URL", "")
    monkeypatch.setenv("RPE_OUTBOX", str(settings.outbox))
    monkeypatch.delenv("RPE_TERRITORY", raising=False)
    assert run(["doctor", "--database", settings.database_url]) == 0
    assert "bon" in capsys.readouterr().out
    assert run(["doctor", "--database", "sqlite:///nowhere/none.sqlite"]) == 2
    assert "à corriger" in capsys.readouterr().out


def test_the_nightly_work_saves_before_it_drops(settings, tmp_path, capsys):
    nights = tmp_path / "backups"
    arguments = [
        "nightly",
        "--backups",
        str(nights),
        "--keep",
        "2",
        "--database",
        settings.database_url,
    ]
    for _ in range(3):
        assert run(arguments) == 0
    assert len(list(nights.iterdir())) == 2
    said = capsys.readouterr().out
    assert "ancienne sauvegarde retirée" in said
    assert (
        run(["nightly", "--backups", str(nights), "--database", str(tmp_path / "none.sqlite")]) == 2
    )
    assert len(list(nights.iterdir())) == 2
