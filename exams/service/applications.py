"""Applying: starting, answering, being looked at by a person, being approved by the rule."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from exams.models import (
    Application,
    ApplicationState,
    Opening,
    OpeningState,
    ReviewCause,
)
from exams.queries import applications as queries
from exams.service import letters, progress, reviewers, screening
from portal import agreements, audit
from portal.access import Role
from portal.accounts.models import Grant
from portal.accounts.queries import is_paused, roles_of
from portal.db import lock
from portal.decisions import Decision, Letter, Outcome, decide
from portal.errors import Conflict, Invalid
from portal.ids import random_id

RULE: Final = ("application", "1: every task done, every unmet requirement settled by a person")
_STILL_OPEN: Final = ("opening_id", "account_id")


def start(
    session: Session, *, opening: Opening, account_id: int, country: str, now: datetime
) -> Application:
    """Begin an application, or give the one already begun, however often it is asked at once.

    Raises `Conflict` where the opening is closed or we cannot pay in the country yet.
    """
    if is_paused(session, account_id):
        raise Conflict("Your account is paused while a person looks. You can apply after that.")
    if opening.state is not OpeningState.OPEN:
        raise Conflict("This opening takes no new applications.")
    facts = queries.pay_in(session, country)
    if facts is None or not facts.payable:
        raise Conflict("We cannot pay where you live yet, so please do not apply for now.")
    values = {
        "public_id": random_id(),
        "opening_id": opening.id,
        "account_id": account_id,
        "country": country,
        "requirements": opening.requirements,
        "started_at": now,
        "state": ApplicationState.STARTED,
    }
    made = session.scalar(
        insert(Application)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=_STILL_OPEN,
            index_where=Application.state.in_(["started", "screened", "review"]),
        )
        .returning(Application.id)
    )
    if made is None:
        return session.scalars(queries.open_application(account_id, opening.id)).one()
    _give_role(session, account_id, Role.APPLICANT, now=now)
    application = session.get_one(Application, made)
    _note(session, application, "started", actor=account_id, now=now)
    return application


def answer_screening(
    session: Session,
    application: Application,
    *,
    answers: dict[str, Any],
    explanation: str,
    now: datetime,
) -> None:
    """Take the answers: go on where they meet everything, else ask a person of ours.

    An unmet requirement needs an explanation, so that there is something for a person to weigh.
    """
    lock(session, application)
    if application.state is not ApplicationState.STARTED:
        raise Conflict("You have answered these questions already.")
    missing = [rule["slug"] for rule in screening.unmet(application.requirements, answers)]
    words = explanation.strip()
    if missing and not words:
        raise Invalid("Something is not met yet. Say in a few words why you apply all the same.")
    application.screen(answers=answers, unmet=missing, explanation=words or None, now=now)
    if missing:
        due = now + reviewers.REVIEW_WITHIN
        application.ask(cause=ReviewCause.REQUIREMENTS, reviewer_id=None, due_at=due)
    else:
        application.go_on()
    _note(session, application, "screened", actor=application.account_id, now=now)


def accept_agreements(session: Session, application: Application, *, now: datetime) -> None:
    """The person accepts what is published and not yet accepted."""
    lock(session, application)
    if application.state is not ApplicationState.SCREENED:
        raise Conflict("There is nothing to accept here just now.")
    for version in progress.outstanding(session, application.account_id):
        agreements.accept(session, account_id=application.account_id, version=version, now=now)
    session.flush()
    advance(session, application, now=now)


def advance(session: Session, application: Application, *, now: datetime) -> None:
    """Approve by the rule where every task is done. Safe to call at any time, any number of times."""
    lock(session, application)
    if application.state is not ApplicationState.SCREENED:
        return
    if progress.of(session, application, now=now).complete:
        _approve(session, application, now=now)


def let_go_on(
    session: Session, application: Application, *, by: int, reason: str, now: datetime
) -> Decision:
    """A person has looked: what is not met does not stand in the way."""
    _in_review(session, application)
    decision = _decide(
        session, application, ("application.may_go_on", Outcome.FOR), by=by, reason=reason, now=now
    )
    application.go_on()
    body = f"A person looked at your application: you can go on.\n\n{reason}".rstrip()
    _write(session, application, "You can go on with your application", body, now=now)
    session.flush()
    advance(session, application, now=now)
    return decision


def refuse(
    session: Session, application: Application, *, by: int, reason: str, now: datetime
) -> Decision:
    """A person has looked: not accepted this time, with the reason, open to appeal."""
    _in_review(session, application)
    kind = "application.not_accepted"
    decision = _decide(session, application, (kind, Outcome.AGAINST), by=by, reason=reason, now=now)
    application.refuse(decision_id=decision.id, now=now)
    return decision


def withdraw(session: Session, application: Application, *, now: datetime) -> None:
    """The person no longer wants it; they may apply again."""
    lock(session, application)
    application.withdraw(now=now)
    _note(session, application, "withdrawn", actor=application.account_id, now=now)


def out_of_attempts(session: Session, application: Application, *, now: datetime) -> None:
    """The exam cannot be sat again: a person looks at the whole application."""
    lock(session, application)
    if application.state is ApplicationState.SCREENED:
        due = now + reviewers.REVIEW_WITHIN
        application.ask(cause=ReviewCause.EXAM, reviewer_id=None, due_at=due)


def exam_counts_again(session: Session, account_id: int, exam_id: int, *, now: datetime) -> None:
    """A result was put right and passes: what stood still or was declined for it goes on."""
    for application in session.scalars(queries.for_exam(account_id, exam_id)):
        lock(session, application)
        decided = application.decision_id
        decision = session.get_one(Decision, decided) if decided else None
        if application.review_cause is ReviewCause.EXAM:
            application.go_on()
        elif (
            application.state is ApplicationState.NOT_ACCEPTED
            and decision is not None
            and decision.evidence.get("cause") == ReviewCause.EXAM.value
        ):
            application.reopen()
            _note(session, application, "reopened", actor=None, now=now)
    session.flush()


def hand_over(session: Session, application: Application, *, now: datetime) -> None:
    """The clock ran out: a named second person looks, and gets a letter."""
    second = reviewers.another(
        session, about=application.account_id, besides=application.reviewer_id
    )
    due = now + reviewers.SECOND_LOOK_WITHIN
    application.hand_over(reviewer_id=second.id if second else None, due_at=due)
    _note(session, application, "handed_over", actor=None, now=now)
    if second:
        path = f"/applications/queue/{application.public_id}"
        letters.to_colleague(session, second, what="An application", path=path, due=due, now=now)


def reopen(session: Session, application: Application, *, now: datetime) -> None:
    """An appeal was upheld: it goes on, and what was not met no longer counts."""
    lock(session, application)
    if application.state is not ApplicationState.NOT_ACCEPTED:
        return
    application.reopen()
    _note(session, application, "reopened", actor=None, now=now)
    session.flush()
    advance(session, application, now=now)


def _approve(session: Session, application: Application, *, now: datetime) -> None:
    what = ("application.approved", Outcome.FOR)
    reason = "Every step is done."
    decision = _decide(session, application, what, by=None, reason=reason, now=now)
    application.approve(decision_id=decision.id, now=now)
    _give_role(session, application.account_id, Role.EXPERT, now=now)
    body = "Welcome: you are an expert now. Your home page shows the projects that fit you."
    letters.to_person(session, application.account_id, "You are in", body, path="/", now=now)


def _in_review(session: Session, application: Application) -> None:
    lock(session, application)
    if application.state is not ApplicationState.REVIEW:
        raise Conflict("This application is not waiting for a decision.")


def _decide(
    session: Session,
    application: Application,
    what: tuple[str, Outcome],
    *,
    by: int | None,
    reason: str,
    now: datetime,
) -> Decision:
    evidence = {
        "requirements": [rule["rule"] for rule in application.requirements],
        "unmet": application.unmet or [],
        "cause": application.review_cause.value if application.review_cause else None,
    }
    return decide(
        session,
        account_id=application.account_id,
        kind=what[0],
        outcome=what[1],
        subject=("application", application.id),
        rule=RULE,
        evidence=evidence,
        reason=reason,
        decided_by=by,
        now=now,
        letter=_not_accepted(application, reason),
    )


def _not_accepted(application: Application, reason: str) -> Letter:
    body = (
        f"We could not accept your application this time.\n\nWhy: {reason}\n\n"
        "You can appeal within 14 days; a different person then looks."
    )
    return Letter("About your application", body, path=f"/applications/{application.public_id}")


def _give_role(session: Session, account_id: int, role: Role, *, now: datetime) -> None:
    if role in roles_of(session, account_id):
        return
    grant = Grant(account_id=account_id, role=role, granted_at=now)
    session.add(grant)
    session.flush()
    subject = ("account", account_id)
    details = {"role": role.value}
    audit.record(
        session, actor=None, action="role.granted", subject=subject, details=details, now=now
    )


def _write(
    session: Session, application: Application, subject: str, body: str, *, now: datetime
) -> None:
    path = f"/applications/{application.public_id}"
    letters.to_person(session, application.account_id, subject, body, path=path, now=now)


def _note(
    session: Session, application: Application, verb: str, *, actor: int | None, now: datetime
) -> None:
    subject = ("application", application.id)
    audit.record(session, actor=actor, action=f"application.{verb}", subject=subject, now=now)
