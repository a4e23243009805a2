"""Places from open data, whatever their columns are called."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from rpe_geo.errors import InvalidFile
from rpe_geo.formats.recognition.kinds import facility_kind
from rpe_geo.formats.records import read_facilities

POINT = {"type": "Point", "coordinates": [3.87, 43.6]}


def write(tmp_path, *features):
    path = tmp_path / "f.geojson"
    collection = {"type": "FeatureCollection", "features": list(features)}
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def feature(geometry=POINT, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


@pytest.mark.real
def test_montpellier(real_data):
    places = read_facilities(real_data / "montpellier" / "petite-enfance-2014.geojson")
    assert Counter(place.kind for place in places) == {
        "crèche": 48,
        "halte-garderie": 13,
        "RPE": 6,
        "jardin d'enfants": 1,
    }
    assert len({place.facility_id for place in places}) == 68
    assert all(place.places is None and place.longitude for place in places)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CRECHE", "crèche"),
        ("Micro-crèche Les Lutins", "micro-crèche"),
        ("MICROCRECHE", "micro-crèche"),
        ("Multi-accueil La Farandole", "multi-accueil"),
        ("Halte-garderie la Maison des Enfants", "halte-garderie"),
        ("Relais Petite Enfance", "RPE"),
        ("Relais d'assistantes maternelles", "RPE"),
        ("RAM Antigone", "RPE"),
        ("Lieu d'accueil enfants-parents", "LAEP"),
        ("Centre de PMI", "PMI"),
        ("Maison d'Assistants Maternels", "MAM"),
        ("Jardin d'enfants les Boutons d'Or", "jardin d'enfants"),
        ("childcare", "crèche"),
        ("Gramont", None),
        ("", None),
    ],
)
def test_kinds(text, kind):
    assert facility_kind(text) == kind


def test_names_of_other_producers(tmp_path):
    path = write(
        tmp_path,
        feature(
            Nom="Les Lutins",
            TYPE="Micro-crèche",
            Capacité="12 places",
            Adresse="3 rue X",
            code_postal=34000.0,
            Commune="Montpellier",
            Téléphone="04 67 00 00 00",
            ID=7,
        ),
        feature(nom_structure="La Ruche", nature="espace de jeux", id=7),
        feature(
            {"type": "Polygon", "coordinates": [[[3, 43], [4, 43], [4, 44], [3, 43]]]},
            libelle="Crèche Y",
        ),
        feature(None, nom="Crèche Z", adresse="9 rue Z"),
        feature(),
    )
    lutins, ruche, area, addressed, nameless = read_facilities(path)
    assert (lutins.facility_id, lutins.kind, lutins.places) == ("7", "micro-crèche", 12)
    assert lutins.address == "3 rue X 34000 Montpellier"
    assert lutins.contact.phone == "04 67 00 00 00"
    assert (ruche.facility_id, ruche.kind) == ("7-2", "espace de jeux")
    assert area.longitude is not None
    assert (addressed.longitude, addressed.address) == (None, "9 rue Z")
    assert nameless.facility_id.startswith("F-")
    assert nameless.kind == "autre"


def test_a_file_in_lambert_93(tmp_path):
    path = tmp_path / "f.geojson"
    collection = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}},
        "features": [
            feature({"type": "Point", "coordinates": [770_000.0, 6_280_000.0]}, nom="Crèche X")
        ],
    }
    path.write_text(json.dumps(collection), encoding="utf-8")
    (place,) = read_facilities(path)
    assert (place.longitude, place.latitude) == pytest.approx((3.86692, 43.61559), abs=1e-5)
    collection["crs"]["properties"]["name"] = "EPSG:999999"
    path.write_text(json.dumps(collection), encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        read_facilities(path)
    assert caught.value.code == "geojson_crs"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[]", "file_without_rows"),
        ('{"type": "FeatureCollection", "features": [3]}', "geojson_expected"),
        ('{"type": "FeatureCollection", "features": [{"properties": {"nom": "Crèche"}, "geometry": {"type": "Point"}}]}', "needed_not_recognised"),
        ('{"type": "FeatureCollection", "features": [{"properties": {}, "geometry": {"type": "Point", "coordinates": [3.87, 43.6]}}]}', "nothing_recognised"),
    ],
)  # fmt: skip
def test_bad_files(tmp_path, content, code):
    path = tmp_path / "f.geojson"
    path.write_text(content, encoding="utf-8")
    with pytest.raises((InvalidFile, ValueError)) as caught:
        read_facilities(path)
    assert caught.value.code == code
