"""
A commission as the desk keeps it: its barème, its seed, what was decided by hand, what was worked out.

The seed is announced when the commission is opened and never changes. Decisions by hand can be taken back until the
commission is closed; then nothing of it changes any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rpe_geo.errors import Conflict, InputError

__all__ = [
    "SEED_MAX",
    "CommissionStore",
    "KeptCommission",
    "require_open",
    "with_fix",
    "without_fix",
]

SEED_MAX = 2**31 - 1


@dataclass(frozen=True)
class KeptCommission:
    """
    A commission as it is kept.

    Parameters
    ----------
    commission_id
        Its identifier.
    revision
        Grows with every change.
    content
        `held_on`, `seed`, `bareme` (published TOML), `edits` (criterion id to points tried), `fixes`, `run`, `results`,
        `closed_at`.
    """

    commission_id: str
    revision: int
    content: Mapping[str, Any]


class CommissionStore(Protocol):
    """Where the commissions of one RPE are kept."""

    def latest(self) -> KeptCommission | None:
        """Return the commission that was opened last."""
        ...

    def open(self, content: Mapping[str, Any]) -> KeptCommission:
        """Keep a new commission."""
        ...

    def change(
        self,
        commission_id: str,
        edit: Callable[[dict[str, Any]], dict[str, Any]],
        *,
        seen: int | None = None,
    ) -> KeptCommission:
        """Change a commission at once, or raise `Conflict` when somebody was quicker than `seen` tells."""
        ...


def require_open(content: Mapping[str, Any]) -> None:
    """Refuse to change a commission that was closed."""
    if content.get("closed_at"):
        raise Conflict("commission_closed")


def with_fix(
    content: Mapping[str, Any],
    request_id: str,
    provider_id: str | None,
    *,
    reason: str,
    by: str,
) -> dict[str, Any]:
    """
    Decide by hand where a family goes.

    Raises
    ------
    Conflict
        When the commission is closed.
    InputError
        Without a reason.
    """
    require_open(content)
    if not reason.strip():
        raise InputError("fix_without_reason")
    others = [one for one in content.get("fixes", ()) if one["request_id"] != request_id]
    fix = {
        "request_id": request_id,
        "provider_id": provider_id,
        "reason": reason.strip()[:500],
        "by": by,
    }
    return {**content, "fixes": [*others, fix]}


def without_fix(content: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """Take a decision by hand back; `Conflict` when the commission is closed."""
    require_open(content)
    fixes = [one for one in content.get("fixes", ()) if one["request_id"] != request_id]
    return {**content, "fixes": fixes}
