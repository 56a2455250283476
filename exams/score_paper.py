"""Setting a score report as a document: the same words and drawings as its page."""

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from exams.drawings import area_drawing, scaled_drawing
from exams.models import Attempt, ScoreReport
from exams.service import scale, score_reports
from portal.accounts.models import Account
from portal.contributions import installed
from portal.errors import NotFound
from portal.reports.document import Document, environment

_WIDTH = 460


def compose(session: Session, report: ScoreReport, *, now: datetime) -> Document:
    """The document of one score report. Its snapshot is the SHA-256 of what it says."""
    attempt = session.get_one(Attempt, report.attempt_id)
    told = score_reports.told(session, attempt)
    if told is None:
        raise NotFound
    account = session.get_one(Account, attempt.account_id)
    templates = environment(tuple(installed().report_sections), account.time_zone)
    body = templates.get_template("exams/score_report_body.html").render(
        told=told,
        account=account,
        cut=scale.CUT,
        ends=(scale.LOWEST, scale.HIGHEST),
        drawing=scaled_drawing(told.scaled, width=_WIDTH),
        areas=[(area, area_drawing(area, width=_WIDTH)) for area in told.areas],
    )
    snapshot = hashlib.sha256(body.encode()).digest()
    html = templates.get_template("exams/score_report.html").render(
        told=told, account=account, body=body, snapshot=snapshot.hex(), issued_at=now
    )
    return Document(html, snapshot)
