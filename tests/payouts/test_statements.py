"""Drawing statements: once, exactly, in words, and derived again to the same cent."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts.models import LedgerAccount, LineKind, Statement, StatementLine
from payouts.queries import statements as queries
from payouts.service import pricing, statements
from portal.access import Role
from portal.money import round_half_up
from tasks.models import Segment, Terms, TimesheetState
from tasks.models.time import Activity
from tasks.service import timesheets
from tests.make import Make

THREE_TWELVE_FIVE = 3 * 3600 + 12 * 60 + 5


def lines_of(session: Session, statement: Statement) -> list[StatementLine]:
    """The statement's lines."""
    return list(session.scalars(queries.lines([statement.id])))


def test_a_line_says_how_it_is_computed(session: Session, make: Make) -> None:
    statement = make.statement(seconds=THREE_TWELVE_FIVE)
    (line,) = lines_of(session, statement)
    assert (line.amount_minor, line.rate_minor) == (12_325, 3850)
    assert line.formula == "3 h 12 m 05 s × 38.50 = 123.25"  # noqa: RUF001


def test_what_is_earned_is_owed_at_once_and_costs_the_project(session: Session, make: Make) -> None:
    project = make.project()
    statement = make.statement(project=project)
    owed = make.payable(expert_id=statement.expert_id)
    labour = sa.select(LedgerAccount.balance).where(LedgerAccount.project_id == project.id)
    assert (owed.balance, session.scalar(labour)) == (3850, -3850)


