"""What is left out of a result because it lies too far from every street: a file beside it, and a line on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import typer

from rpe_geo.cli.screen import write_whole
from rpe_geo.messages import phrase
from rpe_geo.messages.french import metres, plural

__all__ = ["named_with_distance", "write_left_out"]

_NAMED = 5


def named_with_distance(points: Sequence[tuple[str, float]]) -> str:
    """Name the first of some points, each with its distance (m): « AM-7 (1,4 km), AM-9 (840 km), … »."""
    named = [f"{point} ({metres(apart)})" for point, apart in points[:_NAMED]]
    return ", ".join(named) + (", …" if len(points) > _NAMED else "")


def write_left_out(output: Path | None, parts: Sequence[pd.DataFrame]) -> None:
    """
    Write beside a result the points that were left out of it, and say so in one line on stderr.

    Parameters
    ----------
    output
        The result: `OUT.csv` has `OUT.left-out.csv` beside it; one that an earlier run left is removed. None where the result went
        to the screen: then the line says all.
    parts
        What `StreetEngine.left_out` returned, file by file.
    """
    beside = None if output is None else output.with_name(f"{output.stem}.left-out.csv")
    far = pd.concat([part.rename_axis("id").reset_index() for part in parts])
    far = far.drop_duplicates().sort_values("distance_m", ascending=False, kind="stable")
    if far.empty:
        if beside is not None:
            beside.unlink(missing_ok=True)
        return
    reasons = [phrase("left_out_far", limit=metres(limit)) for limit in far["limit_m"]]
    table = pd.DataFrame(
        {"id": far["id"], "reason": reasons, "distance_m": far["distance_m"].round().astype(int)}
    )
    if beside is not None:
        write_whole(beside, table.to_csv(index=False, lineterminator="\n"))
    said = phrase(
        "left_out",
        points=plural(len(far), "point hors des rues, écarté", "points hors des rues, écartés"),
        named=named_with_distance(list(zip(far["id"], far["distance_m"], strict=True))),
        where="" if beside is None else phrase("left_out_file", file=str(beside)),
    )
    typer.echo(said, err=True)
