"""Asking for a report, and issuing it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit, files, settings
from portal.accounts.models import Account
from portal.accounts.queries import by_email
from portal.db import lock
from portal.errors import NotFound
from portal.ids import uuid7
from portal.jobs import enqueue
from portal.reports import document, periods
from portal.reports.document import Document
from portal.reports.models import JobName, Report, ReportState
from portal.reports.periods import Period


def request_report(
    session: Session, *, account: Account, period: Period, requested_by: int, now: datetime
) -> Report:
    """Ask for a report about `account`; a worker sets it.

    It ends with yesterday at the latest (UTC): asked for after each answer, a report of today would
    tell which of them was a check task. Raises `Invalid` where nothing of the period is left.
    """
    period = periods.up_to_yesterday(period, now)
    report = Report(
        public_id=uuid7(now),
        account_id=account.id,
        requested_by_id=requested_by,
        requested_at=now,
        period_start=period.start,
        period_end=period.end,
    )
    session.add(report)
    session.flush()
    enqueue(session, JobName.RENDER, report.id, now=now)
    audit.record(
        session,
        actor=requested_by,
        action="report.requested",
        subject=("report", report.id),
        now=now,
    )
    return report


def compose(session: Session, report: Report, *, now: datetime) -> Document:
    """Write the document of a report from what the database holds now."""
    return document.build(
        session,
        account=session.get_one(Account, report.account_id),
        period=Period(report.period_start, report.period_end),
        now=now,
        verify_url=f"{settings.load().base_url}/reports/verify/{report.public_id}",
    )


def issue(session: Session, report: Report, *, pdf: bytes, snapshot: bytes, now: datetime) -> None:
    """Keep the paper. A report that was issued meanwhile stays as it is."""
    if report.state is not ReportState.WAITING:
        return
    stored = files.store(session, pdf, media_type="application/pdf", now=now)
    report.issue(file_id=stored.id, snapshot=snapshot, now=now)
    audit.record(
        session, actor=None, action="report.issued", subject=("report", report.id), now=now
    )


def find_person(session: Session, name: str) -> Account:
    """The account with this e-mail or public id. Raises `NotFound` naming what was looked for."""
    query = by_email(name)
    if "@" not in name:
        query = sa.select(Account).where(sa.cast(Account.public_id, sa.Text) == name.lower())
    found = session.scalar(query)
    if found is None:
        raise NotFound(f"Nobody has the e-mail or public id “{name}”.")
    return found


def locked(session: Session, report_id: int) -> Report:
    """The report, locked until the transaction ends."""
    return lock(session, session.get_one(Report, report_id))
