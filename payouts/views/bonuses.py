"""Bonuses: one manager asks, another approves; and what an expert's own terms announce."""

import zlib
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import BonusForm, ClaimForm, ReasonForm
from payouts.models import Bonus
from payouts.queries import work as queries
from payouts.service import bonuses
from payouts.service.bonuses import Promise
from payouts.views import amounts, words
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.decisions import Decision
from portal.errors import Invalid
from portal.money import Money
from tasks.models import Project, Terms
from tasks.rules import parse
from tasks.service import offers
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
        form.announced.choices = announced(session, project)
        name = form.announced.data
        if not form.validate_on_submit() or not (name or form.amount.data):
            raise Invalid(_("Choose a person, an amount above zero, and say what it is for."))
        public_id = UUID(form.expert.data)
        expert = one_or_404(session, sa.select(Account).where(Account.public_id == public_id))
        me, now, reason = person().account_id, clock.now(session), form.reason.data
        if name:
            bonuses.ask_announced(
                session,
                project=project,
                name=name,
                words=reason,
                expert_id=expert.id,
                by=me,
                now=now,
            )
        else:
            amount = amounts.in_minor(form.amount.data, project.currency)
            bonuses.ask(
                session, project, amount=amount, reason=reason, expert_id=expert.id, by=me, now=now
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


@bp.post("/projects/<slug>/money/bonuses/<uuid:public_id>/refuse")
@requires(Role.MANAGER)
def refuse(slug: str, public_id: UUID) -> Response:
    """Not to give a bonus that the terms announce: a decision with a reason."""
    with transaction() as session:
        project = project_views.mine(session, slug)
        mine = queries.bonuses_of(project.id).where(Bonus.public_id == public_id)
        bonus = one_or_404(session, mine)
        why = ReasonForm(prefix=f"refuse-{bonus.id}").reason.data or ""
        me, now = person().account_id, clock.now(session)
        bonuses.refuse(session, bonus, by=me, reason=why, now=now)
    flash(_("Not given. The person reads your reason and can appeal."), "good")
    return redirect(url_for("finance.project", slug=slug), 303)


@bp.get("/earnings/bonuses")
@requires(Role.EXPERT)
def mine() -> str:
    """What the person's own terms announce, and how far each is."""
    with reading() as session:
        return _page(session, None)


@bp.post("/earnings/bonuses/<slug>")
@requires(Role.EXPERT)
def claim(slug: str) -> Response | tuple[str, int]:
    """Ask for a bonus that the person's own terms announce."""
    name = request.form.get("name", "")
    form = ClaimForm(prefix=prefix(slug, name))
    with transaction() as session:
        me, now = person().account_id, clock.now(session)
        if not form.validate_on_submit():
            return _page(session, form), 422
        project = one_or_404(session, sa.select(Project).where(Project.slug == slug))
        words_given = form.words.data
        bonuses.ask_announced(
            session, expert_id=me, project=project, name=name, words=words_given, by=me, now=now
        )
    flash(_("Asked for. A person looks at it."), "good")
    return redirect(url_for("bonuses.mine"), 303)


@dataclass(frozen=True)
class Row:
    """One announced bonus on the expert's page."""

    promise: Promise
    amount: Money
    form: ClaimForm
    decision: Decision | None


def _page(session: Session, sent: ClaimForm | None) -> str:
    found = bonuses.promises(session, person().account_id)
    return render_template(
        "payouts/bonuses.html", rows=[_row(session, each, sent) for each in found], words=words
    )


def _row(session: Session, promise: Promise, sent: ClaimForm | None) -> Row:
    names = prefix(promise.project.slug, promise.announced.name)
    form = sent if sent and sent.words.name.startswith(names) else None
    decided = promise.bonus.decision_id if promise.bonus else None
    return Row(
        promise,
        Money(promise.announced.minor, promise.terms.currency),
        form or ClaimForm(prefix=names, formdata=None),
        session.get(Decision, decided) if decided else None,
    )


def prefix(slug: str, name: str) -> str:
    """Each form's fields have names of their own: several are on the page."""
    return f"claim-{slug}-{zlib.crc32(name.encode())}-"


def announced(session: Session, project: Project) -> list[tuple[str, str]]:
    """The bonuses that the project's newest card announces."""
    offered = offers.offer(session, project, now=clock.now(session))
    named = parse(offered.card.rules).bonuses if offered else ()
    return [("", str(_("None: another amount"))), *((each.name, each.name) for each in named)]


def choices(session: Session, project: Project) -> list[tuple[str, str]]:
    """Everybody who has accepted the project's terms, less the person who looks."""
    accepted = sa.exists().where(Terms.expert_id == Account.id, Terms.project_id == project.id)
    people = sa.select(Account.public_id, Account.display_name).where(
        accepted, Account.id != person().account_id
    )
    found = session.execute(people.order_by(Account.display_name, Account.id))
    return [(str(public_id), name) for public_id, name in found]
