"""
Open a text table once and for all: its encoding, its separator, its decimal commas.

Spreadsheets and portals write UTF-8 (with or without a mark), UTF-16 or Windows-1252; they separate by `,`, `;`, tabs or
`|`, and write decimals with a point or a comma.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection

from rpe_geo.errors import InvalidFile, Where

__all__ = ["decimal", "decoded", "in_utf8", "separator_of"]

_SEPARATORS = ",;\t|"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_ARCHIVES = (b"PK\x03\x04", b"PAR1", b"\x1f\x8b")
_MARK = b"\xef\xbb\xbf"
_EXCEL_LINE = re.compile(r'^"?sep=.?"?\r?\n', re.IGNORECASE)
"""Excel may say its separator in a line before the header."""
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_SPACES = re.compile("[\\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}](?=\\d{3}(?!\\d))")


def decoded(content: bytes, where: Where) -> str:
    """
    Read bytes as text.

    Parameters
    ----------
    content
        A file: UTF-8, UTF-16 by its mark, else Windows-1252.
    where
        How a fault names the file.

    Returns
    -------
    str
        The text, without mark and without Excel's line `sep=;`.

    Raises
    ------
    InvalidFile
        When it is no text: an archive, a workbook, a table in a binary format.
    """
    if not content.startswith(_ARCHIVES):
        wide = content.startswith(_WIDE)
        for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252", "latin-1"):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            if "\x00" in text:
                break
            return _EXCEL_LINE.sub("", text, count=1)
    raise InvalidFile("file_not_text", where=where)


def in_utf8(content: bytes, where: Where) -> bytes:
    """
    Write a text file in UTF-8 without mark, for libraries that read nothing else; as it is when it is so already.

    Parameters
    ----------
    content
        A file, see `decoded`.
    where
        How a fault names the file.

    Returns
    -------
    bytes
        The same text.

    Raises
    ------
    InvalidFile
        When it is no text.
    """
    plain = not content.startswith((*_WIDE, *_ARCHIVES, _MARK)) and content[:4].lower() != b"sep="
    if plain and (content.isascii() and b"\x00" not in content):
        return content
    return decoded(content, where).encode()


def separator_of(text: str, expected: Collection[str] = ()) -> str:
    """
    Tell what separates the columns of a text table.

    Parameters
    ----------
    text
        The table, or its beginning.
    expected
        Names of columns that are known, in lower case.

    Returns
    -------
    str
        The sign that makes the most known names of the first line, then the most columns; a comma in doubt.
    """
    first = next((line for line in text[:1_000_000].splitlines() if line.strip()), "")

    def promise(separator: str) -> tuple[int, int]:
        titles = next(csv.reader([first], delimiter=separator), [])
        known = sum(title.strip().lower() in expected for title in titles)
        return known, len(titles)

    return max(_SEPARATORS, key=promise)


def decimal(text: str) -> float:
    """
    Read a number as French and English people write it: « 1 234,5 », « 12.5 », « 3 ».

    Parameters
    ----------
    text
        A cell.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        When it is none, or could be two (« 1,234.5 »).

    Examples
    --------
    >>> decimal("1 234,5")
    1234.5
    """
    joined = _SPACES.sub("", text.strip()).replace("\N{MINUS SIGN}", "-")
    if not _DECIMAL.fullmatch(joined):
        raise ValueError(text)
    return float(joined.replace(",", "."))
