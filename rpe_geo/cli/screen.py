"""What commands print with: results on stdout, progress on stderr, files that are never half-written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing
from rpe_geo.messages import MESSAGES

if TYPE_CHECKING:
    from rich.console import Console

    from rpe_geo.protocols import Progress as ProgressCallback

__all__ = ["console", "progress_bar", "write_whole"]


def console() -> Console:
    """Return a console for results; wide enough for a table when the output is not a terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120, soft_wrap=False)


@contextmanager
def progress_bar() -> Iterator[ProgressCallback]:
    """Show progress on stderr: a bar in a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    # Imported where it is seen: a command in a script does not wait for it.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
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
