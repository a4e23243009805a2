"""The cells of one row, put together as a record: addresses from their parts, kinds, ages, places, what is closed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rpe_geo.errors import InputError
from rpe_geo.folding import fold_words
from rpe_geo.formats.faults import Origin, RowFault
from rpe_geo.formats.recognition.counts import read_count
from rpe_geo.formats.recognition.headings import LABELS
from rpe_geo.formats.recognition.kinds import CARE, facility_kind
from rpe_geo.formats.values import DAY, NUMBER

__all__ = ["BUILDERS", "Cells", "is_closed"]

_CLOSED = re.compile(
    r"\b(?:fermes?|fermees?|cessation|cesse|cessee|inacti\w+|supprimee?|closed|desaffecte|archive|radiee?)\b"
)
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
        if best is None:
            for value, count in counts:
                if count.doubt is not None:
                    self.note(name, f"places_{count.doubt}", value=str(value)[:60])
        return best

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

    def address(self) -> str:
        """Put an address together from its parts, the town at its end."""
        street = " ".join(
            filter(None, (self.text("house_number"), self.text("repetition"), self.text("street")))
        )
        own = self.text("address") or (street if self.text("street") else "")
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
    if places and kind not in CARE and kind != "autre":
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
        record[months] = (
            NUMBER.of_cell(cells.text(months)) if cells.text(months) else _months(cells.text(years))
        )
    hours = cells.raw("opening_hours")
    record["opening_hours"] = hours if hours is None or isinstance(hours, list) else str(hours)
    record["funding"] = cells.text("funding").lower() or None
    words = cells.raw("capabilities")
    if words is not None:
        record["capabilities"] = words if isinstance(words, list) else str(words).split("|")
    return record


def _months(text: str) -> int | None:
    """Read an age: years where no unit is said, as OpenStreetMap does; « 10 semaines », « 3 mois »."""
    match = re.fullmatch(
        r"(\d+(?:[.,]\d+)?)\s*(mois|months?|semaines?|weeks?|ans?|years?)?", fold_words(text) or "-"
    )
    if match is None:
        return None
    number = float(match[1].replace(",", "."))
    unit = match[2] or "ans"
    factor = 1.0 if unit.startswith("mo") else 12 / 52 if unit[:2] in {"se", "we"} else 12.0
    return int(number * factor)


def _facility_kind(cells: Cells, row: Mapping[str, Any], name: str) -> str:
    """Prefer what the name begins with, then what OpenStreetMap says of schools, then the column, then the file."""
    told = cells.text("kind")
    in_name = facility_kind(name)
    school = fold_words(str(row.get("school:FR", "")))
    if in_name is None and school:
        return "école maternelle" if "maternelle" in school else "école"
    in_column = facility_kind(told)
    if in_name == "crèche" and in_column in {"multi-accueil", "micro-crèche"}:
        # « Crèche » in a name is the common word; the column says which kind of crèche.
        return in_column
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
        "working_hours": cells.text("working_hours") or None,
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
        "schedule": cells.text("schedule") or None,
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
    """Leave out what is closed, and say so; a closing to come is said too."""
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
