"""
Load on the service: many users at once on the loopback, answers and resident memory.

    python tests/benchmarks/api/bench_load.py --territory T --database sqlite:///R.sqlite --users 50 --seconds 60 --workers 2

Each user asks for suggestions from a random place, then completes an address, then reads for a while. Needs are drawn among
`--needs` different ones (hours, ages, starts); `--token` asks as a professional, who also reads every refusal and opening.
There is no peer to compare with: read the figures beside the load of the machine, which is printed; the seconds of
processor that one round costs the service depend on it much less.
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

HOURS = [
    "Mo-Fr 08:00-17:30",
    "Mo,Tu,Th,Fr 08:30-17:00",
    "Mo-Fr 08:30-16:30",
    "Mo-Th 07:30-18:00",
    "Tu,Th 09:00-17:00",
    "Mo-Fr 06:30-15:00",
    ["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"],
]


def need(number: int) -> dict[str, object]:
    """Draw one need; the same number is the same need."""
    draw = random.Random(f"need {number}")
    return {
        "children": [{"birth_date": f"2026-{draw.randint(1, 10):02d}-{draw.randint(1, 28):02d}"}],
        "start": f"2027-0{draw.randint(1, 9)}-{draw.randint(1, 28):02d}",
        "start_tolerance_days": draw.choice([7, 14, 30]),
        "schedule": draw.choice(HOURS),
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
        if status == 422:  # a random place in a field, far from every street
            return
        self.seconds[what].append(time.perf_counter() - begun)
        if status != 200:
            self.errors.append(str(status))


def use(
    url: str, box: list[float], tally: Tally, number: int, until: float, given: argparse.Namespace
) -> None:
    """Be one user."""
    draw, pause = random.Random(number), given.pause
    headers = {"Authorization": f"Bearer {given.token}"} if given.token else {}
    with httpx.Client(base_url=url, timeout=60, headers=headers) as client:
        time.sleep(draw.random() * pause)
        while time.monotonic() < until:
            asked = need(draw.randrange(given.needs)) | {
                "longitude": draw.uniform(box[0], box[2]),
                "latitude": draw.uniform(box[1], box[3]),
                "mode": draw.choice(["walk", "bike", "car"]),
                "max_minutes": 20,
            }
            tally.ask(
                "suggestions",
                lambda asked=asked: client.post("/api/v1/suggestions", json=asked),
            )
            typed = {
                "q": f"{draw.randint(1, 40)} rue {draw.choice('abcdefgjlmprst')}",
                "autocomplete": 1,
            }
            tally.ask(
                "autocomplete", lambda asked=typed: client.get("/api/v1/geocode", params=asked)
            )
            time.sleep(pause * draw.uniform(0.5, 1.5))


def family(root: int) -> list[int]:
    """List a process and its children."""
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for task in Path(f"/proc/{process}/task").iterdir():
            waiting += [int(child) for child in (task / "children").read_text().split()]
    return found


def resident_kb(root: int) -> int:
    """Sum the proportional memory of a process and its children, in kB."""
    return sum(
        int(line.split()[1])
        for process in family(root)
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    )


def processor_s(root: int) -> float:
    """Sum the seconds of processor that a process and its children have used."""
    ticks = 0
    for process in family(root):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Serve, load, report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--territory", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=4, help="mean seconds that a user reads")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--needs", type=int, default=200, help="how many different needs there are")
    parser.add_argument("--token", help="ask as a professional")
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
        used = processor_s(server.pid)
        tally, until = Tally(), time.monotonic() + given.seconds
        users = [
            threading.Thread(target=use, args=(url, box, tally, number, until, given))
            for number in range(given.users)
        ]
        for user in users:
            user.start()
        time.sleep(min(60, given.seconds / 2))
        warm = resident_kb(server.pid)
        for user in users:
            user.join()
        end = resident_kb(server.pid)
        used = processor_s(server.pid) - used
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
    rounds = max(len(tally.seconds["suggestions"]), 1)
    print(f"processor     {1000 * used / rounds:6.0f} ms for suggestions and an address")
    print(f"errors {len(tally.errors)} {sorted(set(tally.errors))}")
    print(
        f"memory {warm / 1024:.0f} MB at half time, {end / 1024:.0f} MB at the end ({100 * (end / warm - 1):+.1f} %)"
    )


if __name__ == "__main__":
    main()
