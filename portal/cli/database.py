"""`touchstone migrate` and `touchstone seed`."""

from importlib import import_module

import click

from migrations import commands
from portal import settings
from portal.app import collect
from portal.cli import home
from portal.connections import connect


@click.command()
def migrate() -> None:
    """Bring the database up to this code's newest migration."""
    home.adopt_running()
    commands.upgrade(settings.load().migration_database_url)


@click.command()
def seed() -> None:
    """Fill an empty demo with its sample world, through the same services as the product."""
    home.adopt_running()
    config = settings.load()
    if not config.demo:
        raise click.ClickException("seeding is for the demo only: DEMO is not set")
    connect(config, database_url=config.migration_database_url)
    contributions = collect(demo=True)
    for jobs in contributions.job_modules:  # a seeder runs the jobs that its services put out
        import_module(jobs)
    for path in contributions.seeders:
        module, _, function = path.partition(":")
        getattr(import_module(module), function)()
