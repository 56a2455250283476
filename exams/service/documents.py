"""Imported documents, checked whole before anything is written: path and reason for each mistake."""

from itertools import groupby
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from exams.models import BASE_LOCALE, QuestionType
from exams.questions import KINDS, Strict
from portal.errors import Invalid

Document = TypeVar("Document", bound=BaseModel)
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class QualificationDocument(Strict):
    """What passing shows, and for how long."""

    slug: str = Field(pattern=_SLUG)
    title: str = Field(min_length=1)
    valid_months: int = Field(ge=1)


class AreaDocument(Strict):
    """A part of the subject."""

    slug: str = Field(pattern=_SLUG)
    title: str = Field(min_length=1)


class SectionDocument(Strict):
    """So many of the form's questions, in its order, sat as one part."""

    title: str = Field(min_length=1)
    questions: int = Field(ge=1)
    minutes: int | None = Field(default=None, ge=1)
    break_minutes: int = Field(default=0, ge=0, le=60)


class FormDocument(Strict):
    """Which questions in which order, in which sections."""

    number: int = Field(ge=1)
    questions: list[str] = Field(min_length=1)
    sections: list[SectionDocument] = Field(default_factory=list)


_LOCALE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
Locale = Annotated[str, Field(pattern=_LOCALE)]


class StimulusWords(Strict):
    """A text that several questions are about."""

    title: str = Field(min_length=1)
    text: str = Field(min_length=1)


class StimulusDocument(StimulusWords):
    """A stimulus and what it says in other languages."""

    slug: str = Field(pattern=_SLUG)
    variants: dict[Locale, StimulusWords] = Field(default_factory=dict)


class QuestionDocument(BaseModel):
    """One question; what its kind adds stands beside these fields and is checked by the kind."""

    model_config = {"extra": "allow", "strict": True}

    slug: str = Field(pattern=_SLUG)
    type: QuestionType = Field(strict=False)
    area: str
    points: int = Field(ge=1)
    key: dict[str, Any]
    rationale: str = Field(min_length=1)
    difficulty: float = Field(ge=-6, le=6)
    minutes: float = Field(gt=0)
    warning: str | None = Field(default=None, min_length=1)
    stimulus: str | None = None
    pilot: bool = False
    enemies: list[str] = Field(default_factory=list)
    variants: dict[Locale, dict[str, Any]] = Field(default_factory=dict)

    @property
    def content(self) -> dict[str, Any]:
        """What is shown."""
        return dict(self.model_extra or {})


class QuestionsDocument(Strict):
    """Questions for a bank that is there already."""

    questions: list[QuestionDocument] = Field(min_length=1)
    stimuli: list[StimulusDocument] = Field(default_factory=list)


class ExamDocument(Strict):
    """A whole exam with its bank and one form."""

    slug: str = Field(pattern=_SLUG)
    title: str = Field(min_length=1)
    purpose: str
    instructions: str
    qualification: QualificationDocument
    allowed_minutes: int = Field(ge=1)
    cut: float = Field(gt=0, le=1)
    cool_down_days: int = Field(ge=0)
    maximum_attempts: int = Field(ge=1)
    maximum_overlap: float = Field(default=0.1, ge=0, le=1)
    areas: list[AreaDocument] = Field(min_length=1)
    form: FormDocument
    questions: list[QuestionDocument] = Field(min_length=1)
    stimuli: list[StimulusDocument] = Field(default_factory=list)


class RequirementDocument(BaseModel):
    """One screening rule; `exams.service.screening` knows the kinds."""

    model_config = {"extra": "forbid", "strict": True}

    slug: str = Field(pattern=_SLUG)
    kind: Literal["years", "english", "languages"]
    title: str = Field(min_length=1)
    ask: str = Field(min_length=1)
    why: str
    rule: str = Field(min_length=1)
    mandatory: bool
    minimum: int | str | None = None
    scale: list[str] | None = None
    includes: list[str] | None = None


class StepDocument(Strict):
    """One step of the way, and how long it takes."""

    slug: str = Field(pattern=_SLUG)
    title: str
    what: str
    minutes: int | None
    wait_days: int | None
    paid: bool


class PayDocument(Strict):
    """What an hour pays, in minor units."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    minimum: int = Field(gt=0)
    maximum: int = Field(gt=0)


class OpeningDocument(Strict):
    """A role people apply to."""

    slug: str = Field(pattern=_SLUG)
    title: str
    summary: str
    exam: str
    qualification: str
    pay: PayDocument
    place: str
    countries: str
    hours: str
    engagement: str
    responsibilities: list[str]
    requirements: list[RequirementDocument]
    equal_opportunity: str
    steps: list[StepDocument]


class PayableDocument(Strict):
    """A country we pay in."""

    country: str = Field(pattern=r"^[A-Z]{2}$")
    name: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    method: str
    fee: str
    delay_days: list[int] = Field(min_length=2, max_length=2)
    documents: list[str]


class NotYetDocument(Strict):
    """A country we do not pay in yet."""

    country: str = Field(pattern=r"^[A-Z]{2}$")
    name: str
    reason: str = Field(min_length=1)


class DefaultDocument(Strict):
    """What holds for every country that is not named."""

    payable: Literal[False]
    reason: str = Field(min_length=1)


class CountriesDocument(Strict):
    """Where we can pay, how, and where not yet."""

    note: str = ""
    payable: list[PayableDocument]
    not_yet: list[NotYetDocument]
    default: DefaultDocument
    document_names: dict[str, str]


def parse(kind: type[Document], data: object) -> Document:
    """The document; `Invalid` names every place that is wrong and why."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise Invalid("\n".join(_line(problem) for problem in error.errors())) from error


