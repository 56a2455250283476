"""The drawings of the exam office: how far people come, how they score, what a question and a form tell."""

import itertools
from collections.abc import Sequence
from typing import Any, Final

from flask_babel import gettext as _

from exams.models import FormCalibration, ItemCalibration, QuestionStudy
from exams.queries.stages import Stage
from portal import charts
from portal.charts import Bar, Curve, Mark

_HALF: Final = 0.5


def stage_words() -> dict[Stage, str]:
    """The stages as people call them."""
    return {
        Stage.SCREENED: _("Screening met"),
        Stage.SAT: _("Sat the exam"),
        Stage.PASSED: _("Passed the exam"),
        Stage.VERIFIED: _("Identity verified"),
        Stage.ACCEPTED: _("Accepted"),
    }


def funnel(applied: Sequence[int], sat: tuple[int, int, int]) -> charts.Drawing:
    """How far people come: `applied` and each stage, or began, finished and passed where nobody applied."""
    if applied[0]:
        labels = [_("Applied"), *stage_words().values()]
        steps = [Bar(label, count) for label, count in zip(labels, applied, strict=True)]
    else:
        labels = [_("Began"), _("Finished"), _("Passed")]
        steps = [Bar(label, count) for label, count in zip(labels, sat, strict=True)]
    return charts.funnel(
        steps,
        title=_("How far people come"),
        headings=(_("Step"), _("People"), _("Of the step before")),
    )


def scores(shares: Sequence[float], cut: float, margin: float) -> charts.Drawing:
    """Everybody's share of the points, with the pass mark and what a score beside it is worth."""
    band = (max(0.0, cut - margin), min(1.0, cut + margin))
    return charts.distribution(
        shares,
        title=_("Scores"),
        ends=(0.0, 1.0),
        needed=cut,
        needed_text=_("pass mark"),
        needed_band=band,
        band_text=_("chance alone could put these on either side:"),
        headings=(_("Up to"), _("People")),
    )


def trace(study: QuestionStudy, levels: Sequence[float]) -> charts.Drawing | None:
    """The model's lines with what people of each ability did; None where nothing was calibrated."""
    if not study.curve:
        return None
    most = len(levels) - 1
    names = [_("Right")] if most == 1 else [_points(level) for level in levels[1:]]
    drawn = [
        Curve(
            name,
            [(point["theta"], point["shares"][category]) for point in study.curve],
            [
                Mark(group["ability"], group["shares"][category], group["people"])
                for group in study.groups
                if category < len(group["shares"])
            ],
        )
        for category, name in enumerate(names, 1)
    ]
    return charts.curves(
        drawn,
        title=_("Share of people by ability, what the model expects and what they did"),
        headings=(_("Answer"), _("Ability"), _("Share"), _("People")),
        ends=(0.0, 1.0),
        show_x=_ability,
    )


def side_by_side(forms: Sequence[tuple[str, FormCalibration]], cut: float) -> charts.Drawing | None:
    """What each form tells at each expected score; None where no form is calibrated."""
    drawn = [
        Curve(name, [(point["share"], point["information"]) for point in one.curve])
        for name, one in forms
        if one.curve
    ]
    if not drawn:
        return None
    return charts.curves(
        drawn,
        title=_("Information of each form by expected score"),
        headings=(_("Form"), _("Expected score"), _("Information"), _("People")),
        show_x=charts.percent,
        show=lambda value: f"{value:.1f}",
        at=cut,
        at_text=_("pass mark"),
    )


def location(found: ItemCalibration | None, study: QuestionStudy | None) -> float | None:
    """The ability at which half of the points are expected; None where unknown, or beyond the curve's ends."""
    if found is None:
        return None
    if study is not None and study.curve and found.levels and found.levels[-1] > 0:
        return _crossing(study.curve, found.levels)
    if found.slope and len(found.intercepts) == 1:  # taken over with its parameters only
        return float(-found.intercepts[0] / found.slope)
    return None


def difficulty(found: ItemCalibration | None, study: QuestionStudy | None) -> str:
    """The same in words for a table's cell."""
    place = location(found, study)
    return charts.numbers.NOTHING if place is None else _ability(place)


def _crossing(curve: Sequence[dict[str, Any]], levels: Sequence[float]) -> float | None:
    for before, after in itertools.pairwise(curve):
        low, high = (_expected(point, levels) for point in (before, after))
        if min(low, high) <= _HALF <= max(low, high):
            part = (_HALF - low) / (high - low) if high != low else 0.0
            return float(before["theta"] + part * (after["theta"] - before["theta"]))
    return None


def _expected(point: dict[str, Any], levels: Sequence[float]) -> float:
    total = sum(level * share for level, share in zip(levels, point["shares"], strict=True))
    return float(total / levels[-1])


def _points(level: float) -> str:
    return str(_("%(n)s points", n=f"{level:g}"))


def _ability(value: float) -> str:
    return f"{value:+.1f}" if round(value, 1) else "0"
