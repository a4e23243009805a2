"""The tables of a GTFS feed as text: zipped or not, with trailing commas, spaces, another encoding; nothing is refused for its looks."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InvalidFile, Where

__all__ = ["LeftOut", "Source", "seconds_of"]

_NAMED = 5
_MOST_HOURS = 24 * 7


@dataclass
class LeftOut:
    """What of a feed could not be used, by reason: how many, and the first of them by name."""

    counts: dict[str, int] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, named: Iterable[object]) -> None:
        """Count some things that are left out for a reason."""
        every = [str(name) for name in named]
        if not every:
            return
        self.counts[reason] = self.counts.get(reason, 0) + len(every)
        held = self.names.setdefault(reason, [])
        held += [name for name in dict.fromkeys(every) if name not in held][: _NAMED - len(held)]

    def of_file(self, file: str) -> LeftOut:
        """Say of which file everything is."""
        names = {
            reason: [f"{name} ({file})" for name in held] for reason, held in self.names.items()
        }
        return LeftOut(dict(self.counts), names)

    def joined(self, other: LeftOut) -> LeftOut:
        """Add what another feed left out."""
        both = LeftOut(
            dict(self.counts), {reason: list(names) for reason, names in self.names.items()}
        )
        for reason, count in other.counts.items():
            both.counts[reason] = both.counts.get(reason, 0) + count
            both.names[reason] = [*both.names.get(reason, []), *other.names[reason]][:_NAMED]
        return both

    def as_dict(self) -> dict[str, dict[str, object]]:
        """Return reason to count and names, for JSON."""
        return {
            reason: {"count": count, "named": self.names[reason]}
            for reason, count in sorted(self.counts.items())
        }


class Source:
    """
    The files of a feed, in a zip (perhaps inside one folder of it) or in a folder.

    Parameters
    ----------
    path
        The `.zip` or the folder.
    left_out
        Where malformed rows are counted.
    """

    def __init__(self, path: Path, left_out: LeftOut) -> None:
        self.path = path
        self.left_out = left_out
        if not path.exists():
            raise InvalidFile("file_missing", where=Where(file=str(path)))
        self._zip: zipfile.ZipFile | None = None
        if path.is_file():
            try:
                self._zip = zipfile.ZipFile(path)
            except zipfile.BadZipFile as error:
                raise InvalidFile("gtfs_not_zip", where=Where(file=str(path))) from error

    def _bytes(self, table: str) -> bytes | None:
        if self._zip is None:
            file = self.path / table
            return file.read_bytes() if file.is_file() else None
        names = [name for name in self._zip.namelist() if name.split("/")[-1] == table]
        if not names:
            return None
        try:
            return self._zip.read(min(names, key=len))
        except (zipfile.BadZipFile, OSError, RuntimeError) as error:
            raise InvalidFile(
                "gtfs_unreadable", where=Where(file=f"{self.path}/{table}")
            ) from error

    def read(self, table: str, columns: Sequence[str], *, needed: bool = True) -> pd.DataFrame:
        """
        Read one table as text without spaces around it; a table that may be missing comes back empty.

        Parameters
        ----------
        table
            `stops.txt` and the like.
        columns
            Those that must be there.
        needed
            Refuse a feed without the table.

        Returns
        -------
        DataFrame
            Text; empty cells are empty text.

        Raises
        ------
        InvalidFile
            For a table or a column that is missing.
        """
        content = self._bytes(table)
        if content is None or not content.strip():
            if needed:
                raise InvalidFile(
                    "gtfs_table_missing", where=Where(file=str(self.path)), table=table
                )
            return pd.DataFrame(columns=list(columns), dtype=str)
        frame = self._frame(content, table)
        missing = [name for name in columns if name not in frame.columns]
        if missing:
            raise InvalidFile(
                "gtfs_column_missing", where=Where(file=f"{self.path}/{table}"), column=missing[0]
            )
        return frame

    def _frame(self, content: bytes, table: str) -> pd.DataFrame:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
            self.left_out.add("encoding", [table])
        text = text.replace("\x00", "")
        text = text.replace("\r", "" if "\n" in text else "\n")
        first, _, rest = text.partition("\n")
        row = rest.partition("\n")[0]
        uneven = first.rstrip().endswith(",") or row.count(",") > first.count(",")
        if not uneven:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    frame = pd.read_csv(
                        io.StringIO(text), dtype=str, keep_default_na=False, index_col=False
                    )
            except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError):
                frame = self._row_by_row(text, table)
        else:
            frame = self._row_by_row(text, table)
        frame.columns = [str(name).strip().strip('"') for name in frame.columns]
        frame = frame.loc[:, ~frame.columns.duplicated()]
        return pd.DataFrame({name: frame[name].str.strip().fillna("") for name in frame.columns})

    def _row_by_row(self, text: str, table: str) -> pd.DataFrame:
        """Read rows of uneven length: empty cells beyond the last column are nothing, others make a row unreadable."""
        try:
            header, *rows = csv.reader(io.StringIO(text))
        except (csv.Error, ValueError) as error:
            raise InvalidFile(
                "gtfs_unreadable", where=Where(file=f"{self.path}/{table}")
            ) from error
        header = [name.strip() for name in header]
        while header and not header[-1]:
            header.pop()
        width = len(header)
        kept: list[list[str]] = []
        odd: list[str] = []
        for number, row in enumerate(rows, start=1):
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > width and any(cell.strip() for cell in row[width:]):
                odd.append(f"{table} {number}")
                continue
            kept.append([*row[:width], *[""] * (width - len(row))])
        self.left_out.add("row_malformed", odd)
        return pd.DataFrame(kept, columns=header, dtype=str)


def seconds_of(text: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """
    Read `HH:MM:SS` (or `H:MM`) as seconds.

    Parameters
    ----------
    text
        Times; past 24 h after midnight.

    Returns
    -------
    tuple of ndarray
        Seconds, nan where empty or unreadable; and whether something was written that does not read as a time.
    """
    which, different = pd.factorize(text)
    parts = pd.Series(different, dtype=str).str.extract(r"^(\d{1,3}):(\d{2})(?::(\d{2}))?$")
    hours, minutes, seconds = (
        pd.to_numeric(parts[column], errors="coerce").to_numpy(dtype=np.float64)
        for column in range(3)
    )
    seconds = np.where(np.isnan(seconds) & ~np.isnan(hours), 0.0, seconds)
    good = (hours < _MOST_HOURS) & (minutes < 60) & (seconds < 60)
    read = np.where(good, hours * 3600 + minutes * 60 + seconds, np.nan)[which]
    return read, (np.isnan(read) & (text != "").to_numpy())
