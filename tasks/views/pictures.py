"""Numbers of the work as drawings and words, for pages, panels and reports alike."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import charts
from portal.charts.canvas import Canvas
from tasks.credit import midnight
from tasks.models import Segment
from tasks.quality.forecast import HORIZON, Ahead, forecast, reached
from tasks.quality.share import Share
from tasks.queries import time as queries

_JOINED = timedelta(minutes=5)


def week_of(session: Session, expert_id: int, *, week: date, zone: ZoneInfo) -> list[charts.Bar]:
    """The days of a week in the person's own zone, with what is credited on each."""
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


def week_lanes(spans: Sequence[Segment], *, week: date, zone: ZoneInfo) -> charts.Drawing:
    """When in each day the clock counted: a lane a day, as long as the day is, a bar for each stretch."""
    lanes = [week + timedelta(days=number) for number in range(7)]
    canvas = Canvas(height=22 * 7 + 24, kind="line", left=46, right=18)
    rows: list[tuple[str, str]] = []
    for place, day in enumerate(lanes):
        top, begin, end = place * 22, midnight(day, zone), midnight(day + timedelta(days=1), zone)
        canvas.text("chart__tick", (0, top + 14), _weekday(day), anchor="end", dx=-8)
        canvas.line("chart__track", (0, top + 19), (1, top + 19))
        for since, until in _stretches(spans, begin, end):
            share = ((since - begin) / (end - begin), (until - since) / (end - begin))
            said = f"{_clock(since, zone)}\u2013{_clock(until, zone)}"
            canvas.rect(
                "chart__bar", share[0], share[1], top=top + 4, height=12, corner=2, title=said
            )
            rows.append((_weekday(day), said))
    for hour in range(0, 25, 6):
        canvas.text("chart__tick", (hour / 24, 22 * 7 + 16), f"{hour:02d}")
    said = "; ".join(f"{day} {stretch}" for day, stretch in rows)
    title = _("When the clock counted")
    return canvas.finish(title, said, (_("Day"), _("From and to")), rows)


def _stretches(
    spans: Sequence[Segment], begin: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """The spans within a period; those with less than five minutes between them as one stretch."""
    found: list[tuple[datetime, datetime]] = []
    for span in spans:
        since, until = max(span.started_at, begin), min(span.ended_at, end)
        if since >= until:
            continue
        if found and since - found[-1][1] < _JOINED:
            found[-1] = (found[-1][0], until)
        else:
            found.append((since, until))
    return found


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"


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


def whole_days(days: Sequence[tuple[date, int]], *, today: date) -> list[int]:
    """Counts of every day from the first up to yesterday, days without any as 0."""
    counts = dict(days)
    length = (today - days[0][0]).days if days else 0
    return [counts.get(days[0][0] + timedelta(days=number), 0) for number in range(length)]


def progress(
    days: Sequence[tuple[date, int]], target: int, *, today: date
) -> tuple[charts.Drawing | None, str]:
    """Judgments so far towards their target, the range to come, and both in a sentence."""
    if not days:
        return None, str(_("No judgment yet. The line begins with the first one."))
    done = sum(count for _day, count in days)
    ahead = forecast(whole_days(days, today=today), done=done, target=target)
    line = cumulated([*days, (today, 0)] if days[-1][0] < today else days)
    drawing = charts.progress_with_forecast(
        line,
        [
            charts.Forecast(today + timedelta(days=each.days), each.low, each.middle, each.high)
            for each in ahead
        ],
        title=_("Judgments so far"),
        target=target,
        target_text=_("%(count)s judgments", count=f"{target:,}"),
    )
    return drawing, _when_done(ahead, done, target, today)


def _when_done(ahead: Sequence[Ahead], done: int, target: int, today: date) -> str:
    if done >= target:
        return str(_("Every judgment that was planned is there."))
    if not ahead:
        return str(_("When it will be done: not enough evidence yet. It takes a week with work on five days."))  # fmt: skip
    early, late = reached(ahead, target)
    if early is None:
        return str(_("At the pace of the last weeks it takes longer than %(days)s days.", days=HORIZON))  # fmt: skip
    first = format_date(today + timedelta(days=early), "d MMMM")
    if late is None:
        return str(_("Likely done on %(first)s at the earliest; the pace varies too much for a latest day.", first=first))  # fmt: skip
    last = format_date(today + timedelta(days=late), "d MMMM y")
    return str(_("Likely done between %(first)s and %(last)s (9 in 10), at the pace of the last four weeks.", first=first, last=last))  # fmt: skip


def _weekday(day: date) -> str:
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return str(names[day.weekday()])
