"""
A private PostGIS for the tests: `python tests/postgis/server.py -- pytest …`.

Starts PostgreSQL from the system's packages on a free port of 127.0.0.1 with everything in a temporary folder, makes a
database with PostGIS and an application role that is no superuser, runs the command with `RPE_TEST_POSTGIS_URL` set,
and stops the server whatever happens. The exit code is the command's; 3 when there is no PostgreSQL to start.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

DATABASE = "rpe_geo_test"
ROLE = "rpe_geo_app"
UNAVAILABLE = 3


class Unavailable(Exception):
    """There is no PostgreSQL with PostGIS on this machine."""


def find_binaries() -> Path:
    """Find the newest PostgreSQL of the system that has PostGIS."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda initdb: float(initdb.parts[-3]),
        reverse=True,
    )
    for initdb in versions:
        extension = Path("/usr/share/postgresql") / initdb.parts[-3] / "extension"
        if (extension / "postgis.control").is_file():
            return initdb.parent
    raise Unavailable(
        "PostgreSQL with PostGIS is not installed: apt-get install postgresql-15-postgis-3 "
        "(or the version of your system)"
    )


def unprivileged() -> dict[str, object]:
    """Say as whom the server must run: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise Unavailable("this machine has no account « postgres » for the server to run as")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(command: Sequence[str | Path], folder: Path, **options: object) -> str:
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        **(unprivileged() | options),
    )
    if finished.returncode != 0:
        raise Unavailable(f"{Path(command[0]).name} failed:\n{finished.stdout}{finished.stderr}")
    return finished.stdout


@contextmanager
def cluster() -> Iterator[str]:
    """Run a private cluster; gives the address of its database for the application role."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="rpe_geo_postgis_"))
    try:
        if account := unprivileged():
            os.chown(folder, int(str(account["user"])), int(str(account["group"])))
        data, port, password = folder / "data", free_port(), secrets.token_urlsafe(16)
        run(
            [
                binaries / "initdb",
                f"--pgdata={data}",
                "--username=owner",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            folder,
        )
        # Nothing in it outlives the tests: no need to wait for the disk.
        options = (
            f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=64MB "
            "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        )
        log = folder / "server.log"
        run(
            [binaries / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start"],
            folder,
        )
        try:
            psql = [
                binaries / "psql", "-v", "ON_ERROR_STOP=1", "-q",
                "-h", folder, "-p", str(port), "-U", "owner",
            ]  # fmt: skip
            run(
                [
                    *psql, "-d", "postgres",
                    "-c", f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{password}'",
                    "-c", f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
                ],
                folder,
            )  # fmt: skip
            run([*psql, "-d", DATABASE, "-c", "CREATE EXTENSION postgis"], folder)
            yield f"postgresql+psycopg://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}"
        finally:
            run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stop(*_: object) -> NoReturn:
    """Let a termination unwind, so that the server is stopped too."""
    raise SystemExit(128 + signal.SIGTERM)


def main() -> int:
    """Run the command after `--` beside a private PostGIS."""
    if "--" not in sys.argv or sys.argv[-1] == "--":
        print("usage: python tests/postgis/server.py -- COMMAND [ARGUMENT…]", file=sys.stderr)
        return 2
    command = sys.argv[sys.argv.index("--") + 1 :]
    signal.signal(signal.SIGTERM, stop)
    try:
        with cluster() as address:
            return subprocess.run(
                command, env=os.environ | {"RPE_TEST_POSTGIS_URL": address}, check=False
            ).returncode
    except Unavailable as reason:
        print(reason, file=sys.stderr)
        return UNAVAILABLE
    except FileNotFoundError:
        print(f"no such command: {command[0]}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main())
