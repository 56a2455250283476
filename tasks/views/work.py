"""The expert's way through the work: what there is, accepting it, the workbench."""

from uuid import UUID

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.access import Role, person, requires
from portal.db import one_or_404, reading, transaction
from portal.ids import random_id
from portal.money import Money
from portal.prose import markdown, without_title
from tasks.guideline_text import sections
from tasks.models import Assignment, AssignmentState, ExtensionState, Pool, Project
from tasks.queries import caps as caps_queries
from tasks.queries import projects as project_queries
from tasks.queries import time as time_queries
from tasks.queries import work as queries
from tasks.service import claim, extensions, judge, offering, offers
from tasks.service import clock as work_clock
from tasks.service.eligibility import qualified
from tasks.service.reasons import SENTENCES, NothingLeft, Reason
from tasks.views.bench import bench

bp = Blueprint("work", __name__, url_prefix="/work", template_folder="../templates")

_FIELDS = ("choice", "reason", "step", "error_type", "verdict_right", "feedback")
_MOST_QUESTIONS = 100
_ANSWERABLE = frozenset({AssignmentState.OPEN, AssignmentState.EXPIRED})


@bp.get("/")
@requires(Role.EXPERT)
def index() -> str:
    """Everything the expert may see, at what rate, or why nothing."""
    with reading() as session:
        found = offering.offered(session, person().account_id, now=clock.now(session))
        return render_template("tasks/offers.html", offered=found, sentences=SENTENCES)


@bp.get("/keys")
@requires(Role.EXPERT)
def keys() -> str:
    """The workbench's keys, for those whose browser opens no dialogs."""
    return render_template("tasks/keys.html")


@bp.get("/questions")
@requires(Role.EXPERT)
def questions() -> str:
    """What the expert asked the policy team, and what it answered."""
    with reading() as session:
        found = queries.questions_of(person().account_id).limit(_MOST_QUESTIONS)
        return render_template("tasks/my_questions.html", rows=session.execute(found).all())


@bp.get("/projects/<slug>")
@requires(Role.EXPERT)
def project(slug: str) -> str:
    """One project: its agreement and rate to accept, then the button that starts."""
    me = person().account_id
    with reading() as session:
        now = clock.now(session)
        found = _project(session, slug)
        terms = session.scalar(project_queries.current_terms(me, found.id))
        offer = offers.offer(session, found, now=now)
        able = qualified(session, me, found, now=now)
        newer = terms is not None and offer is not None and offers.is_newer(offer, terms)
        return render_template(
            "tasks/offer.html",
            project=found,
            terms=terms,
            rate=_hourly(terms.hourly_minor, found) if terms else None,
            offer=offer,
            also=offers.also_pays(offer, now=now) if offer else [],
            offer_rate=_hourly(offer.hourly_minor, found) if offer else None,
            coming=session.scalar(caps_queries.coming(found.id, now=now)),
            agreement=markdown(without_title(offer.agreement.body)) if offer and able else None,
            newer=newer,
            why_not=None if able else SENTENCES[Reason.NO_QUALIFICATION],
        )


@bp.post("/projects/<slug>/accept")
@requires(Role.EXPERT)
def accept(slug: str) -> AnyResponse:
    """Accept agreement and rate."""
    me = person().account_id
    version = request.form.get("agreement", type=int) or 0
    with transaction() as session:
        now = clock.now(session)
        found = _project(session, slug)
        if request.form.get("accept") != "y":
            flash(_("Tick the box to accept the agreement and the rate."), "warning")
        elif not qualified(session, me, found, now=now):
            flash(str(SENTENCES[Reason.NO_QUALIFICATION]), "warning")
        else:
            offers.accept(
                session, expert_id=me, project=found, agreement_version_id=version, now=now
            )
            flash(_("Accepted. Read the guideline, then start."), "good")
    return redirect(url_for("work.project", slug=slug))


@bp.get("/projects/<slug>/guideline")
@requires(Role.EXPERT)
def guideline(slug: str) -> str:
    """The guideline, once the agreement is accepted."""
    with reading() as session:
        found = _project(session, slug)
        one_or_404(session, project_queries.current_terms(person().account_id, found.id))
        version = one_or_404(session, project_queries.newest_guideline(found))
        return render_template(
            "tasks/guideline.html",
            project=found,
            guideline=version,
            sections=sections(version.body),
            back=url_for("work.project", slug=slug),
        )


@bp.post("/projects/<slug>/start")
@requires(Role.EXPERT)
def start(slug: str) -> AnyResponse:
    """Start the clock and hand out the first task; what is held already comes back."""
    me = person().account_id
    with transaction() as session:
        now = clock.now(session)
        found = _project(session, slug)
        following = claim.claim_in_project(
            session, expert_id=me, project=found, public_id=random_id(), now=now
        )
        if isinstance(following, NothingLeft):
            flash(str(SENTENCES[following.reason]), "plain")
            return redirect(url_for("work.project", slug=slug))
        _keep_counting(session, me, found)
        return redirect(url_for("work.task", public_id=following.public_id))


@bp.get("/<uuid:public_id>")
@requires(Role.EXPERT)
def task(public_id: UUID) -> str | AnyResponse:
    """The workbench."""
    with reading() as session:
        assignment = _mine(session, public_id)
        if assignment.state not in _ANSWERABLE:
            return redirect(url_for("work.project", slug=_project_of(session, assignment).slug))
        return bench(session, assignment)


