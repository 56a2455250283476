"""How alembic reaches the database: as the owner, with limits on locks and statements."""

from logging import getLogger

import sqlalchemy as sa
from alembic import context

from portal.app import collect
from portal.db import Base

getLogger("alembic").setLevel("WARNING")
config = context.config


def _include(name: str | None, kind: str, _parents: object) -> bool:
    """Compare our tables only: partitions of a table are the table's business."""
    return not (kind == "table" and name is not None and "_part_" in name)


def _include_schema(name: str | None, kind: str, _parents: object) -> bool:
    if kind == "schema":
        return name in {None, "keys", "personal"}
    return _include(name, kind, _parents)


def run() -> None:
    """Run the revisions in one transaction each."""
    collect(demo=True)
    url = sa.make_url(config.attributes["url"]).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SET lock_timeout = '5s'"))
        connection.execute(sa.text("SET statement_timeout = '120s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=_include_schema,
            include_schemas=True,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
