"""The lot among equals: an order that anybody can draw again from its seed, with `sha256sum` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

__all__ = ["drawn_order", "lot"]


def lot(seed: int, request_id: str) -> str:
    """
    Draw the lot of a family; the smallest comes first.

    The lot is the SHA-256 digest, in hexadecimal, of the text `seed:request_id` in UTF-8. A council repeats it with
    `printf '274916:R-0019' | sha256sum`.

    Parameters
    ----------
    seed
        Announced before the run.
    request_id
        Whose lot.

    Returns
    -------
    str
        64 hexadecimal digits, compared as text.
    """
    return sha256(f"{seed}:{request_id}".encode()).hexdigest()


def drawn_order(seed: int, request_ids: Iterable[str]) -> list[str]:
    """Put families in the order of their lots."""
    return sorted(request_ids, key=lambda request_id: (lot(seed, request_id), request_id))
