"""Whatever is sent, the service never breaks: no 5xx on the whole API, as described by its own OpenAPI."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

from api.app import create_app


@pytest.fixture(scope="module")
def address(service, settings) -> Iterator[str]:
    """Serve the application on a free port of this machine."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(service.settings),
            host="127.0.0.1",
            port=0,
            log_config=None,
            access_log=False,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("professional", [False, True], ids=["public", "professional"])
def test_no_server_error(address, service, professional):
    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    headers = service.token if professional else {}
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=15,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def never_breaks(case: schemathesis.Case) -> None:
            answer = case.call(headers=headers)
            case.validate_response(answer, checks=[not_a_server_error])

        never_breaks()
