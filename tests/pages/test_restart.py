"""The real server, killed right after its answer: the request is there when it starts again, whole and once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_casework
from tests.pages.opened import make_settings, search_form

ROOT = Path(__file__).resolve().parents[2]
ENDS = [signal.SIGKILL, signal.SIGTERM]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_settings(tmp_path_factory.mktemp("restart"))


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def settings(request, made):
    if request.param == "sqlite":
        return made
    url = request.getfixturevalue("postgis_url")
    source, target = open_repository(made.database_url), open_repository(url)
    target.save(childminders=source.childminders(), facilities=source.facilities())
    source.close()
    target.close()
    return made.override(database_url=url)


class Server:
    """`rpe-geo serve` in a process of its own, on a free port of this machine."""

    def __init__(self, settings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "RPE_DATABASE_URL": str(settings.database_url),
            "RPE_TERRITORY": str(settings.territory),
            "RPE_SECRET_KEY": settings.secret_key.get_secret_value(),
            "RPE_MASKING_SECRET": settings.masking_secret.get_secret_value(),
            "RPE_TILES_URL": "",
            "RPE_FORMS_PER_MINUTE": "0",
            "PYTHONPATH": str(ROOT),
        }
        code = "import sys; from rpe_geo.cli import run; sys.exit(run(sys.argv[1:]))"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "serve", "--port", str(port)],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(1200):
            try:
                if httpx.get(f"{self.address}/api/v1/health").status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, "the server ended before it answered"
                time.sleep(0.1)
        pytest.fail("the server does not answer")

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(60)


@pytest.fixture
def start(settings):
    servers: list[Server] = []

    def begin() -> Server:
        servers.append(Server(settings))
        return servers[-1]

    yield begin
    for server in servers:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)


def test_a_request_that_was_answered_is_there_after_the_server_was_killed(start, settings):
    sent: dict[str, str] = {}
    for number, how in enumerate(ENDS):
        server = start()
        # What was sent before is still there, and can still be followed by its link.
        for link, name in sent.items():
            page = httpx.get(server.address + link)
            assert page.status_code == 200, name
            assert "Demande envoyée" in page.text
        form = search_form(nom=f"Famille {how.name}", contact="06 39 98 41 07", accord="oui")
        answer = httpx.post(f"{server.address}/demande", data=form, headers={"accept": "text/html"})
        server.end(how)
        assert answer.status_code == 303
        sent[answer.headers["location"]] = how.name
        repository = open_repository(str(settings.database_url))
        casework = open_casework(repository, settings, settings.rpe_id)
        cases = casework.inbox()
        repository.close()
        assert len(cases) == number + 1
        assert {case.contact["nom"] for case in cases} == {
            f"Famille {one.name}" for one in ENDS[: number + 1]
        }
        assert all([event.kind for event in case.events] == ["received"] for case in cases)
        assert all(case.request.address == form["adresse"] for case in cases)
