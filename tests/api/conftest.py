"""A small service on the demonstration territory, with a registry that has every kind of consent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from rpe_geo.domain import (
    Agrement,
    Attributes,
    Childminder,
    Contact,
    Contract,
    Facility,
    Mam,
    Publication,
)
from rpe_geo.geocoding.dwellings import address_points
from rpe_geo.schedule import Timetable
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.territory import Territory, TerritoryInputs, build_territory

DEMONSTRATION = Path(__file__).resolve().parents[2] / "data" / "communes" / "demonstration"
TOKEN = "jeton des tests"
WEEK = Timetable.parse("Mo-Fr 07:00-19:00")


@pytest.fixture(scope="session")
def territory(tmp_path_factory) -> Territory:
    directory = tmp_path_factory.mktemp("service") / "territory"
    inputs = TerritoryInputs(
        streets=DEMONSTRATION / "streets.osm.pbf",
        addresses=[DEMONSTRATION / "addresses.csv.gz"],
    )
    return build_territory(directory, inputs)


@pytest.fixture(scope="session")
def homes(territory) -> np.ndarray:
    """Addresses of the demonstration, longitude and latitude."""
    return np.column_stack(address_points(territory.addresses))


def some_childminders(homes: np.ndarray, count: int = 60) -> list[Childminder]:
    """Draw childminders with every kind of consent, some of them in a MAM."""
    random = np.random.default_rng(5)
    publications = [
        None,
        Publication(),
        Publication(consent=True),
        Publication(consent=True, phone=True, email=True),
        Publication(consent=True, address="exact", phone=True),
        Publication(consent=True, address="hidden", email=True),
        Publication(consent=False, address="exact", phone=True, email=True),
    ]
    chosen = homes[random.choice(len(homes), count, replace=False)]
    return [
        Childminder(
            childminder_id=f"AM-{number:04d}",
            agrement=Agrement(places=4),
            name=f"Prénom{number} Secret{number}",
            address=f"{number} rue Tres-Secrete 99999 Nullepart",
            longitude=float(longitude),
            latitude=float(latitude),
            mam_id="MAM-1" if number % 10 == 9 else None,
            working_hours=WEEK,
            contracts=(Contract("C", date(2026, 1, 5), Timetable.parse("Mo 08:00-12:00")),),
            attributes=Attributes(garden=True, schools_served=("École du Secret",)),
            availability_confirmed_on=date(2026, 11, 3),
            contact=Contact(phone=f"06 11 22 33 {number:02d}", email=f"am{number}@secret.example"),
            publication=publications[number % len(publications)],
        )
        for number, (longitude, latitude) in enumerate(chosen)
    ]


@dataclass(frozen=True)
class Opened:
    """A running application, and what is in its registry."""

    app: FastAPI
    client: TestClient
    settings: Settings
    childminders: list[Childminder]

    @property
    def token(self) -> dict[str, str]:
        return {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="session")
def settings(territory, tmp_path_factory) -> Settings:
    folder = tmp_path_factory.mktemp("registry")
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_DATA_HOME", str(folder))
    return Settings(
        database_url=f"sqlite:///{folder / 'registry.sqlite'}",
        territory=territory.directory,
        api_token=TOKEN,
        masking_secret="secret des tests",
        tiles_url="",
        _env_file=None,
    )


@pytest.fixture(scope="session")
def service(settings, homes) -> Iterator[Opened]:
    childminders = some_childminders(homes)
    mam = Mam("MAM-1", "Les Merles", "1 place du Marché", *map(float, homes[0]))
    creche = Facility(
        "CR-1",
        "crèche",
        "Le Vieux-Pont",
        "2 quai",
        *map(float, homes[40]),
        places=20,
        opening_hours=WEEK,
    )
    repository = open_repository(settings.database_url)
    repository.save(childminders=childminders, mams=[mam], facilities=[creche])
    repository.close()
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Opened(app, client, settings, childminders)


@pytest.fixture(scope="session")
def need(homes) -> dict:
    """A family in the middle of the demonstration."""
    middle = homes[np.argmin(np.abs(homes - np.median(homes, axis=0)).sum(axis=1))]
    return {
        "longitude": float(middle[0]),
        "latitude": float(middle[1]),
        "mode": "car",
        "max_minutes": 60,
        "children": [{"birth_date": "2026-05-01"}],
        "start": "2027-01-04",
        "schedule": "Mo-Fr 08:00-17:30",
    }
