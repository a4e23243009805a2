"""The form of a need, as animateurs fill it: each child with its own needs, the weeks of a cycle, faults at their fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, get_args

from starlette.datastructures import FormData

from api.pages.requests.need_besides import BesidesForm
from api.pages.week_form import HoursForm
from rpe_geo.domain import FUNCTIONAL_NEEDS, Child, Household, Request, TravelMode, usual_mode
from rpe_geo.errors import AmbiguousAddress, RpeGeoError
from rpe_geo.matching.preferences import PARTS, WISHES
from rpe_geo.messages import phrase
from rpe_geo.messages.french import typed_number

__all__ = ["ChildForm", "NeedForm", "field_of", "sentence"]

_LIKED = 2.0
_CHILDREN = 6
_FIELDS = {
    "address": "adresse",
    "work_address": "travail",
    "start": "debut",
    "end": "fin",
    "start_tolerance_days": "tolerance",
    "max_minutes": "max_minutes",
    "min_hours_share": "part",
    "children": "naissance-0",
    "schedule": "h-0",
    "household.monthly_income": "revenu",
    "household.children_at_charge": "enfants",
    "household.aeeh_children": "aeeh",
    "roster": "planning",
    "school_zone": "zone",
    "school_holidays": "vacances",
    "second_home.address": "autre_domicile",
    "second_home.weeks": "autre_domicile",
    "station": "gare",
    "trip": "gare",
    "weeks_per_year": "semaines_an",
    "adaptation": "adaptation",
    "envelope.hours_per_month": "heures_mois",
    "mode": "mode",
}


def field_of(error: RpeGeoError) -> str:
    """Name the field of the form that an error is about; empty when it is about none."""
    if isinstance(error, AmbiguousAddress) and error.where.field is None:
        return "adresse"
    return _FIELDS.get(error.where.field or "", "")


def sentence(error: RpeGeoError) -> str:
    """Phrase an error for the field beside which it stands."""
    said = phrase(error.code, **error.values)
    return said[:1].upper() + said[1:]


@dataclass(frozen=True)
class ChildForm:
    """One child of the form, as typed."""

    birth: str = ""
    needs: frozenset[str] = frozenset()
    school: str = ""

    def __bool__(self) -> bool:
        return bool(self.birth or self.needs or self.school)


@dataclass(frozen=True)
class NeedForm:
    """What stands in the form of a need, as text: what cannot be used is shown again as it was typed."""

    address: str = ""
    work: str = ""
    mode: str = "pushchair"
    minutes: str = "15"
    start: str = ""
    end: str = ""
    tolerance: str = "14"
    share: str = "100"
    income: str = ""
    dependants: str = "1"
    lone: bool = False
    aeeh: str = "0"
    children: tuple[ChildForm, ...] = ()
    alternating: bool = False
    wishes: frozenset[str] = frozenset()
    besides: BesidesForm = field(default_factory=BesidesForm)
    hours: HoursForm = field(default_factory=HoursForm)
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, need: Request) -> NeedForm:
        """Show a need."""
        home = need.household or Household()
        income = home.monthly_income
        return cls(
            address=need.address,
            work=need.work_address or "",
            mode=need.mode,
            minutes="" if need.max_minutes is None else typed_number(need.max_minutes),
            start=need.start.isoformat(),
            end="" if need.end is None else need.end.isoformat(),
            tolerance=str(need.start_tolerance_days),
            share=typed_number(round(100 * need.min_hours_share, 4)),
            income="" if income is None else typed_number(income),
            dependants=str(home.children_at_charge),
            lone=home.lone_parent,
            aeeh=str(home.aeeh_children),
            children=tuple(
                ChildForm(child.birth_date.isoformat(), child.needs, child.school or "")
                for child in need.children
            ),
            alternating=home.alternating_residence,
            wishes=frozenset(need.preferences) & frozenset(WISHES),
            besides=BesidesForm.of(need),
            hours=HoursForm.of(need.schedule if need.roster is None else None),
        )

    @classmethod
    def sent(cls, form: FormData, before: Request | None = None) -> NeedForm:
        """Read back what was sent; hours that the form does not show are those of `before`."""

        def text(name: str, longest: int = 20) -> str:
            return str(form.get(name, "")).strip()[:longest]

        children = [
            ChildForm(
                text(f"naissance-{number}"),
                frozenset(str(word) for word in form.getlist(f"besoin-{number}")),
                text(f"ecole-{number}", 120),
            )
            for number in range(_CHILDREN)
        ]
        return cls(
            address=text("adresse", 300),
            work=text("travail", 300),
            mode=text("mode")
            or usual_mode(
                filter(None, (_date(child.birth) for child in children)), _date(text("debut"))
            ),
            minutes=text("max_minutes"),
            start=text("debut"),
            end=text("fin"),
            tolerance=text("tolerance") or "0",
            share=text("part") or "100",
            income=text("revenu"),
            dependants=text("enfants") or "1",
            lone=form.get("isole") == "oui",
            aeeh=text("aeeh") or "0",
            children=tuple(child for child in children if child),
            alternating=form.get("alternee") == "oui",
            wishes=frozenset(str(name) for name in form.getlist("souhait")) & frozenset(WISHES),
            besides=BesidesForm.sent(form, before),
            hours=HoursForm.sent(
                form, before.schedule if before and before.roster is None else None
            ),
        )

    @property
    def rows(self) -> list[ChildForm]:
        """The children, and one more to fill in."""
        return [*self.children, ChildForm()][:_CHILDREN] if self.children else [ChildForm()] * 2

    def read(self, before: Request | None = None) -> Request | None:
        """
        Make the need; every fault is noted at its field.

        Parameters
        ----------
        before
            The need that is changed; what the form does not show is kept, places too while the address is the same.

        Returns
        -------
        Request or None
            None when a field cannot be used: `faults` tells which.
        """
        faults = self.faults
        schedule = self.hours.read(faults, required=not self.besides.roster)
        besides = self.besides.values(schedule, self.mode, faults)
        children = tuple(
            Child(birth, child.needs & FUNCTIONAL_NEEDS, child.school or None)
            for number, child in enumerate(self.children)
            if (birth := _day(child.birth, f"naissance-{number}", faults))
        )
        if not self.children:
            faults["naissance-0"] = "Indiquez la date de naissance, ou la date prévue."
        start = _day(self.start, "debut", faults)
        given: dict[str, Any] = {
            "end": _day(self.end, "fin", faults) if self.end else None,
            "start_tolerance_days": _whole(self.tolerance, "tolerance", faults),
            "max_minutes": _number(self.minutes, "max_minutes", faults),
        }
        share = _number(self.share, "part", faults)
        household = self._household(before, len(children), faults)
        if not self.address:
            faults["adresse"] = "Indiquez l’adresse, ou au moins une rue et une commune."
        if self.mode not in get_args(TravelMode):
            faults["mode"] = "Choisissez un moyen de déplacement."
        if faults or start is None:
            return None
        kept = {} if before is None else dict(before.preferences)
        preferences = {
            name: weight for name, weight in kept.items() if name not in WISHES or name in PARTS
        } | {name: kept.get(name, _LIKED) for name in sorted(self.wishes)}
        same = before is not None and self.address == before.address
        same_work = before is not None and (self.work or None) == before.work_address
        try:
            return _changed(
                before,
                {
                    "children": children,
                    "start": start,
                    **besides,
                    "address": self.address,
                    "longitude": before.longitude if before and same else None,
                    "latitude": before.latitude if before and same else None,
                    "work_address": self.work or None,
                    "work_longitude": before.work_longitude if before and same_work else None,
                    "work_latitude": before.work_latitude if before and same_work else None,
                    "mode": self.mode,
                    "min_hours_share": 1.0 if share is None else share / 100,
                    "preferences": preferences,
                    "household": household,
                    **given,
                },
            )
        except RpeGeoError as error:
            faults[field_of(error)] = sentence(error)
            return None

    def _household(
        self, before: Request | None, children: int, faults: dict[str, str]
    ) -> Household | None:
        income = _number(self.income, "revenu", faults)
        dependants = _whole(self.dependants, "enfants", faults)
        aeeh = _whole(self.aeeh, "aeeh", faults)
        known = before.household if before is not None else None
        said = income is not None or self.lone or aeeh or self.alternating or known is not None
        if not said or dependants is None or aeeh is None:
            return None
        try:
            return Household(
                income, max(children, dependants, 1), self.lone, aeeh, self.alternating
            )
        except RpeGeoError as error:
            faults[field_of(error)] = sentence(error)
            return None


def _changed(before: Request | None, values: dict[str, Any]) -> Request:
    """Make the need; of one that is changed, what the form does not show stays."""
    if before is None:
        return Request(request_id="nouvelle", **values)
    return replace(before, **values)


def _number(text: str, name: str, faults: dict[str, str]) -> float | None:
    """Read a number as French people write it, or note the fault."""
    kept = re.sub(r"[\s€%  ]", "", text).replace(",", ".")
    if not kept:
        return None
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", kept):
        faults[name] = "Écrivez un nombre, par exemple 15."
        return None
    return float(kept)


def _whole(text: str, name: str, faults: dict[str, str]) -> int | None:
    value = _number(text, name, faults)
    if value is not None and not value.is_integer():
        faults[name] = "Écrivez un nombre entier."
        return None
    return None if value is None else int(value)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day(text: str, name: str, faults: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults[name] = "Choisissez un jour."
        return None
