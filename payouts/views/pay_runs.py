"""Pay runs: the list, a preview, and the page of one that explains itself."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import BankAnswerForm, ReasonForm, VoidForm
from payouts.models import (
    AttemptState,
    HoldReason,
    LedgerSeal,
    Payout,
    PayoutAttempt,
    PayoutState,
    PayRun,
)
from payouts.queries import bank as bank_queries
from payouts.queries import reach
from payouts.queries import runs as queries
from payouts.service import findings, holds, runs, sending
from payouts.service.runs import Difference
from payouts.views import csv_out, words
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account, Organisation
from portal.db import one_or_404, reading, transaction
from portal.money import Money, plain

bp = Blueprint("pay_runs", __name__, url_prefix="/pay-runs", template_folder="../templates")

_MAY_SEE: Final = (Role.MANAGER, Role.FINANCE)
_PAGE: Final = 50
_LOOK_ONLY: Final = timedelta(hours=23)


@dataclass(frozen=True)
class Row:
    """A payout on the run's page."""

    payout: Payout
    name: str
    amount: Money
    last: Money | None
    attempt: PayoutAttempt | None
    needs_person: bool


@bp.get("/")
@requires(*_MAY_SEE)
def index() -> str:
    """What could be paid now, and every run so far."""
    me = person().account_id
    with reading() as session:
        mine = {o.id: o for o in session.scalars(reach.organisations_of(me, *_MAY_SEE))}
        found = session.scalars(reach.runs_of(me, *_MAY_SEE).limit(_PAGE)).all()
        totals = _totals(session, [run.id for run in found])
        free = session.execute(queries.free_totals(list(mine), builder=me)).all()
        return render_template(
            "payouts/pay_runs.html",
            runs=[(run, mine[run.organisation_id], *totals[run.id]) for run in found],
            free=[(mine[row[0]], Money(row[3], row[1]), row[2]) for row in free if row[3] > 0],
            frozen=findings.frozen(session),
            words=words,
        )


@bp.get("/new")
@requires(*_MAY_SEE)
def new() -> str:
    """What a run would pay each person now, beside the last run."""
    with reading() as session:
        organisation, currency = _wanted(session)
        payer, me = organisation.id, person().account_id
        planned = runs.preview(session, organisation_id=payer, currency=currency, by=me)
        own = runs.left_out(session, organisation_id=payer, currency=currency, by=me)
        compared = runs.against_last(
            session,
            organisation_id=payer,
            currency=currency,
            amounts=[(plan.expert_id, plan.amount) for plan in planned],
        )
        return render_template(
            "payouts/pay_run_new.html",
            organisation=organisation,
            currency=currency,
            rows=_named(session, compared),
            total=Money(sum(plan.amount.minor for plan in planned), currency),
            lines={plan.expert_id: len(plan.lines) for plan in planned},
            own=own,
        )


@bp.post("/new")
@requires(*_MAY_SEE)
def build() -> Response:
    """Build the run that was previewed."""
    with transaction() as session:
        organisation, currency = _wanted(session)
        run = runs.build(
            session,
            organisation_id=organisation.id,
            currency=currency,
            by=person().account_id,
            now=clock.now(session),
        )
    flash(_("Built. Another person signs it before anything is sent."), "good")
    return redirect(url_for("pay_runs.run", public_id=run.public_id), 303)


@bp.get("/<uuid:public_id>")
@requires(*_MAY_SEE)
def run(public_id: UUID) -> str:
    """One run: what it pays, who built and who signs it, how far it is, what to do next."""
    with reading() as session:
        return _page(session, _find(session, public_id), VoidForm())


@bp.post("/<uuid:public_id>/approve")
@requires(Role.FINANCE)
def approve(public_id: UUID) -> Response:
    """Sign exactly the lines that were on the page."""
    seen = _digest_of(request.form.get("seen", ""))
    with transaction() as session:
        found = _find(session, public_id, Role.FINANCE)
        me, now = person().account_id, clock.now(session)
        runs.approve(session, found, by=me, seen=seen, now=now)
    flash(_("Signed. The money is on its way."), "good")
    return redirect(url_for("pay_runs.run", public_id=public_id), 303)


