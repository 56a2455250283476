"""The outbox: written with the act, tried until it is done, buried where it cannot be."""

from datetime import datetime, timedelta
from enum import StrEnum

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.db import transaction
from portal.errors import Conflict
from portal.jobs import MAX_TRIES, OutboxRow, OutboxState, enqueue, registry, service, work
from portal.jobs.registry import UnknownJob
from tests.conftest import Database


class Name(StrEnum):
    """Jobs of these tests."""

    NOTE = "notes.write"
    FAIL = "notes.fail"
    NOBODY = "notes.nobody"


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the jobs did; the list of handlers is put back afterwards."""
    effects: list[int] = []

    def fail(_row_id: int) -> None:
        raise ConnectionError("the printer is on fire")

    monkeypatch.setattr(registry, "_HANDLERS", {Name.NOTE: effects.append, Name.FAIL: fail})
    return effects


def test_a_job_is_run_and_written_down_as_done(session: Session, done: list[int]) -> None:
    row = _enqueue(session, Name.NOTE, 7)
    assert work.drain() == 1
    session.refresh(row)
    assert (done, row.state, row.tries) == ([7], OutboxState.DONE, 1)


def test_a_rolled_back_act_leaves_no_job(fresh_database: Database, done: list[int]) -> None:
    with pytest.raises(ZeroDivisionError):
        _enqueue_and_fail()
    assert work.drain() == 0
    assert done == []


def test_a_job_for_later_waits(session: Session, done: list[int]) -> None:
    now = clock.now(session)
    enqueue(session, Name.NOTE, 7, now=now, at=now + timedelta(hours=1))
    session.flush()
    assert work.drain() == 0
    clock.shift(session, timedelta(hours=1, seconds=1))
    session.flush()
    assert (work.drain(), done) == (1, [7])


def test_a_row_that_is_done_is_not_run_again(session: Session, done: list[int]) -> None:
    row = _enqueue(session, Name.NOTE, 7)
    assert work.run(row.id)
    assert not work.run(row.id)
    assert done == [7]


def test_a_row_that_another_worker_holds_is_left_alone_until_its_lease_ends(
    session: Session, done: list[int]
) -> None:
    row = _enqueue(session, Name.NOTE, 7)
    now = clock.now(session)
    assert service.take(session, row.id, now=now) is not None
    session.flush()  # and that worker dies here
    assert not work.run(row.id)
    clock.shift(session, service.LEASE + timedelta(seconds=1))
    session.flush()
    assert work.run(row.id)
    session.refresh(row)
    assert (done, row.tries) == ([7], 2)


def test_two_workers_at_once_give_the_row_to_one(fresh_database: Database, done: list[int]) -> None:
    with transaction() as session:
        row = enqueue(session, Name.NOTE, 7, now=clock.now(session))
    worker = sa.create_engine(fresh_database.worker)
    with Session(worker) as one, Session(worker) as other:
        now = clock.now(one)
        assert service.take(one, row.id, now=now) is not None
        assert service.take(other, row.id, now=now) is None
        one.rollback()
        other.rollback()
    worker.dispose()


def test_a_failing_job_is_tried_later_and_later(session: Session, done: list[int]) -> None:
    row = _enqueue(session, Name.FAIL, 7)
    waits = []
    for _ in range(3):
        before = clock.now(session)
        assert work.run(row.id)
        session.refresh(row)
        waits.append(round((row.not_before - before).total_seconds()))
        _skip_to(session, row.not_before)
    assert waits == [2, 4, 8]
    assert row.error is not None
    assert "the printer is on fire" in row.error


def test_a_job_that_never_works_is_buried_and_comes_back_when_sent(
    session: Session, done: list[int]
) -> None:
    row = _enqueue(session, Name.FAIL, 7)
    for _ in range(MAX_TRIES):
        assert work.run(row.id)
        session.refresh(row)
        _skip_to(session, row.not_before)
    assert (row.state, row.tries) == (OutboxState.DEAD, MAX_TRIES)
    assert not work.run(row.id)
    service.revive(session, row, now=clock.now(session))
    session.flush()
    assert work.run(row.id)


def test_one_failing_job_does_not_stop_the_others(session: Session, done: list[int]) -> None:
    _enqueue(session, Name.FAIL, 1)
    _enqueue(session, Name.NOTE, 2)
    work.drain(limit=2)
    assert done == [2]


def test_a_name_that_nobody_answers_to_is_refused_and_shown(
    session: Session, done: list[int]
) -> None:
    row = _enqueue(session, Name.NOBODY, 7)
    assert work.run(row.id)
    session.refresh(row)
    assert row.state is OutboxState.WAITING
    assert row.error is not None
    assert "no handler for job 'notes.nobody'" in row.error


def test_the_worker_does_not_start_with_a_name_too_few_or_too_many(done: list[int]) -> None:
    with pytest.raises(UnknownJob, match=r"notes\.nobody has no handler"):
        registry.refuse_mismatch([Name.NOTE, Name.FAIL, Name.NOBODY])
    with pytest.raises(UnknownJob, match=r"notes\.fail is declared nowhere"):
        registry.refuse_mismatch([Name.NOTE])
    registry.refuse_mismatch([Name.NOTE, Name.FAIL])


def test_a_name_has_one_handler(done: list[int]) -> None:
    with pytest.raises(UnknownJob, match="two handlers"):
        registry.job(Name.NOTE)(lambda _row_id: None)


def test_the_product_starts_with_exactly_its_jobs() -> None:
    from importlib import import_module

    from portal.app import collect

    contributions = collect(demo=False)
    for module in contributions.job_modules:
        import_module(module)
    assert contributions.known_job_names() <= registry._HANDLERS.keys()
    sweeps = {sweep.name.value for sweep in contributions.sweeps}
    assert sweeps <= contributions.known_job_names()


def test_a_sweep_writes_one_row_for_each_slot_however_often_it_is_asked(
    session: Session, now: datetime
) -> None:
    every = timedelta(minutes=10)
    for seconds in (0, 1, 599, 600, 601):
        service.enqueue_slot(session, Name.NOTE, every, now=now + timedelta(seconds=seconds))
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxRow)) == 2


def test_tick_finds_what_is_due(session: Session, done: list[int]) -> None:
    _enqueue(session, Name.NOTE, 7)
    assert work.tick([]) == 1


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"state": "done"}, "ended_at_iff_ended"),
        ({"tries": -1}, "tries_not_negative"),
        ({"state": "lost"}, "ck_outbox_"),
    ],
)
def test_the_database_refuses_a_row_that_makes_no_sense(
    session: Session, now: datetime, changed: dict[str, object], constraint: str
) -> None:
    row = {"name": "x.y", "row_id": 1, "not_before": now, "created_at": now}
    row |= {"state": "waiting", "tries": 0} | changed
    with pytest.raises(IntegrityError, match=constraint):
        session.execute(
            sa.text(
                "INSERT INTO outbox (name, row_id, not_before, created_at, state, tries)"
                " VALUES (:name, :row_id, :not_before, :created_at, :state, :tries)"
            ),
            row,
        )


def test_a_dead_row_says_why(session: Session, now: datetime) -> None:
    row = OutboxRow(name="x.y", row_id=1, not_before=now, created_at=now)
    row.bury(error="because", now=now)
    row.error = None
    session.add(row)
    with pytest.raises(IntegrityError, match="dead_says_why"):
        session.flush()


def test_what_is_done_is_not_revived(session: Session, now: datetime) -> None:
    row = OutboxRow(name="x.y", row_id=1, not_before=now, created_at=now)
    row.finish(now=now)
    with pytest.raises(Conflict):
        row.revive(now=now)


def _enqueue(session: Session, name: Name, row_id: int) -> OutboxRow:
    row = enqueue(session, name, row_id, now=clock.now(session))
    session.flush()
    return row


def _enqueue_and_fail() -> None:
    with transaction() as session:
        enqueue(session, Name.NOTE, 7, now=clock.now(session))
        raise ZeroDivisionError


def _skip_to(session: Session, moment: datetime) -> None:
    ahead = moment - clock.now(session) + clock.shifted(session)
    clock.shift(session, ahead + timedelta(milliseconds=1))
    session.flush()
