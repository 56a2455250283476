"""For finance: where all money is, what does not agree; and a project's own Money tab."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import SettleForm
from payouts.models import Finding, LedgerSeal, PayoutState
from payouts.queries import money as queries
from payouts.queries import reach
from payouts.service import findings
from payouts.views import csv_out, words
from portal import charts, clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.errors import NotFound
from portal.money import Money, format_money, plain
from tasks.models import Project
from tasks.queries.projects import projects_of
from tasks.views import projects as project_views

bp = Blueprint("finance", __name__, template_folder="../templates")

Cell = tuple[str, PayoutState | None, int]
"""Currency, state of the payout, minor units."""


@bp.get("/finance/")
@requires(Role.FINANCE)
def index() -> str:
    """Accrued, approved, on its way, paid: by project and currency; and what is unexplained."""
    with reading() as session:
        rows = session.execute(queries.stages_by_project(_project_ids())).all()
        waiting = session.scalars(findings.open_findings()).all() if _of_the_house(session) else []
        return render_template(
            "payouts/finance.html",
            projects=_by_project(rows),
            totals=stages((currency, state, minor) for _s, _t, currency, state, minor in rows),
            findings=waiting,
            frozen=findings.frozen(session),
            head=session.scalar(sa.select(LedgerSeal).order_by(LedgerSeal.id.desc()).limit(1)),
            words=words,
            forms={finding.id: _settle_form(finding) for finding in waiting},
        )


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
        if not _of_the_house(session):
            raise NotFound
        finding = one_or_404(session, sa.select(Finding).where(Finding.public_id == public_id))
        note = _settle_form(finding).note.data or ""
        me, now = person().account_id, clock.now(session)
        findings.settle(session, finding, by=me, note=note, now=now)
    flash(_("Settled, with your note."), "good")
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
        )


def _of_the_house(session: Session) -> bool:
    """Findings are about the rail as a whole and freeze everybody: no single client's finance."""
    return session.scalar(reach.everywhere(person().account_id, Role.FINANCE)) or False


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
