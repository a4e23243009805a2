"""Areas as commands name them, and the tables that a fetched territory carries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rpe_geo.errors import InputError

__all__ = ["ObservatoryTables", "codes_of_epcis", "tables_of"]


def codes_of_epcis(communes: Path | None, epcis: Sequence[str]) -> list[str]:
    """
    List the communes of intercommunalités.

    Parameters
    ----------
    communes
        Table of communes with `epci`.
    epcis
        SIREN.

    Returns
    -------
    list of str
        Codes, in the order of the table.

    Raises
    ------
    InputError
        Without a table of communes, or for a SIREN that is not in it.
    """
    if not epcis:
        return []
    if communes is None:
        raise InputError("prepare_area_without_communes")
    from rpe_geo.open_data.national_tables import read_communes

    table = read_communes(communes).table
    for one in epcis:
        if one not in set(table["epci"].dropna()):
            raise InputError("asked_epci_unknown", given=one)
    return [str(code) for code in table.index[table["epci"].isin(list(epcis))]]


@dataclass(frozen=True)
class ObservatoryTables:
    """The files of an observatory: those given, or those that a fetched territory carries."""

    communes: Path
    contours: Path | None = None
    places: Path | None = None
    births: Path | None = None
    cog: Path | None = None
    year: int | None = None
    codes: tuple[str, ...] = ()


def tables_of(territory: Path | None, communes: Path | None) -> ObservatoryTables:
    """
    Find the tables of an observatory.

    Parameters
    ----------
    territory
        One that was fetched carries its own.
    communes
        As given; it prevails, and then nothing is taken from the territory.

    Returns
    -------
    ObservatoryTables
        Paths; None where there is no such table.

    Raises
    ------
    InputError
        When no communes are given and the territory carries none.
    """
    if communes is not None:
        return ObservatoryTables(communes)
    from rpe_geo.territory import Territory

    folder = Territory.open(territory).tables if territory is not None else None
    if folder is None or not (folder / "communes.parquet").is_file():
        raise InputError("observatory_communes_needed")

    def there(pattern: str) -> Path | None:
        return next(iter(sorted(folder.glob(pattern), reverse=True)), None)

    said = json.loads((folder / "prepare.json").read_text("utf-8"))
    return ObservatoryTables(
        folder / "communes.parquet",
        there("contours.parquet"),
        there("places-*.parquet"),
        there("naissances.parquet"),
        there("communes-cog.json.gz"),
        said.get("year"),
        tuple(said.get("codes", ())),
    )
