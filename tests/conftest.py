"""What every test may ask for."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

# One profile on every machine: the same examples each time. `make fuzz` draws others (tests/fuzz.py).
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None, print_blob=True
)
settings.register_profile("fuzz", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("RPE_HYPOTHESIS", "repeatable"))

ROOT = Path(__file__).resolve().parent.parent
# What a test tells of columns is nobody's own memory.
os.environ.setdefault("RPE_COLUMN_MEMORY", str(Path(tempfile.mkdtemp()) / "columns.json"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every law ten times its examples while fuzzing; reverse the order when asked."""
    if os.environ.get("RPE_TEST_ORDER") == "reversed":
        items.reverse()
    if os.environ.get("RPE_HYPOTHESIS") != "fuzz":
        return
    laws = {item.function for item in items if item.get_closest_marker("hypothesis")}
    for law in laws:
        # The place where `@settings` keeps them, for hypothesis itself and for its plugin.
        own = law._hypothesis_internal_use_settings
        law._hypothesis_internal_use_settings = settings(own, max_examples=10 * own.max_examples)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what has not begun when the time to fuzz is over."""
    until = float(os.environ.get("RPE_FUZZ_UNTIL", "inf"))
    if time.time() > until:
        pytest.skip("the time to fuzz is over")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real French open data, kept outside the repository."""
    folder = Path(os.environ.get("RPE_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no real data at {folder}: set RPE_REAL_DATA")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Chromium, closed after the module: the next one may run a loop of its own."""
    from tests.chromium import opened_chromium

    with opened_chromium() as opened:
        yield opened


@contextmanager
def _postgis_schema() -> Iterator[str]:
    """Make an empty schema in the PostGIS that `make test` starts (tests/postgis/server.py), and remove it."""
    server = os.environ.get("RPE_TEST_POSTGIS_URL", "")
    if not server:
        message = (
            "no PostGIS: run through python tests/postgis/server.py -- pytest, as make test does"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from sqlalchemy import create_engine, make_url, text

    schema = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    # The extension's functions are in public; no test leaves a table there.
    options = f"-csearch_path={schema},public"
    address = make_url(server).update_query_dict({"options": options})
    yield address.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(scope="session")
def postgis_url() -> Iterator[str]:
    """Address of a PostGIS database; tests share it, each with an RPE of its own."""
    with _postgis_schema() as address:
        yield address


@pytest.fixture
def empty_postgis_url() -> Iterator[str]:
    """Address of an empty PostGIS database for one test."""
    with _postgis_schema() as address:
        yield address
