"""A score as the streak: page, panel and paper draw it alike."""

from flask_babel import gettext as _

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
