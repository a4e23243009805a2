"""Run tiles on processes or on a Dask cluster: progress shown, restartable, nothing done twice."""

from __future__ import annotations

import hashlib
import logging
import pickle
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.files import replacing
from rpe_geo.observatory.tiles import Job
from rpe_geo.protocols import Progress, silent

__all__ = ["DaskRunner"]

_FEWEST_AHEAD = 16
_WAIT_S = 30
"""Longest wait for a first worker, in seconds."""


class DaskRunner:
    """
    Runs tiles on Dask; the workers of a cluster need the same versions of this package, numpy and scipy.

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
        self._scheduler = scheduler
        distributed: Any = import_module("distributed")
        # It tells of every connection, and of every lost one again and again; we tell once.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
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
                    silence_logs=logging.CRITICAL,
                )
                self._client = distributed.Client(self._cluster)
            else:
                self._client = distributed.Client(scheduler, timeout=15)
        except (OSError, ValueError) as error:
            raise ServiceUnavailable("scheduler_unreachable", given=scheduler) from error
        try:
            self._client.wait_for_workers(1, timeout=_WAIT_S)
        except TimeoutError as error:
            self._client.close()
            raise ServiceUnavailable("scheduler_no_worker", given=scheduler) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def __call__(self, jobs: Sequence[Job]) -> Iterable[Any]:
        """
        Run all jobs; finished ones are read back.

        Raises
        ------
        ServiceUnavailable
            When the cluster is lost on the way: what is finished is kept, and the same run goes on from there.
        """
        results: list[Any] = [None] * len(jobs)
        waiting = []
        what = f"tiles_{jobs[0].name.partition('-')[0]}" if jobs else "tiles"
        for number, job in enumerate(jobs):
            kept = self._kept(job)
            if kept is not None and kept.is_file():
                results[number] = np.load(kept)
            else:
                waiting.append(number)
        done = len(jobs) - len(waiting)
        self._progress(what, done, len(jobs))
        try:
            for number, result in self._results(jobs, waiting):
                results[number] = result
                kept = self._kept(jobs[number])
                if kept is not None:
                    with replacing(kept) as temporary, temporary.open("wb") as stream:
                        np.save(stream, result)
                done += 1
                self._progress(what, done, len(jobs))
        except (OSError, CancelledError) as error:
            raise ServiceUnavailable(
                "scheduler_lost", given=self._scheduler, done=done, total=len(jobs)
            ) from error
        return results

    def _results(self, jobs: Sequence[Job], waiting: list[int]) -> Iterator[tuple[int, Any]]:
        """Send jobs a few at a time, so that neither side holds them all, and give results as they come."""
        ahead = max(_FEWEST_AHEAD, 3 * sum(self._client.nthreads().values()))
        queue = iter(waiting)
        numbers: dict[Any, int] = {}

        def send(number: int) -> Any:
            job = jobs[number]
            future = self._client.submit(job.function, *job.arguments, pure=False)
            numbers[future] = number
            return future

        running = self._distributed.as_completed([send(number) for number in islice(queue, ahead)])
        for future in running:
            number = numbers.pop(future)
            yield number, future.result()
            following = next(queue, None)
            if following is not None:
                running.add(send(following))

    def _kept(self, job: Job) -> Path | None:
        """Name the file of a job by all that it depends on."""
        if self._kept_in is None:
            return None
        digest = hashlib.sha256(pickle.dumps(job.arguments, protocol=5)).hexdigest()[:24]
        return self._kept_in / f"{job.name}-{digest}.npy"
