"""Folders in which a server can run as any of the three ways, and servers that end with the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from portal.embedded.postgres import Postgres
from tests.folders import passable_folder

Start = Callable[[Path], Postgres]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account may enter, unlike pytest's own."""
    with passable_folder() as folder:
        yield folder


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers that are stopped after the test, in case it does not."""
    with ExitStack() as stack:

        def _start(folder: Path) -> Postgres:
            server = Postgres.start(folder, durable=False)
            stack.callback(server.stop)
            return server

        yield _start
