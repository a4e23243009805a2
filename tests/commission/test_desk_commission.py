"""A commission as the desk keeps it: barèmes edited, decisions by hand, the database, the rights of a person."""

from __future__ import annotations

import pytest

from rpe_geo.commission.bareme import default_bareme, parse_bareme
from rpe_geo.commission.editing import with_points, written_bareme
from rpe_geo.desk.commission import with_fix, without_fix
from rpe_geo.errors import Conflict, InputError, NotFound
from rpe_geo.storage.commissions import SqlCommissions, forget_in_commissions
from rpe_geo.storage.database import connect, migrate
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.transactions import OwnRows

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
def engine(tmp_path):
    opened = connect(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    migrate(opened)
    yield opened
    opened.dispose()


def test_a_bareme_written_is_read_back_the_same() -> None:
    bareme = default_bareme()
    assert parse_bareme(written_bareme(bareme), "b.toml") == bareme
    edited = with_points(bareme, {"horaires_atypiques": "5,5", "residence": "0"})
    assert parse_bareme(written_bareme(edited), "b.toml") == edited
    assert {one.criterion_id: float(one.points) for one in edited.criteria}["horaires_atypiques"] == 5.5  # fmt: skip


@pytest.mark.parametrize("typed", ["", "dix", "-1", "1001", "1/0", "nan"])
def test_points_that_are_none_name_their_criterion(typed: str) -> None:
    with pytest.raises(InputError) as raised:
        with_points(default_bareme(), {"residence": typed})
    assert raised.value.values["title"] == "Habite une commune du territoire"


def test_a_decision_by_hand_needs_a_reason_and_an_open_commission() -> None:
    content = with_fix({"fixes": []}, "R-1", "AM-1", reason="urgence", by="a")
    content = with_fix(content, "R-1", None, reason="partie", by="a")
    assert content["fixes"] == [
        {"request_id": "R-1", "provider_id": None, "reason": "partie", "by": "a"}
    ]
    assert without_fix(content, "R-1")["fixes"] == []
    with pytest.raises(InputError, match="fix_without_reason"):
        with_fix(content, "R-2", "AM-1", reason="  ", by="a")
    with pytest.raises(Conflict):
        with_fix({"closed_at": "2026-12-10"}, "R-1", "AM-1", reason="x", by="a")


def test_a_commission_is_sealed_and_changed_one_at_a_time(engine) -> None:
    store = SqlCommissions(engine, rpe_id="rpe", seal=Seal([KEY]))
    assert store.latest() is None
    kept = store.open({"seed": 7, "fixes": []})
    with engine.connect() as connection:
        (text,) = connection.exec_driver_sql("SELECT content FROM commissions").scalars().all()
    assert "seed" not in text
    changed = store.change(kept.commission_id, lambda one: {**one, "seed": 8}, seen=kept.revision)
    assert store.latest() == changed
    with pytest.raises(Conflict):
        store.change(kept.commission_id, lambda one: one, seen=kept.revision)
    with pytest.raises(NotFound):
        store.change("C-0", lambda one: one)
    assert SqlCommissions(engine, rpe_id="autre", seal=Seal([KEY])).latest() is None


def test_whoever_is_forgotten_is_a_stranger_in_every_commission(engine) -> None:
    seal = Seal([KEY])
    store = SqlCommissions(engine, rpe_id="rpe", seal=seal)
    store.open({"results": {"points": {"assignments": [{"request_id": "R-1", "points": 9}]}}})
    own = OwnRows(engine, "rpe")
    with own.writing() as connection:
        assert forget_in_commissions(connection, own, seal, "R-1", "effacé-1") == 1
    kept = store.latest()
    assert kept is not None
    assert kept.content["results"]["points"]["assignments"] == [
        {"request_id": "effacé-1", "points": 9}
    ]
