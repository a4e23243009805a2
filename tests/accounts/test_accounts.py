"""Accounts: pauses that shut nobody out, sessions that end, roles, who administers whom, the commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.desk.accounts import (
    PAUSE,
    TRIES,
    Membership,
    Tries,
    after_failure,
    check_change,
    check_password,
    ends_at,
    is_paused,
    read_role,
)
from rpe_geo.errors import Conflict, Forbidden, InputError, NotFound
from rpe_geo.relais.accounts import _NOBODY, Device
from rpe_geo.relais.administration import Administration
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_accounts, open_casework

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PASSWORD = "une phrase assez longue"


@pytest.fixture
def repository():
    opened = open_repository("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def real_accounts(repository):
    return open_accounts(repository)


@pytest.fixture
def accounts(real_accounts, monkeypatch):
    """As they are, but that passwords are closed quickly."""
    quick = PasswordHasher(1, 64, 1)
    monkeypatch.setattr("rpe_geo.relais.accounts._NOBODY", quick.hash("personne ne le sait"))
    return replace(real_accounts, hasher=quick)


# ---- wrong passwords ----------------------------------------------------------------------------------------------


def test_the_fifth_wrong_password_makes_a_pause_of_a_quarter_of_an_hour():
    tries = Tries()
    for number in range(4):
        tries = after_failure(tries, NOW)
        assert not is_paused(tries, NOW)
        assert tries.left(NOW) == 4 - number
    tries = after_failure(tries, NOW)
    assert is_paused(tries, NOW + timedelta(minutes=14))
    assert not is_paused(tries, NOW + timedelta(minutes=15))


@given(st.lists(st.integers(0, 3600), max_size=60).map(sorted))
def test_no_series_of_tries_pauses_longer_than_a_quarter_of_an_hour_after_its_fifth(seconds):
    tries = Tries()
    for second in seconds:
        moment = NOW + timedelta(seconds=second)
        before, tries = tries, after_failure(tries, moment)
        if tries.paused_until is not None and is_paused(tries, moment):
            assert tries.paused_until <= moment + PAUSE
            if is_paused(before, moment):
                assert tries == before  # knocking at a closed door does not keep it closed
        assert tries.failures < TRIES


def test_the_right_password_waits_for_the_end_of_the_pause(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    said = []
    for _ in range(5):
        with pytest.raises(Forbidden) as refused:
            accounts.sign_in("a@b.example", "faux", now=NOW)
        said.append((refused.value.code, refused.value.values.get("left")))
    assert said[0] == ("sign_in_wrong", "4\N{NO-BREAK SPACE}essais")
    assert said[3] == ("sign_in_wrong", "1\N{NO-BREAK SPACE}essai")
    assert said[4] == ("sign_in_paused", None)
    with pytest.raises(Forbidden):
        accounts.sign_in("a@b.example", PASSWORD, now=NOW + timedelta(minutes=14))
    token, session = accounts.sign_in("A@B.example", PASSWORD, now=NOW + timedelta(minutes=16))
    assert session.role == "animateur"
    assert accounts.session(token, now=NOW + timedelta(hours=1)) is not None


def test_an_unknown_email_is_answered_like_a_known_one(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})

    def answers(email):
        said = []
        for _ in range(7):
            with pytest.raises(Forbidden) as refused:
                accounts.sign_in(email, "faux", now=NOW)
            said.append((refused.value.code, refused.value.values))
        return said

    assert answers("a@b.example") == answers("personne@b.example")


def test_every_try_costs_one_comparison_of_the_same_strength(real_accounts):
    real_accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    real_accounts.create("invitee@b.example", "I", None, {"rpe": "animateur"})
    real_accounts.create("nulle-part@b.example", "N", PASSWORD, {})
    compared = []
    real = PasswordHasher.verify

    def verify(self, closed, password):
        compared.append(closed.rpartition("$")[0].rpartition("$")[0])
        return real(self, closed, password)

    with patch.object(PasswordHasher, "verify", verify):
        for email in ("a@b.example", "personne@b.example", "invitee@b.example"):
            for _ in range(2):
                with pytest.raises(Forbidden):
                    real_accounts.sign_in(email, "faux", now=NOW)
        with pytest.raises(Forbidden):
            real_accounts.sign_in("nulle-part@b.example", PASSWORD, now=NOW)
    assert len(compared) == 7
    assert set(compared) == {"$argon2id$v=19$m=65536,t=3,p=4"}


def test_the_hash_of_nobody_has_the_strength_of_the_others(real_accounts):
    assert not real_accounts.hasher.check_needs_rehash(_NOBODY)
    strength = real_accounts.hasher
    assert (strength.memory_cost, strength.time_cost) >= (19_456, 2)  # OWASP's least


def test_weaker_hashes_are_renewed_at_the_next_sign_in(real_accounts):
    account = real_accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    real_accounts.store.change_password(account.account_id, account.password_hash, weak)
    real_accounts.sign_in("a@b.example", PASSWORD)
    renewed = real_accounts.store.by_id(account.account_id).password_hash
    assert "m=65536" in renewed
    real_accounts.sign_in("a@b.example", PASSWORD)


def test_strangers_cannot_shut_out_a_browser_that_is_known(accounts):
    account = accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    known = Device(account.account_id, "nonce")
    for _ in range(5):
        with pytest.raises(Forbidden):
            accounts.sign_in("a@b.example", "faux", now=NOW)
    assert accounts.sign_in("a@b.example", PASSWORD, device=known, now=NOW)
    with pytest.raises(Forbidden):  # another account's device is no help
        accounts.sign_in("a@b.example", PASSWORD, device=Device("x", "n"), now=NOW)
    for _ in range(5):
        with pytest.raises(Forbidden):
            accounts.sign_in("a@b.example", "faux", device=known, now=NOW)
    with pytest.raises(Forbidden) as refused:  # nor is a stolen one a way to guess for ever
        accounts.sign_in("a@b.example", PASSWORD, device=known, now=NOW)
    assert refused.value.code == "sign_in_paused"


# ---- sessions -----------------------------------------------------------------------------------------------------


def test_a_session_ends_when_it_rests_and_after_twelve_hours_anyway(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    token, session = accounts.sign_in("a@b.example", PASSWORD, now=NOW)
    assert session.expires_at == NOW + timedelta(hours=2)
    looked = accounts.session(token, now=NOW + timedelta(hours=1), use=False)
    assert looked.expires_at == NOW + timedelta(hours=2)
    used = accounts.session(token, now=NOW + timedelta(hours=1))
    assert used.expires_at == NOW + timedelta(hours=3)
    moment = NOW
    while accounts.session(token, now=moment) is not None:
        moment += timedelta(minutes=90)
    assert timedelta(hours=10) < moment - NOW <= timedelta(hours=13.5)
    ended = accounts.ended_session(token, now=moment)
    assert ended.account.email == "a@b.example"
    assert accounts.stay(token, now=moment) is None


@given(st.integers(0, 1440), st.integers(5, 720))
def test_no_use_moves_an_end_beyond_twelve_hours(after_min, idle_min):
    moment = NOW + timedelta(minutes=after_min)
    end = ends_at(NOW, moment, timedelta(minutes=idle_min))
    assert end <= NOW + timedelta(hours=12)
    assert end <= moment + timedelta(minutes=idle_min)


def test_staying_moves_the_end_and_signing_out_ends(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    token, _ = accounts.sign_in("a@b.example", PASSWORD, now=NOW)
    stayed = accounts.stay(token, now=NOW + timedelta(minutes=119))
    assert stayed.expires_at == NOW + timedelta(minutes=239)
    accounts.sign_out(token)
    assert accounts.session(token, now=NOW) is None
    assert accounts.ended_session(token, now=NOW + timedelta(hours=9)) is None


def test_one_works_only_for_ones_own_rpe(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"nord": "animateur", "sud": "planner"})
    token, session = accounts.sign_in("a@b.example", PASSWORD)
    assert session.rpe_id == "nord"
    accounts.choose_rpe(token, "sud")
    assert accounts.session(token).role == "planner"
    with pytest.raises(Forbidden):
        accounts.choose_rpe(token, "est")


def test_a_link_for_a_password_serves_once(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    token, _ = accounts.sign_in("a@b.example", PASSWORD)
    _, claim = accounts.reset_claim("A@b.example ")
    assert accounts.check_claim(claim).email == "a@b.example"
    accounts.reset(claim, "une tout autre phrase")
    assert accounts.session(token) is None
    for used in (claim, {}, claim | {"id": "x"}):
        with pytest.raises(Forbidden):
            accounts.check_claim(used)
        with pytest.raises(Forbidden):
            accounts.reset(used, "encore une autre phrase")
    assert accounts.reset_claim("personne@b.example") is None


def test_an_address_is_not_flooded_with_links(accounts):
    asked = [accounts.may_ask_again("a@b.example", now=NOW) for _ in range(8)]
    assert asked == [True] * 5 + [False] * 3
    assert accounts.may_ask_again("a@b.example", now=NOW + timedelta(minutes=15))


# ---- values -------------------------------------------------------------------------------------------------------


def test_bad_accounts_are_refused(accounts):
    accounts.create("a@b.example", "A", PASSWORD, {"rpe": "animateur"})
    with pytest.raises(Conflict):
        accounts.create("A@b.example", "B", PASSWORD, {"rpe": "animateur"})
    for none in ("pas une adresse", "a,b@c.example", "<a@b.example>", "a@b.example\nBcc: x@y", "@"):
        with pytest.raises(InputError):
            accounts.create(none, "B", PASSWORD, {})
    with pytest.raises(InputError):
        accounts.create("c@b.example", "B", "court", {})
    with pytest.raises(InputError):
        read_role("reine")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("onze signes", "password_short"),
        ("a" * 1001, "password_long"),
        ("aaaaaaaaaaaaaaaa", "password_weak"),
        ("abcabcabcabcabc", "password_weak"),
        ("agathe.leroy@rpe.example", "password_weak"),
        ("Agathe.LeroyAGATHE.leroy", "password_weak"),
    ],
)
def test_easily_guessed_passwords_are_refused(password, code):
    with pytest.raises(InputError) as refused:
        check_password(password, email="agathe.leroy@rpe.example")
    assert refused.value.code == code


MEMBERS = st.builds(
    Membership, st.sampled_from(["animateur", "planner", "administrator"]), st.booleans()
)


@given(st.dictionaries(st.sampled_from("abcd"), MEMBERS), st.sampled_from("abcd"), MEMBERS)
def test_no_change_takes_the_last_administrator_away(everyone, account_id, wanted):
    def administrators(members):
        return [k for k, m in members.items() if m.active and m.role == "administrator"]

    after = everyone | {account_id: wanted}
    lost = administrators(everyone) and not administrators(after)
    if lost:
        with pytest.raises(Forbidden) as last:
            check_change(everyone, account_id, wanted, actor=None)
        assert last.value.code == "account_last_administrator"
    else:
        check_change(everyone, account_id, wanted, actor=None)
    with pytest.raises(Forbidden) as own:
        check_change(everyone, account_id, wanted, actor=account_id)
    assert own.value.code == "account_own"


# ---- administration -----------------------------------------------------------------------------------------------


@pytest.fixture
def administration(repository, accounts):
    settings = Settings(_env_file=None)
    chief = accounts.create("chef@b.example", "Chef", PASSWORD, {"nord": "administrator"})
    trail = open_casework(repository, settings, "nord").store
    return Administration(accounts, "nord", trail, chief.account_id)


def test_deactivating_ends_the_sessions_at_once(accounts, administration):
    account, new = administration.add("a@b.example", "A", "animateur", password=PASSWORD)
    assert new
    token, _ = accounts.sign_in("a@b.example", PASSWORD)
    administration.deactivate(account.account_id)
    assert accounts.session(token) is None
    with pytest.raises(Forbidden):
        accounts.sign_in("a@b.example", PASSWORD)
    assert accounts.reset_claim("a@b.example") is None
    administration.reactivate(account.account_id)
    token, _ = accounts.sign_in("a@b.example", PASSWORD)
    administration.set_role(account.account_id, "planner")
    assert accounts.session(token) is None
    said = [action for _at, _who, action in administration.history(account.account_id)]
    assert said == [
        "account_role_planner",
        "account_reactivate",
        "account_deactivate",
        "account_create",
    ]
    assert {who for _at, who, _what in administration.history(account.account_id)} == {"Chef"}


def test_one_rpe_knows_nothing_of_another(accounts, administration):
    other = accounts.create("b@b.example", "B", PASSWORD, {"sud": "administrator"})
    assert [one.account.name for one in administration.people()] == ["Chef"]
    for act in (
        administration.person,
        administration.deactivate,
        administration.unlock,
        administration.forget_identity,
        administration.password_claim,
    ):
        with pytest.raises(NotFound):
            act(other.account_id)
    with pytest.raises(NotFound):
        administration.by_email("b@b.example")
    added, new = administration.add("b@b.example", "Autre nom", "animateur")
    assert not new
    assert added.name == "B"
    administration.deactivate(other.account_id)
    assert accounts.sign_in("b@b.example", PASSWORD)[1].rpe_id == "sud"


def test_one_neither_dismisses_oneself_nor_the_last_administrator(accounts, administration):
    own = administration.actor
    with pytest.raises(Forbidden):
        administration.deactivate(own)
    with pytest.raises(Forbidden):
        administration.set_role(own, "planner")
    by_command = Administration(accounts, "nord", administration.trail)
    with pytest.raises(Forbidden) as refused:
        by_command.deactivate(own)
    assert refused.value.code == "account_last_administrator"
    administration.add("b@b.example", "B", "administrator", password=PASSWORD)
    by_command.deactivate(own)
    assert administration.person(own).membership.active is False


def test_an_administrator_ends_a_pause(accounts, administration):
    account, _ = administration.add("a@b.example", "A", "animateur", password=PASSWORD)
    for _ in range(5):
        with pytest.raises(Forbidden):
            accounts.sign_in("a@b.example", "faux")
    assert administration.person(account.account_id).paused_until is not None
    administration.unlock(account.account_id)
    assert accounts.sign_in("a@b.example", PASSWORD)


def test_an_identity_is_linked_once(accounts, administration):
    account, _ = administration.add("a@b.example", "A", "animateur")
    assert account.is_invited
    token, session = accounts.sign_in_by_identity("A@b.example", "issuer sub-1", provider="x")
    assert session.provider == "x"
    assert not session.account.is_invited
    with pytest.raises(Forbidden) as refused:
        accounts.sign_in_by_identity("a@b.example", "issuer sub-2")
    assert refused.value.code == "openid_other_identity"
    administration.forget_identity(account.account_id)
    assert accounts.session(token) is None
    assert accounts.sign_in_by_identity("a@b.example", "issuer sub-2")
    with pytest.raises(Forbidden):
        accounts.sign_in_by_identity("personne@b.example", "issuer sub-3")
    made = accounts.sign_in_by_identity(
        "neuve@b.example", "issuer sub-4", new=("Neuve", {"nord": "planner"})
    )
    assert made[1].role == "planner"
