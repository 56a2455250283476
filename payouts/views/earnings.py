"""The expert's earnings: where each cent is, statements line by line, where money is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from payouts.forms import PayeeForm
from payouts.models import (
    HoldReason,
    LedgerKind,
    LineKind,
    Payout,
    PayoutAccount,
    PayoutState,
    Statement,
    StatementLine,
)
from payouts.queries import ledger as ledger_queries
from payouts.queries import money as queries
from payouts.queries import papers as paper_queries
from payouts.queries import statements as statement_queries
from payouts.service import payees, statements, tax
from payouts.views import csv_out, words
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.money import Money, plain, round_half_up
from portal.stripe import accounts
from portal.stripe.errors import OutcomeUnknown, Refused

bp = Blueprint("earnings", __name__, url_prefix="/earnings", template_folder="../templates")

_PAGE: Final = 52

Rows = Sequence[sa.Row[StatementLine, str, PayoutState | None]]


@dataclass(frozen=True)
class Row:
    """A statement in the list."""

    statement: Statement
    total: Money
    states: list[PayoutState | None]


@dataclass(frozen=True)
class Whereabouts:
    """What we owe and have paid in one currency."""

    expected: Money
    pending: Money
    approved: Money
    in_transit: Money
    paid: Money


@bp.get("/")
@requires(Role.EXPERT)
def index() -> str:
    """Where the money is, and the statements."""
    me = person().account_id
    with reading() as session:
        now = clock.now(session)
        found = list(session.scalars(statement_queries.statements_of(me).limit(_PAGE)))
        return render_template(
            "payouts/earnings.html",
            money=whereabouts(session, me, now=now),
            rows=_rows(session, found),
            held=held(session, me),
            payee=session.get(PayoutAccount, me),
            payouts=session.scalars(queries.payouts_of(me).limit(12)).all(),
            words=words,
            now=now,
            tax_form=tax.on_file(session, me, now=now),
            year=now.year,
            Money=Money,
            form=_payee_form(session, me),
        )


@bp.get("/<uuid:public_id>")
@requires(Role.EXPERT)
def statement(public_id: UUID) -> str:
    """One statement, line by line, with what an hour really paid."""
    with reading() as session:
        found = _mine(session, public_id)
        rows = session.execute(queries.lines_with_payout([found.id])).all()
        sheets = sorted({line.timesheet_id for line, _title, _state in rows if line.timesheet_id})
        weeks = session.execute(statement_queries.sheets(sheets)).all()
        terms = statement_queries.terms_of(line.terms_id for line, _t, _s in rows if line.terms_id)
        return render_template(
            "payouts/statement.html",
            statement=found,
            until=found.week + timedelta(days=6),
            rows=rows,
            currency=found.currency,
            total=_total(found, rows),
            seconds=_credited(session, rows, sheets),
            hour=_effective(session, found, rows, sheets),
            paper=session.scalar(paper_queries.latest(found.expert_id, statement_id=found.id)),
            weeks={sheet.id: (sheet, project) for sheet, project in weeks},
            terms={each.id: each for each in session.scalars(terms)},
            refused=session.execute(statement_queries.refused(sheets)).all(),
            sittings=session.execute(queries.sittings(sheets)).all(),
            words=words,
            Money=Money,
        )


@bp.get("/<uuid:public_id>/lines.csv")
@requires(Role.EXPERT)
def lines(public_id: UUID) -> Response:
    """A statement's lines for a spreadsheet."""
    with reading() as session:
        found = _mine(session, public_id)
        currency = found.currency
        name = f"statement-{found.label.replace('/', '-')}-{currency}.csv"
        rows = [
            (
                title,
                line.kind.value,
                line.formula,
                plain(Money(line.amount_minor, currency)).replace(",", ""),
                currency,
                str(words.PAYOUTS[state][0]),
            )
            for line, title, state in session.execute(queries.lines_with_payout([found.id]))
        ]
    columns = ["project", "kind", "formula", "amount", "currency", "state"]
    return csv_out.table(name, columns, rows)


@bp.post("/account")
@requires(Role.EXPERT)
def set_up() -> Response | tuple[str, int]:
    """Make the account money is sent to, at Stripe, and go on to Stripe's page."""
    form = PayeeForm()
    form.offer_countries()
    if not form.validate_on_submit():
        with reading():
            return render_template("payouts/account.html", form=form), 422
    me = person().account_id
    with transaction() as session:
        account = session.get_one(Account, me)
        payee = payees.begin(session, account, country=form.country.data, now=clock.now(session))
    try:
        recipient = accounts.ensure(
            known=payee.stripe_id,
            reference=str(account.public_id),
            email=account.email,
            country=payee.country,
            display_name=account.display_name,
            idempotency_key=str(payee.creation_key),
        )
    except Refused as refusal:
        flash(_("Stripe can't pay there: %(why)s", why=refusal.message), "bad")
        return redirect(url_for("banks.mine"), 303)
    except OutcomeUnknown:
        flash(_("Stripe did not answer. Nothing is lost: try again in a minute."), "warning")
        return redirect(url_for("earnings.index"), 303)
    with transaction() as session:
        payees.seen(session, me, recipient, now=clock.now(session))
    return redirect(url_for("earnings.leave"), 303)


