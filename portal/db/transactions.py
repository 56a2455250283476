"""The one transaction boundary: edges open it, services work in it, nobody else commits."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

_FRESH: Final = 1.0  # seconds
_AFTER_COMMIT: Final = "after_commit"
_current: ContextVar[Session | None] = ContextVar("current_transaction", default=None)

sessions: sessionmaker[Session] = sessionmaker(expire_on_commit=False)
"""Makes every session of the process; `configure` binds it, tests bind it to their own."""


def configure(url: str, *, pool_size: int = 10) -> sa.Engine:
    """Bind this process to its database. Connects only when first used."""
    made = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=10,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
    )
    _ping_after_rest(made)
    sessions.configure(bind=made)
    return made


def engine() -> sa.Engine:
    """The engine this process is bound to."""
    bind = sessions.kw.get("bind")
    if isinstance(bind, sa.Connection):
        return bind.engine
    if isinstance(bind, sa.Engine):
        return bind
    raise RuntimeError("no database: call portal.db.configure first")


def in_transaction() -> bool:
    """Whether this thread is inside `transaction()` or `reading()`: then nothing outside is called."""
    return _current.get() is not None


def current() -> Session | None:
    """The session of the `transaction()` or `reading()` that this thread is inside, if any."""
    return _current.get()


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: commits at the end, rolls back on any exception, never nests.

    What was handed to `after_commit` runs once the commit is durable.
    """
    with _opened() as session:
        with session.begin():
            yield session
        callbacks: list[Callable[[], None]] = session.info.pop(_AFTER_COMMIT, [])
    for callback in callbacks:
        callback()


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only unit for GETs: the database refuses every write, and nothing is kept.

    What was read stays readable afterwards: a rollback would make its rows forget their values.
    """
    with _opened() as session:
        try:
            session.execute(sa.text("SET TRANSACTION READ ONLY"))
            yield session
        finally:
            session.expunge_all()
            session.rollback()


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run `callback` when this transaction has been committed; never after a rollback.

    SQLAlchemy's own after_commit event also fires for savepoints and outlives a rollback.
    """
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)


def _ping_after_rest(made: sa.Engine) -> None:
    """Ask a connection whether it still lives before it is used, but not one that was used just now.

    SQLAlchemy's own `pool_pre_ping` asks each time: two round trips of every few that a request makes.
    """

    @sa.event.listens_for(made, "checkin")
    def rest(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @sa.event.listens_for(made, "checkout")
    def ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("rests_since", math.inf) < _FRESH:
            return
        try:
            made.dialect.do_ping(connection)
        except psycopg.OperationalError as lost:
            raise sa.exc.InvalidatePoolError from lost  # the others are no better: ask none of them


@contextmanager
def _opened() -> Iterator[Session]:
    if in_transaction():
        raise RuntimeError("a transaction is already open here: services take a session")
    session = sessions()
    token = _current.set(session)
    try:
        yield session
    finally:
        _current.reset(token)
        session.close()
