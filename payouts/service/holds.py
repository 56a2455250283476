"""Why approved money waits: who it is for, where it goes, how much goes out at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import HoldReason, JobName, PayLimit, Payout, PayoutAccount, PayRun
from payouts.queries import limits as queries
from payouts.service import tax
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity import verified_check
from portal.jobs import enqueue
from portal.money import EXPONENTS, Money

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
_IN_MAJOR_UNITS: Final = {
    "USD": (5_000, 100_000),
    "EUR": (5_000, 100_000),
    "GBP": (4_000, 80_000),
    "CAD": (7_000, 140_000),
    "CHF": (4_500, 90_000),
    "JPY": (750_000, 15_000_000),
    "KWD": (1_500, 30_000),
}
"""To one person in 7 days, to everybody in 24 hours: what holds until finance sets other limits."""


@dataclass(frozen=True)
class Limits:
    """What may go out in one currency."""

    person_week: Money
    day: Money


def reason(session: Session, payout: Payout, *, now: datetime) -> HoldReason | None:
    """Why this payout cannot be sent now, or None. Looks at the person first, then at the amounts."""
    return of_person(session, payout.expert_id, now=now) or _of_amounts(session, payout, now)


def of_person(session: Session, expert_id: int, *, now: datetime) -> HoldReason | None:
    """Why this person cannot be sent money now, or None: what the person can mend comes first."""
    if verified_check(session, expert_id) is None:
        return HoldReason.IDENTITY
    account = session.get(PayoutAccount, expert_id)
    if account is None or account.destination is None:
        return HoldReason.NO_ACCOUNT
    if not account.ready:
        return HoldReason.ACCOUNT_NOT_READY
    if account.returned_at is not None:
        return HoldReason.DETAILS_RETURNED
    if tax.on_file(session, expert_id, now=now) is None:
        return HoldReason.TAX_FORM
    return HoldReason.DETAILS_CHANGED if account.quiet(now=now) else None


def limits(session: Session, currency: str) -> Limits:
    """What may go out in the currency: what finance set last, else what we begin with."""
    newest = session.scalar(queries.newest(currency))
    if newest is not None:
        return Limits(Money(newest.person_week_minor, currency), Money(newest.day_minor, currency))
    person, day = (major * 10 ** EXPONENTS[currency] for major in _IN_MAJOR_UNITS[currency])
    return Limits(Money(person, currency), Money(day, currency))


def set_limits(
    session: Session, *, person_week: Money, day: Money, by: int, why: str, now: datetime
) -> PayLimit:
    """Set what may go out from now on. Raises `Invalid` without a reason or with nothing left to pay."""
    if not why.strip():
        raise Invalid("Say why the limits change.")
    if not 0 < person_week.minor <= day.minor:
        raise Invalid(
            "The limit for a day is at least that for one person, and both are above zero."
        )
    made = PayLimit(
        currency=day.currency,
        person_week_minor=person_week.minor,
        day_minor=day.minor,
        set_by_id=by,
        set_at=now,
        reason=why.strip(),
    )
    session.add(made)
    session.flush()
    subject = ("pay_limit", made.id)
    audit.record(session, actor=by, action="pay_limit.set", subject=subject, now=now)
    return made


def clear(session: Session, payout: Payout, *, by: int, why: str, now: datetime) -> None:
    """Let one payout go out past the limits.

    Raises `Forbidden` for its payee and for who signed its run (the database does too), `Conflict`
    where no limit holds it back.
    """
    lock(session, payout)
    if not why.strip():
        raise Invalid("Say why it may go out.")
    if by == payout.expert_id:
        raise Forbidden("This pays you: somebody else lets it through.")
    if by == session.get_one(PayRun, payout.pay_run_id).approved_by_id:
        raise Forbidden("You signed its run: somebody else lets it through.")
    if payout.hold is not HoldReason.LIMIT:
        raise Conflict("No limit holds this back.")
    payout.clear(by=by, now=now)
    enqueue(session, JobName.SEND_PAYOUT, payout.id, now=now)
    audit.record(
        session,
        actor=by,
        action="payout.cleared",
        subject=("payout", payout.id),
        now=now,
        details={"reason": why.strip()},
    )


def _of_amounts(session: Session, payout: Payout, now: datetime) -> HoldReason | None:
    """Two that are sent at once are counted one after the other: each waits for the other's commit."""
    if payout.cleared_at is not None:
        return None
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(queries.lock_of(payout.currency))))
    allowed = limits(session, payout.currency)
    out = queries.gone_out(payout.currency)
    day = session.scalar(out.where(queries.since(now - DAY))) or 0
    mine = Payout.expert_id == payout.expert_id
    week = session.scalar(out.where(queries.since(now - WEEK), mine)) or 0
    too_much = day + payout.minor > allowed.day.minor
    too_much |= week + payout.minor > allowed.person_week.minor
    return HoldReason.LIMIT if too_much else None
