"""Finding what is in the bank: versions, where they stand, what may be given to people."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from exams.models import (
    APPROVED,
    BASE_LOCALE,
    Form,
    FormQuestion,
    KeyStanding,
    Question,
    QuestionEnemy,
    QuestionState,
    QuestionVersion,
    Standing,
    StandingEvent,
)


def newest_version(question_id: int, locale: str = BASE_LOCALE) -> sa.Select[QuestionVersion]:
    """A question's newest version in a language."""
    mine = sa.select(QuestionVersion).where(
        QuestionVersion.question_id == question_id, QuestionVersion.locale == locale
    )
    return mine.order_by(QuestionVersion.number.desc()).limit(1)


def versions_of(question_id: int) -> sa.Select[QuestionVersion, Standing]:
    """Every version of a question with where it stands, the newest first."""
    query = sa.select(QuestionVersion, Standing).join(
        Standing, Standing.question_version_id == QuestionVersion.id
    )
    mine = query.where(QuestionVersion.question_id == question_id)
    return mine.order_by(QuestionVersion.locale, QuestionVersion.number.desc())


def newest_of_exam(exam_id: int) -> sa.Select[Question, QuestionVersion, Standing]:
    """Each question of an exam with its newest version in the first language."""
    later = aliased(QuestionVersion)
    newer = sa.exists().where(
        later.question_id == QuestionVersion.question_id,
        later.locale == QuestionVersion.locale,
        later.number > QuestionVersion.number,
    )
    return (
        sa.select(Question, QuestionVersion, Standing)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(Standing, Standing.question_version_id == QuestionVersion.id)
        .where(Question.exam_id == exam_id, QuestionVersion.locale == BASE_LOCALE, ~newer)
        .order_by(Question.slug)
    )


def replaced_by(version: QuestionVersion) -> sa.Select[Standing]:
    """Older versions of the same question and language that are in use."""
    return (
        sa.select(Standing)
        .join(QuestionVersion, QuestionVersion.id == Standing.question_version_id)
        .where(
            QuestionVersion.question_id == version.question_id,
            QuestionVersion.locale == version.locale,
            QuestionVersion.number < version.number,
            Standing.state.in_(APPROVED),
        )
        .with_for_update(of=Standing)
    )


def offered(exam_id: int) -> sa.Select[int]:
    """The forms of which every version is approved and none retired."""
    return _whole(sa.literal(exam_id))


def _whole(exam_id: sa.ColumnElement[int] | sa.ScalarSelect[int]) -> sa.Select[int]:
    held_up = (
        sa.select(FormQuestion.form_id)
        .join(Standing, Standing.question_version_id == FormQuestion.question_version_id)
        .where(FormQuestion.form_id == Form.id, Standing.state.not_in(APPROVED))
    )
    given = sa.and_(Form.exam_id == exam_id, Form.design_id.is_(None))
    return sa.select(Form.id).where(given, ~held_up.exists())


def arrived(version_id: int) -> sa.Select[QuestionVersion]:
    """What an approval brings into use.

    The version itself where no form waits for it, else all of its forms that are approved whole.
    """
    on, beside = aliased(FormQuestion), aliased(FormQuestion)
    exam = (
        sa.select(Question.exam_id)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .where(QuestionVersion.id == version_id)
    )
    whole = sa.exists().where(
        on.question_version_id == version_id,
        beside.form_id == on.form_id,
        beside.question_version_id == QuestionVersion.id,
        on.form_id.in_(_whole(exam.scalar_subquery())),
    )
    alone = ~sa.exists().where(on.question_version_id == version_id)
    itself = sa.and_(QuestionVersion.id == version_id, alone)
    return sa.select(QuestionVersion).where(sa.or_(itself, whole))


def enemies_among(question_ids: list[int]) -> sa.Select[str, str, str]:
    """The slugs of each pair among these that may not stand together, and why."""
    one, other = aliased(Question), aliased(Question)
    return (
        sa.select(one.slug, other.slug, QuestionEnemy.reason)
        .join(one, one.id == QuestionEnemy.question_id)
        .join(other, other.id == QuestionEnemy.enemy_id)
        .where(
            QuestionEnemy.question_id.in_(question_ids), QuestionEnemy.enemy_id.in_(question_ids)
        )
        .order_by(one.slug, other.slug)
    )


def enemies_of(question_id: int) -> sa.Select[Question, str]:
    """Whom a question may not stand beside, and why."""
    other = sa.case(
        (QuestionEnemy.question_id == question_id, QuestionEnemy.enemy_id),
        else_=QuestionEnemy.question_id,
    )
    mine = sa.or_(QuestionEnemy.question_id == question_id, QuestionEnemy.enemy_id == question_id)
    query = sa.select(Question, QuestionEnemy.reason).join(Question, Question.id == other)
    return query.select_from(QuestionEnemy).where(mine).order_by(Question.slug)


def history(version_id: int) -> sa.Select[StandingEvent]:
    """What happened to a version, the newest first."""
    mine = sa.select(StandingEvent).where(StandingEvent.question_version_id == version_id)
    return mine.order_by(StandingEvent.id.desc())


def keys_of(version_id: int) -> sa.Select[KeyStanding]:
    """Who proposed and approved a version's keys, the newest first."""
    mine = sa.select(KeyStanding).where(KeyStanding.question_version_id == version_id)
    return mine.order_by(KeyStanding.number.desc())


@dataclass(frozen=True)
class ProposedKey:
    """A key that nobody has approved yet: the only ones that a page may show."""

    number: int
    key: dict[str, Any]
    rationale: str
    difficulty: float


def proposed_keys(session: Session, version_id: int) -> list[ProposedKey]:
    """A version's keys that wait for approval, the newest first.

    Through the one function that the database offers for it: it gives nothing of an approved key,
    whoever asks.
    """
    asked = sa.text("SELECT number, key, rationale, difficulty FROM keys.for_review(:version)")
    return [ProposedKey(*row) for row in session.execute(asked, {"version": version_id})]


def counted_keys() -> sa.ColumnElement[bool]:
    """Keys after which an answer counts."""
    return sa.or_(KeyStanding.approved_at.is_not(None), KeyStanding.before_approvals)


def waiting(exam_id: int) -> sa.Select[int]:
    """How many versions of an exam wait for a second person."""
    return (
        sa.select(sa.func.count())
        .select_from(Standing)
        .join(QuestionVersion, QuestionVersion.id == Standing.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.exam_id == exam_id, Standing.state == QuestionState.REVIEW)
    )
