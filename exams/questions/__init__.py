"""The kinds of question: one file each, all behind one protocol."""

from typing import Final

from exams.models import QuestionType
from exams.questions import (
    essay,
    faulty_step,
    match,
    multiple,
    numeric,
    order,
    policy_case,
    preference,
    short_text,
    single,
    writing_sample,
)
from exams.questions.protocol import (
    Answer,
    Choice,
    Content,
    Control,
    Key,
    Kind,
    Line,
    Shown,
    Strict,
    arrangement,
)

KINDS: Final[dict[QuestionType, Kind]] = {
    QuestionType.SINGLE: single,
    QuestionType.MULTIPLE: multiple,
    QuestionType.NUMERIC: numeric,
    QuestionType.FAULTY_STEP: faulty_step,
    QuestionType.PREFERENCE: preference,
    QuestionType.SHORT_TEXT: short_text,
    QuestionType.ORDER: order,
    QuestionType.MATCH: match,
    QuestionType.ESSAY: essay,
    QuestionType.POLICY_CASE: policy_case,
    QuestionType.WRITING_SAMPLE: writing_sample,
}

BY_PEOPLE: Final = frozenset({QuestionType.ESSAY, QuestionType.WRITING_SAMPLE})
"""Kinds whose answers two people grade; the others are scored by their key."""

__all__ = [
    "BY_PEOPLE",
    "KINDS",
    "Answer",
    "Choice",
    "Content",
    "Control",
    "Key",
    "Kind",
    "Line",
    "Shown",
    "Strict",
    "arrangement",
]
