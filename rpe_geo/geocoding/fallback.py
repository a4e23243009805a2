"""The last resort: a text search over all streets, when no commune could be told or none of its streets fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tantivy

from rpe_geo.geocoding.normalize import ARTICLES, BREAK, numerals_beginning, words
from rpe_geo.geocoding.street_names import STREET_TYPES

__all__ = ["TextSearch"]

_EXACT_BOOST = 2.0
_EXACT_FLOOR = 2.0
_MOST_WORDS = 9
_WITH_ARRONDISSEMENTS = frozenset({"paris", "lyon", "marseille"})


class TextSearch:
    """
    The text index of a territory's streets.

    Parameters
    ----------
    directory
        Where tantivy wrote it.
    """

    def __init__(self, directory: Path) -> None:
        self._index = tantivy.Index.open(str(directory))
        self._schema = self._index.schema
        self._searcher = self._index.searcher()

    def nearest(self, text: Sequence[str], *, limit: int) -> list[int]:
        """List the streets whose name and city hold the most of some words, slips forgiven; best first."""
        searched = [word for word in dict.fromkeys(text) if word != BREAK and word not in ARTICLES]
        searched = [word for word in searched if word not in STREET_TYPES][:_MOST_WORDS]
        if not searched:
            return []
        parts = [(tantivy.Occur.Should, self._word(word)) for word in searched]
        return self._run(tantivy.Query.boolean_query(parts), limit)

    def completing(
        self, text: Sequence[str], unfinished: str, *, limit: int, forgiving: bool
    ) -> list[int]:
        """List the streets that hold every word, the unfinished one as a beginning; articles typed count; best first."""
        parts = []
        divided = not _WITH_ARRONDISSEMENTS.isdisjoint((*text, unfinished))
        for word in text:
            if word == BREAK:
                continue
            if word in ARTICLES:
                parts.append((tantivy.Occur.Should, self._term("name", word)))
                continue
            wanted = (
                tantivy.Occur.Should if forgiving and word in STREET_TYPES else tantivy.Occur.Must
            )
            if _is_small_number(word) and not divided:
                # « rue du huit mai »: not the eighth arrondissement
                parts.append((wanted, self._term("name", word)))
                continue
            parts.append((wanted, self._roughly(word) if forgiving else self._either(word)))
        if unfinished in ARTICLES and text:
            parts.append((tantivy.Occur.Should, self._term("name", unfinished)))
        if unfinished:
            occur = tantivy.Occur.Should if unfinished in ARTICLES and text else tantivy.Occur.Must
            parts.append((occur, self._beginning(unfinished, forgiving=forgiving)))
        return self._run(tantivy.Query.boolean_query(parts), limit) if parts else []

    def _run(self, query: tantivy.Query, limit: int) -> list[int]:
        result = self._searcher.search(query, limit, count=False)
        addresses = [address for _, address in result.hits]
        return [int(self._searcher.doc(address)["street"][0]) for address in addresses]

    def _term(self, field: str, word: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, word, index_option="freq")

    def _either(self, word: str) -> tantivy.Query:
        """Hold a word in the name or in the city."""
        return tantivy.Query.disjunction_max_query(
            [self._term("name", word), self._term("city", word)]
        )

    def _word(self, word: str) -> tantivy.Query:
        """
        Hold a word, or one within a slip of it.

        An exact word counts its rarity and at least `_EXACT_FLOOR`, a fuzzy one always 1: so that « Vigne », of a
        hundred streets, still outranks « Vignes » where it is what was typed.
        """
        exact = self._either(word)
        floor = tantivy.Query.const_score_query(exact, _EXACT_FLOOR)
        exact = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Must, floor),
                (tantivy.Occur.Should, tantivy.Query.boost_query(exact, _EXACT_BOOST)),
            ]
        )
        if len(word) < 4 or word.isdigit():
            return exact
        distance = 1 if len(word) < 8 else 2
        return tantivy.Query.disjunction_max_query(
            [
                exact,
                tantivy.Query.fuzzy_term_query(self._schema, "name", word, distance=distance),
                tantivy.Query.fuzzy_term_query(self._schema, "city", word, distance=distance),
            ]
        )

    def _roughly(self, word: str) -> tantivy.Query:
        """Hold a word, one within a slip of it, or one that begins so."""
        return tantivy.Query.disjunction_max_query(
            [
                self._word(word),
                *(
                    tantivy.Query.regex_query(self._schema, field, f"{word}.*")
                    for field in ("name", "city")
                ),
            ]
        )

    def _beginning(self, word: str, *, forgiving: bool) -> tantivy.Query:
        """Hold a word that begins so, in the name or in the city; « st » is also the whole word « saint »."""
        queries = [
            tantivy.Query.regex_query(self._schema, field, f"{word}.*")
            for field in ("name", "city")
        ]
        written_out = words(word)
        written_out = (
            [STREET_TYPES.get(written_out[0], written_out[0])] if len(written_out) == 1 else []
        )
        queries.extend(
            tantivy.Query.boost_query(
                self._term("name", whole) if _is_small_number(whole) else self._either(whole),
                _EXACT_BOOST,
            )
            for whole in {word, *written_out}
        )
        queries.extend(self._term("name", number) for number in numerals_beginning(word))
        if forgiving and len(word) >= 4:
            queries.extend(
                tantivy.Query.fuzzy_term_query(self._schema, field, word, distance=1, prefix=True)
                for field in ("name", "city")
            )
        return tantivy.Query.disjunction_max_query(queries)


def _is_small_number(word: str) -> bool:
    return word.isdigit() and len(word) <= 2
