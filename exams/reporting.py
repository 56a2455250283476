"""The section of an expert's report that says which exams they sat and what that shows."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from exams.drawings import drawing
from exams.models import AttemptState, Qualification, QualificationGrant
from exams.queries import results


def section(
    session: Session, account_id: int, _start: datetime, end: datetime
) -> dict[str, Any] | None:
    """Exams passed before the period's end: score, margin, pass mark, valid until."""
    passed = [
        (attempt, exam, score)
        for attempt, exam, score in results.results_of(session, account_id, before=end)
        if attempt.state is AttemptState.PASSED
    ]
    if not passed:
        return None
    found = sa.select(QualificationGrant, Qualification).join(Qualification)
    grants = {
        grant.attempt_id: (grant, shown)
        for grant, shown in session.execute(
            found.where(QualificationGrant.attempt_id.in_([one.id for one, _exam, _s in passed]))
        )
    }
    rows = [
        {
            "exam": exam.title,
            "taken": attempt.finished_at,
            "score": _percent(score.share),
            "margin": _percent(score.margin),
            "pass_mark": _percent(score.cut),
            "points": f"{round(score.raw, 2):g} of {score.maximum:g}",
            "valid_until": _valid_until(grants[attempt.id][0]),
            "shows": grants[attempt.id][1].title,
            "drawing": drawing(score.share, score.margin, score.cut, width=320),
        }
        for attempt, exam, score in passed
    ]
    return {
        "rows": rows,
        "methods": [
            _("Exam margin: 1.645 standard errors, by %(method)s.", method=passed[0][2].method)
        ],
    }


def _valid_until(grant: QualificationGrant) -> datetime:
    """Its end, or the day on which it was taken back: no paper calls valid what is not."""
    return min(grant.expires_at, grant.revoked_at or grant.expires_at)


def _percent(share: float) -> str:
    """To one decimal: `66.7 %`."""
    return f"{share * 100:.1f} %"
