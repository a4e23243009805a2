"""
Hide the births of whole départements, estimate them, and compare; run as a script, never by pytest.

    python tests/benchmarks/observatory/validate_missing_children.py [FOLDER OF THE DATA OF FRANCE]

Prints for each set of hidden years the coverage told (held out while learning), the coverage seen on twelve départements
that were never learnt from, and how far the sum of each of these is.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rpe_geo.observatory.inputs import Study, parts_of
from rpe_geo.observatory.missing_children import estimate_children
from rpe_geo.open_data.commune_files import CommuneFiles, read_commune_inputs

HIDDEN = {
    "2019": [2019],
    "2018, 2019 and before": [2015, 2016, 2017, 2018, 2019],
    "2018 to 2020": [2018, 2019, 2020],
}
NO_BIRTHS = ("975", "976", "977", "978")


def main(folder: Path) -> None:
    """Hide, estimate, compare."""
    files = CommuneFiles(
        folder / "communes.parquet",
        None,
        folder / "places-2020.parquet",
        folder / "etat-civil-2008-2023.parquet",
    )
    inputs = read_commune_inputs(files, Study(year=2020))
    communes, births = inputs.communes, inputs.births
    parts = parts_of(communes, inputs.official, births, 2020)
    both = pd.concat([communes.table, communes.boroughs]).loc[parts.index]
    zones = both[["population"]].assign(group=both["departement"])
    groups = zones["group"].unique()
    known = [one for one in groups if one not in NO_BIRTHS and not one.startswith("98")]
    held = np.random.default_rng(0).choice(known, 12, replace=False)
    rows = zones.index[zones["group"].isin(held)]
    for name, years in HIDDEN.items():
        by_year = births.by_year.copy()
        by_year.loc[rows, [year for year in years if year in by_year]] = np.nan
        start = time.process_time()
        found = estimate_children(
            parts["children"].mask(parts.index.isin(rows)), by_year, zones, years=births.years
        )
        spent = time.process_time() - start
        table = found.table.loc[rows]
        table = table[table["refused"] == ""]
        true = parts.loc[table.index, "children"]
        own = zones.loc[table.index, "group"]
        inside = true.between(table["children_low"], table["children_high"]).groupby(own).mean()
        sums = table["children_estimate"].groupby(own).sum() / true.groupby(own).sum() - 1
        width = (table["children_high"] - table["children_low"]) / table["children_estimate"]
        print(
            f"hidden {name}: told {found.coverage:.3f} (lowest {found.lowest_coverage:.2f}, "
            f"{found.lowest_group}), seen {inside.mean():.3f} (lowest {inside.min():.2f}); sums of "
            f"départements off by {sums.abs().median():.1%}, at most {sums.abs().max():.1%}; width "
            f"{width.median():.0%} of the estimate, {width[true > 300].median():.0%} above 300 "
            f"children; {len(rows) - len(table)} refused; {spent:.1f} s of CPU"
        )


if __name__ == "__main__":
    default = Path(os.environ.get("RPE_REAL_DATA", "../shared/data")) / "france"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
