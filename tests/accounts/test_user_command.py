"""`rpe-geo user …`: the accounts where nobody can open the page."""

from __future__ import annotations

import pytest

from rpe_geo.cli import run
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_accounts
from tests.pages.accounts_only import link_in, mails, make_settings, opened, quick_hash, sign_in

PASSWORD = "une phrase assez longue"


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "rpe_geo.relais.accounts.PasswordHasher.hash",
        lambda _self, password, **_: quick_hash(password),
    )
    monkeypatch.setenv("RPE_NEW_PASSWORD", PASSWORD)
    monkeypatch.setenv("RPE_SECRET_KEY", "un autre secret des tests, assez long")
    monkeypatch.setenv("RPE_PUBLIC_URL", "http://testserver")
    monkeypatch.setenv("RPE_OUTBOX", str(tmp_path / "outbox"))
    return f"sqlite:///{tmp_path / 'registry.sqlite'}"


@pytest.fixture
def user(database, capsys):
    def call(*words: str) -> tuple[int, str]:
        code = run(["user", *words, "--database", database])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def accounts(database):
    repository = open_repository(database)
    return open_accounts(repository), repository


def test_the_command_makes_an_administrator(user, database):
    code, said = user("create", "a@b.example", "--role", "administrator")
    assert (code, "administrator" in said) == (0, True)
    opened_accounts, repository = accounts(database)
    assert opened_accounts.sign_in("a@b.example", PASSWORD)[1].role == "administrator"
    repository.close()


def test_an_account_may_work_for_several_rpe(user, database):
    words = ("create", "a@b.example", "--rpe", "nord", "--rpe", "sud", "--role", "planner")
    assert user(*words)[0] == 0
    opened_accounts, repository = accounts(database)
    found = opened_accounts.store.by_email("a@b.example").memberships
    repository.close()
    assert found == {"nord": "planner", "sud": "planner"}
    code, said = user("create", "a@b.example", "--rpe", "est")
    assert code == 0
    assert "garde son mot de passe" in said
    assert user("create", "a@b.example", "--rpe", "est")[0] == 1


def test_the_life_of_an_account(user, database):
    user("create", "chef@b.example", "--role", "administrator")
    user("create", "a@b.example", "--name", "Agathe")
    code, said = user("list")
    assert code == 0
    assert said.splitlines()[0].split("\t") == [
        "a@b.example",
        "Agathe",
        "Animation",
        "actif",
        "jamais",
    ]
    for words, told in (
        (("role", "a@b.example", "planner"), "Planification"),
        (("deactivate", "a@b.example"), "désactivé"),
        (("reactivate", "a@b.example"), "actif"),
        (("unlock", "a@b.example"), "pause levée"),
        (("unlink", "a@b.example"), "déliée"),
        (("password", "a@b.example"), "enregistré"),
    ):
        code, said = user(*words)
        assert (code, told in said) == (0, True), said
    lines = user("history", "a@b.example")[1].splitlines()
    assert len(lines) == 7
    assert lines[-1].split("\t")[1:] == ["Compte ouvert", "commande"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("role", "chef@b.example", "planner"), 1, "dernier compte"),
        (("deactivate", "chef@b.example"), 1, "dernier compte"),
        (("unlock", "personne@b.example"), 2, "n’existe pas"),
        (("deactivate", "chef@b.example", "--rpe", "autre"), 2, "n’existe pas"),
        (("role", "chef@b.example", "reine"), 2, "reine"),
        (("create", "pas une adresse"), 2, "adresse e-mail"),
        (("create", "chef@b.example"), 1, "existe déjà"),
    ],
)
def test_what_cannot_be_is_one_french_line(user, words, code, told):
    user("create", "chef@b.example", "--role", "administrator")
    found, said = user(*words)
    assert (found, told in said) == (code, True), said
    assert len(said.strip().splitlines()) == 1


def test_nobody_yet(user):
    assert "rpe-geo user create" in user("list")[1]


def test_links_of_the_command_open_the_pages(user, database, tmp_path):
    settings = make_settings(tmp_path)  # the same database, secret and outbox
    invited = user("create", "ines@nord.example", "--invite", "--rpe", "nord")[1]
    reset = user("reset", "agathe@nord.example", "--rpe", "nord")[1]
    assert "lien envoyé" in user("reset", "plan@nord.example", "--rpe", "nord", "--mail")[1]
    with opened(settings) as client:
        for email, text in (
            ("ines@nord.example", invited),
            ("agathe@nord.example", reset),
            ("plan@nord.example", mails(settings)[0]),
        ):
            path = link_in(text)
            assert client.get(path).status_code == 200
            client.post(path, data={"password": "une nouvelle phrase"})
            assert sign_in(client, email, "une nouvelle phrase").status_code == 200
