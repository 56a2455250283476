"""The manager's projects: the list, a new one, and each project's tabs."""

from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from portal import charts, clock
from portal.access import Role, person, requires
from portal.accounts.models import Grant, Organisation
from portal.contributions import Contributions
from portal.db import one_or_404, reading, transaction
from portal.money import Money, exponent
from tasks.forms import CapsForm, GuidelineForm, ProjectForm, RateForm
from tasks.guideline_text import sections
from tasks.models import Adjustment, AdjustmentState, Project, ProjectState, TaskType, Timesheet
from tasks.quality.share import Share, share_right
from tasks.queries import caps as caps_queries
from tasks.queries import managing
from tasks.queries import projects as queries
from tasks.queries import quality as quality_queries
from tasks.queries import work as work_queries
from tasks.service import caps
from tasks.service import projects as service
from tasks.service.caps import Caps
from tasks.types import kind
from tasks.views import pictures

bp = Blueprint("projects", __name__, url_prefix="/projects", template_folder="../templates")

STATES: Final = {
    ProjectState.DRAFT: ("draft", "neutral"),
    ProjectState.OPEN: ("running", "good"),
    ProjectState.PAUSED: ("paused", "warning"),
    ProjectState.CLOSED: ("closed", "neutral"),
}
_PAGE: Final = 50
_FEWEST: Final = 3
_HOLD_SECONDS: Final = 3600


@bp.get("/")
@requires(Role.MANAGER)
def index() -> str:
    """Every project of the manager's."""
    with reading() as session:
        found = session.scalars(
            queries.projects_of(person().account_id, Role.MANAGER).order_by(Project.title)
        ).all()
        return render_template("tasks/projects.html", projects=found, states=STATES)


@bp.get("/new")
@requires(Role.MANAGER)
def new() -> str:
    """A new project's form."""
    with reading() as session:
        return render_template("tasks/project_new.html", form=_project_form(session))


@bp.post("/new")
@requires(Role.MANAGER)
def create() -> Response | tuple[str, int]:
    """Make the draft with its guideline, agreement and rate."""
    me = person().account_id
    with transaction() as session:
        form = _project_form(session)
        if not form.validate_on_submit():
            return render_template("tasks/project_new.html", form=form), 422
        now = clock.now(session)
        project = service.create(session, _from_form(form, me, now), actor=me, now=now)
        _complete(session, project, form, me)
    flash(_("Created as a draft. Import its tasks, then open it in its settings."), "good")
    return redirect(url_for("projects.overview", slug=project.slug))


@bp.get("/<slug>")
@requires(Role.MANAGER)
def overview(slug: str) -> str:
    """Progress, and what waits for the manager."""
    with reading() as session:
        project = mine(session, slug)
        tasks, golden = session.execute(managing.task_counts(project.id)).one()
        days = [(day, count) for day, count in session.execute(managing.judged_by_day(project))]
        today = clock.now(session).astimezone(project.zone).date()
        done, target = sum(count for _day, count in days), (tasks - golden) * project.overlap
        return _page(
            "overview",
            project,
            tasks=tasks - golden,
            golden=golden,
            done=done,
            target=target,
            progress=pictures.progress(days, target, today=today),
            sheets=session.execute(managing.waiting_timesheets(project.id)).all(),
            asked=session.scalars(_asked(project)).all(),
            questions=session.scalars(work_queries.open_escalations(project.id)).all(),
            missing=service.what_is_missing(session, project),
        )


@bp.get("/<slug>/tasks")
@requires(Role.MANAGER)
def tasks(slug: str) -> str:
    """The tasks by the order they came in, a page at a time."""
    after = request.args.get("after", 0, type=int)
    with reading() as session:
        project = mine(session, slug)
        rows = session.execute(managing.tasks_after(project.id, after, _PAGE + 1)).all()
        later = rows[_PAGE - 1][0].id if len(rows) > _PAGE else None
        return _page("tasks", project, rows=rows[:_PAGE], later=later, after=after)


@bp.get("/<slug>/people")
@requires(Role.MANAGER)
def people(slug: str) -> str:
    """Everyone enrolled: judgments, hours, share right."""
    with reading() as session:
        project = mine(session, slug)
        rows = session.execute(managing.people(project.id)).all()
        scores = shares(session, project)
        return _page("people", project, rows=rows, shares=scores, said=pictures.words)


