"""`rpe-geo territory fetch` and `rpe-geo territory update`: official files in, a territory on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpe_geo.cli.recognition import tell_recognition
from rpe_geo.cli.screen import console, progress_bar
from rpe_geo.errors import InputError, NotFound
from rpe_geo.messages import phrase
from rpe_geo.messages.french import number
from rpe_geo.settings import Settings
from rpe_geo.territory import Territory, TerritoryInputs, build_territory

if TYPE_CHECKING:
    from rpe_geo.open_data.territory_files import TerritoryFiles, TerritoryRequest
    from rpe_geo.protocols import Progress

__all__ = ["fetch", "update"]

Many = list[str] | None
Cache = Annotated[
    Path | None,
    typer.Option(help="Dossier des fichiers téléchargés, à emporter sur une machine sans réseau."),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Ne rien demander au réseau : le dossier --cache suffit.")
]
_STATES = {
    "new": "téléchargé",
    "changed": "renouvelé",
    "unchanged": "inchangé",
    "kept": "gardé (service muet)",
    "cached": "du dossier",
}
_FIGURES = {"addresses": ("addresses",), "streets": ("ways",), "transit": ("trips", "stops"), "facilities": ("facilities",), "communes": ("communes",)}  # fmt: skip

_WORDS = {
    "addresses": "Adresses",
    "ways": "Rues",
    "trips": "Courses",
    "stops": "Arrêts",
    "facilities": "Établissements",
    "communes": "Communes",
}


def fetch(
    directory: Annotated[Path, typer.Argument(help="Dossier du territoire à créer.")],
    epci: Annotated[Many, typer.Option(help="Intercommunalité (SIREN) ; répétable.")] = None,
    commune: Annotated[Many, typer.Option(help="Commune (code INSEE) ; répétable.")] = None,
    departement: Annotated[Many, typer.Option(help="Département entier ; répétable.")] = None,
    streets: Annotated[
        Path | None, typer.Option(help="Ses propres rues (.osm.pbf, .graphml).")
    ] = None,
    gtfs: Annotated[
        list[Path] | None, typer.Option(help="Ses propres horaires (GTFS .zip) ; répétable.")
    ] = None,
    facilities: Annotated[
        Path | None, typer.Option(help="Sa propre liste de crèches, dans n’importe quel format.")
    ] = None,
    overpass: Annotated[
        bool, typer.Option("--overpass", help="Rues par Overpass plutôt que par un extrait.")
    ] = False,
    transit: Annotated[
        bool, typer.Option("--transit/--no-transit", help="Chercher les horaires des transports.")
    ] = True,
    year: Annotated[
        int | None, typer.Option(help="Année des places ; par défaut la dernière publiée.")
    ] = None,
    cache: Cache = None,
    offline: Offline = False,
) -> None:
    """Télécharger les fichiers officiels d’un territoire, puis le construire."""
    from rpe_geo.open_data.territory_files import TerritoryRequest

    for own in (streets, *(gtfs or ()), facilities):
        if own is not None and not own.is_file():
            raise InputError("file_missing_named", file=str(own))
    request = TerritoryRequest(
        epcis=tuple(epci or ()),
        codes=tuple(commune or ()),
        departements=tuple(departement or ()),
        streets=streets,
        gtfs=tuple(gtfs or ()),
        facilities=facilities,
        overpass=overpass,
        transit=transit,
        year=year,
    )
    _check_folder(directory)
    folder = cache or Settings().sources_cache
    with progress_bar() as progress:
        files = _fetched(request, folder, offline=offline, progress=progress)
        territory = _built(directory, request, files, folder, progress)
    _tell(files)
    from rpe_geo.cli.territory import show

    show(territory)
    console().print(
        f"Et maintenant : rpe-geo observatory build observatoire --territory {directory}\n"
        f"                rpe-geo import liste.xlsx --kind childminders --territory {directory}\n"
        f"                rpe-geo serve --territory {directory}",
        highlight=False,
        soft_wrap=True,
    )


def update(
    directory: Annotated[Path, typer.Argument(help="Territoire fait par « territory fetch ».")],
    cache: Cache = None,
    offline: Offline = False,
    database: Annotated[
        str | None,
        typer.Option("--database", help="Registre dont dire les adresses qui ont bougé."),
    ] = None,
) -> None:
    """Renouveler ce qui a changé, et dire ce que cela change."""
    from rpe_geo.open_data.territory_files import TerritoryRequest

    before = Territory.open(directory)
    said = before.manifest.get("fetched")
    if not said:
        raise InputError("update_not_fetched", directory=str(directory))
    request = TerritoryRequest.of(said["request"])
    folder = cache or Path(said["cache"])
    with progress_bar() as progress:
        files = _fetched(request, folder, offline=offline, progress=progress)
        now = _digests(files)
        if now == said["sha256"]:
            _tell(files)
            console().print("Rien n’a changé : le territoire est à jour.")
            return
        old_counts = before.contents
        territory = _built(directory, request, files, folder, progress)
    _tell(files)
    changed = sorted(name for name in now if said["sha256"].get(name) != now[name])
    gone = sorted(set(said["sha256"]) - set(now))
    console().print(f"Fichiers renouvelés : {', '.join(changed) or 'aucun'}", highlight=False)
    if gone:
        console().print(f"Fichiers qui ne servent plus : {', '.join(gone)}", highlight=False)
    _tell_counts(old_counts, territory.contents)
    _tell_moved(territory, database)


def _check_folder(directory: Path) -> None:
    """Refuse a folder that is something else before anything is fetched."""
    if directory.exists() and (
        not directory.is_dir()
        or (any(directory.iterdir()) and not (directory / "territory.json").is_file())
    ):
        raise InputError("territory_foreign_folder", directory=str(directory))


def _fetched(
    request: TerritoryRequest, folder: Path, *, offline: bool, progress: Progress
) -> TerritoryFiles:
    from rpe_geo.open_data.download import Downloads
    from rpe_geo.open_data.territory_files import fetch_territory
    from rpe_geo.parameters import parameter_table

    today = date.today()  # noqa: DTZ011 - the editions that exist on the user's own day
    with Downloads(
        folder, offline=offline, mirror=Settings().sources_mirror, progress=progress
    ) as downloads:
        return fetch_territory(request, downloads, parameter_table("sources", today))


def _digests(files: TerritoryFiles) -> dict[str, str]:
    return {name: one.sha256 for name, one in sorted(files.fetched.items())}


def _built(
    directory: Path,
    request: TerritoryRequest,
    files: TerritoryFiles,
    folder: Path,
    progress: Progress,
) -> Territory:
    inputs = TerritoryInputs(
        streets=files.streets,
        addresses=tuple(files.addresses),
        communes=files.tables / "communes.parquet",
        contours=files.tables / "contours.parquet",
        cog=files.tables / "communes-cog.json.gz",
        gtfs=tuple(files.gtfs),
        facilities=files.facilities,
        codes=files.area.codes,
        tables=files.tables,
        fetched={
            "request": request.described(),
            "cache": str(folder.resolve()),
            "sha256": _digests(files),
            "files": {
                name: {
                    "url": one.url,
                    "licence": one.licence,
                    "date": one.date,
                    "edition": one.edition,
                }
                for name, one in sorted(files.fetched.items())
            },
        },
    )
    return build_territory(directory, inputs, progress=progress, report=tell_recognition)


def _tell(files: TerritoryFiles) -> None:
    screen = console()
    for name, one in files.fetched.items():
        screen.print(
            f"{name} : {_STATES[one.state]}, {number(one.bytes / 1e6, 1)} Mo, {one.date}, licence {one.licence}",
            highlight=False,
            soft_wrap=True,
        )
    for note in files.notes:
        typer.echo(phrase(note.code, **note.values), err=True)


def _tell_counts(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> None:
    """Say how many streets, addresses… there were, and are."""
    for part, names in _FIGURES.items():
        before, after = ({n: c.get(part, {}).get(n) for n in names} for c in (old, new))
        if before != after:
            for name in names:
                console().print(
                    f"{_WORDS[name]} : {_said(before[name])} → {_said(after[name])}",
                    highlight=False,
                )


def _said(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) else "aucun"


@contextmanager
def _registry(database: str | None) -> Iterator[Any]:
    from rpe_geo.wiring import open_registry

    repository = open_registry(Settings().override(database_url=database))
    try:
        yield repository
    finally:
        repository.close()


def _tell_moved(territory: Territory, database: str | None) -> None:
    """Say which addresses of the registry the new address index puts elsewhere; nothing of the registry is changed."""
    from rpe_geo.relais.moved_points import moved_points
    from rpe_geo.wiring import open_geocoder

    settings = Settings().override(territory=territory.directory, geocoder="local")
    geocoder = open_geocoder(settings, territory)
    if geocoder is None:
        return
    try:
        with _registry(database) as repository:
            moved = moved_points(repository, geocoder)
    except NotFound as error:
        if database is not None or error.code != "database_missing":
            raise
        # The territory is renewed all the same: who has imported nobody yet has nobody who moves.
        console().print("Adresses du registre : aucun registre encore, rien à comparer.")
        return
    if not moved:
        console().print("Adresses du registre : aucune n’a bougé.")
        return
    console().print(
        f"Adresses du registre que les nouvelles adresses placent ailleurs : {len(moved)}"
    )
    for one in moved:
        where = (
            "n’est plus trouvée" if one.distance_m is None else f"à {number(one.distance_m, 0)} m"
        )
        console().print(f"  {one.record_id} : {where}", highlight=False)
