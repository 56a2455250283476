"""The demo's world, made small: true to its seed, paid to the last unit, and without trace of its making."""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from demo import content_files, first_round, seed
from demo.clockwork import Calendar
from demo.world import World
from portal import db, settings
from portal.app import create_app
from portal.stripe.sandbox.serving import served
from tests.conftest import Database
from tests.demo import paper

Rows = list[tuple[Any, ...]]
_WEEKS = 3
_THINNESS = 0.5


@pytest.fixture
def demo_settings(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> settings.Settings:
    """The demo's settings over a database of the test's own."""
    told = {
        "DEMO": "true",
        "DATABASE_URL": fresh_database.app,
        "BASE_URL": "http://127.0.0.1:1",
        "STRIPE_BASE": "http://127.0.0.1:1/sandbox/stripe",
        "STRIPE_SECRET_KEY": "sk_test_" + "0" * 24,
        "STRIPE_WEBHOOK_SECRET": "whsec_" + "0" * 32,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    settings.load.cache_clear()
    return settings.load()


@contextmanager
def _as_owner(owner: str, config: settings.Settings) -> Iterator[Flask]:
    app = create_app(config)
    bound = db.configure(owner)
    try:
        with app.test_request_context(base_url=config.base_url):
            yield app
    finally:
        bound.dispose()


def _end() -> datetime:
    """A present that two seedings share, whole hours apart from the real one."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)


def _make(
    config: settings.Settings, owner: str, *, end: datetime, thinness: float = _THINNESS
) -> None:
    with _as_owner(owner, config), served(config) as stripe:
        calendar = Calendar(end=end, weeks=_WEEKS)
        seed.make(World(seed.SEED, calendar, stripe, thinness=thinness))


def _ask(owner: str, question: str) -> Rows:
    bound = sa.create_engine(sa.make_url(owner).set(drivername="postgresql+psycopg"))
    with bound.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(question))]
    bound.dispose()
    return found


_GOLD = """
    SELECT project.slug, account.email, count(*), count(*) FILTER (WHERE gold_score."right")
    FROM gold_score JOIN pool ON pool.id = gold_score.pool_id
    JOIN project ON project.id = pool.project_id JOIN account ON account.id = gold_score.expert_id
    GROUP BY 1, 2 ORDER BY 1, 2
"""
_COUNTS = """
    SELECT 'judgments', count(*) FROM judgment UNION ALL SELECT 'segments', count(*) FROM segment
    UNION ALL SELECT 'microseconds', sum(extract(epoch FROM ended_at - started_at) * 1000000)::bigint FROM segment
    UNION ALL SELECT 'lines', count(*) FROM statement_line
    UNION ALL SELECT 'minor units', sum(amount_minor)::bigint FROM statement_line
    UNION ALL SELECT 'payouts', count(*) FROM payout UNION ALL SELECT 'points', sum(raw)::bigint FROM attempt_score
    UNION ALL SELECT 'decisions', count(*) FROM decision ORDER BY 1
"""


def test_the_world_holds_together_when_it_is_made(
    fresh_database: Database,
    demo_settings: settings.Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = fresh_database.owner
    _make(demo_settings, owner, end=_end())
    _everybody_is_there(owner)
    _the_first_round_is_over(owner)
    _nothing_is_left_undone(owner)
    _money_adds_up(owner)
    _matters_wait_for_people(owner)
    _accuracies_are_recovered(owner)
    assert _ask(owner, "SELECT seconds FROM clock_shift") == [(0.0,)]
    _reports_say_what_the_database_holds(fresh_database, tmp_path, monkeypatch)


def test_the_same_seed_gives_the_same_past(
    fresh_database: Database, demo_settings: settings.Settings, second_database: str
) -> None:
    end = _end()
    _make(demo_settings, fresh_database.owner, end=end, thinness=0.3)
    again = demo_settings.model_copy(update={"database_url": second_database})
    _make(again, second_database, end=end, thinness=0.3)
    for question in (_COUNTS, _GOLD):
        first = _ask(fresh_database.owner, question)
        assert first == _ask(second_database, question)
        assert first


def test_the_clock_is_given_back_even_if_the_seeding_fails(
    fresh_database: Database, demo_settings: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("struck")

    monkeypatch.setattr("demo.rota.on_day", fail)
    with pytest.raises(RuntimeError, match="struck"):
        _make(demo_settings, fresh_database.owner, end=_end())
    assert _ask(fresh_database.owner, "SELECT seconds FROM clock_shift") == [(0.0,)]


def _everybody_is_there(owner: str) -> None:
    found = {row[0]: row[1] for row in _ask(owner, "SELECT email, state FROM account")}
    people = {email: state for email, state in found.items() if not _of_the_first_round(email)}
    assert people == {person.email: "active" for person in content_files.people()}
    assert len(found) - len(people) == round(first_round.PEOPLE * _THINNESS)
    assert set(found.values()) == {"active"}
    offered = _ask(
        owner, "SELECT email FROM demo_person JOIN account ON id = account_id ORDER BY position"
    )
    assert [row[0] for row in offered] == [p.email for p in content_files.people() if p.shown]
    experts = "SELECT email FROM account JOIN account_grant g ON g.account_id = account.id WHERE role = 'expert'"
    assert {row[0] for row in _ask(owner, experts)} == {
        person.email for person in content_files.people() if person.work
    }
    unidentified = f"""{experts} AND NOT EXISTS (SELECT FROM identity_check c
        WHERE c.account_id = account.id AND c.state = 'verified')"""
    assert _ask(owner, unidentified) == []


def _of_the_first_round(email: str) -> bool:
    return email.endswith(first_round.POST_OFFICE)


def _the_first_round_is_over(owner: str) -> None:
    """Everybody who sat has a result that a person confirmed where it lay below, and a whole record."""
    sat = f"""SELECT attempt.state, count(*) FROM attempt JOIN account ON account.id = account_id
        WHERE email LIKE '%@{first_round.POST_OFFICE}' GROUP BY 1"""
    states: dict[str, int] = dict(_ask(owner, sat))
    assert states.keys() == {"passed", "not_passed"}
    stopped = round(first_round.STOPPED * _THINNESS)
    assert sum(states.values()) == round(first_round.PEOPLE * _THINNESS) - stopped
    broken = """SELECT count(*) FROM attempt_event e JOIN attempt_event b
        ON b.attempt_id = e.attempt_id AND b.seq = e.seq - 1 WHERE e.previous_hash <> b.hash"""
    assert _ask(owner, broken) == [(0,)]
    said = _ask(owner, "SELECT count(*) FROM personal.self_identification")
    assert 0 < said[0][0] < round(first_round.PEOPLE * _THINNESS)
    trial = """SELECT count(*), min(seen) > 10 FROM question_statistic
        JOIN question_standing s USING (question_version_id)
        JOIN question_version v ON v.id = question_version_id
        JOIN question ON question.id = v.question_id JOIN exam ON exam.id = question.exam_id
        WHERE s.state = 'pilot' AND exam.slug = 'trust-safety-reasoning'"""
    assert _ask(owner, trial) == [(2, True)]


def _nothing_is_left_undone(owner: str) -> None:
    assert _ask(owner, "SELECT name, error FROM outbox WHERE state = 'dead'") == []
    assert _ask(owner, "SELECT count(*) FROM work_session WHERE ended_at IS NULL") == [(0,)]
    late = "SELECT count(*) FROM judgment WHERE submitted_at > clock_timestamp()"
    assert _ask(owner, late) == [(0,)]
    unscored = """SELECT count(*) FROM judgment JOIN gold USING (pool_id, task_id)
        WHERE NOT EXISTS (SELECT FROM gold_score s WHERE s.judgment_id = judgment.id)"""
    assert _ask(owner, unscored) == [(0,)]
    states: dict[str, int] = dict(_ask(owner, "SELECT state, count(*) FROM timesheet GROUP BY 1"))
    assert states.keys() >= {"submitted", "locked"}
    assert "approved" not in states
    open_tasks = """SELECT project.slug, sum(open_slots) > 0 FROM task JOIN pool ON pool.id = pool_id
        JOIN project ON project.id = project_id GROUP BY 1"""
    assert dict(_ask(owner, open_tasks)) == {row["slug"]: True for row in content_files.projects()}


def _money_adds_up(owner: str) -> None:
    assert _ask(owner, "SELECT currency, sum(minor) FROM posting GROUP BY 1") == [("USD", 0)]
    earned = _ask(owner, "SELECT sum(amount_minor) FROM statement_line")
    owed = """SELECT sum(balance) FROM ledger_account
        WHERE kind IN ('pending', 'approved', 'in_transit', 'rail_balance')"""
    assert earned == _ask(owner, owed)
    assert earned[0][0] > 0
    runs: dict[str, int] = dict(_ask(owner, "SELECT state, count(*) FROM pay_run GROUP BY 1"))
    assert runs["built"] == 1
    assert runs.keys() == {"built", "done"}
    came_back = "SELECT r.state, p.state FROM bank_return r JOIN payout p ON p.id = payout_id"
    assert _ask(owner, came_back) == [("confirmed", "released")]
    assert _ask(owner, "SELECT state, announced FROM bonus") == [("asked", "Four steady weeks")]
    paid = _ask(owner, "SELECT count(*), count(transfer_id) FROM payout WHERE state = 'paid'")
    assert paid[0][0] == paid[0][1] > 0
    assert _ask(owner, "SELECT count(*) FROM statement_line WHERE kind = 'adjustment'") == [(1,)]


def _matters_wait_for_people(owner: str) -> None:
    assert dict(_ask(owner, "SELECT state, count(*) FROM appeal GROUP BY 1")) == {
        "open": 1,
        "upheld": 1,
    }
    waiting = "SELECT email FROM identity_check JOIN account ON account.id = account_id WHERE identity_check.state = 'review'"
    assert _ask(owner, waiting) == [("omar@demo.touchstone.example",)]
    questions: dict[str, int] = dict(
        _ask(owner, "SELECT state, count(*) FROM escalation GROUP BY 1")
    )
    assert questions == {"open": 1, "answered": 1}
    looked_at = (
        "SELECT email FROM {0} JOIN account ON account.id = account_id WHERE {0}.state = '{1}'"
    )
    assert _ask(owner, looked_at.format("application", "review")) == [
        ("marek@demo.touchstone.example",)
    ]
    assert _ask(owner, looked_at.format("attempt", "below")) == [("aiko@demo.touchstone.example",)]
    assert _ask(owner, "SELECT count(*) FROM draft") == [(1,)]
    assert _ask(owner, "SELECT count(*) > 0 FROM judgment WHERE late") == [(True,)]
    assert _ask(owner, "SELECT count(*) FROM report") == [(1,)]


def _accuracies_are_recovered(owner: str) -> None:
    """Each share right on gold is one that the simulated accuracy gives in 99.9 of 100 worlds."""
    works = {person.email: person.work for person in content_files.people() if person.work}
    found = _ask(owner, _GOLD)
    for project, email, judged, right in found:
        accuracy = works[email].accuracy[project]
        assert _as_extreme(right, judged, accuracy) > 0.001, (project, email, right, judged)
    expected = sum(judged * works[e].accuracy[p] for p, e, judged, _ in found)
    variance = sum(j * works[e].accuracy[p] * (1 - works[e].accuracy[p]) for p, e, j, _ in found)
    assert abs(sum(right for *_, right in found) - expected) < 3 * math.sqrt(variance)


def _reports_say_what_the_database_holds(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last digit, through the command; a paper about other days would be noticed."""
    monkeypatch.setenv("WORKER_DATABASE_URL", database.worker)
    today = datetime.now(UTC).date()
    days = {"start": f"{today - timedelta(weeks=_WEEKS + 4)}", "end": f"{today}"}
    fewer = {"start": days["start"], "end": f"{today - timedelta(days=8)}"}
    known: Counter[str] = Counter()
    for _project, email, judged, _right in _ask(database.owner, _GOLD):
        known[email] += judged
    ((email, _most),) = known.most_common(1)

    def ask(question: str) -> Rows:
        return _ask(database.owner, question)

    made = paper.of(email, **days, folder=folder)
    assert paper.differences(made, ask, email=email, **days) == []
    assert len(paper.differences(made, ask, email=email, **fewer)) > 4


def _as_extreme(right: int, judged: int, accuracy: float) -> float:
    """The chance of a count at most as likely as this one (exact binomial)."""
    chances = [
        math.comb(judged, k) * accuracy**k * (1 - accuracy) ** (judged - k)
        for k in range(judged + 1)
    ]
    return sum(chance for chance in chances if chance <= chances[right] * (1 + 1e-9))
