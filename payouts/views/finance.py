"""For finance: where all money is, what does not agree; and a project's own Money tab."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import BonusForm, BudgetForm, CardForm, LimitForm, ReasonForm, SettleForm
from payouts.models import Bonus, BonusState, Finding, LedgerSeal, PayoutState
from payouts.queries import money as queries
from payouts.queries import work as work_queries
from payouts.service import budgets, findings, holds
from payouts.views import amounts, csv_out, house, rails, words
from payouts.views import bonuses as bonus_views
from portal import charts, clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.money import Money, format_money, plain
from tasks.models import Project
from tasks.queries.projects import projects_of
from tasks.service import offers
from tasks.views import projects as project_views

bp = Blueprint("finance", __name__, template_folder="../templates")

_LOOK_BACK: Final = 4
Cell = tuple[str, PayoutState | None, int]
"""Currency, state of the payout, minor units."""


@bp.get("/finance/")
@requires(Role.FINANCE)
def index() -> str:
    """Accrued, approved, on its way, paid: by project and currency; and what is unexplained."""
    with reading() as session:
        return _page(session, LimitForm(prefix="limits"))


@bp.get("/finance/money.csv")
@requires(Role.FINANCE)
def export() -> Response:
    """The same by project, for a spreadsheet."""
    with reading() as session:
        rows = session.execute(queries.stages_by_project(_project_ids())).all()
    table = [
        (title, currency, *(plain(amounts[stage.key]).replace(",", "") for stage in words.STAGES))
        for _slug, title, currency, amounts in _by_project(rows)
    ]
    columns = ["project", "currency", *(stage.key for stage in words.STAGES)]
    return csv_out.table("money.csv", columns, table)


@bp.post("/finance/findings/<uuid:public_id>")
@requires(Role.FINANCE)
def settle(public_id: UUID) -> Response:
    """Close a disagreement with what it turned out to be; the last one unfreezes sending."""
    with transaction() as session:
        house.only(session)
        finding = one_or_404(session, sa.select(Finding).where(Finding.public_id == public_id))
        note = _settle_form(finding).note.data or ""
        me, now = person().account_id, clock.now(session)
        findings.settle(session, finding, by=me, note=note, now=now)
    flash(_("Settled, with your note."), "good")
    return redirect(url_for("finance.index"), 303)


@bp.post("/finance/limits")
@requires(Role.FINANCE)
def set_limits() -> Response | tuple[str, int]:
    """Set what may go out at once in a currency, with a reason; only for the whole house."""
    form = LimitForm(prefix="limits")
    with transaction() as session:
        house.only(session)
        if not form.validate_on_submit():
            return _page(session, form), 422
        currency = form.currency.data
        holds.set_limits(
            session,
            person_week=amounts.in_minor(form.person_week.data, currency),
            day=amounts.in_minor(form.day.data, currency),
            by=person().account_id,
            why=form.reason.data,
            now=clock.now(session),
        )
    flash(_("The new limits hold from now on."), "good")
    return redirect(url_for("finance.index"), 303)


@bp.get("/projects/<slug>/money")
@requires(Role.MANAGER)
def project(slug: str) -> str:
    """What a project's work has cost, week by week and by person."""
    with reading() as session:
        found = project_views.mine(session, slug)
        people = session.execute(queries.by_person(found.id)).all()
        weeks = session.execute(queries.by_week(found.id)).all()
        return render_template(
            "payouts/project_money.html",
            project=found,
            tabs=project_views.tabs(found),
            states=project_views.STATES,
            totals=stages((currency, state, minor) for _id, currency, state, minor in people),
            people=_by_person(session, people),
            weeks=_weeks_chart(weeks, found.currency),
            words=words,
            burn=budgets.burn(session, found),
            weeks_left=_weeks_left(session, found, weeks),
            budget_form=BudgetForm(prefix="budget"),
            card_form=CardForm(prefix="card"),
            card=_card_words(session, found),
            bonus_form=_bonus_form(session, found),
            bonuses=(rows := _bonuses(session, found)),
            refusals={
                bonus.id: ReasonForm(prefix=f"refuse-{bonus.id}", formdata=None)
                for bonus, _name, _amount in rows
                if bonus.announced and bonus.state is BonusState.ASKED
            },
            me=person().account_id,
        )


