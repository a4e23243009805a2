"""
Times of pandana on a given graph, for bench_speed.py.

    PYTHON peer_pandana.py GRAPH.npz OUT.npz

PYTHON needs pandana (wheels for Python 3.11). GRAPH holds longitude, latitude, tail, head, minutes and states; OUT tells the
seconds of one search to 500 states, those of `rows` searches to all of them, and the minutes found.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import pandana
import pandas as pd

ROWS = 50


def main() -> None:
    """Search, and write what was measured."""
    graph = np.load(sys.argv[1])
    states = graph["states"]
    network = pandana.Network(
        pd.Series(graph["longitude"]),
        pd.Series(graph["latitude"]),
        pd.Series(graph["tail"]),
        pd.Series(graph["head"]),
        pd.DataFrame({"minutes": graph["minutes"]}),
        twoway=False,
    )

    def search(rows: int, columns: int) -> np.ndarray:
        origins = np.repeat(states[:rows], columns)
        goals = np.tile(states[:columns], rows)
        return np.array(network.shortest_path_lengths(origins, goals))

    few = []
    for _ in range(10):
        begin = time.process_time()
        search(1, min(500, states.size))
        few.append(time.process_time() - begin)
    begin = time.process_time()
    minutes = search(ROWS, states.size)
    many = time.process_time() - begin
    np.savez(
        sys.argv[2],
        few=statistics.median(few),
        many=many,
        rows=ROWS,
        minutes=minutes.reshape(ROWS, states.size),
    )


if __name__ == "__main__":
    main()
