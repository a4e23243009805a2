"""`rpe-geo serve`: the web pages and the API."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rpe_geo.deployment.production import require_safe_secrets
from rpe_geo.errors import InputError, ServiceUnavailable
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_territory

if TYPE_CHECKING:
    from uvicorn import Config

__all__ = ["register"]

_APP = "api.app:served_app"
_GRACE_S = 20
_NOT_STARTED = 3
"""Exit code of a service that is not available, as everywhere."""
_KEPT_S = 75
"""Longer than browsers and proxies keep a connection that rests: it is theirs to close, or a request may meet its end."""


def serve(
    host: Annotated[str, typer.Option(help="Adresse où écouter.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port où écouter.", min=1, max=65535)] = 8000,
    workers: Annotated[
        int,
        typer.Option(help="Processus qui répondent ; ils partagent le territoire.", min=1, max=64),
    ] = 1,
    territory: Annotated[
        Path | None, typer.Option(help="Dossier du territoire ; à défaut RPE_TERRITORY.")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="Base du registre ; à défaut RPE_DATABASE_URL.")
    ] = None,
) -> None:
    """Ouvrir les pages et l’API ; Ctrl + C les ferme après avoir fini ce qui est en cours."""
    try:
        import uvicorn
    except ImportError:
        raise ServiceUnavailable("serve_missing") from None
    if territory is not None:
        os.environ["RPE_TERRITORY"] = str(territory.resolve())
    if database is not None:
        os.environ["RPE_DATABASE_URL"] = database
    settings = Settings()
    # Said here once: workers that cannot start would be started again for ever.
    require_safe_secrets(settings)
    open_territory(settings)
    _check_secret(settings, host)
    _check_port(host, port)
    typer.echo(f"Ouvert sur http://{host}:{port} (API : /api/v1, arrêt : Ctrl + C)", err=True)
    counters = tempfile.mkdtemp(prefix="rpe-geo-metrics-") if workers > 1 else None
    if counters is not None:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counters
    try:
        _run(
            uvicorn.Config(
                _APP,
                factory=True,
                host=host,
                port=port,
                workers=workers,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # by the settings, in the application
                timeout_keep_alive=_KEPT_S,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
    finally:
        if counters is not None:
            shutil.rmtree(counters, ignore_errors=True)


def _run(config: Config) -> None:
    """Answer until stopped, in this process or in several."""
    from uvicorn import Server
    from uvicorn.supervisors import Multiprocess

    server = Server(config)
    with suppress(KeyboardInterrupt):
        if config.workers > 1:
            shared = config.bind_socket()
            # asyncio asks it of the sockets that it opens itself; without it, small answers wait 40 ms for the client.
            shared.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Multiprocess(config, sockets=[shared]).run()
            return
        server.run()
    if not server.started:
        raise SystemExit(_NOT_STARTED)


def _check_secret(settings: Settings, host: str) -> None:
    """Refuse to serve other machines with the secret that everyone can read in the code."""
    default = Settings.model_fields["masking_secret"].default
    if settings.masking_secret == default and host not in {"127.0.0.1", "localhost", "::1"}:
        raise InputError("masking_secret_default", host=host)


def _check_port(host: str, port: int) -> None:
    """Say at once that a port is taken, before anything is opened."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError:
        raise InputError("port_taken", host=host, port=port) from None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)
