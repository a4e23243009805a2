from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.geocoding.numbers import metres
from rpe_geo.protocols import AddressQuery, Geocoded


def ask(
    geocoder: LocalGeocoder, text: str, postcode: str | None = None, city: str | None = None
) -> Geocoded:
    return geocoder.geocode([AddressQuery(text, postcode, city)])[0]


ACCEPTED = [
    ("12 rue de la République 01100 Valmont", "housenumber", "12 Rue de la République, 01100 Valmont"),
    ("12 RUE DE LA REPUBLIQUE 01100 VALMONT", "housenumber", "12 Rue de la République, 01100 Valmont"),
    ("12 bis r republique, 01100 valmont", "housenumber", "12 bis Rue de la République, 01100 Valmont"),
    ("3 place de la republique 01100 valmont", "housenumber", "3 Place de la République, 01100 Valmont"),
    ("14 rue gal leclerc 01100 valmont", "housenumber", "14 Rue du Général Leclerc, 01100 Valmont"),
    ("14 rue leclerc 01100 valmont", "housenumber", "14 Rue du Général Leclerc, 01100 Valmont"),
    ("4 rue filipe rousso 01100 valmont", "housenumber", "4 Rue Philippe Rousseau, 01100 Valmont"),
    ("4 imp des peuplirs 01100 valmont", "housenumber", "4 Impasse des Peupliers, 01100 Valmont"),
    ("4 rue du huit mai 1945 01100 valmont", "housenumber", "4 Rue du 8 Mai 1945, 01100 Valmont"),
    ("01100 Valmont, 4 rue du 8 mai 45", None, None),
    ("01100 valmont 6 rue du parc", "housenumber", "6 Rue du Parc, 01100 Valmont"),
    ("rue du parc 6, 01100 valmont", "housenumber", "6 Rue du Parc, 01100 Valmont"),
    ("rue du parc 01100 valmnot", "street", "Rue du Parc, 01100 Valmont"),
    ("7 rue de l'eglise st aubin s/ ain 01110", None, None),
    ("7 rue de l'eglise saint aubin sur ain", "housenumber", "7 Rue de l'Église, 01110 Saint-Aubin-sur-Ain"),
    ("7 le bourg 01110 saint aubin sur ain", "housenumber", "7 Le Bourg, 01110 Saint-Aubin-sur-Ain"),
    ("8 rue de la République 01120 Beaulieu", "housenumber", "8 Rue de la République, 01120 Beaulieu-en-Bresse"),
    ("8 grande rue 01120 Villeneuve", "housenumber", "8 Grande Rue, 01120 Beaulieu-en-Bresse"),
    ("8 faubourg saint antoine 01120 beaulieu en bresse", "housenumber", "8 Rue du Faubourg Saint-Antoine, 01120 Beaulieu-en-Bresse"),
    ("8 rue de la République 01199 Beaulieu en Bresse Cedex", "housenumber", "8 Rue de la République, 01120 Beaulieu-en-Bresse"),
    ("bât. B appt 12, chez Mme Durand, 6 rue du Parc, 01100 Valmont", "housenumber", "6 Rue du Parc, 01100 Valmont"),
    ("3 chez Jarry 01120 Beaulieu-en-Bresse", "housenumber", "3 Chez Jarry, 01120 Beaulieu-en-Bresse"),
    ("Chez Jarry, 01120 Beaulieu-en-Bresse", "street", "Chez Jarry, 01120 Beaulieu-en-Bresse"),
    ("3 chez jary 01120 beaulieu en bresse", "housenumber", "3 Chez Jarry, 01120 Beaulieu-en-Bresse"),
    ("3 chemin de chez Bouvard 01120 Beaulieu-en-Bresse", "housenumber", "3 Chemin de chez Bouvard, 01120 Beaulieu-en-Bresse"),
    ("6 rue du Parc chez Jarry 01100 Valmont", "housenumber", "6 Rue du Parc, 01100 Valmont"),
    ("chez M. Jarry, 6 rue du Parc, 01100 Valmont", "housenumber", "6 Rue du Parc, 01100 Valmont"),
    ("3 rue des ferronniers montvernelle", "housenumber", "3 Rue des Ferronniers, 01130 Montvernelle-sur-Ain"),
    ("Montvernelle, 3 rue des ferronniers", "housenumber", "3 Rue des Ferronniers, 01130 Montvernelle-sur-Ain"),
    ("3 rue Bernard Blier 01120 Beaulieu-en-Bresse", "housenumber", "3 Rue Bernard Blier, 01120 Beaulieu-en-Bresse"),
    ("3 rue du comte bernard 01120 Beaulieu-en-Bresse", "housenumber", "3 Rue Comte Bernard, 01120 Beaulieu-en-Bresse"),
    ("Mas Rouge 01110 Saint-Aubin-sur-Ain", "locality", "Mas Rouge, 01110 Saint-Aubin-sur-Ain"),
    ("Beaulieu-en-Bresse", "municipality", "Beaulieu-en-Bresse"),
    ("01100 Valmont", "municipality", "01100 Valmont"),
    ("01100", "municipality", "01100 Valmont"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "level", "label"), [case for case in ACCEPTED if case[1]])
def test_accepted(geocoder: LocalGeocoder, text: str, level: str, label: str) -> None:
    answer = ask(geocoder, text)
    assert (answer.status, answer.level, answer.label) == ("ok", level, label), answer.reason
    assert answer.reason == ""
    assert answer.uncertainty_m is not None
    assert answer.uncertainty_m > 0


