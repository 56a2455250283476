"""Importing exams, openings and countries: a document is taken whole or refused whole."""

import hashlib
import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    ANY_OTHER_COUNTRY,
    Exam,
    Form,
    FormQuestion,
    Opening,
    PayCountry,
    Qualification,
    Question,
    QuestionKey,
    QuestionType,
    QuestionVersion,
)
from exams.service import documents, screening
from exams.service.documents import ExamDocument, QuestionDocument
from portal import audit
from portal.errors import Invalid


def import_exam(session: Session, data: object, *, now: datetime, actor: int | None = None) -> Exam:
    """Bring an exam to what the document says; the same document again changes nothing.

    Raises `Invalid` naming each mistake by its path. Changed words make a new version of their
    question and a changed set a new form; attempts under way keep theirs. Needs the worker's
    login: a key is compared with the one that is there.
    """
    document = documents.parse_exam(data)
    exam = _exam(session, document, now)
    versions = {
        question.slug: _version(session, exam, question, now) for question in document.questions
    }
    _form(session, exam, document.form.number, [versions[s] for s in document.form.questions], now)
    audit.record(session, actor=actor, action="exam.imported", subject=("exam", exam.id), now=now)
    return exam


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
    plain = document.model_dump(exclude={"qualification", "form", "questions"})
    values = plain | {"qualification_id": qualification.id, "valid_months": named.valid_months}
    exam = session.scalar(sa.select(Exam).where(Exam.slug == document.slug).with_for_update())
    if exam is None:
        exam = Exam(**values, created_at=now)
        session.add(exam)
    else:
        _change(exam, values)
    session.flush()
    return exam


def _version(
    session: Session, exam: Exam, document: QuestionDocument, now: datetime
) -> QuestionVersion:
    question = session.scalar(
        sa.select(Question).where(Question.exam_id == exam.id, Question.slug == document.slug)
    )
    if question is None:
        question = Question(exam_id=exam.id, slug=document.slug)
        session.add(question)
        session.flush()
    shown = {
        "type": document.type,
        "area": document.area,
        "points": document.points,
        "content": document.content,
    }
    newest = session.scalar(
        sa.select(QuestionVersion)
        .where(QuestionVersion.question_id == question.id)
        .order_by(QuestionVersion.number.desc())
        .limit(1)
    )
    if newest is None or newest.sha256 != _digest(shown):
        newest = QuestionVersion(
            question_id=question.id,
            number=newest.number + 1 if newest else 1,
            type=QuestionType(document.type),
            area=document.area,
            points=document.points,
            content=document.content,
            sha256=_digest(shown),
            created_at=now,
        )
        session.add(newest)
        session.flush()
    _key(session, newest, document, now)
    return newest


def _key(
    session: Session, version: QuestionVersion, document: QuestionDocument, now: datetime
) -> None:
    secret: dict[str, Any] = {
        "key": document.key,
        "rationale": document.rationale,
        "difficulty": float(document.difficulty),
    }
    newest = session.execute(
        sa.select(QuestionKey.number, QuestionKey.sha256)
        .where(QuestionKey.question_version_id == version.id)
        .order_by(QuestionKey.number.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.sha256 == _digest(secret):
        return
    number = newest.number + 1 if newest else 1
    session.add(
        QuestionKey(
            question_version_id=version.id,
            number=number,
            sha256=_digest(secret),
            created_at=now,
            **secret,
        )
    )


def _form(
    session: Session, exam: Exam, number: int, versions: list[QuestionVersion], now: datetime
) -> None:
    wanted = [version.id for version in versions]
    newest = session.scalar(
        sa.select(Form).where(Form.exam_id == exam.id).order_by(Form.number.desc()).limit(1)
    )
    if newest is not None:
        held = session.scalars(
            sa.select(FormQuestion.question_version_id)
            .where(FormQuestion.form_id == newest.id)
            .order_by(FormQuestion.position)
        )
        if list(held) == wanted:
            return
    form = Form(
        exam_id=exam.id, number=max(number, newest.number + 1 if newest else 1), created_at=now
    )
    session.add(form)
    session.flush()
    session.add_all(
        FormQuestion(form_id=form.id, position=position, question_version_id=version_id)
        for position, version_id in enumerate(wanted, 1)
    )


def _change(row: Exam | Opening, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _digest(value: dict[str, Any]) -> bytes:
    """Of the value in one canonical form: sorted names, no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()
