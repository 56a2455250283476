"""What somebody may decide about: others' matters, as far as their own grants reach."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from exams.models import Application, Attempt, Exam, GradingCase, Opening
from portal.access import Role
from portal.accounts.models import Grant

_DECIDES: Final = (Role.MANAGER, Role.REVIEWER)
_MANAGES: Final = (Role.MANAGER,)


def applications_for(account_id: int) -> sa.ColumnElement[bool]:
    """Applications of others to openings that the account's grants reach."""
    opening = sa.exists().where(
        Opening.id == Application.opening_id, _reaches(account_id, Opening.organisation_id)
    )
    return sa.and_(Application.account_id != account_id, opening)


def attempts_for(account_id: int) -> sa.ColumnElement[bool]:
    """Attempts of others at exams that the account's grants reach."""
    exam = sa.exists().where(Exam.id == Attempt.exam_id, _reaches(account_id, Exam.organisation_id))
    return sa.and_(Attempt.account_id != account_id, exam)


def exams_for(account_id: int) -> sa.ColumnElement[bool]:
    """Exams that the account's grants reach."""
    return _reaches(account_id, Exam.organisation_id)


def exams_measured_by(account_id: int) -> sa.ColumnElement[bool]:
    """Exams that the account manages, and neither sits nor applied for.

    What is told of single questions would help whoever still sits the exam.
    """
    sat = sa.exists().where(Attempt.exam_id == Exam.id, Attempt.account_id == account_id)
    applied = (
        sa.exists()
        .where(Opening.id == Application.opening_id, Opening.exam_id == Exam.id)
        .where(Application.account_id == account_id)
    )
    return sa.and_(_reaches(account_id, Exam.organisation_id, _MANAGES), ~sat, ~applied)


def cases_for(account_id: int) -> sa.ColumnElement[bool]:
    """Texts of exams that the account's grants reach."""
    return sa.exists().where(
        Exam.id == GradingCase.exam_id, _reaches(account_id, Exam.organisation_id)
    )


def _reaches(
    account_id: int,
    organisation_id: InstrumentedAttribute[int | None],
    roles: tuple[Role, ...] = _DECIDES,
) -> sa.ColumnElement[bool]:
    """What belongs to no client is for those who decide everywhere."""
    return sa.exists().where(
        Grant.account_id == account_id,
        Grant.role.in_(roles),
        Grant.revoked_at.is_(None),
        Grant.project_id.is_(None),
        sa.or_(Grant.organisation_id.is_(None), Grant.organisation_id == organisation_id),
    )
