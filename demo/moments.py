"""Moments out of the ordinary at the workbench: a late answer, two questions, a draft just saved."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo import working
from demo.diary import Appointment, written
from demo.rota import Shift
from demo.working import Desk
from demo.world import World
from tasks.models import Assignment, Escalation, EscalationState
from tasks.service import clock, judge, pauses, releases

LAST: Final = timedelta(minutes=5)
"""What happens this shortly before the present waits until everybody else has stopped."""
_DAY: Final = timedelta(days=1)
_AWAY: Final = timedelta(minutes=80)
_ANSWERED: Final = (
    "Clause 3.1 speaks of a place or a time, and this message gives only a neighbourhood. Is that a"
    " place in its sense?"
)
_RULING: Final = (
    "Yes, where the receiver would know from it where to be afraid. A neighbourhood that both of them"
    " walk through every day is enough; a whole city is not."
)
_OPEN: Final = (
    "The case says that the two are sisters, and the model reasons as if they were strangers. Do I mark"
    " the step that leaves it out, or the first one whose conclusion it changes?"
)

_WHY_PAUSED: Final = (
    "You answer a good deal faster than others here, and your share on check tasks has been below the"
    " needed level for some weeks. I read twenty of your answers by Thursday and write to you either way."
)


def appointments(world: World) -> Iterator[Appointment]:
    """At hours at which the person is not at work anyway: no second is worked twice."""
    if world.calendar.weeks > 1:
        second = world.calendar.opens + 9 * _DAY
        yield written(second + timedelta(hours=21), partial(_answer_late, world))
        asked = second + timedelta(hours=3)
        linh = _shift(world, "linh", asked)
        yield written(asked, partial(_ask, world, linh, _ANSWERED))
        yield written(asked + _DAY + timedelta(hours=7), partial(_rule, world))
    yesterday = world.calendar.end.replace(hour=12, minute=0, second=0, microsecond=0) - _DAY
    tomas = Shift(world.experts["tomas"], "threat-reasoning", starts_at=yesterday)
    yield written(yesterday, partial(_ask, world, tomas, _OPEN))
    yield written(world.calendar.end - LAST, partial(_leave_a_draft, world))
    yield written(world.calendar.end - timedelta(hours=2), partial(_release, world))
    if world.calendar.weeks > 1:
        yield written(world.calendar.end - timedelta(hours=1), partial(_pause, world))


def _answer_late(world: World, session: Session, now: datetime) -> None:
    """The telephone rings: the hold runs out, the answer comes all the same, and is paid."""
    desk, assignment = _sit(session, world, _shift(world, "amara", now))
    clock.stop(session, desk.live, now=desk.now)
    back = desk.now + _AWAY
    judge.expire_overdue(session, now=back)
    again = _resume(desk, back)
    judge.judge(session, assignment, working.entries(desk, assignment), now=again.now)
    clock.stop(session, again.live, now=again.now)


def _ask(world: World, shift: Shift, question: str, session: Session, _now: datetime) -> None:
    """Ask the policy team about a task, and answer it meanwhile as one sees it."""
    desk, assignment = _sit(session, world, shift)
    judge.escalate(session, assignment, question=question, now=desk.now)
    _let_pass(desk, timedelta(seconds=100))
    judge.judge(session, assignment, working.entries(desk, assignment), now=desk.now)
    clock.stop(session, desk.live, now=desk.now)


def _rule(world: World, session: Session, now: datetime) -> None:
    """The policy expert answers what was asked."""
    waiting = sa.select(Escalation).where(Escalation.state == EscalationState.OPEN)
    for escalation in session.scalars(waiting):
        judge.answer_question(
            session, escalation, answer=_RULING, by=world.accounts["ife"], now=now
        )


def _release(world: World, session: Session, now: datetime) -> None:
    """The manager gives the client what there is."""
    project, by = world.project(session, "harassment-preference"), world.accounts["reyes"]
    asked = releases.request(session, project, by=by, now=now)
    releases.make(session, asked.id, now=now)


def _pause(world: World, session: Session, now: datetime) -> None:
    """Somebody is below the needed level for weeks: new tasks wait while a person looks."""
    project, by = world.project(session, "harassment-preference"), world.accounts["reyes"]
    expert_id = world.accounts["matias"]
    pauses.pause(session, project, expert_id, by=by, reason=_WHY_PAUSED, now=now)


def _leave_a_draft(world: World, session: Session, now: datetime) -> None:
    """Somebody has just stopped in the middle of a task: what they entered is kept."""
    desk, assignment = _sit(session, world, _shift(world, "priya", now))
    entered = {"choice": "", "reason": "The first one names the clause, but promises too much:"}
    judge.save_draft(session, assignment, entered, now=desk.now)
    clock.stop(session, desk.live, now=desk.now)


def _shift(world: World, key: str, now: datetime) -> Shift:
    return Shift(world.experts[key], "harassment-preference", starts_at=now)


def _sit(session: Session, world: World, shift: Shift) -> tuple[Desk, Assignment]:
    """Sit down, take a task and look at it for two minutes."""
    desk = working.sit_down(session, world, shift)
    assignment = working.take(desk)
    if assignment is None:
        raise RuntimeError(f"there is no task for {shift.person.key} in {shift.project}")
    _let_pass(desk, timedelta(minutes=2))
    return desk, assignment


def _resume(desk: Desk, now: datetime) -> Desk:
    """Sit down again, later, and read for a minute."""
    shift = Shift(desk.shift.person, desk.project.slug, starts_at=now)
    again = working.sit_down(desk.session, desk.world, shift)
    _let_pass(again, timedelta(minutes=1))
    return again


def _let_pass(desk: Desk, length: timedelta) -> None:
    for _moment in working.stay(desk, length):
        continue
