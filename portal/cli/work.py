"""`touchstone worker` and `touchstone sweep`: the background of the product."""

import signal
import threading
from importlib import import_module

import click

from portal import settings
from portal.app import collect
from portal.cli import home
from portal.connections import as_worker
from portal.contributions import Contributions
from portal.jobs import registry, work


@click.command()
def worker() -> None:
    """Run jobs until told to stop: from the queue, or in this process where there is none."""
    contributions = _background()
    for module in contributions.job_modules:
        import_module(module)
    registry.refuse_mismatch(contributions.known_job_names())
    if settings.load().redis_url is None:
        click.echo("REDIS_URL is not set: jobs run one by one in this process", err=True)
        work.work_forever(contributions.sweeps, _told_to_stop())
    else:
        work.rq_worker().work()


@click.command()
@click.option("--once", is_flag=True, help="Look once and end, for a scheduler of your own.")
def sweep(once: bool) -> None:
    """Find what is due and what the queue has lost, over and over."""
    contributions = _background()
    if once:
        click.echo(f"{work.tick(contributions.sweeps)} due")
    else:
        work.sweep_forever(contributions.sweeps, _told_to_stop())


def _background() -> Contributions:
    """Connect with the worker's login, which alone may read exam keys and gold answers."""
    home.adopt_running()
    return collect(demo=as_worker().demo)


def _told_to_stop() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
