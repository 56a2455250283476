"""More time and breaks: asked for, granted in time, exact to the second, known to nobody else."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams import jobs
from exams.models import Accommodation, AccommodationState, AttemptEvent, EventKind
from exams.queries import accommodations as queries
from exams.queries import attempts as attempt_queries
from exams.service import accommodations, sheet
from exams.service.accommodations import NONE, Allowance
from portal import clock
from portal.access import Principal, Role
from portal.accounts.models import Account
from portal.audit import AuditEvent
from portal.decisions import Decision, appeals
from portal.decisions.queries import appeals_for
from portal.errors import Conflict, Forbidden, Invalid
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
HALF_MORE = Allowance(1.5)
TWICE = Allowance(2.0)


def asked(
    session: Session, make: Make, now: datetime, wanted: Allowance = HALF_MORE, words: str = ""
) -> Accommodation:
    account_id = make.applicant().id
    return accommodations.ask(session, account_id=account_id, wanted=wanted, words=words, now=now)


def test_half_as_much_time_again_needs_no_words(
    session: Session, make: Make, now: datetime
) -> None:
    assert asked(session, make, now).state is AccommodationState.ASKED


@pytest.mark.parametrize("wanted", [TWICE, Allowance(untimed=True), Allowance(break_minutes=20)])
def test_anything_more_needs_a_few_words(
    session: Session, make: Make, now: datetime, wanted: Allowance
) -> None:
    with pytest.raises(Invalid, match="what would help"):
        asked(session, make, now, wanted)
    assert asked(session, make, now, wanted, "I read with a screen reader.")


@pytest.mark.parametrize("wanted", [NONE, Allowance(1.7), Allowance(1.5, untimed=True)])
def test_only_what_we_offer_can_be_asked_for(
    session: Session, make: Make, now: datetime, wanted: Allowance
) -> None:
    with pytest.raises(Invalid, match="that we offer"):
        asked(session, make, now, wanted, "words")


def test_an_answer_is_due_in_two_working_days(session: Session, make: Make) -> None:
    friday = datetime.fromisoformat("2026-11-27T12:00Z")
    tuesday = datetime.fromisoformat("2026-12-01T12:00Z")
    assert asked(session, make, friday).answer_by == tuesday


def test_nobody_asks_twice_at_once(session: Session, make: Make, now: datetime) -> None:
    first = asked(session, make, now)
    with pytest.raises(Conflict, match="asked already"):
        accommodations.ask(
            session, account_id=first.account_id, wanted=HALF_MORE, words="", now=now
        )


def test_silence_grants_what_needs_no_proof(session: Session, make: Make, now: datetime) -> None:
    waiting = asked(session, make, clock.now(session) - timedelta(days=7))
    session.flush()
    jobs.sweep(0)
    session.expire_all()
    assert (waiting.state, waiting.decided_by_id) == (AccommodationState.GRANTED, None)


def test_silence_names_a_second_person_for_anything_more(
    session: Session, make: Make, now: datetime
) -> None:
    second = make.account(Role.COMPLIANCE)
    waiting = asked(session, make, clock.now(session) - timedelta(days=7), TWICE, "words")
    session.flush()
    jobs.sweep(0)
    session.expire_all()
    assert (waiting.state, waiting.reviewer_id) == (AccommodationState.ASKED, second.id)
    assert waiting.answer_by is not None
    assert waiting.answer_by > clock.now(session)


@pytest.mark.parametrize("factor", [1.25, 1.5, 2.0])
def test_a_granted_factor_is_exact_to_the_second(
    session: Session, make: Make, now: datetime, factor: float
) -> None:
    account, officer = make.applicant(), make.account(Role.COMPLIANCE)
    accommodations.grant_unasked(
        session, account_id=account.id, wanted=Allowance(factor), by=officer.id, now=now
    )
    attempt = make.attempt(account, make.exam(allowed_minutes=43), allowance=None)
    assert attempt.deadline == now + timedelta(seconds=43 * 60 * factor)


def test_during_an_attempt_the_deadline_moves_by_exactly_what_is_added(
    session: Session, make: Make, now: datetime
) -> None:
    account, officer = make.applicant(), make.account(Role.COMPLIANCE)
    attempt = make.attempt(account, make.exam(allowed_minutes=43))
    for factor in (1.25, 2.0, 1.5):  # what is less than they have takes nothing off
        accommodations.grant_unasked(
            session,
            account_id=account.id,
            wanted=Allowance(factor),
            by=officer.id,
            now=now + timedelta(minutes=7),
        )
    assert attempt.deadline == now + timedelta(seconds=43 * 60 * 2)
    found = list(session.scalars(attempt_queries.events(attempt.id)))
    assert sheet.read(found).clock.deadline == attempt.deadline
    assert sheet.first_break(found) is None


def test_untimed_has_no_deadline_and_never_ends_by_itself(
    session: Session, make: Make, now: datetime
) -> None:
    account, officer = make.applicant(), make.account(Role.COMPLIANCE)
    attempt = make.attempt(account)
    accommodations.grant_unasked(
        session, account_id=account.id, wanted=Allowance(untimed=True), by=officer.id, now=now
    )
    assert attempt.deadline is None
    assert make.save(attempt, 3, ["1"], at=now + timedelta(days=3)).late is False


def test_extra_breaks_are_added_to_an_attempt_under_way(
    session: Session, make: Make, now: datetime
) -> None:
    account, officer = make.applicant(), make.account(Role.COMPLIANCE)
    attempt = make.attempt(account)
    accommodations.grant_unasked(
        session, account_id=account.id, wanted=Allowance(break_minutes=20), by=officer.id, now=now
    )
    assert attempt.break_seconds == 20 * 60


def test_granting_is_on_record_and_nobody_grants_their_own(
    session: Session, make: Make, now: datetime
) -> None:
    officer = make.account(Role.COMPLIANCE, Role.EXPERT)
    with pytest.raises(Forbidden, match="their own"):
        accommodations.grant_unasked(
            session, account_id=officer.id, wanted=HALF_MORE, by=officer.id, now=now
        )
    waiting = asked(session, make, now)
    accommodations.grant(session, waiting, by=officer.id, now=now)
    session.flush()
    act = sa.select(AuditEvent.actor_id).where(
        AuditEvent.action == "accommodation.granted", AuditEvent.subject_id == waiting.id
    )
    assert session.scalars(act).one() == officer.id


def test_what_they_wrote_is_sealed_and_read_only_with_a_reason(
    session: Session, make: Make, now: datetime
) -> None:
    waiting = asked(session, make, now, TWICE, "I have low vision.")
    session.flush()
    raw = session.scalar(sa.text("SELECT words FROM personal.accommodation"))
    assert b"vision" not in bytes(raw)
    with pytest.raises(Invalid, match="why you read"):
        accommodations.read_words(session, waiting, by=1, reason=" ", now=now)
    read = accommodations.read_words(session, waiting, by=1, reason="to answer", now=now)
    assert read == "I have low vision."
    session.flush()
    assert session.scalar(
        sa.select(AuditEvent.details).where(AuditEvent.action == "accommodation.words_read")
    ) == {"reason": "to answer"}


def declined(session: Session, make: Make, now: datetime) -> tuple[Accommodation, Decision]:
    officer = make.account(Role.COMPLIANCE)
    waiting = asked(session, make, now, TWICE, "words")
    decision = accommodations.decline(
        session, waiting, by=officer.id, reason="Please tell us more.", now=now
    )
    return waiting, decision


def test_an_appeal_against_a_refusal_is_for_compliance_alone(
    session: Session, make: Make, now: datetime, app: object
) -> None:
    waiting, decision = declined(session, make, now)
    make.application(session.get_one(Account, waiting.account_id))
    appeal = appeals.make(session, decision, words="I did.", now=now)
    session.flush()
    for role, sees in ((Role.MANAGER, False), (Role.REVIEWER, False), (Role.COMPLIANCE, True)):
        account = make.account(role)
        viewer = Principal(account.id, account.public_id, "", frozenset({role}), 0)
        found = session.scalars(appeals_for(viewer)).all()
        assert (appeal in found) is sees


def test_an_upheld_appeal_grants_it(
    session: Session, make: Make, now: datetime, app: object
) -> None:
    waiting, decision = declined(session, make, now)
    appeal = appeals.make(session, decision, words="I did.", now=now)
    appeals.uphold(session, appeal, by=make.account(Role.COMPLIANCE).id, answer="Yes.", now=now)
    session.flush()
    jobs.appeal_upheld(appeal.id)
    jobs.appeal_upheld(appeal.id)
    session.expire_all()
    assert waiting.state is AccommodationState.GRANTED
    assert accommodations.allowance(session, waiting.account_id) == TWICE


def test_asking_and_answering_by_the_pages(session: Session, sign_in: SignIn, make: Make) -> None:
    person, officer = make.applicant(), make.account(Role.COMPLIANCE)
    mine = {"time": "2", "breaks": "10", "words": "A screen reader reads slowly."}
    assert sign_in(person).post("/exams/time", data=mine).status_code == 303
    waiting = session.scalars(queries.asked(person.id)).one()
    browser = sign_in(officer)
    assert person.display_name in browser.get("/compliance/accommodations").text
    page = f"/compliance/accommodations/{waiting.public_id}"
    assert "screen reader" not in browser.get(page).text
    assert "screen reader" in browser.post(f"{page}/words", data={"why": "to answer"}).text
    assert browser.post(page, data={"verdict": "against"}).status_code == 422
    assert browser.post(page, data={"verdict": "for"}).status_code == 303
    session.expire_all()
    assert waiting.state is AccommodationState.GRANTED
    assert "2 times the time" in sign_in(person).get("/exams/time").text


def test_compliance_arranges_it_by_e_mail_address_but_not_for_itself(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    person, officer = make.applicant(), make.account(Role.COMPLIANCE)
    browser = sign_in(officer)
    form = {"time": "1.25", "breaks": "0"}
    refused = browser.post("/compliance/accommodations", data=form | {"email": officer.email})
    assert refused.status_code == 422
    browser.post("/compliance/accommodations", data=form | {"email": person.email.upper()})
    assert accommodations.allowance(session, person.id) == Allowance(1.25)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.REVIEWER])
def test_who_decides_about_a_result_sees_the_same_page_with_and_without(
    session: Session, sign_in: SignIn, make: Make, now: datetime, role: Role
) -> None:
    exam, viewer = make.exam(), make.account(role)
    pages = []
    for allowance in (NONE, Allowance(2.0, break_minutes=30)):
        account = make.applicant()
        attempt = make.graded(make.attempt(account, exam, allowance=allowance), right=1)
        page = sign_in(viewer).get(f"/applications/results/{attempt.public_id}")
        assert page.status_code == 200
        text = page.text.replace(str(attempt.public_id), "attempt")
        pages.append(re.sub(r"[\w-]+\.[\w-]{6}\.[\w-]{27}", "token", text))  # it carries its second
    assert pages[0] == pages[1]
    assert sign_in(viewer).get("/compliance/accommodations").status_code == 403


def test_the_event_that_gives_time_does_not_say_why(
    session: Session, make: Make, now: datetime
) -> None:
    account, officer = make.applicant(), make.account(Role.COMPLIANCE)
    attempt = make.attempt(account)
    accommodations.grant_unasked(
        session, account_id=account.id, wanted=TWICE, by=officer.id, now=now
    )
    given = sa.select(AttemptEvent).where(
        AttemptEvent.attempt_id == attempt.id, AttemptEvent.kind == EventKind.TIME_GIVEN
    )
    names = set(session.scalars(given).one().payload)
    assert names == {"outage", "seconds", "deadline", "section", "section_deadline", "from"}


def test_an_officers_own_request_waits_for_a_colleague(
    session: Session, make: Make, now: datetime
) -> None:
    own = asked(session, make, now)
    colleague = make.account(Role.COMPLIANCE).id
    assert own in session.scalars(queries.waiting(viewer_id=colleague)).all()
    assert own not in session.scalars(queries.waiting(viewer_id=own.account_id)).all()
