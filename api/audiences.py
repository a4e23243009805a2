"""Which door of the professionals opens to which role: decided here, once."""

from __future__ import annotations

from rpe_geo.desk.accounts import Role

__all__ = ["home_of", "reads_observatory", "works_on_requests"]


def works_on_requests(role: Role) -> bool:
    """Tell whether a role reads families' files and the registry: a planner does not."""
    return role != "planner"


def reads_observatory(role: Role) -> bool:
    """Tell whether a role reads the observatory: aggregates without small counts, which every professional may read."""
    return role in {"planner", "administrator", "animateur"}


def home_of(role: Role) -> str:
    """Name the page where a role arrives after signing in."""
    return "/pro/demandes" if works_on_requests(role) else "/pro/observatoire"
