"""What a manager is told of a form's calibration: where it measures well, which questions to look at."""

import itertools
from collections.abc import Sequence
from typing import Final

from flask_babel import gettext as _

from exams.models import FormCalibration, ItemCalibration
from portal import charts

_LITTLE: Final = 0.1  # a corrected point-biserial below it separates next to nothing
_MISFIT: Final = 0.001
_EASY: Final = 0.95
_HARD: Final = 0.1
_CERTAIN: Final = 1.96


def remarks(question: ItemCalibration) -> list[str]:
    """Why a question is worth a look; empty where nothing stands out."""
    found = []
    if question.left_out is not None:
        found.append(_("everybody did alike"))
    found += _of_separation(question)
    if question.share is not None and question.share > _EASY:
        found.append(_("nearly everybody gets it right"))
    if question.share is not None and question.share < _HARD:
        found.append(_("hardly anybody gets it right"))
    if question.fit_p is not None and question.fit_p < _MISFIT:
        found.append(_("answers do not follow the model"))
    return found


def _of_separation(question: ItemCalibration) -> list[str]:
    link, error = question.discrimination, question.discrimination_se
    if link is None or error is None:
        return []
    if link + _CERTAIN * error < 0:
        return [_("those who do well elsewhere do badly here: check the key")]
    return [_("tells people apart too little")] if link < _LITTLE else []


def fit(question: ItemCalibration | None) -> str:
    """Whether answers follow the model, for a table's cell."""
    if question is None or question.fit_p is None:
        return str(_("too early to say"))
    share = "p < 0.001" if question.fit_p < _MISFIT else f"p {question.fit_p:.3f}"
    told = _("does not follow") if question.fit_p < _MISFIT else _("follows")
    return f"{told} ({share})"


def information(calibration: FormCalibration, cut: float) -> charts.Drawing:
    """How much the form tells at each score, its best 1, against the pass mark."""
    best = max(point["information"] for point in calibration.curve)
    told = [(point["share"], point["information"] / best) for point in calibration.curve]
    return charts.curves(
        [charts.Curve(_("Of its best"), told)],
        title=_("How exactly it measures at each score"),
        headings=(_("What"), _("Expected score"), _("Of its best"), _("People")),
        ends=(0.0, 1.0),
        show_x=charts.percent,
        at=cut,
        at_text=_("at the pass mark"),
        height=200,
    )


def share_at(calibration: FormCalibration, cut: float) -> float:
    """The information at the pass mark as a share of the form's best."""
    best: float = max(point["information"] for point in calibration.curve)
    return at_cut(calibration.curve, cut) / best


def at_cut(curve: Sequence[dict[str, float]], cut: float) -> float:
    """The information where the expected score is the pass mark, by straight lines between points."""
    for before, after in itertools.pairwise(curve):
        if before["share"] <= cut <= after["share"]:
            width = after["share"] - before["share"]
            part = (cut - before["share"]) / width if width else 0.0
            return before["information"] + part * (after["information"] - before["information"])
    nearest = min(curve, key=lambda point: abs(point["share"] - cut))
    return nearest["information"]
