from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.folding import fold
from rpe_geo.geocoding.normalize import BREAK, phonetic, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12bis, Av. du 8-Mai-1945", "12 bis , av du 8 mai 1945"),
        ("Rue St-Éloi", "rue saint eloi"),
        ("place Louis XIV", "place louis 14"),
        ("rue du Dix-Neuf Mars 1962", "rue du 19 mars 1962"),
        ("rue du 4ème régiment", "rue du 4 regiment"),
        ("1ère rue", "1 rue"),
        ("5e rue", "5 e rue"),
        ("75012Paris", "75012 paris"),
        ("bd du Gal Leclerc\n90000 Belfort", "bd du general leclerc , 90000 belfort"),
        ("Bou1evard de la F0ntaine", "boulevard de la fontaine"),
        ("rue des Œillets", "rue des oeillets"),
        ("12 rue X - 75001", "12 rue x , 75001"),
        (",,, ;", ""),
        ("", ""),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert words(text) == expected.split()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("philippe", "filipe"),
        ("chateau", "chato"),
        ("clemenceau", "clemenso"),
        ("republique", "republik"),
        ("rousseau", "rouso"),
        ("gambetta", "gambeta"),
    ],
)
def test_words_that_sound_alike(one: str, other: str) -> None:
    assert phonetic(one) == phonetic(other)


@pytest.mark.parametrize(
    ("one", "other"), [("berger", "bergere"), ("fouques", "fouquet"), ("pont", "port")]
)
def test_words_that_sound_different(one: str, other: str) -> None:
    assert phonetic(one) != phonetic(other)


@given(st.text(max_size=80))
def test_words_are_plain_whatever_is_typed(text: str) -> None:
    found = words(text)
    assert all(word == BREAK or (word.isascii() and word.isalnum()) for word in found)
    assert found == [] or found[-1] != BREAK


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert words(fold(text)) == words(text)
