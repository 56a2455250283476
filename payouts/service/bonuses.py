"""Bonuses: asked for, approved by another person, paid with the next statement; or announced."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from payouts.models import Bonus, BonusState
from payouts.queries import work as queries
from portal import audit
from portal.db import lock
from portal.decisions import Decision, Letter, Outcome, decide
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.ids import uuid7
from portal.money import Money, plain
from tasks.models import Project, Terms
from tasks.rules import Announced, parse

REFUSED: Final = "bonus.refused"
"""The kind of the decision not to give an announced bonus."""
RULE: Final = ("announced bonuses", "1")


@dataclass(frozen=True)
class Promise:
    """A bonus that somebody's terms announce, and what became of it."""

    announced: Announced
    terms: Terms
    project: Project
    bonus: Bonus | None


def promises(session: Session, expert_id: int) -> list[Promise]:
    """Every bonus that the expert's accepted terms announce: by the newest terms that name it."""
    had = {
        (bonus.project_id, bonus.announced): bonus
        for bonus in session.scalars(queries.announced_bonuses(expert_id))
    }
    found: dict[tuple[int, str], Promise] = {}
    for terms, project in session.execute(queries.accepted_terms(expert_id)):
        for each in parse(terms.rules).bonuses:
            key = (project.id, each.name)
            found[key] = Promise(each, terms, project, had.get(key))
    return list(found.values())


def ask_announced(
    session: Session,
    *,
    expert_id: int,
    project: Project,
    name: str,
    words: str,
    by: int,
    now: datetime,
) -> Bonus:
    """Ask for a bonus that the expert's terms announce: the expert, or somebody for them.

    The amount is the terms'. Raises `NotFound` where their terms announce none of that name,
    `Conflict` where it has been asked for.
    """
    wanted = (project.id, name)
    promised = {(p.project.id, p.announced.name): p for p in promises(session, expert_id)}
    promise = promised.get(wanted)
    if promise is None:
        raise NotFound
    if promise.bonus is not None:
        raise Conflict("This bonus has been asked for already.")
    if not words.strip():
        raise Invalid("Say how the condition is met.")
    bonus = Bonus(
        public_id=uuid7(now),
        project_id=project.id,
        expert_id=expert_id,
        currency=promise.terms.currency,
        minor=promise.announced.minor,
        reason=words.strip(),
        asked_by_id=by if by != expert_id else None,
        asked_at=now,
        announced=name,
        terms_id=promise.terms.id,
    )
    session.add(bonus)
    session.flush()
    _note(session, bonus, "bonus.asked", by, now)
    return bonus


def refuse(session: Session, bonus: Bonus, *, by: int, reason: str, now: datetime) -> None:
    """Not to give an announced bonus: a decision with a reason, told, and open to an appeal.

    Raises `Conflict` for one that nobody announced: that one is given up instead.
    """
    lock(session, bonus)
    if by == bonus.expert_id:
        raise Forbidden("Somebody else decides on this.")
    if bonus.announced is None or bonus.state is not BonusState.ASKED:
        raise Conflict("Only an announced bonus that was asked for is refused.")
    if not reason.strip():
        raise Invalid("Say why it is not given: the person reads it.")
    amount = Money(bonus.minor, bonus.currency)
    condition = {each.name: each.condition for each in _of_terms(session, bonus)}
    made = decide(
        session,
        account_id=bonus.expert_id,
        kind=REFUSED,
        outcome=Outcome.AGAINST,
        subject=("bonus", bonus.id),
        rule=RULE,
        evidence={
            "bonus": bonus.announced,
            "amount": f"{plain(amount)} {amount.currency}",
            "condition": condition[bonus.announced],
            "said": bonus.reason,
            "terms_id": bonus.terms_id,
        },
        reason=reason.strip(),
        decided_by=by,
        letter=_letter(bonus, amount),
        now=now,
    )
    bonus.refuse(by=by, decision_id=made.id, now=now)
    session.flush()
    _note(session, bonus, "bonus.refused", by, now)


def appeal_upheld(session: Session, decision: Decision, *, now: datetime) -> None:
    """The person was right: the bonus is owed after all. Doing so twice changes nothing."""
    bonus = lock(session, session.get_one(Bonus, decision.subject_id))
    if bonus.state is BonusState.REFUSED:
        bonus.grant_after_all(now=now)
        session.flush()
        audit.record(
            session, actor=None, action="bonus.approved", subject=("bonus", bonus.id), now=now
        )


def ask(
    session: Session,
    project: Project,
    *,
    expert_id: int,
    amount: Money,
    reason: str,
    by: int,
    now: datetime,
) -> Bonus:
    """Ask for a bonus for somebody else. Raises `Forbidden` for oneself, `Invalid` without a reason."""
    if by == expert_id:
        raise Forbidden("Nobody asks for a bonus for themselves.")
    if amount.minor <= 0 or amount.currency != project.currency:
        raise Invalid(f"A bonus is an amount above zero in {project.currency}.")
    if not reason.strip():
        raise Invalid("Say what the bonus is for.")
    bonus = Bonus(
        public_id=uuid7(now),
        project_id=project.id,
        expert_id=expert_id,
        currency=amount.currency,
        minor=amount.minor,
        reason=reason.strip(),
        asked_by_id=by,
        asked_at=now,
    )
    session.add(bonus)
    session.flush()
    _note(session, bonus, "bonus.asked", by, now)
    return bonus


def approve(session: Session, bonus: Bonus, *, by: int, now: datetime) -> None:
    """Let it be paid: neither the one who asked nor the one it pays does. The database says so too."""
    lock(session, bonus)
    if by in {bonus.asked_by_id, bonus.expert_id}:
        raise Forbidden("Another person than who asked for a bonus, or is paid by it, approves it.")
    bonus.approve(by=by, now=now)
    session.flush()
    _note(session, bonus, "bonus.approved", by, now)


def withdraw(session: Session, bonus: Bonus, *, by: int, now: datetime) -> None:
    """Give up one that nobody has approved, and nobody announced."""
    lock(session, bonus)
    if by == bonus.expert_id:
        raise Forbidden("Somebody else decides on this.")
    if bonus.announced is not None:
        raise Conflict("It was announced: give it, or refuse it with a reason.")
    bonus.withdraw(by=by, now=now)
    session.flush()
    _note(session, bonus, "bonus.withdrawn", by, now)


def _of_terms(session: Session, bonus: Bonus) -> tuple[Announced, ...]:
    return parse(session.get_one(Terms, bonus.terms_id).rules).bonuses


def _letter(bonus: Bonus, amount: Money) -> Letter:
    body = (
        f"You asked for the bonus “{bonus.announced}”, {plain(amount)} {amount.currency}. A person looked,"
        " and it is not given this time. What was seen, why, and how you can appeal within 14 days is"
        " here:"
    )
    return Letter("A bonus that was not given this time", body)


def _note(session: Session, bonus: Bonus, action: str, by: int, now: datetime) -> None:
    audit.record(session, actor=by, action=action, subject=("bonus", bonus.id), now=now)
