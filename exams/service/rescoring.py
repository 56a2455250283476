"""Scoring every attempt that saw a question again: the difference first, then, by a second person, the act."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptState,
    FormQuestion,
    JobName,
    Question,
    QuestionVersion,
    QuestionVoid,
    Rescoring,
    RescoringCause,
    RescoringState,
)
from exams.queries import attempts as queries
from exams.service import grading, marking, totals, voids
from exams.service.scoring import Points
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import random_id
from portal.jobs import enqueue

_SCORED = (AttemptState.BELOW, AttemptState.NOT_PASSED, AttemptState.PASSED)


@dataclass(frozen=True)
class Change:
    """What it comes to for one attempt."""

    attempt: Attempt
    points: list[Points]
    before: float
    after: float
    maximum: float
    passed: bool

    @property
    def gains_pass(self) -> bool:
        """Whether it reaches the pass mark now and did not before."""
        return self.passed and self.attempt.state is not AttemptState.PASSED

    @property
    def keeps_pass(self) -> bool:
        """Whether it would fall below the mark now: what was passed stays passed."""
        return not self.passed and self.attempt.state is AttemptState.PASSED


def ask(
    session: Session,
    version: QuestionVersion,
    *,
    cause: RescoringCause,
    reason: str,
    by: int,
    now: datetime,
) -> Rescoring:
    """Have the difference worked out; nothing changes yet. Raises `Conflict` while one is open."""
    if not reason.strip():
        raise Invalid("Say why: everybody whose score changes reads it.")
    if cause is RescoringCause.VOIDED and voids.of(session, [version.id]):
        raise Conflict("This question counts for nobody already.")
    made = session.scalar(
        insert(Rescoring)
        .values(
            public_id=random_id(),
            exam_id=session.get_one(Question, version.question_id).exam_id,
            question_version_id=version.id,
            cause=cause,
            reason=reason.strip(),
            asked_by_id=by,
            asked_at=now,
            state=RescoringState.ASKED,
        )
        .on_conflict_do_nothing()
        .returning(Rescoring.id)
    )
    if made is None:
        raise Conflict("This question is being looked at already.")
    rescoring = session.get_one(Rescoring, made)
    enqueue(session, JobName.RESCORE, made, now=now)
    _note(session, rescoring, "asked", actor=by, now=now)
    return rescoring


def approve(session: Session, rescoring: Rescoring, *, by: int, now: datetime) -> None:
    """A second person has seen the difference. Raises `Forbidden` for who asked for it."""
    lock(session, rescoring)
    if by == rescoring.asked_by_id:
        raise Forbidden("A second person decides, who did not ask for it.")
    if session.scalar(queries.at_exam(by, rescoring.exam_id).limit(1)):
        raise Forbidden("You have sat this exam yourself, so somebody else decides.")
    rescoring.approve(by=by)
    enqueue(session, JobName.RESCORE, rescoring.id, now=now)
    _note(session, rescoring, "approved", actor=by, now=now)


def drop(session: Session, rescoring: Rescoring, *, by: int, now: datetime) -> None:
    """It is not done after all."""
    lock(session, rescoring)
    rescoring.drop(now=now)
    _note(session, rescoring, "dropped", actor=by, now=now)


def run(session: Session, rescoring: Rescoring, *, now: datetime) -> None:
    """Show the difference, or do what was approved; the worker's part. Harmless repeated.

    Where attempts came to be scored since it was shown it is shown anew instead of done, and waits
    for a second person again.
    """
    lock(session, rescoring)
    if rescoring.state not in {RescoringState.ASKED, RescoringState.APPROVED}:
        return
    changes = _changes(session, rescoring)
    difference = _difference(changes)
    shown = (rescoring.difference or {}).get("digest")
    if rescoring.state is RescoringState.ASKED or shown != difference["digest"]:
        rescoring.show(difference)
        return
    if rescoring.cause is RescoringCause.VOIDED:
        version_id = rescoring.question_version_id
        session.add(
            QuestionVoid(question_version_id=version_id, rescoring_id=rescoring.id, voided_at=now)
        )
    for change in changes:
        if change.after != change.before:
            _apply(session, rescoring, change, now)
    grading.sum_up(session, [rescoring.question_version_id], now)
    rescoring.done(difference, now=now)
    _note(session, rescoring, "done", actor=rescoring.approved_by_id, now=now)


def _apply(session: Session, rescoring: Rescoring, change: Change, now: datetime) -> None:
    """One attempt's new score; a pass that it brings is decided by whoever approved it."""
    by, reason = rescoring.approved_by_id, rescoring.reason
    grading.score_again(session, change.attempt, change.points, by=by, reason=reason, now=now)


def _changes(session: Session, rescoring: Rescoring) -> list[Change]:
    """Every scored attempt that saw the version, locked in order, with what it comes to."""
    forms = sa.select(FormQuestion.form_id).where(
        FormQuestion.question_version_id == rescoring.question_version_id
    )
    saw = sa.select(Attempt).where(Attempt.form_id.in_(forms), Attempt.state.in_(_SCORED))
    found = []
    for attempt in session.scalars(saw.order_by(Attempt.id).with_for_update(key_share=True)):
        score = queries.score(session, attempt.id)
        if score is None:
            continue
        points = _points(session, attempt, rescoring, score.number)
        new = totals.result(session, attempt, points)
        if new.raw < score.raw and rescoring.cause is RescoringCause.VOIDED:
            found.append(Change(attempt, points, score.raw, score.raw, score.maximum, score.passed))
            continue
        found.append(Change(attempt, points, score.raw, new.raw, new.maximum, new.passed))
    return found


def _points(
    session: Session, attempt: Attempt, rescoring: Rescoring, score_number: int
) -> list[Points]:
    """As it was scored, but for the one question: by its newest key, or with full marks."""
    mended = rescoring.question_version_id
    points = marking.again(session, attempt, score_number)
    if rescoring.cause is RescoringCause.VOIDED:
        return totals.credited(session, attempt, points, besides=frozenset({mended}))
    newest = {one.version_id: one for one in marking.points_of(session, attempt)}
    by_key = [newest[mended] if one.version_id == mended else one for one in points]
    return totals.credited(session, attempt, by_key)


def _difference(changes: Iterable[Change]) -> dict[str, Any]:
    """Counts without names, and a digest of exactly what would be done."""
    changes = list(changes)
    facts = [
        [one.attempt.id, one.attempt.state.value, one.before, one.after, one.passed]
        for one in changes
    ]
    higher = [one for one in changes if one.after > one.before]
    lower = [one for one in changes if one.after < one.before]
    steps: dict[str, int] = {}
    for one in changes:
        step = f"{one.after - one.before:+g}"
        steps[step] = steps.get(step, 0) + 1
    return {
        "attempts": len(changes),
        "higher": len(higher),
        "lower": len(lower),
        "pass": sum(one.gains_pass for one in changes),
        "keep_pass": sum(one.keeps_pass for one in changes),
        "steps": dict(sorted(steps.items(), key=lambda step: float(step[0]))),
        "digest": hashlib.sha256(json.dumps(facts).encode()).hexdigest(),
    }


def _note(
    session: Session, rescoring: Rescoring, verb: str, *, actor: int | None, now: datetime
) -> None:
    subject = ("rescoring", rescoring.id)
    audit.record(session, actor=actor, action=f"rescoring.{verb}", subject=subject, now=now)
