"""Adaptive designs: asking for one, and a second person's act. What lies between is the worker's."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import AdaptiveDesign, Attempt, DesignState, Exam, JobName
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.service import documents
from exams.service.design_rules import RulesDocument
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import random_id
from portal.jobs import enqueue


def ask(session: Session, exam: Exam, data: object, *, by: int, now: datetime) -> AdaptiveDesign:
    """Have a design drawn up and simulated in the background; nothing is given by it yet.

    Raises `Invalid` naming each mistake by its path, and `Conflict` while too few questions are
    calibrated or another one is being worked out.
    """
    rules = parse(exam, data)
    lock(session, exam)
    have = session.scalar(queries.calibrated(exam.id)) or 0
    if have < queries.ENOUGH_QUESTIONS:
        raise Conflict(
            f"{have} of the {queries.ENOUGH_QUESTIONS} calibrated questions that an adaptive exam"
            " needs are there."
        )
    newest = session.scalar(queries.designs_of(exam.id).limit(1))
    if newest is not None and newest.state is DesignState.ASKED:
        raise Conflict("A design is being worked out already. Please wait until it is shown.")
    design = AdaptiveDesign(
        public_id=random_id(),
        exam_id=exam.id,
        number=newest.number + 1 if newest else 1,
        rules=rules.model_dump(),
        asked_by_id=by,
        asked_at=now,
    )
    session.add(design)
    session.flush()
    enqueue(session, JobName.DESIGN, design.id, now=now)
    _note(session, design, "asked", actor=by, now=now)
    return design


def parse(exam: Exam, data: object) -> RulesDocument:
    """The rules; `Invalid` where they name an area that the exam does not have."""
    rules = documents.parse(RulesDocument, data)
    known = {area["slug"] for area in exam.areas}
    problems = [
        f"areas[{place}].area: there is no area {one.area!r}"
        for place, one in enumerate(rules.areas)
        if one.area not in known
    ]
    if rules.standard_error is None and rules.decide is None and rules.shortest < rules.longest:
        problems.append("nothing ends a test before its greatest length: name an error or a rule")
    if problems:
        raise Invalid("\n".join(problems))
    return rules


def approve(session: Session, design: AdaptiveDesign, *, by: int, now: datetime) -> None:
    """A second person has seen what it would do: attempts that begin from now on are drawn by it.

    The one in use before is retired; attempts under way keep it. Raises `Forbidden` for who asked,
    and for who has sat the exam.
    """
    lock(session, session.get_one(Exam, design.exam_id))
    lock(session, design)
    if by == design.asked_by_id:
        raise Forbidden("A second person decides, who did not ask for it.")
    if session.scalar(attempt_queries.at_exam(by, design.exam_id).limit(1)):
        raise Forbidden("You have sat this exam yourself, so somebody else decides.")
    if design.state is not DesignState.SHOWN:
        raise Conflict("This design is not waiting for approval.")
    for before in session.scalars(queries.in_use(design.exam_id)):
        before.retire(now=now)
        session.flush()
        _note(session, before, "retired", actor=by, now=now)
    design.approve(by=by, now=now)
    _note(session, design, "approved", actor=by, now=now)


def drop(session: Session, design: AdaptiveDesign, *, by: int, now: datetime) -> None:
    """It is not used after all."""
    lock(session, design)
    design.drop(now=now)
    _note(session, design, "dropped", actor=by, now=now)


def retire(session: Session, design: AdaptiveDesign, *, by: int, now: datetime) -> None:
    """Attempts begin on fixed forms again; those under way go on as they began."""
    lock(session, design)
    design.retire(now=now)
    _note(session, design, "retired", actor=by, now=now)


def attempts_by(session: Session, design: AdaptiveDesign) -> int:
    """How many attempts it has drawn."""
    from_it = sa.select(sa.func.count()).where(Attempt.design_id == design.id)
    return session.scalar(from_it) or 0


def _note(
    session: Session, design: AdaptiveDesign, verb: str, *, actor: int, now: datetime
) -> None:
    subject = ("adaptive_design", design.id)
    audit.record(session, actor=actor, action=f"design.{verb}", subject=subject, now=now)
