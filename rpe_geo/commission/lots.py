"""The lot among equals: an order that anybody can draw again from its seed, with `sha256sum` and nothing else."""

from __future__ import annotations

from hashlib import sha256

__all__ = ["lot"]


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