def test_a_timesheet_is_on_one_statement_and_then_locked(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.approved_time()
    first = statements.draw(session, expert_id=sheet.expert_id, now=now)
    second = statements.draw(session, expert_id=sheet.expert_id, now=now)
    assert (len(first), second, sheet.state) == (1, [], TimesheetState.LOCKED)
    assert make.payable(expert_id=sheet.expert_id).balance == 3850


def test_the_database_refuses_a_second_line_for_the_same_hours(
    session: Session, make: Make
) -> None:
    make.statement()
    columns = [c.name for c in StatementLine.__table__.columns if c.name != "id"]
    copied = sa.select(*(StatementLine.__table__.c[name] for name in columns))
    with pytest.raises(IntegrityError, match="uq_statement_line_hours"):
        session.execute(sa.insert(StatementLine).from_select(columns, copied))


def test_time_that_nobody_has_approved_earns_nothing_yet(
    session: Session, make: Make, now: datetime
) -> None:
    sheet = make.timesheet(submitted=True)
    assert statements.draw(session, expert_id=sheet.expert_id, now=now) == []


def test_two_projects_of_a_week_are_on_one_statement(
    session: Session, make: Make, now: datetime
) -> None:
    expert, client = make.expert(), make.organisation()
    first = make.project(hourly_minor=3850, organisation=client)
    make.approved_time(expert=expert, project=first, seconds=600)
    make.now = now + timedelta(hours=1)
    second = make.project(hourly_minor=4200, organisation=client)
    make.approved_time(expert=expert, project=second, seconds=600)
    (statement,) = statements.draw(session, expert_id=expert.id, now=now)
    assert [line.amount_minor for line in lines_of(session, statement)] == [642, 700]


def test_what_comes_later_in_the_week_is_on_its_next_statement(
    session: Session, make: Make, now: datetime
) -> None:
    expert = make.expert()
    first = make.statement(expert=expert)
    make.now = now + timedelta(hours=2)
    second = make.statement(expert=expert)
    assert (first.label, second.label) == ("2026-48", "2026-48/2")


@pytest.mark.parametrize(
    ("seconds", "amount", "formula"),
    [(1513, 1618, "25 m 13 s × 38.50 = 16.18"), (-600, -642, "−10 m 00 s × 38.50 = −6.42")],  # noqa: RUF001
)
def test_an_adjustment_has_its_own_line(
    session: Session, make: Make, now: datetime, seconds: int, amount: int, formula: str
) -> None:
    sheet = make.timesheet(submitted=True)
    approver = make.account(Role.MANAGER)
    asked = timesheets.adjust(
        session,
        sheet,
        seconds=seconds,
        work_day=now.date(),
        reason="The browser crashed.",
        requested_by=sheet.expert_id,
        now=now,
    )
    timesheets.approve_adjustment(session, asked, by=approver.id, now=now)
    timesheets.approve(session, sheet, by=approver.id, now=now)
    (statement,) = statements.draw(session, expert_id=sheet.expert_id, now=now)
    _, line = lines_of(session, statement)
    assert (line.kind, line.amount_minor, line.formula) == (LineKind.ADJUSTMENT, amount, formula)
    assert make.payable(expert_id=sheet.expert_id).balance == 3850 + amount
    assert statements.differences(session, statement) == []


def test_every_line_derives_again_from_its_ids(session: Session, make: Make) -> None:
    assert statements.differences(session, make.statement(seconds=THREE_TWELVE_FIVE)) == []


def test_a_line_that_says_too_much_is_found(session: Session, make: Make) -> None:
    statement = make.statement()
    session.execute(
        sa.text("ALTER TABLE statement_line DISABLE TRIGGER statement_line_append_only")
    )
    session.execute(sa.update(StatementLine).values(amount_minor=StatementLine.amount_minor + 1))
    session.expire_all()
    assert len(statements.differences(session, statement)) == 1


def test_a_rate_that_changes_in_mid_shift_makes_two_lines() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    terms = _terms(
        [
            {"unit": "hour", "minor": 3850, "from": _iso(noon, -9), "until": _iso(noon, 0)},
            {"unit": "hour", "minor": 4200, "from": _iso(noon, 0), "until": None},
        ]
    )
    segment = _segment(noon - timedelta(minutes=10), noon + timedelta(minutes=20))
    priced = list(pricing.hourly_lines([segment], {1: terms}, timesheet_id=1))
    assert [(line.rate_minor, line.amount.minor) for line in priced] == [(3850, 642), (4200, 1400)]


@given(
    st.lists(st.integers(1, 90 * 10**6), min_size=1, max_size=30),
    st.integers(1, 1_000_000),
)
def test_a_line_is_the_exact_sum_rounded_once(lengths: list[int], rate: int) -> None:
    begun = datetime(2026, 11, 23, tzinfo=UTC)
    segments = []
    for length in lengths:
        ended = begun + timedelta(microseconds=length)
        segments.append(_segment(begun, ended))
        begun = ended
    terms = _terms([{"unit": "hour", "minor": rate, "from": "2026-01-01T00:00Z", "until": None}])
    (line,) = pricing.hourly_lines(segments, {1: terms}, timesheet_id=1)
    hours = sum((Fraction(length, 3600 * 10**6) for length in lengths), Fraction(0))
    assert line.amount.minor == round_half_up(hours * rate)
    assert line.microseconds == sum(lengths)


@pytest.mark.parametrize(
    ("microseconds", "words"),
    [
        (11_525_000_000, "3 h 12 m 05 s"),
        (12_500_000, "0 m 12.5 s"),
        (60_000_001, "1 m 00.000001 s"),
        (-60_000_000, "−1 m 00 s"),  # noqa: RUF001
    ],
)
def test_a_length_is_said_to_its_last_digit(microseconds: int, words: str) -> None:
    assert pricing.exact(microseconds) == words


def _terms(rates: list[dict[str, object]]) -> Terms:
    fields: dict[str, Any] = dict.fromkeys(
        ["expert_id", "project_id", "rate_card_id", "agreement_version_id", "hourly_minor"], 1
    )
    caps: dict[str, Any] = dict.fromkeys(
        [
            "hold_seconds",
            "idle_limit_seconds",
            "task_cap_seconds",
            "day_cap_seconds",
            "week_cap_seconds",
        ],
        1,
    )
    now = datetime(2026, 11, 23, tzinfo=UTC)
    terms = Terms(accepted_at=now, currency="USD", rates=rates, **fields, **caps)
    terms.id = 1
    return terms


def _segment(begun: datetime, ended: datetime) -> Segment:
    return Segment(
        expert_id=1,
        session_id=1,
        timesheet_id=1,
        terms_id=1,
        started_at=begun,
        ended_at=ended,
        activity=Activity.TASK,
    )


def _iso(moment: datetime, hours: int) -> str:
    return (moment + timedelta(hours=hours)).isoformat()