def _page(session: Session, form: LimitForm) -> str:
    rows = session.execute(queries.stages_by_project(_project_ids())).all()
    ours = house.ours(session)
    waiting = session.scalars(findings.open_findings()).all() if ours else []
    explained = session.scalars(findings.explained_findings().limit(20)).all() if ours else []
    totals = stages((currency, state, minor) for _s, _t, currency, state, minor in rows)
    weeks = session.execute(queries.by_week_everywhere(_project_ids())).all()
    return render_template(
        "payouts/finance.html",
        projects=_by_project(rows),
        totals=totals,
        findings=waiting,
        explained=explained,
        frozen=findings.frozen(session),
        head=session.scalar(sa.select(LedgerSeal).order_by(LedgerSeal.id.desc()).limit(1)),
        words=words,
        forms={finding.id: _settle_form(finding) for finding in waiting},
        charts=[
            (currency, drawn)
            for currency, _amounts in totals
            if (drawn := _weeks_chart(weeks, currency)) is not None
        ],
        year=clock.now(session).year,
        ours=ours,
        rails=rails.accounts(session) if ours else [],
        limits=[(currency, holds.limits(session, currency)) for currency, _amounts in totals],
        limit_form=form if ours else None,
    )


def _card_words(session: Session, found: Project) -> list[str]:
    """What the project's newest card pays beside the hourly rate, and its rules."""
    now = clock.now(session)
    offered = offers.offer(session, found, now=now)
    return offers.also_pays(offered, now=now) if offered else []


def _bonus_form(session: Session, found: Project) -> BonusForm:
    form = BonusForm(prefix="bonus")
    form.expert.choices = bonus_views.choices(session, found)
    form.announced.choices = bonus_views.announced(session, found)
    return form


def _bonuses(session: Session, found: Project) -> list[tuple[Bonus, str, Money]]:
    """A project's last bonuses with their payee's name."""
    rows = session.scalars(work_queries.bonuses_of(found.id).limit(20)).all()
    ids = {bonus.expert_id for bonus in rows}
    known = sa.select(Account.id, Account.display_name).where(Account.id.in_(ids))
    names = {row.id: row.display_name for row in session.execute(known)}
    return [(row, names[row.expert_id], Money(row.minor, row.currency)) for row in rows]


def _weeks_left(
    session: Session, found: Project, weeks: Sequence[sa.Row[object, str, int]]
) -> int | None:
    """How many weeks the rest of the budget lasts at the average of the last four weeks' cost."""
    burn = budgets.burn(session, found)
    last = [minor for _week, of, minor in weeks if of == found.currency][-_LOOK_BACK:]
    if burn.budget is None or not last or sum(last) <= 0:
        return None
    left = max(0, burn.budget.minor - burn.total.minor)
    return left * len(last) // sum(last)


def _settle_form(finding: Finding) -> SettleForm:
    """Each finding's form has names of its own: several are on the page."""
    return SettleForm(prefix=f"finding-{finding.id}")


def stages(cells: Iterable[Cell]) -> list[tuple[str, dict[str, Money]]]:
    """Money by stage for each currency."""
    found: dict[str, dict[str, Money]] = {}
    for currency, state, minor in cells:
        amounts = found.setdefault(currency, _nothing(currency))
        key = words.stage_of(state)
        amounts[key] = amounts[key] + Money(minor, currency)
    return sorted(found.items())


def _nothing(currency: str) -> dict[str, Money]:
    return {stage.key: Money(0, currency) for stage in words.STAGES}


def _project_ids() -> sa.Select[int]:
    mine = projects_of(person().account_id, Role.FINANCE)
    return mine.with_only_columns(Project.id)


def _by_project(
    rows: Iterable[sa.Row[str, str, str, PayoutState | None, int]],
) -> list[tuple[str, str, str, dict[str, Money]]]:
    cells: dict[tuple[str, str], list[Cell]] = {}
    for slug, title, currency, state, minor in rows:
        cells.setdefault((slug, title), []).append((currency, state, minor))
    return [
        (slug, title, currency, amounts)
        for (slug, title), of in cells.items()
        for currency, amounts in stages(of)
    ]


def _by_person(
    session: Session, rows: Iterable[sa.Row[int, str, PayoutState | None, int]]
) -> list[tuple[str, dict[str, Money]]]:
    cells: dict[int, list[Cell]] = {}
    for expert_id, currency, state, minor in rows:
        cells.setdefault(expert_id, []).append((currency, state, minor))
    known = sa.select(Account.id, Account.display_name).where(Account.id.in_(cells))
    names = {row.id: row.display_name for row in session.execute(known)}
    found = [(names[id_], amounts) for id_, of in cells.items() for _c, amounts in stages(of)]
    return sorted(found, key=lambda row: row[0])


def _weeks_chart(rows: Iterable[sa.Row[object, str, int]], currency: str) -> charts.Drawing | None:
    """Cost by week, in the project's own currency."""
    bars = [charts.Bar(f"{week:%d %b}", float(minor)) for week, of, minor in rows if of == currency]
    if not bars:
        return None
    return charts.bars(
        bars,
        title=_("Cost by week"),
        headings=(_("Week from"), _("Cost")),
        show=lambda minor: format_money(Money(round(minor), currency)),
    )