@bp.post("/<uuid:public_id>/void")
@requires(*_MAY_SEE)
def void(public_id: UUID) -> Response | tuple[str, int]:
    """Give up a run that nobody has signed."""
    form = VoidForm()
    with transaction() as session:
        found = _find(session, public_id)
        if not form.validate_on_submit():
            return _page(session, found, form), 422
        me, now = person().account_id, clock.now(session)
        runs.void(session, found, by=me, reason=form.reason.data, now=now)
    flash(_("Given up. Its lines are free for another run."), "good")
    return redirect(url_for("pay_runs.run", public_id=public_id), 303)


@bp.post("/payouts/<uuid:public_id>/again")
@requires(Role.FINANCE)
def again(public_id: UUID) -> Response:
    """Send a refused or returned payout once more."""
    with transaction() as session:
        mine = reach.payouts_of(person().account_id, Role.FINANCE)
        payout = one_or_404(session, mine.where(Payout.public_id == public_id))
        me, now = person().account_id, clock.now(session)
        sending.try_again(session, payout, by=me, now=now)
        of_run = session.get_one(PayRun, payout.pay_run_id).public_id
    flash(_("It is sent again, under a new key."), "good")
    return redirect(url_for("pay_runs.run", public_id=of_run), 303)


@bp.post("/payouts/<uuid:public_id>/clear")
@requires(Role.FINANCE)
def clear(public_id: UUID) -> Response:
    """Let a payout go out past the limits, with a reason."""
    with transaction() as session:
        mine = reach.payouts_of(person().account_id, Role.FINANCE)
        payout = one_or_404(session, mine.where(Payout.public_id == public_id))
        why = ReasonForm(prefix=f"payout-{payout.id}").reason.data or ""
        holds.clear(session, payout, by=person().account_id, why=why, now=clock.now(session))
        of_run = session.get_one(PayRun, payout.pay_run_id).public_id
    flash(_("It goes out past the limits, with your reason."), "good")
    return redirect(url_for("pay_runs.run", public_id=of_run), 303)


@bp.get("/<uuid:public_id>/lines.csv")
@requires(*_MAY_SEE)
def lines(public_id: UUID) -> Response:
    """What the signature signs, for a spreadsheet."""
    with reading() as session:
        found = _find(session, public_id)
        signed = session.execute(queries.signed_lines(found.id)).all()
        names = _names(session, {row[0] for row in signed})
        currency = found.currency
    rows = [
        (names[payee], line, formula, plain(Money(minor, currency)).replace(",", ""), currency)
        for payee, _total, line, minor, formula in signed
    ]
    columns = ["payee", "line", "formula", "amount", "currency"]
    return csv_out.table(f"pay-run-{public_id}.csv", columns, rows)


def _find(session: Session, public_id: UUID, *roles: Role) -> PayRun:
    mine = reach.runs_of(person().account_id, *(roles or _MAY_SEE))
    return one_or_404(session, mine.where(PayRun.public_id == public_id))


