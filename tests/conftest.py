"""What every test may ask for."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real French open data, kept outside the repository."""
    folder = Path(os.environ.get("RPE_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no real data at {folder}: set RPE_REAL_DATA")
    return folder


@pytest.fixture(scope="session")
def postgis_url() -> str:
    """Address of the PostGIS that `make test` starts; see tests/postgis/server.py."""
    address = os.environ.get("RPE_TEST_POSTGIS_URL", "")
    if not address:
        message = (
            "no PostGIS: run through python tests/postgis/server.py -- pytest, as make test does"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return address


@pytest.fixture
def empty_postgis_url(postgis_url: str) -> Iterator[str]:
    """Address of a schema of its own in that PostGIS, without any table, removed after the test."""
    from sqlalchemy import create_engine, make_url, text

    schema = f"test_{uuid.uuid4().hex}"
    engine = create_engine(postgis_url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    options = f"-csearch_path={schema},public"
    address = make_url(postgis_url).update_query_dict({"options": options})
    yield address.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()
