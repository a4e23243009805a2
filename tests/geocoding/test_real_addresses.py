"""The promises on real addresses: what third parties type, and noisy queries made from published rows."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from rpe_geo.geocoding.index import build_index
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.geocoding.sources import read_addresses
from rpe_geo.protocols import AddressQuery

pytestmark = pytest.mark.real
NOISE = Path(__file__).resolve().parent.parent / "benchmarks" / "geocoding" / "noise.py"


@pytest.fixture(scope="module")
def noise() -> ModuleType:
    spec = importlib.util.spec_from_file_location("geocoding_noise", NOISE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def real_geocoder(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalGeocoder]:
    directory = tmp_path_factory.mktemp("real") / "addresses"
    files = [
        real_data / "addresses" / "bano-90.csv.gz",
        real_data / "montpellier" / "adresses-34172.csv.gz",
    ]
    build_index(files, directory, cog=real_data / "france" / "communes-cog-2026.json.gz")
    geocoder = LocalGeocoder(directory)
    yield geocoder
    geocoder.close()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Mairie de Montpellier 1 place Georges Frêche", "1 Place Georges Frêche, 34070 Montpellier"),
        ("Hôtel de ville, 1 place Georges Freche 34267 Montpellier cedex 2", "1 Place Georges Frêche, 34070 Montpellier"),
        ("Appartement 12, 3ème étage, 27 rue Saint Guilhem, 34000 MONTPELLIER, France", "27 Rue Saint Guilhem, 34000 Montpellier"),
        ("3 place de la comédie montpelier", "3 Place de la Comédie, 34000 Montpellier"),
        ("fg de france 12 Belfort", "12 Faubourg de France, 90000 Belfort"),
        ("4 place d armes belfort", "4 Place d'Armes, 90000 Belfort"),
        ("Hopital Lapeyronie 371 Avenue du Doyen Gaston Giraud 34295 Montpellier", "371 Avenue du Doyen Gaston Giraud, 34295 Montpellier"),
        ("34000", "34000 Montpellier"),
    ],
)  # fmt: skip
def test_what_people_type(real_geocoder: LocalGeocoder, text: str, label: str) -> None:
    answer = real_geocoder.geocode([AddressQuery(text)])[0]
    assert (answer.status, answer.label) == ("ok", label), answer.reason


@pytest.mark.parametrize(
    "text",
    [
        "221b baker street london",
        "10 rue de la République 69001 Lyon",
        "3 rue de la Mairie Lyon",
        "Marseille",
        "place Jussieu 75005 Paris",
        "12 boulevard Gambetta, Mende (48)",
    ],
)
def test_other_places_are_never_accepted(real_geocoder: LocalGeocoder, text: str) -> None:
    assert real_geocoder.geocode([AddressQuery(text)])[0].status != "ok"


def test_a_shortened_commune_name_is_accepted_where_nothing_else_is_called_so(
    real_data: Path, tmp_path: Path
) -> None:
    build_index(
        [real_data / "addresses" / "bano-48.csv.gz"],
        tmp_path,
        cog=real_data / "france" / "communes-cog-2026.json.gz",
    )
    geocoder = LocalGeocoder(tmp_path)
    texts = {
        "rue Théophile Roussel Saint Chély": "ok",  # Saint-Chély-d'Apcher; the other one is smaller, in Aveyron
        "rue Théophile Roussel Chély": "review",
        "Grand Rue Châteauneuf": "review",  # Châteauneuf-de-Randon; several are called so
        "route du Malzieu Le Malzieu": "review",  # Ville or Forain
    }
    answers = geocoder.geocode([AddressQuery(text) for text in texts])
    geocoder.close()
    assert {
        text: "ok" if answer.status == "ok" else "review"
        for text, answer in zip(texts, answers, strict=True)
    } == texts


@pytest.mark.parametrize("city", ["Rougemont", "Châtenois", "Villefranche"])
def test_a_name_that_other_communes_bear_stays_ambiguous(
    real_geocoder: LocalGeocoder, city: str
) -> None:
    answer = real_geocoder.geocode([AddressQuery(f"3 grande rue {city}")])[0]
    assert answer.status != "ok", answer.label


def test_noisy_queries(real_geocoder: LocalGeocoder, real_data: Path, noise: ModuleType) -> None:
    rng = random.Random(7)
    rows = [
        noise.Row(row.number, row.suffix, row.street, row.code_postal, row.code_commune, row.city, row.longitude, row.latitude, "")
        for row in read_addresses(real_data / "addresses" / "bano-90.csv.gz")[1]
        if row.number
    ]  # fmt: skip
    postcodes = sorted({row.postcode for row in rows})
    right = accepted = wrong = 0
    for row in rng.sample(rows, 600):
        typed = noise.spoil(row, noise.PROFILES["usual"], rng, postcodes)
        answer = real_geocoder.geocode([AddressQuery(typed.text, typed.postcode, typed.city)])[0]
        found = answer.street == row.street and row.postcode == answer.code_postal
        right += found
        accepted += answer.status == "ok"
        wrong += answer.status == "ok" and not found
    assert right >= 0.98 * 600
    assert accepted >= 0.88 * 600
    assert wrong <= 2


def test_other_departements_are_never_accepted(
    real_geocoder: LocalGeocoder, real_data: Path, noise: ModuleType
) -> None:
    rng = random.Random(8)
    rows = [
        noise.Row(row.number, row.suffix, row.street, row.code_postal, row.code_commune, row.city, row.longitude, row.latitude, "")
        for row in read_addresses(real_data / "addresses" / "bano-48.csv.gz")[1]
        if row.number
    ]  # fmt: skip
    for row in rng.sample(rows, 400):
        typed = noise.spoil(row, noise.PROFILES["usual"], rng, ["48000"])
        answer = real_geocoder.geocode([AddressQuery(typed.text, typed.postcode, typed.city)])[0]
        assert answer.status != "ok", (typed.text, answer.label)
