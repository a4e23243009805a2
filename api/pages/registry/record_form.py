"""The forms of the registry, made from the domain: one field per path, its kind from its annotation, faults at their fields."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

from starlette.datastructures import FormData

from api.pages.registry.field_text import (
    NONE_SAID,
    PERHAPS,
    Box,
    Column,
    Sort,
    read_text,
    write_text,
)
from api.pages.requests.need_form import sentence
from api.pages.week_form import HoursForm
from rpe_geo.domain import Childminder, Facility, Mam, Publication
from rpe_geo.errors import RpeGeoError
from rpe_geo.messages.fields import CHOICES, FIELD_NAMES
from rpe_geo.record_fields import RecordField, fields_of, inner, record_from, values_of
from rpe_geo.schedule import Timetable

__all__ = ["GROUPS", "RecordForm"]

_BLANK_ROWS = 2
_ROWS = 40

GROUPS: Mapping[type[Any], tuple[tuple[str, tuple[str, ...]], ...]] = MappingProxyType(
    {
        Childminder: (
            ("Qui et où", ("name", "contact.phone", "contact.email", "mam_id", "address")),
            ("Agrément et places", ("agrement.places", "agrement.places_offered", "agrement.status", "agrement.valid_from", "agrement.valid_until", "agrement.suspended_until", "agrement.exceptional_excess", "agrement.own_under_3_takes_place")),
            ("Horaires", ("working_hours", "accepts_variable_hours", "annual_hours_consent", "min_notice_days", "leave")),
            ("Enfants accueillis", ("contracts", "availabilities", "own_children", "agrement.legacy_ages")),
            ("L’accueil", ("capabilities", "attributes")),
            ("Tarifs", ("hourly_rate", "maintenance_per_day", "meals_per_day")),
            ("Carte des familles", ("publication",)),
        ),
        Mam: (
            ("Quoi et où", ("name", "contact.phone", "contact.email", "address")),
            ("Accueil", ("members_present_max", "children_max")),
        ),
        Facility: (
            ("Quoi et où", ("name", "kind", "contact.phone", "contact.email", "address")),
            ("Accueil", ("places", "age_min_months", "age_max_months", "sections", "capabilities")),
            ("Horaires", ("opening_hours",)),
            ("Tarif", ("funding", "hourly_rate")),
        ),
    }
)  # fmt: skip
"""Titles and paths, or beginnings of paths, of each form; what is named nowhere stands at its end."""

_HINTS = {
    "kind": "Par exemple : crèche, micro-crèche, halte-garderie, RPE, LAEP, PMI.",
    "attributes.pets": "Séparés par des virgules ; « aucun » s’il n’y en a pas.",
    "attributes.languages": "Codes à deux lettres, séparés par des virgules : fr, en, ar.",
    "attributes.schools_served": "Séparées par des virgules.",
    "agrement.places_offered": "Celles qu’elle ou il veut pourvoir.",
    "contracts": "Présence : lu-ve 8:00-17:30 ; sa 9:00-12:00. Videz une ligne pour la retirer.",
    "availabilities": "Heures : lu-ve 8:00-18:00. Videz une ligne pour la retirer.",
    "own_children": "Sans présence écrite, toujours là. Pendant les vacances scolaires : les heures où ils y sont en plus.",
    "leave": "Jours sans accueil, les deux compris. Videz une ligne pour la retirer.",
    "longitude": "Trouvée d’après l’adresse ; à ne corriger que si le point est faux.",
}


def _sort_of(hint: Any) -> Sort:
    held = inner(hint)
    if held is bool:
        return "yes" if held is hint else "perhaps"
    simple: dict[Any, Sort] = {
        str: "text",
        int: "whole",
        float: "decimal",
        date: "day",
        Timetable: "hours",
    }
    if held in simple:
        return simple[held]
    if get_origin(held) is Literal:
        return "choice"
    if get_origin(held) is frozenset:
        return "several"
    return "words" if get_args(held)[0] is str else "rows"


def _box(one: RecordField, mams: Mapping[str, str]) -> Box:
    sort, optional = _sort_of(one.hint), inner(one.hint) is not one.hint
    options: Mapping[str, str] = CHOICES.get(one.path, {})
    if one.path == "mam_id":
        sort, options = "choice", {"": "À son domicile", **mams}
    elif sort == "choice" and optional:
        options = {"": "Non précisé", **options}
    elif sort == "perhaps":
        sort, options = "choice", PERHAPS
    columns: tuple[Column, ...] = ()
    if sort == "rows":
        columns = tuple(
            Column(
                part.path, FIELD_NAMES[f"{one.path}.{part.path}"], _sort_of(part.hint), part.hint
            )
            for part in fields_of(get_args(inner(one.hint))[0])
        )
    return Box(
        one.path,
        FIELD_NAMES[one.path],
        sort,
        one.hint,
        optional,
        _HINTS.get(one.path, ""),
        options,
        columns,
    )


@dataclass(frozen=True)
class RecordForm:
    """
    What stands in the form of a record, as text: what cannot be used is shown again as it was typed.

    Parameters
    ----------
    kind
        Childminder, Mam or Facility.
    texts
        Of the fields with one text, by path.
    ticked
        Words of the fields that take several.
    rows
        Tables: a dictionary of texts per row.
    listed
        Tables that are known at all, empty or not.
    mams
        Identifier to name of the MAM that can be chosen.
    places
        Where a doubtful address may be: « longitude,latitude » to label.
    """

    kind: type[Any]
    texts: dict[str, str]
    ticked: dict[str, frozenset[str]]
    rows: dict[str, list[dict[str, str]]]
    listed: frozenset[str]
    hours: HoursForm
    mams: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    # ---- what is shown -------------------------------------------------------------------------------------------

    @classmethod
    def of(cls, record: Any, mams: Mapping[str, str]) -> RecordForm:
        """Show a record."""
        return cls._filled(type(record), values_of(record), mams)

    @classmethod
    def blank(cls, kind: type[Any], mams: Mapping[str, str]) -> RecordForm:
        """Show an empty form, with the domain's defaults."""
        values = {
            one.name: one.default
            for one in dataclasses.fields(kind)
            if one.default is not dataclasses.MISSING
        }
        return cls._filled(
            kind, {"agrement.status": "active", "publication.address": "masked"} | values, mams
        )

    @classmethod
    def _filled(
        cls, kind: type[Any], values: Mapping[str, Any], mams: Mapping[str, str]
    ) -> RecordForm:
        form = cls(kind, {}, {}, {}, frozenset(), HoursForm(), mams)
        listed, hours = set(), form.hours
        for box in form.boxes:
            value = values.get(box.path)
            if box.sort == "rows":
                form.rows[box.path] = [
                    {column.name: write_text(getattr(row, column.name)) for column in box.columns}
                    for row in value or ()
                ]
                if value is not None:
                    listed.add(box.path)
            elif box.sort == "several":
                form.ticked[box.path] = frozenset(value or ())
            elif box.sort == "hours":
                hours = HoursForm.of(value)
            elif box.sort == "words" and value == () and box.optional:
                form.texts[box.path] = NONE_SAID
            else:
                form.texts[box.path] = write_text(value)
        return dataclasses.replace(form, listed=frozenset(listed), hours=hours)

    @classmethod
    def sent(
        cls, kind: type[Any], form: FormData, before: Any | None, mams: Mapping[str, str]
    ) -> RecordForm:
        """Read back what was sent; hours that the form does not show are those of `before`."""
        empty = cls(kind, {}, {}, {}, frozenset(), HoursForm(), mams)
        listed, hours = set(), HoursForm()
        for box in empty.boxes:
            if box.sort == "rows":
                empty.rows[box.path] = _sent_rows(form, box)
                if (
                    form.get(f"{box.path}.connu") == "oui"
                    or empty.rows[box.path]
                    or not box.optional
                ):
                    listed.add(box.path)
            elif box.sort == "several":
                more = re.split(r"[,;]", str(form.get(f"{box.path}.autres", ""))[:300])
                words = [*map(str, form.getlist(box.path)), *more]
                empty.ticked[box.path] = frozenset(
                    word.strip()[:60] for word in words if word.strip()
                )
            elif box.sort == "hours":
                known = None if before is None else values_of(before)[box.path]
                hours = HoursForm.sent(form, known)
            else:
                empty.texts[box.path] = str(form.get(box.path, "")).strip()[:300]
        return dataclasses.replace(empty, listed=frozenset(listed), hours=hours)

    @property
    def boxes(self) -> list[Box]:
        """Every field of the domain but the identifier and the day of confirmation, which has its own tick."""
        own = f"{self.kind.__name__.lower()}_id"
        left = {own, "availability_confirmed_on"}
        return [_box(one, self.mams) for one in fields_of(self.kind) if one.path not in left]

    @property
    def groups(self) -> list[tuple[str, list[Box]]]:
        """The fields under their titles; what no title names stands at the end."""
        boxes = self.boxes
        named = [
            (title, [box for path in paths for box in boxes if _under(box.path, path)])
            for title, paths in GROUPS[self.kind]
        ]
        seen = {box.path for _, group in named for box in group}
        rest = [box for box in boxes if box.path not in seen]
        return [*named, ("Position sur la carte", rest)] if rest else named

    def rows_of(self, path: str) -> list[dict[str, str]]:
        """Return the rows of a table, and some blank ones."""
        box = next(one for one in self.boxes if one.path == path)
        blank = {column.name: "" for column in box.columns}
        return [*self.rows[path], *(dict(blank) for _ in range(_BLANK_ROWS))]

    # ---- what is read --------------------------------------------------------------------------------------------

    def read(self, identity: str, before: Any | None) -> Any | None:
        """
        Make the record; every fault is noted at its field.

        Parameters
        ----------
        identity
            Its identifier.
        before
            The record that is changed; None for a new one.

        Returns
        -------
        Childminder, Mam, Facility or None
            None when a field cannot be used: `faults` tells which.
        """
        values: dict[str, Any] = {f"{self.kind.__name__.lower()}_id": identity}
        for box in self.boxes:
            if box.sort == "rows":
                values[box.path] = self._read_rows(box)
            elif box.sort == "several":
                values[box.path] = self.ticked[box.path]
            elif box.sort == "hours":
                values[box.path] = self.hours.read(self.faults, required=False)
            else:
                values[box.path] = read_text(
                    self.texts[box.path], box.sort, box, box.path, self.faults
                )
        if before is not None and "availability_confirmed_on" in (known := values_of(before)):
            values["availability_confirmed_on"] = known["availability_confirmed_on"]
        shown = {path: value for path, value in values.items() if path.startswith("publication.")}
        silent = record_from(
            Publication, {path.partition(".")[2]: value for path, value in shown.items()}
        )
        never = before is None or getattr(before, "publication", None) is None
        if shown and never and silent == Publication():
            values |= dict.fromkeys(shown)
        if (
            values.get("agrement.places_offered", 0) is None
            and values["agrement.places"] is not None
        ):
            values["agrement.places_offered"] = values["agrement.places"]
        if self.faults:
            return None
        try:
            return record_from(self.kind, values)
        except RpeGeoError as error:
            path = error.where.field or ""
            self.faults[path if path in values else _whole_path(path, values)] = sentence(error)
            return None

    def _read_rows(self, box: Box) -> tuple[Any, ...] | None:
        """Read a table; a row that says nothing is none."""
        if box.path not in self.listed:
            return None
        kind, rows = get_args(inner(box.hint))[0], []
        for number, row in enumerate(self.rows[box.path]):
            at = f"{box.path}.{number}"
            count = len(self.faults)
            values = {
                column.name: read_text(
                    row[column.name],
                    column.sort,
                    Box(
                        column.name,
                        column.label,
                        column.sort,
                        column.hint,
                        inner(column.hint) is not column.hint,
                    ),
                    f"{at}.{column.name}",
                    self.faults,
                )
                for column in box.columns
            }
            if len(self.faults) > count:
                continue
            try:
                rows.append(record_from(kind, values))
            except RpeGeoError as error:
                name = (error.where.field or "").rpartition(".")[2]
                known = name if name in values else box.columns[0].name
                self.faults[f"{at}.{known}"] = sentence(error)
        return tuple(rows)


def _under(path: str, begin: str) -> bool:
    return path == begin or (path.startswith(f"{begin}.") and _is_part(begin))


def _is_part(begin: str) -> bool:
    return begin in {"attributes", "publication"}


def _whole_path(path: str, known: Iterable[str]) -> str:
    """Find the field that an error of the domain means, which may name it without its part."""
    return next((one for one in known if one.rpartition(".")[2] == path), "")


def _sent_rows(form: FormData, box: Box) -> list[dict[str, str]]:
    rows = []
    for number in range(_ROWS):
        names = {column.name: f"{box.path}.{number}.{column.name}" for column in box.columns}
        row = {key: str(form.get(name, "")).strip()[:300] for key, name in names.items()}
        if any(row.values()):
            rows.append(row)
    return rows
