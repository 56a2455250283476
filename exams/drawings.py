"""A score as the streak: page, panel and paper draw it alike."""

from flask_babel import gettext as _

from exams.service.scale import CUT, HIGHEST, LOWEST, Scaled
from exams.service.score_reports import Area
from portal import charts


def drawing(
    share: float, margin: float, cut: float, *, width: float | None = None
) -> charts.Drawing:
    """The streak: the score, its margin, the pass mark."""
    return charts.interval_bar(
        charts.Estimate(max(0.0, share - margin), share, min(1.0, share + margin)),
        title=_("Your score"),
        needed=cut,
        ends=(0.0, 1.0),
        needed_word=_("pass mark"),
        width=width,
    )


def scaled_drawing(told: Scaled, *, width: float | None = None) -> charts.Drawing:
    """The streak on the scale that results are told on."""
    return charts.interval_bar(
        charts.Estimate(told.low, told.score, told.high),
        title=_("Your score"),
        needed=CUT,
        ends=(LOWEST, HIGHEST),
        needed_word=_("pass mark"),
        show=lambda value: f"{value:.0f}",
        width=width,
    )


def area_drawing(area: Area, *, width: float | None = None) -> charts.Drawing:
    """An area's share of its points."""
    low, high = max(0.0, area.share - area.margin), min(1.0, area.share + area.margin)
    return charts.interval_bar(
        charts.Estimate(low, area.share, high), title=area.title, ends=(0.0, 1.0), width=width
    )
