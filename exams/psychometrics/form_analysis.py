"""Everything that is told of a form from what people earned on it: its questions, its scale, its exactness."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from exams.psychometrics.calibration import ENOUGH_FOR_SLOPES, Calibration, calibrate
from exams.psychometrics.item_fit import s_x2
from exams.psychometrics.item_statistics import ItemStatistics, item_statistics
from exams.psychometrics.items import Items
from exams.psychometrics.models import Model
from exams.psychometrics.reliability import Unreliable, alpha, marginal_reliability
from exams.psychometrics.responses import UnusableResponses
from exams.psychometrics.traces import Trace, ability_groups, fitted, measured, plain

FEWEST: Final = 50
"""People; with fewer nothing is told of a form."""

_LEVELS: Final = 5
_THETA: Final = np.linspace(-3, 3, 25)


@dataclass(frozen=True)
class QuestionAnalysis:
    """One question. None where it is not defined or was not estimated."""

    answers: int
    share: float | None
    share_se: float | None
    discrimination: float | None
    discrimination_se: float | None
    slope: float | None = None
    slope_se: float | None = None
    intercepts: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()  # the points of each category
    fit_p: float | None = None  # S-X2
    median_seconds: float | None = None
    left_out: str | None = None  # why it is not in the calibration


@dataclass(frozen=True)
class CurvePoint:
    """What the form expects and tells at one ability."""

    theta: float
    share: float  # of the points of the calibrated questions
    information: float


@dataclass(frozen=True)
class FormAnalysis:
    """`model` is None, and the curve empty, where nothing could be calibrated; `notes` say why."""

    persons: int
    model: str | None
    converged: bool
    log_likelihood: float | None
    alpha: float | None
    alpha_se: float | None
    reliability: float | None
    questions: tuple[QuestionAnalysis, ...]
    curve: tuple[CurvePoint, ...]
    notes: tuple[str, ...]
    traces: tuple[Trace, ...]
    groups: np.ndarray  # (persons,) everybody's ability group, the weakest 0


def analyse(
    earned: np.ndarray,  # (persons, questions) points; NaN where not seen
    possible: np.ndarray,  # (questions,)
    seconds: np.ndarray,  # (persons, questions); NaN where not known
    *,
    scored: np.ndarray | None = None,  # (questions,) bool: those that count; all by default
) -> FormAnalysis:
    """Analyse a form. Raises `UnusableResponses` for fewer than `FEWEST` people.

    Questions on trial are analysed beside the others, on one scale; what the form tells as a whole,
    its alpha and its curve, is told of those that count.

    Right-or-wrong forms are calibrated with the 2PL, others with the GPCM, whose two-category case the
    2PL is; points between are gathered into at most five levels. Questions that everybody answered
    alike are left out by name.
    """
    if len(earned) < FEWEST:
        raise UnusableResponses(f"{len(earned)} people are too few: {FEWEST} are needed")
    coded, levels = _coded(earned, possible)
    apart = np.array([len(level) > 1 for level in levels])
    statistics = item_statistics(earned, most=possible)
    fit, notes = _calibrated(coded[:, apart]) if apart.sum() > 1 else (None, [_NOTHING])
    places = np.cumsum(apart) - 1
    p = _fit_p(fit, coded[:, apart])
    questions = [
        _question(statistics, item, levels[item], seconds[:, item])
        if fit is None or not apart[item]
        else _fitted(statistics, item, levels[item], seconds[:, item], (fit, int(places[item]), p))
        for item in range(len(possible))
    ]
    counts = np.ones(len(possible), dtype=bool) if scored is None else scored
    trust, trust_se = _alpha(earned[:, counts])
    measure = measured(fit, coded[:, apart], earned)
    groups = ability_groups(measure)
    lines = iter(fitted(fit, coded[:, apart], measure, groups) if fit else [])
    return FormAnalysis(
        persons=len(earned),
        model=fit.model.value if fit else None,
        converged=fit.converged if fit else False,
        log_likelihood=fit.log_likelihood if fit else None,
        alpha=trust,
        alpha_se=trust_se,
        reliability=marginal_reliability(fit, counts[apart]) if fit else None,
        questions=tuple(questions),
        curve=_curve(fit, [level for level in levels if len(level) > 1], counts[apart])
        if fit
        else (),
        notes=tuple(notes),
        traces=tuple(
            next(lines) if fit and apart[item] else plain(coded[:, item], groups)
            for item in range(len(possible))
        ),
        groups=groups,
    )


_NOTHING: Final = "Fewer than two questions tell people apart, so nothing is calibrated."


def _coded(earned: np.ndarray, possible: np.ndarray) -> tuple[np.ndarray, list[tuple[float, ...]]]:
    """Categories from zero in order of points, and the mean points of each."""
    coded, levels = np.full(earned.shape, np.nan), []
    for item, most in enumerate(possible):
        seen = ~np.isnan(earned[:, item])
        points = earned[seen, item]
        steps = np.unique(points)
        rough = np.round(points / most * (_LEVELS - 1)) if len(steps) > _LEVELS else points
        _, code = np.unique(rough, return_inverse=True)
        coded[seen, item] = code
        count = int(code.max(initial=-1)) + 1
        levels.append(tuple(float(points[code == k].mean()) for k in range(count)))
    return coded, levels


def _calibrated(coded: np.ndarray) -> tuple[Calibration | None, list[str]]:
    model = Model.TWO_PL if np.nanmax(coded) <= 1 else Model.GPCM
    try:
        fit = calibrate(coded, model)
    except UnusableResponses as refusal:
        return None, [str(refusal)]
    return fit, list(fit.notes)


def _fit_p(fit: Calibration | None, coded: np.ndarray) -> list[float | None]:
    if fit is None or fit.persons < ENOUGH_FOR_SLOPES:
        return [None] * coded.shape[1]
    try:
        return [found.p for found in s_x2(fit, coded)]
    except UnusableResponses:
        return [None] * coded.shape[1]


def _question(
    statistics: ItemStatistics, item: int, levels: tuple[float, ...], seconds: np.ndarray
) -> QuestionAnalysis:
    known = seconds[~np.isnan(seconds)]
    alike = "Everybody earned the same on it." if len(levels) == 1 else "Nobody saw it."
    return QuestionAnalysis(
        answers=int(statistics.answers[item]),
        share=_number(statistics.share[item]),
        share_se=_number(statistics.share_se[item]),
        discrimination=_number(statistics.discrimination[item]),
        discrimination_se=_number(statistics.discrimination_se[item]),
        levels=levels,
        median_seconds=float(np.median(known)) if len(known) else None,
        left_out=alike if len(levels) < 2 else "Nothing was calibrated.",
    )


def _fitted(
    statistics: ItemStatistics,
    item: int,
    levels: tuple[float, ...],
    seconds: np.ndarray,
    fitted: tuple[Calibration, int, list[float | None]],
) -> QuestionAnalysis:
    fit, place, p = fitted
    plain = _question(statistics, item, levels, seconds)
    steps = np.atleast_1d(fit.intercept[place])
    return QuestionAnalysis(
        answers=plain.answers,
        share=plain.share,
        share_se=plain.share_se,
        discrimination=plain.discrimination,
        discrimination_se=plain.discrimination_se,
        slope=float(fit.slope[place]),
        slope_se=_number(fit.standard_error[place, 0]),
        intercepts=tuple(float(step) for step in steps[~np.isnan(steps)]),
        levels=levels,
        fit_p=p[place],
        median_seconds=plain.median_seconds,
    )


def _curve(
    fit: Calibration, levels: list[tuple[float, ...]], counts: np.ndarray
) -> tuple[CurvePoint, ...]:
    items = Items.of(fit)
    theta = _THETA * float(np.sqrt(fit.variance[0]))
    chance, told = items.probabilities(theta), items.information(theta)[counts].sum(0)
    points = np.zeros(len(theta))
    for item in np.flatnonzero(counts).tolist():
        points += np.array(levels[item]) @ chance[item, : len(levels[item])]
    most = sum(level[-1] for level, counted in zip(levels, counts, strict=True) if counted)
    if not most:
        return ()
    return tuple(
        CurvePoint(float(at), float(share), float(information))
        for at, share, information in zip(theta, points / most, told, strict=True)
    )


def _alpha(earned: np.ndarray) -> tuple[float | None, float | None]:
    try:
        found = alpha(earned)
    except Unreliable:
        return None, None
    return found.value, found.se


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
