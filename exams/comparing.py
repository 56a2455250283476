"""Forms side by side: what each holds, how hard it is, how exactly it measures, who passes it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from exams.models import (
    BASE_LOCALE,
    Exam,
    Form,
    FormCalibration,
    FormQuestion,
    ItemCalibration,
    QuestionVersion,
)
from exams.queries import bank, measurement, measuring
from exams.service import standards
from portal.charts import percent

_Z: Final = 1.959963984540054
FEWEST_SITTINGS: Final = 10


@dataclass(frozen=True)
class Outcome:
    """Of first sittings: how many there were, and how many passed."""

    sat: int
    passed: int
    mean: float

    @property
    def rate(self) -> float:
        """The share that passed."""
        return self.passed / self.sat

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate (Wilson 1927)."""
        middle = self.rate + _Z**2 / (2 * self.sat)
        reach = _Z * sqrt(self.rate * (1 - self.rate) / self.sat + _Z**2 / (4 * self.sat**2))
        whole = 1 + _Z**2 / self.sat
        return (middle - reach) / whole, (middle + reach) / whole


@dataclass(frozen=True)
class FormSummary:
    """One form."""

    form: Form
    name: str
    offered: bool
    questions: frozenset[int]
    by_area: Counter[str]
    by_type: Counter[str]
    on_trial: int
    minutes: float
    cut: float
    calibration: FormCalibration | None
    mean_share: float | None
    """Of the points, over the questions that count, where it is calibrated."""
    outcome: Outcome | None


@dataclass(frozen=True)
class Comparison:
    """All of them, and which kinds of thing occur in any."""

    forms: list[FormSummary]
    areas: list[str]
    types: list[str]

    @property
    def counts(self) -> list[int]:
        """How many questions each holds."""
        return [len(one.questions) for one in self.forms]

    def of_area(self, area: str) -> list[int]:
        """How many of an area each holds."""
        return [one.by_area[area] for one in self.forms]

    def of_type(self, kind: str) -> list[int]:
        """How many of a kind each holds."""
        return [one.by_type[kind] for one in self.forms]

    def shared(self, one: FormSummary, other: FormSummary) -> int:
        """How many questions stand on both, in whichever version."""
        return len(one.questions & other.questions)


def compare(session: Session, exam: Exam) -> Comparison:
    """The exam's fixed forms, the newest first."""
    forms = session.scalars(measuring.fixed_forms(exam.id)).all()
    offered = set(session.scalars(bank.offered(exam.id)))
    ended = {
        row[0]: Outcome(row[1], row[2], float(row[3]))
        for row in session.execute(measuring.outcomes([form.id for form in forms]))
    }
    found = [
        _summary(session, exam, form, form.id in offered, ended.get(form.id)) for form in forms
    ]
    return Comparison(
        found,
        sorted({area for one in found for area in one.by_area}),
        sorted({kind for one in found for kind in one.by_type}),
    )


def figures(forms: Sequence[FormSummary]) -> list[tuple[str, list[str]]]:
    """A row for each thing that is measured, a value for each form."""
    early = str(_("too early"))
    return [
        (_("May be given"), [_("yes") if one.offered else _("no") for one in forms]),
        (_("Minutes expected"), [f"{one.minutes:g}" for one in forms]),
        (_("Pass mark"), [f"{one.cut:.1%}".replace("%", " %") for one in forms]),
        (
            _("Mean difficulty (share of points)"),
            [early if one.mean_share is None else percent(one.mean_share) for one in forms],
        ),
        (_("Reliability (alpha)"), [_alpha(one.calibration) or early for one in forms]),
        (
            _("First sittings"),
            [str(one.outcome.sat) if one.outcome else _("fewer than 10") for one in forms],
        ),
        (
            _("Reached the pass mark"),
            [_passing(one.outcome) if one.outcome else early for one in forms],
        ),
    ]


def _alpha(calibration: FormCalibration | None) -> str:
    if calibration is None or calibration.alpha is None or calibration.alpha_se is None:
        return ""
    return f"{calibration.alpha:.2f} ± {_Z * calibration.alpha_se:.2f}"


def _passing(outcome: Outcome) -> str:
    low, high = map(percent, outcome.interval)
    return str(_("%(rate)s (%(low)s to %(high)s)", rate=percent(outcome.rate), low=low, high=high))


def _summary(
    session: Session, exam: Exam, form: Form, offered: bool, outcome: Outcome | None
) -> FormSummary:
    placed = session.execute(
        sa.select(FormQuestion, QuestionVersion)
        .join(QuestionVersion, QuestionVersion.id == FormQuestion.question_version_id)
        .where(FormQuestion.form_id == form.id)
    ).all()
    versions = [version for _place, version in placed]
    calibration = measurement.newest_calibration(session, form.id)
    items = measurement.questions_of(session, calibration) if calibration else {}
    counted = {place.position for place, _version in placed if place.scored}
    return FormSummary(
        form=form,
        name=_name(form),
        offered=offered,
        questions=frozenset(version.question_id for version in versions),
        by_area=Counter(version.area for version in versions),
        by_type=Counter(version.type.value for version in versions),
        on_trial=len(placed) - len(counted),
        minutes=sum(version.minutes for version in versions),
        cut=standards.cut_of(session, exam, form.id),
        calibration=calibration,
        mean_share=_mean([one for place, one in items.items() if place in counted]),
        outcome=outcome if outcome and outcome.sat >= FEWEST_SITTINGS else None,
    )


def _mean(items: Sequence[ItemCalibration]) -> float | None:
    shares = [one.share for one in items if one.share is not None]
    return sum(shares) / len(shares) if shares else None


def _name(form: Form) -> str:
    if form.locale == BASE_LOCALE:
        return str(_("Form %(n)s", n=form.number))
    return str(_("Form %(n)s (%(locale)s)", n=form.number, locale=form.locale))
