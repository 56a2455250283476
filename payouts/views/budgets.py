"""Setting a project's budget from its Money tab."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from payouts.forms import BudgetForm
from payouts.service import budgets
from payouts.views import amounts
from portal import clock
from portal.access import Role, person, requires
from portal.db import transaction
from portal.errors import Invalid
from tasks.views import projects as project_views

bp = Blueprint("budgets", __name__, template_folder="../templates")


@bp.post("/projects/<slug>/money/budget")
@requires(Role.MANAGER)
def set_budget(slug: str) -> Response:
    """Set what the project may cost."""
    form = BudgetForm(prefix="budget")
    with transaction() as session:
        project = project_views.mine(session, slug)
        if not form.validate_on_submit():
            raise Invalid(_("Enter the budget as an amount above zero."))
        amount = amounts.in_minor(form.amount.data, project.currency)
        me, now = person().account_id, clock.now(session)
        budgets.set_budget(session, project, amount, by=me, now=now)
    flash(_("The budget is set. You are told at 80 and at 100 per cent."), "good")
    return redirect(url_for("finance.project", slug=slug), 303)
