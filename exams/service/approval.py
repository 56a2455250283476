"""From draft to use and out of it again: nothing reaches people that only one person has read."""

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    APPROVED,
    KeyStanding,
    Question,
    QuestionEnemy,
    QuestionState,
    QuestionVersion,
    Standing,
    StandingEvent,
)
from exams.queries import bank as queries
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Invalid

if TYPE_CHECKING:
    from exams.service.versions import Kept


def begin(
    session: Session, version: QuestionVersion, *, author: int | None, now: datetime
) -> Standing:
    """A new version is a draft; one with an author asks for a second person at once."""
    standing = Standing(question_version_id=version.id, author_id=author)
    session.add(standing)
    session.flush()
    _note(session, standing, "written", by=author, words="", now=now)
    if author is not None:
        submit(session, standing, by=author, now=now)
    return standing


def submit(session: Session, standing: Standing, *, by: int, now: datetime) -> None:
    """Ask for a second person. Whoever asks is the author of the words and of the newest key."""
    lock(session, standing)
    standing.submit(by=by)
    key = _newest_key(session, standing)
    if key is not None and key.approved_at is None:
        key.author_id = by
    _note(session, standing, "submitted", by=by, words="", now=now)


def send_back(session: Session, standing: Standing, *, by: int, words: str, now: datetime) -> None:
    """Back to its author, with what is to change."""
    if not words.strip():
        raise Invalid("Say what is to change.")
    lock(session, standing)
    standing.send_back()
    _note(session, standing, "sent back", by=by, words=words.strip(), now=now)


def approve(
    session: Session,
    standing: Standing,
    *,
    by: int,
    state: QuestionState,
    now: datetime,
    words: str = "",
) -> None:
    """A second person takes version and key into use.

    What it replaces is retired once the whole form that it is written for is approved: until then
    the form before is given. Raises `Forbidden` where it is the author, `Conflict` where it does not wait for approval.
    """
    if state not in APPROVED:
        raise Invalid("A question is approved on trial or for use.")
    lock(session, standing)
    standing.approve(by=by, state=state, now=now)
    key = _newest_key(session, standing)
    if key is None:
        raise Conflict("This question has no key yet.")
    if key.approved_at is None:
        key.approve(by=by, now=now)
    _note(session, standing, "approved", by=by, words=words.strip(), now=now)
    session.flush()
    for version in session.scalars(queries.arrived(standing.question_version_id)):
        _retire_older(session, version, by=by, now=now)


def approve_key(session: Session, key: KeyStanding, *, by: int, now: datetime) -> None:
    """A second person says that a corrected key is right: from now on it scores."""
    lock(session, key)
    if key.approved_at is not None or key.before_approvals:
        raise Conflict("This key has been approved already.")
    standing = session.get_one(Standing, key.question_version_id)
    if standing.state not in APPROVED:
        raise Conflict("The question itself is to be approved first; its key goes with it.")
    key.approve(by=by, now=now)
    _note(session, standing, "key approved", by=by, words=f"Key {key.number}", now=now)


def promote(session: Session, standing: Standing, *, by: int, now: datetime) -> None:
    """The trial is over: the next form may score it."""
    lock(session, standing)
    standing.promote()
    _note(session, standing, "taken over", by=by, words="", now=now)


def retire(session: Session, standing: Standing, *, by: int, words: str, now: datetime) -> None:
    """Nobody new gets it; forms with it are no longer given."""
    if not words.strip():
        raise Invalid("Say why it is retired.")
    lock(session, standing)
    standing.retire()
    _note(session, standing, "retired", by=by, words=words.strip(), now=now)


def take_into_use(session: Session, kept: "Kept", *, trial: bool, by: int, now: datetime) -> None:
    """Approve each language's version that waits for it, and a corrected key that waits."""
    state = QuestionState.PILOT if trial else QuestionState.LIVE
    for version in kept.by_locale.values():
        standing = session.get_one(Standing, version.id)
        if standing.state is QuestionState.REVIEW:
            approve(session, standing, by=by, state=state, now=now)
        elif standing.state is QuestionState.PILOT and not trial:
            promote(session, standing, by=by, now=now)
        key = _newest_key(session, standing)
        if key is not None and key.approved_at is None and not key.before_approvals:
            approve_key(session, key, by=by, now=now)


def name_enemies(
    session: Session,
    one: Question,
    other: Question,
    *,
    reason: str,
    by: int | None,
    now: datetime,
) -> None:
    """From now on the two never stand on one form; named twice, nothing changes."""
    if one.id == other.id or one.exam_id != other.exam_id:
        raise Invalid("Choose two different questions of one exam.")
    if not reason.strip():
        raise Invalid("Say why they may not stand together.")
    first, second = sorted((one.id, other.id))
    if session.get(QuestionEnemy, (first, second)) is None:
        session.add(
            QuestionEnemy(
                question_id=first, enemy_id=second, reason=reason.strip(), by_id=by, at=now
            )
        )
        session.flush()


def _retire_older(session: Session, version: QuestionVersion, *, by: int, now: datetime) -> None:
    for older in session.scalars(queries.replaced_by(version)):
        older.retire()
        note = f"Version {version.number} replaces it."
        _note(session, older, "retired", by=by, words=note, now=now)


def _newest_key(session: Session, standing: Standing) -> KeyStanding | None:
    query = sa.select(KeyStanding).where(
        KeyStanding.question_version_id == standing.question_version_id
    )
    return session.scalar(query.order_by(KeyStanding.number.desc()).limit(1))


def _note(
    session: Session, standing: Standing, verb: str, *, by: int | None, words: str, now: datetime
) -> None:
    session.add(
        StandingEvent(
            question_version_id=standing.question_version_id,
            verb=verb,
            state=standing.state,
            by_id=by,
            words=words,
            at=now,
        )
    )
    subject = ("question_version", standing.question_version_id)
    action = f"question.{verb.replace(' ', '_')}"
    audit.record(session, actor=by, action=action, subject=subject, now=now)
    session.flush()
