"""The manager's queue of time: what is worth a look first, everything else approved in one act."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from tasks.models import Extension, Project, Timesheet
from tasks.queries import approving as queries
from tasks.service import extensions, timesheets
from tasks.views.projects import STATES, mine, tabs
from tasks.worth_a_look import Facts, Why, reasons, usual_pace

bp = Blueprint("approving", __name__, url_prefix="/projects/<slug>/time", template_folder="../templates")  # fmt: skip

WHY: Final = {
    Why.ASKED: lazy_gettext("time is asked for that the clock did not see"),
    Why.NO_JUDGMENT: lazy_gettext("time without a judgment"),
    Why.READING: lazy_gettext("more than half of it is reading, without a task"),
    Why.LONG_DAY: lazy_gettext("one day is longer than the day's hours here"),
    Why.SLOWER: lazy_gettext("a judgment took more than two and a half times as long as usual"),
}


@dataclass(frozen=True)
class Waiting:
    """One timesheet in the queue."""

    sheet: Timesheet
    expert: Account
    facts: Facts
    why: list[Why]


@bp.get("/")
@requires(Role.MANAGER)
def queue(slug: str) -> str:
    """Every timesheet that waits, and more time that was asked for."""
    with reading() as session:
        project = mine(session, slug)
        waiting = _waiting(session, project)
        return render_template(
            "tasks/project_time.html",
            project=project,
            look=[each for each in waiting if each.why],
            rest=[each for each in waiting if not each.why],
            own=session.scalar(_own(project)),
            asked=session.execute(_asked(project)).all(),
            sentences=WHY,
            tabs=tabs(project),
            states=STATES,
            days=timesheets.WORKING_DAYS,
        )


@bp.post("/approve")
@requires(Role.MANAGER)
def approve_rest(slug: str) -> Response:
    """Approve the timesheets that the page listed, as far as nothing about them is special still."""
    me = person().account_id
    with transaction() as session:
        project, now = mine(session, slug), clock.now(session)
        seen = set(request.form.getlist("sheet"))
        plain = [each for each in _waiting(session, project) if not each.why]
        chosen = [each.sheet for each in plain if str(each.sheet.public_id) in seen]
        for sheet in chosen:
            timesheets.approve(session, sheet, by=me, now=now)
    flash(_("%(count)s timesheets approved.", count=len(chosen)), "good")
    return redirect(url_for("approving.queue", slug=slug))


@bp.post("/more/<uuid:public_id>")
@requires(Role.MANAGER)
def decide_extension(slug: str, public_id: UUID) -> Response:
    """Grant more time for a task, or not, with a reason."""
    me = person().account_id
    with transaction() as session:
        project, now = mine(session, slug), clock.now(session)
        found = one_or_404(
            session, extensions.waiting(project.id).where(Extension.public_id == public_id)
        )
        if request.form.get("decision") == "approve":
            extensions.grant(session, found, by=me, now=now)
        else:
            reason = request.form.get("reason", "")
            extensions.refuse(session, found, by=me, reason=reason, now=now)
    return redirect(url_for("approving.queue", slug=slug))


def _waiting(session: Session, project: Project) -> list[Waiting]:
    """What waits for this manager, never their own, in a constant number of queries."""
    me = person().account_id
    rows = session.execute(queries.waiting(project.id).where(Timesheet.expert_id != me)).all()
    ids = [sheet.id for sheet, _expert in rows]
    compared = list(session.scalars(queries.newest(project.id)))
    found = queries.facts(session, project, list({*ids, *compared}))
    usual = usual_pace(found[each] for each in compared)
    return [
        Waiting(sheet, expert, found[sheet.id], reasons(found[sheet.id], usual=usual))
        for sheet, expert in rows
    ]


def _own(project: Project) -> sa.Select[int]:
    """How many of the manager's own wait: somebody else decides on them."""
    mine_ones = queries.waiting(project.id).where(Timesheet.expert_id == person().account_id)
    return mine_ones.with_only_columns(sa.func.count()).order_by(None)


def _asked(project: Project) -> sa.Select[Extension, str]:
    """More time for tasks that a person has to decide on, with who asked."""
    found = extensions.waiting(project.id).add_columns(Account.display_name)
    return found.join(Account, Account.id == Extension.expert_id).where(
        Extension.expert_id != person().account_id
    )
