"""The sections of a form: as its document says, as they are kept, and where a position belongs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from exams.models import Attempt, FormQuestion, FormSection, QuestionVersion
from exams.queries import attempts as queries
from exams.service.documents import FormDocument
from portal.errors import NotFound


@dataclass(frozen=True)
class Part:
    """One section: its places, its own time, the break that may follow."""

    number: int
    title: str
    first: int
    last: int
    minutes: int | None
    break_minutes: int

    def holds(self, position: int) -> bool:
        """Whether a place of the form is in it."""
        return self.first <= position <= self.last

    def deadline(self, extra_time: float, *, now: datetime) -> datetime | None:
        """When it ends if it begins now; None where it has no clock of its own."""
        return now + timedelta(minutes=self.minutes) * extra_time if self.minutes else None


@dataclass(frozen=True)
class Spot:
    """One place of a form, and all that its page needs to know of the form around it."""

    version: QuestionVersion
    length: int
    parts: tuple[Part, ...]

    def part(self, attempt: Attempt) -> Part | None:
        """The section that the attempt is in; None where the form has none."""
        return next((one for one in self.parts if one.number == attempt.section), None)


def at(session: Session, form_id: int, position: int) -> Spot:
    """A place of a form, in one query. Raises `NotFound` where the form has none such."""
    mine = FormSection.form_id == form_id
    facts = sa.func.jsonb_build_array(
        FormSection.number,
        FormSection.title,
        FormSection.first,
        FormSection.last,
        FormSection.minutes,
        FormSection.break_minutes,
    )
    ordered = aggregate_order_by(facts, FormSection.number)
    kept = sa.select(sa.func.jsonb_agg(ordered)).where(mine).scalar_subquery()
    length = sa.select(sa.func.count()).where(FormQuestion.form_id == form_id).correlate(None)
    query = queries.question_at(form_id, position).add_columns(length.scalar_subquery(), kept)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound
    version, count, rows = found
    return Spot(version, count, tuple(Part(*row) for row in rows or ()))


def of(document: FormDocument) -> list[Part]:
    """The parts that a document describes, by how many questions each has."""
    found, first = [], 1
    for number, one in enumerate(document.sections, 1):
        last = first + one.questions - 1
        found.append(Part(number, one.title, first, last, one.minutes, one.break_minutes))
        first = last + 1
    return found


def parts(session: Session, form_id: int) -> list[Part]:
    """The form's sections in order; empty where it is sat in one piece."""
    kept = sa.select(FormSection).where(FormSection.form_id == form_id)
    return [
        Part(one.number, one.title, one.first, one.last, one.minutes, one.break_minutes)
        for one in session.scalars(kept.order_by(FormSection.number))
    ]


def write(session: Session, form_id: int, wanted: list[Part]) -> None:
    """Keep the sections of a new form."""
    session.add_all(
        FormSection(
            form_id=form_id,
            number=one.number,
            title=one.title,
            first=one.first,
            last=one.last,
            minutes=one.minutes,
            break_minutes=one.break_minutes,
        )
        for one in wanted
    )


def current(session: Session, attempt: Attempt) -> Part | None:
    """The section that the attempt is in, or None where the form has none."""
    return next(
        (one for one in parts(session, attempt.form_id) if one.number == attempt.section), None
    )


def following(session: Session, attempt: Attempt) -> Part | None:
    """The section after the one it is in."""
    after = attempt.section + 1
    return next((one for one in parts(session, attempt.form_id) if one.number == after), None)
