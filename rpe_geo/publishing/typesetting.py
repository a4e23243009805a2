"""Typst, where it is installed: what every printed sheet and report goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maps.choropleth_figures import font_folder
from rpe_geo.errors import ServiceUnavailable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["typeset"]


def typeset(source: Path) -> bytes:
    """
    Set a typst file with the font of the house.

    Parameters
    ----------
    source
        A `.typ` file; the pictures it names are beside it.

    Returns
    -------
    bytes
        A PDF.

    Raises
    ------
    ServiceUnavailable
        When typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise ServiceUnavailable("pdf_missing") from None
    printed: bytes = typst.compile(
        str(source), font_paths=[str(font_folder())], ignore_system_fonts=True
    )
    return printed
