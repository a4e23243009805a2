"""
The shape of a record, read once from the domain's own annotations: its fields, their kinds, its nested objects.

The domain is the format: a field of `rpe_geo.domain` is a key of JSON and a column of tables. A shape reads JSON
objects into records and notes every fault on the way; it writes records back.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from rpe_geo.domain import (
    MONTHS_MAX,
    PLACES_MAX,
    Adaptation,
    Agrement,
    Availability,
    Child,
    Leave,
    Request,
)
from rpe_geo.errors import InputError, InvalidRecord
from rpe_geo.formats.faults import FaultLog, Origin
from rpe_geo.formats.nearest import nearest_name
from rpe_geo.formats.values import (
    BOOLEAN,
    DAY,
    HOURS,
    INTEGER,
    NUMBER,
    OPTIONAL_TEXT,
    SET_OF_WORDS,
    TEXT,
    WEIGHTS,
    WHOLE_NUMBERS,
    WORDS,
    Value,
    choice,
    show,
)
from rpe_geo.schedule import Timetable

__all__ = ["Field", "Located", "Rows", "Struct", "struct_of"]

_FILE_NAMES = {
    (Adaptation, "start"): "from",
    (Availability, "start"): "from",
    (Leave, "start"): "from",
}
"""Fields whose name in files is not a Python identifier."""

_STAND_INS_BY_NAME: dict[str, Any] = {
    "days": 1,
    "hours_per_month": 100.0,
    "to": date.max,
    "weeks": (1,),
}
_STAND_INS: dict[Any, Any] = {
    str: "?",
    int: PLACES_MAX,
    date: date.min,
    Timetable: Timetable.parse("Mo 00:00-24:00"),
    Agrement: Agrement(places=PLACES_MAX),
    tuple: (Child(date.min),),
}
"""What stands for a faulty required field while the domain's other rules are tried."""


@dataclass(frozen=True)
class Located:
    """An object that was read from another place than the one it belongs to: a row of a table of its own."""

    origin: Origin
    values: Any


@dataclass(frozen=True)
class Field:
    """
    One field of a record.

    Parameters
    ----------
    name
        In files.
    attribute
        In the domain.
    shape
        A kind of value, a nested object, or rows.
    required
        Whether it has no default.
    default
        What its absence means; `MISSING` where there is none.
    hint
        Its annotation in the domain.
    """

    name: str
    attribute: str
    shape: Value | Struct | Rows
    required: bool
    default: Any
    hint: Any


@dataclass(frozen=True)
class Rows:
    """A list of nested objects; a table of its own beside the main one."""

    item: Struct

    def read(self, value: Any, origin: Origin, name: str, log: FaultLog) -> tuple[Any, ...] | None:
        """Read each object; None when one of them is faulty."""
        if not isinstance(value, list):
            log.refuse(
                origin.at(name),
                "value_wrong_type",
                expected="une liste d’objets",
                value=show(value),
            )
            return None
        records = []
        for number, item in enumerate(value, start=1):
            if isinstance(item, Located):
                records.append(self.item.read(item.values, item.origin, log))
            else:
                records.append(self.item.read(item, origin.inside(f"{name}[{number}]"), log))
        return None if any(record is None for record in records) else tuple(records)


