"""Read a page whatever the layout of its template."""

from __future__ import annotations

import re

__all__ = ["squeezed"]


def squeezed(page: str) -> str:
    """Write the markup on one line: one space for many, none beside a tag."""
    return re.sub(r"\s*(<[^>]*>)\s*", lambda tag: tag[1], re.sub(r"[ \t\r\n]+", " ", page))
