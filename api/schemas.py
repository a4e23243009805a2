"""
What is asked and what each audience may read: one model per audience, so that a field that is not in it cannot leave.

Names are those of the file formats (coordinates EPSG:4326, dates ISO 8601, times in minutes, money in euros).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "AddressOut",
    "AddressesOut",
    "CheckIn",
    "ChildIn",
    "ChildminderDetail",
    "ChildminderPublic",
    "ContactOut",
    "CostOut",
    "FeatureCollection",
    "HealthOut",
    "HomeOut",
    "HouseholdIn",
    "Mode",
    "Page",
    "PlaceOut",
    "Problem",
    "RefusalOut",
    "RelaxationOut",
    "RequestIn",
    "ReverseOut",
    "RulesOut",
    "RulesSection",
    "SuggestionOut",
    "SuggestionPublic",
    "SuggestionsOut",
    "SuggestionsPublic",
    "VerdictOut",
    "WarningOut",
]

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=300)]
Mode = Literal["walk", "pushchair", "bike", "car", "transit"]
Hours = Annotated[
    str | list[str],
    Field(
        description="Horaires au format opening_hours d’OpenStreetMap, ou une liste de semaines qui se répètent.",
        examples=["Mo-Fr 08:00-17:30"],
    ),
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


# ---- asked ------------------------------------------------------------------------------------------------------


class ChildIn(_In):
    """Un enfant à accueillir, né ou attendu."""

    birth_date: date = Field(description="Naissance, ou date prévue.")
    needs: list[Text] = Field(
        default=[], max_length=20, description="Besoins fonctionnels, jamais de diagnostic."
    )
    school: Text | None = Field(default=None, description="École où aller chercher l’enfant.")


class HouseholdIn(_In):
    """Le foyer, pour calculer ce qui reste à payer."""

    monthly_income: float | None = Field(default=None, ge=0, le=1e6, allow_inf_nan=False)
    children_at_charge: int = Field(default=1, ge=1, le=30)
    lone_parent: bool = False
    aeeh_children: int = Field(default=0, ge=0, le=30)
    alternating_residence: bool = Field(
        default=False, description="L’enfant vit chez chaque parent à son tour."
    )


class RosterDayIn(_In):
    """Les heures d’un jour d’un planning donné par dates."""

    date: date
    hours: Annotated[str, Field(max_length=100)] = Field(description="06:30-14:30")


class EnvelopeIn(_In):
    """Un planning connu au fur et à mesure, à l’intérieur d’heures larges."""

    hours: Hours
    hours_per_month: float = Field(gt=0, le=400, allow_inf_nan=False)
    known_days_ahead: int = Field(default=30, ge=0, le=366)


class AdaptationIn(_In):
    """Quelques jours courts avant le début, du lundi au vendredi."""

    start: date = Field(alias="from")
    days: int = Field(ge=1, le=30)
    hours: Annotated[str, Field(max_length=100)]


class SecondHomeIn(_In):
    """L’autre domicile de l’enfant, certaines semaines du cycle."""

    weeks: list[Annotated[int, Field(ge=1, le=52)]] = Field(min_length=1, max_length=52)
    address: Text = ""
    longitude: Longitude | None = None
    latitude: Latitude | None = None


class RequestIn(_In):
    """La demande d’une famille. Une adresse ou des coordonnées ; rien n’est enregistré."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "longitude": 3.8777,
                    "latitude": 43.6119,
                    "mode": "walk",
                    "max_minutes": 20,
                    "children": [{"birth_date": "2026-05-01"}],
                    "start": "2027-01-04",
                    "schedule": "Mo-Fr 08:00-17:30",
                }
            ]
        },
    )

    request_id: Annotated[str, Field(min_length=1, max_length=100)] = "demande"
    address: Text = ""
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    work_address: Text | None = None
    work_longitude: Longitude | None = None
    work_latitude: Latitude | None = None
    mode: Mode = "car"
    max_minutes: float | None = Field(default=None, gt=0, le=120, allow_inf_nan=False)
    children: list[ChildIn] = Field(min_length=1, max_length=8)
    start: date = Field(description="Premier jour souhaité.")
    start_tolerance_days: int = Field(default=0, ge=0, le=366)
    end: date | None = None
    schedule: Hours | None = Field(
        default=None, description="Une semaine ou un cycle ; ou bien `roster`, ou bien `envelope`."
    )
    roster: list[RosterDayIn] | None = Field(default=None, max_length=400)
    envelope: EnvelopeIn | None = None
    school_holidays: Literal["all", "only", "except"] = "all"
    school_zone: Literal["A", "B", "C"] | None = None
    weeks_per_year: float | None = Field(default=None, gt=0, le=52, allow_inf_nan=False)
    adaptation: AdaptationIn | None = None
    second_home: SecondHomeIn | None = None
    trip: list[Mode] | None = Field(
        default=None, max_length=2, description='En voiture puis en train : ["car", "transit"].'
    )
    station: Text | None = Field(default=None, description="La gare du trajet en deux temps.")
    min_hours_share: float = Field(default=1.0, gt=0, le=1, allow_inf_nan=False)
    preferences: dict[str, Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]] = Field(
        default={}, max_length=40, description="Critère ou souhait, et son poids."
    )
    household: HouseholdIn | None = None