@dataclass(frozen=True)
class Struct:
    """An object with named fields that becomes one dataclass of the domain."""

    kind: type[Any]
    fields: tuple[Field, ...]

    def read(self, value: Any, origin: Origin, log: FaultLog) -> Any | None:
        """
        Read a JSON object.

        Parameters
        ----------
        value
            What stands in the file.
        origin
            Where it stands.
        log
            Receives every fault, the domain's own included.

        Returns
        -------
        dataclass or None
            The record, None when anything in it is faulty.
        """
        if not isinstance(value, Mapping):
            log.refuse(origin.at(""), "value_wrong_type", expected="un objet", value=show(value))
            return None
        known = len(log.faults)
        arguments: dict[str, Any] = {}
        faulty: set[str] = set()
        value = self._with_names_meant(value, origin, log)
        for field in self.fields:
            given = value.get(field.name)
            if given is None:
                if field.required:
                    log.refuse(origin.at(field.name), "required_field_missing", field=field.name)
                    faulty.add(field.attribute)
                continue
            before = len(log.faults)
            read = self._read_field(field, given, origin, log)
            if len(log.faults) > before:
                faulty.add(field.attribute)
            elif read is not None:
                arguments[field.attribute] = read
        said = [name for name in _HOURS_SAID if value.get(name) not in (None, [], {})]
        if self.kind is Request and len(said) != 1:
            code = "hours_said_twice" if said else "required_field_missing"
            log.refuse(origin.at(said[-1] if said else "schedule"), code, field="schedule")
            faulty.add("schedule")
            arguments.pop("schedule", None)
            arguments |= {"roster": None, "envelope": None, "schedule": _STAND_INS[Timetable]}
        record = self._build(arguments, faulty, origin, log)
        return record if len(log.faults) == known else None

    def _read_field(self, field: Field, given: Any, origin: Origin, log: FaultLog) -> Any | None:
        match field.shape:
            case Struct() as struct:
                return struct.read(given, origin.inside(field.name), log)
            case Rows() as rows:
                return rows.read(given, origin, field.name, log)
            case shape:
                try:
                    read = shape.read(given)
                except InputError as error:
                    inner = f"{field.name}.{error.where.field}" if error.where.field else field.name
                    log.refuse_error(origin.at(inner), error)
                    return None
        if field.attribute == "places_offered" and read < 0:
            # The domain writes "all of them" as -1; a file may not.
            log.refuse(origin.at(field.name), "places_negative", value=read)
        return read

    def _with_names_meant(
        self, value: Mapping[str, Any], origin: Origin, log: FaultLog
    ) -> Mapping[str, Any]:
        """Refuse misspelt names and warn of others; what is misspelt is still read, to find its faults too."""
        names = [field.name for field in self.fields]
        unknown = [key for key in value if key not in names]
        if not unknown:
            return value
        meant = dict(value)
        for key in unknown:
            nearest = nearest_name(str(key), names)
            if nearest is None or meant.get(nearest) is not None:
                log.note(origin.at(str(key)), "field_ignored", field=str(key))
            else:
                log.refuse(origin.at(str(key)), "field_misspelt", field=str(key), nearest=nearest)
                meant[nearest] = value[key]
        return meant

    def _build(
        self, arguments: dict[str, Any], faulty: set[str], origin: Origin, log: FaultLog
    ) -> Any | None:
        """Make the record; each rule of the domain that it breaks is noted, then the field set aside to find the next."""
        trial = dict(arguments)
        for field in self.fields:
            if field.required and field.attribute not in trial:
                trial[field.attribute] = _stand_in(field)
        place_unsure = faulty & {"address", "longitude", "latitude"}
        if place_unsure:
            trial |= {"address": "?"}
            trial.pop("longitude", None)
            trial.pop("latitude", None)
        for _ in range(len(self.fields) + 1):
            try:
                return self.kind(**trial)
            except InvalidRecord as error:
                # The domain names its fields from the top; only the last step is ours.
                named = error.where.field or ""
                own = named.rsplit(".", 1)[-1] if origin.path else named
                attribute = own.split(".", 1)[0]
                log.refuse_error(origin.at(self._file_name(own)), error)
                dropped = (
                    {"longitude", "latitude"}
                    if attribute in {"longitude", "latitude"}
                    else {attribute}
                )
                if not dropped & trial.keys() and attribute != "address":
                    return None
                for name in dropped:
                    trial.pop(name, None)
                required = next(
                    (
                        f
                        for f in self.fields
                        if f.attribute == attribute and (f.required or f.name == "schedule")
                    ),
                    None,
                )
                if required is not None:
                    trial[attribute] = _stand_in(required)
                if dropped & {"longitude", "latitude", "address"}:
                    trial["address"] = "?"
        return None

    def _file_name(self, attribute: str) -> str:
        return _FILE_NAMES.get((self.kind, attribute), attribute)

    def write(self, record: Any) -> dict[str, Any]:
        """Write a record as a JSON object; nested objects and lists that are None are left out."""
        written: dict[str, Any] = {}
        for field in self.fields:
            value = getattr(record, field.attribute)
            if field.name == "schedule" and _hours_said_otherwise(record):
                value = None
            match field.shape:
                case Struct() as struct:
                    if value is not None:
                        written[field.name] = struct.write(value)
                case Rows(item=item):
                    if value is not None:
                        written[field.name] = [item.write(row) for row in value]
                case shape:
                    written[field.name] = None if value is None else shape.write(value)
        return written

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Value]]:
        """List the columns of the main table: dotted names and their kinds, open-ended ones as `preferences.`."""
        for field in self.fields:
            match field.shape:
                case Struct() as struct:
                    yield from struct.leaves(f"{prefix}{field.name}.")
                case Rows():
                    pass
                case shape:
                    yield f"{prefix}{field.name}{'.' if shape.open_ended else ''}", shape

    def tables(self, prefix: str = "") -> Iterator[tuple[str, Struct]]:
        """List the tables of their own: dotted path of the list, and the shape of a row."""
        for field in self.fields:
            match field.shape:
                case Struct() as struct:
                    yield from struct.tables(f"{prefix}{field.name}.")
                case Rows(item=item):
                    yield f"{prefix}{field.name}", item
                case _:
                    pass


