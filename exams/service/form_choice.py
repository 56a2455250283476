"""Which form somebody gets: one whose questions they have not seen, as far as the exam asks for it."""

from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import BASE_LOCALE, Attempt, Exam, Form, FormQuestion, QuestionVersion
from exams.queries import bank
from portal.accounts.models import Account


def choose(session: Session, exam: Exam, account_id: int, *, seed: int) -> Form | None:
    """A form that may be sat now, the least seen first and among those any; None where there is none.

    Seen is every question of a form that they have begun, in whichever version and even where the
    attempt did not count. No more than `exam.maximum_overlap` of a form may be so.
    """
    shares = overlaps(session, exam, account_id)
    allowed = {one: share for one, share in shares.items() if share <= exam.maximum_overlap + 1e-9}
    if not allowed:
        return None
    least = min(allowed.values())
    ids = sorted(one for one, share in allowed.items() if share == least)
    form = session.get_one(Form, Random(seed).choice(ids))  # noqa: S311  kept with its seed
    return _spoken(session, form, session.get_one(Account, account_id).locale) or form


def _spoken(session: Session, form: Form, locale: str) -> Form | None:
    """The same form in the person's language, where it exists and is approved too."""
    language = locale.partition("-")[0].partition("_")[0]
    variants = sa.select(Form).where(
        Form.exam_id == form.exam_id,
        Form.number == form.number,
        Form.locale.in_([locale.replace("_", "-"), language]),
        Form.id.in_(bank.offered(form.exam_id)),
    )
    exact_first = sa.func.length(Form.locale).desc()
    return session.scalar(variants.order_by(exact_first).limit(1))


def overlaps(session: Session, exam: Exam, account_id: int) -> dict[int, float]:
    """For each form that is offered, the share of its questions that the person has seen."""
    mine = sa.select(Attempt.form_id).where(
        Attempt.account_id == account_id, Attempt.exam_id == exam.id
    )
    seen = (
        sa.select(QuestionVersion.question_id)
        .join(FormQuestion, FormQuestion.question_version_id == QuestionVersion.id)
        .where(FormQuestion.form_id.in_(mine))
    )
    known = sa.case((QuestionVersion.question_id.in_(seen), 1.0), else_=0.0)
    offered = bank.offered(exam.id).where(Form.locale == BASE_LOCALE)
    shares = (
        sa.select(FormQuestion.form_id, sa.func.avg(known))
        .join(QuestionVersion, QuestionVersion.id == FormQuestion.question_version_id)
        .where(FormQuestion.form_id.in_(offered))
        .group_by(FormQuestion.form_id)
    )
    return {form_id: float(share) for form_id, share in session.execute(shares)}
