"""Working a commission out beside the pages: its progress and its results are kept in the database, for every process."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import geopandas as gpd
from shapely import Point

from api.pages.work import Work
from rpe_geo.crs import WGS84
from rpe_geo.desk.commission import CommissionStore, KeptCommission, require_open
from rpe_geo.errors import Conflict, InputError, RpeGeoError
from rpe_geo.messages import explain
from rpe_geo.relais.commission import Gathered, gather, results_of, work_out
from rpe_geo.relais.location import locate
from rpe_geo.wiring import open_commissions

__all__ = ["commissions_of", "fingerprint", "gathered_by", "is_running", "start_run"]

_GIVEN_UP = timedelta(minutes=10)
"""A run that says nothing for so long is not awaited any more: its process ended."""
_TIME_LIMIT_S = 60.0

Content = dict[str, Any]


def commissions_of(work: Work) -> CommissionStore:
    """Open the commissions of the RPE."""
    return open_commissions(work.relais.repository, work.desk.settings, work.session.rpe_id)


def gathered_by(work: Work, today: date) -> Gathered:
    """Gather what the commission decides on."""
    relais = work.relais
    return gather(work.casework, relais.travel, relais.geocoder, today)


def fingerprint(work: Work) -> str:
    """Tell one state of the requests and of the registry from another."""
    store = work.repository
    digest = sha256()
    closed = [(case.request.request_id, case.status) for case in work.casework.inbox()]
    for records in (
        closed,
        store.requests(),
        store.childminders(),
        store.mams(),
        store.facilities(),
    ):
        for text in sorted(map(repr, records)):
            digest.update(text.encode())
    return digest.hexdigest()


def is_running(content: Mapping[str, Any]) -> bool:
    """Tell whether a run is under way."""
    run = content.get("run")
    if not run or run.get("ended_at"):
        return False
    return datetime.now(UTC) - datetime.fromisoformat(run["said_at"]) < _GIVEN_UP


def start_run(work: Work, kept: KeptCommission, today: date, *, near: bool) -> None:
    """
    Begin a run, unless one is under way.

    Raises
    ------
    Conflict
        When one is, or the commission is closed.
    """
    token = secrets.token_hex(8)

    def begin(content: Content) -> Content:
        require_open(content)
        if is_running(content):
            raise Conflict("commission_running")
        now = datetime.now(UTC).isoformat()
        return {**content, "run": {"token": token, "begun_at": now, "said_at": now, "done": []}}

    store = commissions_of(work)
    begun = store.change(kept.commission_id, begin)

    def say(change: Callable[[Content], Content]) -> None:
        def edit(content: Content) -> Content:
            if content.get("run", {}).get("token") != token:
                return content
            changed = change(content)
            run = {**changed["run"], "said_at": datetime.now(UTC).isoformat()}
            return {**changed, "run": run}

        store.change(kept.commission_id, edit)

    thread = threading.Thread(
        target=_run, args=(work, begun.content, today, near, say), daemon=True, name="commission"
    )
    thread.start()


def _run(
    work: Work,
    content: Mapping[str, Any],
    today: date,
    near: bool,  # noqa: FBT001 - positional for the thread
    say: Callable[[Callable[[Content], Content]], None],
) -> None:
    """Work all policies out and keep them; an error is kept as a sentence."""

    def done(policy: str) -> None:
        say(lambda kept: {**kept, "run": {**kept["run"], "done": [*kept["run"]["done"], policy]}})

    def ended(**told: Any) -> None:
        now = datetime.now(UTC).isoformat()
        say(lambda kept: {**kept, "run": {**kept["run"], "ended_at": now, **told}})

    try:
        mark = fingerprint(work)
        gathered = gathered_by(work, today)
        # As few moves as possible is a question of its own, about the policy that is shown.
        policy = content.get("policy", "points")
        found = work_out(
            gathered,
            content,
            today,
            policy=policy,
            near=near,
            time_limit_s=_TIME_LIMIT_S,
            told=done,
        )
        results = results_of(found)
        if near:
            (only,) = results.values()
            results = {policy: only}
        homes = _communes(work, gathered)
        ran_at = datetime.now(UTC).isoformat()
        say(
            lambda kept: {
                **kept,
                "results": results,
                "ran_at": ran_at,
                "ran_bareme": content["bareme"],
                "mark": mark,
                "communes": homes,
                "left_out": {one: explain(error) for one, error in gathered.left_out.items()},
            }
        )
    except RpeGeoError as error:
        ended(error=explain(error))
        return
    except Exception:
        ended(error="Le calcul a échoué. Prévenez la personne qui tient ce service.")
        raise
    ended()


def _communes(work: Work, gathered: Gathered) -> dict[str, str]:
    """Find the commune of each home, where the territory knows communes."""
    territory = work.desk.service.territory
    shapes = None if territory is None else territory.communes
    if shapes is None or shapes.empty:
        return {}
    ids, points = [], []
    for request in gathered.requests:
        try:
            home: Point = locate(request, work.relais.geocoder).home
        except InputError:
            continue
        ids.append(request.request_id)
        points.append(home)
    found = gpd.sjoin(
        gpd.GeoDataFrame({"request_id": ids}, geometry=points, crs=WGS84),
        shapes[["name", "geometry"]].reset_index(),
        predicate="within",
    )
    return dict(zip(found["request_id"], found["code_commune"].astype(str), strict=True))
