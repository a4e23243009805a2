"""
Geospatial matching and planning for the relais petite enfance.

The shop window: a dozen names, imported when first used so that the command line starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rpe_geo.domain import Agrement, Child, Childminder, Request
    from rpe_geo.errors import RpeGeoError
    from rpe_geo.relais import Relais
    from rpe_geo.schedule import Timetable
    from rpe_geo.settings import Settings
    from rpe_geo.territory import Territory, TerritoryInputs, build_territory
    from rpe_geo.wiring import open_relais

__version__ = "0.1.0"

__all__ = [
    "Agrement",
    "Child",
    "Childminder",
    "Relais",
    "Request",
    "RpeGeoError",
    "Settings",
    "Territory",
    "TerritoryInputs",
    "Timetable",
    "build_territory",
    "open_relais",
]

_ROOMS = {
    "Agrement": "domain",
    "Child": "domain",
    "Childminder": "domain",
    "Relais": "relais",
    "Request": "domain",
    "RpeGeoError": "errors",
    "Settings": "settings",
    "Territory": "territory",
    "TerritoryInputs": "territory",
    "Timetable": "schedule",
    "build_territory": "territory",
    "open_relais": "wiring",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'rpe_geo' has no attribute {name!r}")
    return getattr(import_module(f"rpe_geo.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
