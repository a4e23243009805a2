#!/bin/sh
# scikit-learn 1.9.1 with NumPy 2.4.6: HDBSCAN(cluster_selection_epsilon > 0) raises TypeError on valid points as soon as
# the walk up the tree of clusters reaches its root, with or without allow_single_cluster; two groups of points nearer to
# each other than epsilon do that. The compiled code takes the parent as an array of one element and converts it to a
# scalar, which NumPy 2.4 refuses. Gatherings of places in metres are the usual use of this parameter.
#
# Seen on 2026-11-30, Python 3.11:
#   TypeError: only 0-dimensional arrays can be converted to Python scalars
# Without the parameter the same points are clustered, and with NumPy 2.3.5 they are with it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet 'scikit-learn==1.9.1' 'numpy==2.4.6'
cat > "$folder/points.py" <<'PYTHON'
import sys

import numpy as np
from sklearn.cluster import HDBSCAN

points = np.random.default_rng(0).normal(0, 100, (40, 2))
points[20:, 0] += 600
assert set(HDBSCAN(min_cluster_size=5, copy=True).fit_predict(points)) >= {0, 1}
for single in (False, True):
    model = HDBSCAN(
        min_cluster_size=5, cluster_selection_epsilon=500.0, allow_single_cluster=single, copy=True
    )
    try:
        print(np.__version__, "single", single, "clusters", sorted(set(model.fit_predict(points))))
        assert sys.argv[1] == "works", "changed: it raises no more"
    except TypeError as error:
        print(np.__version__, "single", single, "TypeError:", error)
        assert sys.argv[1] == "raises" and "0-dimensional" in str(error)
PYTHON
"$folder/env/bin/python" "$folder/points.py" raises
"$folder/env/bin/pip" install --quiet 'numpy==2.3.5'
"$folder/env/bin/python" -W ignore "$folder/points.py" works
