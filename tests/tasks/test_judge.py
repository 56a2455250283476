"""Taking judgments, in time and late."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid
from portal.jobs.models import OutboxRow
from tasks.models import AssignmentState, JobName, Judgment, Task
from tasks.service import judge
from tasks.types import BadField
from tests.make import Make

ANSWER = {"choice": "a3", "reason": "Safer."}


@pytest.mark.parametrize(
    ("shown", "chosen", "choice", "strength"),
    [
        (["a", "b"], "a3", "a", 3),
        (["b", "a"], "a3", "b", 3),
        (["b", "a"], "b1", "a", 1),
        (["b", "a"], "tie", "tie", None),
        (["a", "b"], "neither", "neither", None),
    ],
)
def test_a_choice_is_stored_in_the_tasks_own_order(
    session: Session,
    make: Make,
    now: datetime,
    shown: list[str],
    chosen: str,
    choice: str,
    strength: int | None,
) -> None:
    assignment = make.assignment()
    assignment.order_shown = shown
    judgment = judge.judge(session, assignment, {"choice": chosen}, now=now)
    assert judgment.value == {"choice": choice, "strength": strength, "reason": ""}
    assert judgment.order_shown == shown


@pytest.mark.parametrize("chosen", ["", "a", "a0", "a4", "c2", "left-2", "a2 ", "ab"])
def test_a_choice_that_is_none_is_refused_and_nothing_changes(
    session: Session, make: Make, now: datetime, chosen: str
) -> None:
    assignment = make.assignment()
    with pytest.raises(BadField):
        judge.judge(session, assignment, {"choice": chosen}, now=now)
    assert assignment.state is AssignmentState.OPEN


def test_a_late_answer_is_kept_and_fills_the_slot_again(
    session: Session, make: Make, now: datetime
) -> None:
    assignment = make.assignment(project=make.project(overlap=1, tasks=1))
    judge.expire_overdue(session, now=assignment.due_at)
    judgment = judge.judge(session, assignment, ANSWER, now=assignment.due_at + timedelta(hours=1))
    session.expire_all()
    assert (assignment.state, judgment.late) == (AssignmentState.LATE, True)
    assert session.scalars(sa.select(Task.open_slots)).one() == 0


def test_a_late_answer_after_somebody_else_took_the_slot_is_kept_as_well(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(overlap=1, tasks=1)
    late = make.assignment(project=project)
    judge.expire_overdue(session, now=late.due_at)
    session.expire_all()
    other = make.assignment(project=project, opened_at=late.due_at)
    judge.judge(session, late, ANSWER, now=late.due_at)
    judge.judge(session, other, ANSWER, now=late.due_at)
    session.expire_all()
    assert session.scalar(sa.select(sa.func.count()).select_from(Judgment)) == 2
    assert session.scalars(sa.select(Task.open_slots)).one() == 0


def test_an_answer_is_given_once(session: Session, make: Make, now: datetime) -> None:
    assignment = make.assignment()
    judge.judge(session, assignment, ANSWER, now=now)
    for again in (
        lambda: judge.judge(session, assignment, ANSWER, now=now),
        lambda: judge.release(session, assignment, now=now),
        lambda: judge.save_draft(session, assignment, ANSWER, now=now),
    ):
        with pytest.raises(Conflict):
            again()


def test_the_time_on_the_task_is_on_the_judgment(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=1), make.expert()
    live = make.work_session(project=project, expert=expert)
    assignment = make.assignment(project=project, expert=expert)
    end = make.worked(live, seconds=70)
    judgment = judge.judge(session, assignment, ANSWER, now=end + timedelta(seconds=11))
    assert judgment.active_seconds == 81


def test_judgments_cannot_be_changed(session: Session, make: Make, now: datetime) -> None:
    judge.judge(session, make.assignment(), ANSWER, now=now)
    for change in ("UPDATE judgment SET late = true", "DELETE FROM judgment"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(sa.text(change))


def test_every_judgment_puts_down_the_same_job(session: Session, make: Make, now: datetime) -> None:
    project = make.project(gold_share=0.5, tasks=1)
    judge.judge(session, make.assignment(project=project), ANSWER, now=now)
    names = session.scalars(sa.select(OutboxRow.name)).all()
    assert names == [JobName.SCORE_GOLD.value]


def test_a_draft_has_a_limit_and_a_question_has_words(
    session: Session, make: Make, now: datetime
) -> None:
    assignment = make.assignment()
    with pytest.raises(Invalid):
        judge.save_draft(session, assignment, {"reason": "x" * 20_001}, now=now)
    with pytest.raises(Invalid):
        judge.escalate(session, assignment, question="  ", now=now)
