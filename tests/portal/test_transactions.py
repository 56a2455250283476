"""The one transaction boundary."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, InternalError
from sqlalchemy.orm import Session

from portal import audit, clock
from portal.accounts.models import Organisation
from portal.db import after_commit, engine, reading, transaction, transactions
from tests.conftest import Database
from tests.make import Make


def test_a_transaction_commits_and_then_runs_what_waits_for_the_commit(
    fresh_database: Database, now: datetime
) -> None:
    seen: list[int] = []
    with transaction() as session:
        session.add(Organisation(slug="a", name="A", created_at=now))
        after_commit(session, lambda: seen.append(_organisations()))
        assert seen == []
    assert seen == [1]


def test_an_exception_rolls_back_and_nothing_waits_any_more(
    fresh_database: Database, now: datetime
) -> None:
    seen: list[int] = []
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(now, seen)
    assert (_organisations(), seen) == (0, [])


def test_transactions_do_not_nest(session: Session) -> None:
    with transaction(), pytest.raises(RuntimeError, match="already open"), transaction():
        pass


def test_a_get_cannot_write(session: Session, now: datetime) -> None:
    statement = sa.insert(Organisation).values(slug="a", name="A", created_at=now)
    with reading() as reader, pytest.raises(InternalError, match="read-only"):
        reader.execute(statement)


def test_what_was_read_stays_readable_after_the_reading(make: Make) -> None:
    slug = make.organisation().slug
    with reading() as reader:
        found = reader.scalars(sa.select(Organisation).where(Organisation.slug == slug)).one()
    assert found.slug == slug


def test_the_clock_is_the_databases_and_moves_by_its_one_row(session: Session) -> None:
    before = clock.now(session)
    clock.shift(session, timedelta(days=-42))
    session.flush()
    assert timedelta(days=41) < before - clock.now(session) < timedelta(days=43)


def test_the_audit_is_append_only_even_for_its_owner(session: Session, now: datetime) -> None:
    audit.record(session, actor=None, action="thing.done", subject=("thing", 1), now=now)
    session.flush()
    for change in ("UPDATE audit_event SET action = 'a.b'", "DELETE FROM audit_event"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(sa.text(change))


def test_the_app_may_not_change_what_is_append_only(fresh_database: Database) -> None:
    engine = sa.create_engine(fresh_database.app)
    for table in ("audit_event", "decision", "agreement_acceptance"):
        for change in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with (
                engine.connect() as connection,
                pytest.raises(sa.exc.ProgrammingError, match="denied"),
            ):
                connection.execute(sa.text(change))
    engine.dispose()


def test_a_naive_time_is_refused(make: Make) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  naive is the point
    with pytest.raises(sa.exc.StatementError, match="naive"):
        make.session.execute(sa.select(Organisation).where(Organisation.created_at == naive))


def test_connections_that_the_database_dropped_are_replaced_unseen(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as one:
        one.execute(sa.text("SELECT 1"))
    monkeypatch.setattr(transactions, "_FRESH", 0.0)
    beside = sa.create_engine(fresh_database.app, poolclass=sa.NullPool)
    with beside.connect() as connection:
        killed = connection.scalars(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND usename = current_user"
            )
        ).all()
    assert killed == [True]
    assert _organisations() == 0


def test_only_a_connection_that_rested_is_asked_whether_it_lives(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(engine().dialect, "do_ping", asked.append)
    for seconds, times in ((60.0, 0), (0.0, 2)):
        monkeypatch.setattr(transactions, "_FRESH", seconds)
        _organisations()
        _organisations()
        assert len(asked) == times


def _add_and_fail(now: datetime, seen: list[int]) -> None:
    with transaction() as session:
        session.add(Organisation(slug="a", name="A", created_at=now))
        after_commit(session, lambda: seen.append(1))
        session.flush()
        raise ZeroDivisionError


def _organisations() -> int:
    with reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Organisation)) or 0
