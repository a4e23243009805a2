"""A run on a real cluster: a scheduler and a worker of their own on 127.0.0.1, lost midway, and taken up again."""

import json
import subprocess
import sys
import time
from types import SimpleNamespace

import pandas as pd
import pytest

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.messages import explain
from rpe_geo.observatory.decay import Step
from rpe_geo.observatory.tiles import in_turn, tiled_access_profile
from tests.observatory.test_tiles import PACE, country

pytest.importorskip("distributed")

from rpe_geo.deployment.cluster import DaskRunner

DECAY = Step({5: 1, 10: 0.3, 15: 0.1})
TILE_M = 60_000


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and a worker as processes; both are ended by their own handle."""
    running = []

    def start(workers=1):
        told = tmp_path / f"scheduler-{len(running)}.json"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        here = ["--host", "127.0.0.1", "--no-dashboard"]
        dask = [sys.executable, "-m"]
        file = ["--port", "0", "--scheduler-file", str(told)]
        command = [*dask, "distributed.cli.dask_scheduler", *here, *file]
        scheduler = subprocess.Popen(command, **quiet)
        running.append(scheduler)
        for _ in range(600):
            if told.is_file() and told.read_text().strip():
                break
            time.sleep(0.05)
        address = json.loads(told.read_text())["address"]
        alone = ["--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)]
        worker = [*dask, "distributed.cli.dask_worker", address, *here, *alone]
        running.extend(subprocess.Popen(worker, **quiet) for _ in range(workers))
        return SimpleNamespace(address=address, scheduler=scheduler)

    yield start
    for process in reversed(running):
        process.kill()
        process.wait()


def test_a_lost_cluster_is_told_and_the_run_goes_on_from_its_tiles(tmp_path, cluster):
    demand, supply = country(400, 200)
    expected = tiled_access_profile(demand, supply, PACE, DECAY, tile_m=TILE_M, run=in_turn)
    kept = tmp_path / "tiles"
    first = cluster()
    started = []

    def lose_it(what, done, total):
        started.append((what, done, total))
        if what == "tiles_share" and done == 3:
            first.scheduler.kill()

    with (
        pytest.raises(ServiceUnavailable) as lost,
        DaskRunner(first.address, kept_in=kept, progress=lose_it) as run,
    ):
        tiled_access_profile(demand, supply, PACE, DECAY, tile_m=TILE_M, run=run)
    assert lost.value.code == "scheduler_lost"
    assert "reprendra" in explain(lost.value)
    finished = len(list(kept.glob("*.npy")))
    reach = next(total for what, _, total in started if what == "tiles_reach")
    assert finished >= reach + 3

    again = []
    second = cluster()
    with DaskRunner(second.address, kept_in=kept, progress=lambda *s: again.append(s)) as run:
        answer = tiled_access_profile(demand, supply, PACE, DECAY, tile_m=TILE_M, run=run)
    pd.testing.assert_frame_equal(answer, expected, check_exact=True)
    # What was finished is not computed again, and what is done is shown.
    assert again[0] == ("tiles_reach", reach, reach)
    assert next(done for what, done, _ in again if what == "tiles_share") >= 3
    assert again[-1][0] == "tiles_get"
    assert again[-1][1] == again[-1][2]


def test_a_cluster_that_does_not_answer_or_does_not_work_is_told(cluster, monkeypatch):
    monkeypatch.setattr("rpe_geo.deployment.cluster._WAIT_S", 1)
    idle = cluster(workers=0)
    with pytest.raises(ServiceUnavailable) as refused:
        DaskRunner(idle.address)
    assert refused.value.code == "scheduler_no_worker"
    with pytest.raises(ServiceUnavailable, match="scheduler_unreachable"):
        DaskRunner("nonsense://127.0.0.1:1")
