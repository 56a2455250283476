"""Publishing an agreement's next version, and recording who accepted it."""

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import audit
from portal.agreements.models import Acceptance, AgreementVersion
from portal.errors import Conflict


def publish(
    session: Session, *, kind: str, title: str, body: str, now: datetime, actor: int | None = None
) -> AgreementVersion:
    """Make the text the kind's newest version; the same text again gives the version it already is."""
    newest = current(session, kind)
    digest = hashlib.sha256(body.encode()).digest()
    if newest is not None and newest.sha256 == digest:
        return newest
    version = AgreementVersion(
        kind=kind,
        number=newest.number + 1 if newest else 1,
        title=title,
        body=body,
        sha256=digest,
        published_at=now,
    )
    session.add(version)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="agreement.published",
        subject=("agreement_version", version.id),
        now=now,
    )
    return version


def current(session: Session, kind: str) -> AgreementVersion | None:
    """The newest version of a kind, or None where nothing was published."""
    query = sa.select(AgreementVersion).where(AgreementVersion.kind == kind)
    return session.scalar(query.order_by(AgreementVersion.number.desc()).limit(1))


def accepted(session: Session, *, account_id: int, kind: str) -> Acceptance | None:
    """The person's acceptance of the kind's newest version, or None."""
    version = current(session, kind)
    return None if version is None else session.get(Acceptance, (account_id, version.id))


def accept(session: Session, *, account_id: int, version: AgreementVersion, now: datetime) -> None:
    """Record the acceptance once. Raises `Conflict` where a newer version has come out meanwhile."""
    newest = current(session, version.kind)
    if newest is None or newest.id != version.id:
        raise Conflict("This text has been replaced by a newer one. Please read that one.")
    row = {"account_id": account_id, "agreement_version_id": version.id, "accepted_at": now}
    done = session.execute(
        insert(Acceptance).values(**row).on_conflict_do_nothing().returning(sa.literal(1))
    )
    if done.scalar() is None:
        return
    audit.record(
        session,
        actor=account_id,
        action="agreement.accepted",
        subject=("agreement_version", version.id),
        now=now,
    )
