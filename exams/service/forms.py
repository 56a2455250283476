"""Keeping forms: ordered lists of question versions, one for each language they all exist in."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import BASE_LOCALE, Exam, Form, FormQuestion
from exams.queries import bank as queries
from exams.service import sections
from exams.service.documents import ExamDocument
from exams.service.sections import Part
from exams.service.versions import Kept
from portal.errors import Invalid


def keep(
    session: Session,
    exam: Exam,
    document: ExamDocument,
    kept: Mapping[str, Kept],
    *,
    now: datetime,
) -> None:
    """Bring the form to what the document says; a changed set makes a new one."""
    asked = document.form.questions
    trial = {question.slug for question in document.questions if question.pilot}
    places = [(kept[slug].base.id, slug not in trial) for slug in asked]
    parts = sections.of(document.form)
    newest = session.scalar(_newest(exam.id))
    if newest and (_places(session, newest.id), sections.parts(session, newest.id)) == (
        places,
        parts,
    ):
        return
    refuse_enemies(session, [kept[slug].question_id for slug in asked])
    number = max(document.form.number, newest.number + 1 if newest else 1)
    write(session, exam, number, places, parts, now=now)
    for locale in sorted(_spoken(kept[slug] for slug in asked) - {BASE_LOCALE}):
        local = [(kept[slug].by_locale[locale].id, slug not in trial) for slug in asked]
        write(session, exam, number, local, parts, now=now, locale=locale)


def write(
    session: Session,
    exam: Exam,
    number: int,
    places: list[tuple[int, bool]],
    parts: list[Part],
    *,
    now: datetime,
    locale: str = BASE_LOCALE,
) -> Form:
    """A new form: its versions in order, each with whether it is scored."""
    form = Form(exam_id=exam.id, number=number, created_at=now, locale=locale)
    session.add(form)
    session.flush()
    session.add_all(
        FormQuestion(
            form_id=form.id, position=position, question_version_id=version_id, scored=scored
        )
        for position, (version_id, scored) in enumerate(places, 1)
    )
    sections.write(session, form.id, parts)
    session.flush()
    return form


def next_number(session: Session, exam_id: int) -> int:
    """The number of the exam's next form."""
    newest = session.scalar(_newest(exam_id))
    return newest.number + 1 if newest else 1


def refuse_enemies(session: Session, question_ids: list[int]) -> None:
    """Raise `Invalid` naming each pair that may not stand on one form."""
    found = session.execute(queries.enemies_among(question_ids)).all()
    if found:
        raise Invalid(
            "\n".join(
                f"{one} and {other} may not stand on one form: {why}" for one, other, why in found
            )
        )


def _newest(exam_id: int) -> sa.Select[Form]:
    given = sa.and_(Form.locale == BASE_LOCALE, Form.design_id.is_(None))
    mine = sa.select(Form).where(Form.exam_id == exam_id, given)
    return mine.order_by(Form.number.desc()).limit(1)


def _places(session: Session, form_id: int) -> list[tuple[int, bool]]:
    held = sa.select(FormQuestion.question_version_id, FormQuestion.scored).where(
        FormQuestion.form_id == form_id
    )
    return [(one, scored) for one, scored in session.execute(held.order_by(FormQuestion.position))]


def _spoken(questions: Iterable[Kept]) -> set[str]:
    """The languages in which every question exists."""
    locales = [set(one.by_locale) for one in questions]
    return set.intersection(*locales)
