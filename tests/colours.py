"""Write the colours of the pages' stylesheet from `maps.style`, or check that they are those."""

from __future__ import annotations

import re
from pathlib import Path

from maps.style import palette

SHEET = Path(__file__).resolve().parent.parent / "api" / "static" / "tokens.css"
_BLOCK = re.compile(r"(  /\* colours: [^\n]*\n).*?(  /\* end of the colours \*/)", re.DOTALL)


def with_colours(sheet: str) -> str:
    """Write the block of colours anew."""
    lines = "".join(f"  --{name}: {colour.lower()};\n" for name, colour in palette().items())
    return _BLOCK.sub(lambda found: found[1] + lines + found[2], sheet, count=1)


def main(*, writes: bool) -> int:
    """Check or write the sheet; 1 when it is not the palette's."""
    sheet = SHEET.read_text(encoding="utf-8")
    fresh = with_colours(sheet)
    if writes:
        SHEET.write_text(fresh, encoding="utf-8")
        return 0
    if sheet != fresh:
        print("api/static/tokens.css: other colours than maps/style.py")
    return int(sheet != fresh)
