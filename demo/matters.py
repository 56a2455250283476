"""Act six: people still on their way, decisions and appeals, questions, an adjustment, a report."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo import applicants
from demo.content_files import Person
from demo.diary import Appointment, written
from demo.world import World
from exams.models import Application, Attempt
from exams.queries import attempts as attempt_queries
from exams.service import applications, grading
from payouts.service import project_reports
from portal.decisions import Appeal, AppealState, Decision, appeals
from portal.reports import service as reports
from portal.reports.periods import Period
from tasks.models import Adjustment, AdjustmentState, Timesheet
from tasks.service import timesheets

_DAY: Final = timedelta(days=1)
_DECIDES: Final = "noor"
_SECOND: Final = "hana"
_DAYS_AGO: Final = {
    "screening": 2,
    "review": 3,
    "exam": 4,
    "exam_review": 5,
    "identity": 6,
    "identity_review": 8,
    "not_accepted": 18,
    "exam_appeal": 21,
}
"""When each came, by how far they have got."""
_WEAK: Final = 0.45
"""The chance of a right answer with which somebody stays below the pass mark."""


def applying(world: World, person: Person) -> Iterator[Appointment]:
    """How far each applicant who is no expert has come."""
    stage = person.applying.stage if person.applying else ""
    days = _DAYS_AGO.get(stage)
    if days is None:
        return
    come = world.calendar.end - days * _DAY - timedelta(hours=3)
    if stage == "screening":
        yield written(come, partial(applicants.begin, world, person))
        return
    yield written(come, partial(applicants.come, world, person))
    if stage == "not_accepted":
        yield from _not_accepted(world, person, come)
    if stage in {"identity", "identity_review", "exam_review"}:
        skill = _WEAK if stage == "exam_review" else applicants.EXAM_SKILL
        yield written(come + _DAY, partial(applicants.sit, world, person, skill))
    if stage == "identity_review":
        unsure = partial(applicants.show_identity, world, person, "country_not_supported")
        yield Appointment(world.calendar.end - timedelta(hours=9), unsure)
        wrote = world.calendar.end - timedelta(hours=8)
        yield written(wrote, partial(applicants.write_instead, world, person))
    if stage == "exam_appeal":
        yield from _exam_appeal(world, person, come)


def of_the_work(world: World) -> Iterator[Appointment]:
    """An adjustment that counted."""
    if world.calendar.weeks > 2:
        friday = world.calendar.opens + 11 * _DAY + timedelta(hours=15)
        yield written(friday, partial(_ask_for_time, world))
        yield written(friday + timedelta(days=3, hours=2), partial(_grant_time, world))


def _not_accepted(world: World, person: Person, come: datetime) -> Iterator[Appointment]:
    """Unmet requirements: a person says not this time, and is contradicted."""

    def refuse(session: Session, now: datetime) -> None:
        reason = (
            "The years with SFT or RLHF that you describe were spent collecting data, not writing"
            " or judging answers. A year in which you do that would change this."
        )
        application = applicants.application_of(session, world, person)
        applications.refuse(
            session, application, by=world.accounts[_DECIDES], reason=reason, now=now
        )

    def contest(session: Session, now: datetime) -> None:
        application = applicants.application_of(session, world, person)
        words = (
            "I wrote about four hundred demonstrations in that time, and reviewed those of two"
            " colleagues. I can name the projects to whoever looks at this again."
        )
        appeals.make(session, _decision(session, application), words=words, now=now)

    yield written(come + 5 * _DAY, refuse)
    yield written(come + 15 * _DAY, contest)


def _exam_appeal(world: World, person: Person, come: datetime) -> Iterator[Appointment]:
    """Below the pass mark, confirmed by a person, contested, and upheld by another."""

    def confirm(session: Session, now: datetime) -> None:
        reason = "The score lies below the pass mark by more than its margin."
        by = world.accounts[_DECIDES]
        grading.confirm(session, _attempt(session, world, person), by=by, reason=reason, now=now)

    def contest(session: Session, now: datetime) -> None:
        words = "My connection was down for most of the third section; I answered it in a hurry."
        decision = _decision(session, _attempt(session, world, person))
        appeals.make(session, decision, words=words, now=now)

    def uphold(session: Session, now: datetime) -> None:
        answer = (
            "The answers of the third section came within four minutes, which fits an interruption."
            " The attempt no longer counts; you may sit the exam again at once."
        )
        waiting = sa.select(Appeal).where(Appeal.state == AppealState.OPEN)
        decision = _decision(session, _attempt(session, world, person))
        appeal = session.scalars(waiting.where(Appeal.decision_id == decision.id)).one()
        appeals.uphold(session, appeal, by=world.accounts[_SECOND], answer=answer, now=now)

    yield written(come + _DAY, partial(applicants.sit, world, person, _WEAK))
    yield written(come + 3 * _DAY, confirm)
    yield written(come + 4 * _DAY, contest)
    yield written(come + 7 * _DAY, uphold)


def _decision(session: Session, decided: Application | Attempt) -> Decision:
    if decided.decision_id is None:
        raise ValueError("nobody has decided anything here")
    return session.get_one(Decision, decided.decision_id)


def _attempt(session: Session, world: World, person: Person) -> Attempt:
    mine = attempt_queries.attempts_of(world.accounts[person.key])
    return session.scalars(mine.limit(1)).one()


def _ask_for_time(world: World, session: Session, now: datetime) -> None:
    """A clock stopped while somebody was reading: they ask for the minutes."""
    tomas = world.accounts["tomas"]
    mine = sa.select(Timesheet).where(
        Timesheet.expert_id == tomas, Timesheet.starts_at <= now, Timesheet.ends_at > now
    )
    sheet = session.scalars(mine.order_by(Timesheet.project_id).limit(1)).one()
    timesheets.adjust(
        session,
        sheet,
        seconds=14 * 60,
        work_day=now.date(),
        reason="My browser had put the page to sleep while I read sections 3 and 4 again.",
        requested_by=tomas,
        now=now,
    )


def _grant_time(world: World, session: Session, now: datetime) -> None:
    waiting = sa.select(Adjustment).where(Adjustment.state == AdjustmentState.ASKED)
    for adjustment in session.scalars(waiting):
        timesheets.approve_adjustment(session, adjustment, by=world.accounts["reyes"], now=now)


def ask_for_report(session: Session, world: World, *, now: datetime) -> None:
    """The manager asks for an expert's and a project's report over the past weeks; the worker sets them."""
    period = Period(world.calendar.opens, world.calendar.this_week)
    account = world.account(session, "amara")
    by = world.accounts["reyes"]
    reports.request_report(session, account=account, period=period, requested_by=by, now=now)
    project = world.project(session, "harassment-preference")
    project_reports.ask(session, project, period, by=by, now=now)
