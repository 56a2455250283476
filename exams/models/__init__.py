"""The tables of the way from applicant to expert: openings, the bank, attempts, qualifications."""

from exams.models.applications import Application, ApplicationState, ReviewCause
from exams.models.attempts import (
    GRACE,
    Attempt,
    AttemptEvent,
    AttemptNonce,
    AttemptState,
    EventKind,
)
from exams.models.bank import (
    Exam,
    Form,
    FormQuestion,
    Question,
    QuestionKey,
    QuestionType,
    QuestionVersion,
)
from exams.models.names import JobName
from exams.models.openings import ANY_OTHER_COUNTRY, Opening, OpeningState, PayCountry
from exams.models.qualifications import GrantSource, Qualification, QualificationGrant
from exams.models.scores import AttemptScore, QuestionStatistic, ResponseScore

__all__ = [
    "ANY_OTHER_COUNTRY",
    "GRACE",
    "Application",
    "ApplicationState",
    "Attempt",
    "AttemptEvent",
    "AttemptNonce",
    "AttemptScore",
    "AttemptState",
    "EventKind",
    "Exam",
    "Form",
    "FormQuestion",
    "GrantSource",
    "JobName",
    "Opening",
    "OpeningState",
    "PayCountry",
    "Qualification",
    "QualificationGrant",
    "Question",
    "QuestionKey",
    "QuestionStatistic",
    "QuestionType",
    "QuestionVersion",
    "ResponseScore",
    "ReviewCause",
]
