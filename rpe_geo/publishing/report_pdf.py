"""A report as PDF (tagged, A4), set by typst with the font of the house: only Python packages are needed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rpe_geo.publishing.blocks import Block, FigureBlock, KeyFigures, Paragraph, Report, TableBlock
from rpe_geo.publishing.typesetting import typeset

__all__ = ["report_pdf"]

_HEAD = """
#set document(title: {title}, author: "Relais petite enfance")
#set text(font: ("Figtree", "Libertinus Serif"), lang: "fr", region: "FR", size: 10pt, fill: rgb("#241B2A"))
#set page(paper: "a4", margin: (x: 20mm, top: 20mm, bottom: 22mm),
  footer: context [#set text(size: 8pt, fill: rgb("#574C5F")); #grid(columns: (1fr, auto), {title}, counter(page).display("1 / 1", both: true))])
#set par(leading: 0.68em, spacing: 1em)
#show heading.where(level: 1): it => block(below: 1em, above: 1.6em)[#set text(size: 16pt, weight: 700, fill: rgb("#5C2A5E")); #it.body]
#show figure.caption: it => [#set text(size: 9pt, weight: 600); #align(left, it.body)]
#set figure.caption(position: top)
#show figure.where(kind: table): set block(breakable: true)
#show figure.where(kind: image): set block(breakable: false)
#set table(stroke: (x, y) => if y == 0 {{ (bottom: 0.8pt + rgb("#8A7F92")) }} else {{ (bottom: 0.4pt + rgb("#DDD5E0")) }}, inset: (x: 4pt, y: 4pt))
#show table.cell.where(y: 0): set text(size: 8pt, weight: 600, fill: rgb("#574C5F"))
#let note(body) = block(fill: rgb("#E7F0F6"), radius: 4pt, inset: 8pt, width: 100%, text(size: 9pt, fill: rgb("#27577C"), body))
#let blank(body) = block(stroke: (dash: "dashed", paint: rgb("#8A7F92"), thickness: 0.6pt), radius: 4pt, inset: 8pt, width: 100%, height: 24mm, breakable: false, text(size: 9pt, fill: rgb("#574C5F"), body))
#let key(value, unit, what) = block(stroke: 0.6pt + rgb("#DDD5E0"), radius: 6pt, inset: 9pt, width: 100%)[#text(size: 8.5pt, fill: rgb("#574C5F"), what) \\ #text(size: 19pt, weight: 700, value) \\ #text(size: 8.5pt, fill: rgb("#574C5F"), unit)]
#block(below: 1.2em)[#text(size: 24pt, weight: 700, {title})]
#text(size: 11.5pt, fill: rgb("#574C5F"), {subtitle})

#text({made_on})
#line(length: 100%, stroke: 3pt + rgb("#F4BC45"))
"""


def report_pdf(report: Report) -> bytes:
    """
    Print a report as PDF.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    bytes
        A tagged PDF, A4.

    Raises
    ------
    ServiceUnavailable
        When typst is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        source = [
            _HEAD.format(
                title=_text(report.title),
                subtitle=_text(report.subtitle),
                made_on=_text(report.made_on),
            )
        ]
        drawings = 0
        for number, chapter in enumerate(report.chapters):
            if number > 1:
                source.append("#pagebreak(weak: true)\n")
            source.append(f"#heading(level: 1, {_text(chapter.title)})\n")
            for block in chapter.blocks:
                if isinstance(block, FigureBlock):
                    drawings += 1
                    (root / f"{drawings}.svg").write_bytes(block.svg)
                source.append(_block(block, drawings))
        (root / "report.typ").write_text("\n".join(source), encoding="utf-8")
        return typeset(root / "report.typ")


def _text(text: str) -> str:
    """Write a string of typst; its font has no narrow no-break space, and no sign is read as markup."""
    plain = text.replace("\u202f", "\u00a0").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", " ").replace("≥", "au moins").replace("≤", "au plus") + '"'


def _block(block: Block, drawing: int) -> str:
    match block:
        case Paragraph(text, "text"):
            return f"#par({_text(text)})\n"
        case Paragraph(text, kind):
            return f"#{kind}({_text(text)})\n"
        case KeyFigures(figures):
            cells = ", ".join(
                f"key({_text(value)}, {_text(unit)}, {_text(what)})"
                for value, unit, what in figures
            )
            return f"#grid(columns: (1fr,) * {len(figures)}, gutter: 8pt, {cells})\n"
        case FigureBlock(_, caption, alternative):
            return (
                f'#figure(image("{drawing}.svg", width: 84%, alt: {_text(alternative)}), kind: image, numbering: none, '
                f"supplement: none, caption: {_text(caption)})\n"
            )
        case TableBlock(caption, header, rows, note, text_columns):
            columns = len(header)
            widths = ", ".join("1fr" if n < text_columns else "auto" for n in range(columns))
            align = ", ".join("left" if n < text_columns else "right" for n in range(columns))
            head = ", ".join(_text(title) for title in header)
            cells = ", ".join(_text(cell) for row in rows for cell in row)
            under = f'#text(size: 8pt, fill: rgb("#574C5F"), {_text(note)})\n' if note else ""
            return (
                f"#figure(table(columns: ({widths},), align: ({align},), table.header({head}), {cells}), kind: table, "
                f"numbering: none, supplement: none, caption: {_text(caption)})\n{under}"
            )