@bp.get("/<slug>/quality")
@requires(Role.MANAGER)
def quality(slug: str) -> str:
    """How the experts do on check tasks, and what they answer."""
    with reading() as session:
        project = mine(session, slug)
        known = [share for share in shares(session, project).values() if share.point is not None]
        rules = kind(project.task_type)
        counts: dict[str, int] = {}
        for judgment in session.scalars(managing.labels(project.id)):
            label = rules.label(judgment.value)
            counts[label] = counts.get(label, 0) + 1
        drawing = distribution([share.point or 0.0 for share in known], project)
        return _page(
            "quality", project, drawing=drawing, count=len(known), labels=sorted(counts.items())
        )


@bp.get("/<slug>/guideline")
@requires(Role.MANAGER)
def guideline(slug: str) -> str:
    """The guideline as it holds, and the form of its next version."""
    with reading() as session:
        return _guideline_page(session, mine(session, slug), GuidelineForm())


@bp.post("/<slug>/guideline")
@requires(Role.MANAGER)
def publish_guideline(slug: str) -> Response | tuple[str, int]:
    """Publish the next version; tasks already held keep theirs."""
    form = GuidelineForm()
    me = person().account_id
    with transaction() as session:
        project = mine(session, slug)
        if not form.validate_on_submit():
            return _guideline_page(session, project, form), 422
        version = service.publish_guideline(
            session,
            organisation_id=project.organisation_id,
            slug=service.guideline_slug(session, project),
            title=project.title,
            label=form.label.data,
            body=form.body.data,
            now=clock.now(session),
            actor=me,
        )
        project.guideline_id = version.guideline_id
    flash(_("Published. New assignments carry it from now on."), "good")
    return redirect(url_for("projects.guideline", slug=slug))


@bp.get("/<slug>/settings")
@requires(Role.MANAGER)
def settings(slug: str) -> str:
    """What was set up, the rate cards, and opening, pausing, closing."""
    with reading() as session:
        return settings_page(session, mine(session, slug), RateForm())


@bp.post("/<slug>/rate")
@requires(Role.MANAGER)
def publish_rate(slug: str) -> Response | tuple[str, int]:
    """Publish the next rate card; each expert is paid by it once they accept it."""
    form = RateForm()
    with transaction() as session:
        project = mine(session, slug)
        if not form.validate_on_submit():
            return settings_page(session, project, form), 422
        price = service.Price(_minor(form.hourly.data, project.currency))
        service.publish_rates(
            session, project, [price], now=clock.now(session), actor=person().account_id
        )
    flash(_("Published. It counts for each expert from the moment they accept it."), "good")
    return redirect(url_for("projects.settings", slug=slug))


@bp.post("/<slug>/state")
@requires(Role.MANAGER)
def change_state(slug: str) -> Response:
    """Open, pause or close."""
    changes = {
        "open": service.open_project,
        "pause": service.pause_project,
        "close": service.close_project,
    }
    change = changes.get(request.form.get("to", ""))
    with transaction() as session:
        project = mine(session, slug)
        if change:
            change(session, project, actor=person().account_id, now=clock.now(session))
    return redirect(url_for("projects.settings", slug=slug))


def mine(session: Session, slug: str) -> Project:
    """The project, found through the manager's grants."""
    seen = queries.projects_of(person().account_id, Role.MANAGER).where(Project.slug == slug)
    return one_or_404(session, seen)


def tabs(project: Project) -> list[dict[str, Any]]:
    """The project's tabs: our own and those that other packages contribute."""
    contributions: Contributions = current_app.extensions["contributions"]
    roles = person().roles
    seen = [tab for tab in contributions.project_tabs if not tab.roles.isdisjoint(roles)]
    return [
        {
            "label": tab.label,
            "url": url_for(tab.endpoint, slug=project.slug),
            "current": tab.endpoint == request.endpoint,
        }
        for tab in sorted(seen, key=lambda tab: tab.order)
    ]


def _page(name: str, project: Project, **context: Any) -> str:  # noqa: ANN401  a template's context
    return render_template(
        f"tasks/project_{name}.html", project=project, tabs=tabs(project), states=STATES, **context
    )


def _guideline_page(session: Session, project: Project, form: GuidelineForm) -> str:
    version = session.scalar(queries.newest_guideline(project))
    if version and request.method == "GET":
        form.body.data = version.body
    parts = sections(version.body) if version else []
    return _page("guideline", project, form=form, guideline=version, sections=parts)


