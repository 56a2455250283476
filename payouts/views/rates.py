"""Publishing a project's next rate card with its rules, from the Money tab."""

from decimal import Decimal
from fractions import Fraction

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from payouts.forms import CardForm
from payouts.views import amounts
from portal import clock
from portal.access import Role, person, requires
from portal.db import transaction
from portal.errors import Invalid
from tasks.models import Project, RateUnit
from tasks.rules import Announced, Band, Rules, parse, stored
from tasks.service import projects
from tasks.views import projects as project_views

bp = Blueprint("rates", __name__, template_folder="../templates")


@bp.post("/projects/<slug>/money/rates")
@requires(Role.MANAGER)
def publish(slug: str) -> Response:
    """Publish the next card. It pays a person only once they accept it; until then the last one pays."""
    form = CardForm(prefix="card")
    with transaction() as session:
        project = project_views.mine(session, slug)
        if not form.validate_on_submit():
            raise Invalid(next(iter(form.errors.values()))[0])
        projects.publish_rates(
            session,
            project,
            _prices(form, project),
            now=clock.now(session),
            actor=person().account_id,
            rules=_rules(form, project),
        )
    flash(_("Published. It pays each person from when they accept it."), "good")
    return redirect(url_for("finance.project", slug=slug), 303)


def _prices(form: CardForm, project: Project) -> list[projects.Price]:
    given = {
        RateUnit.HOUR: form.hourly.data,
        RateUnit.TASK: form.task.data,
        RateUnit.TRAINING: form.training.data,
    }
    return [
        projects.Price(_minor(amount, project), unit=unit)
        for unit, amount in given.items()
        if amount is not None
    ]


def _rules(form: CardForm, project: Project) -> Rules:
    """The rules as entered. Raises `Invalid` where one could take, or makes no sense."""
    if form.hourly.data is None and not form.by_task.data:
        raise Invalid(_("Enter what an hour pays, or let time on tasks be paid by the task."))
    if form.by_task.data and form.task.data is None:
        raise Invalid(_("Say what a task pays, if time on tasks is paid by the task."))
    bands: tuple[Band, ...] = ()
    if (form.band_level.data is None) != (form.band_extra.data is None):
        raise Invalid(_("A band of quality needs both: from which level, and how much more."))
    if form.band_level.data is not None:
        level = Fraction(form.band_level.data, 100)
        bands = (Band(level, 1 + Fraction(form.band_extra.data, 100)),)
    guarantee = form.guarantee.data
    cap = form.cap_minutes.data
    return parse(
        stored(
            Rules(
                aht_cap_seconds=cap * 60 if cap is not None else None,
                bands=bands,
                by_task=form.by_task.data,
                guarantee_minor=_minor(guarantee, project) if guarantee is not None else None,
                bonuses=_bonuses(form, project),
            )
        )
    )


def _bonuses(form: CardForm, project: Project) -> tuple[Announced, ...]:
    """The bonus to announce, if one was entered. Raises `Invalid` for a part of one."""
    name, condition = form.bonus_name.data or "", form.bonus_condition.data or ""
    given = [bool(name.strip()), form.bonus_amount.data is not None, bool(condition.strip())]
    if not any(given):
        return ()
    if not all(given):
        raise Invalid(_("A bonus needs all three: its name, its amount, and what it takes."))
    return (Announced(name.strip(), _minor(form.bonus_amount.data, project), condition.strip()),)


def _minor(amount: Decimal, project: Project) -> int:
    return amounts.in_minor(amount, project.currency).minor
