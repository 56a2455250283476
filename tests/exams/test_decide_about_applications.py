"""Applications: approved by the rule, decided by people, handed over when a clock runs out."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams import jobs
from exams.models import Application, ApplicationState, AttemptState
from exams.queries import live_qualifications
from exams.service import applications, qualifications
from portal import clock
from portal.access import Role
from portal.accounts.models import Account
from portal.accounts.queries import roles_of
from portal.decisions import Appeal, AppealState, Decision, Outcome
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity.models import CheckState
from portal.ids import random_id
from portal.mail.models import MailMessage
from tests.exams.make import FALLS_SHORT
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def _through(make: Make, account: Account) -> Application:
    """Someone with everything done: exam passed, identity verified."""
    exam = make.exam()
    application = make.application(account, make.opening(exam))
    make.identity_check(account, state=CheckState.VERIFIED)
    make.graded(make.attempt(account, exam), right=5)
    return application


def test_with_every_task_done_the_rule_approves_and_makes_an_expert(
    session: Session, make: Make
) -> None:
    account = make.applicant()
    application = _through(make, account)
    decision = session.get_one(Decision, application.decision_id)
    assert application.state is ApplicationState.APPROVED
    assert (decision.outcome, decision.decided_by_id) == (Outcome.FOR, None)
    assert Role.EXPERT in roles_of(session, account.id)


def test_an_approved_person_is_told(session: Session, make: Make) -> None:
    account = make.applicant()
    _through(make, account)
    subjects = session.scalars(
        sa.select(MailMessage.subject).where(MailMessage.recipient == account.email)
    ).all()
    assert "You are in" in subjects


def test_an_identity_check_that_settles_last_completes_the_application(
    session: Session, make: Make
) -> None:
    account, exam = make.applicant(), make.exam()
    application = make.application(account, make.opening(exam))
    make.graded(make.attempt(account, exam), right=5)
    assert application.is_open
    check = make.identity_check(account, state=CheckState.VERIFIED)
    for _ in range(2):
        jobs.identity_settled(check.id)
    session.refresh(application)
    assert application.state is ApplicationState.APPROVED


def test_unmet_requirements_wait_for_a_person_seven_days(make: Make, now: datetime) -> None:
    application = make.application(answers=FALLS_SHORT)
    assert application.state is ApplicationState.REVIEW
    assert application.unmet == ["years"]
    assert application.review_due_at == now + timedelta(days=7)


def test_unmet_requirements_need_an_explanation(
    session: Session, make: Make, now: datetime
) -> None:
    application = make.application(answers=None)
    with pytest.raises(Invalid, match="why you apply all the same"):
        applications.answer_screening(
            session, application, answers=FALLS_SHORT, explanation=" ", now=now
        )


def test_a_person_lets_someone_go_on(session: Session, make: Make, now: datetime) -> None:
    application = make.application(answers=FALLS_SHORT)
    by = make.account(Role.MANAGER).id
    applications.let_go_on(session, application, by=by, reason="Ten years elsewhere.", now=now)
    assert application.state is ApplicationState.SCREENED


def test_only_a_person_refuses_and_says_why(session: Session, make: Make, now: datetime) -> None:
    application = make.application(answers=FALLS_SHORT)
    by = make.account(Role.MANAGER).id
    with pytest.raises(Invalid):
        applications.refuse(session, application, by=by, reason="", now=now)
    decision = applications.refuse(session, application, by=by, reason="Too early.", now=now)
    assert application.state is ApplicationState.NOT_ACCEPTED
    assert decision.appeal_until == now + timedelta(days=14)


def test_nobody_decides_about_their_own_application(
    session: Session, make: Make, now: datetime
) -> None:
    application = make.application(answers=FALLS_SHORT)
    with pytest.raises(Forbidden):
        applications.let_go_on(session, application, by=application.account_id, reason="", now=now)


def test_an_application_that_does_not_wait_is_not_decided(
    session: Session, make: Make, now: datetime
) -> None:
    with pytest.raises(Conflict):
        applications.refuse(
            session, make.application(), by=make.account().id, reason="No.", now=now
        )


def _appeal(session: Session, decision: Decision, now: datetime, by: int) -> Appeal:
    appeal = Appeal(
        public_id=random_id(),
        decision_id=decision.id,
        words="Look again.",
        made_at=now,
        answer_by=now + timedelta(days=14),
    )
    session.add(appeal)
    session.flush()
    appeal.settle(AppealState.UPHELD, by=by, answer="You are right.", now=now)
    session.flush()
    return appeal


def test_an_upheld_appeal_reopens_the_application(
    session: Session, make: Make, now: datetime
) -> None:
    application = make.application(answers=FALLS_SHORT)
    by = make.account(Role.MANAGER).id
    decision = applications.refuse(session, application, by=by, reason="Too early.", now=now)
    appeal = _appeal(session, decision, now, make.account(Role.ADMIN).id)
    for _ in range(2):
        jobs.appeal_upheld(appeal.id)
    session.refresh(application)
    assert application.state is ApplicationState.SCREENED


def test_an_overdue_application_goes_to_a_named_second_person(session: Session, make: Make) -> None:
    second = make.account(Role.MANAGER)
    application = make.application(answers=FALLS_SHORT)
    application.review_due_at = clock.now(session) - timedelta(minutes=1)
    session.flush()
    for _ in range(2):
        jobs.sweep(0)
    session.refresh(application)
    assert application.reviewer_id is not None
    assert application.review_due_at
    assert application.review_due_at > clock.now(session)
    letters = session.scalars(
        sa.select(MailMessage.recipient).where(MailMessage.subject.like("An application%"))
    ).all()
    assert len(letters) == 1
    assert second.email in letters or application.reviewer_id != second.id


def test_the_sweep_ends_an_attempt_whose_time_and_grace_are_over(
    session: Session, make: Make
) -> None:
    now = clock.now(session)
    over = make.attempt(now=now - timedelta(minutes=46))
    within = make.attempt(now=now - timedelta(minutes=45, seconds=10))
    jobs.sweep(0)
    session.refresh(over)
    session.refresh(within)
    assert (over.state, over.finished_at) == (AttemptState.FINISHED, over.deadline)
    assert within.state is AttemptState.OPEN


def test_a_qualification_that_ends_soon_is_told_once(session: Session, make: Make) -> None:
    account = make.applicant()
    make.graded(make.attempt(account), right=5)
    grant = session.scalars(live_qualifications(account.id, clock.now(session))).one()
    grant.granted_at = clock.now(session) - timedelta(days=700)
    grant.expires_at = clock.now(session) + timedelta(days=29)
    session.flush()
    for _ in range(2):
        jobs.sweep(0)
    told = sa.select(sa.func.count()).where(
        MailMessage.recipient == account.email, MailMessage.subject.like("A qualification%")
    )
    assert session.scalar(told) == 1


def test_a_revoked_qualification_no_longer_counts_and_enrolments_look_again(
    session: Session, make: Make, now: datetime
) -> None:
    account = make.applicant()
    make.graded(make.attempt(account), right=5)
    grant = session.scalars(live_qualifications(account.id, now)).one()
    by = make.account(Role.MANAGER).id
    qualifications.revoke(session, grant, by=by, reason="Granted in error.", now=now)
    session.flush()
    assert session.scalars(live_qualifications(account.id, now)).all() == []
    assert account.qualification_revision == 2


def test_a_qualification_of_months_ends_on_the_same_day_or_the_months_last() -> None:
    start = datetime.fromisoformat("2026-01-31T10:00:00+00:00")
    assert qualifications.months_later(start, 1).isoformat() == "2026-02-28T10:00:00+00:00"
    assert qualifications.months_later(start, 24).isoformat() == "2028-01-31T10:00:00+00:00"


def test_the_queue_shows_what_waits_and_takes_the_decision(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    application = make.application(make.applicant(), answers=FALLS_SHORT)
    attempt = make.graded(make.attempt(), right=1)
    browser = sign_in(make.account(Role.MANAGER))
    page = browser.get("/applications").text
    for path in (f"queue/{application.public_id}", f"results/{attempt.public_id}"):
        assert path in page
        assert browser.get(f"/applications/{path}").status_code == 200
        assert browser.post(f"/applications/{path}", data={}).status_code == 422
        told = browser.post(
            f"/applications/{path}", data={"verdict": "against", "reason": "Not this time."}
        )
        assert told.status_code == 303
    session.refresh(application)
    session.refresh(attempt)
    assert application.state is ApplicationState.NOT_ACCEPTED
    assert attempt.state is AttemptState.NOT_PASSED


def test_ones_own_application_is_not_in_ones_queue(sign_in: SignIn, make: Make) -> None:
    account = make.applicant()
    make.grant(account, Role.MANAGER)
    application = make.application(account, answers=FALLS_SHORT)
    browser = sign_in(account)
    assert str(application.public_id) not in browser.get("/applications").text
    assert browser.get(f"/applications/queue/{application.public_id}").status_code == 404


def test_ones_own_result_is_neither_in_ones_queue_nor_found(sign_in: SignIn, make: Make) -> None:
    me, other = make.applicant(), make.applicant()
    exam = make.exam()
    own, theirs = (make.graded(make.attempt(one, exam), right=1) for one in (me, other))
    make.grant(me, Role.REVIEWER)
    browser = sign_in(me)
    queue = browser.get("/applications").text
    assert (str(own.public_id) in queue, str(theirs.public_id) in queue) == (False, True)
    found = [
        browser.get(f"/applications/results/{one.public_id}").status_code for one in (own, theirs)
    ]
    assert found == [404, 200]


def test_a_clients_manager_decides_nothing_that_is_not_the_clients(
    sign_in: SignIn, make: Make
) -> None:
    application = make.application(make.applicant(), answers=FALLS_SHORT)
    attempt = make.graded(make.attempt(make.applicant()), right=1)
    theirs = make.account(name="Somebody Else")
    make.grant(theirs, Role.MANAGER, organisation=make.organisation())
    browser = sign_in(theirs)
    queue = browser.get("/applications").text
    for place, row in (("queue", application), ("results", attempt)):
        path = f"/applications/{place}/{row.public_id}"
        assert str(row.public_id) not in queue
        assert browser.get(path).status_code == 404
        answer = browser.post(path, data={"verdict": "against", "reason": "No"})
        assert answer.status_code == 404


def test_a_graded_result_is_judged_without_a_name(sign_in: SignIn, make: Make) -> None:
    account = make.applicant()
    attempt = make.graded(make.attempt(account), right=1)
    page = sign_in(make.account(Role.REVIEWER, name="Ines Duarte")).get(
        f"/applications/results/{attempt.public_id}"
    )
    assert account.display_name not in page.text
    assert account.email not in page.text


def test_the_managers_page_shows_the_funnel_and_the_questions(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    exam = make.exam()
    make.graded(make.attempt(exam=exam), right=5)
    browser = sign_in(make.account(Role.MANAGER))
    assert exam.title in browser.get("/exams").text
    page = browser.get(f"/exams/manage/{exam.slug}").text
    for words in ("How far people come", "first-wrong-step", "too early to say"):
        assert words in page
    assert "CANARY" not in page
