"""Grading: the worker reads the keys, a rule may pass, only a person says “not this time”."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from exams.models import (
    Application,
    Attempt,
    AttemptScore,
    AttemptState,
    Exam,
    Qualification,
    QuestionStatistic,
    ResponseScore,
    VoidCause,
)
from exams.queries import applications as application_queries
from exams.queries import attempts as queries
from exams.service import (
    applications,
    hand_grading,
    letters,
    marking,
    qualifications,
    reviewers,
    starting,
    totals,
)
from exams.service.scoring import Points, Result
from portal.db import lock
from portal.decisions import Decision, Letter, Outcome, decide
from portal.errors import Conflict


def grade(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Score an attempt that has ended; where people grade a part of it, once they have.

    Run twice it does nothing; needs the worker's login.
    """
    lock(session, attempt)
    if attempt.state is not AttemptState.FINISHED:
        return
    if hand_grading.wait_for_people(session, attempt, now=now):
        return
    points = totals.credited(session, attempt, marking.points_of(session, attempt))
    found = totals.result(session, attempt, points)
    score = _keep(session, attempt, points, found, now)
    sum_up(session, [one.version_id for one in points], now)
    if found.passed:
        decision = _decide(session, attempt, score, Outcome.FOR, by=None, reason="", now=now)
        _pass(session, attempt, decision, now=now)
        return
    attempt.below(reviewer_id=None, due_at=now + reviewers.REVIEW_WITHIN)
    body = (
        "Your result has been computed and is on the page below. It lies below the pass mark, and"
        " a person confirms that before it counts, within seven days."
    )
    _write(session, attempt, "Your exam result", body, now=now)


def confirm(session: Session, attempt: Attempt, *, by: int, reason: str, now: datetime) -> Decision:
    """A person confirms: not passed this time. From then the cool-down and the limit apply."""
    score = _below(session, attempt)
    decision = _decide(session, attempt, score, Outcome.AGAINST, by=by, reason=reason, now=now)
    attempt.refuse(decision_id=decision.id)
    session.flush()
    exam = session.get_one(Exam, attempt.exam_id)
    if not starting.may_start(session, exam, attempt.account_id, now=now).left:
        for application in _applications(session, attempt):
            applications.out_of_attempts(session, application, now=now)
    return decision


def let_pass(
    session: Session, attempt: Attempt, *, by: int, reason: str, now: datetime
) -> Decision:
    """A person decides that it counts as passed all the same, and says why."""
    score = _below(session, attempt)
    decision = _decide(session, attempt, score, Outcome.FOR, by=by, reason=reason, now=now)
    _pass(session, attempt, decision, now=now)
    return decision