def settings_page(
    session: Session, project: Project, form: RateForm, caps_form: CapsForm | None = None
) -> str:
    """The settings, with forms as they were filled in."""
    now = clock.now(session)
    held = caps.in_force(session, project, now=now)
    card = session.scalar(queries.newest_rate_card(project.id))
    rates = session.scalars(queries.rates(card, project.locale)).all() if card else []
    return _page(
        "settings",
        project,
        form=form,
        card_row=card,
        rates=[(rate, Money(rate.minor, project.currency)) for rate in rates],
        missing=service.what_is_missing(session, project),
        caps=held,
        coming=session.scalar(caps_queries.coming(project.id, now=now)),
        caps_form=caps_form or _caps_form(held),
    )


def _caps_form(held: Caps) -> CapsForm:
    """What holds now, to be changed."""
    known = {
        "task_minutes": held.task_cap_seconds // 60,
        "day_hours": held.day_cap_seconds // 3600,
        "week_hours": held.week_cap_seconds // 3600,
    }
    return CapsForm(prefix="caps", formdata=None, data=known)


def _asked(project: Project) -> sa.Select[Adjustment]:
    found = sa.select(Adjustment).join(Timesheet, Timesheet.id == Adjustment.timesheet_id)
    waiting = Adjustment.state == AdjustmentState.ASKED
    return found.where(Timesheet.project_id == project.id, waiting).order_by(
        Adjustment.requested_at
    )


def shares(session: Session, project: Project) -> dict[int, Share]:
    """The share right on check tasks of each expert who met any."""
    rows = session.execute(quality_queries.by_expert(project.id))
    return {expert: share_right(right, judged) for expert, right, judged in rows}


def distribution(points: list[float], project: Project) -> charts.Drawing | None:
    """One dot an expert; None below three, who could be told apart."""
    if len(points) < _FEWEST:
        return None
    needed = _("needed %(level)s", level=charts.percent(project.needed_level))
    return charts.distribution(
        points,
        title=_("Share right of each expert"),
        needed=project.needed_level,
        needed_text=needed,
    )


def _project_form(session: Session) -> ProjectForm:
    form = ProjectForm()
    reached = sa.exists().where(
        Grant.account_id == person().account_id,
        Grant.role == Role.MANAGER,
        Grant.revoked_at.is_(None),
        Grant.project_id.is_(None),
        sa.or_(Grant.organisation_id.is_(None), Grant.organisation_id == Organisation.id),
    )
    clients = session.scalars(sa.select(Organisation).where(reached).order_by(Organisation.name))
    form.organisation.choices = [SelectChoice(client.id, client.name) for client in clients]
    return form


def _from_form(form: ProjectForm, me: int, now: Any) -> Project:  # noqa: ANN401  the moment
    return Project(
        organisation_id=form.organisation.data,
        slug=form.slug.data,
        title=form.title.data,
        line=form.line.data,
        question=form.question.data,
        task_type=TaskType(form.task_type.data),
        currency=form.currency.data,
        created_at=now,
        payroll_zone=form.payroll_zone.data,
        due_on=form.due_on.data,
        overlap=form.overlap.data,
        gold_share=form.gold_percent.data / 100,
        needed_level=form.needed_percent.data / 100,
        required_qualification=form.required_qualification.data or None,
        task_cap_seconds=form.planned_minutes.data * 60,
        hold_seconds=max(_HOLD_SECONDS, form.planned_minutes.data * 60),
        reserve_seconds=form.reserve_hours.data * 3600,
        day_cap_seconds=form.day_hours.data * 3600,
        week_cap_seconds=form.week_hours.data * 3600,
        created_by_id=me,
    )


def _complete(session: Session, project: Project, form: ProjectForm, me: int) -> None:
    """Guideline, agreement and rate card of a new project."""
    now = clock.now(session)
    version = service.publish_guideline(
        session,
        organisation_id=project.organisation_id,
        slug=project.slug,
        title=project.title,
        label="1.0",
        body=form.guideline.data,
        now=now,
        actor=me,
    )
    project.guideline_id = version.guideline_id
    service.publish_agreement(session, project, title=_("Agreement for %(title)s", title=project.title), body=form.agreement.data, now=now, actor=me)  # fmt: skip
    price = service.Price(_minor(form.hourly.data, project.currency))
    service.publish_rates(session, project, [price], now=now, actor=me)


def _minor(amount: Decimal, currency: str) -> int:
    return int(amount.scaleb(exponent(currency)).to_integral_value())
