"""The clock's three requests: open it in this tab, beat, stop. JSON, sent by `work-clock.js`."""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session

from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, transaction
from portal.errors import Invalid
from portal.ids import random_id
from tasks.models import Assignment, Pool, Project, WorkSession
from tasks.queries import projects as project_queries
from tasks.queries import time as queries
from tasks.queries import work as work_queries
from tasks.service import clock as service

_LONGEST_IDLE: Final = 366 * 86_400

bp = Blueprint("work_clock", __name__, url_prefix="/work/clock")


@bp.post("/")
@requires(Role.EXPERT)
def start() -> dict[str, Any]:
    """Run the clock in this tab: `assignment` says for which project. Other tabs lose it."""
    me = person().account_id
    with transaction() as session:
        mine = work_queries.assignments_of(me).where(Assignment.public_id == _uuid("assignment"))
        assignment = one_or_404(session, mine)
        pool = session.get_one(Pool, assignment.pool_id)
        terms = one_or_404(session, project_queries.current_terms(me, pool.project_id))
        live = service.start(
            session,
            expert_id=me,
            project=session.get_one(Project, pool.project_id),
            terms=terms,
            public_id=random_id(),
            now=clock.now(session),
        )
        return {
            "beats": url_for("work_clock.beat", public_id=live.public_id),
            "stop": url_for("work_clock.stop", public_id=live.public_id),
            "epoch": live.epoch,
            **told(session, live),
        }


@bp.post("/<uuid:public_id>/beats")
@requires(Role.EXPERT)
def beat(public_id: UUID) -> dict[str, Any]:
    """A sign of work: `epoch`, `seq`, `idle` in seconds since the last input. Stamped by our clock."""
    sent = request.get_json(silent=True) or {}
    epoch, seq, idle = sent.get("epoch"), sent.get("seq"), sent.get("idle")
    if type(epoch) is not int or type(seq) is not int or not isinstance(idle, int | float):
        raise Invalid("A beat has whole numbers epoch and seq, and idle seconds.")
    if not abs(idle) < _LONGEST_IDLE:
        raise Invalid("A beat's idle seconds are more than a year.")
    if not 0 < seq < 2**31:
        raise Invalid("A beat's seq counts from one.")
    with transaction() as session:
        live = _mine(session, public_id)
        beaten = service.beat(
            session, live, epoch=epoch, seq=seq, idle_seconds=float(idle), now=clock.now(session)
        )
        return {"state": beaten.state.value, **told(session, live)}


@bp.post("/<uuid:public_id>/stop")
@requires(Role.EXPERT)
def stop(public_id: UUID) -> dict[str, Any]:
    """Stop the clock."""
    with transaction() as session:
        live = _mine(session, public_id)
        service.stop(session, live, now=clock.now(session))
        return {"state": service.ClockState.ENDED.value, **told(session, live)}


def told(session: Session, live: WorkSession) -> dict[str, Any]:
    """Seconds credited in this session, what was not and why, and the held task's planned time."""
    found = service.standing(session, live)
    task = found.task
    return {
        "credited": found.credited.total_seconds(),
        "idle": found.idle.total_seconds(),
        "away": found.away.total_seconds(),
        "over": found.capped.total_seconds(),
        "may_read": found.may_read.total_seconds(),
        "used": task.used.total_seconds() if task else None,
        "planned": task.whole.total_seconds() if task else None,
    }


def _mine(session: Session, public_id: UUID) -> WorkSession:
    mine = queries.sessions_of(person().account_id)
    return one_or_404(session, mine.where(WorkSession.public_id == public_id))


def _uuid(field: str) -> UUID:
    try:
        return UUID(str((request.get_json(silent=True) or {}).get(field)))
    except ValueError:
        raise Invalid(f"{field} is missing.") from None
