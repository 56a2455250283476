"""`touchstone migrate` and `touchstone seed`."""

from importlib import import_module
from pathlib import Path

import click
from alembic import command
from alembic.config import Config

import migrations
from portal import settings
from portal.app import collect, connect
from portal.cli import home


@click.command()
def migrate() -> None:
    """Bring the database up to this code's newest migration."""
    home.adopt_running()
    command.upgrade(alembic_config(settings.load().migration_database_url), "head")


@click.command()
def seed() -> None:
    """Fill an empty demo with its sample world, through the same services as the product."""
    home.adopt_running()
    config = settings.load()
    if not config.demo:
        raise click.ClickException("seeding is for the demo only: DEMO is not set")
    connect(config, database_url=config.migration_database_url)
    for path in collect(demo=True).seeders:
        module, _, function = path.partition(":")
        getattr(import_module(module), function)()


def alembic_config(url: str) -> Config:
    """Point Alembic at our migrations and at a database, without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
