"""
The errors of rpe_geo, all under one root.

```
RpeGeoError
├── InputError(ValueError)              what was given cannot be used; the message says where and what to do
│   ├── AddressNotFound
│   ├── AmbiguousAddress                carries the choices
│   ├── InvalidSchedule
│   ├── InvalidRecord
│   └── InvalidFile
├── NotFound(LookupError)               an id or a code that nobody knows
├── Conflict                            somebody changed the same thing meanwhile
├── Forbidden(PermissionError)          this audience may not
└── ServiceUnavailable(ConnectionError) a service that we depend on does not answer
```

An error carries a `code` and `values`; `rpe_geo.messages.explain` phrases it in French for people. `str(error)` is
the short English form for developers and logs and never holds personal data beyond what the caller put in `values`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "AddressNotFound",
    "AmbiguousAddress",
    "Conflict",
    "Forbidden",
    "InputError",
    "InvalidFile",
    "InvalidRecord",
    "InvalidSchedule",
    "NotFound",
    "RpeGeoError",
    "ServiceUnavailable",
    "Where",
]


@dataclass(frozen=True)
class Where:
    """The place of a fault in what the user gave: a file, a row (1 is the first record), a field."""

    file: str | None = None
    row: int | str | None = None
    field: str | None = None


class RpeGeoError(Exception):
    """
    Root of every error that rpe_geo raises on purpose.

    Parameters
    ----------
    code
        Key of the French sentence in `rpe_geo.messages`.
    where
        File, row and field of the fault, when there is one.
    **values
        What the sentence names: the faulty value, the limit, the remedy.
    """

    def __init__(self, code: str, /, *, where: Where | None = None, **values: Any) -> None:
        self.code = code
        self.where = where or Where()
        self.values = values
        super().__init__(code)

    def __str__(self) -> str:
        named = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.code}({named})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Processes pass errors by pickle; keyword-only arguments need help.
        return _rebuild, (type(self), self.code, self.where, self.values)

    def at(
        self,
        *,
        file: str | None = None,
        row: int | str | None = None,
        field: str | None = None,
    ) -> RpeGeoError:
        """Complete the place of the fault with what an outer reader knows, and return the error."""
        self.where = Where(
            file=self.where.file or file,
            row=self.where.row if self.where.row is not None else row,
            field=self.where.field or field,
        )
        return self


def _rebuild(
    kind: type[RpeGeoError], code: str, where: Where, values: dict[str, Any]
) -> RpeGeoError:
    return kind(code, where=where, **values)


class InputError(RpeGeoError, ValueError):
    """What was given cannot be used."""


class AddressNotFound(InputError):
    """No place of the territory looks like this address."""


class AmbiguousAddress(InputError):
    """Several places could be meant; `values["choices"]` lists them as `Geocoded`."""


class InvalidSchedule(InputError):
    """A timetable that cannot be read; `values` name the text and the faulty part."""


class InvalidRecord(InputError):
    """A record whose fields contradict the format or each other."""


class InvalidFile(InputError):
    """A file that is missing, empty, or not of the format asked for."""


class NotFound(RpeGeoError, LookupError):
    """An id or a code that nobody knows here."""


class Conflict(RpeGeoError):
    """Somebody changed the same thing meanwhile."""


class Forbidden(RpeGeoError, PermissionError):
    """Something that the present audience may not read or do."""


class ServiceUnavailable(RpeGeoError, ConnectionError):
    """A service that we depend on does not answer."""
