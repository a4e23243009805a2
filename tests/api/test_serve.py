"""`rpe-geo serve`, and many people at once."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import typer
import uvicorn

from rpe_geo.cli import serve as command
from rpe_geo.errors import InputError
from rpe_geo.settings import Settings

API = "/api/v1"


def test_it_does_not_serve_other_machines_with_the_secret_of_the_code():
    ours = Settings(_env_file=None)
    command._check_secret(ours, "127.0.0.1")
    with pytest.raises(InputError) as refused:
        command._check_secret(ours, "0.0.0.0")
    assert refused.value.code == "masking_secret_default"
    command._check_secret(Settings(masking_secret="long and random", _env_file=None), "0.0.0.0")


def test_a_port_that_is_taken_is_said_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError) as refused:
            command._check_port("127.0.0.1", taken.getsockname()[1])
    assert refused.value.code == "port_taken"


def test_it_is_a_command():
    app = typer.Typer()
    command.register(app)
    assert [one.name for one in app.registered_commands] == ["serve"]


def test_workers_answer_at_once_on_the_socket_that_they_share(monkeypatch):
    asked = []

    class Workers:
        def __init__(self, _config, sockets):
            (shared,) = sockets
            asked.append(shared.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            shared.close()

        def run(self):
            pass

    monkeypatch.setattr("uvicorn.supervisors.Multiprocess", Workers)
    command._run(uvicorn.Config("api.app:served_app", port=0, workers=2, log_config=None))
    assert asked == [1]


def test_many_at_once_get_the_same_answers(service, need):
    def ask(number: int) -> tuple[int, str]:
        if number % 3 == 0:
            answer = service.client.get(f"{API}/geocode", params={"q": "rue d", "autocomplete": 1})
        elif number % 3 == 1:
            answer = service.client.post(f"{API}/suggestions", json=need)
        else:
            answer = service.client.post(f"{API}/suggestions", json=need, headers=service.token)
        return answer.status_code, answer.text

    alone = [ask(number) for number in range(3)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, range(24)))
    for number, answer in enumerate(together):
        assert answer == alone[number % 3]
