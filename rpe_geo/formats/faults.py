"""What is wrong with a file, fault by fault: every row and every field, not only the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.messages import phrase
from rpe_geo.messages.french import plural

__all__ = ["FaultLog", "Origin", "RecordsRefused", "RowFault"]


@dataclass(frozen=True)
class RowFault:
    """
    One fault, or one warning, at its place; `rpe_geo.messages.explain` phrases it.

    Parameters
    ----------
    where
        File, row (1 is the first record) and field; nested fields are `agrement.places`, `contracts[1].presence`.
    code, values
        Key of the French sentence, and what it names.
    """

    where: Where
    code: str
    values: dict[str, Any] = field(default_factory=dict)


class RecordsRefused(InvalidFile):
    """
    A file some of whose rows cannot be used: none of it is.

    Parameters
    ----------
    code, where, **values
        Those of the one fault, or `records_refused` at the first of several; `values["faults"]` holds them all.
    """

    @classmethod
    def because(cls, faults: Iterable[RowFault]) -> RecordsRefused:
        """Build the error of one or several faults."""
        report = tuple(faults)
        first = report[0]
        if len(report) == 1:
            return cls(first.code, where=first.where, **first.values, faults=report)
        rows = len({(fault.where.file, fault.where.row) for fault in report})
        return cls(
            "records_refused",
            where=first.where,
            first=phrase(first.code, **first.values),
            others=plural(len(report) - 1, "autre faute", "autres fautes"),
            rows=plural(rows, "ligne"),
            faults=report,
        )

    @property
    def faults(self) -> tuple[RowFault, ...]:
        """Every fault, in the order of the file."""
        report: tuple[RowFault, ...] = self.values["faults"]
        return report

    def __str__(self) -> str:
        return f"{self.code}({len(self.faults)} faults)"


@dataclass(frozen=True)
class Origin:
    """Where a value was read: a file, a row, and the path of the object that holds it."""

    file: str | None = None
    row: int | None = None
    path: str = ""

    def at(self, name: str) -> Where:
        """Name the place of a field of this object; an empty name is the object itself."""
        return Where(file=self.file, row=self.row, field=self.join(name) or None)

    def join(self, name: str) -> str:
        """Name a field of this object by its whole path."""
        return f"{self.path}.{name}" if self.path and name else self.path or name

    def inside(self, name: str) -> Origin:
        """Go one object deeper."""
        return Origin(self.file, self.row, self.join(name))


@dataclass
class FaultLog:
    """Faults and warnings as a reader meets them."""

    faults: list[RowFault] = field(default_factory=list)
    warnings: list[RowFault] = field(default_factory=list)

    def refuse(self, where: Where, code: str, **values: Any) -> None:
        """Note something that makes the record unusable."""
        self.faults.append(RowFault(where, code, values))

    def refuse_error(self, where: Where, error: InputError) -> None:
        """Note what a value or the domain refused."""
        values: Mapping[str, Any] = error.values
        self.faults.append(RowFault(where, error.code, dict(values)))

    def note(self, where: Where, code: str, **values: Any) -> None:
        """Note something that a person should look at; the record is used."""
        self.warnings.append(RowFault(where, code, values))
