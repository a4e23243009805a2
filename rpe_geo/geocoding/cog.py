"""The official list of communes: postcodes, old codes, old names, and what lies outside a territory."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpe_geo.errors import InvalidFile, Where

__all__ = ["OfficialCommune", "OfficialList", "read_cog"]


@dataclass(frozen=True, slots=True)
class OfficialCommune:
    """
    A commune, or an arrondissement of Paris, Lyon or Marseille.

    Parameters
    ----------
    parent
        Code of the city for an arrondissement, else "".
    old_names
        Names of the communes déléguées and associées.
    """

    code: str
    name: str
    parent: str
    postcodes: tuple[str, ...]
    old_names: tuple[str, ...]
    population: int


@dataclass(frozen=True, slots=True)
class OfficialList:
    """
    Every commune of France.

    Parameters
    ----------
    communes
        By present code.
    current_code
        Old code → present code.
    """

    communes: dict[str, OfficialCommune]
    current_code: dict[str, str]

    def present(self, code: str) -> str:
        """Return the present code of a commune, following mergers."""
        return code if code in self.communes else self.current_code.get(code, code)


def read_cog(path: Path) -> OfficialList:
    """
    Read the list of communes, JSON or gzipped JSON.

    Parameters
    ----------
    path
        Objects `code, nom, type` and, where they apply, `codesPostaux, anciensCodes, chefLieu, commune, population`.

    Returns
    -------
    OfficialList
        Communes by code, and the present code of old ones.

    Raises
    ------
    InvalidFile
        Missing, or not such a list.
    """
    where = Where(file=str(path))
    if not path.is_file():
        raise InvalidFile("file_missing", where=where)
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        entries = json.loads(raw)
        return _gather(entries)
    except (gzip.BadGzipFile, EOFError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise InvalidFile("cog_format", where=where) from fault


def _gather(entries: list[dict[str, Any]]) -> OfficialList:
    old_names: dict[str, list[str]] = {}
    current: dict[str, str] = {}
    for entry in entries:
        if entry["type"] in {"commune-deleguee", "commune-associee"}:
            old_names.setdefault(entry["chefLieu"], []).append(entry["nom"])
            if entry["code"] != entry["chefLieu"]:
                current[entry["code"]] = entry["chefLieu"]
    communes = {}
    for entry in entries:
        if entry["type"] in {"commune-actuelle", "arrondissement-municipal"}:
            for old in entry.get("anciensCodes", ()):
                current[old] = entry["code"]
            communes[entry["code"]] = OfficialCommune(
                code=entry["code"],
                name=entry["nom"],
                parent=entry.get("commune", ""),
                postcodes=tuple(entry.get("codesPostaux", ())),
                old_names=tuple(
                    name for name in old_names.get(entry["code"], ()) if name != entry["nom"]
                ),
                population=entry.get("population", 0),
            )
    return OfficialList(communes, {old: new for old, new in current.items() if old not in communes})
