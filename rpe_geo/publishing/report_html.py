"""A report as one self-contained HTML page, which prints well too."""

from __future__ import annotations

import base64
import re
from html import escape
from importlib.resources import files

from maps.style import css_variables
from rpe_geo.publishing.blocks import Block, FigureBlock, KeyFigures, Paragraph, Report, TableBlock

__all__ = ["report_html"]

_CSS = """
@font-face{font-family:"Figtree";src:url("__FIGTREE__") format("woff2");font-weight:300 900;font-display:swap}
*{box-sizing:border-box}
body{margin:0;font:400 1.0625rem/1.55 "Figtree","Segoe UI","Noto Sans",Verdana,sans-serif;color:var(--ink);background:#F6F3F7}
main{max-width:56rem;margin:0 auto;padding:32px 24px 64px}
header.cover{border-bottom:4px solid var(--mirabelle);padding-bottom:24px;margin-bottom:32px}
h1{font-size:2.25rem;line-height:1.15;margin:0 0 12px;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:1.5rem;line-height:1.2;margin:56px 0 16px;color:var(--prune)}
p{margin:0 0 12px;max-width:70ch}
.lead{font-size:1.125rem;color:var(--ink-2)}
.note{background:var(--info-50);color:var(--info);border-radius:8px;padding:10px 16px;font-size:.9375rem;max-width:none}
.blank{border:1px dashed var(--line-strong);border-radius:8px;padding:12px 16px 56px;color:var(--ink-2);max-width:none;background:var(--paper)}
nav ol{margin:0;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:6px 20px;font-size:.9375rem}
a{color:var(--prune);text-underline-offset:.2em}
figure{margin:24px 0;background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:20px}
figure img{display:block;width:100%;height:auto}
figcaption,caption{font-weight:600;font-size:.9375rem;text-align:left;margin-bottom:10px}
.scroll{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:16px 20px;margin:24px 0}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{font-size:.8125rem;color:var(--ink-2)}
tbody th{font-weight:600}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;padding-left:12px}
.small{font-size:.8125rem;color:var(--ink-2);margin:8px 0 0}
dl.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:12px;margin:0 0 20px}
dl.keys div{background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:16px;display:flex;flex-direction:column-reverse}
dl.keys dd{margin:0;font-size:2rem;font-weight:700;line-height:1.15;font-variant-numeric:tabular-nums}
dl.keys dd span{display:block;font-size:.9375rem;font-weight:400;color:var(--ink-2)}
dl.keys dt{font-size:.9375rem;color:var(--ink-2)}
@media print{body{background:#fff;font-size:10.5pt}main{max-width:none;padding:0}h2{break-before:page}figure,dl.keys div,tr{break-inside:avoid}nav{display:none}.scroll,figure{border:0;padding:0}}
"""


def report_html(report: Report) -> str:
    """
    Print a report as HTML.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    str
        A page that asks no other host for anything.
    """
    font = (files("maps") / "static" / "figtree-latin-wght-normal.woff2").read_bytes()
    css = _CSS.replace("__FIGTREE__", f"data:font/woff2;base64,{base64.b64encode(font).decode()}")
    contents = "".join(
        f'<li><a href="#c{n}">{escape(chapter.title)}</a></li>'
        for n, chapter in enumerate(report.chapters)
    )
    body = "".join(
        f'<section aria-labelledby="c{n}"><h2 id="c{n}">{escape(chapter.title)}</h2>'
        f"{''.join(_block(block) for block in chapter.blocks)}</section>"
        for n, chapter in enumerate(report.chapters)
    )
    return (
        '<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>{css_variables()}{css}</style>\n</head>\n<body>\n<main>\n"
        f'<header class="cover"><h1>{escape(report.title)}</h1><p class="lead">{escape(report.subtitle)}</p>'
        f'<p>{escape(report.made_on)}</p><nav aria-label="Chapitres"><ol>{contents}</ol></nav></header>\n'
        f"{body}\n</main>\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Paragraph(text, kind):
            name = "" if kind == "text" else f' class="{kind}"'
            return f"<p{name}>{escape(text)}</p>"
        case KeyFigures(figures):
            cells = "".join(
                f"<div><dt>{escape(what)}</dt><dd>{escape(value)} <span>{escape(unit)}</span></dd></div>"
                for value, unit, what in figures
            )
            return f'<dl class="keys">{cells}</dl>'
        case FigureBlock(svg, caption, alternative):
            # As an image, its inner names cannot clash with those of another drawing.
            data = base64.b64encode(
                re.sub(rb"<metadata>.*?</metadata>", b"", svg, flags=re.DOTALL)
            ).decode()
            return (
                f"<figure><figcaption>{escape(caption)}</figcaption>"
                f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alternative)}"></figure>'
            )
        case TableBlock():
            return _table(block)


def _table(table: TableBlock) -> str:
    def cell(text: str, column: int) -> str:
        name = ' class="num"' if column >= table.text_columns else ""
        return (
            f'<th scope="row">{escape(text)}</th>'
            if column == 0
            else f"<td{name}>{escape(text)}</td>"
        )

    head = "".join(
        f'<th scope="col"{" class=num" if n >= table.text_columns else ""}>{escape(title)}</th>'
        for n, title in enumerate(table.header)
    )
    rows = "".join(
        f"<tr>{''.join(cell(text, n) for n, text in enumerate(row))}</tr>" for row in table.rows
    )
    note = f'<p class="small">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.caption)}">'
        f"<table><caption>{escape(table.caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{note}</div>"
    )