@bp.post("/<uuid:public_id>")
@requires(Role.EXPERT)
def submit(public_id: UUID) -> Response | AnyResponse:
    """Take the judgment and answer with the next task. Sent twice, it leads on as well.

    Two transactions, like `skip`: a late answer may hold its task while the claim waits for another.
    """
    entries = _entries()
    with transaction() as session:
        assignment = _mine(session, public_id)
        now = clock.now(session)
        if assignment.state in _ANSWERABLE:
            problem = judge.problem(session, assignment, entries)
            if problem:
                page = bench(session, assignment, entries=entries, problem=problem)
                return make_response(page, 422)
            judge.judge(session, assignment, entries, now=now)
    with transaction() as session:
        return _next(session, _mine(session, public_id))


@bp.post("/<uuid:public_id>/skip")
@requires(Role.EXPERT)
def skip(public_id: UUID) -> Response | AnyResponse:
    """Give the task back; the next one comes in a transaction of its own, so that no two wait for each other."""
    with transaction() as session:
        assignment = _mine(session, public_id)
        if assignment.state is AssignmentState.OPEN:
            judge.release(session, assignment, now=clock.now(session))
    with transaction() as session:
        return _next(session, _mine(session, public_id))


@bp.post("/<uuid:public_id>/draft")
@requires(Role.EXPERT)
def draft(public_id: UUID) -> dict[str, str]:
    """Keep what has been entered so far."""
    with transaction() as session:
        now = clock.now(session)
        judge.save_draft(session, _mine(session, public_id), _entries(), now=now)
        return {"saved_at": now.isoformat()}


@bp.post("/<uuid:public_id>/more-time")
@requires(Role.EXPERT)
def more_time(public_id: UUID) -> AnyResponse:
    """Ask for more time on the task; what is entered so far is kept as its draft."""
    with transaction() as session:
        assignment, now = _mine(session, public_id), clock.now(session)
        if entries := _entries():
            judge.save_draft(session, assignment, entries, now=now)
        asked = extensions.ask(session, assignment, reason="", now=now)
    if asked.state is ExtensionState.GRANTED:
        flash(_("You have more time for this task. Take it: nothing is held against you."), "good")
    else:
        flash(_("Asked for. A person decides within 3 working days; time you work meanwhile is added then."), "good")  # fmt: skip
    return redirect(url_for("work.task", public_id=public_id))


@bp.get("/<uuid:public_id>/ask")
@requires(Role.EXPERT)
def question(public_id: UUID) -> str:
    """The question to the policy team, for those whose browser opens no dialogs."""
    with reading() as session:
        return render_template("tasks/ask.html", public_id=_mine(session, public_id).public_id)


@bp.post("/<uuid:public_id>/ask")
@requires(Role.EXPERT)
def ask(public_id: UUID) -> AnyResponse:
    """Put a question to the policy team and stay on the task."""
    with transaction() as session:
        assignment = _mine(session, public_id)
        now = clock.now(session)
        judge.escalate(session, assignment, question=request.form.get("question", ""), now=now)
    flash(
        _("Your question is with the policy team. You can answer the task now or skip it."), "good"
    )
    return redirect(url_for("work.task", public_id=public_id))


def _next(session: Session, done: Assignment) -> Response | AnyResponse:
    """The next task's page under its own address, or the project's page saying why there is none."""
    project = _project_of(session, done)
    following = claim.claim_in_project(
        session,
        expert_id=done.expert_id,
        project=project,
        public_id=random_id(),
        now=clock.now(session),
    )
    if isinstance(following, NothingLeft):
        flash(str(SENTENCES[following.reason]), "plain")
        return redirect(url_for("work.project", slug=project.slug))
    _keep_counting(session, done.expert_id, project)
    response = make_response(bench(session, following))
    response.headers["Content-Location"] = url_for("work.task", public_id=following.public_id)
    return response


def _hourly(minor: int, project: Project) -> Money | None:
    """The rate by the hour; None where only tasks pay."""
    return Money(minor, project.currency) if minor else None


def _keep_counting(session: Session, expert_id: int, project: Project) -> None:
    """Run the clock where it does not run for this project; a page with a clock takes it over."""
    live = session.scalar(time_queries.live_session(expert_id))
    if live is None or live.project_id != project.id:
        terms = one_or_404(session, project_queries.current_terms(expert_id, project.id))
        work_clock.start(
            session,
            expert_id=expert_id,
            project=project,
            terms=terms,
            public_id=random_id(),
            now=clock.now(session),
        )


def _entries() -> dict[str, str]:
    return {name: request.form[name] for name in _FIELDS if name in request.form}


def _mine(session: Session, public_id: UUID) -> Assignment:
    mine = queries.assignments_of(person().account_id)
    return one_or_404(session, mine.where(Assignment.public_id == public_id))


def _project(session: Session, slug: str) -> Project:
    seen = project_queries.offered_to(person().account_id).where(Project.slug == slug)
    return one_or_404(session, seen)


def _project_of(session: Session, assignment: Assignment) -> Project:
    return session.get_one(Project, session.get_one(Pool, assignment.pool_id).project_id)
