"""
Load on the service: many users at once on the loopback, answers and resident memory.

    python tests/benchmarks/api/bench_load.py --territory T --database sqlite:///R.sqlite --users 50 --seconds 60 --workers 2

Each user asks for suggestions from a random place, then completes an address, then reads for a while. There is no peer to
compare with: read the figures beside the load of the machine, which is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

DAY = {
    "children": [{"birth_date": "2026-05-01"}],
    "start": "2027-01-04",
    "schedule": "Mo-Fr 08:00-17:30",
}


class Tally:
    """What came back, and how long it took."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {"suggestions": [], "autocomplete": []}
        self.errors: list[str] = []

    def ask(self, what: str, call) -> None:
        begun = time.perf_counter()
        try:
            status = call().status_code
        except httpx.HTTPError as error:
            self.errors.append(type(error).__name__)
            return
        self.seconds[what].append(time.perf_counter() - begun)
        if status != 200:
            self.errors.append(str(status))


def use(url: str, box: list[float], tally: Tally, number: int, until: float, pause: float) -> None:
    """Be one user."""
    draw = random.Random(number)
    with httpx.Client(base_url=url, timeout=60) as client:
        time.sleep(draw.random() * pause)
        while time.monotonic() < until:
            place = {
                "longitude": draw.uniform(box[0], box[2]),
                "latitude": draw.uniform(box[1], box[3]),
                "mode": draw.choice(["walk", "bike", "car"]),
                "max_minutes": 20,
            }
            tally.ask(
                "suggestions",
                lambda asked=DAY | place: client.post("/api/v1/suggestions", json=asked),
            )
            typed = {
                "q": f"{draw.randint(1, 40)} rue {draw.choice('abcdefgjlmprst')}",
                "autocomplete": 1,
            }
            tally.ask(
                "autocomplete", lambda asked=typed: client.get("/api/v1/geocode", params=asked)
            )
            time.sleep(pause * draw.uniform(0.5, 1.5))


def resident_kb(root: int) -> int:
    """Sum the proportional memory of a process and its children, in kB."""
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        try:
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
            for task in Path(f"/proc/{process}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return total


def main() -> None:
    """Serve, load, report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--territory", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=4, help="mean seconds that a user reads")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        Path(sys.executable).with_name("rpe-geo"),
        "serve",
        "--port",
        port,
        "--workers",
        given.workers,
    ]
    command += ["--territory", given.territory, "--database", given.database]
    server = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{url}/api/v1/health").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        manifest = json.loads((Path(given.territory) / "territory.json").read_text())
        box = manifest["contents"]["streets"].get("bbox") or [3.85, 43.59, 3.90, 43.63]
        wide, tall = (box[2] - box[0]) / 4, (box[3] - box[1]) / 4
        box = [box[0] + wide, box[1] + tall, box[2] - wide, box[3] - tall]
        tally, until = Tally(), time.monotonic() + given.seconds
        users = [
            threading.Thread(target=use, args=(url, box, tally, number, until, given.pause))
            for number in range(given.users)
        ]
        for user in users:
            user.start()
        time.sleep(min(60, given.seconds / 2))
        warm = resident_kb(server.pid)
        for user in users:
            user.join()
        end = resident_kb(server.pid)
    finally:
        server.terminate()
        server.wait(30)
    print(
        f"{given.users} users, {given.workers} workers, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    for what, seconds in tally.seconds.items():
        ordered = sorted(seconds)
        p50, p95 = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.5, 0.95))
        print(f"{what:13} {len(ordered):6} answers   p50 {p50:7.0f} ms   p95 {p95:7.0f} ms")
    print(f"errors {len(tally.errors)} {sorted(set(tally.errors))}")
    print(
        f"memory {warm / 1024:.0f} MB at half time, {end / 1024:.0f} MB at the end ({100 * (end / warm - 1):+.1f} %)"
    )


if __name__ == "__main__":
    main()
