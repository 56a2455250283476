"""Handing out tasks."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.ids import random_id
from tasks.models import Assignment, AssignmentState, Enrolment, Gold, Pool, Project, Task, Terms
from tasks.queries import projects as project_queries
from tasks.queries import work as work_queries
from tasks.service import judge, pauses, projects
from tasks.service.claim import claim_in_project, claim_next_task
from tasks.service.reasons import SENTENCES, NothingLeft, Reason
from tests.make import Make

ANSWER = {"choice": "a2"}


def test_asking_again_returns_the_assignment_already_held(
    session: Session, make: Make, now: datetime
) -> None:
    enrolment = make.enrolment(open_tasks=2)
    assert claim(session, enrolment, now) is claim(session, enrolment, now)


def test_nobody_gets_the_same_task_twice(session: Session, make: Make, now: datetime) -> None:
    enrolment = make.enrolment(open_tasks=3)
    seen = [work(session, enrolment, now).task_id for _ in range(3)]
    assert len(set(seen)) == 3
    assert claim(session, enrolment, now) == NothingLeft(Reason.NO_OPEN_TASK)


def test_a_task_goes_to_as_many_experts_as_the_overlap_says(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(overlap=2, tasks=1)
    got = [claim(session, make.enrolment(project=project), now) for _ in range(3)]
    assert [isinstance(each, Assignment) for each in got] == [True, True, False]


def test_a_task_given_back_goes_to_somebody_else_and_never_to_the_same(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(overlap=1, tasks=1)
    mine, other = make.enrolment(project=project), make.enrolment(project=project)
    judge.release(session, held(session, mine, now), now=now)
    assert claim(session, mine, now) == NothingLeft(Reason.NO_OPEN_TASK)
    assert isinstance(claim(session, other, now), Assignment)


def test_an_expired_hold_reopens_the_slot_and_keeps_the_draft(
    session: Session, make: Make, now: datetime
) -> None:
    assignment = make.assignment(project=make.project(overlap=1, tasks=1))
    judge.save_draft(session, assignment, {"reason": "because"}, now=now)
    later = assignment.due_at
    assert judge.expire_overdue(session, now=later - timedelta(seconds=1)) == 0
    assert [judge.expire_overdue(session, now=later) for _ in range(2)] == [1, 0]
    session.expire_all()
    assert session.scalars(sa.select(Task.open_slots)).one() == 1
    assert session.scalars(work_queries.draft(assignment)).one().entries == {"reason": "because"}


def test_without_accepted_terms_there_is_no_task(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=1), make.expert()
    found = claim_in_project(
        session, expert_id=expert.id, project=project, public_id=random_id(), now=now
    )
    assert found == NothingLeft(Reason.NO_TERMS)


def test_a_paused_project_a_paused_account_and_a_paused_place_say_so(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=1), make.expert()
    enrolment = make.enrolment(project=project, expert=expert)
    projects.pause_project(session, project, actor=None, now=now)
    assert claim(session, enrolment, now) == NothingLeft(Reason.NOT_OPEN)
    projects.open_project(session, project, actor=None, now=now)
    manager = make.account()
    pauses.pause(session, project, expert.id, by=manager.id, reason="Look.", now=now)
    assert claim(session, enrolment, now) == NothingLeft(Reason.ENROLMENT_PAUSED)
    pauses.resume(session, project, expert.id, by=manager.id, reason="Looked.", now=now)
    expert.pause()
    assert claim(session, enrolment, now) == NothingLeft(Reason.ACCOUNT_PAUSED)
    expert.resume()
    assert isinstance(claim(session, enrolment, now), Assignment)


def test_the_hours_of_a_day_and_the_tasks_of_a_person_are_capped(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=2, day_cap_seconds=60), make.expert()
    enrolment = make.enrolment(project=project, expert=expert)
    live = make.work_session(project=project, expert=expert)
    make.worked(live, seconds=59)
    assert isinstance(work(session, enrolment, now), Assignment)
    make.worked(live, seconds=1)
    assert claim(session, enrolment, now) == NothingLeft(Reason.DAY_CAP)
    tomorrow = now + timedelta(days=1)
    enrolment.judgment_cap = 1
    assert claim(session, enrolment, tomorrow) == NothingLeft(Reason.JUDGMENT_CAP)
    enrolment.judgment_cap = 2
    assert isinstance(claim(session, enrolment, tomorrow), Assignment)


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Reason)


def test_the_order_shown_is_drawn_for_each_assignment_and_repeatable(
    session: Session, make: Make, now: datetime
) -> None:
    enrolment = make.enrolment(open_tasks=24)
    orders = [tuple(work(session, enrolment, now).order_shown) for _ in range(24)]
    assert set(orders) == {("a", "b"), ("b", "a")}


def test_probes_come_at_the_projects_share_never_twice_and_never_last(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(gold_share=0.5, tasks=30)
    make.gold(project, count=12)
    enrolment = make.enrolment(project=project)
    served = []
    while isinstance(found := claim(session, enrolment, now), Assignment):
        served.append(found)
        judge.judge(session, found, ANSWER, now=now)
    tasks = [each.task_id for each in served]
    golden = set(session.scalars(sa.select(Gold.task_id)))
    assert len(tasks) == len(set(tasks))
    assert len([task for task in tasks if task not in golden]) == 30
    assert len(golden & set(tasks)) == 12
    assert tasks[-1] not in golden


def test_gold_alone_is_no_work(session: Session, make: Make, now: datetime) -> None:
    project = make.project(gold_share=0.5)
    make.gold(project, count=5)
    assert claim(session, make.enrolment(project=project), now) == NothingLeft(Reason.NO_OPEN_TASK)


def test_the_database_refuses_gold_with_open_slots(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project()
    (task,) = make.gold(project)
    task.open_slots = 1
    with pytest.raises(IntegrityError, match="gold task has no open slots"), session.begin_nested():
        session.flush()


def test_the_database_refuses_a_half_closed_assignment(
    session: Session, make: Make, now: datetime
) -> None:
    assignment = make.assignment()
    assignment.state = AssignmentState.EXPIRED
    with pytest.raises(IntegrityError, match="closed_at_iff_closed"):
        session.flush()


def test_terms_are_frozen_and_later_ones_count_from_their_acceptance(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(hourly_minor=4000, tasks=2), make.expert()
    enrolment = make.enrolment(project=project, expert=expert)
    first = work(session, enrolment, now)
    projects.publish_rates(session, project, [projects.Price(5000)], now=now)
    second = work(session, enrolment, now)
    assert {first.terms_id} == {second.terms_id}
    newer = make.terms(expert, project)
    assert (newer.hourly_minor, newer.id == second.terms_id) == (5000, False)


def claim(session: Session, enrolment: Enrolment, now: datetime) -> Assignment | NothingLeft:
    return claim_next_task(
        session,
        enrolment=enrolment,
        terms=terms(session, enrolment),
        public_id=random_id(),
        now=now,
    )


def held(session: Session, enrolment: Enrolment, now: datetime) -> Assignment:
    found = claim(session, enrolment, now)
    assert isinstance(found, Assignment), found
    return found


def work(session: Session, enrolment: Enrolment, now: datetime) -> Assignment:
    assignment = held(session, enrolment, now)
    judge.judge(session, assignment, ANSWER, now=now)
    return assignment


def terms(session: Session, enrolment: Enrolment) -> Terms:
    pool = session.get_one(Pool, enrolment.pool_id)
    project = session.get_one(Project, pool.project_id)
    return session.scalars(project_queries.current_terms(enrolment.expert_id, project.id)).one()
