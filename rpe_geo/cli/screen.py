"""What commands print with: results on stdout, progress on stderr, files that are never half-written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing
from rpe_geo.messages import MESSAGES
from rpe_geo.protocols import Progress as ProgressCallback

__all__ = ["console", "progress_bar", "write_whole"]


def console() -> Console:
    """Return a console for results; wide enough for a table when the output is not a terminal."""
    return Console(width=None if sys.stdout.isatty() else 120, soft_wrap=False)


@contextmanager
def progress_bar() -> Iterator[ProgressCallback]:
    """Show progress on stderr: a bar in a terminal, nothing in a pipe."""
    screen = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    ) as bar:
        tasks: dict[str, int] = {}

        def progress(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(MESSAGES.get(what, what), total=total)
            bar.update(bar.task_ids[tasks[what]], completed=done, total=total)

        yield progress


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file completely or not at all."""
    if not path.parent.is_dir():
        raise InvalidFile("folder_missing", where=Where(file=str(path)), folder=str(path.parent))
    payload = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path) as fresh:
        fresh.write_bytes(payload)
