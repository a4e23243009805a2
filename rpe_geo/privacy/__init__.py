"""
What each audience may see, decided here and nowhere else.

A masked home is answered for by its *cell*: a part of the territory that holds at least k dwellings. The cells are cut
once from the addresses of the territory and kept. Everything that the public reads about a masked home (its zone, its
minutes, its rank) is computed from the centre of the drawn zone, and that centre is a function of the cell, of the
professional's id and of a secret: never of where in the cell she lives. Whatever is asked, and however often, the k
dwellings of the cell give the same answers (docs/privacy.md proves it, tests/test_privacy.py attacks it).
"""

from __future__ import annotations

from rpe_geo.privacy.cells import Cells
from rpe_geo.privacy.figures import public_minutes, suppress_small_counts, thresholds
from rpe_geo.privacy.masking import Masking, Zone
from rpe_geo.privacy.people import (
    PublicPlace,
    is_public,
    public_attributes,
    public_contact,
    public_name,
    public_place,
    stand_in,
)

__all__ = [
    "Cells",
    "Masking",
    "PublicPlace",
    "Zone",
    "is_public",
    "public_attributes",
    "public_contact",
    "public_minutes",
    "public_name",
    "public_place",
    "stand_in",
    "suppress_small_counts",
    "thresholds",
]
