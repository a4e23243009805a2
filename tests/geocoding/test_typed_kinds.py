"""Kinds of difficulty in what people type, on an invented valley: the right place, or a doubt that says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rpe_geo.geocoding.index import build_index
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.protocols import AddressQuery, Geocoded

HEADER = (
    "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;"
    "nom_ancienne_commune;lon;lat;type_position"
)
# street, code, commune, old code, old commune, longitude
STREETS = [
    ("Rue des Tanneurs", "12801", "Saint-Laurent", "", "", 2.10),
    ("Rue du Fournil", "12802", "Saint-Fiel", "", "", 2.20),
    ("Rue du Lavoir", "12803", "Montval-sur-Dourle", "12813", "Montval", 2.30),
    ("Rue du Lavoir", "12803", "Montval-sur-Dourle", "12814", "Bessac", 2.35),
    ("Rue de la Source", "12803", "Montval-sur-Dourle", "12814", "Bessac", 2.36),
    ("Rue du Four", "12804", "Bessières-Haute", "", "", 2.40),
    ("Rue du Pressoir", "12805", "Bessières-Basse", "", "", 2.45),
    ("Chemin des Aulnes", "12806", "Pierrelongue", "", "", 2.50),
    ("Place du Marché", "12806", "Pierrelongue", "", "", 2.51),
    ("Le Clos Fleuri", "12806", "Pierrelongue", "", "", 2.52),
    ("La Tour Carrée", "12806", "Pierrelongue", "", "", 2.53),
    ("Le Grand Mail", "12806", "Pierrelongue", "", "", 2.54),
    ("Le Bourg", "12806", "Pierrelongue", "", "", 2.55),
    ("Rue du Huit Mai 1945", "12806", "Pierrelongue", "", "", 2.56),
    ("Avenue Jean Moulin", "12806", "Pierrelongue", "", "", 2.58),
]
SUFFIXED = [(7, "a ter", 2.600), (7, "b ter", 2.601), (9, "", 2.602), (9, "bis", 2.6021)]


@pytest.fixture(scope="module")
def valley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGeocoder]:
    folder = tmp_path_factory.mktemp("valley")
    lines = [HEADER]
    for rank, (street, code, city, old_code, old, longitude) in enumerate(STREETS):
        lines += [
            f"{code}_{rank:04d}_{number:05d};{number};;{street};12880;{code};{city};{old_code};{old};{longitude + number * 2e-4:.5f};44.5;entrée"
            for number in range(1, 21)
        ]
    lines += [
        f"12806_0099_{number:05d};{number};{suffix};Rue du Puits;12880;12806;Pierrelongue;;;{longitude};44.5;entrée"
        for number, suffix, longitude in SUFFIXED
    ]
    (folder / "adresses.csv").write_text("\n".join(lines), encoding="utf-8")
    build_index([folder / "adresses.csv"], folder / "index")
    geocoder = LocalGeocoder(folder / "index")
    yield geocoder
    geocoder.close()


def ask(geocoder: LocalGeocoder, text: str) -> Geocoded:
    return geocoder.geocode([AddressQuery(text)])[0]


@pytest.mark.parametrize(
    "text",
    [
        "2 rue du Fournil 12880 Saint-Laurent",
        "2 rue des Tanneurs, Saint-Fiel",
        "2 rue du Fournil Saint-Laurent",
        "4 rue du Pressoir 12880 Bessières-Haute",
        "4 rue du Four Bessières-Basse 12880",
        "3 rue de la Source 12880 Montval",
        "3 rue du Lavoir 12880 Montval-sur-Dourle",  # two communes déléguées have it
        "2 rue du Fournil 12880 Saint",
    ],
)
def test_a_commune_typed_exactly_binds(valley: LocalGeocoder, text: str) -> None:
    answer = ask(valley, text)
    assert answer.status == "review", answer.label
    assert answer.reason


@pytest.mark.parametrize(
    ("text", "longitude"),
    [
        ("3 rue du Lavoir 12880 Bessac", 2.3506),
        ("3 rue du Lavoir 12880 Montval", 2.3006),
        ("3 rue du Lavoir 12880 Bessac Montval-sur-Dourle", 2.3506),
        ("3 rue de la Source 12880 Montval-sur-Dourle", 2.3606),
    ],
)
def test_an_old_commune_tells_which(valley: LocalGeocoder, text: str, longitude: float) -> None:
    answer = ask(valley, text)
    assert (answer.status, answer.longitude) == ("ok", pytest.approx(longitude)), answer.reason


AULNES = [
    "porte 7 12 chemin des Aulnes",
    "12 chemin des Aulnes porte 7",
    "12, chemin des Aulnes, appartement n° 7,",
    "Bât C appt n°7 - 12 chemin des Aulnes",
    "villa n°7, 12 chemin des Aulnes",
    "Lot n° 7 12 chemin des Aulnes",
    "lotissement Bellevue n°7 12 chemin des Aulnes",
    "12 chemin des Aulnes lotissement Bellevue n°7",
    "Rés. Bellevue, n°7, 12 chemin des Aulnes",
    "étage 3 porte 7, 12 chemin des Aulnes",
    "esc. B 3e étage 12 chemin des Aulnes",
    "BP 7, 12 chemin des Aulnes",
    "CS 7 12 chemin des Aulnes",
    "12 chemin des Aulnes BP n°7",
    "Tour 7, 12 chemin des Aulnes",
    "Immeuble A7 12 chemin des Aulnes",
    "12 chemin des Aulnes 7ème étage",
    "7, 12 chemin des Aulnes",
    "12 chemin des Aulnes 7 clos Bellevue",
    "12 chemn des Aulnes",
    "12 chemin dees Aulnes",
    "12 chemin ds Aulnes",
    "12chemin des Aulnes",
    "douze chemin des Aulnes",
    "Mairie 12 chemin des Aulnes",
    "12.0 chemin des Aulnes",
    "n12 chemin des Aulnes",
]


@pytest.mark.parametrize("text", AULNES)
def test_the_number_that_begins_the_street_wins(valley: LocalGeocoder, text: str) -> None:
    answer = ask(valley, f"{text} 12880 Pierrelongue")
    assert answer.label == "12 Chemin des Aulnes, 12880 Pierrelongue"
    assert (answer.status, answer.level) == ("ok", "housenumber"), answer.reason


@pytest.mark.parametrize(
    "text",
    [
        "l2 chemin des Aulnes", "I2 chemin des Aulnes", "1O chemin des Aulnes", "12? chemin des Aulnes", "n° ? chemin des Aulnes",
        "1Z chemin des Aulnes", "03-mai chemin des Aulnes", "1 2 chemin des Aulnes", "XII chemin des Aulnes", "1_ chemin des Aulnes",
        "1,5 chemin des Aulnes", "chemin des Aulnes l2", "O chemin des Aulnes", "douz chemin des Aulnes", "S2 chemin des Aulnes",
        "7 12 chemin des Aulnes", "appt 7 chemin des Aulnes", "7 résidence Bellevue, chemin des Aulnes", "ll chemin des Aulnes",
        "chemin des Aulnes, résidence Bellevue n°7", "4 chemin des Aulnes 9 avenue Jean Moulin", "12/? chemin des Aulnes",
    ],
)  # fmt: skip
def test_a_number_that_is_not_understood_is_a_doubt(valley: LocalGeocoder, text: str) -> None:
    answer = ask(valley, f"{text} 12880 Pierrelongue")
    assert answer.status == "review", answer.label
    assert answer.street in {"Chemin des Aulnes", "Avenue Jean Moulin"}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("12 Clos Fleuri", "12 Le Clos Fleuri"),
        ("12 Tour Carrée", "12 La Tour Carrée"),
        ("12 Grand Mail", "12 Le Grand Mail"),
        ("3-5 Le Bourg", "3 Le Bourg"),
        ("3 et 5 le bourg", "3 Le Bourg"),
        ("3 à 5, place du Marché", "3 Place du Marché"),
        ("Mairie 3 le bourg", "3 Le Bourg"),
        ("Crèche Pomme 3 Clos Fleuri", "3 Le Clos Fleuri"),
        ("12 plaace du Marché", "12 Place du Marché"),
        ("12 place di Marché", "12 Place du Marché"),
        ("12 avenu Jean Moulin", "12 Avenue Jean Moulin"),
        ("12 avenue Jean noulin", "12 Avenue Jean Moulin"),
        ("dix-sept place du Marché", "17 Place du Marché"),
        ("vingt rue du 8 mai 1945", "20 Rue du Huit Mai 1945"),
        ("7b ter rue du Puits", "7 b ter Rue du Puits"),
        ("7 A TER rue du Puits", "7 a ter Rue du Puits"),
        ("7bter, rue du Puits", "7 b ter Rue du Puits"),
        ("9 bis rue du Puits", "9 bis Rue du Puits"),
        ("9 rue du Puits", "9 Rue du Puits"),
    ],
)
def test_what_stands_for_the_published_name(valley: LocalGeocoder, text: str, label: str) -> None:
    answer = ask(valley, f"{text} 12880 Pierrelongue")
    assert (answer.status, answer.label) == ("ok", f"{label}, 12880 Pierrelongue"), answer.reason


def test_a_number_of_several_suffixes_is_a_doubt_between_them(valley: LocalGeocoder) -> None:
    answer = ask(valley, "7 rue du Puits 12880 Pierrelongue")
    assert answer.status == "review"
    assert "a ter, b ter" in answer.reason
    shown = {answer.housenumber, *(choice.housenumber for choice in answer.choices)}
    assert {"7a ter", "7b ter"} <= shown


@pytest.mark.parametrize(
    "text",
    [
        "12 chemin des Aulnes, 12880 Pierrelongue, France",
        "12, Chemin des Aulnes, Pierrelongue, Millau, Aveyron, Occitanie, France métropolitaine, 12880, France",
        "12 Chemin des Aulnes, Pierrelongue 12880, Aveyron",
        "12 Chemin des Aulnes Pierrelongue Aveyron",
        "12.0 chemin des Aulnes 12880.0 Pierrelongue",
        "Chemin des Aulnes 12, FR-12880 Pierrelongue",
        "12 chemin des Aulnes\u00a012880\u00a0Pierrelongue",
        "12 chemin des Aulnes 12985 PIERRELONGUE CEDEX 9",
        "Pierrelongue (12880), 12 chemin des Aulnes",
        "=12 chemin des Aulnes, 12880 Pierrelongue",
        "12 chemin des Aulnes 12880PIERRELONGUE",
        "12 chemin des&nbsp;Aulnes 12880 Pierrelongue",
        "12 rue S/N",
    ],
)
def test_what_machines_append(valley: LocalGeocoder, text: str) -> None:
    if text == "12 rue S/N":
        assert ask(valley, text).status != "ok"
        return
    answer = ask(valley, text)
    expected = ("ok", "12 Chemin des Aulnes, 12880 Pierrelongue")
    assert (answer.status, answer.label) == expected, answer.reason


def test_text_that_was_decoded_wrongly_is_read(valley: LocalGeocoder) -> None:
    spoilt = "3 place du MarchÃ© 12880 Pierrelongue"
    assert ask(valley, spoilt).label == "3 Place du Marché, 12880 Pierrelongue"


def test_a_cedex_tells_homonyms_by_its_departement(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        f"{HEADER}\n12806_0001_00003;3;;Rue du Puits;12880;12806;Valsonne;;;2.5;44.5;entrée\n",
        encoding="utf-8",
    )
    (tmp_path / "cog.json").write_text(
        '[{"code": "12806", "nom": "Valsonne", "type": "commune-actuelle", "codesPostaux": ["12880"]},'
        '{"code": "69254", "nom": "Valsonne", "type": "commune-actuelle", "codesPostaux": ["69170"]}]',
        encoding="utf-8",
    )
    build_index([tmp_path / "a.csv"], tmp_path / "index", cog=tmp_path / "cog.json")
    geocoder = LocalGeocoder(tmp_path / "index")
    texts = {
        "3 rue du Puits 12985 Valsonne cedex": "ok",
        "3 rue du Puits Valsonne": "review",
        "3 rue du Puits 69985 Valsonne cedex": "not-found",
    }
    found = {text: ask(geocoder, text).status for text in texts}
    geocoder.close()
    assert found["3 rue du Puits 69985 Valsonne cedex"] != "ok"
    assert found["3 rue du Puits 12985 Valsonne cedex"] == "ok"
    assert found["3 rue du Puits Valsonne"] == "review"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("place du mar", "Place du Marché, 12880 Pierrelongue"),
        ("12880 pierrel", "12880 Pierrelongue"),
        ("pierrel 12880", "12880 Pierrelongue"),
        ("rue du hui", "Rue du Huit Mai 1945, 12880 Pierrelongue"),
        ("rue du vii", "Rue du Huit Mai 1945, 12880 Pierrelongue"),
        ("le bou", "Le Bourg, 12880 Pierrelongue"),
    ],
)
def test_autocomplete_counts_every_word(valley: LocalGeocoder, text: str, first: str) -> None:
    assert valley.autocomplete(text)[0].label == first


@pytest.mark.parametrize("text", ["rue du puits qsdfgh", "zzzz", "avenue jean moulin montpellier"])
def test_autocomplete_gives_nothing_unrelated(valley: LocalGeocoder, text: str) -> None:
    assert valley.autocomplete(text) == []


def test_streets_of_a_commune_are_no_completion_of_its_name(valley: LocalGeocoder) -> None:
    assert [answer.label for answer in valley.autocomplete("pierrelon")] == ["Pierrelongue"]


def test_an_exact_word_outranks_a_misspelt_one(tmp_path: Path) -> None:
    names = [f"Rue des Vignes {letter}" for letter in "ABCDEFGHIJ"] + [
        f"Chemin de la Vigne {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    ]
    lines = [HEADER] + [
        f"12806_{rank:04d}_00001;1;;{name};12880;12806;Pierrelongue;;;2.5;44.5;entrée"
        for rank, name in enumerate(names)
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    build_index([tmp_path / "a.csv"], tmp_path / "index")
    geocoder = LocalGeocoder(tmp_path / "index")
    nearest = geocoder._text.nearest(["vigne"], limit=20)
    found = [geocoder._store.street(street).name for street in nearest]
    geocoder.close()
    assert len(found) == 20
    assert all("Vigne " in name for name in found)
