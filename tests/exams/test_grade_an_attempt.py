"""Grading: the score and its error, what a pass grants, what a person decides below the mark."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptScore,
    AttemptState,
    Exam,
    QualificationGrant,
    QuestionStatistic,
    ResponseScore,
)
from exams.queries import attempts as queries
from exams.queries import live_qualifications
from exams.service import attempts, grading, scoring, starting
from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Decision, Outcome
from portal.errors import Conflict, Forbidden, Invalid
from tests.make import Make


def test_every_right_answer_earns_its_points(session: Session, make: Make) -> None:
    score = queries.score(session, make.graded(make.attempt(), right=5).id)
    assert score
    assert (score.raw, score.maximum, score.passed, score.answered) == (5, 5, True, 5)


def test_an_empty_attempt_scores_nothing_and_waits_for_a_person(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.graded(make.attempt(), right=0)
    score = queries.score(session, attempt.id)
    assert score
    assert (score.raw, score.answered, score.standard_error > 0) == (0, 0, True)
    assert attempt.state is AttemptState.BELOW
    assert attempt.review_due_at == now + timedelta(minutes=20, days=7)


def test_a_score_at_the_pass_mark_passes(session: Session, make: Make) -> None:
    assert make.graded(make.attempt(), right=3).state is AttemptState.PASSED


def test_points_are_summed_by_area(session: Session, make: Make) -> None:
    score = queries.score(session, make.graded(make.attempt(), right=3).id)
    assert score
    assert score.areas == {
        "policy": {"earned": 2.0, "possible": 3.0},
        "measurement": {"earned": 1.0, "possible": 2.0},
    }


def test_a_pass_grants_the_qualification_and_says_so_to_enrolments(
    session: Session, make: Make, now: datetime
) -> None:
    account = make.applicant()
    make.graded(make.attempt(account), right=5)
    grant = session.scalars(live_qualifications(account.id, now)).one()
    assert grant.expires_at.date().isoformat() == "2028-11-23"
    assert account.qualification_revision == 1


def test_a_pass_is_a_decision_of_the_rule_for_the_person(session: Session, make: Make) -> None:
    attempt = make.graded(make.attempt(), right=5)
    decision = session.get_one(Decision, attempt.decision_id)
    assert (decision.outcome, decision.decided_by_id) == (Outcome.FOR, None)
    assert decision.evidence["pass_mark"] == 0.6
    assert decision.evidence["standard_error"] > 0


def test_no_machine_decides_against_a_person(session: Session, make: Make) -> None:
    attempt = make.graded(make.attempt(), right=1)
    about = sa.select(sa.func.count()).where(Decision.account_id == attempt.account_id)
    assert session.scalar(about.select_from(Decision)) == 0


def test_a_person_confirms_with_a_reason_and_it_may_be_appealed(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.graded(make.attempt(), right=1)
    by = make.account(Role.REVIEWER).id
    decision = grading.confirm(session, attempt, by=by, reason="Four of five missed.", now=now)
    assert attempt.state is AttemptState.NOT_PASSED
    assert (decision.outcome, decision.appeal_until) == (
        Outcome.AGAINST,
        now + timedelta(days=14),
    )


def test_a_confirmation_needs_a_reason(session: Session, make: Make, now: datetime) -> None:
    attempt = make.graded(make.attempt(), right=1)
    with pytest.raises(Invalid):
        grading.confirm(session, attempt, by=make.account().id, reason=" ", now=now)


def test_nobody_confirms_their_own_result(session: Session, make: Make, now: datetime) -> None:
    attempt = make.graded(make.attempt(), right=1)
    with pytest.raises(Forbidden):
        grading.confirm(session, attempt, by=attempt.account_id, reason="No.", now=now)


def test_a_passed_attempt_is_not_confirmed_away(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = make.graded(make.attempt(), right=5)
    with pytest.raises(Conflict):
        grading.confirm(session, attempt, by=make.account().id, reason="No.", now=now)


def test_grading_twice_changes_nothing(session: Session, make: Make, now: datetime) -> None:
    attempt = make.graded(make.attempt(), right=5)
    grading.grade(session, attempt, now=now)
    for table in (AttemptScore, QualificationGrant):
        counted = sa.select(sa.func.count()).where(table.attempt_id == attempt.id)
        assert session.scalar(counted) == 1


def _below(session: Session, make: Make, account: Account, exam: Exam, at: datetime) -> Attempt:
    attempt = make.attempt(account, exam, now=at)
    attempts.finish(session, attempt, now=at)
    grading.grade(session, attempt, now=at)
    by = make.account(Role.REVIEWER).id
    grading.confirm(session, attempt, by=by, reason="Nothing was answered.", now=at)
    return attempt


def test_the_next_attempt_waits_for_the_cool_down(
    session: Session, make: Make, now: datetime
) -> None:
    exam, account = make.exam(), make.applicant()
    _below(session, make, account, exam, now)
    early = starting.may_start(session, exam, account.id, now=now + timedelta(days=29))
    assert early.not_before == now + timedelta(days=30)
    assert starting.may_start(session, exam, account.id, now=now + timedelta(days=30)).allowed


def test_there_is_no_attempt_past_the_limit(session: Session, make: Make, now: datetime) -> None:
    exam, account = make.exam(maximum_attempts=2), make.applicant()
    for number in range(2):
        _below(session, make, account, exam, now + timedelta(days=31 * number))
    verdict = starting.may_start(session, exam, account.id, now=now + timedelta(days=90))
    assert (verdict.allowed, verdict.left) == (False, 0)


def test_an_attempt_voided_by_an_appeal_uses_up_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    exam, account = make.exam(maximum_attempts=1), make.applicant()
    grading.void(session, _below(session, make, account, exam, now), now=now)
    assert starting.may_start(session, exam, account.id, now=now).allowed
    assert make.attempt(account, exam).number == 2


def test_the_questions_are_summed_up_over_everyone_who_saw_them(
    session: Session, make: Make
) -> None:
    exam = make.exam()
    for right in (5, 0):
        make.graded(make.attempt(make.applicant(), exam), right=right)
    rows = session.scalars(
        sa.select(QuestionStatistic).where(
            QuestionStatistic.question_version_id.in_(sa.select(ResponseScore.question_version_id))
        )
    ).all()
    newest = [row for row in rows if row.seen == 2]
    assert {(row.seen, row.answered, row.mean) for row in newest} == {(2, 1, 0.5)}


def test_the_error_is_lords_and_never_nothing() -> None:
    assert scoring.standard_error(0.5, 25) == pytest.approx((0.25 / 24) ** 0.5)
    assert scoring.standard_error(1.0, 24) > 0
    assert scoring.standard_error(0.5, 1) > 0
