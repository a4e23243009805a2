"""
Measure access tile by tile at the size of a country; run as a script, never by pytest.

    python tests/benchmarks/observatory/bench_tiles.py [CELLS PLACES]

By default 600,000 cells × 250,000 places of care: in this process, then on a Dask scheduler and two workers started on
127.0.0.1 and ended by their own handles. Prints CPU seconds, peak memory, and whether the bits are the same.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from bench_access import PACE, STEP, country

from rpe_geo.deployment.cluster import DaskRunner
from rpe_geo.observatory.tiles import tiled_access_profile


def megabytes() -> float:
    """Peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def start(folder: Path) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """Start a scheduler and two workers of one thread each."""
    told = folder / "scheduler.json"
    here = ["--host", "127.0.0.1", "--no-dashboard"]
    python = [sys.executable, "-m"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [*python, "distributed.cli.dask_scheduler", *here, "--port", "0"]
    processes = [subprocess.Popen([*command, "--scheduler-file", str(told)], **quiet)]
    while not told.is_file():
        time.sleep(0.1)
    address = json.loads(told.read_text())["address"]
    command = [*python, "distributed.cli.dask_worker", address, *here, "--nthreads", "1"]
    command += ["--no-nanny", "--local-directory", str(folder)]
    processes += [subprocess.Popen(command, **quiet) for _ in range(2)]
    return address, processes


def main(cells: int, places: int) -> None:
    """Run in turn, then on the cluster, then again from the tiles kept."""
    demand, supply = country(cells, places, seed=1)
    began, spent = time.perf_counter(), time.process_time()
    alone = tiled_access_profile(demand, supply, PACE, STEP)
    print(
        f"{cells:,} x {places:,} in one process: {time.process_time() - spent:.0f} s of CPU, "
        f"{time.perf_counter() - began:.0f} s by the clock, {megabytes():.0f} MB at the peak"
    )
    with tempfile.TemporaryDirectory() as name:
        address, processes = start(Path(name))
        watched = [psutil.Process(process.pid) for process in processes]
        peaks = [0.0] * len(watched)

        def watch(_what: str, _done: int, _total: int | None) -> None:
            for number, process in enumerate(watched):
                peaks[number] = max(peaks[number], process.memory_info().rss / 2**20)

        try:
            kept = Path(name) / "tiles"
            with DaskRunner(address, kept_in=kept, progress=watch) as run:
                before = [sum(process.cpu_times()[:2]) for process in watched]
                began, spent = time.perf_counter(), time.process_time()
                spread = tiled_access_profile(demand, supply, PACE, STEP, run=run)
                wall, own = time.perf_counter() - began, time.process_time() - spent
                after = [sum(process.cpu_times()[:2]) for process in watched]
                began = time.perf_counter()
                again = tiled_access_profile(demand, supply, PACE, STEP, run=run)
                restarted = time.perf_counter() - began
            used = [b - a for a, b in zip(before, after, strict=True)]
            files = list(kept.glob("*.npy"))
        finally:
            for process in reversed(processes):
                process.kill()
                process.wait()
    print(
        f"on the cluster: {wall:.0f} s by the clock; CPU: client {own:.0f} s, scheduler {used[0]:.0f} s, "
        f"workers {used[1]:.0f} + {used[2]:.0f} s; peak: scheduler {peaks[0]:.0f} MB, workers "
        f"{peaks[1]:.0f} and {peaks[2]:.0f} MB; client {megabytes():.0f} MB; {len(files)} tiles"
    )
    print(f"from the tiles kept: {restarted:.0f} s by the clock")
    print(f"the same bits: {alone.equals(spread) and alone.equals(again)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3] or (600_000, 250_000)))
