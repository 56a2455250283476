"""More time and breaks: asked for without proof up to half as much again, answered in two working days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Accommodation, AccommodationState, Attempt, AttemptState, EventKind
from exams.queries import accommodations as queries
from exams.queries import attempts as attempt_queries
from exams.service import events, letters, reviewers, sections
from portal import audit, settings
from portal.access import Role
from portal.accounts.models import Account
from portal.db import lock
from portal.decisions import Decision, Letter, Outcome, decide
from portal.errors import Conflict, Forbidden, Invalid
from portal.identity import working_days
from portal.ids import random_id
from portal.sealing import seal, unseal

FACTORS: Final = (1.25, 1.5, 2.0)
WITHOUT_PROOF: Final = 1.5
MOST_BREAK_MINUTES: Final = 60
ANSWER_DAYS: Final = 2
"""Working days."""
RULE: Final = ("accommodation", "1: up to 1.5 times the time needs no proof")
DECLINED: Final = "accommodation.declined"


@dataclass(frozen=True)
class Allowance:
    """What somebody gets: a factor of every time, or none at all; minutes of breaks at any question."""

    factor: float = 1.0
    untimed: bool = False
    break_minutes: int = 0

    @property
    def needs_no_proof(self) -> bool:
        """Whether silence may grant it."""
        return self.factor <= WITHOUT_PROOF and not self.untimed and not self.break_minutes


NONE: Final = Allowance()


def allowance(session: Session, account_id: int) -> Allowance:
    """What holds for somebody now."""
    held = session.scalar(queries.granted(account_id))
    return _of(held) if held else NONE


def ask(
    session: Session, *, account_id: int, wanted: Allowance, words: str, now: datetime
) -> Accommodation:
    """Somebody asks. What needs no proof needs no words either; what they write is sealed.

    Raises `Conflict` while an earlier request is not answered, `Invalid` for what we do not offer.
    """
    _refuse_unknown(wanted)
    _lock_person(session, account_id)
    if session.scalar(queries.asked(account_id)):
        raise Conflict("You have asked already; you get an answer within two working days.")
    if not wanted.needs_no_proof and not words.strip():
        raise Invalid("Say in a few words what would help, so that somebody can answer.")
    due = working_days.later(now, ANSWER_DAYS)
    made = _new(account_id, wanted, words=words, answer_by=due, now=now)
    session.add(made)
    session.flush()
    _note(session, made, "asked", actor=account_id, now=now)
    return made


def grant(session: Session, asked: Accommodation, *, by: int | None, now: datetime) -> None:
    """It holds from now on, also for attempts under way. By None where the clock ran out."""
    lock(session, asked)
    if by == asked.account_id:
        raise Forbidden("Nobody grants their own.")
    before = session.scalar(queries.granted(asked.account_id))
    given = _of(before) if before else NONE
    if before is not None:
        before.end()
        session.flush()
    asked.grant(by=by, now=now)
    _note(session, asked, "granted", actor=by, now=now)
    wanted = _of(asked)
    for attempt in session.scalars(attempt_queries.open_of(asked.account_id)):
        _apply(session, lock(session, attempt), before=given, after=wanted, now=now)
    body = "What you need for exams is arranged. It holds from now on, and nobody who grades or decides about you sees it."
    _write(session, asked, "Your exam time", body, now=now)


def grant_unasked(
    session: Session, *, account_id: int, wanted: Allowance, by: int, now: datetime
) -> Accommodation:
    """Compliance arranges it for somebody who asked in another way, before an exam or during one."""
    _refuse_unknown(wanted)
    _lock_person(session, account_id)
    open_request = session.scalar(queries.asked(account_id))
    if open_request is not None:
        open_request.end()
    made = _new(account_id, wanted, words="", answer_by=now, now=now)
    session.add(made)
    session.flush()
    grant(session, made, by=by, now=now)
    return made


def decline(
    session: Session, asked: Accommodation, *, by: int, reason: str, now: datetime
) -> Decision:
    """Not this time: a decision by a person with a reason, open to appeal, known to compliance only."""
    lock(session, asked)
    if asked.state is not AccommodationState.ASKED:
        raise Conflict("This has been answered already.")
    decision = decide(
        session,
        account_id=asked.account_id,
        kind=DECLINED,
        outcome=Outcome.AGAINST,
        subject=("accommodation", asked.id),
        rule=RULE,
        evidence={},
        reason=reason,
        decided_by=by,
        now=now,
        letter=Letter(
            "Your exam time",
            f"We could not arrange what you asked for.\n\nWhy: {reason}\n\n"
            "You can appeal within 14 days; a different person then looks.",
            path="/exams/time",
        ),
    )
    asked.decline(by=by, decision_id=decision.id, now=now)
    return decision


def end(session: Session, mine: Accommodation, *, now: datetime) -> None:
    """Its person no longer wants it; attempts under way keep what they have."""
    lock(session, mine)
    mine.end()
    _note(session, mine, "ended", actor=mine.account_id, now=now)


def upheld(session: Session, declined: Accommodation, *, now: datetime) -> None:
    """An appeal was upheld: it is granted. Harmless repeated."""
    lock(session, declined)
    if declined.state is AccommodationState.DECLINED:
        grant(session, declined, by=None, now=now)


def run_out(session: Session, asked: Accommodation, *, now: datetime) -> None:
    """Nobody answered in time: granted where it needs no proof, else a named second person answers."""
    if _of(asked).needs_no_proof:
        grant(session, asked, by=None, now=now)
        return
    second = reviewers.another(
        session, about=asked.account_id, besides=asked.reviewer_id, roles=(Role.COMPLIANCE,)
    )
    due = working_days.later(now, ANSWER_DAYS)
    asked.hand_over(reviewer_id=second.id if second else None, answer_by=due)
    _note(session, asked, "handed_over", actor=None, now=now)
    if second:
        path = f"/compliance/accommodations/{asked.public_id}"
        letters.to_colleague(session, second, what="A request", path=path, due=due, now=now)


def read_words(
    session: Session, asked: Accommodation, *, by: int, reason: str, now: datetime
) -> str:
    """What they wrote; reading it is an act with a reason. Raises `Invalid` without one."""
    if not reason.strip():
        raise Invalid("Say why you read it.")
    subject = ("accommodation", asked.id)
    audit.record(
        session,
        actor=by,
        action="accommodation.words_read",
        subject=subject,
        details={"reason": reason.strip()},
        now=now,
    )
    if asked.words is None:
        return ""
    key = settings.load().personal_key
    return unseal(asked.words, key=key, row=_row(asked)).decode()


def _apply(
    session: Session, attempt: Attempt, *, before: Allowance, after: Allowance, now: datetime
) -> None:
    """Give an attempt under way what is more than it has, to the second; nothing is ever taken off."""
    if attempt.state is not AttemptState.OPEN:
        return
    more = max(0.0, after.factor - attempt.extra_time)
    added = timedelta(seconds=attempt.allowed_seconds) * more
    part = sections.current(session, attempt)
    if attempt.section_deadline is not None and part is not None and part.minutes:
        attempt.section_deadline += timedelta(minutes=part.minutes) * more
    if attempt.deadline is not None:
        attempt.deadline += added
    if after.untimed:
        attempt.deadline, attempt.section_deadline = None, None
    attempt.extra_time += more
    attempt.break_seconds += max(0, after.break_minutes - before.break_minutes) * 60
    payload = {"outage": False, "seconds": added.total_seconds(), **events.clocks(attempt)}
    events.append(session, attempt, EventKind.TIME_GIVEN, now=now, payload=payload)


def _new(
    account_id: int, wanted: Allowance, *, words: str, answer_by: datetime, now: datetime
) -> Accommodation:
    made = Accommodation(
        public_id=random_id(),
        account_id=account_id,
        factor=wanted.factor,
        untimed=wanted.untimed,
        break_minutes=wanted.break_minutes,
        asked_at=now,
        answer_by=answer_by,
    )
    if words.strip():
        key = settings.load().personal_key
        made.words = seal(words.strip().encode(), key=key, row=_row(made))
    return made


def _of(held: Accommodation) -> Allowance:
    return Allowance(held.factor, held.untimed, held.break_minutes)


def _row(held: Accommodation) -> str:
    return f"accommodation:{held.public_id}"


def _refuse_unknown(wanted: Allowance) -> None:
    known = wanted.factor in {1.0, *FACTORS} and 0 <= wanted.break_minutes <= MOST_BREAK_MINUTES
    if not known or wanted == NONE or (wanted.untimed and wanted.factor > 1):
        raise Invalid("Choose one of the times or breaks that we offer.")


def _lock_person(session: Session, account_id: int) -> None:
    session.execute(
        sa.select(Account.id).where(Account.id == account_id).with_for_update(key_share=True)
    )


def _write(
    session: Session, held: Accommodation, subject: str, body: str, *, now: datetime
) -> None:
    letters.to_person(session, held.account_id, subject, body, path="/exams/time", now=now)


def _note(
    session: Session, held: Accommodation, verb: str, *, actor: int | None, now: datetime
) -> None:
    subject = ("accommodation", held.id)
    audit.record(session, actor=actor, action=f"accommodation.{verb}", subject=subject, now=now)
