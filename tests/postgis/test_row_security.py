"""PostgreSQL itself keeps the personal rows of one RPE from another."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from rpe_geo.domain import Agrement, Child, Childminder, Request
from rpe_geo.errors import ServiceUnavailable
from rpe_geo.messages import explain
from rpe_geo.schedule import Timetable
from rpe_geo.storage.database import _translated, connect
from rpe_geo.storage.repository import open_repository
from rpe_geo.storage.transactions import OwnRows

pytestmark = pytest.mark.postgis


@pytest.fixture
def repository(postgis_url):
    opened = open_repository(postgis_url, rpe_id=uuid.uuid4().hex)
    opened.save(
        childminders=[Childminder("A", Agrement(3), address="1 rue X")],
        requests=[
            Request(
                "R",
                (Child(date(2026, 5, 1)),),
                date(2027, 1, 4),
                Timetable.parse("Mo 08:00-12:00"),
                address="2 rue Y",
            )
        ],
    )
    yield opened
    opened.close()


@pytest.mark.parametrize("table", ["childminder_identities", "request_files"])
def test_a_query_without_rpe_sees_nothing(repository, table):
    with repository.engine.connect() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        connection.execute(
            text("SELECT set_config('rpe_geo.rpe_id', :rpe, true)"), {"rpe": repository.rpe_id}
        )
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1
        connection.execute(text("SELECT set_config('rpe_geo.rpe_id', 'another', true)"))
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        assert connection.execute(text(f"DELETE FROM {table}")).rowcount == 0


def test_nothing_stays_on_a_pooled_connection(repository):
    repository.childminders()
    with repository.engine.connect() as connection:
        assert connection.scalar(text("SELECT current_setting('rpe_geo.rpe_id', true)")) in {
            None,
            "",
        }


def test_a_row_cannot_be_written_for_another_rpe(repository):
    with repository.engine.connect() as connection:
        connection.execute(
            text("SELECT set_config('rpe_geo.rpe_id', :rpe, true)"), {"rpe": repository.rpe_id}
        )
        with pytest.raises(Exception, match="row-level security"):
            connection.execute(
                text("INSERT INTO childminder_identities VALUES ('another', 'A', '{}')")
            )


def test_the_application_role_is_no_superuser(repository):
    with repository.engine.connect() as connection:
        role = connection.execute(
            text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        ).one()
    assert tuple(role) == (False, False)


def test_places_are_geometries_with_their_reference_system(repository):
    repository.save(childminders=[Childminder("P", Agrement(3), longitude=3.9, latitude=43.6)])
    with OwnRows(repository.engine, repository.rpe_id).reading() as connection:
        place = connection.scalar(
            text(
                "SELECT ST_AsEWKT(place) FROM childminders WHERE rpe_id = :rpe AND childminder_id = 'P'"
            ),
            {"rpe": repository.rpe_id},
        )
    assert place == "SRID=4326;POINT(3.9 43.6)"


def test_without_the_extension_it_says_what_to_ask_for(postgis_url):
    """What PostgreSQL answers to a role that may not create the extension, and when there is none."""
    engine = connect(postgis_url)
    for state, reason in (
        ("42501", 'permission denied to create extension "postgis"'),
        ("0A000", 'extension "postgis" is not available'),
    ):
        refusal = type("Refusal", (Exception,), {"sqlstate": state})(reason)
        error = _translated(engine, ProgrammingError("CREATE EXTENSION", {}, refusal))
        assert error.code == "database_without_postgis"
    engine.dispose()


def test_a_wrong_password_is_an_unavailable_database(postgis_url):
    address = make_url(postgis_url).set(password="wrong").render_as_string(hide_password=False)
    with pytest.raises(ServiceUnavailable) as caught:
        open_repository(address)
    assert caught.value.code == "database_unavailable"
    assert "wrong" not in explain(caught.value)