@pytest.mark.parametrize(
    ("text", "status", "word"),
    [
        ("", "not-found", "aucune adresse"),
        (",;  ", "not-found", "aucune adresse"),
        ("x" * 500, "not-found", "trop long"),
        ("12 rue de la République 69100 Montclar", "not-found", "département"),
        ("12 rue de la République 69100 Valmont", "review", "69100 ne correspond pas"),
        ("12 rue de la République Montclar", "not-found", "Montclar est hors du territoire"),
        ("7 rue de l'Église 01110 Rochefort", "not-found", "Rochefort est hors du territoire"),
        ("12 boulevard de la République 01120 Beaulieu en Bresse", "review", "type de voie"),
        ("12 rue de la République Valmont", "review", "plusieurs communes s’appellent Valmont"),
        ("12 rue de la République", "review", "2 lieux"),
        ("7 rue de l'église 01110", "review", "commune n’est pas indiquée"),
        ("6 rue du port 01100 Valmont", "review", ""),
        ("180 rue du Parc 01100 Valmont", "review", "numéro 180"),
        ("3 rue des ferronniers villefranche", "review", "à Villefranche, cette voie"),
        ("3 rue des ferronniers clairegoutte", "review", "commune"),
        ("3 rue du château de montvernelle", "review", ""),
        ("3 rue des ferroniers montvernelle 01199", "review", ""),
        ("3 rue des lilas montvernelle", "review", "voie introuvable à Montvernelle-sur-Ain"),
        ("3 rue bernard 01120 Beaulieu-en-Bresse", "review", "2 lieux"),
        ("rue Zamenhof 01100 Valmont", "review", "voie introuvable à Valmont"),
        ("qsdfgh jklm", "not-found", "aucune voie"),
    ],
)  # fmt: skip
def test_not_accepted(geocoder: LocalGeocoder, text: str, status: str, word: str) -> None:
    answer = ask(geocoder, text)
    assert answer.status == status, answer
    assert word in answer.reason
    assert answer.reason.endswith(".")
    assert (answer.longitude is None) == (status == "not-found")


def test_columns_are_read(geocoder: LocalGeocoder) -> None:
    answer = ask(geocoder, "12 rue de la République", "1100", "VALMONT")
    assert (answer.status, answer.code_commune) == ("ok", "01001")


def test_a_doubt_offers_choices(geocoder: LocalGeocoder) -> None:
    answer = ask(geocoder, "12 rue de la République")
    assert {choice.city for choice in answer.choices} | {answer.city} >= {
        "Valmont",
        "Beaulieu-en-Bresse",
    }


def test_a_number_is_placed_between_those_of_its_side(geocoder: LocalGeocoder) -> None:
    before = ask(geocoder, "128 chemin des vignes 01110 saint aubin sur ain")
    assert before.level == "housenumber"
    answer = ask(geocoder, "12 ter rue de la République 01100 Valmont")
    assert answer.level == "interpolated"
    exact = ask(geocoder, "12 rue de la République 01100 Valmont")
    assert exact.longitude is not None
    assert exact.latitude is not None
    assert answer.longitude is not None
    assert answer.latitude is not None
    away = metres(exact.longitude, exact.latitude, answer.longitude, answer.latitude)
    assert away <= (answer.uncertainty_m or 0)


def test_reverse(geocoder: LocalGeocoder) -> None:
    near = geocoder.reverse(Point(5.1030, 46.1001))
    assert (near.status, near.street) == ("ok", "Rue du Général Leclerc")
    away = geocoder.reverse(Point(5.1030, 46.1301))
    assert away.status == "review"
    assert "plus proche" in away.reason
    assert geocoder.reverse(Point(0, 0)).status == "not-found"
    assert geocoder.reverse(Point(500, 46)).status == "not-found"
    assert geocoder.reverse(Point()).status == "not-found"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("12 rue de la rep", "12 Rue de la République, 01100 Valmont"),
        ("r de la republique beaul", "Rue de la République, 01120 Beaulieu-en-Bresse"),
        ("gen lecl", "Rue du Général Leclerc, 01100 Valmont"),
        ("beau", "Beaulieu-en-Bresse"),
        ("imp peup", "Impasse des Peupliers, 01100 Valmont"),
        ("phillipe rouss", "Rue Philippe Rousseau, 01100 Valmont"),
    ],
)
def test_autocomplete(geocoder: LocalGeocoder, text: str, first: str) -> None:
    answers = geocoder.autocomplete(text)
    assert first in [answer.label for answer in answers[:2]]


def test_autocomplete_has_bounds(geocoder: LocalGeocoder) -> None:
    assert geocoder.autocomplete("") == []
    assert geocoder.autocomplete("r") == []
    assert len(geocoder.autocomplete("rue", limit=3)) == 3
    near = geocoder.autocomplete("rue de la rep", near=Point(5.5, 46.3))
    assert near[0].city == "Beaulieu-en-Bresse"


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet="rue dlapvmont0123456789,-'éB\n", max_size=60))
def test_any_text_has_an_answer(geocoder: LocalGeocoder, text: str) -> None:
    answer = ask(geocoder, text)
    assert answer.status in {"ok", "review", "not-found"}
    assert (answer.reason == "") == (answer.status == "ok")
    assert 0 <= answer.score <= 1
    geocoder.autocomplete(text)
