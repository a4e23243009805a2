"""A small territory of six communes, with others known only by the list of communes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpe_geo.geocoding.index import build_index
from rpe_geo.geocoding.local import LocalGeocoder

BAN_HEADER = (
    "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;"
    "nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;libelle_acheminement;nom_afnor"
)

# street, postcode, code, commune, old commune, lieu-dit, first number, last number, longitude, latitude
STREETS = [
    ("Rue du Général Leclerc", "01100", "01001", "Valmont", "", "", 1, 40, 5.10, 46.10),
    ("Rue de la République", "01100", "01001", "Valmont", "", "", 1, 60, 5.11, 46.10),
    ("Place de la République", "01100", "01001", "Valmont", "", "", 1, 8, 5.112, 46.101),
    ("Impasse des Peupliers", "01100", "01001", "Valmont", "", "", 1, 12, 5.12, 46.10),
    ("Rue du Parc", "01100", "01001", "Valmont", "", "", 1, 20, 5.13, 46.10),
    ("Rue du 8 Mai 1945", "01100", "01001", "Valmont", "", "", 2, 30, 5.10, 46.11),
    ("Rue Philippe Rousseau", "01100", "01001", "Valmont", "", "", 1, 20, 5.11, 46.11),
    ("Le Bourg", "01110", "01002", "Saint-Aubin-sur-Ain", "", "", 1, 15, 5.30, 46.20),
    ("Rue de l'Église", "01110", "01002", "Saint-Aubin-sur-Ain", "", "", 1, 15, 5.31, 46.20),
    ("Chemin des Vignes", "01110", "01002", "Saint-Aubin-sur-Ain", "", "Mas Rouge", 120, 480, 5.32, 46.20),
    ("Rue de la République", "01120", "01003", "Beaulieu-en-Bresse", "", "", 1, 25, 5.50, 46.30),
    ("Grande Rue", "01120", "01003", "Beaulieu-en-Bresse", "Villeneuve", "", 1, 25, 5.55, 46.35),
    ("Chez Jarry", "01120", "01003", "Beaulieu-en-Bresse", "", "", 1, 9, 5.52, 46.31),
    ("Chemin de chez Bouvard", "01120", "01003", "Beaulieu-en-Bresse", "", "", 1, 9, 5.53, 46.31),
    ("Rue Comte Bernard", "01120", "01003", "Beaulieu-en-Bresse", "", "", 1, 9, 5.50, 46.32),
    ("Rue Bernard Blier", "01120", "01003", "Beaulieu-en-Bresse", "", "", 1, 9, 5.52, 46.32),
    ("Rue des Ferronniers", "01130", "01005", "Montvernelle-sur-Ain", "", "", 1, 20, 5.60, 46.40),
    ("Rue du Château", "01130", "01005", "Montvernelle-sur-Ain", "", "", 1, 20, 5.61, 46.40),
    ("Rue des Ferronniers", "01140", "01006", "Villefranche-la-Haute", "", "", 1, 20, 5.70, 46.40),
    ("Rue des Ferronniers", "01150", "01007", "Clairegoutte-les-Bains", "", "", 1, 20, 5.80, 46.40),
    ("Rue du Faubourg Saint-Antoine", "01120", "01003", "Beaulieu-en-Bresse", "", "", 1, 25, 5.51, 46.30),
]  # fmt: skip

COG = [
    {"code": "01001", "nom": "Valmont", "type": "commune-actuelle", "codesPostaux": ["01100"], "population": 9000},
    {"code": "01002", "nom": "Saint-Aubin-sur-Ain", "type": "commune-actuelle", "codesPostaux": ["01110"], "population": 900},
    {"code": "01003", "nom": "Beaulieu-en-Bresse", "type": "commune-actuelle", "codesPostaux": ["01120"],
     "anciensCodes": ["01009"], "population": 1200},
    {"code": "01009", "nom": "Villeneuve", "type": "commune-deleguee", "chefLieu": "01003"},
    {"code": "01004", "nom": "Rochefort", "type": "commune-actuelle", "codesPostaux": ["01110"], "population": 700},
    {"code": "01005", "nom": "Montvernelle-sur-Ain", "type": "commune-actuelle", "codesPostaux": ["01130"], "population": 800},
    {"code": "01006", "nom": "Villefranche-la-Haute", "type": "commune-actuelle", "codesPostaux": ["01140"], "population": 800},
    {"code": "01007", "nom": "Clairegoutte-les-Bains", "type": "commune-actuelle", "codesPostaux": ["01150"], "population": 800},
    {"code": "32465", "nom": "Villefranche", "type": "commune-actuelle", "codesPostaux": ["32420"], "population": 150},
    {"code": "70157", "nom": "Clairegoutte-en-Plaine", "type": "commune-actuelle", "codesPostaux": ["70200"], "population": 5000},
    {"code": "70158", "nom": "Montvernelle-le-Petit", "type": "commune-actuelle", "codesPostaux": ["70210"], "population": 40},
    {"code": "69100", "nom": "Montclar", "type": "commune-actuelle", "codesPostaux": ["69100"], "population": 5000},
    {"code": "38100", "nom": "Valmont", "type": "commune-actuelle", "codesPostaux": ["38100"], "population": 300},
]  # fmt: skip


def ban_lines() -> list[str]:
    """Write the territory's addresses as the BAN publishes them; each street runs east, 20 m a number."""
    lines = [BAN_HEADER]
    for rank, (street, postcode, code, city, old, place, first, last, lon, lat) in enumerate(
        STREETS
    ):
        for number in range(first, last + 1):
            side = 0.00005 if number % 2 else -0.00005
            x = lon + (number - first) * 0.00026 / (10 if first >= 100 else 1)
            key = f"{code}_{rank:04d}"
            lines.append(
                f"{key}_{number:05d};{key};{number};;{street};{postcode};{code};{city};;{old};;;{x:.6f};{lat + side:.6f};entrée;;{place};;"
            )
    key = "01001_0001"
    lines.append(
        f"{key}_00012_bis;{key};12;bis;Rue de la République;01100;01001;Valmont;;;;;5.11290;46.10010;entrée;;;;"
    )
    lines.append("x;;3;;27P2 Rue de la Paix;01100;01001;Valmont;;;;;5.1;46.1;;;;;")
    lines.append("x;;3;;Rue Sans Lieu;01100;01001;Valmont;;;;;;;;;;;")
    return lines


@pytest.fixture(scope="session")
def ban_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The territory's address file, gzipped."""
    path = tmp_path_factory.mktemp("ban") / "adresses-01.csv.gz"
    path.write_bytes(gzip.compress("\n".join(ban_lines()).encode()))
    return path


@pytest.fixture(scope="session")
def cog_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of communes."""
    path = tmp_path_factory.mktemp("cog") / "communes.json"
    path.write_text(json.dumps(COG), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory, ban_file: Path, cog_file: Path) -> Path:
    """The territory's index."""
    directory = tmp_path_factory.mktemp("index") / "addresses"
    build_index([ban_file], directory, cog=cog_file)
    return directory


@pytest.fixture(scope="session")
def geocoder(index: Path) -> Iterator[LocalGeocoder]:
    """A geocoder on it."""
    opened = LocalGeocoder(index)
    yield opened
    opened.close()
