"""Which adapter serves which name: the only place where settings become a `Relais`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rpe_geo.errors import InputError, RpeGeoError
from rpe_geo.protocols import Geocoder, Progress, Repository, TravelTimeEngine
from rpe_geo.relais import Relais
from rpe_geo.relais.casework import Casework
from rpe_geo.settings import Settings, user_data_folder
from rpe_geo.territory import Territory

if TYPE_CHECKING:
    from rpe_geo.deployment.links import Links
    from rpe_geo.desk.commission import CommissionStore
    from rpe_geo.observatory.tiles import Runner
    from rpe_geo.privacy import Cells, Masking
    from rpe_geo.relais.accounts import Accounts
    from rpe_geo.storage.people import SqlPeople

__all__ = [
    "Streets",
    "open_accounts",
    "open_casework",
    "open_commissions",
    "open_geocoder",
    "open_links",
    "open_masking",
    "open_people",
    "open_registry",
    "open_relais",
    "open_runner",
    "open_streets",
    "open_territory",
    "open_travel_engine",
]


@dataclass(frozen=True)
class Streets:
    """A territory, and the travel times on its streets."""

    territory: Territory
    engine: TravelTimeEngine


def open_relais(settings: Settings, *, create: bool = False) -> Relais:
    """
    Open the registry, the geocoder and the travel-time engine that the settings name.

    Parameters
    ----------
    settings
        Without a territory, what needs one says so when it is asked.
    create
        Whether a registry that is not there yet is made.

    Returns
    -------
    Relais
        Use it as a context manager: it closes what was opened.

    Raises
    ------
    InputError
        When the territory is not one, or the database cannot be opened.
    NotFound
        When there is no registry and none is to be made.
    """
    territory = open_territory(settings)
    return Relais(
        repository=open_registry(settings, create=create),
        geocoder=open_geocoder(settings, territory),
        travel=open_travel_engine(settings, territory),
        sources=tuple(territory.sources) if territory else (),
    )


def open_registry(settings: Settings, *, create: bool = False, upgrade: bool = False) -> Repository:
    """
    Open the registry of the settings' RPE.

    Parameters
    ----------
    settings
        Address of the database, keys.
    create
        Whether a database that is not there yet is made: by `import`, `serve`, `user create` and `demo` only.
    upgrade
        Whether an older database is migrated: by `database upgrade` only.
    """
    from rpe_geo.storage.repository import open_repository

    repository = open_repository(
        settings.database_url,
        rpe_id=settings.rpe_id,
        encryption_keys=settings.fernet_keys,
        create=create,
        upgrade=upgrade,
    )
    if settings.environment == "production":
        from rpe_geo.deployment.production import require_safe_database

        try:
            require_safe_database(repository.engine)
        except BaseException:
            repository.close()
            raise
    return repository


def open_accounts(repository: Repository, settings: Settings | None = None) -> Accounts:
    """Open the accounts kept in the same database as a registry; the settings say how long a session may rest."""
    from datetime import timedelta

    from rpe_geo.relais.accounts import Accounts
    from rpe_geo.storage.accounts import SqlAccounts
    from rpe_geo.storage.repository import SqlRepository

    assert isinstance(repository, SqlRepository)
    store = SqlAccounts(repository.engine)
    if settings is None:
        return Accounts(store)
    return Accounts(store, idle=timedelta(minutes=settings.session_minutes))


def open_links(settings: Settings) -> Links:
    """Prepare what a deployment signs and seals."""
    from rpe_geo.deployment.links import Links

    return Links(settings.secret_key.get_secret_value(), settings.public_url)


def open_casework(repository: Repository, settings: Settings, rpe_id: str) -> Casework:
    """Open the requests of one RPE, in the same database as a registry and on its connections."""
    from rpe_geo.storage.casework import SqlCasework
    from rpe_geo.storage.repository import SqlRepository
    from rpe_geo.storage.sealing import Seal

    assert isinstance(repository, SqlRepository)
    store = SqlCasework(repository.engine, rpe_id=rpe_id, seal=Seal(settings.fernet_keys))
    return Casework(repository.of(rpe_id), store)


def open_commissions(repository: Repository, settings: Settings, rpe_id: str) -> CommissionStore:
    """Open the commissions of one RPE, in the same database as a registry and on its connections."""
    from rpe_geo.storage.commissions import SqlCommissions
    from rpe_geo.storage.repository import SqlRepository
    from rpe_geo.storage.sealing import Seal

    assert isinstance(repository, SqlRepository)
    return SqlCommissions(repository.engine, rpe_id=rpe_id, seal=Seal(settings.fernet_keys))


def open_masking(
    repository: Repository, settings: Settings, territory: Territory | None
) -> Masking:
    """
    Open the masking of a deployment: its secret, and the cells of its territory, kept in the registry's database.

    Parameters
    ----------
    repository
        Of the database that keeps the cells.
    settings
        `masking_secret` draws the centres.
    territory
        Its addresses are cut into cells when its first home is masked. None or no addresses: wide squares.

    Returns
    -------
    Masking
        What gives every masked home its zone.

    Raises
    ------
    InputError
        When homes were published and the cells that masked them are lost.
    """
    from rpe_geo.geocoding.dwellings import address_points
    from rpe_geo.privacy import Masking
    from rpe_geo.privacy.ground import ground_sheets
    from rpe_geo.storage.cells import SqlCells
    from rpe_geo.storage.repository import SqlRepository

    secret = settings.masking_secret.get_secret_value().encode()
    if territory is None or "addresses" not in territory.contents:
        return Masking((), secret)
    assert isinstance(repository, SqlRepository)
    sheets = ground_sheets(
        SqlCells(repository.engine),
        territory.identity,
        *address_points(territory.addresses),
        former=_former_cells,
    )
    return Masking(sheets, secret)


def _former_cells() -> Iterator[Cells]:
    """Read the cells that earlier versions kept in the user's data folder."""
    from rpe_geo.storage.cells import cells_of_bytes

    for path in sorted((user_data_folder() / "masking").glob("*.npz")):
        cells = cells_of_bytes(path.read_bytes())
        if cells is not None:
            yield cells


