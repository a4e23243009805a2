"""Run every measurement, one after the other: `python -m tests.benchmarks`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    """Run each script in a process of its own; return the worst exit code."""
    worst = 0
    for script in sorted(FOLDER.rglob("bench*.py")):
        print(f"\n=== {script.relative_to(FOLDER)}", flush=True)
        done = subprocess.run([sys.executable, str(script)], cwd=FOLDER.parents[1], check=False)
        worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
