"""Handing an expert the next task, and now and then a probe in its place."""

from datetime import datetime, timedelta
from random import Random, SystemRandom

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.db import lock, one_or_404
from portal.ids import RandomId
from tasks.credit import midnight, monday, week_bounds
from tasks.models import Assignment, Enrolment, Judgment, Pool, Project, Task, Terms
from tasks.queries import projects as project_queries
from tasks.queries import time as time_queries
from tasks.queries import work as queries
from tasks.service import caps, eligibility
from tasks.service.reasons import NothingLeft, Reason
from tasks.types import kind

_DAY = timedelta(days=1)


def claim_in_project(
    session: Session, *, expert_id: int, project: Project, public_id: RandomId, now: datetime
) -> Assignment | NothingLeft:
    """Hand the expert a task of one of the project's pools; enrols them where they are not yet."""
    terms = session.scalar(project_queries.current_terms(expert_id, project.id))
    if terms is None:
        return NothingLeft(Reason.NO_TERMS)
    nothing = NothingLeft(Reason.NO_OPEN_TASK)
    for pool in session.scalars(project_queries.pools(project.id)).all():
        enrolment = enrol(session, expert_id=expert_id, pool=pool, now=now)
        found = claim_next_task(
            session, enrolment=enrolment, terms=terms, public_id=public_id, now=now
        )
        if isinstance(found, Assignment):
            return found
        nothing = found
    return nothing


def enrol(session: Session, *, expert_id: int, pool: Pool, now: datetime) -> Enrolment:
    """The expert's place in the pool, made when they first come; made once, however many tabs ask."""
    place = session.get(Enrolment, (pool.id, expert_id))
    if place is not None:
        return place
    account = session.get_one(Account, expert_id)
    until = eligibility.valid_until(session, expert_id, pool, now=now)
    random = SystemRandom()  # from the seed follows which tasks are probes: nobody may compute it
    row = {
        "pool_id": pool.id,
        "expert_id": expert_id,
        "pseudonym": "".join(random.choices("23456789ABCDEFGHJKMNPQRSTVWXYZ", k=6)),
        "enrolled_at": now,
        "probe_seed": random.getrandbits(62),
        "qualification_revision": account.qualification_revision,
        "valid_until": until,
        "cursor": -1,
        "draws": 0,
        "judged": 0,
    }
    only_once = insert(Enrolment).values(**row)
    session.execute(only_once.on_conflict_do_nothing(index_elements=["pool_id", "expert_id"]))
    mine = sa.select(Enrolment).where(
        Enrolment.pool_id == pool.id, Enrolment.expert_id == expert_id
    )
    return one_or_404(session, mine)


def claim_next_task(
    session: Session, *, enrolment: Enrolment, terms: Terms, public_id: RandomId, now: datetime
) -> Assignment | NothingLeft:
    """Hand the enrolled expert a task of the pool.

    Returns the assignment they already hold, if any, and `NothingLeft` with its reason otherwise.
    The lock on the enrolment lets one person's tabs in one at a time; two people who ask at once get
    two tasks, since each skips the row that the other has locked.
    """
    lock(session, enrolment)
    if held := session.scalar(queries.open_assignment(enrolment)):
        return held
    pool = session.get_one(Pool, enrolment.pool_id)
    project = session.get_one(Project, pool.project_id)
    reason = eligibility.obstacle(
        session, enrolment=enrolment, pool=pool, project=project, now=now
    ) or exhausted_cap(session, enrolment, project, terms, now=now)
    if reason is None and caps.outdated(session, project, terms, now=now):
        reason = Reason.NEW_TERMS
    if reason:
        return NothingLeft(reason)
    task = _next_task(session, enrolment)
    if task is None:
        return NothingLeft(Reason.NO_OPEN_TASK)
    return _hand_out(
        session, enrolment, task, project=project, terms=terms, public_id=public_id, now=now
    )


def exhausted_cap(
    session: Session, enrolment: Enrolment, project: Project, terms: Terms, *, now: datetime
) -> Reason | None:
    """Which of the accepted caps is reached, if one is. What is held may always be finished."""
    today = now.astimezone(project.zone).date()
    day = midnight(today, project.zone), midnight(today + _DAY, project.zone)
    week = week_bounds(monday(today), project.zone)
    periods = (
        (day, terms.day_cap_seconds, Reason.DAY_CAP),
        (week, terms.week_cap_seconds, Reason.WEEK_CAP),
    )
    for (start, end), cap, reason in periods:
        worked = time_queries.credited(
            enrolment.expert_id, start=start, end=end, project_id=project.id
        )
        if (session.scalar(worked) or 0) >= cap:
            return reason
    full = (
        enrolment.judgment_cap is not None and _judged(session, enrolment) >= enrolment.judgment_cap
    )
    return Reason.JUDGMENT_CAP if full else None


def _next_task(session: Session, enrolment: Enrolment) -> Task | None:
    """The next task after the cursor, else from the start; waits only where others lock all that is left."""
    for after in (enrolment.cursor, None):
        free = queries.next_task(enrolment, after=after).with_for_update(skip_locked=True)
        if task := session.scalar(free.execution_options(populate_existing=True)):
            return task
    anything = queries.next_task(enrolment, after=None)
    waiting = anything.with_for_update().execution_options(populate_existing=True)
    while session.scalar(anything) is not None:
        with session.begin_nested() as savepoint:
            if task := session.scalar(waiting):
                return task
            savepoint.rollback()  # else the row that somebody else took stays locked, by us
    return None


def _hand_out(
    session: Session,
    enrolment: Enrolment,
    task: Task,
    *,
    project: Project,
    terms: Terms,
    public_id: RandomId,
    now: datetime,
) -> Assignment:
    """Write the assignment down. A probe takes the same statements as any other draw."""
    random = Random(f"{enrolment.probe_seed}:{enrolment.draws}")  # noqa: S311  repeatable by seed
    probes = session.scalars(queries.unseen_gold(enrolment)).all()
    probing = random.random() < project.gold_share and bool(probes)
    task_id = random.choice(probes).task_id if probing else task.id
    session.execute(
        sa.update(Task)
        .where(Task.pool_id == enrolment.pool_id, Task.id == task_id)
        .values(open_slots=Task.open_slots - (0 if probing else 1))
    )
    enrolment.draws += 1
    enrolment.cursor = enrolment.cursor if probing else task.draw_key
    guideline = one_or_404(session, project_queries.newest_guideline(project))
    assignment = Assignment(
        pool_id=enrolment.pool_id,
        task_id=task_id,
        expert_id=enrolment.expert_id,
        public_id=public_id,
        terms_id=terms.id,
        guideline_version_id=guideline.id,
        order_shown=kind(project.task_type).order(random),
        opened_at=now,
        due_at=now + terms.hold,
    )
    session.add(assignment)
    session.flush()
    return assignment


def _judged(session: Session, enrolment: Enrolment) -> int:
    mine = (
        Judgment.pool_id == enrolment.pool_id,
        Judgment.expert_id == enrolment.expert_id,
        Judgment.revision == 1,
    )
    return session.scalar(sa.select(sa.func.count()).select_from(Judgment).where(*mine)) or 0
