"""Write the demonstration territory: `python -m rpe_geo.synthetic DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from rpe_geo.synthetic.demonstration import write_demonstration

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m rpe_geo.synthetic DIR")
    for path in write_demonstration(Path(sys.argv[1])):
        print(path)  # noqa: T201 - a command's result
