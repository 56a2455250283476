"""Writing disagreements down once, and settling them by a person's word."""

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
    """Keep a disagreement; False where the same one was found before."""
    row = {
        "public_id": uuid7(now),
        "kind": kind,
        "subject": subject,
        "details": details,
        "found_at": now,
    }
    statement = insert(Finding).values(row).on_conflict_do_nothing()
    return session.scalar(statement.returning(Finding.id)) is not None


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
