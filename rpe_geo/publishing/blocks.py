"""What a report is made of: chapters of paragraphs, tables, figures; HTML and PDF both print them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Block", "Chapter", "FigureBlock", "KeyFigures", "Paragraph", "Report", "TableBlock"]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` « note » stands apart, « blank » is to be filled in by hand."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class TableBlock:
    """A table: the first column is text, the others figures already written the French way."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    text_columns: int = 1


@dataclass(frozen=True)
class FigureBlock:
    """A drawing (SVG), what it shows, and the same in words for who does not see it."""

    svg: bytes
    caption: str
    alternative: str


@dataclass(frozen=True)
class KeyFigures:
    """A few figures set large: (value, unit, what)."""

    figures: tuple[tuple[str, str, str], ...]


Block = Paragraph | TableBlock | FigureBlock | KeyFigures


@dataclass(frozen=True)
class Chapter:
    """A chapter and its blocks."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """The whole report."""

    title: str
    subtitle: str
    made_on: str
    chapters: tuple[Chapter, ...]
