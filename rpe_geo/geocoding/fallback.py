"""The last resort: a text search over all streets, when no commune could be told or none of its streets fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tantivy

from rpe_geo.geocoding.normalize import ARTICLES, BREAK, words
from rpe_geo.geocoding.street_names import STREET_TYPES

__all__ = ["TextSearch"]

_EXACT_BOOST = 2.0
_MOST_WORDS = 9


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
        """List the streets that hold every word, the unfinished one as a beginning; best first."""
        parts = []
        for word in text:
            if word == BREAK or word in ARTICLES:
                continue
            wanted = (
                tantivy.Occur.Should if forgiving and word in STREET_TYPES else tantivy.Occur.Must
            )
            parts.append((wanted, self._roughly(word) if forgiving else self._either(word)))
        if unfinished:
            parts.append((tantivy.Occur.Must, self._beginning(unfinished, forgiving=forgiving)))
        return self._run(tantivy.Query.boolean_query(parts), limit) if parts else []

    def _run(self, query: tantivy.Query, limit: int) -> list[int]:
        result = self._searcher.search(query, limit, count=False)
        addresses = [address for _, address in result.hits]
        return [int(self._searcher.doc(address)["street"][0]) for address in addresses]

    def _either(self, word: str) -> tantivy.Query:
        """Hold a word in the name or in the city."""
        return tantivy.Query.disjunction_max_query(
            [
                tantivy.Query.term_query(self._schema, "name", word, index_option="freq"),
                tantivy.Query.term_query(self._schema, "city", word, index_option="freq"),
            ]
        )

    def _word(self, word: str) -> tantivy.Query:
        """Hold a word, or one within a slip of it; exact ones count more."""
        exact = tantivy.Query.boost_query(self._either(word), _EXACT_BOOST)
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
            tantivy.Query.boost_query(self._either(whole), _EXACT_BOOST)
            for whole in {word, *written_out}
        )
        if forgiving and len(word) >= 4:
            queries.extend(
                tantivy.Query.fuzzy_term_query(self._schema, field, word, distance=1, prefix=True)
                for field in ("name", "city")
            )
        return tantivy.Query.disjunction_max_query(queries)