def open_people(repository: Repository, settings: Settings) -> SqlPeople:
    """Open what the database holds of people, for their rights, on the connections of a registry."""
    from rpe_geo.storage.people import SqlPeople
    from rpe_geo.storage.repository import SqlRepository
    from rpe_geo.storage.sealing import Seal

    assert isinstance(repository, SqlRepository)
    seal = Seal(settings.fernet_keys)
    return SqlPeople(repository.engine, rpe_id=repository.rpe_id, seal=seal)


def open_territory(settings: Settings) -> Territory | None:
    """Open the territory of the settings, when there is one."""
    return None if settings.territory is None else Territory.open(settings.territory)


def open_geocoder(settings: Settings, territory: Territory | None) -> Geocoder | None:
    """Open the geocoder that the settings name; None when it needs addresses that are not there."""
    return _GEOCODERS[settings.geocoder](settings, territory)


def open_travel_engine(settings: Settings, territory: Territory | None) -> TravelTimeEngine | None:
    """Open the travel-time engine that the settings name; None when it needs streets that are not there."""
    return _ENGINES[settings.travel_engine](settings, territory)


def open_streets(directory: Path) -> Streets:
    """Open a territory and the travel times on its streets, for a command that is given its folder."""
    from rpe_geo.travel.street import StreetEngine

    territory = Territory.open(directory)
    return Streets(territory, StreetEngine(territory.streets))


def open_runner(
    scheduler: str | None, kept_in: Path, progress: Progress
) -> AbstractContextManager[Runner | None]:
    """
    Start what runs the tiles of an observatory: threads here, or a cluster.

    Parameters
    ----------
    scheduler
        « local », or the address of a Dask scheduler; None runs nothing apart.
    kept_in
        Folder in which finished tiles are kept until the end.
    progress
        Told of each tile.
    """
    if scheduler is None:
        return nullcontext()
    from rpe_geo.deployment.cluster import DaskRunner, LocalRunner

    if scheduler == "local":
        return LocalRunner(kept_in=kept_in, progress=progress)
    return DaskRunner(scheduler, kept_in=kept_in, progress=progress)


@contextmanager
def _opening(territory: Territory, part: str) -> Iterator[None]:
    """Open a part of a territory: whatever a damaged file of it makes a library raise becomes one fault."""
    try:
        yield
    except (RpeGeoError, MemoryError):
        raise
    except Exception as error:
        raise InputError(
            "territory_damaged", directory=str(territory.directory), part=part
        ) from error


def _local_geocoder(_settings: Settings, territory: Territory | None) -> Geocoder | None:
    from rpe_geo.geocoding.local import LocalGeocoder

    if territory is None or "addresses" not in territory.contents:
        return None
    with _opening(territory, "addresses"):
        return LocalGeocoder(territory.addresses)


def _geoplateforme(settings: Settings, _territory: Territory | None) -> Geocoder:
    from rpe_geo.geocoding.geoplateforme import GeoplateformeGeocoder

    return GeoplateformeGeocoder(settings.geoplateforme_url)


def _street_engine(_settings: Settings, territory: Territory | None) -> TravelTimeEngine | None:
    from rpe_geo.travel.street import StreetEngine

    if territory is None or "streets" not in territory.contents:
        return None
    with _opening(territory, "streets"):
        return StreetEngine(territory.streets)


def _straight_line(_settings: Settings, _territory: Territory | None) -> TravelTimeEngine:
    from rpe_geo.travel.straight_line import StraightLineEngine

    return StraightLineEngine()


_GEOCODERS: dict[str, Callable[[Settings, Territory | None], Geocoder | None]] = {
    "local": _local_geocoder,
    "geoplateforme": _geoplateforme,
}
_ENGINES: dict[str, Callable[[Settings, Territory | None], TravelTimeEngine | None]] = {
    "street": _street_engine,
    "straight_line": _straight_line,
}