def _page(session: Session, found: PayRun, form: VoidForm) -> str:
    rows = _payout_rows(session, found)
    paid = sum(row.payout.state is PayoutState.PAID for row in rows)
    signed = session.execute(queries.signed_lines(found.id)).all()
    formulas: dict[int, list[tuple[str, Money]]] = {}
    for expert_id, _total, _line, minor, formula in signed:
        formulas.setdefault(expert_id, []).append((formula, Money(minor, found.currency)))
    who = {found.built_by_id, *([found.approved_by_id] if found.approved_by_id else [])}
    me = person()
    return render_template(
        "payouts/pay_run.html",
        run=found,
        organisation=session.get_one(Organisation, found.organisation_id),
        rows=rows,
        formulas=formulas,
        total=Money(sum(row.amount.minor for row in rows), found.currency),
        paid=paid,
        names=_names(session, who),
        frozen=findings.frozen(session),
        head=session.scalar(sa.select(LedgerSeal.head).order_by(LedgerSeal.id.desc()).limit(1)),
        may_sign=Role.FINANCE in me.roles
        and me.account_id != found.built_by_id
        and me.account_id not in {row.payout.expert_id for row in rows},
        words=words,
        form=form,
        waiting=len(session.execute(bank_queries.waiting(found.id)).all()),
        files=[
            (each, Money(each.total_minor, found.currency), ReasonForm(prefix=f"file-{each.id}"))
            for each in session.scalars(bank_queries.files(found.id))
        ],
        answers={
            row.payout.id: (
                BankAnswerForm(prefix=f"bank-{row.payout.id}"),
                ReasonForm(prefix=f"refused-{row.payout.id}"),
            )
            for row in rows
            if row.payout.state is PayoutState.SENDING
            and row.attempt is not None
            and row.attempt.bank_file_id is not None
            and Role.FINANCE in me.roles
        },
        clears={
            row.payout.id: ReasonForm(prefix=f"payout-{row.payout.id}")
            for row in rows
            if row.payout.hold is HoldReason.LIMIT
            and Role.FINANCE in me.roles
            and me.account_id not in {row.payout.expert_id, found.approved_by_id}
        },
    )


def _payout_rows(session: Session, found: PayRun) -> list[Row]:
    now = clock.now(session)
    payouts = session.scalars(queries.payouts(found.id)).all()
    attempts = {
        attempt.payout_id: attempt for attempt in session.scalars(queries.attempts(found.id))
    }
    compared = runs.against_last(
        session,
        organisation_id=found.organisation_id,
        currency=found.currency,
        amounts=[(payout.expert_id, Money(payout.minor, found.currency)) for payout in payouts],
        before=found.id,
    )
    names = _names(session, {payout.expert_id for payout in payouts})
    rows = []
    for payout, difference in zip(payouts, compared, strict=True):
        attempt = attempts.get(payout.id)
        old = attempt is not None and attempt.state is AttemptState.OPEN
        rows.append(
            Row(
                payout=payout,
                name=names[payout.expert_id],
                amount=difference.amount,
                last=difference.last,
                attempt=attempt,
                needs_person=bool(old and attempt and now - attempt.opened_at > _LOOK_ONLY),
            )
        )
    return sorted(rows, key=lambda row: row.name)


def _named(session: Session, compared: list[Difference]) -> list[tuple[str, Difference]]:
    names = _names(session, {difference.expert_id for difference in compared})
    return sorted(((names[d.expert_id], d) for d in compared), key=lambda row: row[0])


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    found = sa.select(Account.id, Account.display_name).where(Account.id.in_(ids))
    return {row.id: row.display_name for row in session.execute(found)}


def _totals(session: Session, run_ids: list[int]) -> dict[int, tuple[Money, int, int]]:
    """Each run's money, how many it pays, and how many of them have been paid."""
    paid = sa.func.count().filter(Payout.state == PayoutState.PAID)
    minor = sa.cast(sa.func.sum(Payout.minor), sa.BigInteger)
    sums = sa.select(Payout.pay_run_id, Payout.currency, minor, sa.func.count(), paid)
    grouped = sums.where(Payout.pay_run_id.in_(run_ids)).group_by(
        Payout.pay_run_id, Payout.currency
    )
    return {row[0]: (Money(row[2], row[1]), row[3], row[4]) for row in session.execute(grouped)}


def _wanted(session: Session) -> tuple[Organisation, str]:
    """The organisation, found through the person's grants, and the currency that were asked for."""
    mine = reach.organisations_of(person().account_id, *_MAY_SEE)
    slug = request.values.get("organisation", "")
    return (
        one_or_404(session, mine.where(Organisation.slug == slug)),
        Money(0, request.values.get("currency", "")).currency,
    )


def _digest_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        abort(400)
