"""Sixty-four starts at once make one attempt; the real roles keep the keys apart."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from exams.cli import exams
from exams.jobs import grade_attempt
from exams.models import Attempt, AttemptState, Exam
from exams.queries import attempts as queries
from exams.service import attempts, sheet, starting
from portal import clock, connections, db
from portal.access import Role
from portal.db import lock, transaction
from portal.ids import random_id
from tests.conftest import Database
from tests.exams.make import exam_document
from tests.make import Make


@contextmanager
def _as(url: str) -> Iterator[None]:
    """Connected with another login for a while."""
    before = dict(db.sessions.kw)
    bound = db.configure(url)
    yield
    bound.dispose()
    db.sessions.kw.clear()
    db.sessions.kw.update(before)


def _prepared(database: Database, now: datetime) -> tuple[int, int]:
    """An exam and someone who may sit it, committed by the worker."""
    with _as(database.worker), transaction() as session:
        make = Make(session, now)
        return make.exam().id, make.applicant().id


def _start(exam_id: int, account_id: int) -> Callable[[int], int]:
    def start(_number: int) -> int:
        with transaction() as session:
            exam = session.get_one(Exam, exam_id)
            now = clock.now(session)
            return starting.start(session, exam, account_id=account_id, now=now).id

    return start


def test_sixty_four_starts_at_once_make_one_attempt(
    fresh_database: Database, now: datetime
) -> None:
    exam_id, account_id = _prepared(fresh_database, now)
    together, start = Barrier(64), _start(exam_id, account_id)

    def at_once(number: int) -> int:
        together.wait()
        return start(number)

    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(at_once, range(64)))
    assert len(set(found)) == 1
    with transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_saves_at_once_from_two_devices_keep_the_chain_whole(
    fresh_database: Database, now: datetime
) -> None:
    exam_id, account_id = _prepared(fresh_database, now)
    attempt_id = _start(exam_id, account_id)(0)

    def save(number: int) -> None:
        with transaction() as session:
            attempt = lock(session, session.get_one(Attempt, attempt_id))
            attempts.save(
                session,
                attempt,
                position=3,
                values=[str(number)],
                nonce=random_id(),
                following=4,
                now=clock.now(session),
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(32)))
    with transaction() as session:
        events = list(session.scalars(queries.events(attempt_id)))
        assert len(events) == 33
        assert sheet.first_break(events) is None


def test_the_web_reads_no_key_and_the_worker_grades(
    fresh_database: Database, now: datetime
) -> None:
    exam_id, account_id = _prepared(fresh_database, now)
    attempt_id = _start(exam_id, account_id)(0)
    with transaction() as session:
        attempts.finish(session, session.get_one(Attempt, attempt_id), now=clock.now(session))
    for table in ("question_key", "response_score"):
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            transaction() as session,
        ):
            session.execute(sa.text(f"SELECT * FROM keys.{table}"))
    with _as(fresh_database.worker):
        grade_attempt(attempt_id)
        grade_attempt(attempt_id)
    with transaction() as session:
        assert session.get_one(Attempt, attempt_id).state is AttemptState.BELOW


def test_the_command_imports_a_file(
    fresh_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    file = tmp_path / "exam.json"
    file.write_text(json.dumps(exam_document()), encoding="utf-8")
    monkeypatch.setattr(connections, "as_worker", lambda: None)  # bound below, and disposed of
    with _as(fresh_database.worker):
        with transaction() as session:
            author = Make(session, now).account(Role.MANAGER).email
        words = ["import", str(file), "--author", author]
        told = CliRunner().invoke(exams, words, catch_exceptions=False)
    assert told.output == "imported reasoning\n"
