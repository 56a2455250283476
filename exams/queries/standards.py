"""Pass marks and the panels they come from."""

import sqlalchemy as sa

from exams.models import (
    Attempt,
    CutQuality,
    Exam,
    Form,
    FormCut,
    FormQuestion,
    QuestionVersion,
    StandardJudge,
    StandardRating,
    StandardStudy,
    StudyState,
)
from portal.access import Role
from portal.accounts.models import Account, Grant


def newest_cut(form_id: int) -> sa.Select[FormCut]:
    """The cut that was set last on a form; none where the exam's own still holds."""
    mine = sa.select(FormCut).where(FormCut.form_id == form_id)
    return mine.order_by(FormCut.number.desc()).limit(1)


def cuts_of(exam_id: int) -> sa.Select[FormCut]:
    """Every cut that was ever set on the exam's forms, the newest first."""
    mine = sa.select(FormCut).join(Form, Form.id == FormCut.form_id).where(Form.exam_id == exam_id)
    return mine.order_by(FormCut.adopted_at.desc(), FormCut.form_id)


def quality(form_id: int, cut: float) -> sa.Select[CutQuality]:
    """How surely a cut decides, where enough people have sat the form."""
    return sa.select(CutQuality).where(CutQuality.form_id == form_id, CutQuality.cut == cut)


def studies_of(exam_id: int) -> sa.Select[StandardStudy]:
    """The exam's panels, the newest first."""
    mine = sa.select(StandardStudy).join(Form, Form.id == StandardStudy.form_id)
    return mine.where(Form.exam_id == exam_id).order_by(StandardStudy.id.desc())


def judged_by(account_id: int) -> sa.Select[StandardStudy]:
    """Panels on which an account sits."""
    mine = sa.select(StandardStudy).join(StandardJudge, StandardJudge.study_id == StandardStudy.id)
    return mine.where(StandardJudge.account_id == account_id)


def waiting_for(account_id: int) -> sa.Select[StandardStudy]:
    """Panels whose round an account has not handed in."""
    return judged_by(account_id).where(
        StandardStudy.state == StudyState.RATING, StandardJudge.handed_in < StandardStudy.round
    )


def waiting_with_exam(account_id: int) -> sa.Select[StandardStudy, str]:
    """The same, with the exam's title."""
    waiting = waiting_for(account_id).join(Form, Form.id == StandardStudy.form_id)
    return waiting.join(Exam, Exam.id == Form.exam_id).add_columns(Exam.title)


def rated_questions(form_id: int) -> sa.Select[FormQuestion]:
    """The places of a form that count, in order: pilot questions need no rating."""
    mine = sa.select(FormQuestion).where(FormQuestion.form_id == form_id, FormQuestion.scored)
    return mine.order_by(FormQuestion.position)


def rated_versions(form_id: int) -> sa.Select[int, QuestionVersion]:
    """Place and version of every question that counts."""
    return (
        sa.select(FormQuestion.position, QuestionVersion)
        .join(QuestionVersion, QuestionVersion.id == FormQuestion.question_version_id)
        .where(FormQuestion.form_id == form_id, FormQuestion.scored)
        .order_by(FormQuestion.position)
    )


def ratings(study: StandardStudy, number: int) -> sa.Select[StandardRating]:
    """Everybody's ratings of a round."""
    return sa.select(StandardRating).where(
        StandardRating.study_id == study.id, StandardRating.round == number
    )


def ratings_of(study: StandardStudy, number: int, account_id: int) -> sa.Select[StandardRating]:
    """One judge's ratings of a round."""
    return ratings(study, number).where(StandardRating.account_id == account_id)


def possible_judges(exam: Exam) -> sa.Select[Account]:
    """Who may judge: managers and reviewers of the exam who have not sat it themselves."""
    may = sa.exists().where(
        Grant.account_id == Account.id,
        Grant.role.in_([Role.MANAGER, Role.REVIEWER]),
        Grant.revoked_at.is_(None),
        Grant.project_id.is_(None),
        sa.or_(
            Grant.organisation_id.is_(None),
            Grant.organisation_id == sa.literal(exam.organisation_id),
        ),
    )
    sat = sa.exists().where(Attempt.account_id == Account.id, Attempt.exam_id == exam.id)
    return sa.select(Account).where(may, ~sat).order_by(Account.display_name, Account.id)
