"""
Run the tests of laws with other seeds and ten times the examples, for a time: `make fuzz MINUTES=30`.

    python -m tests.fuzz --minutes 30 [--seed 7] [--workers 1] [paths or options of pytest]

Rounds follow one another, each with a seed of its own and in another order, until the time is over: what has begun ends,
what has not is left out. The seed of every round is printed; a round is run again by `--seed`. A failing example is
kept in `.hypothesis/examples` and tried first by the next rounds, and the failures in `.hypothesis/fuzz.txt`.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

REPORT = Path(".hypothesis") / "fuzz.txt"


def run_round(seed: int, until: float, workers: int, options: list[str]) -> tuple[int, str]:
    """Run every law once with a seed; pytest's exit code and its last lines."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "hypothesis",
        f"--hypothesis-seed={seed}",
    ]
    command += ["--random-order", f"--random-order-seed={seed}", "-n", str(workers)]
    environment = os.environ | {"RPE_HYPOTHESIS": "fuzz", "RPE_FUZZ_UNTIL": str(until)}
    done = subprocess.run(
        [*command, *options], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def main(arguments: list[str] | None = None) -> int:
    """Fuzz until the time is over; 1 when something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, help="of the first round; drawn when absent")
    parser.add_argument("--workers", type=int, default=1)
    known, options = parser.parse_known_args(arguments)
    began = time.time()
    until = began + 60 * known.minutes
    failed = rounds = tests = 0
    REPORT.parent.mkdir(exist_ok=True)
    while time.time() < until:
        first = known.seed is not None and rounds == 0
        seed = known.seed if first else random.SystemRandom().randrange(2**32)
        print(f"round {rounds + 1}: --seed {seed}", flush=True)
        code, told = run_round(seed, until, known.workers, options)
        rounds += 1
        tests += sum(int(count) for count in re.findall(r"(\d+) (?:passed|failed)", told))
        if code not in (0, 5):
            failed += 1
            with REPORT.open("a", encoding="utf-8") as report:
                report.write(f"==== seed {seed}\n{told}\n")
            names = re.findall(r"^(?:FAILED|ERROR) .*$", told, re.MULTILINE)
            print("\n".join(names or told.splitlines()[-30:]), flush=True)
    minutes = (time.time() - began) / 60
    print(
        f"{rounds} rounds, {tests} tests of laws at ten times their examples, {minutes:.0f} min",
        end="",
    )
    print(f"; {failed} rounds failed: {REPORT}" if failed else "; nothing failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
