"""Rules of a card: what each adds or caps, exactly, on a line of its own, and derived again the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts.models import LineKind, PaidJudgment, Statement, StatementLine
from payouts.queries import statements as queries
from payouts.service import pricing, statements
from payouts.service.pricing import Priced, Quality, Work
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Invalid
from tasks.models import (
    Activity,
    Project,
    RateUnit,
    Segment,
    Terms,
    Timesheet,
    TimesheetState,
)
from tasks.rules import Band, Rules, parse, stored
from tasks.service import clock, judge, projects, timesheets
from tests.make import Make

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Offered:
    """Accepted terms."""

    rates: list[dict[str, Any]]
    rules: Mapping[str, Any]
    id: int = 1
    currency: str = "USD"


@dataclass(frozen=True)
class Stretch:
    """A segment of the clock."""

    started_at: datetime
    ended_at: datetime
    task_id: int | None = None
    activity: Activity = Activity.TASK
    id: int = 1
    terms_id: int = 1

    @property
    def pool_id(self) -> int | None:
        return None if self.task_id is None else 1


@dataclass(frozen=True)
class Answer:
    """A judgment."""

    id: int
    submitted_at: datetime
    pool_id: int = 1
    terms_id: int = 1


def test_an_hourly_card_without_rules_pays_the_time_alone() -> None:
    (line,) = priced([stretch(3600)], {})
    assert (line.kind, line.amount.minor) == (LineKind.HOURLY, 3850)


def test_paid_time_of_a_task_ends_at_the_cap() -> None:
    segments = [
        stretch(400, task=7),
        stretch(500, task=7, after=400),
        stretch(100, task=8, after=900),
    ]
    (line,) = priced(segments, {"aht_cap_seconds": 600})
    assert line.microseconds == 700 * 10**6
    assert line.inputs["cap_seconds"] == 600


def test_the_cap_counts_what_an_earlier_sheet_paid_of_the_task() -> None:
    before = {(1, 7): Fraction(550)}
    (line,) = priced([stretch(400, task=7)], {"aht_cap_seconds": 600}, before=before)
    assert line.microseconds == 50 * 10**6


def test_reading_has_no_cap() -> None:
    segments = [stretch(4000, activity=Activity.READING)]
    (line,) = priced(segments, {"aht_cap_seconds": 600})
    assert line.microseconds == 4000 * 10**6


def test_training_is_paid_at_its_own_rate_where_the_card_has_one() -> None:
    rates = [rate(3850), rate(1500, unit="training")]
    segments = [stretch(3600), stretch(3600, after=3600, activity=Activity.TRAINING)]
    lines = priced(segments, {}, rates=rates)
    assert [(line.kind, line.amount.minor) for line in lines] == [
        (LineKind.HOURLY, 3850),
        (LineKind.TRAINING, 1500),
    ]
    (both,) = priced(segments, {})
    assert both.amount.minor == 7700


def test_a_hybrid_card_pays_time_and_tasks() -> None:
    lines = priced([stretch(3600)], {}, rates=[rate(3000), rate(50, unit="task")], judged=3)
    assert [(line.kind, line.formula) for line in lines] == [
        (LineKind.HOURLY, "1 h 00 m 00 s × 30.00 = 30.00"),  # noqa: RUF001
        (LineKind.TASK, "3 × 0.50 = 1.50"),  # noqa: RUF001
    ]


def test_by_the_task_alone_time_on_tasks_earns_nothing_and_reading_does() -> None:
    rates = [rate(3600), rate(50, unit="task")]
    segments = [stretch(3600, task=7), stretch(60, after=3600, activity=Activity.READING)]
    lines = priced(segments, {"by_task": True}, rates=rates, judged=2)
    assert [(line.kind, line.amount.minor) for line in lines] == [
        (LineKind.HOURLY, 60),
        (LineKind.TASK, 100),
    ]


def test_a_task_rate_is_that_of_the_day_it_was_answered_on() -> None:
    rates = [
        rate(3600),
        rate(50, unit="task", until=NOON + timedelta(seconds=1)),
        rate(70, unit="task", since=NOON + timedelta(seconds=1)),
    ]
    lines = priced([], {}, rates=rates, judged=3)
    assert [(line.count, line.rate_minor) for line in lines] == [(1, 50), (2, 70)]


BANDS = {"quality_bands": [["0.8", "1.05"], ["0.9", "1.1"]]}


@pytest.mark.parametrize(
    ("right", "judged", "extra"),
    [(9, 9, None), (7, 10, None), (8, 10, 193), (9, 10, 385), (10, 10, 385), (0, 40, None)],
)
def test_a_band_of_quality_adds_and_never_takes(right: int, judged: int, extra: int | None) -> None:
    lines = priced([stretch(3600)], BANDS, quality=Quality(right, judged))
    added = [line.amount.minor for line in lines if line.kind is LineKind.QUALITY]
    assert added == ([] if extra is None else [extra])
    assert lines[0].amount.minor == 3850


def test_a_quality_line_says_its_formula_and_its_evidence() -> None:
    _hours, extra = priced([stretch(3600)], BANDS, quality=Quality(9, 10))
    assert extra.formula == "38.50 × 0.1 = 3.85"  # noqa: RUF001
    assert extra.inputs == {"right": 9, "judged": 10, "times": "11/10"}


def test_the_guarantee_tops_up_what_tasks_did_not_reach() -> None:
    rates = [rate(1), rate(50, unit="task")]
    rules = {"by_task": True, "guarantee_minor": 2000}
    task, top_up = priced([stretch(3600, task=7)], rules, rates=rates, judged=3)
    assert (task.amount.minor, top_up.amount.minor) == (150, 1850)
    assert top_up.formula == "1 h 00 m 00 s × 20.00 − 1.50 = 18.50"  # noqa: RUF001


def test_the_guarantee_adds_nothing_where_it_was_reached() -> None:
    assert len(priced([stretch(3600)], {"guarantee_minor": 3850})) == 1


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 4)), max_size=20),
    st.integers(1, 3000),
)
def test_no_task_is_paid_for_more_than_the_cap(worked: list[tuple[int, int]], cap: int) -> None:
    segments, at = [], 0
    for seconds, task in worked:
        segments.append(stretch(seconds, task=task, after=at))
        at += seconds
    lines = priced(segments, {"aht_cap_seconds": cap})
    spent = {task: sum(s for s, t in worked if t == task) for _seconds, task in worked}
    assert sum(line.microseconds for line in lines) == sum(
        min(cap, seconds) * 10**6 for seconds in spent.values()
    )


@pytest.mark.parametrize(
    "said",
    [
        {"quality_bands": [["0.9", "0.99"]]},
        {"quality_bands": [["0.9", "1.1"], ["0.8", "1.2"]]},
        {"quality_bands": [["0.8", "1.2"], ["0.9", "1.1"]]},
        {"quality_bands": [["1.1", "1.1"]]},
        {"quality_bands": ["many"]},
        {"aht_cap_seconds": 0},
        {"guarantee_minor": True},
        {"by_task": "yes"},
        {"holdback": 5},
    ],
)
def test_a_rule_that_could_take_or_makes_no_sense_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        parse(said)


def test_rules_are_read_back_as_they_were_stored_and_say_themselves() -> None:
    rules = Rules(600, (Band(Fraction(9, 10), Fraction(11, 10)),), True, 2000)
    assert parse(stored(rules)) == rules
    said = " ".join(rules.words("USD"))
    for part in ("10 m", "10 % more from 90 % right", "20.00 USD an hour at least", "by the task"):
        assert part in said


def test_judgments_are_paid_once_and_derive_again(
    session: Session, make: Make, now: datetime
) -> None:
    expert, project = make.expert(), _project_by_task(session, make)
    _answer(session, make, expert, project, answers=2)
    statement = _drawn(session, make, expert)
    (task,) = [line for line in _lines(session, statement) if line.kind is LineKind.TASK]
    assert (task.count, task.amount_minor) == (2, 100)
    assert statements.differences(session, statement) == []
    paid = session.scalar(sa.select(sa.func.count()).select_from(PaidJudgment))
    assert paid == 2
    make.now = now + timedelta(hours=3)
    _answer(session, make, expert, project, answers=1)
    later = _drawn(session, make, expert)
    (more,) = [line for line in _lines(session, later) if line.kind is LineKind.TASK]
    assert more.count == 1
    assert statements.differences(session, statement) == []


def test_the_database_refuses_to_pay_a_judgment_twice(
    session: Session, make: Make, now: datetime
) -> None:
    expert, project = make.expert(), _project_by_task(session, make)
    _answer(session, make, expert, project, answers=1)
    _drawn(session, make, expert)
    row = session.scalars(sa.select(PaidJudgment)).one()
    session.expunge(row)
    session.add(PaidJudgment(row.pool_id, row.judgment_id, row.statement_line_id))
    with pytest.raises(IntegrityError, match="pk_paid_judgment"):
        session.flush()


def test_what_was_accepted_pays_though_a_later_card_has_other_rules(
    session: Session, make: Make, now: datetime
) -> None:
    expert, project = make.expert(), make.project()
    sheet = make.timesheet(expert=expert, project=project, submitted=True)
    price = projects.Price(3850, starts_at=now - timedelta(days=9))
    rules = Rules(guarantee_minor=9000)
    projects.publish_rates(session, project, [price], now=now, rules=rules)
    timesheets.approve(session, sheet, by=make.account(Role.MANAGER).id, now=now)
    (statement,) = statements.draw(session, expert_id=expert.id, now=now)
    assert [line.kind for line in _lines(session, statement)] == [LineKind.HOURLY]


def test_a_manager_publishes_a_card_with_rules_and_the_expert_reads_them(
    make: Make, sign_in: Callable[[Account], FlaskClient]
) -> None:
    project = make.project()
    client = sign_in(make.account(Role.MANAGER))
    page = f"/projects/{project.slug}/money"
    asked = {
        "card-hourly": "36.00",
        "card-task": "0.50",
        "card-cap_minutes": "10",
        "card-band_level": "90",
        "card-band_extra": "10",
        "card-guarantee": "20",
    }
    wrong = ({"card-hourly": ""}, {"card-band_extra": ""}, {"card-by_task": "y", "card-task": ""})
    for each in wrong:
        assert client.post(f"{page}/rates", data={**asked, **each}).status_code == 422
    assert client.post(f"{page}/rates", data=asked).status_code == 303
    words = "10 % more from 90 % right on check tasks"
    assert words in client.get(page).text
    offer = sign_in(make.expert()).get(f"/work/projects/{project.slug}").text
    for said in (words, "At most 10 m of one task", "0.50 USD for each task", "20.00 USD an hour"):
        assert said in offer


def _project_by_task(session: Session, make: Make) -> Project:
    project = make.project(tasks=6)
    prices = [
        projects.Price(3850, starts_at=make.now - timedelta(days=9)),
        projects.Price(50, unit=RateUnit.TASK, starts_at=make.now - timedelta(days=9)),
    ]
    projects.publish_rates(session, project, prices, now=make.now, rules=Rules(by_task=True))
    return project


def _answer(
    session: Session, make: Make, expert: Account, project: Project, *, answers: int
) -> None:
    """Read for ten minutes, then answer some tasks, and hand the week in."""
    live = make.work_session(expert=expert, project=project)
    clock.stop(session, live, now=make.worked(live, seconds=600))
    sheet = session.scalars(
        sa.select(Timesheet).where(Timesheet.state == TimesheetState.OPEN)
    ).one()
    for number in range(answers):
        at = make.now + timedelta(seconds=60 + number)
        held = make.assignment(project=project, expert=expert, opened_at=at)
        judge.judge(session, held, {"choice": "tie"}, now=at)
    at = make.now + timedelta(seconds=900)
    timesheets.submit(session, sheet, now=at)
    timesheets.approve(session, sheet, by=make.account(Role.MANAGER).id, now=at)


def _drawn(session: Session, make: Make, expert: Account) -> Statement:
    (statement,) = statements.draw(session, expert_id=expert.id, now=make.now)
    return statement


def _lines(session: Session, statement: Statement) -> list[StatementLine]:
    return list(session.scalars(queries.lines([statement.id])))


def rate(
    minor: int,
    *,
    unit: str = "hour",
    since: datetime = NOON - timedelta(days=9),
    until: datetime | None = None,
) -> dict[str, Any]:
    """A price of the terms."""
    ends = until.isoformat() if until else None
    return {"unit": unit, "minor": minor, "from": since.isoformat(), "until": ends}


def stretch(
    seconds: int,
    *,
    after: int = 0,
    task: int | None = None,
    activity: Activity = Activity.TASK,
) -> Stretch:
    """So many seconds of work, after so many others."""
    begun = NOON + timedelta(seconds=after)
    return Stretch(begun, begun + timedelta(seconds=seconds), task, activity)


def priced(
    segments: Sequence[Stretch],
    rules: Mapping[str, Any],
    *,
    rates: list[dict[str, Any]] | None = None,
    judged: int = 0,
    before: Mapping[tuple[int, int], Fraction] | None = None,
    quality: Quality | None = None,
) -> list[Priced]:
    """The lines of a sheet under one person's terms."""
    terms = cast("Terms", Offered(rates or [rate(3850)], rules))
    answers = [Answer(number, NOON + timedelta(seconds=number)) for number in range(judged)]
    work = Work(
        timesheet_id=1,
        segments=cast("list[Segment]", segments),
        adjustments=[],
        judgments=cast("list[Any]", answers),
        before=before or {},
        quality=quality or Quality(0, 0),
        zone=ZoneInfo("UTC"),
    )
    return pricing.lines(work, {1: terms})
