"""Building a pay run, signing exactly its lines, or voiding it."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import (
    EntryKind,
    JobName,
    LedgerKind,
    Payout,
    PayoutLine,
    PayRun,
    StatementLine,
)
from payouts.queries import runs as queries
from payouts.service import ledger
from portal import audit
from portal.accounts.models import Organisation
from portal.db import lock
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import uuid7
from portal.jobs import enqueue
from portal.money import Money

PER_SECOND: Final = 15
"""Transfers that Stripe takes from us in a second, with room below its limit."""


@dataclass(frozen=True)
class Planned:
    """What a run would pay one person, and for which lines."""

    expert_id: int
    amount: Money
    lines: tuple[StatementLine, ...]


@dataclass(frozen=True)
class Difference:
    """One person's money beside what the last run paid them."""

    expert_id: int
    amount: Money
    last: Money | None


def preview(session: Session, *, organisation_id: int, currency: str, by: int) -> list[Planned]:
    """What a run that this person builds would pay now.

    Never the builder: somebody else's run pays them. People whose corrections outweigh their work
    wait for the next.
    """
    found = _free(session, organisation_id, currency)
    return [plan for plan in found if plan.expert_id != by]


def left_out(session: Session, *, organisation_id: int, currency: str, by: int) -> Money | None:
    """What waits for the builder themselves, whom their own run cannot pay; None where nothing does."""
    found = _free(session, organisation_id, currency)
    return next((plan.amount for plan in found if plan.expert_id == by), None)


def _free(session: Session, organisation_id: int, currency: str) -> list[Planned]:
    lines: dict[int, list[StatementLine]] = {}
    for expert_id, line in session.execute(queries.free_lines(organisation_id, currency)):
        lines.setdefault(expert_id, []).append(line)
    planned = [
        Planned(expert_id, Money(sum(line.amount_minor for line in of), currency), tuple(of))
        for expert_id, of in lines.items()
    ]
    return [plan for plan in planned if plan.amount.minor > 0]


def against_last(
    session: Session,
    *,
    organisation_id: int,
    currency: str,
    amounts: Iterable[tuple[int, Money]],
    before: int | None = None,
) -> list[Difference]:
    """Each person's amount beside the organisation's last signed run (before `before`)."""
    last = session.scalar(queries.last_signed(organisation_id, currency, before))
    paid: dict[int, Money] = {}
    if last is not None:
        found = session.scalars(queries.payouts(last.id))
        paid = {payout.expert_id: Money(payout.minor, payout.currency) for payout in found}
    return [Difference(expert, amount, paid.get(expert)) for expert, amount in amounts]


def build(
    session: Session, *, organisation_id: int, currency: str, by: int, now: datetime
) -> PayRun:
    """Put everything that is free into a run, less what is owed to its builder.

    Raises `Conflict` where there is nothing to pay.
    """
    lock(
        session, session.get_one(Organisation, organisation_id)
    )  # two builders: one after the other
    planned = preview(session, organisation_id=organisation_id, currency=currency, by=by)
    if not planned:
        raise Conflict(
            "There is nothing to pay: every statement line is in a run already, or is your own."
        )
    run = PayRun(
        public_id=uuid7(now),
        organisation_id=organisation_id,
        currency=currency,
        built_by_id=by,
        built_at=now,
        lines_sha256=_digest(
            currency,
            (
                (plan.expert_id, plan.amount.minor, line.id, line.amount_minor, line.formula)
                for plan in planned
                for line in plan.lines
            ),
        ),
    )
    session.add(run)
    session.flush()
    _add_payouts(session, run, planned, now)
    _note(session, run, "pay_run.built", by, now)
    return run


