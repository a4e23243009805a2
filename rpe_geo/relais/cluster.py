"""Run tiles on processes or on a Dask cluster: progress shown, restartable, nothing done twice."""

from __future__ import annotations

import hashlib
import logging
import pickle
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import numpy as np

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.formats.files import replacing
from rpe_geo.observatory.tiles import Job
from rpe_geo.protocols import Progress
from rpe_geo.relais.observe import silent

__all__ = ["DaskRunner"]


class DaskRunner:
    """
    Runs tiles on Dask.

    Parameters
    ----------
    scheduler
        Address of a running cluster (`tcp://…`), or « local » for processes on this machine.
    workers
        Processes, for « local ».
    kept_in
        Folder where finished tiles are kept: a run that was interrupted goes on from there. None keeps nothing.
    progress
        Told of the tiles done.
    """

    def __init__(
        self,
        scheduler: str = "local",
        *,
        workers: int = 2,
        kept_in: Path | None = None,
        progress: Progress = silent,
    ) -> None:
        distributed: Any = import_module("distributed")
        logging.getLogger("distributed").setLevel(logging.ERROR)  # it tells of every connection
        self._distributed = distributed
        self._kept_in = kept_in
        self._progress = progress
        self._cluster: Any = None
        self._client: Any = None
        try:
            if scheduler == "local":
                self._cluster = distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs=logging.ERROR,
                )
                self._client = distributed.Client(self._cluster)
            else:
                self._client = distributed.Client(scheduler, timeout=15)
        except OSError as error:
            raise ServiceUnavailable("scheduler_unreachable", given=scheduler) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def __call__(self, jobs: Sequence[Job]) -> Iterable[Any]:
        """Run all jobs; finished ones are read back."""
        results: list[Any] = [None] * len(jobs)
        waiting = {}
        what = f"tiles_{jobs[0].name.partition('-')[0]}" if jobs else "tiles"
        done = 0
        for number, job in enumerate(jobs):
            kept = self._kept(job)
            if kept is not None and kept.is_file():
                results[number] = np.load(kept)
                done += 1
            else:
                waiting[self._client.submit(job.function, *job.arguments, pure=False)] = number
        self._progress(what, done, len(jobs))
        for future in self._distributed.as_completed(list(waiting)):
            number = waiting[future]
            results[number] = future.result()
            kept = self._kept(jobs[number])
            if kept is not None:
                with replacing(kept) as temporary, temporary.open("wb") as stream:
                    np.save(stream, results[number])
            done += 1
            self._progress(what, done, len(jobs))
        return results

    def _kept(self, job: Job) -> Path | None:
        """Name the file of a job by all that it depends on."""
        if self._kept_in is None:
            return None
        digest = hashlib.sha256(pickle.dumps(job.arguments, protocol=5)).hexdigest()[:24]
        return self._kept_in / f"{job.name}-{digest}.npy"