class CheckIn(_In):
    """Des demandes à confronter aux règles, sans trajet : avec les fiches données, ou avec le registre du relais."""

    requests: list[RequestIn] = Field(min_length=1, max_length=50)
    childminders: list[dict[str, Any]] | None = Field(
        default=None,
        max_length=300,
        description="Fiches au format d’import ; absent : le registre, réservé aux professionnels.",
    )
    mams: list[dict[str, Any]] = Field(default=[], max_length=100)
    on: date | None = Field(
        default=None, description="Le jour où l’on juge ; aujourd’hui s’il est absent."
    )


# ---- answered ---------------------------------------------------------------------------------------------------


class Problem(BaseModel):
    """Une erreur, selon la RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str | None]] | None = None
    choices: list[dict[str, Any]] | None = None


class HealthOut(BaseModel):
    """L’état du service."""

    status: Literal["ok"]
    version: str
    territory: str | None = Field(description="Nom du territoire ouvert.")
    geocoder: bool
    travel_times: bool
    built_at: str | None = Field(description="Date de construction du territoire.")
    sources: list[str] = Field(description="Producteurs à citer.")


class RulesSection(BaseModel):
    """Une partie des règles publiées : des phrases, et parfois un tableau."""

    title: str
    paragraphs: list[str]
    columns: list[str] = Field(description="Titres des colonnes ; vide sans tableau.")
    rows: list[list[str]]


class RulesOut(BaseModel):
    """Les règles, les poids et les sources en vigueur un jour donné."""

    day: date
    sections: list[RulesSection]


class AddressOut(BaseModel):
    """Une adresse trouvée."""

    label: str
    longitude: float | None
    latitude: float | None
    status: Literal["ok", "review", "not-found"]
    score: float
    level: str | None
    housenumber: str
    street: str
    code_postal: str
    code_commune: str
    city: str
    uncertainty_m: float | None
    reason: str


class AddressesOut(BaseModel):
    """Les adresses trouvées, la meilleure d’abord."""

    status: Literal["ok", "review", "not-found"]
    results: list[AddressOut]


class ReverseOut(AddressesOut):
    """L’adresse la plus proche d’un point."""

    distance_m: float | None = Field(
        default=None, description="Du point à cette adresse, à vol d’oiseau, en mètres."
    )
    reason: str = ""


class PlaceOut(BaseModel):
    """Où le public peut situer un lieu : un point, une zone, ou rien."""

    visibility: Literal["exact", "masked", "hidden"]
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    radius_m: float | None = Field(default=None, description="Rayon de la zone masquée, en mètres.")


class ContactOut(BaseModel):
    """Ce qui est publié pour joindre un lieu."""

    phone: str | None = None
    email: str | None = None


class CostOut(BaseModel):
    """Ce que paie une famille en un mois, en euros."""

    gross_cost: float
    cmg: float
    reste_a_charge: float
    tax_credit: float
    hours_per_month: float
    unconfirmed: list[str]
    outdated: list[str] = Field(description="Montants plus anciens que leur date annuelle.")


class HomeOut(BaseModel):
    """Où la demande a été située."""

    longitude: float
    latitude: float
    label: str | None


class ChildminderPublic(BaseModel):
    """Une assistante ou un assistant maternel, pour le public et avec son accord."""

    childminder_id: str
    name: str = Field(description="Prénom et initiale.")
    place: PlaceOut
    places_offered: int
    working_hours: Any = Field(
        default=None, description="Horaires de travail, au format opening_hours."
    )
    capabilities: list[str]
    garden: bool | None
    pets: list[str] | None
    smoker: bool | None
    languages: list[str]
    contact: ContactOut
    availability_confirmed: str | None = Field(
        description="Mois de la dernière confirmation, AAAA-MM."
    )


class ChildminderDetail(BaseModel):
    """La fiche entière, pour les professionnels du relais."""

    childminder_id: str
    name: str
    address: str
    longitude: float | None
    latitude: float | None
    mam_id: str | None
    agrement: dict[str, Any]
    own_children: list[dict[str, Any]] = []
    working_hours: Any = None
    accepts_variable_hours: bool | None = None
    annual_hours_consent: bool = False
    contracts: list[dict[str, Any]] | None = None
    availabilities: list[dict[str, Any]] | None = None
    min_notice_days: int = 0
    capabilities: list[str] = []
    attributes: dict[str, Any] = {}
    hourly_rate: float | None = None
    maintenance_per_day: float | None = None
    meals_per_day: float | None = None
    availability_confirmed_on: date | None = None
    contact: dict[str, Any] = {}
    publication: dict[str, Any] | None = None


Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Une page d’une liste."""

    total: int
    offset: int
    items: list[Item]
    next: str | None = Field(description="Adresse de la page suivante.")


