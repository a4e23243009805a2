"""Personal data at rest, with and without keys."""

from __future__ import annotations

import sqlite3

import pytest
from cryptography.fernet import Fernet

from rpe_geo.domain import Agrement, Childminder
from rpe_geo.errors import InputError
from rpe_geo.messages import explain
from rpe_geo.storage.repository import open_repository
from rpe_geo.storage.sealing import Seal

ZOE = Childminder("A", Agrement(3), name="Zoé Tournesol", address="3 impasse du Lavoir")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "registry.sqlite"


def on_disk(path):
    with sqlite3.connect(path) as connection:
        content = connection.execute("SELECT content FROM childminder_identities").fetchone()[0]
    connection.close()
    return content


def saved(path, *keys):
    repository = open_repository(str(path), encryption_keys=keys)
    repository.save(childminders=[ZOE])
    repository.close()


def read(path, *keys):
    repository = open_repository(str(path), encryption_keys=keys)
    try:
        return repository.childminder("A")
    finally:
        repository.close()


def test_with_a_key_nothing_personal_is_readable(path):
    key = Fernet.generate_key().decode()
    saved(path, key)
    assert "Tournesol" not in on_disk(path)
    raw = b"".join(part.read_bytes() for part in path.parent.iterdir())
    assert b"Tournesol" not in raw
    assert b"Lavoir" not in raw
    assert read(path, key) == ZOE


def test_without_key_it_is_plain(path):
    saved(path)
    assert "Tournesol" in on_disk(path)
    assert read(path) == ZOE


def test_plain_records_stay_readable_once_there_is_a_key(path):
    saved(path)
    key = Fernet.generate_key().decode()
    assert read(path, key) == ZOE
    saved(path, key)
    assert "Tournesol" not in on_disk(path)


def test_a_key_is_replaced(path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    saved(path, old)
    assert read(path, new, old) == ZOE
    saved(path, new, old)
    assert read(path, new) == ZOE


@pytest.mark.parametrize(
    ("keys", "code"),
    [((), "encryption_key_missing"), ((Fernet.generate_key().decode(),), "encryption_key_wrong")],
)
def test_without_its_key_it_says_so(path, keys, code):
    saved(path, Fernet.generate_key().decode())
    with pytest.raises(InputError) as caught:
        read(path, *keys)
    assert caught.value.code == code
    assert explain(caught.value)


def test_a_key_that_is_none():
    with pytest.raises(InputError) as caught:
        Seal(["motdepasse"])
    assert caught.value.code == "encryption_key_unusable"
