"""Flags, found through the attempts that somebody may decide about."""

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from exams.models import AnswerFlag, Attempt, FlagState
from exams.queries import reach


def flags_for(account_id: int) -> sa.Select[AnswerFlag]:
    """Flags about others' attempts at exams that the account's grants reach; never about one's own."""
    return sa.select(AnswerFlag).where(
        _within(account_id, AnswerFlag.attempt_id),
        sa.or_(
            AnswerFlag.other_attempt_id.is_(None), _within(account_id, AnswerFlag.other_attempt_id)
        ),
    )


def open_for(account_id: int) -> sa.Select[AnswerFlag]:
    """Those that nobody has settled, the surest first."""
    waiting = flags_for(account_id).where(AnswerFlag.state == FlagState.OPEN)
    return waiting.order_by(AnswerFlag.false_share.nulls_last(), AnswerFlag.id)


def of_exam(account_id: int, exam_id: int) -> sa.Select[AnswerFlag]:
    """Those about sittings of one exam."""
    sat = sa.exists().where(Attempt.id == AnswerFlag.attempt_id, Attempt.exam_id == exam_id)
    return flags_for(account_id).where(sat)


def settled_for(account_id: int) -> sa.Select[AnswerFlag]:
    """Those that somebody has settled, the newest first."""
    done = flags_for(account_id).where(AnswerFlag.state != FlagState.OPEN)
    return done.order_by(AnswerFlag.settled_at.desc(), AnswerFlag.id)


def _within(
    account_id: int, attempt: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
) -> sa.ColumnElement[bool]:
    return sa.exists().where(Attempt.id == attempt, reach.attempts_for(account_id))
