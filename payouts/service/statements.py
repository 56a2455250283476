"""Drawing statements from approved timesheets and bonuses, and deriving them again to compare."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from payouts.models import Bonus, EntryKind, LedgerKind, PaidJudgment, Statement, StatementLine
from payouts.queries import money
from payouts.queries import statements as queries
from payouts.queries import work as work_queries
from payouts.service import ledger, pricing
from payouts.service.pricing import Priced, Quality, Work
from portal import audit
from portal.accounts.models import Account, Organisation
from portal.db import lock
from portal.ids import uuid7
from portal.money import Money
from tasks.credit import monday
from tasks.models import GoldScore, Judgment, Project, Timesheet
from tasks.queries import quality as quality_queries
from tasks.queries import time
from tasks.service import timesheets


@dataclass
class _Week:
    """What one statement covers."""

    currency: str
    week: date
    organisation_id: int
    sheets: list[tuple[Timesheet, Project]] = field(default_factory=list)
    bonuses: list[tuple[Bonus, Project]] = field(default_factory=list)


def draw(session: Session, *, expert_id: int, now: datetime) -> list[Statement]:
    """Put the expert's approved timesheets on statements, and what they earn into the ledger.

    A statement for each week, payer and currency. Safe to run twice or at once: one at a time goes
    in, and a timesheet that is on a statement is locked. A week whose corrections take more than its
    work for the same payer gives waits until later work covers them; no other payer's work does.
    """
    lock(session, session.get_one(Account, expert_id))
    drawn = (_draw_week(session, expert_id, week, now) for week in _weeks(session, expert_id))
    return [statement for statement in drawn if statement is not None]


def differences(session: Session, statement: Statement) -> list[str]:
    """Derive every line again from the ids it carries; each difference in words, none if all fit."""
    lines = list(session.scalars(queries.lines([statement.id])))
    stored = {_identity(line): (line.amount_minor, line.formula) for line in lines}
    sheets = {line.timesheet_id for line in lines if line.timesheet_id is not None}
    derived = {}
    for sheet, project in session.execute(queries.sheets(sheets)):
        for priced in _price(session, sheet, project, _as_drawn(session, sheet)):
            derived[_identity(priced)] = (priced.amount.minor, priced.formula)
    given = work_queries.bonuses(line.bonus_id for line in lines if line.bonus_id is not None)
    for bonus in session.scalars(given):
        priced = pricing.bonus_line(bonus)
        derived[_identity(priced)] = (priced.amount.minor, priced.formula)
    return [
        f"{label}: stored {stored.get(label)}, derived {derived.get(label)}"
        for label in sorted(stored.keys() | derived.keys())
        if stored.get(label) != derived.get(label)
    ]


def _weeks(session: Session, expert_id: int) -> Iterator[_Week]:
    """What waits for a statement by currency, week and payer; sheets without anything are locked."""
    found: dict[tuple[str, date, int], _Week] = {}
    for sheet, project in session.execute(queries.approved_sheets(expert_id)):
        key = (project.currency, sheet.week, project.organisation_id)
        found.setdefault(key, _Week(*key)).sheets.append((sheet, project))
    for bonus, project in session.execute(work_queries.unpaid_bonuses(expert_id)):
        approved = bonus.decided_at or bonus.asked_at
        key = (bonus.currency, monday(approved.date()), project.organisation_id)
        found.setdefault(key, _Week(*key)).bonuses.append((bonus, project))
    for _key, week in sorted(found.items()):
        yield week


def _draw_week(session: Session, expert_id: int, week: _Week, now: datetime) -> Statement | None:
    taken: set[int] = set()
    priced = [
        (line, project)
        for sheet, project in week.sheets
        for line in _price(session, sheet, project, _fresh(session, sheet, project, taken))
    ]
    priced += [(pricing.bonus_line(bonus), project) for bonus, project in week.bonuses]
    if sum(line.amount.minor for line, _ in priced) < 0:
        return None
    for sheet, _ in week.sheets:
        timesheets.lock_for_pay(session, sheet, now=now)
    if not priced:
        return None
    statement = _new(session, expert_id, week, now)
    _write(session, statement, priced)
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


def _write(session: Session, statement: Statement, priced: list[tuple[Priced, Project]]) -> None:
    """The lines, and which judgments each of them pays."""
    for line, project in priced:
        row = _line(statement, line, project)
        session.add(row)
        session.flush()
        session.add_all(
            PaidJudgment(pool, judgment, row.id) for pool, judgment in line.judgment_ids
        )
    session.flush()


@dataclass(frozen=True)
class _Evidence:
    """What a sheet's lines rest on beside its time: fresh when drawn, as stored when derived again."""

    judgments: list[Judgment]
    quality: Quality


