"""Importing exams, openings and countries: a document is taken whole or refused whole."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import ANY_OTHER_COUNTRY, Exam, Opening, PayCountry, Qualification, Question
from exams.service import approval, documents, forms, screening, versions
from exams.service.documents import ExamDocument
from portal import audit
from portal.errors import Invalid


def import_exam(
    session: Session,
    data: object,
    *,
    now: datetime,
    actor: int | None = None,
    approver: int | None = None,
) -> Exam:
    """Bring an exam to what the document says; the same document again changes nothing.

    Raises `Invalid` naming each mistake by its path. Changed words make a new version of their
    question and a changed set a new form; attempts under way keep theirs. What is new waits for
    approval, written by `actor`; with an `approver`, another person, it is in use at once. Needs
    the worker's login: a key is compared with the one that is there.
    """
    document = documents.parse_exam(data)
    exam = _exam(session, document, now)
    stimuli = versions.keep_stimuli(session, exam, document.stimuli, now=now)
    kept = {
        question.slug: versions.keep(session, exam, question, stimuli, author=actor, now=now)
        for question in document.questions
    }
    _keep_enemies(session, document, {s: one.question_id for s, one in kept.items()}, actor, now)
    if approver is not None:
        for question in document.questions:
            approval.take_into_use(
                session, kept[question.slug], trial=question.pilot, by=approver, now=now
            )
    forms.keep(session, exam, document, kept, now=now)
    audit.record(session, actor=actor, action="exam.imported", subject=("exam", exam.id), now=now)
    return exam


def add_questions(session: Session, exam: Exam, data: object, *, now: datetime, actor: int) -> int:
    """Add questions to an exam's bank; each waits for a second person. Gives how many were named.

    Raises `Invalid` naming each mistake by its path. No form changes. Needs the worker's login.
    """
    document = documents.parse_questions(data, areas={area["slug"] for area in exam.areas})
    stimuli = versions.keep_stimuli(session, exam, document.stimuli, now=now)
    for question in document.questions:
        versions.keep(session, exam, question, stimuli, author=actor, now=now)
    subject = ("exam", exam.id)
    audit.record(session, actor=actor, action="exam.questions_added", subject=subject, now=now)
    return len(document.questions)


def import_opening(
    session: Session, data: object, *, now: datetime, actor: int | None = None
) -> Opening:
    """Bring an opening to what the document says, and open it. Raises `Invalid` as above."""
    document = documents.parse(documents.OpeningDocument, data)
    screening.refuse_broken(document.requirements)
    exam = session.scalar(sa.select(Exam).where(Exam.slug == document.exam))
    if exam is None:
        raise Invalid(f"exam: there is no exam {document.exam!r} yet; import it first")
    plain = document.model_dump(exclude={"exam", "qualification", "pay"})
    values = plain | {
        "exam_id": exam.id,
        "currency": document.pay.currency,
        "pay_minimum": document.pay.minimum,
        "pay_maximum": document.pay.maximum,
    }
    opening = session.scalar(sa.select(Opening).where(Opening.slug == document.slug))
    if opening is None:
        opening = Opening(**values)
        opening.open(now=now)
        session.add(opening)
    else:
        _change(opening, values)
    session.flush()
    subject = ("opening", opening.id)
    audit.record(session, actor=actor, action="opening.imported", subject=subject, now=now)
    return opening


def import_countries(session: Session, data: object) -> int:
    """Say anew where we can pay and how; gives the number of countries named."""
    document = documents.parse(documents.CountriesDocument, data)
    names = document.document_names
    rows = [
        PayCountry(
            country=one.country,
            name=one.name,
            payable=True,
            currency=one.currency,
            method=one.method,
            fee=one.fee,
            delay_least=one.delay_days[0],
            delay_most=one.delay_days[1],
            documents=[names.get(code, code) for code in one.documents],
        )
        for one in document.payable
    ]
    rows += [
        PayCountry(country=one.country, name=one.name, payable=False, reason=one.reason)
        for one in document.not_yet
    ]
    default = document.default.reason
    rows.append(
        PayCountry(country=ANY_OTHER_COUNTRY, name="Any other", payable=False, reason=default)
    )
    for row in rows:
        session.merge(row)
    named = {row.country for row in rows}
    session.execute(sa.delete(PayCountry).where(PayCountry.country.not_in(named)))
    return len(named) - 1


def _exam(session: Session, document: ExamDocument, now: datetime) -> Exam:
    named = document.qualification
    qualification = session.scalar(sa.select(Qualification).where(Qualification.slug == named.slug))
    if qualification is None:
        qualification = Qualification(slug=named.slug, title=named.title)
        session.add(qualification)
        session.flush()
    qualification.title = named.title
    plain = document.model_dump(exclude={"qualification", "form", "questions", "stimuli"})
    values = plain | {"qualification_id": qualification.id, "valid_months": named.valid_months}
    exam = session.scalar(sa.select(Exam).where(Exam.slug == document.slug).with_for_update())
    if exam is None:
        exam = Exam(**values, created_at=now)
        session.add(exam)
    else:
        _change(exam, values)
    session.flush()
    return exam


def _keep_enemies(
    session: Session, document: ExamDocument, ids: dict[str, int], actor: int | None, now: datetime
) -> None:
    for question in document.questions:
        for enemy in question.enemies:
            approval.name_enemies(
                session,
                session.get_one(Question, ids[question.slug]),
                session.get_one(Question, ids[enemy]),
                reason="Named in the imported document.",
                by=actor,
                now=now,
            )


def _change(row: Exam | Opening, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