def approve(session: Session, run: PayRun, *, by: int, seen: bytes, now: datetime) -> None:
    """Sign the lines that the approver saw (`seen` is their SHA-256) and let them be sent.

    Raises `Forbidden` for the builder and for anyone the run pays, `Conflict` where the lines are
    no longer those that were built or seen. The database refuses all three as well.
    """
    lock(session, run)
    payouts = list(session.scalars(queries.payouts(run.id)))
    if by == run.built_by_id:
        raise Forbidden("Another person than the one who built a run approves it.")
    if by in {payout.expert_id for payout in payouts}:
        raise Forbidden("This run pays you: somebody else approves it.")
    found = digest(session, run)
    if not (hmac.compare_digest(found, run.lines_sha256) and hmac.compare_digest(found, seen)):
        raise Conflict("These are not the lines that were built. Void the run and build it again.")
    run.approve(by=by, sha256=found, now=now)
    session.flush()
    for number, payout in enumerate(payouts):
        _commit_money(session, payout, now)
        payout.release(now=now)
        enqueue(session, JobName.SEND_PAYOUT, payout.id, now=now, at=planned_at(number, now=now))
    _note(session, run, "pay_run.approved", by, now)


def planned_at(number: int, *, now: datetime) -> datetime:
    """When the n-th of many payouts is sent: so many in a second as the rail takes from us."""
    return now + timedelta(seconds=number // PER_SECOND)


def void(session: Session, run: PayRun, *, by: int, reason: str, now: datetime) -> None:
    """Give up a run that nobody has signed; its lines are free for the next."""
    if not reason.strip():
        raise Invalid("Say why the run is not carried out.")
    lock(session, run)
    run.void(reason=reason.strip(), now=now)
    for payout in session.scalars(queries.payouts(run.id)):
        payout.void(now=now)
    for line in session.scalars(queries.lines_of_run(run.id)):
        line.release(now=now)
    _note(session, run, "pay_run.voided", by, now)


def finish_if_paid(session: Session, run_id: int, *, now: datetime) -> None:
    """Close an approved run once everyone in it has been paid."""
    session.flush()
    run = lock(session, session.get_one(PayRun, run_id))
    if not session.scalar(queries.unpaid(run_id)):
        run.finish(now=now)


def digest(session: Session, run: PayRun) -> bytes:
    """The SHA-256 of the run's lines as they stand in the database."""
    return _digest(run.currency, session.execute(queries.signed_lines(run.id)))


def _digest(currency: str, lines: Iterable[tuple[int, int, int, int, str]]) -> bytes:
    said = json.dumps([currency, *(list(line) for line in lines)], ensure_ascii=False)
    return hashlib.sha256(said.encode()).digest()


def _add_payouts(session: Session, run: PayRun, planned: list[Planned], now: datetime) -> None:
    for plan in planned:
        payout = Payout(
            public_id=uuid7(now),
            pay_run_id=run.id,
            expert_id=plan.expert_id,
            currency=run.currency,
            minor=plan.amount.minor,
            since=now,
        )
        session.add(payout)
        session.flush()
        session.execute(
            sa.insert(PayoutLine),
            [
                {"payout_id": payout.id, "statement_line_id": line.id, "minor": line.amount_minor}
                for line in plan.lines
            ],
        )


def _commit_money(session: Session, payout: Payout, now: datetime) -> None:
    """Pending → approved: signed, and not yet at the rail."""
    source, target = (
        ledger.payable(session, kind, expert_id=payout.expert_id, currency=payout.currency)
        for kind in (LedgerKind.PENDING, LedgerKind.APPROVED)
    )
    ledger.shift(
        session,
        kind=EntryKind.APPROVED,
        key=f"payout:{payout.id}:approved",
        source=source,
        target=target,
        amount=Money(payout.minor, payout.currency),
        now=now,
    )


def _note(session: Session, run: PayRun, action: str, by: int, now: datetime) -> None:
    details = {"sha256": run.lines_sha256.hex()}
    audit.record(
        session, actor=by, action=action, subject=("pay_run", run.id), now=now, details=details
    )
