"""The cells of one row, put together as a record: addresses from their parts, kinds, ages, places, what is closed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rpe_geo.errors import InputError
from rpe_geo.folding import fold_words, without_accents
from rpe_geo.formats.faults import Origin, RowFault
from rpe_geo.formats.recognition.counts import read_count
from rpe_geo.formats.recognition.french_hours import WEEKDAYS, french_hours, hours_by_day
from rpe_geo.formats.recognition.headings import LABELS
from rpe_geo.formats.recognition.kinds import CARE, facility_kind, kind_of_code
from rpe_geo.formats.values import DAY, NUMBER

__all__ = ["BUILDERS", "Cells", "is_closed"]

_CLOSED = re.compile(
    r"\b(?:fermes?|fermees?|cessation|cesse|cessee|inacti\w+|supprimee?|closed|desaffecte|archive|radiee?)\b"
)
_PART_OF_PLACES = re.compile(r"\b(?:collecti[fv]e?s?|famili\w+|fam|coll)\b")
"""Titles of columns that each hold a part of the places; « régulier » and « occasionnel » may be the same ones."""
_DISUSED = ("disused", "abandoned", "demolished", "was", "razed", "removed")
_YES, _NO = {"oui", "true", "1", "vrai", "yes", "o"}, {"non", "false", "0", "faux", "no", "n"}


class Cells:
    """The cells of one row by field, with what must be said of them."""

    def __init__(
        self,
        row: Mapping[str, Any],
        matched: Mapping[str, Sequence[str]],
        constants: Mapping[str, str],
        origin: Origin,
        notes: list[RowFault],
    ) -> None:
        self._row, self._matched, self._constants = row, matched, constants
        self.origin, self._notes = origin, notes

    def raw(self, name: str) -> Any:
        """Return the first cell of a field that is not empty."""
        if name in self._constants:
            return self._constants[name]
        return next((self._row[c] for c in self._matched.get(name, ()) if c in self._row), None)

    def text(self, name: str) -> str:
        """Return a cell as a person sees it."""
        value = self.raw(name)
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, (list, dict)):
            return ""
        return "" if value is None else str(value).strip()

    def places(self, name: str) -> int | None:
        """Read a number of places, and tell what it was not read from."""
        columns = [c for c in self._matched.get(name, ()) if c in self._row]
        told = [self._constants[name]] if name in self._constants else []
        counts = [(value, read_count(value)) for value in [*told, *(self._row[c] for c in columns)]]
        best = next((count.value for _, count in counts if count.value is not None), None)
        parts = [column for column in columns if _PART_OF_PLACES.search(fold_words(column))]
        if len(parts) > 1 and len(parts) == len(self._matched[name]) and not told:
            best = sum(count.value or 0 for _, count in counts)
            self.note(name, "places_summed", value=best, columns=", ".join(parts))
        if best is None:
            for value, count in counts:
                if count.doubt is not None:
                    self.note(name, f"places_{count.doubt}", value=str(value)[:60])
        return best

    def kind(self) -> tuple[str, str | None]:
        """Read the kind of place: the first column in which one is recognised, else what the first column says."""
        if "kind" in self._constants:
            told = self._constants["kind"]
            return told, facility_kind(told)
        said = [str(self._row[c]) for c in self._matched.get("kind", ()) if c in self._row]
        for one in said:
            found = facility_kind(one) or kind_of_code(one)
            if found is not None:
                return one, found
        return next(iter(said), ""), None

    def number(self, name: str) -> Any:
        """Read a number with a decimal comma, « 3,80 € » included."""
        text = re.sub(
            r"(?:€|euros?|eur|/ ?h(?:eure)?).*$", "", self.text(name), flags=re.IGNORECASE
        )
        return NUMBER.of_cell(text.strip()) if text else None

    def day(self, name: str) -> Any:
        """Read a date as people write it."""
        value = self.raw(name)
        if isinstance(value, str):
            value = re.sub(r"^(\d{1,2})[.\-](\d{1,2})[.\-](\d{4})$", r"\1/\2/\3", value.strip())
            value = re.sub(r"[T ]\d{2}:\d{2}(:\d{2})?.*$", "", value)
        return DAY.of_cell(value) if value is not None else None

    def _lines(self, name: str) -> str:
        """Join the lines of one thing (`adresse_1`, `adresse_2`); of other columns the first that is not empty counts."""
        columns = self._matched.get(name, ())
        stems = {re.sub(r"[\W_]*\d+$", "", column) for column in columns}
        if len(columns) < 2 or len(stems) > 1 or name in self._constants:
            return self.text(name)
        parts = [
            str(self._row[column]).strip() for column in sorted(columns) if column in self._row
        ]
        return " ".join(dict.fromkeys(parts))

    def hours(self, name: str) -> Any:
        """Read weekly hours: as they are, in French, or from a column for each day."""
        value = self.raw(name)
        if value is None:
            days = {
                day: str(self._row[column])
                for day, weekday in enumerate(WEEKDAYS)
                for column in self._row
                if fold_words(column) == weekday
            }
            if not days:
                return None
            week = hours_by_day(days)
            if week is None:
                self.note(name, "hours_not_understood", value=" ; ".join(days.values())[:60])
            return week
        if isinstance(value, list):
            return value
        return french_hours(str(value)) or str(value)

    def address(self) -> str:
        """Put an address together from its parts, the town at its end."""
        street = " ".join(
            filter(None, map(self.text, ("house_number", "repetition", "street_type", "street")))
        )
        own = self._lines("address") or (street if self.text("street") else "")
        postcode = self.text("postcode").replace(" ", "")
        if re.fullmatch(r"\d{4}", postcode):
            postcode = "0" + postcode
        town = " ".join(filter(None, (postcode, self.text("city"))))
        own = re.sub(r"\s+", " ", own.replace("\n", " ")).strip(" ,")
        return (
            own
            if not town or fold_words(town) in fold_words(own) or (not own and not town)
            else f"{own} {town}".strip()
        )

    def note(self, name: str, code: str, **values: Any) -> None:
        """Tell something of a cell."""
        self._notes.append(RowFault(self.origin.at(LABELS.get(name, name)), code, values))


def _contact(cells: Cells) -> dict[str, str]:
    email = cells.text("email")
    return {"phone": cells.text("phone"), "email": email if "@" in email else ""}


def _facility(cells: Cells, row: Mapping[str, Any]) -> dict[str, Any] | None:
    name = cells.text("name")
    kind = _facility_kind(cells, row, name)
    places = cells.places("places")
    if places is not None and kind not in CARE and kind != "autre":
        if places:
            cells.note("places", "places_not_care", value=places, kind=kind)
        places = None
    record: dict[str, Any] = {
        "facility_id": cells.text("facility_id"),
        "kind": kind,
        "name": name,
        "address": cells.address(),
        "places": places,
        "contact": _contact(cells),
    }
    for months, years in (("age_min_months", "min_age"), ("age_max_months", "max_age")):
        record[months] = _months(cells.text(months), "mois") or _months(cells.text(years))
    record["opening_hours"] = cells.hours("opening_hours")
    record["funding"] = cells.text("funding").lower() or None
    words = cells.raw("capabilities")
    if words is not None:
        record["capabilities"] = words if isinstance(words, list) else str(words).split("|")
    return record


def _months(text: str, unit: str = "ans") -> int | None:
    """Read an age: years where no unit is given, as OpenStreetMap does; « 10 semaines », « 3 mois », « 2 mois et demi »."""
    match = re.fullmatch(
        r"(\d+(?:[.,]\d+)?)\s*(mois|months?|semaines?|weeks?|ans?|years?)?( (?:et demi|1/2))?",
        without_accents(text).lower().strip() or "-",
    )
    if match is None:
        return None
    number = float(match[1].replace(",", ".")) + (0.5 if match[3] else 0.0)
    unit = match[2] or unit
    factor = 1.0 if unit.startswith("mo") else 12 / 52 if unit[:2] in {"se", "we"} else 12.0
    return int(number * factor)


_SPECIFIED = {("crèche", one) for one in CARE} | {("école", "école maternelle")}
"""Common word in a name, and kinds of a column that say it more exactly."""


def _facility_kind(cells: Cells, row: Mapping[str, Any], name: str) -> str:
    """Prefer what the name begins with, then what OpenStreetMap says of schools, then the column, then the file."""
    told, in_column = cells.kind()
    in_name = facility_kind(name)
    school = fold_words(str(row.get("school:FR", "")))
    if school and (in_name is None or in_name == "école"):
        return "école maternelle" if "maternelle" in school else "école"
    if (in_name, in_column) in _SPECIFIED:
        # « Crèche », « École » in a name is the common word; the column says which kind of it.
        return str(in_column)
    if in_name is not None:
        return in_name
    youngest = _months(str(row.get("min_age", "")))
    if in_column in CARE and youngest is not None and youngest >= 36:
        return "centre de loisirs"
    if in_column is not None:
        return in_column
    cells.note("kind", "kind_unknown", value=told or name or "–")
    return told or "autre"


def _mam(cells: Cells, row: Mapping[str, Any]) -> dict[str, Any] | None:
    del row
    record: dict[str, Any] = {
        "mam_id": cells.text("mam_id"),
        "name": cells.text("name"),
        "address": cells.address(),
        "contact": _contact(cells),
    }
    for name in ("members_present_max", "children_max"):
        count = cells.places(name)
        if count:
            record[name] = count
    return record


def _yes_or_no(text: str) -> bool | None:
    folded = fold_words(text)
    return True if folded in _YES else False if folded in _NO else None


def _childminder(cells: Cells, row: Mapping[str, Any]) -> dict[str, Any] | None:
    del row
    full = " ".join(filter(None, (cells.text("first_name"), cells.text("last_name"))))
    places = cells.places("agrement.places")
    agrement: dict[str, Any] = {"places": places}
    for name in ("valid_from", "valid_until"):
        agrement[name] = cells.day(f"agrement.{name}")
    record: dict[str, Any] = {
        "childminder_id": cells.text("childminder_id"),
        "name": cells.text("name") or full,
        "address": cells.address(),
        "mam_id": cells.text("mam_id") or None,
        "agrement": agrement,
        "working_hours": cells.hours("working_hours"),
        "attributes": {
            one: _yes_or_no(cells.text(f"attributes.{one}")) for one in ("smoker", "garden", "car")
        },
        "contact": _contact(cells),
    }
    for name in ("hourly_rate", "maintenance_per_day", "meals_per_day"):
        record[name] = cells.number(name)
    return record


_TRAVEL = {"pied": "walk", "marche": "walk", "velo": "bike", "voiture": "car", "auto": "car", "bus": "transit", "tram": "transit", "commun": "transit"}  # fmt: skip


def _request(cells: Cells, row: Mapping[str, Any]) -> dict[str, Any] | None:
    del row
    mode = fold_words(cells.text("mode"))
    record: dict[str, Any] = {
        "request_id": cells.text("request_id"),
        "address": cells.address(),
        "work_address": cells.text("work_address") or None,
        "children": [{"birth_date": cells.day("children.birth_date")}],
        "start": cells.day("start"),
        "end": cells.day("end"),
        "schedule": cells.hours("schedule"),
        "max_minutes": cells.number("max_minutes"),
    }
    if mode:
        record["mode"] = next((ours for word, ours in _TRAVEL.items() if word in mode), mode)
    income = cells.number("household.monthly_income")
    if income is not None:
        record["household"] = {"monthly_income": income}
        charge = cells.number("household.children_at_charge")
        if charge is not None:
            record["household"]["children_at_charge"] = charge
    return record


BUILDERS = {
    "facilities": _facility,
    "mams": _mam,
    "childminders": _childminder,
    "requests": _request,
}


def is_closed(cells: Cells, row: Mapping[str, Any], today: date) -> bool:
    """Leave out what is closed, and say so; a future closing is reported too."""
    if any(str(name).split(":")[0] in _DISUSED for name in row if ":" in str(name)):
        cells.note("state", "closed_left_out", value="disused")
        return True
    state = cells.text("state")
    if _CLOSED.search(fold_words(state)) and not re.search(
        r"\b(?:non|pas|pas encore) ferme", fold_words(state)
    ):
        cells.note("state", "closed_left_out", value=state)
        return True
    given = cells.day("closed_on")
    if given is None:
        return False
    try:
        closing = DAY.read(given)
    except InputError:
        cells.note("closed_on", "closing_unreadable", value=str(given))
        return False
    if closing <= today:
        cells.note("closed_on", "closed_left_out", value=closing.isoformat())
        return True
    cells.note("closed_on", "closing_to_come", value=closing.isoformat())
    return False
