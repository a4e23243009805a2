"""
The command line: `rpe-geo …`; a command is one call and a print.

Exit codes: 0 done (also when nobody fits), 1 our fault, 2 input, 3 a service is unavailable, 130 interrupted.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module

import click
import typer

from rpe_geo.errors import InputError, NotFound, RpeGeoError, ServiceUnavailable
from rpe_geo.messages import explain

__all__ = ["app", "main"]

_SUBJECTS = ("territory", "geocode", "travel", "observatory")
"""Modules of this package; each has `register(app)`."""

app = typer.Typer(
    name="rpe-geo",
    help="Appariement et planification géographique pour les relais petite enfance.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _register_all() -> None:
    for subject in _SUBJECTS:
        import_module(f"rpe_geo.cli.{subject}").register(app)


def main() -> None:
    """Run the command line; the entry point `rpe-geo`."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    _register_all()
    try:
        app(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except ServiceUnavailable as error:
        typer.echo(explain(error), err=True)
        sys.exit(3)
    except (InputError, NotFound) as error:
        typer.echo(explain(error), err=True)
        sys.exit(2)
    except RpeGeoError as error:
        typer.echo(explain(error), err=True)
        sys.exit(1)
