"""Statements and year summaries as PDF: asked for once, written from what the database holds, kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from payouts.models import JobName, PaperState, PayPaper, Statement
from payouts.queries import papers as queries
from portal import audit, files
from portal.accounts.models import Account, Organisation
from portal.contributions import ReportSection
from portal.db import lock
from portal.errors import Invalid
from portal.ids import uuid7
from portal.jobs import enqueue
from portal.money import Money
from portal.reports import document


@dataclass(frozen=True)
class YearRow:
    """What one payer earned a person, and paid them, in one currency."""

    payer: str
    earned: Money
    paid: Money


def of_statement(session: Session, statement: Statement, *, now: datetime) -> PayPaper:
    """Ask for the statement's paper, or give back the one that is there or on its way."""
    found = session.scalar(queries.of_statement(statement.id))
    if found is not None:
        return found
    paper = PayPaper(
        public_id=uuid7(now),
        account_id=statement.expert_id,
        asked_at=now,
        statement_id=statement.id,
    )
    return _asked(session, paper, now)


def of_year(session: Session, account: Account, year: int, *, now: datetime) -> PayPaper:
    """Ask for a year's summary as it stands now; a year that has not begun has none."""
    if not 2000 <= year <= now.year:
        raise Invalid("That year has not begun.")
    paper = PayPaper(public_id=uuid7(now), account_id=account.id, asked_at=now, year=year)
    return _asked(session, paper, now)


def year_rows(session: Session, account_id: int, year: int) -> list[YearRow]:
    """Earned on statements issued, and paid, within the calendar year (UTC), by payer and currency."""
    earned = _sums(session, queries.earned(account_id, year))
    paid = _sums(session, queries.paid(account_id, year))
    nothing = 0
    return [
        YearRow(
            payer,
            Money(earned.get((payer, currency), nothing), currency),
            Money(paid.get((payer, currency), nothing), currency),
        )
        for payer, currency in sorted(earned.keys() | paid.keys())
    ]


def compose(session: Session, paper: PayPaper, *, now: datetime) -> str:
    """The document as HTML, to be set outside any transaction."""
    account = session.get_one(Account, paper.account_id)
    if paper.statement_id is not None:
        name, context = "statement", _statement(session, paper.statement_id)
    else:
        year = paper.year or now.year
        name = "year"
        context = {"year": year, "rows": year_rows(session, account.id, year), "as_of": now}
    template = f"payouts/paper_{name}.html"
    section = ReportSection(name, template, lambda *_: None, 0)
    templates = document.environment((section,), account.time_zone)
    body = Markup(templates.get_template(template).render(account=account, **context))  # noqa: S704  autoescaped
    return templates.get_template("payouts/paper.html").render(body=body, now=now, **context)


def issue(session: Session, paper: PayPaper, *, pdf: bytes, now: datetime) -> None:
    """Keep the paper by its hash; one that was issued meanwhile stays as it is."""
    lock(session, paper)
    if paper.state is not PaperState.WAITING:
        return
    stored = files.store(session, pdf, media_type="application/pdf", now=now)
    paper.issue(file_id=stored.id, now=now)
    details, subject = {"sha256": stored.sha256.hex()}, ("pay_paper", paper.id)
    audit.record(
        session, actor=None, action="pay_paper.issued", subject=subject, now=now, details=details
    )


def fail(session: Session, paper: PayPaper, *, error: str) -> None:
    """It could not be set: the person reads why and may ask again."""
    lock(session, paper)
    if paper.state is PaperState.WAITING:
        paper.fail(error=error)


def _asked(session: Session, paper: PayPaper, now: datetime) -> PayPaper:
    session.add(paper)
    session.flush()
    enqueue(session, JobName.SET_PAPER, paper.id, now=now)
    return paper


def _statement(session: Session, statement_id: int) -> dict[str, Any]:
    statement = session.get_one(Statement, statement_id)
    rows = session.execute(queries.lines(statement_id)).all()
    currency = statement.currency
    return {
        "statement": statement,
        "payer": session.get_one(Organisation, statement.organisation_id).name,
        "lines": [(line, title, Money(line.amount_minor, currency)) for line, title in rows],
        "total": Money(sum(line.amount_minor for line, _title in rows), currency),
    }


def _sums(session: Session, query: Any) -> dict[tuple[str, str], int]:  # noqa: ANN401  a select of three
    return {(payer, currency): int(minor) for payer, currency, minor in session.execute(query)}
