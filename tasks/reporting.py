"""An expert's work in the performance report: quality over time, throughput, hours, comparison."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import charts
from tasks.credit import monday
from tasks.models import Judgment, Pool, Project
from tasks.quality.share import share_right
from tasks.queries import quality as queries
from tasks.queries import time as time_queries
from tasks.views import pictures

_CHART_WIDTH = 640
_FEWEST = 3


def quality_section(
    session: Session, account_id: int, start: datetime, end: datetime
) -> dict[str, Any] | None:
    """Share right in the period by project, and over its weeks, each with its interval."""
    rows = session.execute(queries.scores(account_id, start=start, end=end)).all()
    if not rows:
        return None
    projects = _projects(session, {row[0] for row in rows})
    found = [_project_quality(project, rows) for project in projects]
    together = share_right(sum(row[2] for row in rows), len(rows))
    return {
        "projects": found,
        "weeks": _weeks([(judged_at, right) for _id, judged_at, right in rows]),
        "headline": [(charts.percent(together.point), _("right on check tasks"))]
        if together.point is not None
        else [],
        "methods": [
            _(
                "Quality is the share right on check tasks, tasks whose answer is known. Its range holds"
                " the true share with 90 % probability: Jeffreys' interval, Beta(½, ½). Below 10 check"
                " tasks it is too early to say."
            )
        ],
    }


def work_section(
    session: Session, account_id: int, start: datetime, end: datetime
) -> dict[str, Any] | None:
    """Judgments, late ones and credited seconds in the period, by project."""
    counted = (
        sa.select(Project, sa.func.count(), sa.func.count().filter(Judgment.late))
        .join(Pool, Pool.project_id == Project.id)
        .join(Judgment, Judgment.pool_id == Pool.id)
        .where(Judgment.expert_id == account_id)
        .where(Judgment.submitted_at >= start, Judgment.submitted_at < end)
        .group_by(Project.id)
        .order_by(Project.title)
    )
    rows: list[dict[str, Any]] = []
    for project, judgments, late in session.execute(counted).all():
        worked = time_queries.credited(account_id, start=start, end=end, project_id=project.id)
        seconds = session.scalar(worked) or 0.0
        rows.append(
            {
                "project": project.title,
                "judgments": judgments,
                "late": late,
                "seconds": seconds,
                "per_hour": judgments / seconds * 3600 if seconds else None,
            }
        )
    if not rows:
        return None
    judgments, seconds = sum(row["judgments"] for row in rows), sum(row["seconds"] for row in rows)
    return {
        "rows": rows,
        "judgments": judgments,
        "late": sum(row["late"] for row in rows),
        "seconds": seconds,
        "headline": [
            (f"{judgments:,}", _("judgments")),
            (f"{seconds / 3600:,.1f}", _("hours credited")),
        ],
        "methods": [
            _(
                "Hours are what the work clock credited: gaps between two signs of work of at most 75"
                " seconds, less idle time beyond the project's limit. Nothing is rounded before it is"
                " written here."
            )
        ],
    }


def comparison_section(
    session: Session, account_id: int, _start: datetime, end: datetime
) -> dict[str, Any] | None:
    """Where the person stands among the project's experts, for projects with enough of them.

    Everything up to the period's end, which is never later than the last midnight: a figure that
    moved with an answer of today would tell that it was a probe.
    """
    mine = {row[0] for row in session.execute(queries.by_project(account_id, before=end))}
    found = []
    for project in _projects(session, mine):
        shares = {
            expert: share_right(right, judged)
            for expert, right, judged in session.execute(queries.by_expert(project.id, before=end))
        }
        points = [share.point for share in shares.values() if share.point is not None]
        own = shares[account_id].point
        if own is None or len(points) < _FEWEST:
            continue
        drawing = charts.distribution(
            points,
            title=_("Share right of the experts of %(title)s", title=project.title),
            own=own,
            needed=project.needed_level,
            needed_text=_("needed %(level)s", level=charts.percent(project.needed_level)),
            width=_CHART_WIDTH,
        )
        found.append({"project": project.title, "count": len(points), "drawing": drawing})
    return {"projects": found} if found else None


def _projects(session: Session, ids: set[int]) -> list[Project]:
    named = sa.select(Project).where(Project.id.in_(ids)).order_by(Project.title)
    return list(session.scalars(named))


def _project_quality(project: Project, rows: Any) -> dict[str, Any]:  # noqa: ANN401  result rows
    judged = [right for project_id, _at, right in rows if project_id == project.id]
    share = share_right(sum(judged), len(judged))
    return {
        "project": project.title,
        "right": share.right,
        "judged": share.judged,
        "share": share,
        "needed": project.needed_level,
        "words": pictures.words(share),
        "drawing": charts.interval_bar(
            charts.Estimate(share.low, share.point, share.high),
            title=project.title,
            needed=project.needed_level,
            width=_CHART_WIDTH,
        ),
    }


def _weeks(scores: list[tuple[datetime, bool]]) -> charts.Drawing:
    """The line of weekly shares with its band; weeks without check tasks are gaps."""
    judged: Counter[Any] = Counter()
    right: Counter[Any] = Counter()
    for at, good in scores:
        week = monday(at.astimezone(UTC).date())
        judged[week] += 1
        right[week] += good
    points = []
    for week in sorted(judged):
        share = share_right(right[week], judged[week])
        estimate = charts.Estimate(share.low, share.right / share.judged, share.high)
        points.append(charts.Point(f"{week:%d %b}", estimate))
    return charts.line_with_band(
        points, title=_("Share right by week"), ends=(0.0, 1.0), width=_CHART_WIDTH
    )
