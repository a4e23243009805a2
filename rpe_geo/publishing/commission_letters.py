"""The letters of a commission: to each family its answer, its points and why; numbers of requests, never names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

from rpe_geo.messages.french import day, number, plural, typeset

__all__ = ["letters_html"]

_STYLE = (
    "body{font:16px/1.55 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1rem;color:#1d1b20}"
    "article{padding:2rem 0;border-bottom:1px solid #cac4d0;break-after:page}h2{font-size:1.15rem}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .75rem .25rem 0;text-align:left;font-weight:400}"
    "td{text-align:right}tfoot th,tfoot td{border-top:1px solid;font-weight:600}"
)


def letters_html(
    written: Mapping[str, Any],
    *,
    held_on: str = "",
    relais: str = "Relais petite enfance",
    names: Mapping[str, str] | None = None,
) -> str:
    """
    Write the letters, one a page.

    Parameters
    ----------
    written
        A result as `rpe_geo.formats.assignments.assignment_json` gives it.
    held_on
        Day of the commission, ISO 8601; the day of the parameters when empty.
    relais
        Who writes.
    names
        What providers are called; their ids where nothing is known.

    Returns
    -------
    str
        A page that stands alone and prints one letter a sheet.
    """
    titles = {one["id"]: one["title"] for one in written["parameters"]["bareme"]["criteria"]}
    moment = day(date.fromisoformat(held_on or written["parameters"]["today"]))
    called = names or {}
    letters = [
        _letter(one, titles, moment, relais, called)
        for one in (*written["assignments"], *written["unassigned"])
    ]
    return (
        "<!doctype html><html lang='fr'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>Courriers de la commission</title><style>{_STYLE}</style></head><body>"
        f"<h1>{plural(len(letters), 'courrier')} de la commission du {moment}</h1>"
        + "".join(letters)
        + "</body></html>\n"
    )


def _letter(
    one: Mapping[str, Any],
    titles: Mapping[str, str],
    moment: str,
    relais: str,
    called: Mapping[str, str],
) -> str:
    parts = "".join(
        f"<tr><th scope='row'>{escape(titles.get(name, name))}</th><td>{number(worth)}</td></tr>"
        for name, worth in one["points_parts"].items()
    )
    if "provider_id" in one:
        place = called.get(one["provider_id"], one["provider_id"])
        start = day(date.fromisoformat(one["start"]))
        told = (
            f"La commission vous propose une place chez {place}, à partir du {start}. "
            "Vous avez 10 jours pour nous dire si vous l’acceptez ; sans réponse, elle ira à la famille suivante."
        )
    else:
        told = (
            "La commission n’a pas pu vous proposer de place cette fois. "
            f"Votre demande reste sur la liste d’attente, au rang {one['waiting_rank']}. "
            "Le relais peut chercher avec vous un autre accueil : appelez-nous."
        )
    return (
        f"<article><p>{escape(relais)}</p><h2>Demande {escape(one['request_id'])}</h2>"
        f"<p>Madame, Monsieur,</p><p>{escape(typeset(told))}</p>"
        f"<p>{escape(typeset('Pourquoi : ' + one['reason']))}</p>"
        f"<table><caption>Vos points, au barème de la commission du {moment}</caption><tbody>{parts}</tbody>"
        f"<tfoot><tr><th scope='row'>Ensemble</th><td>{number(one['points'])}</td></tr></tfoot></table>"
        "<p>Vous pouvez demander un nouvel examen dans les deux mois qui suivent ce courrier.</p>"
        "<p>Avec nos salutations les plus cordiales,<br>le relais petite enfance</p></article>"
    )
