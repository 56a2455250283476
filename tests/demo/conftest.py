"""A second database beside the test's own, for what is made twice."""

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from portal.embedded.postgres import Postgres


@pytest.fixture
def second_database(server: Postgres) -> Iterator[str]:
    """The owner's address of another migrated database."""
    name = f"second_{os.getpid()}"
    admin = sa.create_engine(server.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        template = "TEMPLATE touchstone_template OWNER touchstone_owner"
        connection.execute(sa.text(f"CREATE DATABASE {name} {template}"))
    yield server.url("touchstone_owner", name)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
