"""`rpe-geo access` and `rpe-geo observatory build|map|export|report|project`."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast, get_args

import typer

from rpe_geo.cli.areas import codes_of_epcis, tables_of
from rpe_geo.cli.observatory_prepare import prepare_tables
from rpe_geo.cli.observatory_project import project_years
from rpe_geo.cli.screen import console, progress_bar, write_whole
from rpe_geo.errors import InputError
from rpe_geo.messages import phrase
from rpe_geo.messages.french import number
from rpe_geo.protocols import Mode

if TYPE_CHECKING:
    from rpe_geo.observatory.results import Observatory

__all__ = ["register"]

DEFAULT_DECAY = "binary:15"
_USUAL_YEAR = 2020

group = typer.Typer(
    no_args_is_help=True, help="Mesurer l’offre et les besoins d’accueil d’un territoire."
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(access)
    group.command("prepare")(prepare_tables)
    group.command("project")(project_years)
    app.add_typer(group, name="observatory")


def access(
    demand: Annotated[Path, typer.Argument(help="Demande : id, children (.csv ou .parquet).")],
    supply: Annotated[Path, typer.Argument(help="Offre : id, places.")],
    times: Annotated[
        Path,
        typer.Argument(
            help="Trajets : origin_id, destination_id, minutes ; absent = hors d’atteinte."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Résultat : id, access.")],
    method: Annotated[
        str,
        typer.Option(
            help="2sfca, e2sfca, 3sfca, m2sfca, mh3sfca, bfca, availability, raam, cumulative ou closest."
        ),
    ] = "e2sfca",
    decay: Annotated[
        str | None,
        typer.Option(
            help="binary:30, step:10=1,20=0.68,30=0.22, gaussian:30, gaussian:12,30, exponential:0.1,30, power:1.5,30, logistic:10,4,30, linear:30 ou inverse:61. Par défaut binary:15 ; "
            "closest ne s’arrête à un seuil que s’il est donné."
        ),
    ] = None,
    tau: Annotated[
        float,
        typer.Option(help="RAAM : minutes qui pèsent autant qu’un encombrement de 1.", min=0.001),
    ] = 60.0,
) -> None:
    """Mesurer l’accès de chaque zone aux places, partagées ou non."""
    import numpy as np

    from rpe_geo.observatory.accessibility import METHODS, cost_to_closest
    from rpe_geo.observatory.decay import parse_decay
    from rpe_geo.observatory.raam import raam_equilibrium
    from rpe_geo.open_data.access_tables import read_access_tables, write_indicator

    if method not in METHODS:
        raise InputError("method_unknown", given=method, known=list(METHODS))
    weight = parse_decay(decay or DEFAULT_DECAY)
    tables = read_access_tables(demand, supply, times)
    if method == "closest":
        answer = cost_to_closest(
            tables.demand, tables.supply, tables.times, weight if decay else None
        )
    elif method == "raam":
        answer = raam_equilibrium(
            tables.demand, tables.supply, tables.times, weight, tau_min=tau
        ).cost
        unreachable = np.isinf(answer)
        if unreachable.any():
            typer.echo(phrase("raam_unreachable", count=int(unreachable.sum())), err=True)
            answer = answer.mask(unreachable, 0.0)
    else:
        answer = METHODS[method](tables.demand, tables.supply, tables.times, weight)
    write_indicator(output, answer, column="access")

    for note in tables.notes:
        typer.echo(phrase(note.code, **note.values), err=True)
    pairs = tables.times
    served = (tables.demand.to_numpy()[pairs.demand_at] > 0) & (weight(pairs.minutes) > 0)
    reached = np.zeros(len(tables.supply), dtype=bool)
    reached[pairs.supply_at[served]] = True
    idle = (tables.supply.to_numpy() > 0) & ~reached
    if idle.any():
        places = float(tables.supply.to_numpy()[idle].sum())
        typer.echo(phrase("supply_out_of_reach", count=int(idle.sum()), places=places), err=True)


@group.command()
def build(
    directory: Annotated[Path, typer.Argument(help="Dossier des résultats.")],
    communes: Annotated[
        Path | None,
        typer.Option(
            help="Communes et leurs chiffres (.parquet). Par défaut, avec --territory, les tables du territoire."
        ),
    ] = None,
    contours: Annotated[
        Path | None,
        typer.Option(help="Contours des communes (.parquet, .gpkg, .shp, .zip, .geojson…)."),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Couche des contours, dans un fichier qui en a plusieurs.")
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(
            help="Système de coordonnées de contours ou de zones qui n’en disent pas : EPSG:2154…"
        ),
    ] = None,
    code: Annotated[
        list[str] | None, typer.Option(help="Commune voulue (code INSEE) ; répétable.")
    ] = None,
    departement: Annotated[
        list[str] | None, typer.Option(help="Toutes les communes d’un département ; répétable.")
    ] = None,
    epci: Annotated[
        list[str] | None,
        typer.Option(help="Toutes les communes d’une intercommunalité (SIREN) ; répétable."),
    ] = None,
    places: Annotated[
        Path | None, typer.Option(help="Places de la CNAF, à tous les niveaux (.parquet).")
    ] = None,
    births: Annotated[Path | None, typer.Option(help="Naissances de l’INSEE (.parquet).")] = None,
    rates: Annotated[
        Path | None,
        typer.Option(
            help="Taux publiés par la CNAF, pour comparer. Par défaut, taux-couverture-global-*.parquet à côté de --places."
        ),
    ] = None,
    cog: Annotated[
        Path | None,
        typer.Option(help="Code officiel géographique : retrouve les communes fusionnées."),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(
            help="Année des places : par défaut celle des tables du territoire, sinon 2020.",
            min=2002,
            max=2099,
        ),
    ] = None,
    zones: Annotated[
        Path | None, typer.Option(help="Zones à l’intérieur d’une commune (.geojson, .gpkg…).")
    ] = None,
    zones_layer: Annotated[
        str | None, typer.Option(help="Couche des zones, dans un fichier qui en a plusieurs.")
    ] = None,
    facilities: Annotated[
        Path | None,
        typer.Option(help="Avec --zones : établissements (.geojson, .json, .csv, .xlsx)."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Colonne à lire dans --facilities : « nom=EQUIP_NOM » ; répétable."),
    ] = None,
    childminders: Annotated[
        Path | None, typer.Option(help="Avec --zones : registre des assistant·es maternel·les.")
    ] = None,
    iris_births: Annotated[
        Path | None,
        typer.Option(
            help="Avec --zones : naissances par IRIS (INSEE, .csv). Par défaut naissances-iris*.csv à côté des zones."
        ),
    ] = None,
    iris_zones: Annotated[
        Path | None,
        typer.Option(
            help="Avec --zones : zone de chaque IRIS. Par défaut iris-*.csv à côté des zones."
        ),
    ] = None,
    credit: Annotated[
        str, typer.Option(help="Avec --zones : producteur et date, « Ville de Montpellier, 2014 ».")
    ] = "",
    requests: Annotated[
        Path | None,
        typer.Option(
            help="Demandes sans solution, géocodées : comptées par zone (petits effectifs tus), jamais dessinées une à une."
        ),
    ] = None,
    territory: Annotated[
        Path | None, typer.Option(help="Territoire : trajets par les rues, et ses établissements.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="Date du registre, AAAA-MM-JJ (aujourd’hui).")
    ] = None,
    mode: Annotated[str, typer.Option(help="walk, bike, car ou transit.")] = "car",
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Calculer par tuiles : « local » (fils d’exécution) ou l’adresse d’un cluster Dask, tcp://hôte:port."
        ),
    ] = None,
    estimate_missing: Annotated[
        bool,
        typer.Option(
            "--estimate-missing",
            help="Estimer les enfants des communes sans naissances publiées, où cela se peut ; elles sont dites incertaines.",
        ),
    ] = False,
    minutes: Annotated[float, typer.Option(help="Temps maximal de trajet.", min=1, max=120)] = 15,
    decay: Annotated[
        str | None,
        typer.Option(
            help="Poids des trajets. Par défaut, les paliers de la DREES : 1 ; 0,3 ; 0,1 par tiers du temps."
        ),
    ] = None,
) -> None:
    """Calculer les indicateurs et les comparer aux chiffres publiés."""
    # Imported here: the other commands start without the weight of these.
    from rpe_geo.cli.recognition import tell_recognition
    from rpe_geo.observatory.decay import parse_decay
    from rpe_geo.observatory.inputs import Study
    from rpe_geo.open_data.build import ObservatoryFiles, build_observatory
    from rpe_geo.open_data.commune_files import CommuneFiles
    from rpe_geo.open_data.observatory_files import write_observatory
    from rpe_geo.open_data.zone_supply import ZoneFiles
    from rpe_geo.settings import Settings
    from rpe_geo.wiring import open_runner, open_streets

    if mode not in get_args(Mode):
        raise InputError("observatory_mode", given=mode, known=list(get_args(Mode)))
    tables = tables_of(territory, communes)
    communes, contours = tables.communes, contours or tables.contours
    places, births, cog = places or tables.places, births or tables.births, cog or tables.cog
    codes = [*(code or ()), *codes_of_epcis(communes, epci or ())]
    if not (codes or departement or zones):
        codes = list(tables.codes)
    study = Study(
        year=year or tables.year or _USUAL_YEAR,
        on=_day(on),
        codes=tuple(dict.fromkeys(codes)),
        departements=tuple(departement or ()),
        mode=cast("Mode", mode),
        minutes=minutes,
        decay=parse_decay(decay) if decay else None,
        estimate_missing=estimate_missing,
    )
    streets = open_streets(territory) if territory else None
    if streets is not None:
        facilities = facilities or streets.territory.facilities
    within = None
    if zones is not None:
        within = ZoneFiles(
            zones,
            facilities,
            childminders,
            iris_births or _near(zones, "naissances-iris*.csv"),
            iris_zones or _near(zones, "iris-*.csv"),
            credit,
            zones_layer,
            crs,
            tuple(column or ()),
            Settings().column_memory,
        )
    rates = rates or _near(places, "taux-couverture-global-*.parquet")
    files = CommuneFiles(communes, contours, places, births, rates, cog, layer, crs)
    if scheduler is not None and (within is not None or streets is not None):
        raise InputError("scheduler_streets")
    kept_in = directory / ".tiles"
    with progress_bar() as progress, open_runner(scheduler, kept_in, progress) as run:
        observatory = build_observatory(
            ObservatoryFiles(files, within, requests),
            study,
            engine=streets.engine if streets else None,
            run=run,
            progress=progress,
            report=tell_recognition,
        )
        write_observatory(observatory, directory)
        if run is not None:
            shutil.rmtree(kept_in, ignore_errors=True)
    _tell(observatory, directory)


def _known_indicator(observatory: Observatory, indicator: str) -> None:
    from rpe_geo.observatory.indicators import INDICATORS

    known = [name for name in INDICATORS if name in observatory.zones]
    if indicator not in known:
        raise InputError("indicator_unknown", given=indicator, known=known)


@group.command("map")
def draw(
    directory: Annotated[Path, typer.Argument(help="Dossier construit par « observatory build ».")],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="Carte .html ; figure .svg, .png ou .pdf pour l’impression."
        ),
    ],
    indicator: Annotated[str, typer.Option(help="Indicateur montré d’abord.")] = "coverage_rate",
) -> None:
    """Dessiner la carte : un fichier qui se suffit, ou une figure pour l’impression."""
    from rpe_geo.open_data.observatory_files import read_observatory

    observatory = read_observatory(directory)
    _known_indicator(observatory, indicator)
    if observatory.zones.geometry.isna().all():
        raise InputError("contours_needed")
    match output.suffix.lower():
        case ".html":
            from maps.coverage import coverage_map

            page = coverage_map(observatory, indicator=indicator).get_root().render()
            write_whole(output, page)
        case ".svg" | ".png" | ".pdf" as ending:
            from maps.choropleth_figures import coverage_figure, draw_figure

            drawn = draw_figure(
                coverage_figure(observatory, indicator),
                cast("Literal['svg', 'png', 'pdf']", ending[1:]),
            )
            write_whole(output, drawn)
        case _:
            raise InputError(
                "observatory_ending", given=output.name, known=[".html", ".svg", ".png", ".pdf"]
            )
    console().print(f"Carte : {output}")


@group.command()
def export(
    directory: Annotated[Path, typer.Argument(help="Dossier construit par « observatory build ».")],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="Fichier .gpkg, .parquet, .geojson, .fgb, .xlsx ou .csv.",
        ),
    ],
    format: Annotated[  # noqa: A002 - the word of the command
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="gpkg, geoparquet, geojson, flatgeobuf, xlsx ou csvw ; selon le nom du fichier si rien n’est dit.",
        ),
    ] = None,
    indicator: Annotated[
        str, typer.Option(help="Indicateur qui colore d’abord le GeoPackage.")
    ] = "coverage_rate",
) -> None:
    """Écrire les indicateurs pour un autre logiciel (QGIS, tableur, base de données), petits effectifs tus."""
    from rpe_geo.open_data.observatory_files import read_observatory
    from rpe_geo.publishing.export.formats import export_observatory

    observatory = read_observatory(directory)
    _known_indicator(observatory, indicator)
    written = export_observatory(observatory, output, format=format, indicator=indicator)
    console().print(
        f"{'Fichier' if len(written) == 1 else 'Fichiers'} : {', '.join(map(str, written))}"
    )


@group.command()
def report(
    directory: Annotated[Path, typer.Argument(help="Dossier construit par « observatory build ».")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Rapport .html ou .pdf.")],
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="Date du rapport, AAAA-MM-JJ (aujourd’hui).")
    ] = None,
) -> None:
    """Écrire le rapport du schéma pluriannuel (CASF D. 214-10-1, 1° à 4°)."""
    from rpe_geo.open_data.observatory_files import read_observatory
    from rpe_geo.publishing.report import coverage_report
    from rpe_geo.publishing.report_html import report_html

    ending = output.suffix.lower()
    if ending not in {".html", ".pdf"}:
        raise InputError("observatory_ending", given=output.name, known=[".html", ".pdf"])
    observatory = read_observatory(directory)
    if observatory.zones.geometry.isna().all():
        raise InputError("contours_needed")
    written = coverage_report(observatory, on=_day(on))
    if ending == ".html":
        write_whole(output, report_html(written))
    else:
        from rpe_geo.publishing.report_pdf import report_pdf

        write_whole(output, report_pdf(written))
    console().print(f"Rapport : {output}")


def _day(text: str | None) -> date:
    """Read the date of the registry; today without one."""
    if text is None:
        return date.today()  # noqa: DTZ011 - the user's own day
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("date_unreadable", value=text) from None


def _near(file: Path | None, pattern: str) -> Path | None:
    """Find the latest file of a name in the same folder."""
    found = sorted(file.parent.glob(pattern)) if file is not None else []
    return found[-1] if found else None


def _tell(observatory: Observatory, directory: Path) -> None:
    """Print the figures of the whole and how they compare."""
    for note in observatory.notes:
        typer.echo(phrase(note.code, **note.values), err=True)
    screen = console()
    summary = observatory.summary
    screen.print(
        f"{number(summary['zones'])} zones, {number(summary['children'], 0)} enfants de moins de 3 ans, "
        f"{number(summary['places'], 0)} places : {number(summary['coverage_rate'])} pour 100 enfants "
        f"({observatory.parameters['year']})."
    )
    if observatory.checks:
        from rpe_geo.cli.observatory_checks import checks_tables

        for table in checks_tables(observatory.checks):
            screen.print(table)
    screen.print(f"Résultats : {directory}")