def void(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """An appeal was upheld: the attempt uses up nothing, so a fresh one may begin at once."""
    lock(session, attempt)
    if attempt.state is AttemptState.NOT_PASSED:
        attempt.void(VoidCause.APPEAL)
        body = (
            "Your appeal was upheld: the attempt no longer counts, and you can sit the exam again."
        )
        _write(session, attempt, "Your appeal was upheld", body, now=now)


def score_again(
    session: Session,
    attempt: Attempt,
    points: list[Points],
    *,
    by: int | None,
    reason: str,
    now: datetime,
) -> None:
    """Keep a new score beside the old one, and tell its person.

    Whoever reaches the pass mark by it passes, by a decision that replaces the one before; nobody
    loses a pass that they have.
    """
    found = totals.result(session, attempt, points)
    score = _keep(session, attempt, points, found, now)
    if found.passed and attempt.state is not AttemptState.PASSED:
        before = session.get(Decision, attempt.decision_id) if attempt.decision_id else None
        decision = _decide(
            session, attempt, score, Outcome.FOR, by=by, reason=reason, now=now, replaces=before
        )
        applications.exam_counts_again(session, attempt.account_id, attempt.exam_id, now=now)
        _pass(session, attempt, decision, now=now)
        return
    body = (
        f"Your exam score was computed anew. Why: {reason}\n\n"
        "The page below shows it. What you had passed stays passed."
    )
    _write(session, attempt, "Your exam score was computed anew", body, now=now)


def hand_over(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """The clock ran out: a named second person looks, and gets a letter."""
    second = reviewers.another(session, about=attempt.account_id, besides=attempt.reviewer_id)
    due = now + reviewers.SECOND_LOOK_WITHIN
    attempt.hand_over(reviewer_id=second.id if second else None, due_at=due)
    if second:
        path = f"/applications/results/{attempt.public_id}"
        letters.to_colleague(session, second, what="An exam result", path=path, due=due, now=now)


def _keep(
    session: Session, attempt: Attempt, points: list[Points], found: Result, now: datetime
) -> AttemptScore:
    before = queries.score(session, attempt.id)
    score = AttemptScore(
        attempt_id=attempt.id,
        number=before.number + 1 if before else 1,
        raw=found.raw,
        maximum=found.maximum,
        standard_error=found.standard_error,
        method=found.method,
        cut=attempt.cut,
        passed=found.passed,
        answered=sum(one.answered and one.scored for one in points),
        questions=sum(one.scored for one in points),
        areas=found.areas,
        scored_at=now,
    )
    session.add(score)
    session.add_all(
        ResponseScore(
            attempt_id=attempt.id,
            score_number=score.number,
            position=one.position,
            question_version_id=one.version_id,
            key_number=one.key_number,
            earned=one.earned,
            possible=one.possible,
            answered=one.answered,
            seconds=one.seconds,
        )
        for one in points
    )
    session.flush()
    return score


def sum_up(session: Session, version_ids: list[int], now: datetime) -> None:
    """Bring the questions' statistics up to date: pages see these and never a single point.

    Of fixed forms: an adaptive attempt is asked what it gets right about half of the time.
    """
    summed = (
        sa.select(
            ResponseScore.question_version_id,
            sa.func.count(),
            sa.func.count().filter(ResponseScore.answered),
            sa.func.avg(ResponseScore.earned / ResponseScore.possible),
            sa.literal(now, type_=QuestionStatistic.summed_at.type),
        )
        .join(Attempt, Attempt.id == ResponseScore.attempt_id)
        .where(ResponseScore.question_version_id.in_(version_ids), Attempt.design_id.is_(None))
        .group_by(ResponseScore.question_version_id)
        .order_by(ResponseScore.question_version_id)
    )
    names = ["question_version_id", "seen", "answered", "mean", "summed_at"]
    written = insert(QuestionStatistic).from_select(names, summed)
    changed = {name: written.excluded[name] for name in names[1:]}
    session.execute(written.on_conflict_do_update(index_elements=names[:1], set_=changed))


def _below(session: Session, attempt: Attempt) -> AttemptScore:
    lock(session, attempt)
    score = queries.score(session, attempt.id)
    if attempt.state is not AttemptState.BELOW or score is None:
        raise Conflict("This result is not waiting for a decision.")
    return score


def _pass(session: Session, attempt: Attempt, decision: Decision, *, now: datetime) -> None:
    attempt.passed(decision_id=decision.id)
    exam = session.get_one(Exam, attempt.exam_id)
    qualifications.grant(
        session,
        account_id=attempt.account_id,
        qualification=session.get_one(Qualification, exam.qualification_id),
        months=exam.valid_months,
        attempt=attempt,
        now=now,
    )
    body = (
        f"You passed “{exam.title}”. The page below shows your score, its margin and what follows."
    )
    _write(session, attempt, "You passed the exam", body, now=now)
    for application in _applications(session, attempt):
        applications.advance(session, application, now=now)


def _applications(session: Session, attempt: Attempt) -> list[Application]:
    query = application_queries.screened_for_exam(attempt.account_id, attempt.exam_id)
    return list(session.scalars(query))


def _decide(
    session: Session,
    attempt: Attempt,
    score: AttemptScore,
    outcome: Outcome,
    *,
    by: int | None,
    reason: str,
    now: datetime,
    replaces: Decision | None = None,
) -> Decision:
    exam = session.get_one(Exam, attempt.exam_id)
    passed = outcome is Outcome.FOR
    return decide(
        session,
        account_id=attempt.account_id,
        kind="exam.passed" if passed else "exam.not_passed",
        outcome=outcome,
        subject=("attempt", attempt.id),
        rule=(f"exam {exam.slug}", f"form {attempt.form_id}, pass mark {attempt.cut:g}"),
        evidence={
            "attempt": attempt.number,
            "score": score.raw,
            "maximum": score.maximum,
            "standard_error": score.standard_error,
            "method": score.method,
            "pass_mark": score.cut,
        },
        reason=reason or "The score reaches the pass mark.",
        decided_by=by,
        now=now,
        replaces=replaces,
        letter=_not_passed(attempt, reason),
    )


def _not_passed(attempt: Attempt, reason: str) -> Letter:
    body = (
        f"You did not reach the pass mark this time.\n\nWhy: {reason}\n\n"
        "The page below shows your score and its margin, the attempts you have left and from when,"
        " and how to appeal within 14 days; a different person then looks."
    )
    return Letter("About your exam", body, path=_result(attempt))


def _write(session: Session, attempt: Attempt, subject: str, body: str, *, now: datetime) -> None:
    letters.to_person(session, attempt.account_id, subject, body, path=_result(attempt), now=now)


def _result(attempt: Attempt) -> str:
    return f"/exams/{attempt.public_id}/result"
