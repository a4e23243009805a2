"""
The command line: `rpe-geo …`; a command is one call and a print.

Exit codes: 0 done (also when nobody fits), 1 our fault, 2 input, 3 a service is unavailable, 130 interrupted.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import typer

from rpe_geo.cli.outline import COMMANDS
from rpe_geo.errors import InputError, NotFound, RpeGeoError, ServiceUnavailable
from rpe_geo.files import FULL
from rpe_geo.messages import explain, phrase

__all__ = ["build_app", "main", "run"]

_OBJECTS_BEFORE_COLLECTION = 200_000


def build_app(called: str | None = None) -> typer.Typer:
    """
    Put the commands together.

    Parameters
    ----------
    called
        The command that is called: one must not wait for the others' imports. All of them when it is not one.

    Returns
    -------
    Typer
        The command line.
    """
    app = _empty_app()
    known = [COMMANDS[called]] if called in COMMANDS else COMMANDS.values()
    for module in dict.fromkeys(command.module for command in known):
        import_module(f"rpe_geo.cli.{module}").register(app)
    return app


def _outline() -> typer.Typer:
    """Put together the names and summaries of the commands alone, for the help and for a name that is none."""
    app = _empty_app()
    for name, command in COMMANDS.items():
        if command.is_group:
            group = typer.Typer(help=command.summary)
            group.command("-")(_nothing)
            app.add_typer(group, name=name)
        else:
            app.command(name, help=command.summary)(_nothing)
    return app


def _app_for(arguments: Sequence[str]) -> typer.Typer:
    """Load what the arguments need: one command, none for the help, or all."""
    first = next(iter(arguments), None)
    if first in COMMANDS:
        return build_app(first)
    # Behind « -- » stands a command that has to run.
    return build_app() if "--" in arguments else _outline()


def _empty_app() -> typer.Typer:
    app = typer.Typer(
        name="rpe-geo",
        help="Appariement et planification géographique pour les relais petite enfance.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    # Typer makes a lone command the whole command line; a callback keeps its name.
    app.callback()(_nothing)
    return app


def _nothing() -> None:
    """Appariement et planification géographique pour les relais petite enfance."""


def run(arguments: Sequence[str]) -> int:
    """
    Run one command.

    Parameters
    ----------
    arguments
        What follows `rpe-geo`.

    Returns
    -------
    int
        The exit code; every error that we foresee is one French line on stderr.
    """
    try:
        # Typer answers its own usage errors (exit 2) and interruptions (exit 130) by SystemExit.
        _app_for(arguments)(args=list(arguments))
    except ServiceUnavailable as error:
        typer.echo(explain(error), err=True)
        return 3
    except (InputError, NotFound) as error:
        typer.echo(explain(error), err=True)
        return 2
    except RpeGeoError as error:
        typer.echo(explain(error), err=True)
        return 1
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except OSError as error:
        if error.errno not in FULL:
            return _unforeseen(error)
        typer.echo(phrase("disk_full"), err=True)
        return 3
    except Exception as error:  # noqa: BLE001 - the last net: one line, nothing of a row's content
        return _unforeseen(error)
    return 0


def _unforeseen(error: Exception) -> int:
    """Say that something of ours failed, in one line; the trace is shown when RPE_DEBUG is set."""
    if os.environ.get("RPE_DEBUG"):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    typer.echo(phrase("unforeseen", kind=type(error).__name__, place=place), err=True)
    return 1


def main() -> None:
    """Run the command line; the entry point `rpe-geo`."""
    # A command builds many records that live until its end: looking for rubbish among them took half of an import.
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION, 20, 100)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    sys.exit(run(sys.argv[1:]))
