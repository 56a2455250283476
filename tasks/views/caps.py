"""Changing the hours of a project that is under way, from its settings."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal import clock
from portal.access import Role, person, requires
from portal.db import transaction
from tasks.forms import CapsForm, RateForm
from tasks.service import caps
from tasks.views.projects import mine, settings_page

bp = Blueprint("caps", __name__, url_prefix="/projects/<slug>", template_folder="../templates")


@bp.post("/caps")
@requires(Role.MANAGER)
def announce(slug: str) -> Response | tuple[str, int]:
    """Announce other hours: they hold in seven days, once each person has accepted them."""
    form = CapsForm(prefix="caps")
    with transaction() as session:
        project = mine(session, slug)
        if not form.validate_on_submit():
            return settings_page(session, project, RateForm(formdata=None), form), 422
        caps.announce(
            session,
            project,
            task_seconds=form.task_minutes.data * 60,
            day_seconds=form.day_hours.data * 3600,
            week_seconds=form.week_hours.data * 3600,
            reason=form.reason.data,
            by=person().account_id,
            now=clock.now(session),
        )
    flash(_("Announced. Everybody who works here has been written to."), "good")
    return redirect(url_for("projects.settings", slug=slug), 303)
