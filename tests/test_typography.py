"""French texts are written with one apostrophe, wherever they are shown."""

from __future__ import annotations

import re

import pytest

from rpe_geo.messages import MESSAGES
from rpe_geo.messages.french import curly, curly_page
from rpe_geo.parameters import TABLES, parameter_history
from tests.typography import ELISION, ROOT, modules, straight


def test_no_french_text_of_the_code_has_a_straight_apostrophe():
    found = [f"{path.relative_to(ROOT)}:{line}" for path in modules() for line in straight(path)]
    assert found == [], "run `python -m tests.front --write`"


def test_no_sentence_has_a_straight_apostrophe():
    assert [code for code, sentence in MESSAGES.items() if ELISION.search(sentence)] == []


def test_no_published_parameter_has_a_straight_apostrophe():
    texts = [
        text
        for table in TABLES
        for history in parameter_history(table).values()
        for one in history
        for text in (one.title, one.source, one.unit, one.certainty)
    ]
    assert [text for text in texts if ELISION.search(text)] == []


@pytest.mark.parametrize("folder", ["api/templates", "rpe_geo/publishing/templates"])
def test_no_template_has_a_straight_apostrophe(folder):
    shown = re.compile(r"\{[%{#].*?[%}#]\}", re.DOTALL)
    found = {
        path.name: lost
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".html", ".typ", ".txt"}
        and (lost := ELISION.findall(shown.sub("", path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.parametrize("folder", ["api/static", "maps/static"])
def test_no_script_has_a_straight_apostrophe(folder):
    found = {
        path.name: lost
        for path in (ROOT / folder).glob("*.js")
        if (lost := ELISION.findall(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("l'été d'{name}", "l’été d’{name}"),
        ("aujourd'hui, jusqu'à « l'arrivée »", "aujourd’hui, jusqu’à « l’arrivée »"),
        ("tr '+/' '-_'", "tr '+/' '-_'"),
        ("12' de trajet", "12' de trajet"),
    ],
)
def test_quoted_words_stay(typed, printed):
    assert curly(typed) == printed


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("<p>Rue de l'Église, d&#39;<b>ici</b></p>", "<p>Rue de l’Église, d’<b>ici</b></p>"),
        ("<input value='l&#39;ecole'>", "<input value='l&#39;ecole'>"),
        ("<textarea>l'an</textarea> d'an", "<textarea>l'an</textarea> d’an"),
        ("<script>const d='x'; l'y</script>", "<script>const d='x'; l'y</script>"),
        ("<code>d'e</code><!-- l'e -->", "<code>d'e</code><!-- l'e -->"),
    ],
)
def test_a_page_is_set_but_not_what_is_sent_back(page, shown):
    assert curly_page(page) == shown
