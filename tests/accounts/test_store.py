"""Where accounts are kept: the same answers on SQLite and on PostgreSQL, also for two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from rpe_geo.desk.accounts import Membership, after_failure, check_change
from rpe_geo.errors import Conflict, Forbidden
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_accounts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PASSWORD = "une phrase assez longue"


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def accounts(request, tmp_path):
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    else:
        address = request.getfixturevalue("empty_postgis_url")
    repository = open_repository(address)
    yield replace(open_accounts(repository), hasher=PasswordHasher(1, 64, 1))
    repository.close()


def together(act, values):
    """Do something for each value at once; return what happened."""

    def tried(value):
        try:
            return act(value)
        except (Forbidden, Conflict) as refused:
            return refused.code

    with ThreadPoolExecutor(len(values)) as pool:
        return sorted(map(str, pool.map(tried, values)))


def test_an_account_is_read_as_it_was_written(accounts):
    made = accounts.create("a@b.example", "A", PASSWORD, {"sud": "planner", "nord": "animateur"})
    assert accounts.store.by_id(made.account_id) == made == accounts.store.by_email("a@b.example")
    assert [one.email for one in accounts.store.of_rpe("sud")] == ["a@b.example"]
    assert accounts.store.of_rpe("est") == []
    token, session = accounts.sign_in("a@b.example", PASSWORD, now=NOW)
    found = accounts.session(token, now=NOW)
    assert (found.rpe_id, found.expires_at) == ("nord", NOW + timedelta(hours=2))
    assert found.csrf == session.csrf
    assert found.account.every["nord"].last_sign_in == NOW
    assert found.account.every["sud"].last_sign_in is None


def test_of_two_who_use_a_link_at_once_one_comes_too_late(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    _, claim = accounts.reset_claim("a@b.example")
    answers = together(
        lambda number: accounts.reset(claim, f"la phrase numéro {number}").email, range(4)
    )
    assert answers == ["a@b.example", "link_unusable", "link_unusable", "link_unusable"]


def test_of_two_identities_at_once_one_is_linked(accounts):
    accounts.create("a@b.example", "A", None, {"rpe": "animateur"})
    answers = together(
        lambda key: accounts.sign_in_by_identity("a@b.example", key)[1].account.email, ["x", "y"]
    )
    assert answers == ["a@b.example", "openid_other_identity"]


def test_two_administrators_do_not_dismiss_each_other(accounts):
    ids = [
        accounts.create(f"{name}@b.example", name, None, {"rpe": "administrator"}).account_id
        for name in "ab"
    ]

    def dismiss(actor):
        other = ids[1 - ids.index(actor)]
        wanted = Membership("administrator", active=False)
        accounts.store.set_membership(
            other,
            "rpe",
            wanted,
            guard=lambda everyone: check_change(everyone, other, wanted, actor=actor),
        )
        return "done"

    assert together(dismiss, ids) == ["account_last_administrator", "done"]


def test_tries_at_once_are_all_counted(accounts):
    together(
        lambda _: accounts.store.change_tries(
            "x", lambda tries: after_failure(tries, NOW), now=NOW
        ),
        range(4),
    )
    assert accounts.store.tries("x").failures == 4
    accounts.store.change_tries("y", lambda tries: tries, now=NOW + timedelta(days=2))
    assert accounts.store.tries("x").failures == 0


def test_one_email_has_one_account(accounts):
    answers = together(
        lambda name: accounts.create("a@b.example", name, None, {"rpe": "animateur"}).email, "abc"
    )
    assert answers == ["a@b.example", "email_taken", "email_taken"]
