"""One published address as every format gives it, the file that it comes from, and what is mended on the way."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, NamedTuple

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.geocoding.typed_text import decoded_again, is_double_encoded

__all__ = ["AddressRow", "AddressSource", "RawAddress", "admit", "opened"]

# The city of Paris publishes working names as streets: « 27P2 Boulevard de Douaumont », « Voie C/16 ».
_PSEUDO_STREET = re.compile(r"\d+[A-Za-z]{1,3}\d+ |Voie [A-Z][A-Za-z]?/\d+|N° ?\d|[\d\s/.-]*$")
_NUMBER = re.compile(r"\s*(\d+)(?:[.,]0+)?\s*(.*?)\s*$")
_COMMUNE = re.compile(r"(?:0[1-9]|[1-8]\d|9[0-8]|2[AB])\d{3}$|97\d{3}$")
_HIGHEST_NUMBER = 99_998  # 99999 stands for a place without number
# 12345_ab1cd2_00012_bis: commune, street, number, suffix
_BAN_ID = re.compile(r"(\w{4,5}_\w+?)_0*(\d+)(?:_\w+)?$")
_FEW_DECIMALS = 3  # a hundred metres
_BROKEN_ACCENT = "\ufffd"


class AddressRow(NamedTuple):
    """One published address; `number` 0 is a place without number."""

    street_id: str
    number: int
    suffix: str
    street: str
    code_postal: str
    code_commune: str
    city: str
    old_code: str
    old_city: str
    longitude: float
    latitude: float
    position: str
    alias: str
    locality: str


class RawAddress(NamedTuple):
    """The cells of an address as the file has them."""

    identity: str
    number: str
    suffix: str
    street: str
    code_postal: str
    code_commune: str
    city: str
    old_code: str
    old_city: str
    longitude: str
    latitude: str
    position: str
    alias: str
    locality: str


@dataclass
class AddressSource:
    """
    One address file: what it is and what became of its rows.

    Parameters
    ----------
    format
        BAN, BAN lieux-dits, BAL, BANO, BAN addok, GeoJSON.
    licence
        Of the producer: Licence Ouverte 2.0 for BAN and BAL, ODbL 1.0 for BANO.
    published
        Date of the file when its compression recorded one; None when unknown.
    rows
        Data rows read.
    rejected
        Reason code → rows left out.
    mended
        Code of what was mended, or found odd and kept → rows.
    """

    path: Path
    format: str
    licence: str
    published: date | None = None
    rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[str], date | None]]:
    """Open plain or gzipped text, several gzips glued together too; a gzip may say when it was made."""
    with path.open("rb") as raw:
        magic = raw.read(8)
        raw.seek(0)
        published = None
        if magic[:2] == b"\x1f\x8b":
            made = int.from_bytes(magic[4:8], "little")
            published = datetime.fromtimestamp(made, UTC).date() if made else None
            binary: io.BufferedReader = io.BufferedReader(gzip.GzipFile(fileobj=raw))
        else:
            binary = raw
        try:
            wide = binary.peek(2)[:2] in {b"\xff\xfe", b"\xfe\xff"}
            encoding = "utf-16" if wide else "utf-8-sig"
            with io.TextIOWrapper(binary, encoding=encoding, errors=_ELSEWHERE, newline="") as text:
                yield text, published
        except (gzip.BadGzipFile, zlib.error, EOFError, csv.Error) as fault:
            raise InvalidFile("addresses_damaged", where=Where(file=str(path))) from fault


def _as_windows_writes(fault: UnicodeError) -> tuple[str, int]:
    """Decode bytes that are no UTF-8 as French Windows writes them."""
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return fault.object[fault.start : fault.end].decode("cp1252", "replace"), fault.end


_ELSEWHERE = "rpe_geo.windows"
codecs.register_error(_ELSEWHERE, _as_windows_writes)


def admit(raw: RawAddress, source: AddressSource) -> AddressRow | None:
    """
    Check one address, mend what machines do to such files, and count what was mended or refused.

    Parameters
    ----------
    raw
        Its cells.
    source
        Whose counts grow.

    Returns
    -------
    AddressRow or None
        None for a row that cannot be used; `source.rejected` says why.
    """
    street = raw.street.strip()
    if not street:
        source.rejected["no_street"] += 1
        return None
    code = raw.code_commune.strip().upper()
    if len(code) == 4 and code.isdigit():
        code = "0" + code
        source.mended["commune_zero"] += 1
    if not _COMMUNE.match(code):
        source.rejected["no_commune"] += 1
        return None
    longitude, latitude = raw.longitude, raw.latitude
    if "," in longitude or "," in latitude:
        longitude, latitude = longitude.replace(",", "."), latitude.replace(",", ".")
        source.mended["decimal_comma"] += 1
    try:
        lon, lat = float(longitude), float(latitude)
    except ValueError:
        source.rejected["no_coordinates"] += 1
        return None
    if not _in_france(lon, lat, code):
        if _in_france(lat, lon, code):
            lon, lat = lat, lon
            source.mended["swapped_coordinates"] += 1
        else:
            none = (lon == 0 and lat == 0) or lon != lon or lat != lat  # noqa: PLR0124
            source.rejected["no_coordinates" if none else "coordinates_elsewhere"] += 1
            return None
    if _PSEUDO_STREET.match(street):
        source.rejected["pseudo_street"] += 1
        return None
    city = raw.city.strip()
    if not street.isascii():
        if is_double_encoded(street):
            street, city = decoded_again(street), decoded_again(city)
            source.mended["double_encoded"] += 1
        if _BROKEN_ACCENT in street:
            source.mended["broken_accents"] += 1
    if len(latitude.partition(".")[2]) <= _FEW_DECIMALS:
        source.mended["rounded_coordinates"] += 1
    number, suffix = _house_number(raw.number, raw.suffix, source)
    if number < 0:
        source.rejected["unreadable_number"] += 1
        return None
    postcode = raw.code_postal.strip().partition(";")[0].removesuffix(".0")
    if len(postcode) == 4 and postcode.isdigit():
        source.mended["postcode_zero"] += 1
        postcode = "0" + postcode
    elif postcode and not (len(postcode) == 5 and postcode.isdigit()):
        source.mended["postcode_dropped"] += 1
        postcode = ""
    return AddressRow(
        street_id=_street_of(raw.identity.strip(), number, source),
        number=number,
        suffix=suffix,
        street=street,
        code_postal=postcode,
        code_commune=code,
        city=city,
        old_code=raw.old_code.strip(),
        old_city=raw.old_city.strip(),
        longitude=lon,
        latitude=lat,
        position=raw.position.strip().lower(),
        alias=raw.alias.strip(),
        locality=raw.locality.strip(),
    )


def _in_france(longitude: float, latitude: float, code: str) -> bool:
    """Whether a point may lie in the territory of a commune: the mainland and Corsica, or a box for overseas."""
    if code.startswith(("97", "98")):
        return (
            -180 <= longitude <= 180
            and -55 <= latitude <= 48
            and not (longitude == 0 and latitude == 0)
        )
    return -5.5 <= longitude <= 10 and 41 <= latitude <= 51.5


def _house_number(number: str, suffix: str, source: AddressSource) -> tuple[int, str]:
    """Read a house number, its suffix perhaps glued to it; 0 for none, -1 for one that nobody can read."""
    if number.isascii() and number.isdigit():
        value = int(number)
        return (value if value <= _HIGHEST_NUMBER else 0), suffix.strip().lower()
    if not number.strip():
        return 0, ""
    read = _NUMBER.match(number)
    if read is None:
        return -1, ""
    value = int(read[1])
    if source.format != "BANO" and not read[2] and number.strip() != read[1]:
        source.mended["decimal_number"] += 1
    glued = f"{read[2]} {suffix}".strip().lower()
    return (value if value <= _HIGHEST_NUMBER else 0), glued


def _street_of(identity: str, number: int, source: AddressSource) -> str:
    """Take the street's key out of an address's: what precedes its number; "" when the key does not follow the BAN."""
    if source.format == "BANO":
        return identity[:10]
    if not identity:
        return ""
    if not number:
        return identity
    read = _BAN_ID.match(identity)
    if read and int(read[2]) == number:
        return read[1]
    source.mended["foreign_ids"] += 1
    return ""
