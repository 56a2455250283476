"""Cases: who of ours looks, until when, and what the person is asked for."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit
from portal.access import Role
from portal.accounts.models import Account
from portal.accounts.queries import holders
from portal.identity import letters, queries, working_days
from portal.identity.models import CaseReason, CheckState, IdentityCheck

REVIEW_DAYS: Final = 2
"""Working days until a case is decided or goes to a named second person."""
POLL: Final = {
    CheckState.STARTING: timedelta(minutes=1),
    CheckState.WAITING: timedelta(hours=6),
    CheckState.PROCESSING: timedelta(minutes=5),
    CheckState.EVIDENCE: timedelta(hours=6),
    CheckState.REVIEW: timedelta(hours=6),
}
"""How long a check may stand still before the sweep asks Stripe about it."""


def open_case(session: Session, check: IdentityCheck, reason: CaseReason, *, now: datetime) -> None:
    """Name a person of ours who looks, and start their clock."""
    reviewer = _next_reviewer(session, check, besides=queries.opinions_given(session, check))
    check.open_case(
        reason,
        reviewer_id=reviewer.id if reviewer else None,
        due_at=working_days.later(now, REVIEW_DAYS),
        poll_at=_poll_at(check, now),
    )
    session.add(check)
    session.flush()
    letters.being_looked_at(session, _person(session, check), now=now)
    _call(session, check, reviewer, now=now)
    note(session, check, "case_opened", actor=None, now=now)


def ask_for_evidence(
    session: Session, check: IdentityCheck, reason: CaseReason, *, now: datetime
) -> None:
    """People find out, not Stripe: the person is asked to show them something."""
    check.ask_for_evidence(reason, poll_at=_poll_at(check, now))
    session.add(check)
    session.flush()
    letters.show_us(session, _person(session, check), now=now)
    note(session, check, "evidence_asked", actor=None, now=now)


def hand_over(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """The clock ran out, or one has spoken: the next person is named, and gets a clock of their own."""
    before = {check.reviewer_id} - {None} | queries.opinions_given(session, check)
    reviewer = _next_reviewer(session, check, besides=before)
    check.hand_over(
        reviewer_id=reviewer.id if reviewer else _still(session, check),
        due_at=working_days.later(now, REVIEW_DAYS),
    )
    _call(session, check, reviewer, now=now)
    note(session, check, "handed_over", actor=None, now=now)


def note(
    session: Session, check: IdentityCheck, what: str, *, actor: int | None, now: datetime
) -> None:
    """Write down what became of a check: ids and codes only."""
    audit.record(
        session,
        actor=actor,
        action=f"identity_check.{what}",
        subject=("identity_check", check.id),
        now=now,
        details={"last_error": check.last_error} if check.last_error else {},
    )


def _poll_at(check: IdentityCheck, now: datetime) -> datetime | None:
    return now + POLL[CheckState.REVIEW] if check.session_id else None


def _still(session: Session, check: IdentityCheck) -> int | None:
    """Where there is nobody else it stays with whoever has it, unless they have said theirs."""
    spoken = check.reviewer_id in queries.opinions_given(session, check)
    return None if spoken else check.reviewer_id


def _next_reviewer(
    session: Session, check: IdentityCheck, *, besides: Collection[int | None]
) -> Account | None:
    """Whoever of compliance has the fewest cases, then an administrator; never the person themself."""
    for role in (Role.COMPLIANCE, Role.ADMIN):
        load = (
            sa.select(sa.func.count())
            .select_from(queries.cases().order_by(None).subquery("open_case"))
            .where(sa.text("open_case.reviewer_id = account.id"))
            .correlate(Account)
            .scalar_subquery()
        )
        query = holders(role).where(Account.id != check.account_id, Account.id.not_in(besides))
        if found := session.scalar(query.order_by(None).order_by(load, Account.id).limit(1)):
            return found
    return None


def _call(
    session: Session, check: IdentityCheck, reviewer: Account | None, *, now: datetime
) -> None:
    if reviewer is not None:
        letters.please_look(session, reviewer, public_id=str(check.public_id), now=now)


def _person(session: Session, check: IdentityCheck) -> Account:
    return session.get_one(Account, check.account_id)
