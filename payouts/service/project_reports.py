"""A project on paper, for its manager and its client: asked for, composed, issued; nobody by name."""

import hashlib
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from payouts.models import JobName, PaperState, ProjectReport
from payouts.queries import project_reports as queries
from portal import audit, charts, files
from portal.accounts.models import Organisation
from portal.contributions import installed
from portal.db import lock
from portal.ids import uuid7
from portal.jobs import enqueue
from portal.money import Money, format_money
from portal.reports import periods
from portal.reports.document import Document, environment
from portal.reports.periods import Period
from tasks import project_reporting
from tasks.models import Project
from tasks.project_reporting import Work
from tasks.quality.share import Share

_WIDTH: Final = 640
_LOCALE: Final = "en_US"


def ask(
    session: Session, project: Project, period: Period, *, by: int, now: datetime
) -> ProjectReport:
    """Ask for a report; a worker sets it.

    Whole days up to yesterday: asked for after each answer, one of today would tell which of them
    was a check task. Raises `Invalid` where nothing of the period is left.
    """
    period = periods.up_to_yesterday(period, now)
    made = ProjectReport(
        public_id=uuid7(now),
        project_id=project.id,
        asked_by_id=by,
        asked_at=now,
        period_start=period.start,
        period_end=period.end,
    )
    session.add(made)
    session.flush()
    enqueue(session, JobName.SET_PROJECT_REPORT, made.id, now=now)
    subject = ("project_report", made.id)
    audit.record(session, actor=by, action="project_report.asked", subject=subject, now=now)
    return made


def compose(session: Session, report: ProjectReport, *, now: datetime) -> Document:
    """The document, from what the database holds now; the snapshot is the SHA-256 of what it says."""
    project = session.get_one(Project, report.project_id)
    templates = environment(tuple(installed().report_sections), project.payroll_zone)
    said = templates.get_template("payouts/paper_project.html").render(
        _content(session, project, Period(report.period_start, report.period_end))
    )
    snapshot = hashlib.sha256(said.encode()).digest()
    html = templates.get_template("payouts/paper.html").render(
        title=_("Project report: %(title)s", title=project.title),
        kind=_("Project report"),
        body=Markup(said),  # noqa: S704  rendered above, autoescaped
        snapshot=snapshot.hex(),
        now=now,
    )
    return Document(html, snapshot)


def issue(
    session: Session, report: ProjectReport, *, pdf: bytes, snapshot: bytes, now: datetime
) -> None:
    """Keep the paper. One that was issued meanwhile stays as it is."""
    lock(session, report)
    if report.state is not PaperState.WAITING:
        return
    stored = files.store(session, pdf, media_type="application/pdf", now=now)
    report.issue(file_id=stored.id, snapshot=snapshot, now=now)
    subject = ("project_report", report.id)
    audit.record(session, actor=None, action="project_report.issued", subject=subject, now=now)


def _content(session: Session, project: Project, period: Period) -> dict[str, Any]:
    work = project_reporting.work(session, project, start=period.start, end=period.end)
    rows = session.execute(queries.cost(project.id, start=period.start, end=period.end)).all()
    currency = project.currency
    cost = Money(sum(minor for _week, of, minor in rows if of == currency), currency)
    return {
        "project": project,
        "organisation": session.get_one(Organisation, project.organisation_id).name,
        "period": period,
        "work": work,
        "cost": cost,
        "each": _each(cost, work.judgments),
        "weeks": _weeks(work, rows, currency),
        "headline": _headline(work, cost),
        "quality": _bar(work.share, _("Right on check tasks"), needed=project.needed_level),
        "agreement": _bar(work.agreement, _("Agreement"), needed=None),
        "throughput": _throughput(work),
        "shown": _shown,
    }


def _each(cost: Money, judgments: int) -> Money | None:
    """What one judgment cost, rounded half up; None without any."""
    if not judgments:
        return None
    return Money((2 * cost.minor + judgments) // (2 * judgments), cost.currency)


def _headline(work: Work, cost: Money) -> list[tuple[str, str]]:
    found = [(f"{work.judgments:,}", _("judgments"))]
    if work.share.point is not None:
        found.append((charts.percent(work.share.point), _("right on check tasks")))
    if work.agreement.point is not None:
        found.append((charts.percent(work.agreement.point), _("agreement")))
    return [*found, (format_money(cost, _LOCALE), _("cost"))]


def _weeks(work: Work, rows: Any, currency: str) -> list[tuple[Any, int, Money]]:  # noqa: ANN401  rows of a select
    """Judgments and cost by the Monday of their week."""
    counted = dict(work.weeks)
    costs = {week: minor for week, of, minor in rows if of == currency}
    return [
        (week, counted.get(week, 0), Money(costs.get(week, 0), currency))
        for week in sorted(counted.keys() | costs.keys())
    ]


def _bar(share: Share, title: str, *, needed: float | None) -> charts.Drawing:
    estimate = charts.Estimate(share.low, share.point, share.high)
    return charts.interval_bar(estimate, title=title, needed=needed, width=_WIDTH)


def _throughput(work: Work) -> charts.Drawing | None:
    if not work.weeks:
        return None
    return charts.bars(
        [charts.Bar(f"{week:%d %b}", float(count)) for week, count in work.weeks],
        title=_("Judgments by week"),
        headings=(_("Week from"), _("Judgments")),
        show=lambda count: f"{count:,.0f}",
        width=_WIDTH,
    )


def _shown(share: Share) -> str:
    """A share in words, with its range; or that it is too early."""
    if share.point is None:
        return str(_("too early to say (%(judged)s)", judged=share.judged))
    low, high = charts.percent(share.low), charts.percent(share.high)
    point = charts.percent(share.point)
    return str(_("%(share)s, likely %(low)s to %(high)s", share=point, low=low, high=high))
