"""Blueprints: what forms must be like, as a document; asking for forms, and making them."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.orm import Session

from exams.models import (
    AssemblyState,
    Exam,
    Form,
    FormAssembly,
    JobName,
    QuestionState,
    QuestionType,
    QuestionVersion,
    Standing,
)
from exams.questions import Strict
from exams.service import documents, forms
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from portal.jobs import enqueue

BANDS: Final = {"easy": (-99.0, -0.5), "middle": (-0.5, 0.5), "hard": (0.5, 99.0)}
"""Difficulties from … up to, on the scale of ability."""


class Range(Strict):
    """From … to, both of them included."""

    least: float = Field(default=0, ge=0)
    most: float | None = Field(default=None, ge=0)


class RuleDocument(Range):
    """So many questions with these labels on each form."""

    name: str = Field(min_length=1)
    where: dict[str, str]


class BlueprintDocument(Strict):
    """What each form must be like."""

    forms: int = Field(ge=1, le=10)
    length: Range
    minutes: Range = Field(default_factory=Range)
    rules: list[RuleDocument] = Field(default_factory=list, max_length=60)
    reuse: int = Field(default=1, ge=1, le=10)
    tolerance: float = Field(default=0.05, ge=0, le=0.5)
    at: float | None = Field(default=None, ge=-6, le=6)
    """The ability at which information counts; by default where the pass mark is expected."""


def ask(
    session: Session, exam: Exam, data: object, *, by: int | None, now: datetime
) -> FormAssembly:
    """Have forms assembled in the background. Raises `Invalid` naming each mistake by its path."""
    document = parse(exam, data)
    assembly = FormAssembly(
        public_id=random_id(),
        exam_id=exam.id,
        blueprint=document.model_dump(),
        asked_by_id=by,
        asked_at=now,
    )
    session.add(assembly)
    session.flush()
    subject = ("form_assembly", assembly.id)
    audit.record(session, actor=by, action="forms.asked_for", subject=subject, now=now)
    enqueue(session, JobName.ASSEMBLE, assembly.id, now=now)
    return assembly


def parse(exam: Exam, data: object) -> BlueprintDocument:
    """The blueprint; `Invalid` where it names a label or value that the exam does not have."""
    document = documents.parse(BlueprintDocument, data)
    if document.length.most is None:
        raise Invalid("length.most: a form needs a greatest length")
    known = {
        "area": {area["slug"] for area in exam.areas},
        "type": {one.value for one in QuestionType},
        "difficulty": set(BANDS),
    }
    problems = [
        f"rules[{place}].where.{label}: there is no {label} {value!r}"
        for place, rule in enumerate(document.rules)
        for label, value in rule.where.items()
        if value not in known.get(label, set())
    ]
    if problems:
        raise Invalid("\n".join(problems))
    return document


def make_forms(session: Session, assembly: FormAssembly, *, by: int, now: datetime) -> list[Form]:
    """Make the forms that were found. Raises `Conflict` where a question was retired meanwhile."""
    lock(session, assembly)
    if assembly.state is not AssemblyState.FOUND or assembly.result is None:
        raise Conflict("There are no forms to be made of this.")
    exam = lock(session, session.get_one(Exam, assembly.exam_id))
    found: list[list[int]] = assembly.result["forms"]
    _refuse_retired(session, {one for form in found for one in form})
    made = []
    for version_ids in found:
        places = [(one, True) for one in version_ids]
        number = forms.next_number(session, exam.id)
        forms.refuse_enemies(session, _questions(session, version_ids))
        made.append(forms.write(session, exam, number, places, [], now=now))
    assembly.use(by=by)
    subject = ("form_assembly", assembly.id)
    audit.record(session, actor=by, action="forms.made", subject=subject, now=now)
    session.flush()
    return made


def of_exam(exam_id: int) -> sa.Select[FormAssembly]:
    """What was asked for, the newest first."""
    mine = sa.select(FormAssembly).where(FormAssembly.exam_id == exam_id)
    return mine.order_by(FormAssembly.id.desc())


def band_of(difficulty: float) -> str:
    """Easy, middle or hard."""
    return next(name for name, (low, high) in BANDS.items() if low <= difficulty < high)


def _refuse_retired(session: Session, version_ids: set[int]) -> None:
    gone = session.scalar(
        sa.select(sa.func.count()).where(
            Standing.question_version_id.in_(version_ids),
            Standing.state != QuestionState.LIVE,
        )
    )
    if gone:
        raise Conflict("A question was retired meanwhile. Please have the forms assembled anew.")


def _questions(session: Session, version_ids: list[int]) -> list[int]:
    query = sa.select(QuestionVersion.question_id).where(QuestionVersion.id.in_(version_ids))
    return list(session.scalars(query))