_HOURS_SAID = ("schedule", "roster", "envelope")


def _hours_said_otherwise(record: Any) -> bool:
    """Tell whether the hours of a need are those of its roster or envelope, and so not written twice."""
    return isinstance(record, Request) and (
        record.roster is not None or record.envelope is not None
    )


def _stand_in(field: Field) -> Any:
    if field.name == "min_months":
        return 0
    if field.name == "max_months":
        return MONTHS_MAX
    if field.name == "hours" and field.hint is str:
        return "00:00-24:00"
    if field.name in _STAND_INS_BY_NAME:
        return _STAND_INS_BY_NAME[field.name]
    return _STAND_INS[get_origin(field.hint) or field.hint]


_KNOWN: dict[type[Any], Struct] = {}


def struct_of(kind: type[Any]) -> Struct:
    """Read the shape of a dataclass of the domain from its annotations, once."""
    if kind not in _KNOWN:
        _KNOWN[kind] = _read_struct(kind)
    return _KNOWN[kind]


def _read_struct(kind: type[Any]) -> Struct:
    hints = get_type_hints(kind)
    fields = []
    for declared in dataclasses.fields(kind):
        hint = hints[declared.name]
        required = (
            declared.default is dataclasses.MISSING
            and declared.default_factory is dataclasses.MISSING
        )
        fields.append(
            Field(
                name=_FILE_NAMES.get((kind, declared.name), declared.name),
                attribute=declared.name,
                shape=_shape_of(hint),
                required=required,
                default=declared.default,
                hint=hint,
            )
        )
    return Struct(kind, tuple(fields))


def _shape_of(hint: Any) -> Value | Struct | Rows:
    if get_origin(hint) in {Union, types.UnionType}:
        (inner,) = (part for part in get_args(hint) if part is not types.NoneType)
        return OPTIONAL_TEXT if inner is str else _shape_of(inner)
    scalars: dict[Any, Value] = {
        str: TEXT,
        int: INTEGER,
        float: NUMBER,
        bool: BOOLEAN,
        date: DAY,
        Timetable: HOURS,
        frozenset[str]: SET_OF_WORDS,
        tuple[str, ...]: WORDS,
        tuple[int, ...]: WHOLE_NUMBERS,
    }
    if hint in scalars:
        return scalars[hint]
    if get_origin(hint) is Literal:
        return choice(get_args(hint))
    if get_origin(hint) is tuple:
        return Rows(struct_of(get_args(hint)[0]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return struct_of(hint)
    if get_origin(hint) is Mapping:
        return WEIGHTS
    raise TypeError(f"no file form for {hint}")