class RefusalOut(BaseModel):
    """Une règle qui s’oppose."""

    rule: str
    when: str | None
    since: date | None = Field(alias="from")
    have: float | None
    limit: float | None
    message: str


class WarningOut(BaseModel):
    """Permis, mais fragile."""

    rule: str
    message: str


class RelaxationOut(BaseModel):
    """Un changement de la demande qui suffirait à lui seul."""

    change: str
    to: Any
    message: str


class VerdictOut(BaseModel):
    """Ce que disent les règles d’un lieu pour une demande."""

    request_id: str
    provider_kind: Literal["childminder", "mam", "facility"]
    provider_id: str
    childminder_id: str | None = None
    feasible: bool
    unknown: list[Literal["places", "hours", "contracts"]] = Field(
        description="Ce qu’il faut demander avant de compter sur cet accueil."
    )
    start: date | None
    hours_share: float
    refusals: list[RefusalOut]
    warnings: list[WarningOut]
    relaxations: list[RelaxationOut]
    atypical: dict[str, Any] | None


class SideOut(BaseModel):
    """Un côté de la journée, en minutes ; nul quand il n’y a pas de chemin ou pas de travail."""

    to_provider_minutes: float | None = Field(
        description="Du domicile (le matin) ou du travail (le soir) au lieu d’accueil."
    )
    from_provider_minutes: float | None = Field(
        description="Du lieu d’accueil au travail (le matin) ou au domicile (le soir)."
    )
    direct_minutes: float | None = Field(description="Sans s’arrêter.")
    detour_minutes: float | None


class SchoolOut(BaseModel):
    """Le trajet entre le lieu d’accueil et l’école d’un enfant : une information, jamais un refus."""

    school: str = Field(description="L’école, telle que la demande la nomme.")
    facility_id: str
    name: str
    mode: Mode
    to_school_minutes: float
    from_school_minutes: float


class SuggestionOut(VerdictOut):
    """Une suggestion, pour les professionnels du relais."""

    rank: int
    name: str
    longitude: float | None
    latitude: float | None
    score: float
    contributions: dict[str, float]
    reasons: dict[str, str] = Field(description="Pourquoi chaque critère a ses points.")
    travel_minutes: float | None
    detour_minutes: float | None
    morning: SideOut | None
    evening: SideOut | None
    second_home_minutes: float | None = Field(description="Depuis l’autre domicile de l’enfant.")
    last_return: str | None = Field(
        description="En transports en commun : dernier départ du lieu d’accueil, HH:MM."
    )
    schools: list[SchoolOut]
    distance_m: float | None
    cost: CostOut | None
    availability_confirmed_on: date | None


class SuggestionPublic(BaseModel):
    """Une suggestion, pour une famille : sans points, et sans rien qui situe un domicile masqué."""

    rank: int
    provider_kind: Literal["childminder", "mam", "facility"]
    provider_id: str
    childminder_id: str | None = None
    name: str
    kind: str = Field(description="Ce que c’est, en français.")
    place: PlaceOut
    travel_minutes: float | None = Field(
        description="Par pas de 5 minutes vers un domicile masqué."
    )
    detour_minutes: float | None
    start: date | None
    hours_share: float
    cost: CostOut | None
    contact: ContactOut
    availability_confirmed: str | None
    to_ask: bool = Field(description="Places, heures ou contrats inconnus : à demander.")


class SuggestionsOut(BaseModel):
    """La réponse à une demande, pour les professionnels du relais."""

    request_id: str
    audience: Literal["professional"]
    parameters: dict[str, Any]
    home: HomeOut
    suggestions: list[SuggestionOut]
    refused: list[VerdictOut]
    alternatives: list[dict[str, Any]] = Field(
        description="Deux lieux qui couvrent ensemble la semaine."
    )
    openings: list[dict[str, Any]] = Field(
        description="Le plus petit changement qui ouvre des possibilités, et combien."
    )
    feasible_count: int
    to_ask_count: int = Field(description="Ceux dont il faut demander ce qui n’est pas connu.")
    refused_count: int


class SuggestionsPublic(BaseModel):
    """La réponse à une demande, pour une famille."""

    request_id: str
    audience: Literal["public"]
    parameters: dict[str, Any]
    home: HomeOut
    suggestions: list[SuggestionPublic]
    feasible_count: int
    to_ask_count: int


class FeatureCollection(BaseModel):
    """Du GeoJSON (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]
    parameters: dict[str, Any] = Field(
        default={}, description="Ce qu’il faut pour refaire le calcul."
    )
    sources: list[str] = Field(default=[], description="Producteurs à citer.")
