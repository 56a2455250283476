"""The `touchstone` command line: its own commands, and those that the packages contribute."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import click

from portal.cli import home
from portal.embedded.errors import EmbeddedError
from portal.errors import DomainError
from portal.settings import SettingsError

OWN: Final = {
    "up": "portal.cli.up:up",
    "doctor": "portal.cli.doctor:doctor",
    "migrate": "portal.cli.database:migrate",
    "seed": "portal.cli.database:seed",
    "worker": "portal.cli.work:worker",
    "sweep": "portal.cli.work:sweep",
    "texts": "portal.cli.texts:texts",
}


class Commands(click.Group):
    """Imports a command's module when that command is asked for, so that each starts light."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*OWN, *_contributed()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in OWN:
            return _found(OWN[cmd_name])
        home.adopt_running()
        return _contributed().get(cmd_name)


@click.command(cls=Commands)
@click.version_option(package_name="touchstone")
def touchstone() -> None:
    """Touchstone: exams, identity, tasks, quality, pay and reports for expert work."""


def main() -> None:
    """Run the command line; what a person can mend is one sentence, not a traceback."""
    try:
        touchstone(prog_name="touchstone")
    except SettingsError as error:
        sys.exit(f"touchstone: these settings are missing or wrong:\n{error}{_hint()}")
    except (EmbeddedError, DomainError) as error:
        sys.exit(f"touchstone: {error}")


def _hint() -> str:
    return f"\nNo demo is running on {home.default_folder()}; ./run demo starts one."


def _contributed() -> dict[str, click.Command]:
    """The packages' commands by name. Reads their registrations, which import neither torch nor PDFs."""
    collect: Callable[..., Any] = import_module("portal.app").collect
    commands = [_found(path) for path in collect(demo=True).commands]
    return {command.name: command for command in commands if command.name}


def _found(path: str) -> click.Command:
    module, _, attribute = path.partition(":")
    command = getattr(import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise TypeError(f"{path} is not a command")
    return command
