"""
The command line: `rpe-geo …`; a command is one call and a print.

Exit codes: 0 done (also when nobody fits), 1 our fault, 2 input, 3 a service is unavailable, 130 interrupted.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module

import typer

from rpe_geo.errors import InputError, NotFound, RpeGeoError, ServiceUnavailable
from rpe_geo.messages import explain

__all__ = ["app", "main"]

_COMMANDS = {
    "demo": "demo",
    "serve": "serve",
    "territory": "territory",
    "geocode": "geocode",
    "matrix": "travel",
    "isochrone": "travel",
    "import": "registry",
    "registry": "registry",
    "check": "check",
    "suggest": "suggest",
    "access": "observatory",
    "observatory": "observatory",
    "synth": "synth",
}
"""Command → module of this package that has it; each module has `register(app)`."""

app = typer.Typer(
    name="rpe-geo",
    help="Appariement et planification géographique pour les relais petite enfance.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _keep_subcommands() -> None:
    """Appariement et planification géographique pour les relais petite enfance."""
    # Without this, typer would make a lone registered command the whole program.


def _register(called: str | None) -> None:
    """Register the command that is called, or all of them for `--help`: one must not wait for the others' imports."""
    subjects = [_COMMANDS[called]] if called in _COMMANDS else dict.fromkeys(_COMMANDS.values())
    for subject in subjects:
        import_module(f"rpe_geo.cli.{subject}").register(app)


def main() -> None:
    """Run the command line; the entry point `rpe-geo`."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    _register(next(iter(sys.argv[1:]), None))
    try:
        # Typer answers its own usage errors (exit 2) and interruptions (exit 130).
        app()
    except ServiceUnavailable as error:
        typer.echo(explain(error), err=True)
        sys.exit(3)
    except (InputError, NotFound) as error:
        typer.echo(explain(error), err=True)
        sys.exit(2)
    except RpeGeoError as error:
        typer.echo(explain(error), err=True)
        sys.exit(1)
