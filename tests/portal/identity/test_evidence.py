"""What a person hands in is sealed to its row, looked at with a reason, and gone after 30 days."""

from datetime import datetime, timedelta
from typing import Final

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.agreements import accepted
from portal.audit import AuditEvent
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity import consent, evidence, jobs, queries, verdicts
from portal.identity.models import (
    CheckState,
    EvidenceKind,
    EvidenceView,
    IdentityCheck,
    IdentityEvidence,
    ViewReason,
)
from portal.sealing import Unreadable
from tests.conftest import Database
from tests.make import Make

JPEG: Final = b"\xff\xd8\xff\xe0" + b"passport of Amara, number 4711" * 10
PNG: Final = b"\x89PNG\r\n\x1a\n" + b"the back of it" * 10


def asked(make: Make) -> IdentityCheck:
    """A check for which the person is to show us something."""
    return make.identity_check(state=CheckState.EVIDENCE)


def handed_in(
    session: Session, make: Make, now: datetime, content: bytes = JPEG
) -> IdentityEvidence:
    """The front of a document."""
    kind = EvidenceKind.DOCUMENT_FRONT
    return evidence.hand_in(session, asked(make), kind, content, now=now)


def look(
    session: Session, item: IdentityEvidence, viewer: int, now: datetime, note: str = "The name."
) -> bytes:
    """Look at it to decide."""
    why = ViewReason.DECIDE
    return evidence.view(session, item, viewer=viewer, reason=why, note=note, now=now)


def test_what_was_handed_in_is_nowhere_readable_in_its_row(
    session: Session, make: Make, now: datetime
) -> None:
    item = handed_in(session, make, now)
    assert item.sealed is not None
    assert b"4711" not in item.sealed
    assert (item.media_type, item.size) == ("image/jpeg", len(JPEG))


def test_whoever_looks_sees_it_and_is_written_down_with_the_reason(
    session: Session, make: Make, now: datetime
) -> None:
    item = handed_in(session, make, now)
    viewer = make.account(Role.COMPLIANCE).id
    assert look(session, item, viewer, now, note="Does the name fit?") == JPEG
    seen = session.scalars(sa.select(EvidenceView)).one()
    assert (seen.viewer_id, seen.reason, seen.note, seen.at) == (
        viewer,
        ViewReason.DECIDE,
        "Does the name fit?",
        now,
    )
    acts = sa.select(AuditEvent).where(AuditEvent.action == "identity_evidence.viewed")
    assert session.scalars(acts).one().actor_id == viewer


def test_nobody_looks_without_saying_why(session: Session, make: Make, now: datetime) -> None:
    item = handed_in(session, make, now)
    with pytest.raises(Invalid):
        look(session, item, make.account().id, now, note=" ")
    assert session.scalars(sa.select(EvidenceView)).all() == []


def test_nobody_looks_at_their_own_as_a_reviewer(
    session: Session, make: Make, now: datetime
) -> None:
    item = handed_in(session, make, now)
    owner = session.get_one(IdentityCheck, item.check_id).account_id
    with pytest.raises(Forbidden):
        look(session, item, owner, now)


def test_sealed_bytes_moved_to_another_row_cannot_be_read(
    session: Session, make: Make, now: datetime
) -> None:
    one, other = handed_in(session, make, now), handed_in(session, make, now, PNG)
    one.sealed = other.sealed
    with pytest.raises(Unreadable):
        look(session, one, make.account().id, now)


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        (EvidenceKind.DOCUMENT_FRONT, b"%PDF-1.7 ...", "neither|not a JPEG"),
        (EvidenceKind.DOCUMENT_FRONT, b"<svg onload=alert(1)>", "not a JPEG"),
        (EvidenceKind.DOCUMENT_FRONT, b"", "not a JPEG"),
        (EvidenceKind.WORDS, b"  \n", "nothing in it"),
        (EvidenceKind.PORTRAIT, JPEG + b"x" * evidence.LARGEST, "8 MB"),
    ],
)
def test_what_is_no_photo_empty_or_too_large_is_refused(
    session: Session, make: Make, now: datetime, kind: EvidenceKind, content: bytes, says: str
) -> None:
    check = asked(make)
    with pytest.raises(Invalid, match=says):
        evidence.hand_in(session, check, kind, content, now=now)
    assert session.scalars(queries.evidence_of(check)).all() == []


