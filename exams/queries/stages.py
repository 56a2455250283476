"""How far people came who applied to what asks for an exam: stage by stage, one row a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from exams.models import Application, ApplicationState, Attempt, AttemptState, Opening
from portal.identity.models import CheckState, IdentityCheck


class Stage(StrEnum):
    """What is passed on the way, in order. Everybody who applied stands before the first."""

    SCREENED = "screened"
    SAT = "sat"
    PASSED = "passed"
    VERIFIED = "verified"
    ACCEPTED = "accepted"


@dataclass(frozen=True)
class Way:
    """One person's way: the application that counts, and how many stages lie behind them."""

    account_id: int
    application_id: int
    began: datetime
    passed: int


def ways(
    session: Session, exam_id: int, *, after: int = 0, begun_before: datetime | None = None
) -> list[Way]:
    """Everybody who applied, each once by their first application with an id above `after`.

    A stage counts as passed only where all before it were; whoever was accepted passed them all.
    """
    return [
        Way(one.account_id, one.application_id, one.began, _passed(one))
        for one in session.execute(_people(exam_id, after, begun_before))
    ]


def reached(found: Sequence[Way]) -> list[int]:
    """How many applied, and how many passed each stage."""
    return [sum(one.passed >= stage for one in found) for stage in range(len(Stage) + 1)]


def _passed(row: sa.Row[*tuple[object, ...]]) -> int:
    if row.accepted:
        return len(Stage)
    count = 0
    for done in (row.screened or row.sat, row.sat, row.through, row.verified):
        if not done:
            break
        count += 1
    return count


def _people(
    exam_id: int, after: int, begun_before: datetime | None
) -> sa.Select[*tuple[object, ...]]:
    met = sa.or_(
        Application.state.in_(_SCREENED), Application.unmet == sa.cast(sa.literal("[]"), JSONB)
    )
    query = (
        sa.select(
            Application.account_id,
            sa.func.min(Application.id).label("application_id"),
            sa.func.min(Application.started_at).label("began"),
            sa.func.bool_or(met).label("screened"),
            _attempted(exam_id, Attempt.finished_at.is_not(None)).label("sat"),
            _attempted(exam_id, Attempt.state == AttemptState.PASSED).label("through"),
            _verified().label("verified"),
            sa.func.bool_or(Application.state == ApplicationState.APPROVED).label("accepted"),
        )
        .join(Opening, Opening.id == Application.opening_id)
        .where(Opening.exam_id == exam_id, Application.id > after)
        .group_by(Application.account_id)
        .order_by(sa.func.min(Application.id))
    )
    if begun_before is not None:
        query = query.where(Application.started_at < begun_before)
    return query


def _attempted(exam_id: int, what: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Attempt.account_id == Application.account_id,
        Attempt.exam_id == exam_id,
        Attempt.state != AttemptState.VOIDED,
        what,
    )


def _verified() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        IdentityCheck.account_id == Application.account_id,
        IdentityCheck.state == CheckState.VERIFIED,
    )


_SCREENED: Final = (ApplicationState.SCREENED, ApplicationState.APPROVED)
