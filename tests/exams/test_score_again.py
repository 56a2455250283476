"""Scoring again: the difference first, two people, one job, nobody loses a pass."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams import jobs, scoring_jobs
from exams.models import (
    ApplicationState,
    Attempt,
    AttemptScore,
    AttemptState,
    Exam,
    QualificationGrant,
    QuestionVersion,
    QuestionVoid,
    Rescoring,
    RescoringCause,
    RescoringState,
    ReviewCause,
)
from exams.queries import attempts as queries
from exams.queries import live_qualifications
from exams.service import grading, qualifications, rescoring
from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Decision, appeals
from portal.errors import Conflict, Forbidden, Invalid
from tests.exams.make import QUESTIONS
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def exam(make: Make) -> Exam:
    """Five questions, of which three pass."""
    return make.exam()


def at(session: Session, exam: Exam, position: int) -> QuestionVersion:
    """The version at a place of the exam's form."""
    form = session.scalars(queries.newest_form(exam.id)).one()
    return session.scalars(queries.question_at(form.id, position)).one()


def asked(
    session: Session,
    make: Make,
    version: QuestionVersion,
    cause: RescoringCause = RescoringCause.VOIDED,
) -> Rescoring:
    """Ask for it, and let the worker work out the difference."""
    by = make.account(Role.MANAGER).id
    found = rescoring.ask(
        session, version, cause=cause, reason="Two options are right.", by=by, now=make.now
    )
    rescoring.run(session, found, now=make.now)
    session.flush()
    return found


def done(session: Session, make: Make, found: Rescoring, *, now: datetime | None = None) -> None:
    """A second person approves, and the worker does it."""
    rescoring.approve(session, found, by=make.account(Role.REVIEWER).id, now=now or make.now)
    rescoring.run(session, found, now=now or make.now)
    session.flush()


def counts(found: Rescoring) -> dict[str, Any]:
    """The difference without its digest."""
    return {name: value for name, value in (found.difference or {}).items() if name != "digest"}


def test_the_difference_is_shown_and_nothing_has_changed(
    session: Session, make: Make, exam: Exam
) -> None:
    attempts = [make.graded(make.attempt(exam=exam), right=right) for right in (0, 2, 4, 5)]
    found = asked(session, make, at(session, exam, 5))
    assert counts(found) == {
        "attempts": 4,
        "higher": 3,
        "lower": 0,
        "pass": 1,
        "keep_pass": 0,
        "steps": {"+0": 1, "+1": 3},
    }
    scores = sa.select(sa.func.count()).select_from(AttemptScore)
    assert session.scalar(scores) == 4
    assert session.scalar(sa.select(sa.func.count()).select_from(QuestionVoid)) == 0
    assert attempts[1].state is AttemptState.BELOW


def test_approved_it_is_done_as_it_was_shown(session: Session, make: Make, exam: Exam) -> None:
    attempts = [make.graded(make.attempt(exam=exam), right=right) for right in (0, 2, 4, 5)]
    found = asked(session, make, at(session, exam, 5))
    shown = counts(found)
    done(session, make, found)
    assert (found.state, counts(found)) == (RescoringState.DONE, shown)
    raws = [queries.score(session, one.id).raw for one in attempts]  # type: ignore[union-attr]
    assert raws == [1, 3, 5, 5]
    numbers = [queries.score(session, one.id).number for one in attempts]  # type: ignore[union-attr]
    assert numbers == [2, 2, 2, 1]
    assert [one.state for one in attempts] == [AttemptState.BELOW] + [AttemptState.PASSED] * 3


def test_who_passes_by_it_is_qualified_by_a_decision_that_replaces_the_one_before(
    session: Session, make: Make, exam: Exam
) -> None:
    account = make.applicant()
    attempt = make.graded(make.attempt(account, exam), right=2)
    make.refused(attempt, now=make.now + timedelta(hours=1))
    before = attempt.decision_id
    done(session, make, asked(session, make, at(session, exam, 5)))
    decision = session.get_one(Decision, attempt.decision_id)
    assert (decision.kind, decision.replaces_id) == ("exam.passed", before)
    assert decision.decided_by_id is not None
    assert session.scalars(live_qualifications(account.id, make.now)).all()


