"""What an administrator watches: jobs that failed for good, and the audit."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import audit, clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.audit import AuditEvent
from portal.db import lock, one_or_404, reading, transaction
from portal.jobs import OutboxRow, OutboxState, revive

bp = Blueprint("operations", __name__, url_prefix="/admin")

PAGE: Final = 50


@bp.get("/jobs")
@requires(Role.ADMIN)
def jobs() -> str:
    """What waits, how long, and what failed for good."""
    dead = sa.select(OutboxRow).where(OutboxRow.state == OutboxState.DEAD)
    waiting = sa.select(sa.func.count(), sa.func.min(OutboxRow.created_at)).where(
        OutboxRow.state == OutboxState.WAITING
    )
    with reading() as session:
        rows = list(session.scalars(dead.order_by(OutboxRow.ended_at.desc()).limit(200)))
        count, oldest = session.execute(waiting).one()
        return render_template("shell/jobs.html", rows=rows, waiting=count, oldest=oldest)


@bp.post("/jobs/<int:outbox_id>/again")
@requires(Role.ADMIN)
def send_round_again(outbox_id: int) -> Response:
    """Try a dead job anew, as if for the first time."""
    dead = sa.select(OutboxRow).where(
        OutboxRow.id == outbox_id, OutboxRow.state == OutboxState.DEAD
    )
    with transaction() as session:
        row = lock(session, one_or_404(session, dead))
        now = clock.now(session)
        revive(session, row, now=now)
        subject = ("outbox", row.id)
        audit.record(
            session, actor=person().account_id, action="job.revived", subject=subject, now=now
        )
    flash(_("The job goes round again."), "good")
    return redirect(url_for("operations.jobs"))


@bp.get("/audit")
@requires(Role.ADMIN)
def audit_list() -> str:
    """Who did what to what, the newest first."""
    before, action = request.args.get("before", type=int), request.args.get("action", "").strip()
    with reading() as session:
        rows = _events(session, before=before, action=action)
        more = rows[PAGE - 1][0].id if len(rows) > PAGE else None
        kept: dict[str, Any] = {"action": action or None}
        return render_template(
            "shell/audit.html",
            rows=rows[:PAGE],
            action=action,
            first=url_for("operations.audit_list", **kept) if before else None,
            later=url_for("operations.audit_list", before=more, **kept) if more else None,
        )


def _events(
    session: Session, *, before: int | None, action: str
) -> Sequence[sa.Row[AuditEvent, str | None]]:
    query = (
        sa.select(AuditEvent, Account.display_name)
        .outerjoin(Account, Account.id == AuditEvent.actor_id)
        .order_by(AuditEvent.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(AuditEvent.id < before)
    if action:
        query = query.where(AuditEvent.action.startswith(action, autoescape=True))
    return session.execute(query).all()
