"""Run tiles on threads or on a Dask cluster: progress shown, restartable, nothing done twice."""

from __future__ import annotations

import hashlib
import logging
import pickle
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.files import replacing
from rpe_geo.observatory.tiles import Job
from rpe_geo.protocols import Progress, silent

__all__ = ["DaskRunner", "LocalRunner"]

_FEWEST_AHEAD = 16
_WAIT_S = 30
"""Longest wait for a first worker, in seconds."""


class _KeptTiles(ABC):
    """Runs jobs and keeps what they gave, so that an interrupted run goes on from there."""

    def __init__(self, kept_in: Path | None, progress: Progress) -> None:
        self._kept_in = kept_in
        self._progress = progress
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of what runs the jobs."""

    @abstractmethod
    def _results(self, jobs: Sequence[Job], waiting: list[int]) -> Iterator[tuple[int, Any]]:
        """Run the jobs that are waiting: number and result of each, as they come."""

    def __call__(self, jobs: Sequence[Job]) -> Iterable[Any]:
        """Run all jobs; finished ones are read back."""
        results: list[Any] = [None] * len(jobs)
        waiting = []
        what = f"tiles_{jobs[0].name.partition('-')[0]}" if jobs else "tiles"
        for number, job in enumerate(jobs):
            kept = self._kept(job)
            if kept is not None and kept.is_file():
                results[number] = np.load(kept)
            else:
                waiting.append(number)
        self._done = len(jobs) - len(waiting)
        self._progress(what, self._done, len(jobs))
        for number, result in self._results(jobs, waiting):
            results[number] = result
            kept = self._kept(jobs[number])
            if kept is not None:
                with replacing(kept) as temporary, temporary.open("wb") as stream:
                    np.save(stream, result)
            self._done += 1
            self._progress(what, self._done, len(jobs))
        return results

    def _kept(self, job: Job) -> Path | None:
        """Name the file of a job by all that it depends on."""
        if self._kept_in is None:
            return None
        digest = hashlib.sha256(pickle.dumps(job.arguments, protocol=5)).hexdigest()[:24]
        return self._kept_in / f"{job.name}-{digest}.npy"


class LocalRunner(_KeptTiles):
    """
    Runs tiles on threads of this process.

    All of France takes two seconds of processor time: processes of their own cost more to start than they bring, and numpy
    leaves the lock to other threads.

    Parameters
    ----------
    threads
        How many at once.
    kept_in
        Folder where finished tiles are kept: a run that was interrupted goes on from there. None keeps nothing.
    progress
        Told of the tiles done.
    """

    def __init__(
        self, *, threads: int = 2, kept_in: Path | None = None, progress: Progress = silent
    ) -> None:
        super().__init__(kept_in, progress)
        self._pool = ThreadPoolExecutor(threads)

    def close(self) -> None:
        """Begin no other job."""
        self._pool.shutdown(cancel_futures=True)

    def _results(self, jobs: Sequence[Job], waiting: list[int]) -> Iterator[tuple[int, Any]]:
        running = {
            self._pool.submit(jobs[number].function, *jobs[number].arguments): number
            for number in waiting
        }
        for future in as_completed(running):
            yield running[future], future.result()


class DaskRunner(_KeptTiles):
    """
    Runs tiles on a Dask cluster; its workers need the same versions of this package, numpy and scipy.

    Parameters
    ----------
    scheduler
        Address of a running cluster (`tcp://…`).
    kept_in, progress
        See `LocalRunner`.
    """

    def __init__(
        self, scheduler: str, *, kept_in: Path | None = None, progress: Progress = silent
    ) -> None:
        super().__init__(kept_in, progress)
        self._scheduler = scheduler
        distributed: Any = import_module("distributed")
        # It tells of every connection, and of every lost one again and again; we tell once.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self._distributed = distributed
        try:
            self._client: Any = distributed.Client(scheduler, timeout=15)
        except (OSError, ValueError) as error:
            raise ServiceUnavailable("scheduler_unreachable", given=scheduler) from error
        try:
            self._client.wait_for_workers(1, timeout=_WAIT_S)
        except TimeoutError as error:
            self._client.close()
            raise ServiceUnavailable("scheduler_no_worker", given=scheduler) from error

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()

    def __call__(self, jobs: Sequence[Job]) -> Iterable[Any]:
        """
        Run all jobs; finished ones are read back.

        Raises
        ------
        ServiceUnavailable
            When the cluster is lost on the way: what is finished is kept, and the same run goes on from there.
        """
        try:
            return super().__call__(jobs)
        except (OSError, CancelledError) as error:
            raise ServiceUnavailable(
                "scheduler_lost", given=self._scheduler, done=self._done, total=len(jobs)
            ) from error

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
