"""A choice of sites as JSON and GeoJSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.planning.siting import SitingResult

__all__ = ["siting_document", "siting_features"]

Floats = NDArray[np.float64]


def siting_document(result: SitingResult) -> dict[str, Any]:
    """
    Write a choice of sites as JSON values; nothing infinite, nothing missing.

    Parameters
    ----------
    result
        What was chosen.

    Returns
    -------
    dict
        The keys of `docs/interfaces.md`.
    """
    task, choice, options = result.task, result.choice, result.task.options
    problem = task.problem
    allocation = _allocation(result)
    document: dict[str, Any] = {
        "objective_name": options.objective,
        "sites": result.new_sites,
        "objective": choice.objective,
        "bound": _finite(choice.bound),
        "gap": _finite(result.gap),
        "allocation": allocation,
        "unreached": [entry["id"] for entry in allocation if entry["site"] is None],
        "covered_children": _covered(result, allocation),
        "children": float(problem.children.sum()),
        "existing_sites": _names(result, task.existing & _open(result)),
        "closed_sites": _names(result, task.closable & ~_open(result)),
        "alternatives": list(result.alternatives),
        "curve": list(result.curve),
        "stability": list(result.stability),
        "parameters": _parameters(result),
    }
    if choice.places is not None:
        document["places"] = {
            problem.site_id(at): float(choice.places[at])
            for at in choice.sites
            if not task.existing[at]
        }
    if choice.access is not None and choice.access_before is not None:
        present = np.flatnonzero(problem.children > 0)
        document["access"] = [
            {"id": str(problem.zones[int(at)]), "before": float(before), "after": float(after)}
            for at, before, after in zip(present, choice.access_before, choice.access, strict=True)
        ]
    cost = _cost(result)
    if cost is not None:
        document["cost"] = cost
    if result.stopped_by is not None:
        document["stopped_by"] = result.stopped_by
    return document


def siting_features(
    result: SitingResult, site_points: Floats, zone_points: Floats | None
) -> dict[str, Any]:
    """
    Write a choice of sites as GeoJSON (RFC 7946).

    Parameters
    ----------
    result
        What was chosen.
    site_points
        Longitude and latitude of the sites (EPSG:4326), axes (site, 2).
    zone_points
        The same of the zones; None leaves the zones out.

    Returns
    -------
    dict
        A FeatureCollection: `kind` is site or zone.
    """
    task, choice = result.task, result.choice
    share = {entry["site"]: entry["share"] for entry in result.stability}
    allocation = _allocation(result)
    of_zone = dict(zip(map(str, task.problem.zones), task.problem.children, strict=True))
    features = []
    for at in choice.sites:
        name = task.problem.site_id(at)
        served = [entry for entry in allocation if entry["site"] == name]
        children = float(sum(of_zone[e["id"]] * e.get("share", 1.0) for e in served))
        properties = {
            "kind": "site",
            "id": name,
            "state": "existing" if task.existing[at] else "new",
            "children": children,
            "stability": share.get(name),
        }
        features.append(_feature(site_points[at], properties))
    if zone_points is not None:
        at_zone = {str(name): at for at, name in enumerate(task.problem.zones)}
        for entry in allocation:
            at = at_zone[entry["id"]]
            properties = {"kind": "zone", "children": float(task.problem.children[at])} | entry
            features.append(_feature(zone_points[at], properties))
    return {"type": "FeatureCollection", "features": features}


def _feature(point: Floats, properties: dict[str, Any]) -> dict[str, Any]:
    known = bool(np.isfinite(point).all())
    geometry = {"type": "Point", "coordinates": [float(point[0]), float(point[1])]}
    return {"type": "Feature", "geometry": geometry if known else None, "properties": properties}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _open(result: SitingResult) -> NDArray[np.bool_]:
    mask = np.zeros(len(result.task.fixed), dtype=bool)
    mask[result.choice.sites] = True
    return mask


def _names(result: SitingResult, mask: NDArray[np.bool_]) -> list[str]:
    return [result.task.problem.site_id(at) for at in np.flatnonzero(mask)]


def _allocation(result: SitingResult) -> list[dict[str, Any]]:
    """List who goes where: every zone its nearest open site, or as limits of places decide."""
    task, choice = result.task, result.choice
    problem = task.problem
    if choice.shares is not None:
        return _shared_out(result)
    minutes = task.minutes[:, choice.sites]
    entries: list[dict[str, Any]] = []
    nearest = minutes.argmin(axis=1) if len(choice.sites) else np.zeros(len(problem.zones), int)
    for zone, name in enumerate(problem.zones):
        entry: dict[str, Any] = {"id": str(name), "site": None, "minutes": None}
        if len(choice.sites) and np.isfinite(minutes[zone, nearest[zone]]):
            site = int(choice.sites[nearest[zone]])
            entry["site"] = problem.site_id(site)
            entry["minutes"] = float(minutes[zone, nearest[zone]])
        entries.append(entry)
    return entries


def _shared_out(result: SitingResult) -> list[dict[str, Any]]:
    task, choice = result.task, result.choice
    assert choice.shares is not None
    problem = task.problem
    by_zone: dict[int, list[tuple[int, float]]] = {}
    for zone, site, share in zip(*choice.shares, strict=True):
        by_zone.setdefault(int(zone), []).append((int(site), float(share)))
    entries: list[dict[str, Any]] = []
    for zone, name in enumerate(problem.zones):
        parts = by_zone.get(zone, [])
        if not parts:
            entries.append({"id": str(name), "site": None, "minutes": None})
        for site, share in parts:
            entry: dict[str, Any] = {
                "id": str(name),
                "site": problem.site_id(site),
                "minutes": float(task.minutes[zone, site]),
            }
            if task.options.split:
                entry["share"] = round(share, 9)
            entries.append(entry)
    return entries


def _covered(result: SitingResult, allocation: list[dict[str, Any]]) -> float:
    children = dict(
        zip(map(str, result.task.problem.zones), result.task.problem.children, strict=True)
    )
    return float(
        sum(
            children[entry["id"]] * entry.get("share", 1.0)
            for entry in allocation
            if entry["site"] is not None
        )
    )


def _cost(result: SitingResult) -> float | None:
    """Add up the euros of the new sites, where they have prices."""
    task, choice = result.task, result.choice
    problem = task.problem
    new = [at for at in choice.sites if not task.existing[at]]
    if np.isnan(problem.cost).all() and np.isnan(problem.cost_per_place).all():
        return None
    total = float(np.nan_to_num(problem.cost[new]).sum())
    if choice.places is not None:
        total += float((np.nan_to_num(problem.cost_per_place) * choice.places)[new].sum())
    elif choice.shares is not None:
        zone, site, share = choice.shares
        rate = np.where(task.existing, 0.0, np.nan_to_num(problem.cost_per_place))
        total += float((rate[site] * share * problem.children[zone]).sum())
    return total


def _parameters(result: SitingResult) -> dict[str, Any]:
    options = result.task.options
    parameters: dict[str, Any] = {
        "p": options.count,
        "cutoff_min": options.cutoff_min,
        "budget": options.budget,
        "existing": list(options.existing),
        "closable": list(options.closable),
        "split": options.split,
        "seed": options.seed,
    }
    if options.objective == "access_floor":
        parameters["decay"] = str(options.decay) if options.decay is not None else None
        parameters["floor_share"] = options.floor_share
    if options.draws:
        parameters["draws"] = options.draws
    return parameters
