"""Drawing statements from approved timesheets, and deriving them again to compare."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import EntryKind, LedgerKind, Statement, StatementLine
from payouts.queries import money
from payouts.queries import statements as queries
from payouts.service import ledger, pricing
from payouts.service.pricing import Priced
from portal import audit
from portal.accounts.models import Account
from portal.db import lock
from portal.ids import uuid7
from portal.money import Money
from tasks.models import Adjustment, Project, Segment, Terms, Timesheet
from tasks.queries import time
from tasks.service import timesheets


@dataclass(frozen=True)
class _Week:
    """What one statement covers."""

    currency: str
    week: date
    sheets: list[tuple[Timesheet, Project]]


def draw(session: Session, *, expert_id: int, now: datetime) -> list[Statement]:
    """Put the expert's approved timesheets on statements, and what they earn into the ledger.

    A statement for each week and currency. Safe to run twice or at once: one at a time goes in, and
    a timesheet that is on a statement is locked. A week whose corrections take more than its work
    gives waits until later work covers them.
    """
    lock(session, session.get_one(Account, expert_id))
    drawn = (_draw_week(session, expert_id, week, now) for week in _weeks(session, expert_id))
    return [statement for statement in drawn if statement is not None]


def differences(session: Session, statement: Statement) -> list[str]:
    """Derive every line again from the ids it carries; each difference in words, none if all fit."""
    lines = list(session.scalars(queries.lines([statement.id])))
    stored = {_identity(line): (line.amount_minor, line.formula) for line in lines}
    derived = {}
    for sheet, project in session.execute(queries.sheets({line.timesheet_id for line in lines})):
        for priced in _price(session, sheet, project):
            derived[_priced_identity(priced)] = (priced.amount.minor, priced.formula)
    return [
        f"{label}: stored {stored.get(label)}, derived {derived.get(label)}"
        for label in sorted(stored.keys() | derived.keys())
        if stored.get(label) != derived.get(label)
    ]


def _weeks(session: Session, expert_id: int) -> Iterator[_Week]:
    """The expert's approved timesheets by currency and week; those without anything are locked."""
    found: dict[tuple[str, date], list[tuple[Timesheet, Project]]] = {}
    for sheet, project in session.execute(queries.approved_sheets(expert_id)):
        found.setdefault((project.currency, sheet.week), []).append((sheet, project))
    for (currency, week), sheets in sorted(found.items()):
        yield _Week(currency, week, sheets)


def _draw_week(session: Session, expert_id: int, week: _Week, now: datetime) -> Statement | None:
    priced = [
        (p, project) for sheet, project in week.sheets for p in _price(session, sheet, project)
    ]
    if sum(line.amount.minor for line, _ in priced) < 0:
        return None
    for sheet, _ in week.sheets:
        timesheets.lock_for_pay(session, sheet, now=now)
    if not priced:
        return None
    statement = _new(session, expert_id, week, now)
    session.add_all(_line(statement, line, project) for line, project in priced)
    session.flush()
    _earn(session, statement, priced, now)
    audit.record(
        session,
        actor=None,
        action="statement.issued",
        subject=("statement", statement.id),
        now=now,
        details={"lines": len(priced)},
    )
    return statement


def _price(session: Session, sheet: Timesheet, project: Project) -> list[Priced]:
    """Everything a timesheet earns."""
    segments = list(session.scalars(time.segments(sheet.id)))
    adjustments = list(session.scalars(time.approved_adjustments(sheet.id)))
    terms = _terms(session, segments, adjustments)
    hourly = pricing.hourly_lines(segments, terms, timesheet_id=sheet.id)
    return [
        *hourly,
        *(pricing.adjustment_line(a, terms[a.terms_id], project.zone) for a in adjustments),
    ]


def _terms(
    session: Session, segments: list[Segment], adjustments: list[Adjustment]
) -> dict[int, Terms]:
    ids = {segment.terms_id for segment in segments} | {a.terms_id for a in adjustments}
    return {terms.id: terms for terms in session.scalars(sa.select(Terms).where(Terms.id.in_(ids)))}


def _new(session: Session, expert_id: int, week: _Week, now: datetime) -> Statement:
    before = session.scalar(queries.last_part(expert_id, week.currency, week.week)) or 0
    statement = Statement(
        public_id=uuid7(now),
        expert_id=expert_id,
        currency=week.currency,
        week=week.week,
        issued_at=now,
        part=before + 1,
    )
    session.add(statement)
    session.flush()
    return statement


def _line(statement: Statement, priced: Priced, project: Project) -> StatementLine:
    return StatementLine(
        statement_id=statement.id,
        kind=priced.kind,
        project_id=project.id,
        timesheet_id=priced.timesheet_id,
        terms_id=priced.terms_id,
        microseconds=priced.microseconds,
        rate_minor=priced.rate_minor,
        amount_minor=priced.amount.minor,
        formula=priced.formula,
        inputs=priced.inputs,
        adjustment_id=priced.adjustment_id,
    )


def _earn(
    session: Session, statement: Statement, priced: list[tuple[Priced, Project]], now: datetime
) -> None:
    """Labour of each project against what the expert is owed."""
    costs: dict[int, int] = {}
    for line, project in priced:
        costs[project.id] = costs.get(project.id, 0) + line.amount.minor
    currency, total = statement.currency, sum(costs.values())
    legs = [
        (ledger.labour(session, project_id=project_id, currency=currency), -minor)
        for project_id, minor in sorted(costs.items())
        if minor
    ]
    if total:
        pending = ledger.payable(
            session, LedgerKind.PENDING, expert_id=statement.expert_id, currency=currency
        )
        legs.append((pending, total))
    if legs:
        key = f"statement:{statement.id}:earned"
        ledger.post(session, kind=EntryKind.EARNED, key=key, legs=legs, now=now)


def _identity(line: StatementLine) -> str:
    return f"{line.kind} {line.timesheet_id}/{line.terms_id}/{line.rate_minor}/{line.adjustment_id}"


def _priced_identity(priced: Priced) -> str:
    return (
        f"{priced.kind} {priced.timesheet_id}/{priced.terms_id}/{priced.rate_minor}"
        f"/{priced.adjustment_id}"
    )


def expected(session: Session, expert_id: int) -> dict[str, Money]:
    """What time that nobody has approved yet would earn, by currency, rounded as its lines would be."""
    found: dict[str, Money] = {}
    for sheet, project in session.execute(money.undecided_sheets(expert_id)):
        for line in _price(session, sheet, project):
            currency = line.amount.currency
            found[currency] = found.get(currency, Money(0, currency)) + line.amount
    return found
