"""What an agency says of changing vehicles: between stops, lines and trips, and by staying in one's seat."""

from __future__ import annotations

import pandas as pd

from rpe_geo.travel.transit.tables import Source

__all__ = ["read_transfers"]

_COLUMNS = ["origin", "target", "kind", "seconds", "from_route", "to_route", "from_trip", "to_trip"]
_IN_SEAT = (4, 5)


def read_transfers(source: Source, stops: pd.DataFrame, trips: pd.DataFrame) -> pd.DataFrame:
    """
    Read `transfers.txt`; a row on a station holds for every stop of it.

    Parameters
    ----------
    source
        The feed.
    stops
        Index stop_id, with `parent_station`.
    trips
        Index trip_id, with `route_id`.

    Returns
    -------
    DataFrame
        Columns `origin, target` (stop_id; empty for in-seat rows without stops), `kind` 0 to 5, `seconds`, `from_route, to_route,
        from_trip, to_trip` (empty for all); for the same pair and the same lines and trips the row on the stop itself wins.
    """
    table = source.read("transfers.txt", [], needed=False)
    if table.empty:
        return pd.DataFrame(columns=_COLUMNS).astype({"seconds": float, "kind": int})

    def text(name: str) -> pd.Series:
        return table[name] if name in table else pd.Series("", index=table.index)

    rows = pd.DataFrame(
        {
            "from": text("from_stop_id"),
            "to": text("to_stop_id"),
            "kind": pd.to_numeric(text("transfer_type").replace("", "0"), errors="coerce"),
            "seconds": pd.to_numeric(text("min_transfer_time"), errors="coerce").fillna(0.0),
            "from_route": text("from_route_id"),
            "to_route": text("to_route_id"),
            "from_trip": text("from_trip_id"),
            "to_trip": text("to_trip_id"),
        }
    )
    names = [f"{a or '-'} → {b or '-'}" for a, b in zip(rows["from"], rows["to"], strict=True)]
    rows["name"] = names
    in_seat = rows["kind"].isin(_IN_SEAT)
    good = rows["kind"].between(0, 5) & (rows["kind"] % 1 == 0)
    good &= ~in_seat | ((rows["from_trip"] != "") & (rows["to_trip"] != ""))
    source.left_out.add("transfer_unreadable", rows.loc[~good, "name"])
    rows, in_seat = rows[good], in_seat[good]
    routes = set(trips["route_id"])
    unknown = pd.Series(data=False, index=rows.index)
    for column, known in (
        ("from_trip", set(trips.index)),
        ("to_trip", set(trips.index)),
        ("from_route", routes),
        ("to_route", routes),
    ):
        unknown |= (rows[column] != "") & ~rows[column].isin(known)
    for column in ("from", "to"):
        unknown |= ~rows[column].isin(stops.index) & ~in_seat
    source.left_out.add("transfer_unknown", rows.loc[unknown, "name"])
    rows, in_seat = rows[~unknown], in_seat[~unknown]
    seated = rows[in_seat].rename(columns={"from": "origin", "to": "target"})
    spread = _on_platforms(rows[~in_seat], stops)
    return pd.concat([spread, seated])[_COLUMNS].astype({"kind": int}).reset_index(drop=True)


def _on_platforms(rows: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    """Spread rows on stations over their stops; a row on the stop itself wins."""
    own = pd.Series(stops.index, index=stops.index)
    parent = stops["parent_station"]
    platforms = pd.concat(
        [
            pd.DataFrame({"named": own, "stop": own, "wide": 0}),
            pd.DataFrame({"named": parent, "stop": own, "wide": 1})[(parent != "").to_numpy()],
        ]
    )
    rows = rows.merge(platforms.add_suffix("_from"), left_on="from", right_on="named_from")
    rows = rows.merge(platforms.add_suffix("_to"), left_on="to", right_on="named_to")
    rows["wide"] = rows["wide_from"] + rows["wide_to"]
    rows = rows.rename(columns={"stop_from": "origin", "stop_to": "target"})
    same = ["origin", "target", "from_route", "to_route", "from_trip", "to_trip"]
    return rows.sort_values("wide", kind="stable").drop_duplicates(same)
