from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.geocoding.parse import HouseNumber, parse

CASES = [
    # text, number, suffix, postcode, body
    ("12 rue Pasteur 48000 Mende", 12, "", "48000", "rue pasteur mende"),
    ("12bis rue Pasteur", 12, "bis", "", "rue pasteur"),
    ("12 B rue Pasteur", 12, "b", "", "rue pasteur"),
    ("12 r Pasteur", 12, "", "", "r pasteur"),
    ("n° 5 place du marché", 5, "", "", "place du marche"),
    ("Rue Pasteur n°12 90000 Belfort", 12, "", "90000", "rue pasteur belfort"),
    ("12-14 rue Pasteur", 12, "", "", "rue pasteur"),
    ("12 bis à 16 ter, rue Pasteur", 12, "bis", "", "rue pasteur"),
    ("7/9, rue Pasteur", 7, "", "", "rue pasteur"),
    ("avenue Ledru-Rollin 24, 75012 Paris", 24, "", "75012", "avenue ledru rollin paris"),
    ("75012 Paris 24 avenue Ledru-Rollin", 24, "", "75012", "avenue ledru rollin"),
    ("34070 montpellier rue bernard blier 128", 128, "", "34070", "montpellier rue bernard blier"),
    ("R PASTEUR 14 BELFORT", 14, "", "", "r pasteur belfort"),
    ("Bât. B, 4 rue Haute", 4, "", "", "rue haute"),
    ("Appt 14 22 rue Haute", 22, "", "", "rue haute"),
    ("résidence Les Lilas bât 3, 14 rue Haute", 14, "", "", "rue haute"),
    ("chez Mme Durand 4 rue Haute 90000 Belfort", 4, "", "90000", "rue haute belfort"),
    ("4 rue Haute bat D appt 3 90000 Belfort", 4, "", "90000", "rue haute belfort"),
    ("4 rue Haute, 3ème étage, Belfort", 4, "", "", "rue haute , belfort"),
    ("4 rue Haute BP 12 90007 BELFORT CEDEX 9", 4, "", "90007", "rue haute belfort"),
    ("20 avenue de Ségur TSA 10725 75334 PARIS CEDEX 07", 20, "", "75334", "avenue de segur paris"),
    ("10250 route de Lodève 34080 Montpellier", 10250, "", "34080", "route de lodeve montpellier"),
    ("64 BOULEVARD HAUSSMANN 75 009 PARIS", 64, "", "75009", "boulevard haussmann paris"),
    ("rue du 8 mai 1945", None, "", "", "rue du 8 mai 1945"),
    ("route nationale 9, 12100 Millau", None, "", "12100", "route nationale 9 , millau"),
    ("place Louis XIV Montpellier", None, "", "", "place louis 14 montpellier"),
    ("Le Bourg 12630 Agen", None, "", "12630", "le bourg agen"),
    ("12 rue de la porte Haute", 12, "", "", "rue de la porte haute"),
    ("5 pl. d'Armes - Belfort (90)", 5, "", "", "pl d armes , belfort"),
    ("12 aveneu Foch", 12, "", "", "aveneu foch"),
    ("4 rue Haute, 90000 Belfort, France", 4, "", "90000", "rue haute , belfort"),
    ("Rue Principale 34, Saint-Dizier", 34, "", "", "rue principale , saint dizier"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number", "suffix", "postcode", "body"), CASES)
def test_parse(text: str, number: int | None, suffix: str, postcode: str, body: str) -> None:
    parsed = parse(text)
    assert parsed.number == (HouseNumber(number, suffix) if number else None)
    assert parsed.postcode == postcode
    read = " ".join(parsed.body)
    assert read.replace(" , ", " ") == body.replace(" , ", " ")


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("3 chez Jarry 90000 Belfort", "chez jarry belfort"),
        ("chemin de chez Jary", "chemin de chez jary"),
        ("chez Jarry", "chez jarry"),
        ("4 rue Haute chez Jarry", "rue haute"),
        ("4 rue Haute, chez Mme Durand", "rue haute"),
    ],
)
def test_a_place_called_chez_is_no_occupant(text: str, body: str) -> None:
    assert " ".join(parse(text, places=[("chez", "jarry")]).body).strip(" ,") == body


@pytest.mark.parametrize(
    ("text", "arrondissement"),
    [
        ("12 rue de la Paix Paris 2e", 2),
        ("12 rue de la Paix, Paris 2ème arrondissement", 2),
        ("12 rue de la Paix pariz 15", 15),
        ("34 rue Garibaldi Lyon 3", 3),
        ("paris 12e 11 rue lacuee", 12),
        ("Paris 11 rue de la Paix", 0),
        ("12 rue de Paris 90000 Belfort", 0),
        ("rue de Paris 12, 90000 Belfort", 0),
    ],
)
def test_arrondissement(text: str, arrondissement: int) -> None:
    assert parse(text).arrondissement == arrondissement


def test_columns() -> None:
    parsed = parse("12 rue Haute", "1000.0", "BOURG-EN-BRESSE CEDEX")
    assert parsed.postcode == "01000"
    assert parsed.city == ("bourg", "en", "bresse")
    assert parsed.cedex


def test_range_keeps_its_upper_end() -> None:
    assert parse("12-14 rue Haute").second == HouseNumber(14)


@pytest.mark.parametrize("text", ["", "  \n ", ",;", "—"])
def test_nothing_is_empty(text: str) -> None:
    assert parse(text).is_empty


@given(st.text(alphabet="abcdeéè 0123456789,-'/.\nruestpavbi", max_size=80))
def test_any_text_is_read(text: str) -> None:
    parsed = parse(text)
    assert parsed.postcode == "" or len(parsed.postcode) == 5
    assert parsed.after_postcode is None or 0 <= parsed.after_postcode <= len(parsed.body)
    assert parsed.number is None or parsed.number.number > 0
