"""The kinds of question: one file each, all behind one protocol."""

from typing import Final

from exams.models import QuestionType
from exams.questions import faulty_step, multiple, numeric, preference, single
from exams.questions.protocol import (
    Answer,
    Choice,
    Content,
    Control,
    Key,
    Kind,
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
}

__all__ = [
    "KINDS",
    "Answer",
    "Choice",
    "Content",
    "Control",
    "Key",
    "Kind",
    "Shown",
    "Strict",
    "arrangement",
]
