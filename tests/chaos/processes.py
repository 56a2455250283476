"""The processes of the chaos: the sandbox, and workers that come by the points where they may die."""

import logging
import multiprocessing
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from werkzeug.serving import make_server

from portal.embedded.postgres import Postgres
from portal.money import Money
from portal.stripe.sandbox.app import build
from portal.stripe.sandbox.config import Config
from portal.stripe.sandbox.control import Control
from tests.chaos import points
from tests.payouts import storm_processes

_forks: Final = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.chaos.processes"])


@contextmanager
def sandbox(server: Postgres, *, seed: int) -> Iterator[str]:
    """The sandbox in a process of its own, with plenty in our balance; gives where it is reached."""
    here, there = _forks.Pipe()
    url = server.url("app", "touchstone")
    child = _forks.Process(target=_serve, args=(url, seed, there), daemon=True)
    child.start()
    try:
        yield str(here.recv())
    finally:
        child.kill()
        child.join()


def worker(environment: Mapping[str, str], folder: str, *, naive: bool) -> Any:  # noqa: ANN401  a process
    """One of the product's workers, begun."""
    made = _forks.Process(target=_work, args=(dict(environment), folder, naive), daemon=True)
    made.start()
    return made


def _serve(url: str, seed: int, tell: Connection) -> None:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    random.seed(seed)
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    listener = make_server("127.0.0.1", 0, lambda _, __: [], threaded=True)
    base = f"http://127.0.0.1:{listener.server_port}"
    app = build(
        Config(
            engine, storm_processes.SECRET_KEY, storm_processes.WEBHOOK_SECRET, f"{base}/no", base
        )
    )
    app.extensions["deliverer"].stop()
    Control(engine).fund(Money(100_000_000, "USD"))
    listener.app = app
    tell.send(base)
    listener.serve_forever()


def _work(environment: Mapping[str, str], folder: str, naive: bool) -> None:
    if not naive:
        points.lay(points.Tokens(Path(folder)))
    storm_processes.work(environment, naive)
