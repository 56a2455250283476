"""Numbers of the work as drawings and words, for pages, panels and reports alike."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import charts
from tasks.credit import midnight, monday
from tasks.quality.share import Share
from tasks.queries import time as queries


def week_of(session: Session, expert_id: int, *, now: datetime, zone: ZoneInfo) -> list[charts.Bar]:
    """The days of the current week in the person's own zone, with what is credited on each."""
    week = monday(now.astimezone(zone).date())
    days = [week + timedelta(days=number) for number in range(8)]
    marks = [midnight(day, zone) for day in days]
    seconds = session.execute(queries.seconds_between(expert_id, marks)).one()
    return [
        charts.Bar(_weekday(day), float(length))
        for day, length in zip(days[:7], seconds, strict=True)
    ]


def week_chart(bars: Sequence[charts.Bar]) -> charts.Drawing:
    """The week as bars."""
    return charts.bars(bars, title=_("Credited this week"), headings=(_("Day"), _("Credited")))


def streak(share: Share, title: str, needed: float) -> charts.Drawing:
    """An expert's share right with its interval against the needed level."""
    return charts.interval_bar(
        charts.Estimate(share.low, share.point, share.high),
        title=title,
        needed=needed,
        needed_word=_("needed"),
        too_early=_("too early to say"),
    )


def words(share: Share) -> str:
    """The same in words: `91 % right, likely 86 to 95, 148 check tasks`."""
    if share.point is None:
        return str(_("too early to say, %(count)s check tasks", count=share.judged))
    low, high = round(share.low * 100), round(share.high * 100)
    said = _(
        "%(point)s right, likely %(low)s\u2013%(high)s, %(count)s check tasks",
        point=charts.percent(share.point),
        low=low,
        high=high,
        count=share.judged,
    )
    return str(said)


def cumulated(days: Sequence[tuple[date, int]]) -> list[tuple[date, float]]:
    """Counts by day as a running total, days without any filled in."""
    total, found = 0.0, []
    for (day, count), (following, _next) in pairwise([*days, (days[-1][0] + timedelta(days=1), 0)]):
        total += count
        while day < following:
            found.append((day, total))
            day += timedelta(days=1)  # noqa: PLW2901  a day at a time
    return found


def _weekday(day: date) -> str:
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return str(names[day.weekday()])