def test_an_application_that_ended_for_the_exam_goes_on(
    session: Session, make: Make, now: datetime
) -> None:
    exam, account = make.exam(maximum_attempts=1), make.applicant()
    application = make.application(account, make.opening(exam))
    attempt = make.graded(make.attempt(account, exam), right=2)
    make.refused(attempt, now=now + timedelta(hours=1))
    session.refresh(application)
    assert application.review_cause is ReviewCause.EXAM
    done(session, make, asked(session, make, at(session, exam, 5)))
    assert application.state is ApplicationState.SCREENED


def test_nobody_approves_what_they_asked_for_or_sat(
    session: Session, make: Make, exam: Exam
) -> None:
    found = asked(session, make, at(session, exam, 5))
    with pytest.raises(Forbidden, match="second person"):
        rescoring.approve(session, found, by=found.asked_by_id, now=make.now)
    sat = make.attempt(exam=exam)
    with pytest.raises(Forbidden, match="sat this exam"):
        rescoring.approve(session, found, by=sat.account_id, now=make.now)


def test_what_came_meanwhile_is_shown_first(session: Session, make: Make, exam: Exam) -> None:
    make.graded(make.attempt(exam=exam), right=2)
    found = asked(session, make, at(session, exam, 5))
    make.graded(make.attempt(exam=exam), right=2)
    done(session, make, found)
    assert (found.state.value, found.approved_by_id) == ("shown", None)
    assert counts(found)["pass"] == 2
    done(session, make, found)
    assert found.state is RescoringState.DONE


def test_run_twice_it_does_it_once(session: Session, make: Make, exam: Exam) -> None:
    attempt = make.graded(make.attempt(exam=exam), right=2)
    found = asked(session, make, at(session, exam, 5))
    rescoring.approve(session, found, by=make.account(Role.REVIEWER).id, now=make.now)
    session.flush()
    for _ in range(2):
        scoring_jobs.rescore(found.id)
    session.expire_all()
    assert queries.score(session, attempt.id).number == 2  # type: ignore[union-attr]


def test_dropped_it_changes_nothing_and_may_be_asked_for_again(
    session: Session, make: Make, exam: Exam
) -> None:
    version = at(session, exam, 5)
    found = asked(session, make, version)
    with pytest.raises(Conflict, match="already"):
        asked(session, make, version)
    rescoring.drop(session, found, by=make.account(Role.MANAGER).id, now=make.now)
    session.flush()
    assert asked(session, make, version).state is RescoringState.SHOWN


def test_a_question_is_voided_once_and_for_those_who_come_later(
    session: Session, make: Make, exam: Exam
) -> None:
    version = at(session, exam, 5)
    done(session, make, asked(session, make, version))
    later = make.graded(make.attempt(exam=exam), right=2)
    assert later.state is AttemptState.PASSED
    with pytest.raises(Conflict, match="counts for nobody already"):
        asked(session, make, version)


def test_it_needs_a_reason(session: Session, make: Make, exam: Exam) -> None:
    with pytest.raises(Invalid, match="Say why"):
        rescoring.ask(
            session,
            at(session, exam, 1),
            cause=RescoringCause.VOIDED,
            reason=" ",
            by=make.account(Role.MANAGER).id,
            now=make.now,
        )


def test_a_mended_key_lifts_some_lowers_others_and_takes_no_pass(
    session: Session, make: Make, exam: Exam
) -> None:
    passed = make.graded(make.attempt(exam=exam), right=3)
    below = make.graded(make.attempt(exam=exam), right=2)
    mended = [
        {**one, "key": {"option": "a"}} if one["slug"] == "which-one" else one for one in QUESTIONS
    ]
    make.again(exam, questions=mended)
    found = asked(session, make, at(session, exam, 1), RescoringCause.KEY_MENDED)
    assert (counts(found)["lower"], counts(found)["keep_pass"]) == (2, 1)
    done(session, make, found)
    assert (passed.state, below.state) == (AttemptState.PASSED, AttemptState.BELOW)
    assert queries.score(session, passed.id).passed is False  # type: ignore[union-attr]
    held = sa.select(QualificationGrant).where(QualificationGrant.attempt_id == passed.id)
    assert session.scalars(held).one().revoked_at is None


