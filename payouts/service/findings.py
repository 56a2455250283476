"""Writing disagreements down once, and settling them by a person's word."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payouts.models import FREEZING, Finding, FindingKind
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Invalid
from portal.ids import uuid7


def found(
    session: Session, kind: FindingKind, subject: str, details: dict[str, Any], *, now: datetime
) -> bool:
    """Keep a disagreement; False where it is open already, or explained and still the same.

    One that was settled and comes back, or comes with other details, is a new finding.
    """
    before = session.scalar(_met_before(kind, subject).with_for_update())
    if before is not None and (before.settled_at is None or before.details == details):
        before.meet(details, now=now)
        return False
    if before is not None:
        before.leave(now=now)
        session.flush()
    row = {
        "public_id": uuid7(now),
        "kind": kind,
        "subject": subject,
        "details": details,
        "found_at": now,
        "seen_at": now,
    }
    statement = insert(Finding).values(row).on_conflict_do_nothing()
    return session.scalar(statement.returning(Finding.id)) is not None


def forget(session: Session, *, before: datetime, passed_over: Collection[str]) -> None:
    """After a whole comparison: what it did not meet again is gone, less the subjects it passed over."""
    present = sa.select(Finding).where(Finding.gone_at.is_(None), Finding.seen_at < before)
    for finding in session.scalars(present.where(Finding.subject.not_in(list(passed_over)))):
        lock(session, finding).leave(now=before)


def explained_findings() -> sa.Select[Finding]:
    """What a person has settled and is still as it was, newest first."""
    still = sa.select(Finding).where(Finding.settled_at.is_not(None), Finding.gone_at.is_(None))
    return still.order_by(Finding.id.desc())


def open_findings() -> sa.Select[Finding]:
    """What nobody has settled yet, oldest first."""
    return sa.select(Finding).where(Finding.settled_at.is_(None)).order_by(Finding.id)


def frozen(session: Session) -> bool:
    """Whether nothing may be sent until a person has settled something."""
    grave = open_findings().where(Finding.kind.in_(FREEZING))
    return session.scalar(sa.select(grave.exists())) or False


def settle(session: Session, finding: Finding, *, by: int, note: str, now: datetime) -> None:
    """Close a disagreement with what it turned out to be."""
    if not note.strip():
        raise Invalid("Say what it turned out to be.")
    lock(session, finding)
    if finding.settled_at is not None:
        raise Conflict("Somebody has settled this already.")
    finding.settle(by=by, note=note.strip(), now=now)
    subject = ("reconciliation_finding", finding.id)
    audit.record(session, actor=by, action="finding.settled", subject=subject, now=now)


def _met_before(kind: FindingKind, subject: str) -> sa.Select[Finding]:
    """The one that is open or was explained and is still there: there is one at most."""
    matters = sa.or_(Finding.settled_at.is_(None), Finding.gone_at.is_(None))
    return sa.select(Finding).where(Finding.kind == kind, Finding.subject == subject, matters)
