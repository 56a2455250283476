"""Bonuses from a project's Money tab: one manager asks, another approves."""

from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import BonusForm
from payouts.models import Bonus
from payouts.queries import work as queries
from payouts.service import bonuses
from payouts.views import amounts
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, transaction
from portal.errors import Invalid
from tasks.models import Project, Terms
from tasks.views import projects as project_views

bp = Blueprint("bonuses", __name__, template_folder="../templates")


@bp.post("/projects/<slug>/money/bonuses")
@requires(Role.MANAGER)
def ask(slug: str) -> Response:
    """Ask for a bonus for somebody who works on the project."""
    form = BonusForm(prefix="bonus")
    with transaction() as session:
        project = project_views.mine(session, slug)
        form.expert.choices = choices(session, project)
        if not form.validate_on_submit():
            raise Invalid(_("Choose a person, an amount above zero, and say what it is for."))
        public_id = UUID(form.expert.data)
        expert = one_or_404(session, sa.select(Account).where(Account.public_id == public_id))
        bonuses.ask(
            session,
            project,
            expert_id=expert.id,
            amount=amounts.in_minor(form.amount.data, project.currency),
            reason=form.reason.data,
            by=person().account_id,
            now=clock.now(session),
        )
    flash(_("Asked for. Another person approves it."), "good")
    return redirect(url_for("finance.project", slug=slug), 303)


@bp.post("/projects/<slug>/money/bonuses/<uuid:public_id>")
@requires(Role.MANAGER)
def decide(slug: str, public_id: UUID) -> Response:
    """Approve a bonus that somebody else asked for, or give it up."""
    approve = request.form.get("decision") == "approve"
    with transaction() as session:
        project = project_views.mine(session, slug)
        mine = queries.bonuses_of(project.id).where(Bonus.public_id == public_id)
        bonus = one_or_404(session, mine)
        me, now = person().account_id, clock.now(session)
        act = bonuses.approve if approve else bonuses.withdraw
        act(session, bonus, by=me, now=now)
    flash(_("It comes with the next statement.") if approve else _("Given up."), "good")
    return redirect(url_for("finance.project", slug=slug), 303)


def choices(session: Session, project: Project) -> list[tuple[str, str]]:
    """Everybody who has accepted the project's terms, less the person who looks."""
    accepted = sa.exists().where(Terms.expert_id == Account.id, Terms.project_id == project.id)
    people = sa.select(Account.public_id, Account.display_name).where(
        accepted, Account.id != person().account_id
    )
    found = session.execute(people.order_by(Account.display_name, Account.id))
    return [(str(public_id), name) for public_id, name in found]
