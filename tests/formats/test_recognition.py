"""Lists as towns, départements and portals publish them: what is understood, and what is said of the rest."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date

import geopandas as gpd
import openpyxl
import pytest
import shapely

from rpe_geo.cli import run
from rpe_geo.errors import InputError, InvalidFile
from rpe_geo.formats.recognition.counts import Count, read_count
from rpe_geo.formats.recognition.kinds import facility_kind
from rpe_geo.formats.recognition.positions import point_in_cell, settle
from rpe_geo.formats.recognition.recognise import recognise
from rpe_geo.formats.records import examine

POINT = {"type": "Point", "coordinates": [3.1, 44.2]}


def collection(*features, **more):
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": properties, "geometry": geometry}
                for properties, geometry in features
            ],
            **more,
        }
    )


def codes(reading):
    return {warning.code for warning in reading.warnings}


@pytest.mark.parametrize(
    ("text", "number", "doubt"),
    [
        (12.0, 12, None),
        ("18", 18, None),
        ("18,0", 18, None),
        ("40 places", 40, None),
        ("Capacité : 45 berceaux", 45, None),
        ("15 + 3", 18, None),
        ("20 places + 5 occasionnelles", 25, None),
        ("quarante-deux places", 42, None),
        ("quatre-vingt-dix", 90, None),
        ("30 (dont 4 en urgence)", 30, None),
        ("30 places (10 semaines - 4 ans)", 30, None),
        ("arrêté n° 2018-77 du 3 mars 2018 : 25 places", 25, None),
        ("arrêté du 04/05/2017 : 60 places", 60, None),
        ("ouvert de 7h30 à 18h30, 22 places", 22, None),
        ("2016-044", None, "reference"),
        ("PMI-2020-55", None, "reference"),
        ("de 10 à 15", None, "range"),
        ("entre 10 et 15 enfants", None, "range"),
        ("12/15", None, "range"),
        ("24,5", None, "fraction"),
        ("1 500", None, "implausible"),
        ("2015", None, "implausible"),
        ("-4", None, "implausible"),
        ("3 unités de 12 places", None, "several"),
        ("2 enfants + 1 périscolaire", None, "several"),
        ("oui", None, "unreadable"),
        ("NC", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_numbers_of_places_in_words(text, number, doubt):
    assert read_count(text) == Count(number, doubt)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("École maternelle Jean Moulin", "école maternelle"),
        ("Accueil de loisirs sans hébergement", "centre de loisirs"),
        ("ALSH Les Pins", "centre de loisirs"),
        ("Garderie périscolaire", "périscolaire"),
        ("Accueil périscolaire du Bourg", "périscolaire"),
        ("Assistante maternelle agréée", "assistante maternelle"),
        ("Relais d'assistantes maternelles itinérant", "RPE"),
        ("Maison d'assistantes maternelles", "MAM"),
        ("Établissement multi-accueil", "multi-accueil"),
        ("Crèche familiale", "crèche"),
        ("Bibliothèque", None),
        ("Gramont", None),
    ],
)
def test_kinds(text, kind):
    assert facility_kind(text) == kind


def test_columns_by_several_names_in_one_list(tmp_path):
    path = tmp_path / "equipements.geojson"
    path.write_text(
        collection(
            ({"EQ_LIBELLE": "Crèche du Lac", "EQ_CAPACITE": 20, "CODE_POST": "12990"}, POINT),
            ({"nom_etab": "Les Oursons", "type_etab": "Halte-garderie", "nbre_places": "8"}, POINT),
        ),
        "utf-8",
    )
    reading = examine(path, "facilities")
    first, second = reading.usable()
    assert (first.name, first.kind, first.places) == ("Crèche du Lac", "crèche", 20)
    assert (second.name, second.kind, second.places) == ("Les Oursons", "halte-garderie", 8)
    report = {one.field: (one.columns, one.filled, one.total) for one in reading.recognition.fields}
    assert set(report["places"][0]) == {"EQ_CAPACITE", "nbre_places"}
    assert report["places"][1:] == (2, 2)
    assert report["phone"] == ((), 0, 2)


def test_what_is_no_care_has_no_places(tmp_path):
    path = tmp_path / "lieux.geojson"
    path.write_text(
        collection(
            ({"nom": "Crèche A", "capacite": 30}, POINT),
            ({"nom": "Périscolaire B", "capacite": 90}, POINT),
            (
                {
                    "amenity": "kindergarten",
                    "school:FR": "maternelle",
                    "name": "Les Lilas",
                    "capacity": "80",
                },
                POINT,
            ),
            (
                {
                    "amenity": "childcare",
                    "min_age": "3",
                    "max_age": "11",
                    "name": "Club",
                    "capacity": "50",
                },
                POINT,
            ),
        ),
        "utf-8",
    )
    reading = examine(path, "facilities")
    found = [(one.kind, one.places, one.offers_care) for one in reading.usable()]
    assert found == [
        ("crèche", 30, True),
        ("périscolaire", None, False),
        ("école maternelle", None, False),
        ("centre de loisirs", None, False),
    ]
    assert "places_not_care" in codes(reading)


def test_one_odd_cell_costs_its_field(tmp_path):
    path = tmp_path / "osm.geojson"
    path.write_text(
        collection(
            (
                {
                    "amenity": "childcare",
                    "name": "A",
                    "opening_hours": "quand on peut",
                    "capacity": "9",
                },
                POINT,
            ),
            ({"amenity": "childcare", "name": "B", "opening_hours": "Mo-Fr 08:00-18:00"}, POINT),
        ),
        "utf-8",
    )
    reading = examine(path, "facilities")
    first, second = reading.usable()
    assert (first.places, first.opening_hours) == (9, None)
    assert second.opening_hours is not None
    assert "field_left_out" in codes(reading)


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        ({"etat": "Fermé"}, False),
        ({"statut": "fermée définitivement"}, False),
        ({"date_fermeture": "31/08/2020"}, False),
        ({"date_fermeture": "2020-08-31T00:00:00"}, False),
        ({"disused:amenity": "childcare"}, False),
        ({"date_fermeture": "2999-08-31"}, True),
        ({"etat": "ouvert"}, True),
        ({"STATUT": "P"}, True),
    ],
)
def test_closed_places(tmp_path, state, kept):
    path = tmp_path / "f.geojson"
    path.write_text(
        collection(({"nom": "Crèche A", **state}, POINT), ({"nom": "Crèche B"}, POINT)), "utf-8"
    )
    records, report = recognise(path, "facilities", today=date(2026, 12, 1))
    assert len(records) == 1 + kept
    assert kept or any(note.code == "closed_left_out" for note in report.notes)


@pytest.mark.parametrize(
    ("x", "y", "done"),
    [
        (3.1, 44.2, None),
        (44.2, 3.1, "swapped"),
        (707_993, 6_344_000, "EPSG:2154"),
        (345_090, 5_500_000, "EPSG:3857"),
        (661_000, 1_909_000, "EPSG:27572"),
        (1_708_000, 3_222_000, "EPSG:3944"),
        (9, 9e9, "unknown"),
    ],
)
def test_positions(x, y, done):
    (point,), what, _ = settle([(x, y)])
    assert what == done
    if done != "unknown":
        assert point == pytest.approx((3.1, 44.2), abs=0.25)


@pytest.mark.parametrize(
    "cell",
    ["44.2, 3.1", "44.2,3.1", "[44.2, 3.1]", {"lon": 3.1, "lat": 44.2}, [3.1, 44.2], "POINT (3.1 44.2)", '{"lon": 3.1, "lat": 44.2}', {"type": "Point", "coordinates": [3.1, 44.2]}],
)  # fmt: skip
def test_points_in_a_cell(cell):
    assert point_in_cell(cell) == (3.1, 44.2)


ROWS = [
    ["Liste des établissements d'accueil du jeune enfant"],
    [],
    ["Nom de la structure", "Type", "Adresse", "CP", "Ville", "Capacité agréée", "Tél."],
    [
        "Les Pitchouns",
        "Multi-accueil",
        "3 place du Marché",
        "12990",
        "Valcombe",
        25,
        "05 65 00 00 01",
    ],
    ["Babilou", "Micro-crèche", "9 rue Basse", "12990", "Valcombe", "12", ""],
]


def as_xlsx():
    book = openpyxl.Workbook()
    book.active.title = "Lisez-moi"
    book.active.append(["Ce classeur est publié par le département."])
    sheet = book.create_sheet("EAJE")
    for row in ROWS:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_csv(encoding="cp1252", sign=";"):
    return "\r\n".join(sign.join(map(str, row)) for row in ROWS).encode(encoding)


def zipped(name, content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("LISEZMOI.md", "rien")
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("eaje.csv", as_csv()),
        ("eaje.tsv", as_csv("utf-16", "\t")),
        ("eaje.xlsx", as_xlsx()),
        ("eaje.zip", zipped("d/eaje.csv", as_csv("utf-8-sig"))),
    ],
)
def test_tables_with_lines_above_the_titles(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    first, second = examine(tmp_path / name, "facilities").usable()
    assert (first.kind, first.places, second.places) == ("multi-accueil", 25, 12)
    assert first.address == "3 place du Marché 12990 Valcombe"
    assert first.contact.phone == "05 65 00 00 01"


@pytest.mark.parametrize("ending", ["gpkg", "shp.zip", "fgb", "parquet"])
def test_layers(tmp_path, ending):
    frame = gpd.GeoDataFrame(
        {"nom": ["Crèche A", "Crèche B"], "capacite": [20, 30]},
        geometry=[shapely.Point(3.1, 44.2), shapely.box(3.0, 44.0, 3.1, 44.1)],
        crs=4326,
    ).to_crs(2154)
    path = tmp_path / f"lieux.{ending}"
    if ending == "parquet":
        frame.to_parquet(path)
    elif ending == "shp.zip":
        frame.geometry = frame.geometry.representative_point()
        frame.to_file(tmp_path / "lieux.shp")
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("lieux.[sdpc][hbrp]*"):
                if part != path:
                    archive.write(part, part.name)
    else:
        frame.to_file(path)
    first, second = examine(path, "facilities").usable()
    assert (first.longitude, first.latitude) == pytest.approx((3.1, 44.2), abs=1e-6)
    assert second.places == 30


@pytest.mark.parametrize(
    "content",
    [
        [{"nom": "Crèche A", "capacite": 20, "geo_point_2d": {"lon": 3.1, "lat": 44.2}}],
        {"total_count": 1, "results": [{"nom": "Crèche A", "capacite": 20, "geo_point_2d": [44.2, 3.1]}]},
        {"records": [{"recordid": "x", "fields": {"nom": "Crèche A", "capacite": 20}, "geometry": POINT}]},
        {"elements": [{"type": "node", "id": 3, "lat": 44.2, "lon": 3.1, "tags": {"amenity": "childcare", "name": "Crèche A", "capacity": "20"}}]},
    ],
)  # fmt: skip
def test_answers_of_portals(tmp_path, content):
    (tmp_path / "export.json").write_text(json.dumps(content), "utf-8")
    (place,) = examine(tmp_path / "export.json", "facilities").usable()
    assert (place.name, place.places, place.longitude, place.latitude) == (
        "Crèche A",
        20,
        3.1,
        44.2,
    )


def test_nothing_recognised_stops(tmp_path):
    (tmp_path / "mystere.csv").write_text("zzz;yyy\n1;2\n3;4\n", "utf-8")
    with pytest.raises(InvalidFile) as refused:
        examine(tmp_path / "mystere.csv", "facilities")
    assert refused.value.code == "nothing_recognised"


def test_a_list_of_something_else_stops(tmp_path):
    (tmp_path / "bibliotheques.csv").write_text("nom;adresse\nMédiathèque;1 rue A\n", "utf-8")
    with pytest.raises(InvalidFile) as refused:
        examine(tmp_path / "bibliotheques.csv", "facilities")
    assert refused.value.code == "kinds_none_recognised"
    people = "nom;type;adresse\nDupré;Assistante maternelle;1 rue A\nNoël;Assistante maternelle;2 rue A\n"
    (tmp_path / "am.csv").write_text(people, "utf-8")
    with pytest.raises(InvalidFile) as people_refused:
        examine(tmp_path / "am.csv", "facilities")
    assert people_refused.value.code == "list_of_other_kind"
    (tmp_path / "c.csv").write_text(
        "nom;adresse;places\nCrèche A;1 rue A;20\nCrèche B;2 rue A;30\n", "utf-8"
    )
    with pytest.raises(InvalidFile) as places_refused:
        examine(tmp_path / "c.csv", "childminders")
    assert places_refused.value.code == "list_of_other_kind"


def test_the_name_of_the_file_may_tell_the_kind(tmp_path):
    (tmp_path / "creches-2025.csv").write_text("nom;adresse\nLes Tilleuls;1 rue A\n", "utf-8")
    reading = examine(tmp_path / "creches-2025.csv", "facilities")
    assert reading.usable()[0].kind == "crèche"
    assert "kind_of_file_name" in codes(reading)


def test_columns_told_and_remembered(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RPE_COLUMN_MEMORY", str(tmp_path / "columns.json"))
    path = tmp_path / "liste.csv"
    path.write_text(
        "AA;BB;CC;DD\nLes Tilleuls;1 rue A 12990 Valcombe;20;x\nLes Pins;2 rue A 12990 Valcombe;30;y\n",
        "utf-8",
    )
    database = str(tmp_path / "r.sqlite")
    command = ["import", str(path), "--kind", "facilities", "--database", database]
    assert run(command) == 2
    told = [
        "--column",
        "nom=AA",
        "--column",
        "adresse=BB",
        "--column",
        "places=CC",
        "--column",
        "nature==crèche",
    ]
    assert run([*command, *told]) == 0
    capsys.readouterr()
    assert run(command) == 0
    assert "dites la dernière fois" in capsys.readouterr().err
    assert run([*command, "--column", "nom=ZZ"]) == 2
    with pytest.raises(InputError):
        examine(path, "facilities", columns=["inconnu=AA"])


def test_childminders_of_a_departement(tmp_path):
    path = tmp_path / "assmat.csv"
    path.write_text(
        "NOM;PRENOM;ADRESSE;CODE POSTAL;COMMUNE;TELEPHONE;NB PLACES AGREMENT;FIN AGREMENT;TARIF HORAIRE\n"
        "DUPRE;Anne;12 rue des Lilas;12990;VALCOMBE;0565000001;4;31/12/2028;3,80 €\n"
        "NOEL;Zoé;3 place Basse;12990;VALCOMBE;;3;;\n",
        "cp1252",
    )
    reading = examine(path, "childminders")
    first, second = reading.usable()
    assert (first.name, first.agrement.places, first.agrement.valid_until) == (
        "Anne DUPRE",
        4,
        date(2028, 12, 31),
    )
    assert first.hourly_rate == 3.8
    assert first.address == "12 rue des Lilas 12990 VALCOMBE"
    assert second.hourly_rate is None
    # The same person has the same identifier next time.
    assert examine(path, "childminders").usable()[0].childminder_id == first.childminder_id


def test_mams_and_requests(tmp_path):
    (tmp_path / "mam.csv").write_text(
        "Nom de la MAM;Adresse;Nombre d'assistantes maternelles\nLes Mésanges;1 rue A 12990 Valcombe;3\n",
        "utf-8",
    )
    (mam,) = examine(tmp_path / "mam.csv", "mams").usable()
    assert (mam.name, mam.members_present_max) == ("Les Mésanges", 3)
    (tmp_path / "demandes.csv").write_text(
        "N° demande;Adresse;Date de naissance;Date d'entrée;Horaires;Transport\n"
        "12;1 rue A 12990 Valcombe;04/05/2026;04/01/2027;Mo-Fr 08:00-17:30;à pied\n",
        "utf-8",
    )
    (request,) = examine(tmp_path / "demandes.csv", "requests").usable()
    assert (request.mode, request.start, request.children[0].birth_date) == (
        "walk",
        date(2027, 1, 4),
        date(2026, 5, 4),
    )


def test_preview_imports_nothing(tmp_path, capsys):
    (tmp_path / "creches.csv").write_text("nom;adresse\nLes Tilleuls;1 rue A\n", "utf-8")
    database = tmp_path / "r.sqlite"
    assert (
        run(
            [
                "import",
                str(tmp_path / "creches.csv"),
                "--kind",
                "facilities",
                "--database",
                str(database),
                "--preview",
            ]
        )
        == 0
    )
    assert "rien n’a été importé" in capsys.readouterr().out
    assert not database.exists()
