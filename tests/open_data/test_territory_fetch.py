"""One command from an empty folder to a territory, against a loopback server that answers as the services do."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from datetime import date
from pathlib import Path

import geopandas as gpd
import osmium
import pandas as pd
import pytest
import shapely

from rpe_geo.cli import run
from rpe_geo.domain import Agrement, Child, Childminder, Publication, Request
from rpe_geo.errors import InvalidFile
from rpe_geo.formats.records import write_childminders, write_requests
from rpe_geo.open_data.street_extract import cut_streets, places_of_care
from rpe_geo.open_data.territory_files import Area, TerritoryRequest, feeds_of
from rpe_geo.schedule import Timetable
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.synthetic.places import demonstration_folder
from rpe_geo.territory import Territory, TerritoryInputs, build_territory
from rpe_geo.wiring import open_accounts, open_relais
from tests.open_data import official_layouts
from tests.open_data.loopback import serving
from tests.pages.opened import search_form

EPCI = "200096000"


def demonstration_answers() -> dict[str, bytes]:
    """The invented territory, laid out as the services do."""
    folder = demonstration_folder()
    table = pd.read_parquet(folder / "communes.parquet")
    drawn = gpd.read_parquet(folder / "contours.parquet")
    code = "code_commune" if "code_commune" in drawn else "code"
    communes = [
        {
            "nom": row.nom,
            "code": row.code,
            "codeEpci": EPCI,
            "codeDepartement": row.code[:2],
            "codeRegion": "99",
            "population": int(row.population),
            "surface": 1000.0,
            "codesPostaux": ["96100"],
            "centre": {"type": "Point", "coordinates": [row.centroid_lon, row.centroid_lat]},
        }
        for row in table.itertuples()
    ]
    features = [
        {
            "type": "Feature",
            "properties": {"code": one},
            "geometry": shapely.geometry.mapping(shape),
        }
        for one, shape in zip(drawn[code], drawn.geometry, strict=True)
    ]
    births = io.StringIO()
    writer = csv.writer(births, delimiter=";")
    writer.writerow(
        ["EC_MEASURE", "FREQ", "GEO", "GEO_OBJECT", "OBS_STATUS", "TIME_PERIOD", "OBS_VALUE"]
    )
    for row in table.itertuples():
        for year in (2021, 2022, 2023):
            writer.writerow(
                ["LVB", "A", row.code, "COM", "A", year, int(getattr(row, f"naiss{year % 100}"))]
            )
    titles = "annee;numepci;pl_eaje_epci;pl_am_ind_epci;pl_gad_ind_epci;tot_offre_epci"
    places = f"{titles}\n2023;{EPCI};100;200;5;305\n"
    past = "/api/explore/v2.1/catalog/datasets"
    return {
        "/communes": json.dumps(
            communes
            + [
                {
                    **communes[0],
                    "code": "34172",
                    "codeEpci": None,
                    "codeDepartement": "34",
                    "centre": {"type": "Point", "coordinates": [9.0, 51.0]},
                }
            ]
            * 1
        ).encode(),
        "/epcis": json.dumps([{"code": EPCI, "nom": "CC inventée"}]).encode(),
        "/contours-administratifs/2025/geojson/communes-100m.geojson.gz": gzip.compress(
            json.dumps({"type": "FeatureCollection", "features": features}).encode(), mtime=0
        ),
        "/data/ban/adresses/latest/csv/adresses-96.csv.gz": (
            folder / "addresses.csv.gz"
        ).read_bytes(),
        "/api/datasets": json.dumps(timetables_known()).encode(),
        "/api/1/datasets/r/gtfs-aubrelle": (folder / "gtfs.zip").read_bytes(),
        "/melodi/file/DS_ETAT_CIVIL_NAIS_COMMUNES/DS_ETAT_CIVIL_NAIS_COMMUNES_2024_CSV_FR": official_layouts.zip_of(
            "x_data.csv", births.getvalue().encode()
        ),
        f"{past}/nbpla_pe_epci/exports/csv": places.encode(),
        "/api/1/datasets/base-adresse-nationale/": json.dumps(
            {"license": "lov2", "last_update": "2026-11-28T04:00:00"}
        ).encode(),
    }


def timetables_known() -> list[dict]:
    """What transport.data.gouv.fr lists: the network of the intercommunalité, one that ended, and one elsewhere."""

    def dataset(title, siren, resource, **more):
        known = {"format": "GTFS", "is_available": True, "updated": "2026-10-03T09:00:00Z"}
        return {
            "type": "public-transit",
            "title": title,
            "licence": "fr-lo",
            "publisher": {"name": f"Autorité de {title}"},
            "covered_area": [{"type": "epci", "insee": siren, "nom": title}],
            "resources": [known | {"url": resource, "original_url": resource} | more],
            "community_resources": [known | {"url": "https://copies.example/other.zip"}],
        }

    stable = "https://www.data.gouv.fr/api/1/datasets/r/"
    ended = {"metadata": {"start_date": "2024-01-01", "end_date": "2024-12-31"}}
    return [
        dataset("Aubrelle", EPCI, f"{stable}gtfs-aubrelle"),
        dataset("Aubrelle d'hier", EPCI, f"{stable}gtfs-ended", **ended),
        dataset("Ailleurs", "200000001", f"{stable}gtfs-elsewhere"),
    ]


@pytest.fixture
def services(monkeypatch, tmp_path):
    with serving(demonstration_answers()) as served:
        monkeypatch.setenv("RPE_SOURCES_MIRROR", served.address)
        monkeypatch.setenv("RPE_SOURCES_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("RPE_DATABASE_URL", f"sqlite:///{tmp_path / 'r.sqlite'}")
        monkeypatch.setattr("rpe_geo.open_data.download._FIRST_WAIT_S", 0.0)
        yield served


def command(directory, *more):
    streets = demonstration_folder() / "streets.osm.pbf"
    return ["territory", "fetch", str(directory), "--epci", EPCI, "--streets", str(streets), *more]


def test_fetch_then_update(services, tmp_path, capsys):
    directory = tmp_path / "T"
    assert run(command(directory)) == 0
    territory = Territory.open(directory)
    assert len(territory.communes) == 12
    assert territory.contents["addresses"]["addresses"] > 1000
    sources = {one.file: one for one in territory.sources}
    assert sources["adresses-96.csv.gz"].licence == "Licence Ouverte 2.0"
    assert sources["adresses-96.csv.gz"].date == "2026-11-28"
    assert "non lue" in sources["contours.parquet"].licence
    assert territory.contents["transit"]["trips"] > 0
    (timetable,) = (one for one in territory.sources if one.file.startswith("gtfs-"))
    assert timetable.licence == "Licence Ouverte"
    assert timetable.date == "2026-10-03"
    assert timetable.producer == "Autorité de Aubrelle"
    asked = [path for path, _ in services.asked]
    assert not any("ended" in one or "elsewhere" in one or "other" in one for one in asked)
    assert run(["observatory", "build", str(tmp_path / "obs"), "--territory", str(directory)]) == 0
    summary = pd.read_csv(tmp_path / "obs" / "summary.csv")
    assert len(summary)
    capsys.readouterr()
    assert run(["territory", "update", str(directory)]) == 0
    assert "Rien n’a changé" in capsys.readouterr().out
    # One address index is renewed: somebody of the registry is found elsewhere.
    moved = tmp_path / "am.json"
    write_childminders(
        [
            Childminder(
                "AM-1",
                agrement=Agrement(places=2),
                address="3 rue des Ferronniers, 96100 Montvernelle-sur-Aubrelle",
                longitude=0.0,
                latitude=48.0,
            )
        ],
        moved,
    )
    assert run(["import", str(moved), "--kind", "childminders"]) == 0
    lines = gzip.decompress(
        services.answers["/data/ban/adresses/latest/csv/adresses-96.csv.gz"]
    ).splitlines()
    services.answers["/data/ban/adresses/latest/csv/adresses-96.csv.gz"] = gzip.compress(
        b"\n".join(lines[:-50]) + b"\n"
    )
    capsys.readouterr()
    assert run(["territory", "update", str(directory)]) == 0
    said = capsys.readouterr().out
    assert "adresses-96.csv.gz" in said
    assert "Adresses :" in said
    assert "AM-1" in said


def test_offline_from_a_carried_folder(services, tmp_path, monkeypatch):
    assert run(command(tmp_path / "T")) == 0
    (tmp_path / "cache").rename(tmp_path / "carried")
    monkeypatch.setenv("RPE_SOURCES_MIRROR", "http://127.0.0.1:9")
    services.asked.clear()
    assert run(command(tmp_path / "T2", "--cache", str(tmp_path / "carried"), "--offline")) == 0
    assert services.asked == []
    assert run(command(tmp_path / "T3", "--cache", str(tmp_path / "empty"), "--offline")) == 2


@pytest.mark.parametrize("moment", range(1, 11))
def test_interrupted_at_ten_moments(services, tmp_path, monkeypatch, moment):
    """A file is put in its place ten times: stopped before any of them, nothing is half there and the next run goes on."""
    replace, counted = Path.replace, {"n": 0}

    def interrupted(self, target):
        counted["n"] += 1
        if counted["n"] == moment:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        try:
            ended = run(command(tmp_path / "T"))
        except KeyboardInterrupt:
            ended = 130
    assert ended == 130
    assert not (tmp_path / "T").exists()
    for note in (tmp_path / "cache").rglob("*.source.json"):
        assert json.loads(note.read_text())["licence"] is not None
    if moment in {1, 5, 10}:
        assert run(command(tmp_path / "T")) == 0
        assert len(Territory.open(tmp_path / "T").communes) == 12
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".T.")]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--epci", "999999999"], 2, "999999999"),
        (["--commune", "96999"], 2, "96999"),
        (["--departement", "34"], 2, "ne contiennent aucune commune"),
        ([], 2, "--epci"),
    ],
)
def test_wrong_areas(services, tmp_path, capsys, arguments, code, said):
    assert run(["territory", "fetch", str(tmp_path / "T"), *arguments]) == code
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "T").exists()


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/data/ban/adresses/latest/csv/adresses-96.csv.gz", "truncated"),
        ("/data/ban/adresses/latest/csv/adresses-96.csv.gz", "page"),
        ("/data/ban/adresses/latest/csv/adresses-96.csv.gz", "layout"),
        ("/contours-administratifs/2025/geojson/communes-100m.geojson.gz", "truncated"),
        ("/contours-administratifs/2025/geojson/communes-100m.geojson.gz", "layout"),
        ("/communes", "truncated"),
        ("/communes", "layout"),
        ("/communes", "page"),
        ("/epcis", "layout"),
        ("/melodi/file/DS_ETAT_CIVIL_NAIS_COMMUNES/DS_ETAT_CIVIL_NAIS_COMMUNES_2024_CSV_FR", "layout"),
        ("/api/explore/v2.1/catalog/datasets/nbpla_pe_epci/exports/csv", "layout"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_and_fetched_again(services, tmp_path, capsys, path, what):
    """One line that names the file; once the service is well again the same command goes on by itself."""
    whole = services.answers[path]
    services.answers[path] = {
        "truncated": whole[: len(whole) * 3 // 5],
        "page": b"<!DOCTYPE html><html><body>Maintenance</body></html>" * 20,
        "layout": _other_layout(whole),
    }[what]
    assert run(command(tmp_path / "T")) in {2, 3}
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert re.search(r"\.(?:json|csv|gz|zip|geojson)\b|http", lines[0]), lines
    assert not (tmp_path / "T").exists()
    services.answers[path] = whole
    assert run(command(tmp_path / "T")) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    "path",
    [
        "/melodi/file/DS_ETAT_CIVIL_NAIS_COMMUNES/DS_ETAT_CIVIL_NAIS_COMMUNES_2024_CSV_FR",
        "/api/1/datasets/r/gtfs-aubrelle",
    ],
)
def test_a_territory_can_do_without(services, tmp_path, capsys, path):
    """Births and timetables that arrive broken are left, and said; the next run has them."""
    whole = services.answers[path]
    services.answers[path] = whole[: len(whole) * 3 // 5]
    assert run(command(tmp_path / "T")) == 0
    assert "coupé ou illisible" in capsys.readouterr().err
    services.answers[path] = whole
    capsys.readouterr()
    assert run(["territory", "update", str(tmp_path / "T")]) == 0
    assert "coupé" not in capsys.readouterr().err


def _other_layout(whole: bytes) -> bytes:
    """The same kind of file, its names changed by its producer."""
    if whole.startswith(b"PK"):
        return official_layouts.zip_of("x_data.csv", b"colonne;autre\n1;2\n" * 40)
    if whole.startswith(b"\x1f\x8b"):
        if gzip.decompress(whole).startswith(b"{"):
            features = [{"type": "Feature", "properties": {"insee": "1"}, "geometry": None}] * 200
            other = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        else:
            other = b"colonne;autre\n" + b"1;2\n" * 400
        return gzip.compress(other, mtime=0) + b"\0" * 0
    if whole.startswith(b"["):
        return json.dumps([{"insee": "1", "libelle": "x"}] * 200).encode()
    return b"colonne;autre\n" + b"1;2\n" * 200


def test_faults_of_services_are_one_line(services, tmp_path, capsys, monkeypatch):
    contours = "/contours-administratifs/2025/geojson/communes-100m.geojson.gz"
    whole = services.answers[contours]
    services.answers[contours] = whole[:60]
    assert run(command(tmp_path / "T")) in {2, 3}
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    services.answers[contours] = whole
    services.broken["/data/ban/adresses/latest/csv/adresses-96.csv.gz"] = 404
    assert run(command(tmp_path / "T")) == 3
    assert "adresses-96.csv.gz" in capsys.readouterr().err
    services.broken.clear()
    services.answers["/communes"] = json.dumps([{"insee": "96001"}] * 200).encode()
    assert run(command(tmp_path / "T")) == 2
    assert "code" in capsys.readouterr().err
    monkeypatch.setenv("RPE_SOURCES_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setattr("rpe_geo.open_data.download._ATTEMPTS", 1)
    assert run(command(tmp_path / "T", "--cache", str(tmp_path / "other"))) == 3
    assert "ne répond pas" in capsys.readouterr().err
    assert not (tmp_path / "T").exists()


def test_feeds_of_the_area():
    area = Area(("34172",), ("243400017",), ("34",), ("76",), ("34", "30"))

    def dataset(kind, code, **more):
        resource = {
            "format": "GTFS",
            "is_available": True,
            "url": f"https://t.example/{code}",
            **more,
        }
        return {
            "type": "public-transit",
            "title": code,
            "licence": "odc-odbl",
            "covered_area": [{"type": kind, "insee": code}],
            "resources": [resource],
        }

    datasets = [
        dataset("region", "76"),
        dataset("epci", "243400017"),
        dataset("epci", "200000001"),
        dataset("commune", "34172", metadata={"end_date": "2025-01-01"}),
        dataset("commune", "34172", format="NeTEx"),
        {**dataset("commune", "34172"), "type": "bike-sharing"},
    ]
    feeds = feeds_of(datasets, area, date(2026, 12, 1))
    assert [(one["title"], one["width"], one["licence"]) for one in feeds] == [
        ("76", 3, "ODbL 1.0"),
        ("243400017", 1, "ODbL 1.0"),
    ]


def test_a_request_is_written_and_read():
    request = TerritoryRequest(epcis=("243400017",), year=2022, transit=False)
    assert TerritoryRequest.of(json.loads(json.dumps(request.described()))) == request


def test_streets_of_two_extracts(tmp_path):
    streets = demonstration_folder() / "streets.osm.pbf"
    west, south, east, north = 180.0, 90.0, -180.0, -90.0
    for node in osmium.FileProcessor(streets, osmium.osm.NODE):
        west, east = min(west, node.location.lon), max(east, node.location.lon)
        south, north = min(south, node.location.lat), max(north, node.location.lat)
    middle = (west + east) / 2
    halves = [tmp_path / "a.osm.pbf", tmp_path / "b.osm.pbf"]
    cut_streets([streets], shapely.box(west, south, middle, north), halves[0])
    cut_streets([streets], shapely.box(middle, south, east, north), halves[1])
    merged = tmp_path / "m.osm.pbf"
    cut_streets(halves, shapely.box(west, south, east, north), merged)

    def ways(file):
        return sorted(
            way.id for way in osmium.FileProcessor(file, osmium.osm.WAY) if "highway" in way.tags
        )

    assert ways(merged) == ways(streets)
    with pytest.raises(InvalidFile):
        cut_streets([streets], shapely.box(100, 10, 101, 11), tmp_path / "none.osm.pbf")
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(streets.read_bytes()[:5000])
    with pytest.raises(InvalidFile) as refused:
        cut_streets([broken], shapely.box(west, south, east, north), tmp_path / "n.osm.pbf")
    assert refused.value.code == "streets_truncated"


def test_places_of_care_in_an_extract(tmp_path):
    (tmp_path / "x.osm").write_text(
        '<osm version="0.6"><node id="1" version="1" lat="44" lon="3"><tag k="amenity" v="childcare"/><tag k="name" v="A"/></node>'
        '<node id="2" version="1" lat="44.001" lon="3"/><node id="3" version="1" lat="44.001" lon="3.001"/>'
        '<way id="7" version="1"><nd ref="2"/><nd ref="3"/><nd ref="2"/><tag k="amenity" v="kindergarten"/></way>'
        '<node id="9" version="1" lat="10" lon="3"><tag k="amenity" v="childcare"/></node></osm>'
    )
    found = places_of_care(tmp_path / "x.osm", shapely.box(2, 43, 4, 45), tmp_path / "c.geojson")
    assert found == 2


@pytest.mark.real
def test_montpellier_from_an_empty_folder(real_data, tmp_path, monkeypatch, capsys):
    """The three doors on a territory made by one command from the official paths."""
    monkeypatch.setenv("RPE_SOURCES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RPE_DATABASE_URL", f"sqlite:///{tmp_path / 'r.sqlite'}")
    directory = tmp_path / "T"
    own = real_data / "montpellier" / "petite-enfance-2014.geojson"
    with serving(official_layouts.official_answers(real_data)) as served:
        monkeypatch.setenv("RPE_SOURCES_MIRROR", served.address)
        assert (
            run(
                [
                    "territory",
                    "fetch",
                    str(directory),
                    "--epci",
                    "243400017",
                    "--facilities",
                    str(own),
                ]
            )
            == 0
        )
    people = [
        Childminder(
            f"AM-{n}",
            agrement=Agrement(places=3),
            address="",
            longitude=3.87 + n / 2000,
            latitude=43.61,
            working_hours=Timetable.parse("Mo-Fr 07:00-19:00"),
            contracts=(),
            publication=Publication(consent=True),
        )
        for n in range(6)
    ]
    write_childminders(people, tmp_path / "am.json")
    assert run(["import", str(tmp_path / "am.json"), "--kind", "childminders"]) == 0
    request = Request(
        "D-1",
        children=(Child(birth_date=date(2026, 5, 4)),),
        start=date(2027, 1, 4),
        schedule=Timetable.parse("Mo-Fr 08:00-17:00"),
        longitude=3.871,
        latitude=43.611,
    )
    write_requests([request], tmp_path / "d.json")
    assert run(["suggest", str(tmp_path / "d.json"), "--territory", str(directory)]) == 0
    observatory = tmp_path / "obs"
    assert run(["observatory", "build", str(observatory), "--territory", str(directory)]) == 0
    assert run(["observatory", "report", str(observatory), "-o", str(tmp_path / "r.html")]) == 0
    assert run(["observatory", "map", str(observatory), "-o", str(tmp_path / "c.html")]) == 0
    table = pd.read_csv(observatory / "indicators.csv", dtype={"code": str}).set_index("code")
    assert len(table) == 31
    settings = Settings().override(
        territory=directory,
        observatory=observatory,
        masking_secret="le secret des tests est assez long",
        secret_key="un autre secret des tests, assez long",
        public_url="http://testserver",
        forms_per_minute=0,
        tiles_url="",
    )
    with open_relais(settings) as relais:
        assert relais.suggest(request, today=date(2026, 12, 1)).suggestions
    _open_the_three_doors(settings)


def _open_the_three_doors(settings):
    """A family's search, the desk of an animateur, a planner's observatory and report, through the app."""
    from fastapi.testclient import TestClient

    from api.app import create_app

    repository = open_repository(settings.database_url)
    accounts = open_accounts(repository)
    for email, role in (("agathe@rpe.example", "animateur"), ("plan@rpe.example", "planner")):
        accounts.create(email, email, "une phrase assez longue", {settings.rpe_id: role})
    repository.close()
    place = {
        "adresse": "128 Rue Bernard Blier 34070 Montpellier",
        "mode": "car",
        "max_minutes": "30",
    }
    with TestClient(create_app(settings)) as client:
        family = client.post("/", data=search_form(**place))
        assert family.status_code == 200
        assert 'class="place"' in family.text
        sign_in(client, "agathe@rpe.example")
        assert client.get("/pro/demandes").status_code == 200
        assert client.get("/pro/demandes/nouvelle").status_code == 200
        assert client.get("/pro/registre").status_code == 200
    with TestClient(create_app(settings)) as client:
        sign_in(client, "plan@rpe.example")
        page = client.get("/pro/observatoire")
        assert page.status_code == 200
        assert "Castelnau-le-Lez" in page.text
        assert client.get("/pro/observatoire/rapport.html").status_code == 200


def sign_in(client, email):
    answer = client.post(
        "/pro/connexion", data={"email": email, "password": "une phrase assez longue"}
    )
    assert answer.status_code == 200
    assert "/pro/connexion" not in str(answer.url)


@pytest.mark.real
def test_a_city_of_arrondissements_keeps_its_addresses(real_data, tmp_path):
    inputs = TerritoryInputs(
        addresses=(real_data / "addresses" / "ban-75.csv.gz",), codes=("75056",)
    )
    territory = build_territory(tmp_path / "T", inputs)
    assert territory.contents["addresses"]["addresses"] > 150_000
