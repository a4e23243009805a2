"""Accounts: lock-out, sessions that end, roles, the command that makes the first one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rpe_geo.accounts import Account, after_failure, is_locked, read_role
from rpe_geo.cli import run
from rpe_geo.errors import Conflict, Forbidden, InputError
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_accounts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PASSWORD = "une phrase assez longue"


@pytest.fixture
def accounts():
    repository = open_repository("sqlite://")
    yield open_accounts(repository)
    repository.close()


def test_the_fifth_wrong_password_closes_for_a_quarter_of_an_hour():
    account = Account("1", "a@b.example", "A", "x")
    for _ in range(4):
        account = after_failure(account, NOW)
        assert not is_locked(account, NOW)
    account = after_failure(account, NOW)
    assert is_locked(account, NOW + timedelta(minutes=14))
    assert not is_locked(account, NOW + timedelta(minutes=15))


def test_the_right_password_waits_for_the_end_of_the_pause(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    for _ in range(5):
        with pytest.raises(Forbidden):
            accounts.sign_in("a@b.example", "faux", now=NOW)
    with pytest.raises(Forbidden):
        accounts.sign_in("a@b.example", PASSWORD, now=NOW)
    token, session = accounts.sign_in("A@B.example", PASSWORD, now=NOW + timedelta(minutes=16))
    assert session.role == "animateur"
    assert accounts.session(token, now=NOW + timedelta(hours=1)).account.failures == 0
    assert accounts.session(token, now=NOW + timedelta(hours=11)) is None
    accounts.sign_out(token)
    assert accounts.session(token, now=NOW) is None


def test_one_works_only_for_ones_own_rpe(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"nord": "animateur", "sud": "planner"})
    token, session = accounts.sign_in("a@b.example", PASSWORD)
    assert session.rpe_id == "nord"
    accounts.choose_rpe(token, "sud")
    assert accounts.session(token).role == "planner"
    with pytest.raises(Forbidden):
        accounts.choose_rpe(token, "est")


def test_bad_accounts_are_refused(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    with pytest.raises(Conflict):
        accounts.create("A@b.example", "B", PASSWORD, {"rpe": "animateur"})
    with pytest.raises(InputError):
        accounts.create("pas une adresse", "B", PASSWORD, {})
    with pytest.raises(InputError):
        accounts.create("c@b.example", "B", "court", {})
    with pytest.raises(InputError):
        read_role("reine")


def test_the_command_makes_an_administrator(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RPE_NEW_PASSWORD", PASSWORD)
    database = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    call = ["user", "create", "a@b.example", "--role", "administrator", "--database", database]
    assert run(call) == 0
    assert "administrator" in capsys.readouterr().out
    repository = open_repository(database)
    assert open_accounts(repository).sign_in("a@b.example", PASSWORD)[1].role == "administrator"
    repository.close()