def _fresh(session: Session, sheet: Timesheet, project: Project, taken: set[int]) -> _Evidence:
    """What nothing pays yet, less what an earlier sheet of the same round has `taken`."""
    until = min(sheet.ends_at, sheet.submitted_at or sheet.ends_at)
    unpaid = session.scalars(work_queries.unpaid_judgments(sheet, until))
    judgments = [judgment for judgment in unpaid if judgment.id not in taken]
    taken.update(judgment.id for judgment in judgments)
    counted = quality_queries.by_expert(project.id).where(GoldScore.expert_id == sheet.expert_id)
    row = session.execute(counted).one_or_none()
    return _Evidence(judgments, Quality(row[1], row[2]) if row else Quality(0, 0))


def _as_drawn(session: Session, sheet: Timesheet) -> _Evidence:
    judgments = list(session.scalars(work_queries.paid_judgments(sheet.id)))
    line = session.scalars(work_queries.quality_line(sheet.id)).first()
    said = line.inputs if line else {"right": 0, "judged": 0}
    return _Evidence(judgments, Quality(said["right"], said["judged"]))


def _price(
    session: Session, sheet: Timesheet, project: Project, evidence: _Evidence
) -> list[Priced]:
    """Everything a timesheet earns."""
    segments = list(session.scalars(time.segments(sheet.id)))
    adjustments = list(session.scalars(time.approved_adjustments(sheet.id)))
    before = session.execute(work_queries.time_before(sheet))
    work = Work(
        timesheet_id=sheet.id,
        segments=segments,
        adjustments=adjustments,
        judgments=evidence.judgments,
        before={
            (pool, task): Fraction(spent, 10**6)
            for pool, task, spent in before
            if pool is not None and task is not None
        },
        quality=evidence.quality,
        zone=project.zone,
    )
    ids = {segment.terms_id for segment in segments} | {each.terms_id for each in adjustments}
    ids |= {judgment.terms_id for judgment in evidence.judgments}
    terms = session.scalars(queries.terms_of(ids))
    return pricing.lines(work, {each.id: each for each in terms})


def _new(session: Session, expert_id: int, week: _Week, now: datetime) -> Statement:
    lock(session, session.get_one(Organisation, week.organisation_id))  # one number after the other
    before = session.scalar(queries.last_part(expert_id, week.currency, week.week)) or 0
    number = session.scalar(queries.last_number(week.organisation_id)) or 0
    statement = Statement(
        public_id=uuid7(now),
        expert_id=expert_id,
        currency=week.currency,
        week=week.week,
        issued_at=now,
        organisation_id=week.organisation_id,
        number=number + 1,
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
        bonus_id=priced.bonus_id,
        count=priced.count,
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


def _identity(line: StatementLine | Priced) -> str:
    return (
        f"{line.kind} {line.timesheet_id}/{line.terms_id}/{line.rate_minor}"
        f"/{line.adjustment_id}/{line.bonus_id}"
    )


def expected(session: Session, expert_id: int) -> dict[str, Money]:
    """What time that nobody has approved yet would earn, by currency, rounded as its lines would be."""
    found: dict[str, Money] = {}
    taken: set[int] = set()
    for sheet, project in session.execute(money.undecided_sheets(expert_id)):
        for line in _price(session, sheet, project, _fresh(session, sheet, project, taken)):
            currency = line.amount.currency
            found[currency] = found.get(currency, Money(0, currency)) + line.amount
    return found
