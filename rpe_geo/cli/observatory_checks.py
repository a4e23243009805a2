"""Print how the figures of an observatory compare with the published ones: France, counts, then every département."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.table import Table

from rpe_geo.messages.french import number
from rpe_geo.observatory.calibration import Check

__all__ = ["checks_tables"]

_WORDS = {
    "children": "Enfants",
    "places": "Places",
    "places_childminder": "Places, accueil individuel",
    "places_facility": "Places, établissements",
    "places_other": "Places, autres",
    "places_calibrated": "Places calées",
    "coverage_rate": "Taux de couverture",
}
_LEVELS = {"departement": "départements", "epci": "intercommunalités", "communes": "communes"}
_MANY = 8
"""Communes up to which each is printed; beyond, how many are near, and those that are not."""
_EXACT = 0.001
_NEAR = {
    ("places", "departement"): 2.0,
    ("coverage_rate", "departement"): 5.0,
    ("places_calibrated", "departement"): 0.001,
    ("places", "epci"): 5.0,
    ("places_calibrated", "epci"): 0.001,
    ("children", "communes"): 0.001,
    ("places_childminder", "communes"): 0.001,
    ("places_facility", "communes"): 0.001,
    ("places_other", "communes"): 0.001,
}
"""Figure and level → the gap in percent that counts as near."""


def checks_tables(checks: Sequence[Check]) -> Iterator[Table]:
    """
    Lay out the checks.

    Parameters
    ----------
    checks
        Our figures beside the published ones.

    Yields
    ------
    Table
        The whole and how many are near; then the residual of every département, if there is any.
    """
    yield _summary(_grouped(checks))
    if any(check.level == "departement" for check in checks):
        yield _departements(checks)


def _grouped(checks: Sequence[Check]) -> list[Check]:
    """Sum up the communes of zones where they are many; those that are not on their published figure stay apart."""
    many = len({check.code for check in checks if check.level == "commune"}) > _MANY
    return [
        replace(check, level="communes")
        if many and check.level == "commune" and abs(check.difference_percent or 0.0) <= _EXACT
        else check
        for check in checks
    ]


def _summary(checks: Sequence[Check]) -> Table:
    table = Table(title="Nos chiffres et les chiffres publiés", title_justify="left")
    for title in ("Chiffre", "Où", "Les nôtres", "Publié", "Écart"):
        table.add_column(title, overflow="fold")
    for check in checks:
        if check.level not in _LEVELS:
            table.add_row(
                _WORDS.get(check.what, check.what), check.code, *_figures(check), _gap(check)
            )
    for (what, level), limit in _NEAR.items():
        gaps = [
            abs(check.difference_percent)
            for check in checks
            if check.what == what and check.level == level and check.difference_percent is not None
        ]
        if gaps:
            near = sum(gap <= limit for gap in gaps)
            table.add_row(
                _WORDS[what],
                _LEVELS[level],
                f"{near} sur {len(gaps)}",
                f"à moins de {number(limit, 3 if limit < 1 else 0)} %",
                f"au plus {number(max(gaps))} %",
            )
    return table


def _departements(checks: Sequence[Check]) -> Table:
    """List every département: places, then rate; the reasons are in checks.json."""
    table = Table(title="Chaque département (raisons dans checks.json)", title_justify="left")
    table.add_column("Dép.")
    for title in ("Places", "publié", "écart", "Taux", "publié", "écart"):
        table.add_column(title, justify="right", overflow="fold")
    rows: dict[str, dict[str, Check]] = {}
    for check in checks:
        if check.level == "departement":
            rows.setdefault(check.code, {})[check.what] = check
    for code, found in sorted(rows.items()):
        cells: list[str] = []
        for what in ("places", "coverage_rate"):
            one = found.get(what)
            cells += ["", "", ""] if one is None else [*_figures(one), _gap(one)]
        table.add_row(code, *cells)
    return table


def _figures(check: Check) -> tuple[str, str]:
    decimals = 1 if "pour 100" in check.unit else 0
    ours, theirs = (
        "ND" if value is None else number(value, decimals)
        for value in (check.ours, check.published)
    )
    return ours, theirs


def _gap(check: Check) -> str:
    if check.difference_percent is None:
        return "–"
    return f"{number(check.difference_percent)} %"
