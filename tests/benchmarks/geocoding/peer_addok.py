"""
addok on the same streets and queries; run by a Python that has addok, addok-fr and addok-france.

    python peer_addok.py STREETS.jsonl QUERIES.txt ANSWERS.jsonl

Starts a Redis of its own on a socket in a temporary folder, and stops it. Each line of ANSWERS holds the street and the
commune code found, and the seconds spent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Index the streets, ask the queries, write the answers."""
    streets, queries, answers = map(Path, sys.argv[1:4])
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        command = [
            "redis-server",
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--save",
            "",
            "--dir",
            folder,
        ]
        redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not socket.exists():
                time.sleep(0.05)
            os.environ["REDIS_SOCKET"] = str(socket)
            ask(streets, queries, answers)
        finally:
            redis.terminate()
            redis.wait()


def ask(streets: Path, queries: Path, answers: Path) -> None:
    """Fill addok and question it, one query at a time."""
    from addok.config import config

    config.load()
    from addok.batch import process_documents
    from addok.core import search

    process_documents(*streets.read_text(encoding="utf-8").splitlines())
    with answers.open("w", encoding="utf-8") as stream:
        for query in queries.read_text(encoding="utf-8").splitlines():
            start = time.perf_counter()
            found = search(query[:200], limit=1)
            spent = time.perf_counter() - start
            best = found[0] if found else None
            street = (
                (best.street or best.name)
                if best and best.housenumber
                else best.name
                if best
                else ""
            )
            answer = {
                "street": street[0] if isinstance(street, list) else street,
                "code": best.citycode if best else "",
                "score": float(best.score) if best else 0.0,
                "seconds": spent,
            }
            stream.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
