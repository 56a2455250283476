"""What a person hands to people of ours: taken in, sealed, looked at with a reason, erased."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit, settings
from portal.db import lock
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity import cases, consent, queries
from portal.identity.models import (
    CaseReason,
    CheckState,
    EvidenceKind,
    EvidenceView,
    IdentityCheck,
    IdentityEvidence,
    ViewReason,
)
from portal.ids import random_id
from portal.sealing import seal, unseal

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of one thing handed in."""
MOST: Final = 6
"""Things that can be handed in for one check at a time."""
KEPT_AFTER: Final = timedelta(days=30)
"""How long evidence outlives the decision: longer than an appeal takes."""
_SIGNATURES: Final = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}
"""Photos only: a PDF can do more to whoever opens it than show a document."""


def hand_in(
    session: Session, check: IdentityCheck, kind: EvidenceKind, content: bytes, *, now: datetime
) -> IdentityEvidence:
    """Take in one photo, or the person's words, sealed before it is stored.

    Raises `Invalid` for what is empty, too large, too many or of another kind, `Conflict` where
    nothing is asked for.
    """
    _awaited(session, check)
    media_type = "text/plain" if kind is EvidenceKind.WORDS else _media_type(content)
    if not content.strip():
        raise Invalid("There is nothing in it. Please choose a file, or write something.")
    if len(content) > LARGEST:
        raise Invalid("That file is larger than 8 MB. Please choose a smaller photo.")
    if len(list(session.scalars(queries.kept_evidence(check)))) >= MOST:
        raise Invalid("You have handed in six things already. Remove one first.")
    consent.record(session, consent.EVIDENCE, account_id=check.account_id, now=now)
    public_id = random_id()
    made = IdentityEvidence(
        public_id=public_id,
        check_id=check.id,
        kind=kind,
        media_type=media_type,
        size=len(content),
        sealed=b"",
        handed_in_at=now,
    )
    made.sealed = seal(content, key=settings.load().personal_key, row=made.row)
    session.add(made)
    session.flush()
    return made


def take_back(session: Session, item: IdentityEvidence, *, now: datetime) -> None:
    """The person would rather not have handed it in: it is erased at once."""
    _awaited(session, session.get_one(IdentityCheck, item.check_id))
    lock(session, item).erase(now=now)


def finish(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """The person has handed in what they have: two people of ours look, one after the other."""
    _awaited(session, check)
    if session.scalar(queries.kept_evidence(check).limit(1)) is None:
        raise Invalid("Hand in at least one photo, or write to us what you have.")
    cases.open_case(session, check, check.case_reason or CaseReason.ASKED, now=now)


def view(
    session: Session,
    item: IdentityEvidence,
    *,
    viewer: int,
    reason: ViewReason,
    note: str,
    now: datetime,
) -> bytes:
    """The content, once it is written down who looks and why. Raises `Conflict` where it was erased.

    The caller finds the row; nobody looks at their own through this door.
    """
    check = session.get_one(IdentityCheck, item.check_id)
    if viewer == check.account_id:
        raise Forbidden("Nobody looks at their own evidence as a reviewer.")
    if not note.strip():
        raise Invalid("Please say why you look; it is kept.")
    sealed = lock(session, item).sealed
    if sealed is None:
        raise Conflict("This has been erased, as it should be.")
    session.add(
        EvidenceView(
            evidence_id=item.id, viewer_id=viewer, reason=reason, note=note.strip(), at=now
        )
    )
    audit.record(
        session,
        actor=viewer,
        action="identity_evidence.viewed",
        subject=("identity_check", check.id),
        now=now,
        details={"evidence": item.id, "reason": reason.value},
    )
    return unseal(sealed, key=settings.load().personal_key, row=item.row)


def erase_due(session: Session, *, now: datetime) -> int:
    """Erase what has outlived its decision; gives how much. Safe to run twice."""
    due = (
        sa.select(IdentityEvidence)
        .join(IdentityCheck, IdentityCheck.id == IdentityEvidence.check_id)
        .where(IdentityEvidence.erased_at.is_(None), IdentityCheck.settled_at <= now - KEPT_AFTER)
        .with_for_update(of=IdentityEvidence, skip_locked=True)
    )
    return _erase(session, list(session.scalars(due)), now=now)


def erase_all(session: Session, check: IdentityCheck, *, now: datetime) -> int:
    """Erase whatever is kept for a check, at once: the person asked for it."""
    due = queries.kept_evidence(check).with_for_update()
    return _erase(session, list(session.scalars(due)), now=now)


def views_of(check: IdentityCheck) -> sa.Select[EvidenceView, IdentityEvidence]:
    """Who looked at a check's evidence and why, newest first."""
    return (
        sa.select(EvidenceView, IdentityEvidence)
        .join(IdentityEvidence, IdentityEvidence.id == EvidenceView.evidence_id)
        .where(IdentityEvidence.check_id == check.id)
        .order_by(EvidenceView.id.desc())
    )


def looks_at(account_id: int) -> sa.Select[int]:
    """How often somebody looked at what the person handed in, whatever the check."""
    return (
        sa.select(sa.func.count())
        .select_from(EvidenceView)
        .join(IdentityEvidence, IdentityEvidence.id == EvidenceView.evidence_id)
        .join(IdentityCheck, IdentityCheck.id == IdentityEvidence.check_id)
        .where(IdentityCheck.account_id == account_id)
    )


def _erase(session: Session, items: list[IdentityEvidence], *, now: datetime) -> int:
    for item in items:
        item.erase(now=now)
        audit.record(
            session,
            actor=None,
            action="identity_evidence.erased",
            subject=("identity_check", item.check_id),
            now=now,
            details={"evidence": item.id},
        )
    return len(items)


def _awaited(session: Session, check: IdentityCheck) -> None:
    if lock(session, check).state is not CheckState.EVIDENCE:
        raise Conflict("Nothing is asked of you here at the moment.")


def _media_type(content: bytes) -> str:
    """What the bytes are, whatever their name says."""
    for signature, media_type in _SIGNATURES.items():
        if content.startswith(signature):
            return media_type
    raise Invalid("That is not a JPEG or PNG photo. Please choose another file.")
