"""The tables of the way from applicant to expert: openings, the bank, attempts, qualifications."""

from exams.models.accommodations import Accommodation, AccommodationState
from exams.models.adaptive import AdaptiveDesign, AdaptiveStep, DesignQuestion, DesignState
from exams.models.applications import Application, ApplicationState, ReviewCause
from exams.models.assemblies import AssemblyState, FormAssembly
from exams.models.attempts import GRACE, Attempt, AttemptState, VoidCause
from exams.models.bank import (
    BASE_LOCALE,
    Exam,
    Form,
    FormQuestion,
    Question,
    QuestionKey,
    QuestionType,
    QuestionVersion,
    Stimulus,
    StimulusVersion,
)
from exams.models.events import AttemptEvent, AttemptNonce, EventKind, Signal
from exams.models.fairness import FairnessStudy, SelfIdentification
from exams.models.flags import AnswerFlag, FlagKind, FlagState
from exams.models.grading import (
    CaseState,
    Grade,
    GradingCase,
    SeedDeviation,
    SeedGrade,
    TextLikeness,
    TextSketch,
)
from exams.models.measurement import (
    FormCalibration,
    ItemCalibration,
    QuestionLeak,
    QuestionStudy,
)
from exams.models.names import JobName
from exams.models.openings import ANY_OTHER_COUNTRY, Opening, OpeningState, PayCountry
from exams.models.pulses import ServicePulse
from exams.models.qualifications import GrantSource, Qualification, QualificationGrant
from exams.models.rescoring import QuestionVoid, Rescoring, RescoringCause, RescoringState
from exams.models.score_reports import ScoreReport, ScoreReportState, SubscoreStudy
from exams.models.scores import AttemptScore, QuestionStatistic, ResponseScore
from exams.models.sections import FormSection
from exams.models.standards import (
    CutQuality,
    FormCut,
    StandardJudge,
    StandardRating,
    StandardStudy,
    StudyState,
)
from exams.models.standing import (
    APPROVED,
    KeyStanding,
    QuestionConsent,
    QuestionEnemy,
    QuestionState,
    Standing,
    StandingEvent,
)

__all__ = [
    "ANY_OTHER_COUNTRY",
    "APPROVED",
    "BASE_LOCALE",
    "GRACE",
    "Accommodation",
    "AccommodationState",
    "AdaptiveDesign",
    "AdaptiveStep",
    "AnswerFlag",
    "Application",
    "ApplicationState",
    "AssemblyState",
    "Attempt",
    "AttemptEvent",
    "AttemptNonce",
    "AttemptScore",
    "AttemptState",
    "CaseState",
    "CutQuality",
    "DesignQuestion",
    "DesignState",
    "EventKind",
    "Exam",
    "FairnessStudy",
    "FlagKind",
    "FlagState",
    "Form",
    "FormAssembly",
    "FormCalibration",
    "FormCut",
    "FormQuestion",
    "FormSection",
    "Grade",
    "GradingCase",
    "GrantSource",
    "ItemCalibration",
    "JobName",
    "KeyStanding",
    "Opening",
    "OpeningState",
    "PayCountry",
    "Qualification",
    "QualificationGrant",
    "Question",
    "QuestionConsent",
    "QuestionEnemy",
    "QuestionKey",
    "QuestionLeak",
    "QuestionState",
    "QuestionStatistic",
    "QuestionStudy",
    "QuestionType",
    "QuestionVersion",
    "QuestionVoid",
    "Rescoring",
    "RescoringCause",
    "RescoringState",
    "ResponseScore",
    "ReviewCause",
    "ScoreReport",
    "ScoreReportState",
    "SeedDeviation",
    "SeedGrade",
    "SelfIdentification",
    "ServicePulse",
    "Signal",
    "StandardJudge",
    "StandardRating",
    "StandardStudy",
    "Standing",
    "StandingEvent",
    "Stimulus",
    "StimulusVersion",
    "StudyState",
    "SubscoreStudy",
    "TextLikeness",
    "TextSketch",
    "VoidCause",
]
