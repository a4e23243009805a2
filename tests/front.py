"""
Check the format and the mistakes of the pages' templates, scripts, styles and French texts, as `make lint` does.

`python -m tests.front` checks; `python -m tests.front --write` formats. Texts are checked by `tests.typography`, templates are checked by djlint, scripts and
styles by biome: its Python wheel where there is one, else npx. Without either they are left out with a word, and fail
with CI=true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import colours, exports, typography

BIOME = "2.3.11"
"""The version that `pyproject.toml` pins as a wheel."""


def biome_command() -> list[str] | None:
    """Find biome: beside this Python, or through npx."""
    wheel = Path(sys.executable).parent / "biome"
    if wheel.is_file():
        return [str(wheel)]
    npx = shutil.which("npx")
    return [npx, "--yes", f"@biomejs/biome@{BIOME}"] if npx else None


def main(write: bool) -> int:
    """Run both tools; 0 when nothing is left to mend."""
    djlint = [sys.executable, "-m", "djlint", "api/templates"]
    results = [
        typography.main(writes=write),
        exports.main(writes=write),
        colours.main(writes=write),
    ]
    results += [subprocess.call([*djlint, *(["--reformat"] if write else ["--check"]), "--quiet"])]
    if not write:
        results.append(subprocess.call([*djlint, "--lint", "--quiet"]))
    biome = biome_command()
    if biome is None:
        print("no biome: scripts and styles are not checked (install npm)", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else max(results)
    results.append(subprocess.call([*biome, "check", *(["--write"] if write else [])]))
    return max(results)


if __name__ == "__main__":
    raise SystemExit(main("--write" in sys.argv[1:]))
