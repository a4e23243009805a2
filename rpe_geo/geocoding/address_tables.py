"""Address files that are tables: the columns of each format by name, in any order."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rpe_geo.geocoding.address_rows import AddressRow, AddressSource, RawAddress, admit, opened

__all__ = ["BAL", "BAN", "BANO", "PLACES", "TableFormat", "read_table"]

_POSITIONS_BEST_FIRST = (
    "entrée", "délivrance postale", "bâtiment", "cage d’escalier", "logement", "parcelle", "segment", "service technique",
)  # fmt: skip
_BANO_CERTAINTY = {"CAD": "parcelle", "C+O": "entrée", "OSM": "entrée"}


@dataclass(frozen=True)
class TableFormat:
    """
    A format of address tables.

    Parameters
    ----------
    name
        As reports name it.
    columns
        Field of an address → the names under which the column may stand.
    optional
        Fields that may be missing.
    several_positions
        Whether an address has a row for each of its positions.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    optional: frozenset[str]
    several_positions: bool = False

    @property
    def required(self) -> list[str]:
        """The columns without which a file is not of this format."""
        return [names[0] for field, names in self.columns.items() if field not in self.optional]

    def find(self, header: Sequence[str]) -> tuple[int, ...] | None:
        """Find the column of each field of `RawAddress`, -1 for none; None when the header is another format's."""
        places: dict[str, int] = {}
        for field, names in self.columns.items():
            at = next((header.index(name) for name in names if name in header), -1)
            if at < 0 and field not in self.optional:
                return None
            places[field] = at
        return tuple(places.get(field, -1) for field in RawAddress._fields)


BAN = TableFormat(
    "BAN",
    {
        "number": ("numero",),
        "street": ("nom_voie",),
        "code_postal": ("code_postal",),
        "code_commune": ("code_insee",),
        "city": ("nom_commune",),
        "longitude": ("lon",),
        "latitude": ("lat",),
        "identity": ("id",),
        "suffix": ("rep",),
        "old_code": ("code_insee_ancienne_commune",),
        "old_city": ("nom_ancienne_commune",),
        "position": ("type_position",),
        "alias": ("alias",),
        "locality": ("nom_ld",),
    },
    frozenset({"identity", "suffix", "old_code", "old_city", "position", "alias", "locality"}),
)
PLACES = TableFormat(
    "BAN lieux-dits",
    {
        "street": ("nom_lieu_dit",),
        "code_postal": ("code_postal",),
        "code_commune": ("code_insee",),
        "city": ("nom_commune",),
        "longitude": ("lon",),
        "latitude": ("lat",),
        "identity": ("id",),
        "old_code": ("code_insee_ancienne_commune",),
        "old_city": ("nom_ancienne_commune",),
    },
    frozenset({"identity", "old_code", "old_city"}),
)
# Base Adresse Locale 1.3 (AITF), 1.4 (identifiers of the BAN first), 1.5 (voie_nom becomes toponyme); csv-bal of the BAN.
BAL = TableFormat(
    "BAL",
    {
        "number": ("numero",),
        "street": ("voie_nom", "toponyme"),
        "code_commune": ("commune_insee",),
        "city": ("commune_nom",),
        "longitude": ("long", "lon"),
        "latitude": ("lat",),
        "identity": ("cle_interop",),
        "suffix": ("suffixe",),
        "old_code": ("commune_deleguee_insee",),
        "old_city": ("commune_deleguee_nom",),
        "position": ("position",),
        "locality": ("lieudit_complement_nom",),
        "code_postal": ("code_postal", "commune_code_postal"),
    },
    frozenset(
        {
            "identity",
            "suffix",
            "old_code",
            "old_city",
            "position",
            "locality",
            "code_postal",
            "city",
        }
    ),
    several_positions=True,
)
BANO = TableFormat(
    "BANO",
    {
        "identity": ("id",),
        "number": ("numero",),
        "street": ("voie",),
        "code_postal": ("code_post",),
        "city": ("nom_comm", "commune"),
        "position": ("source",),
        "latitude": ("lat",),
        "longitude": ("lon",),
    },
    frozenset({"position"}),
)


def read_table(
    source: AddressSource,
    *,
    form: TableFormat,
    columns: tuple[int, ...],
    separator: str,
    width: int,
    header: bool = True,
) -> Iterator[AddressRow]:
    """
    Read a table row by row.

    Parameters
    ----------
    source
        Whose counts grow.
    form
        The format.
    columns
        Where each field of `RawAddress` stands; -1 for a column that the file lacks.
    separator, width, header
        Between cells; how many a row has; whether the first row names them.

    Yields
    ------
    AddressRow
        The addresses that can be used; of several positions of one address, the best: its entrance.
    """
    rows = _rows(source, form, columns, separator, width, header=header)
    return _best_positions(rows) if form.several_positions else rows


def _rows(
    source: AddressSource,
    form: TableFormat,
    columns: tuple[int, ...],
    separator: str,
    width: int,
    *,
    header: bool,
) -> Iterator[AddressRow]:
    is_bano = form is BANO
    with opened(source.path) as (stream, _):
        rows = csv.reader(stream, delimiter=separator)
        waiting_for_header = header
        for row in rows:
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            if waiting_for_header:
                waiting_for_header = False
                continue
            source.rows += 1
            if len(row) < width:
                source.rejected["short_row"] += 1
                continue
            if len(row) > width and any(cell.strip() for cell in row[width:]):
                source.rejected["long_row"] += 1
                continue
            row.append("")  # index -1: an absent column
            raw = RawAddress(*[row[at] for at in columns])
            if is_bano:
                raw = raw._replace(
                    code_commune=raw.identity[:5], position=_BANO_CERTAINTY.get(raw.position, "")
                )
            address = admit(raw, source)
            if address is not None:
                yield address


def _best_positions(rows: Iterator[AddressRow]) -> Iterator[AddressRow]:
    """Keep the best position of rows that follow each other for one address."""
    best: AddressRow | None = None
    for row in rows:
        if best is None:
            best = row
        elif row.number and _address_of(row) == _address_of(best):
            if _worth(row) < _worth(best):
                best = row
        else:
            yield best
            best = row
    if best is not None:
        yield best


def _address_of(row: AddressRow) -> tuple[str, str, str, int, str]:
    return row.code_commune, row.street_id, row.street, row.number, row.suffix


def _worth(row: AddressRow) -> int:
    if row.position in _POSITIONS_BEST_FIRST:
        return _POSITIONS_BEST_FIRST.index(row.position)
    return len(_POSITIONS_BEST_FIRST)