@bp.get("/account/leave")
@requires(Role.EXPERT)
def leave() -> str | Response:
    """Our page with a plain link to Stripe's; the link is asked for each time and never kept."""
    stripe_id = _stripe_id()
    if stripe_id is None:
        return redirect(url_for("earnings.index"), 303)
    base = current_app.config["SETTINGS"].base_url
    url = accounts.onboarding_link(
        stripe_id,
        return_url=base + url_for("earnings.back"),
        refresh_url=base + url_for("earnings.leave"),
    )
    with reading():
        return render_template("payouts/leave.html", url=url)


@bp.get("/account/return")
@requires(Role.EXPERT)
def back() -> str:
    """Back from Stripe's page: one button asks Stripe what it has."""
    with reading() as session:
        payee = session.get(PayoutAccount, person().account_id)
        return render_template("payouts/back.html", payee=payee)


@bp.post("/account/refresh")
@requires(Role.EXPERT)
def refresh() -> Response:
    """Ask Stripe how the account stands now."""
    stripe_id = _stripe_id()
    if stripe_id is not None:
        recipient = accounts.retrieve(stripe_id)
        with transaction() as session:
            payees.seen(session, person().account_id, recipient, now=clock.now(session))
    return redirect(url_for("earnings.index"), 303)


@bp.post("/account/stripe")
@requires(Role.EXPERT)
def to_stripe() -> Response:
    """From bank transfers back to the account at Stripe, as Stripe has it now."""
    stripe_id = _stripe_id()
    if stripe_id is None:
        return redirect(url_for("earnings.index", _anchor="account"), 303)
    recipient = accounts.retrieve(stripe_id)
    with transaction() as session:
        payees.pay_by_stripe(session, person().account_id, recipient, now=clock.now(session))
    flash(_("You are paid through Stripe from now on. For 72 hours nothing is sent."), "good")
    return redirect(url_for("earnings.index", _anchor="account"), 303)


def whereabouts(session: Session, expert_id: int, *, now: datetime) -> list[Whereabouts]:
    """What is owed and paid, by currency: expected, on statements, approved, on its way, paid this year."""
    held = {
        (a.currency, a.kind): a.balance
        for a in session.scalars(ledger_queries.balances_of(expert_id))
    }
    new_year = datetime(now.year, 1, 1, tzinfo=UTC)
    paid = {row[0]: row[1] for row in session.execute(queries.paid_since(expert_id, new_year))}
    expected = statements.expected(session, expert_id)
    currencies = {currency for currency, _kind in held} | paid.keys() | expected.keys()
    return [
        Whereabouts(
            expected=expected.get(currency, Money(0, currency)),
            pending=Money(held.get((currency, LedgerKind.PENDING), 0), currency),
            approved=Money(held.get((currency, LedgerKind.APPROVED), 0), currency),
            in_transit=Money(held.get((currency, LedgerKind.IN_TRANSIT), 0), currency),
            paid=Money(paid.get(currency, 0), currency),
        )
        for currency in sorted(currencies)
    ]


def _stripe_id() -> str | None:
    with reading() as session:
        payee = session.get(PayoutAccount, person().account_id)
        return payee.stripe_id if payee else None


def _mine(session: Session, public_id: UUID) -> Statement:
    mine = statement_queries.statements_of(person().account_id)
    return one_or_404(session, mine.where(Statement.public_id == public_id))


def _rows(session: Session, found: list[Statement]) -> list[Row]:
    totals: dict[int, int] = {}
    states: dict[int, list[PayoutState | None]] = {}
    query = queries.lines_with_payout([statement.id for statement in found])
    for line, _title, state in session.execute(query):
        totals[line.statement_id] = totals.get(line.statement_id, 0) + line.amount_minor
        seen = states.setdefault(line.statement_id, [])
        if state not in seen:
            seen.append(state)
    return [
        Row(each, Money(totals.get(each.id, 0), each.currency), states.get(each.id, []))
        for each in found
    ]


def held(session: Session, expert_id: int) -> list[HoldReason]:
    """Why some of the expert's approved money waits, each reason once."""
    waiting = sa.select(Payout.hold).where(
        Payout.expert_id == expert_id, Payout.state == PayoutState.HELD
    )
    return [reason for reason in session.scalars(waiting.distinct()) if reason is not None]


def _payee_form(session: Session, account_id: int) -> PayeeForm:
    form = PayeeForm()
    form.offer_countries()
    payee = session.get(PayoutAccount, account_id)
    country = payee.country if payee else session.get_one(Account, account_id).country
    form.country.data = country or "US"
    return form


def _total(found: Statement, rows: Rows) -> Money:
    return Money(sum(line.amount_minor for line, _title, _state in rows), found.currency)


def _credited(session: Session, rows: Rows, sheets: list[int]) -> int:
    """Seconds that are on the sheets, paid by the hour or not: what the lines name, and the rest.

    A guarantee's line names the time of all others once more, a task's names none.
    """
    named = sum(
        line.microseconds for line, _title, _state in rows if line.kind is not LineKind.GUARANTEE
    )
    on_sheets = session.scalar(queries.credited_seconds(sheets)) or 0
    return max(named // 10**6, int(on_sheets))


@dataclass(frozen=True)
class Effective:
    """What an hour really paid: everything earned over all time recorded."""

    rate: Money
    seconds: int


def _effective(
    session: Session,
    found: Statement,
    rows: Rows,
    sheets: list[int],
) -> Effective | None:
    recorded = Fraction(session.scalar(queries.recorded_seconds(sheets)) or 0.0)
    seconds = max(recorded, Fraction(_credited(session, rows, sheets)))
    if seconds <= 0:
        return None
    rate = round_half_up(_total(found, rows).minor * 3600 / seconds)
    return Effective(Money(rate, found.currency), int(seconds))