def test_everybody_whose_score_changes_reads_why(
    session: Session, sign_in: SignIn, make: Make, exam: Exam
) -> None:
    account = make.applicant()
    attempt = make.graded(make.attempt(account, exam), right=1)
    later = make.now + timedelta(days=1)
    done(session, make, asked(session, make, at(session, exam, 5)), now=later)
    page = sign_in(account).get(f"/exams/{attempt.public_id}/result").text
    assert "computed anew" in page
    assert "Two options are right." in page


def test_by_the_pages(session: Session, sign_in: SignIn, make: Make, exam: Exam) -> None:
    make.graded(make.attempt(exam=exam), right=2)
    first, second = make.account(Role.MANAGER), make.account(Role.REVIEWER)
    version = at(session, exam, 5)
    overview = f"/exams/manage/{exam.slug}/rescoring"
    form = {"version": str(version.id), "cause": "voided", "reason": "Two options are right."}
    browser = sign_in(first)
    assert browser.post(overview, data=form | {"version": "999999"}).status_code == 422
    page = browser.post(overview, data=form).location
    assert "being worked out" in browser.get(page).text
    found = session.scalars(sa.select(Rescoring)).one()
    scoring_jobs.rescore(found.id)
    shown = browser.get(page).text
    assert "Reach the pass mark by it" in shown
    assert "Score them again" not in shown
    assert browser.post(f"{page}/approve").status_code == 403
    browser = sign_in(second)
    assert "Score them again" in browser.get(page).text
    assert browser.post(f"{page}/approve").status_code == 303
    scoring_jobs.rescore(found.id)
    session.expire_all()
    assert found.state is RescoringState.DONE
    assert version.content["prompt"] not in browser.get(overview).text


def upheld(session: Session, make: Make, decision: Decision, *, now: datetime) -> None:
    """An appeal, upheld by a second person, and what the worker does about it, twice."""
    appeal = appeals.make(session, decision, words="It was not so.", now=now)
    by = make.account(Role.REVIEWER).id
    appeals.uphold(session, appeal, by=by, answer="You are right.", now=now)
    session.flush()
    for _ in range(2):
        jobs.appeal_upheld(appeal.id)
    session.expire_all()


def test_an_upheld_appeal_gives_a_qualification_back_with_the_time_it_was_gone(
    session: Session, make: Make, now: datetime, exam: Exam, app: object
) -> None:
    account = make.applicant()
    make.graded(make.attempt(account, exam), right=5)
    held = session.scalars(live_qualifications(account.id, now + timedelta(hours=1))).one()
    ends, revision = held.expires_at, account.qualification_revision
    qualifications.revoke(
        session, held, by=make.account(Role.MANAGER).id, reason="A doubt.", now=now
    )
    decision = session.get_one(Decision, held.revoked_by_decision_id)
    upheld(session, make, decision, now=now + timedelta(days=3))
    assert held.revoked_at is None
    assert ends + timedelta(days=3) <= held.expires_at + timedelta(seconds=1)
    assert account.qualification_revision == revision + 2


def test_an_upheld_appeal_against_a_result_voids_it(
    session: Session, make: Make, now: datetime, exam: Exam, app: object
) -> None:
    attempt: Attempt = make.graded(make.attempt(exam=exam), right=1)
    decision = grading.confirm(
        session, attempt, by=make.account(Role.MANAGER).id, reason="Below.", now=now
    )
    upheld(session, make, decision, now=now + timedelta(days=1))
    assert attempt.state is AttemptState.VOIDED
