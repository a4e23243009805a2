"""Every address file that a French town has, what machines do to such files, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from rpe_geo.errors import InvalidFile
from rpe_geo.geocoding.index import IndexReport, build_index
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.messages import explain, phrase
from rpe_geo.protocols import AddressQuery

BAN = "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n"
BAL_13 = (
    "cle_interop;commune_insee;commune_nom;commune_deleguee_insee;commune_deleguee_nom;uid_adresse;voie_nom;"
    "lieudit_complement_nom;numero;suffixe;position;x;y;long;lat;cad_parcelles;source;date_der_maj;certification_commune\n"
)
BAL_15 = "lat;long;numero;suffixe;toponyme;commune_insee;commune_nom;id_ban_adresse;cle_interop;position;certification_commune\n"


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def built(folder: Path, *files: Path) -> tuple[IndexReport, LocalGeocoder]:
    report = build_index(files, folder / "index")
    return report, LocalGeocoder(folder / "index")


def label(geocoder: LocalGeocoder, text: str) -> tuple[str, str]:
    answer = geocoder.geocode([AddressQuery(text)])[0]
    return answer.status, answer.label


@pytest.mark.parametrize(
    ("name", "content", "form", "expected"),
    [
        (
            "bal.csv",
            "\ufeff" + BAL_13
            + "34899_0a1b_00005_bis;34899;Lanuéjac;;;;Rue de l'Orme;;5;bis;parcelle;1;1;3.8;43.61234;;c;2024-01-01;1\n"
            + "34899_0a1b_00005_bis;34899;Lanuéjac;;;;Rue de l'Orme;;5;bis;entrée;1;1;3.81234;43.61234;;c;2024-01-01;1\n"
            + "34899_zzzz_99999;34899;Lanuéjac;;;;Mas Vert;;99999;;segment;;;3.82345;43.61234;;c;2024-01-01;0\n",
            "BAL",
            {"5 bis rue de l'orme Lanuéjac": "5 bis Rue de l'Orme, Lanuéjac", "mas vert lanuejac": "Mas Vert, Lanuéjac"},
        ),
        (
            "bal15.csv",
            BAL_15 + "43.61234;3.81234;5;;Rue de l'Orme;34899;Lanuéjac;b-1;34899_0a1b_00005;entrée;1\n",
            "BAL",
            {"5 rue de l'orme Lanuéjac": "5 Rue de l'Orme, Lanuéjac"},
        ),
        (
            "adresses-addok.ndjson",
            json.dumps({"id": "34899", "type": "municipality", "name": "Lanuéjac", "citycode": "34899", "lon": 3.8, "lat": 43.6})
            + "\n"
            + json.dumps({"id": "34899_0a1b", "type": "street", "name": "Rue de l'Orme", "postcode": ["34899"], "citycode": ["34899"],
                          "city": ["Lanuéjac"], "lon": 3.81, "lat": 43.6, "housenumbers": {"5bis": {"id": "x", "lon": 3.81234, "lat": 43.61234}}})
            + "\n"
            + json.dumps({"id": "34899_zzzz", "type": "locality", "name": "Mas Vert", "postcode": "34899", "citycode": "34899",
                          "city": "Lanuéjac", "lon": 3.82345, "lat": 43.61234})
            + "\n",
            "BAN addok",
            {"5 bis rue de l'orme Lanuéjac": "5 bis Rue de l'Orme, 34899 Lanuéjac", "mas vert lanuejac": "Mas Vert, 34899 Lanuéjac"},
        ),
        (
            "adresses.geojson",
            json.dumps({"type": "FeatureCollection", "features": [
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": [3.81234, 43.61234]},
                 "properties": {"numero": 5, "suffixe": "ter", "voie_nom": "Rue de l'Orme", "commune_insee": "34899", "commune_nom": "Lanuéjac"}},
                {"type": "Feature", "geometry": None,
                 "properties": {"numero": 6, "voie_nom": "Rue de l'Orme", "commune_insee": "34899", "commune_nom": "Lanuéjac"}}]}),
            "GeoJSON",
            {"5 ter rue de l'orme Lanuéjac": "5 ter Rue de l'Orme, Lanuéjac"},
        ),
        (
            "bano.csv",
            "source,lat,lon,id,numero,voie,code_post,nom_comm\nOSM,43.61234,3.81234,348990123A-5BIS,5BIS,Rue de l'Orme,34899,Lanuéjac\n",
            "BANO",
            {"5 bis rue de l'orme Lanuéjac": "5 bis Rue de l'Orme, 34899 Lanuéjac"},
        ),
        (
            "lieux-dits-34-beta.csv",
            "id;nom_lieu_dit;code_postal;code_insee;nom_commune;x;y;lon;lat\n34899_zzzz;Mas Vert;34899;34899;Lanuéjac;1;1;3.82345;43.61234\n",
            "BAN lieux-dits",
            {"mas vert 34899 lanuejac": "Mas Vert, 34899 Lanuéjac"},
        ),
        (
            "ban.csv",
            ('"lon","lat","id","numero","rep","nom_voie","code_postal","code_insee","nom_commune"\n'
             '"3.81234","43.61234","34899_0a1b_00005","5","","Rue de l\'Orme","34899","34899","Lanuéjac"\n').encode("cp1252"),
            "BAN",
            {"5 rue de l'orme Lanuéjac": "5 Rue de l'Orme, 34899 Lanuéjac"},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zipped", [False, True])
def test_formats(
    tmp_path: Path,
    name: str,
    content: str | bytes,
    form: str,
    expected: dict[str, str],
    zipped: bool,
) -> None:
    raw = content.encode() if isinstance(content, str) else content
    path = written(tmp_path, name, gzip.compress(raw) if zipped else raw)
    report, geocoder = built(tmp_path, path)
    found = {text: label(geocoder, text) for text in expected}
    geocoder.close()
    assert report.sources[0].format == form
    assert found == {text: ("ok", wanted) for text, wanted in expected.items()}


def test_a_lieu_dit_without_place_is_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "lieux.csv",
        "nom_lieu_dit;code_postal;code_insee;nom_commune;lon;lat\nMas Vert;34899;34899;Lanuéjac;3.8;43.6\nMas Noir;34899;34899;Lanuéjac;;\n",
    )
    report, geocoder = built(tmp_path, path)
    geocoder.close()
    assert (report.streets, report.rejected) == (1, {"no_coordinates": 1})


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("4899_0a1b_00005;5;;Rue de l'Orme;4899;4899;Lanuéjac;5.81234;44.01234", "commune_zero"),
        ("34899_0a1b_00005;5;;Rue de l'Orme;34899;34899;Lanuéjac;3,81234;43,61234", "decimal_comma"),
        ("34899_0a1b_00005;5.0;;Rue de l'Orme;34899;34899;Lanuéjac;3.81234;43.61234", "decimal_number"),
        ("34899_0a1b_00005;5;;Rue de l'Orme;34899;34899;Lanuéjac;43.61234;3.81234", "swapped_coordinates"),
        ("34899_0a1b_00005;5;;Rue de l'Orme;3,49E+04;34899;Lanuéjac;3.81234;43.61234", "postcode_dropped"),
        ("34899_0a1b_00005;5;;Rue de l'AllÃ©e;34899;34899;Lanuéjac;3.81234;43.61234", "double_encoded"),
        ("34899_0a1b_00005;5;;Rue de l'All\ufffde;34899;34899;Lanuéjac;3.81234;43.61234", "broken_accents"),
        ("abc-12;5;;Rue de l'Orme;34899;34899;Lanuéjac;3.81234;43.61234", "foreign_ids"),
    ],
)  # fmt: skip
def test_what_machines_did_is_mended_with_a_word(tmp_path: Path, row: str, code: str) -> None:
    report, geocoder = built(tmp_path, written(tmp_path, "ban.csv", BAN + row + "\n"))
    geocoder.close()
    assert report.addresses == 1
    assert report.sources[0].mended[code] == 1
    assert phrase(f"addresses_mended_{code}", rows=1)


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (BAN + "x;5;;Rue de l'Orme;34899;34899;Lanuéjac;770000;6270000\n", "addresses_unusable", "hors de France"),
        (BAN + "x;5;;Rue de l'Orme;34899;Lanuéjac;34899;3.8;43.6\n", "addresses_unusable", "code de commune"),
        (BAN + "x;5;;Rue de l'Orme;34899;34899;Lanuéjac;;\n", "addresses_unusable", "sans coordonnées"),
        ("348990123A-5,5,Rue de l'Orme,34899,Lanuéjac,OSM,43.6,3.8,x\n", "addresses_bano_width", "9 cellules"),
        ("348990123A-5,5,Rue de l'Orme,34899,Lanuéjac,OSM,43.6\n", "addresses_bano_width", "7 cellules"),
        ('{"type": "Topology"}', "addresses_geojson", "GeoJSON"),
        ('{"type": "street", "name": 1}\n[broken\n', "addresses_line_unreadable", "ligne 2"),
        ("PK\x03\x04rest", "addresses_zipped", "zip"),
        ("nom;prenom\na;b\n", "addresses_format", "formats d’adresses"),
    ],
)  # fmt: skip
def test_what_is_no_address_file_is_refused_with_the_reason(
    tmp_path: Path, content: str, code: str, word: str
) -> None:
    path = written(tmp_path, "file", content)
    with pytest.raises(InvalidFile) as raised:
        build_index([path], tmp_path / "index")
    assert raised.value.code == code
    assert word in explain(raised.value)


def test_communes_asked_for_that_the_file_lacks_are_told(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "ban.csv",
        BAN + "34899_0a1b_00005;5;;Rue de l'Orme;34899;34899;Lanuéjac;3.8;43.6\n",
    )
    with pytest.raises(InvalidFile) as raised:
        build_index([path], tmp_path / "index", codes=["12"])
    assert "34899" in explain(raised.value)


@pytest.mark.parametrize(
    "pattern", ["34899_0a1b_{n}", "34899_0a1b_{n:05d}", "{n}", "34899_k{n}_{n:05d}"]
)
def test_a_street_is_one_whatever_its_keys(tmp_path: Path, pattern: str) -> None:
    rows = "".join(
        f"{pattern.format(n=n)};{n};;Rue de l'Orme;34899;34899;Lanuéjac;3.8{n:04d};43.61234\n"
        for n in range(1, 80)
    )
    report, geocoder = built(tmp_path, written(tmp_path, "ban.csv", BAN + rows))
    found = label(geocoder, "40 rue de l'orme 34899 Lanuéjac")
    geocoder.close()
    assert report.streets == 1
    assert found == ("ok", "40 Rue de l'Orme, 34899 Lanuéjac")
    told = set(report.sources[0].mended)
    expected = {"{n}": {"foreign_ids"}, "34899_k{n}_{n:05d}": {"ids_not_streets"}}
    assert told == expected.get(pattern, set())


def test_almost_as_many_streets_as_addresses_is_told(tmp_path: Path) -> None:
    rows = "".join(
        f";{n};;{n} Rue de l'Orme;34899;34899;Lanuéjac;3.8{n:04d};43.61234\n" for n in range(1, 80)
    )
    report, geocoder = built(tmp_path, written(tmp_path, "ban.csv", BAN + rows))
    geocoder.close()
    assert report.sources[0].mended == {"streets_like_addresses": 79}


def test_long_suffixes_are_kept_whole(tmp_path: Path) -> None:
    rows = "".join(
        f"34899_0a1b_00005_{at};5;{suffix};Rue de l'Orme;34899;34899;Lanuéjac;3.81{at}34;43.61234\n"
        for at, suffix in enumerate(["b quinquies", "c quinquies"])
    )
    _, geocoder = built(tmp_path, written(tmp_path, "ban.csv", BAN + rows))
    found = label(geocoder, "5 c quinquies rue de l'Orme 34899 Lanuéjac")
    geocoder.close()
    assert found == ("ok", "5 c quinquies Rue de l'Orme, 34899 Lanuéjac")