def test_no_more_than_six_things_at_a_time(session: Session, make: Make, now: datetime) -> None:
    check = asked(make)
    for _ in range(evidence.MOST):
        evidence.hand_in(session, check, EvidenceKind.OTHER, JPEG, now=now)
    with pytest.raises(Invalid, match="six"):
        evidence.hand_in(session, check, EvidenceKind.OTHER, JPEG, now=now)


@pytest.mark.parametrize("state", [s for s in CheckState if s is not CheckState.EVIDENCE])
def test_nothing_is_taken_that_was_not_asked_for(
    session: Session, make: Make, now: datetime, state: CheckState
) -> None:
    check = make.identity_check(state=state)
    with pytest.raises(Conflict):
        evidence.hand_in(session, check, EvidenceKind.OTHER, JPEG, now=now)


def test_handing_in_records_that_they_agreed_to_our_text(
    session: Session, make: Make, now: datetime
) -> None:
    item = handed_in(session, make, now)
    owner = session.get_one(IdentityCheck, item.check_id).account_id
    kind = consent.EVIDENCE.kind
    assert accepted(session, account_id=owner, kind=kind) is not None


def test_what_is_taken_back_is_erased_at_once(session: Session, make: Make, now: datetime) -> None:
    item = handed_in(session, make, now)
    evidence.take_back(session, item, now=now)
    session.flush()
    assert (item.sealed, item.erased_at) == (None, now)
    with pytest.raises(Conflict, match="erased"):
        look(session, item, make.account().id, now)


def test_nobody_is_done_before_anything_was_handed_in(
    session: Session, make: Make, now: datetime
) -> None:
    check = asked(make)
    with pytest.raises(Invalid):
        evidence.finish(session, check, now=now)


def test_evidence_goes_thirty_days_after_the_decision_and_not_before(
    session: Session, make: Make, now: datetime
) -> None:
    item = handed_in(session, make, now)
    check = session.get_one(IdentityCheck, item.check_id)
    evidence.finish(session, check, now=now)
    check.cancel(now=now)
    assert evidence.erase_due(session, now=now + timedelta(days=30, seconds=-1)) == 0
    kept = item.sealed
    assert kept is not None
    assert evidence.erase_due(session, now=now + timedelta(days=30)) == 1
    assert evidence.erase_due(session, now=now + timedelta(days=31)) == 0
    session.flush()
    session.refresh(item)
    assert item.erased_at == now + timedelta(days=30)
    assert item.sealed is None


def test_evidence_of_an_open_case_is_kept_however_old(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    assert evidence.erase_due(session, now=now + timedelta(days=400)) == 0
    assert check.state is CheckState.REVIEW


def test_an_upheld_appeal_begins_the_thirty_days_anew(
    session: Session, make: Make, now: datetime
) -> None:
    check = make.identity_case_by_hand()
    make.refused_by_two(check)
    verdicts.appeal(session, check, words="Look again.", now=now)
    later = now + timedelta(days=10)
    verdicts.answer(session, check, uphold=True, by=make.account().id, words="Yes.", now=later)
    assert evidence.erase_due(session, now=now + timedelta(days=31)) == 0
    assert evidence.erase_due(session, now=later + timedelta(days=30)) == 1


def test_the_sweep_erases_what_is_due(session: Session, make: Make, now: datetime) -> None:
    item = handed_in(session, make, now)
    check = session.get_one(IdentityCheck, item.check_id)
    check.cancel(now=now - timedelta(days=400))
    session.commit()
    jobs.keep_short(1)
    session.refresh(item)
    assert item.sealed is None


def test_the_database_keeps_content_and_erasure_apart(
    session: Session, make: Make, now: datetime
) -> None:
    item = handed_in(session, make, now)
    item.sealed = None
    with pytest.raises(IntegrityError, match="gone_once_erased"):
        session.flush()


@pytest.mark.parametrize("statement", ["UPDATE {} SET note = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_that_somebody_looked_cannot_be_unwritten(fresh_database: Database, statement: str) -> None:
    engine = sa.create_engine(sa.make_url(fresh_database.app).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(sa.text(statement.format("personal.identity_evidence_view")))
    engine.dispose()
