from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.geocoding.similarity import Resemblance, compare, compare_glued
from rpe_geo.geocoding.street_names import guess_type, read_street_name

KNOWN = frozenset({"port", "parc", "moulin", "moulins", "jean"})


@pytest.mark.parametrize(
    ("typed", "known", "kind"),
    [
        ("general leclerc", "general leclerc", Resemblance.SAME),
        ("leclerc general", "general leclerc", Resemblance.SAME),
        ("leclerc", "general leclerc", Resemblance.WRITTEN_OTHERWISE),
        ("j moulin", "jean moulin", Resemblance.WRITTEN_OTHERWISE),
        ("filipe rousseau", "philippe rousseau", Resemblance.WRITTEN_OTHERWISE),
        ("prac", "parc", Resemblance.MISSPELT),
        ("ledrurollin", "ledru rollin", Resemblance.WRITTEN_OTHERWISE),
        ("margu", "marguerites", Resemblance.MISSPELT),
        ("asteur", "pasteur", Resemblance.MISSPELT),
        ("jenner", "henner", Resemblance.DIFFERENT),
        ("moncorge", "concorde", Resemblance.DIFFERENT),
        ("port", "parc", Resemblance.DIFFERENT),
        ("moulins", "moulin", Resemblance.ANOTHER_WORD),
        ("moulin", "moulin neuf", Resemblance.INCOMPLETE),
        ("8 mai 1945", "11 novembre 1918", Resemblance.DIFFERENT),
        ("chatillon dessous", "chatillon dessus", Resemblance.INCOMPLETE),
    ],
)
def test_in_which_way_names_are_alike(typed: str, known: str, kind: Resemblance) -> None:
    assert compare(typed.split(), known.split(), KNOWN).kind == kind


NAMES = st.lists(
    st.text(alphabet="abcdefghilmnoprstuv", min_size=1, max_size=10), min_size=1, max_size=5
)


@given(NAMES, NAMES)
def test_likeness_is_a_share(typed: list[str], known: list[str]) -> None:
    assert 0 <= compare(typed, known, KNOWN).score <= 1
    assert 0 <= compare_glued(typed, known).score <= 1


@given(NAMES)
def test_a_name_is_like_itself(name: list[str]) -> None:
    assert compare(name, name, KNOWN).kind == Resemblance.SAME


@pytest.mark.parametrize(
    ("published", "kind", "core"),
    [
        ("Rue du Général Leclerc", "rue", "general leclerc"),
        ("Grande Rue", "rue", "grande"),
        ("Ancien Chemin Royal", "chemin", "ancien royal"),
        ("Rue de la Place", "rue", "place"),
        ("Rond-Point des Combelles", "rond point", "combelles"),
        ("Rue du Faubourg de France", "faubourg", "france"),
        ("Faubourg de France", "faubourg", "france"),
        ("Le Bourg", "", "bourg"),
        ("Place", "place", "place"),
    ],
)
def test_type_and_core(published: str, kind: str, core: str) -> None:
    name = read_street_name(published)
    assert (name.kind, name.key) == (kind, core)


@pytest.mark.parametrize(
    ("typed", "kind"), [("aveneu", "avenue"), ("boulvard", "boulevard"), ("saint", ""), ("rue", "")]
)
def test_misspelt_types(typed: str, kind: str) -> None:
    assert guess_type(typed) == kind
