"""French text folded: ligatures are written out, accents and capitals forgotten, signs become spaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.folding import fold, fold_words, without_accents


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Lecœur", "lecoeur"),
        ("Cœurs d’Étoile", "coeurs d'etoile"),
        ("LÆTITIA", "Laetitia"),
        ("Saint-Aubert–sur–Orge", "saint aubert sur orge"),
        ("Hélène  L’Écuyer", "helene l ecuyer"),
        ("ﬁn de l‘été", "FIN DE L'ETE"),
        ("N° 4", "n 4"),
        ("Straßer", "strasser"),
        ("E\N{COMBINING ACUTE ACCENT}lodie", "élodie"),
    ],
)
def test_what_is_typed_meets_what_is_written(written, typed):
    assert fold_words(written) == fold_words(typed)
    assert fold_words(written).isascii()


@given(st.text())
def test_law_folding_again_changes_nothing(text):
    assert fold_words(fold_words(text)) == fold_words(text)


@given(st.text())
def test_law_words_are_apart_by_one_space(text):
    assert fold_words(text).split(" ") == (fold_words(text).split() or [""])


def test_capitals_and_signs_stay_where_only_accents_go():
    assert without_accents("Œuvre, N°4") == "Oeuvre, N°4"
    assert fold("Œuvre, d’ÉTÉ") == "oeuvre, d'ete"
