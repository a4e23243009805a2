"""A service on the demonstration territory with a small registry, for the tests of the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from rpe_geo.desk.accounts import Role
from rpe_geo.domain import Agrement, Childminder, Contact, Facility, Publication
from rpe_geo.geocoding.dwellings import address_points
from rpe_geo.schedule import Timetable
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.territory import TerritoryInputs, build_territory
from rpe_geo.wiring import open_accounts

DEMONSTRATION = Path(__file__).resolve().parents[2] / "data" / "communes" / "demonstration"
ADDRESS = "3 rue des Ferronniers, 96100 Montvernelle-sur-Aubrelle"
PASSWORD = "une phrase assez longue"
EMAILS: dict[str, tuple[dict[str, Role]]] = {
    "agathe@rpe.example": ({"rpe": "animateur"},),
    "ailleurs@rpe.example": ({"autre": "animateur"},),
    "plan@rpe.example": ({"rpe": "planner"},),
}


def make_settings(folder: Path) -> Settings:
    """Build a territory, fill a registry, create accounts."""
    inputs = TerritoryInputs(
        streets=DEMONSTRATION / "streets.osm.pbf", addresses=[DEMONSTRATION / "addresses.csv.gz"]
    )
    territory = build_territory(folder / "territory", inputs)
    homes = np.column_stack(address_points(territory.addresses))
    from rpe_geo.geocoding.local import LocalGeocoder
    from rpe_geo.protocols import AddressQuery

    geocoder = LocalGeocoder(territory.addresses)
    at = geocoder.geocode([AddressQuery(ADDRESS)])[0]
    geocoder.close()
    order = homes[np.argsort(np.hypot(homes[:, 0] - at.longitude, homes[:, 1] - at.latitude))[:66]]
    near, beside = order[5:65:4], order[2]
    today = datetime.now(UTC).date()
    week = Timetable.parse("Mo-Fr 07:00-19:00")
    childminders = [
        Childminder(
            childminder_id=f"AM-{number:04d}",
            agrement=Agrement(places=4),
            name=f"Prénom{number} Secret{number}",
            address=f"{number} rue Tres-Secrete 99999 Nullepart",
            longitude=float(longitude),
            latitude=float(latitude),
            working_hours=week,
            hourly_rate=4.0,
            maintenance_per_day=4.0,
            contracts=(),
            availability_confirmed_on=today - timedelta(days=20 * number),
            contact=Contact(phone=f"06 11 22 33 {number:02d}", email=f"am{number}@secret.example"),
            publication=None if number % 3 == 2 else Publication(consent=True),
        )
        for number, (longitude, latitude) in enumerate(near)
    ]
    relais = Facility("RPE-1", "RPE", "Relais des Lavoirs", "1 place", *map(float, beside))
    database = f"sqlite:///{folder / 'registry.sqlite'}"
    repository = open_repository(database)
    repository.save(childminders=childminders, facilities=[relais])
    for email, (roles,) in EMAILS.items():
        open_accounts(repository).create(email, email.partition("@")[0], PASSWORD, roles)
    repository.close()
    return Settings(
        database_url=database,
        territory=territory.directory,
        masking_secret="secret des tests",
        secret_key="autre secret des tests",
        tiles_url="",
        forms_per_minute=0,
        outbox=folder / "outbox",
        public_url="http://testserver",
        _env_file=None,
    )


def search_form(**changed: object) -> dict[str, object]:
    """Fill the form of a family."""
    start = datetime.now(UTC).date() + timedelta(days=42)
    form = {
        "adresse": ADDRESS,
        "mode": "walk",
        "max_minutes": "15",
        "naissance": (datetime.now(UTC).date() - timedelta(days=200)).isoformat(),
        "debut": start.isoformat(),
        "jour": ["Mo", "Tu", "Th"],
        "de": "08:30",
        "a": "17:30",
        "revenu": "3000",
        "enfants": "1",
    }
    return form | changed