def parse_exam(data: object) -> ExamDocument:
    """An exam whose parts fit each other; `Invalid` names every place that is wrong and why."""
    document = parse(ExamDocument, data)
    problems = _duplicates(document)
    slugs = {question.slug for question in document.questions}
    areas = {area.slug for area in document.areas}
    for place, slug in enumerate(document.form.questions):
        if slug not in slugs:
            problems.append(f"form.questions[{place}]: there is no question {slug!r}")
    problems += _sections(document)
    for place, question in enumerate(document.questions):
        if question.area not in areas:
            problems.append(f"questions[{place}].area: there is no area {question.area!r}")
        problems += _misfit(f"questions[{place}]", question)
        problems += _unknown(f"questions[{place}]", question, document)
    problems += _apart(document)
    if problems:
        raise Invalid("\n".join(problems))
    return document


def _sections(document: ExamDocument) -> list[str]:
    sections = document.form.sections
    if not sections:
        return []
    problems = []
    held, asked = sum(one.questions for one in sections), len(document.form.questions)
    if held != asked:
        problems.append(f"form.sections: they hold {held} questions and the form {asked}")
    minutes = sum(one.minutes or 0 for one in sections)
    if minutes > document.allowed_minutes:
        problems.append(
            f"form.sections: they allow {minutes} minutes and the exam {document.allowed_minutes}"
        )
    return problems


def parse_questions(data: object, *, areas: set[str]) -> QuestionsDocument:
    """Questions that fit their kinds; `Invalid` names every place that is wrong and why."""
    document = parse(QuestionsDocument, data)
    slugs = [question.slug for question in document.questions]
    known = {stimulus.slug for stimulus in document.stimuli}
    problems = []
    for place, question in enumerate(document.questions):
        path = f"questions[{place}]"
        if question.slug in slugs[:place]:
            problems.append(f"{path}: {question.slug!r} stands here twice")
        if question.area not in areas:
            problems.append(f"{path}.area: there is no area {question.area!r}")
        if question.stimulus and question.stimulus not in known:
            problems.append(f"{path}.stimulus: there is no stimulus {question.stimulus!r}")
        if question.enemies:
            problems.append(f"{path}.enemies: name them on the question's page")
        problems += _misfit(path, question)
    if problems:
        raise Invalid("\n".join(problems))
    return document


def _duplicates(document: ExamDocument) -> list[str]:
    lists = {
        "questions": [question.slug for question in document.questions],
        "form.questions": document.form.questions,
        "areas": [area.slug for area in document.areas],
        "stimuli": [stimulus.slug for stimulus in document.stimuli],
    }
    return [
        f"{name}[{place}]: {slug!r} stands here twice"
        for name, slugs in lists.items()
        for place, slug in enumerate(slugs)
        if slug in slugs[:place]
    ]


def _unknown(path: str, question: QuestionDocument, document: ExamDocument) -> list[str]:
    """What a question names that the document does not hold."""
    problems = []
    if question.stimulus and question.stimulus not in {one.slug for one in document.stimuli}:
        problems.append(f"{path}.stimulus: there is no stimulus {question.stimulus!r}")
    others = {one.slug for one in document.questions} - {question.slug}
    together = set(document.form.questions) if question.slug in document.form.questions else set()
    for enemy in question.enemies:
        if enemy not in others:
            problems.append(f"{path}.enemies: there is no other question {enemy!r}")
        elif enemy in together:
            problems.append(f"{path}.enemies: {enemy!r} stands on the same form")
    if BASE_LOCALE in question.variants:
        problems.append(f"{path}.variants: {BASE_LOCALE!r} is the question itself")
    return problems


def _apart(document: ExamDocument) -> list[str]:
    """Questions about one stimulus that do not follow one another on the form."""
    stimulus = {one.slug: one.stimulus for one in document.questions}
    runs = [name for name, _ in groupby(stimulus.get(slug) for slug in document.form.questions)]
    return [
        f"form.questions: those about the stimulus {name!r} do not follow one another"
        for name in sorted({name for name in runs if name and runs.count(name) > 1})
    ]


def _misfit(path: str, question: QuestionDocument) -> list[str]:
    problems = _unfit(path, question.type, question.content, question.key)
    for locale, content in question.variants.items():
        problems += _unfit(f"{path}.variants.{locale}", question.type, content, question.key)
    return problems


def _unfit(
    path: str, kind: QuestionType, content: dict[str, Any], key: dict[str, Any]
) -> list[str]:
    try:
        KINDS[kind].parse(content, key)
    except ValidationError as error:
        return [f"{path}.{_line(problem)}" for problem in error.errors()]
    except ValueError as error:
        return [f"{path}: {error}"]
    return []


def _line(problem: Any) -> str:  # noqa: ANN401  pydantic's own shape of an error
    path = ""
    for part in problem["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"{path.removeprefix('.') or 'document'}: {problem['msg']}"
