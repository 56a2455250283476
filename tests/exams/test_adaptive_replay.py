"""The same answers always lead to the same question: from any prefix, in any process, at any time."""

from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from exams.cli import exams
from exams.models import Attempt, AttemptState, EventKind, KeyStanding, QuestionKey
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.service import (
    adaptive,
    adaptive_numbers,
    attempts,
    grading,
    marking,
    rechecking,
    sheet,
)
from exams.service.adaptive_numbers import Frozen, Member
from exams.service.design_rules import RulesDocument
from exams.service.events import NOWHERE
from portal import connections
from tests.exams.adaptive_make import RULES, answer, calibrated_exam, design_in_use
from tests.make import Make


@pytest.fixture
def attempt(make: Make) -> Attempt:
    exam = calibrated_exam(make)
    design_in_use(make, exam, decide=None, standard_error=0.15, criterion="progressive")
    return make.attempt(exam=exam)


def credit_of(session: Session, attempt: Attempt) -> list[float]:
    return [one.earned / one.possible for one in marking.points_of(session, attempt)]


@pytest.mark.parametrize("pattern", [0b0, 0b101101, 0b111111111111, 0b010010010010])
def test_every_choice_that_was_made_is_made_again(
    session: Session, make: Make, attempt: Attempt, pattern: int
) -> None:
    position = 0
    while attempt.state is AttemptState.OPEN:
        answer(make, attempt, right=bool(pattern >> position & 1))
        position += 1
    asked = queries.drawn(session, attempt)
    again = adaptive.replayed(session, attempt, credit_of(session, attempt))
    assert [one.place for one in again] == [*asked, None]
    told = list(session.scalars(attempt_queries.events(attempt.id)))
    draws = [one.payload["draw"] for one in told if "draw" in one.payload]
    assert [one.draw for one in again] == draws
    assert told[-1].payload["by"] == again[-1].ended


def test_another_process_that_read_nothing_yet_chooses_the_same(
    session: Session, make: Make, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        answer(make, attempt, right=True)
    before = adaptive.replayed(session, attempt, credit_of(session, attempt)[:4])
    monkeypatch.setattr(adaptive, "_frozen_by_digest", {})
    session.expire_all()
    assert adaptive.replayed(session, attempt, credit_of(session, attempt)[:4]) == before


def test_what_was_shown_is_read_from_the_events_and_not_computed_anew(
    session: Session, make: Make, attempt: Attempt
) -> None:
    answer(make, attempt, right=True)
    told = list(session.scalars(attempt_queries.events(attempt.id)))
    chosen = [one.payload["question"] for one in told if one.kind is EventKind.CHOSEN]
    shown = [one.id for one in session.scalars(attempt_queries.questions(attempt.form_id))]
    assert chosen == shown
    assert sheet.read(told).resume == 2


def test_a_break_between_two_answers_changes_no_choice(session: Session, make: Make) -> None:
    exam = calibrated_exam(make)
    design_in_use(make, exam)
    straight, later = make.attempt(exam=exam), make.attempt(exam=exam)
    for attempt in (straight, later):
        answer(make, attempt, right=True)
    later.extend(timedelta(hours=1))
    attempts.take_over(session, later, where=NOWHERE, now=make.now)
    for attempt in (straight, later):
        answer(make, attempt, right=False)
    assert queries.drawn(session, straight) == queries.drawn(session, later)


class Known:
    """A question of a bank that no database holds."""

    def __init__(self, slope: float, difficulty: float) -> None:
        self.slope, self.intercepts = slope, [-slope * difficulty]
        self.divided, self.levels, self.enemies, self.admission = False, [0.0, 1.0], None, 0.6


@pytest.fixture(scope="module")
def frozen() -> Frozen:
    random = np.random.default_rng(3)
    members = [
        Member(
            Known(float(random.lognormal(0.2, 0.3)), float(random.normal())),
            number,
            ("policy", "measurement")[number % 2],
            1.0,
        )
        for number in range(60)
    ]
    rules = RulesDocument.model_validate(RULES | {"standard_error": None})
    return adaptive_numbers.freeze(rules, members, level=0.3)


def walk(frozen: Frozen, seed: int, right: list[bool], closed: list[int]) -> list[int]:
    """The places asked, while there are answers and until it ends."""
    asked: list[int] = []
    for count in range(len(right) + 1):
        found = adaptive_numbers.step(
            frozen,
            seed=seed,
            closed=closed,
            asked=asked,
            credit=[float(one) for one in right[:count]],
        )
        if found.place is None:
            break
        asked.append(found.place)
    return asked


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**62 - 1),
    right=st.lists(st.booleans(), max_size=12),
    closed=st.lists(st.integers(0, 59), max_size=10, unique=True),
    cut=st.integers(0, 12),
)
def test_any_prefix_of_the_answers_leads_to_the_same_next_question(
    frozen: Frozen, seed: int, right: list[bool], closed: list[int], cut: int
) -> None:
    whole = walk(frozen, seed, right, closed)
    prefix = walk(frozen, seed, right[:cut], closed)
    assert whole[: len(prefix)] == prefix
    assert len(set(whole)) == len(whole)
    assert not set(whole) & set(closed)
    assert walk(frozen, seed, right, closed) == whole


@given(number=st.integers(0, 200), seed=st.integers(0, 2**62 - 1))
def test_each_choice_has_a_seed_of_its_own(number: int, seed: int) -> None:
    drawn = adaptive_numbers.draw(seed, number)
    assert drawn != adaptive_numbers.draw(seed, number + 1)
    assert 0 <= drawn < 2**56


def test_room_is_counted_by_area_and_by_enemies(frozen: Frozen) -> None:
    policy = list(range(0, 60, 2))
    assert adaptive_numbers.room(frozen, [])
    assert adaptive_numbers.room(frozen, policy[:-2])
    assert not adaptive_numbers.room(frozen, policy[:-1])
    assert not adaptive_numbers.room(frozen, list(range(49)))


def sat(session: Session, make: Make, attempt: Attempt) -> Attempt:
    position = 0
    while attempt.state is AttemptState.OPEN:
        position += 1
        answer(make, attempt, right=position % 3 > 0)
    grading.grade(session, attempt, now=make.now + timedelta(hours=1))
    session.flush()
    return attempt


def test_a_past_attempt_is_rechecked_point_by_point_and_choice_by_choice(
    session: Session, make: Make, attempt: Attempt
) -> None:
    sat(session, make, attempt)
    count, differing = rechecking.points(session, attempt, 1)
    assert (count, differing) == (12, [])
    assert rechecking.choices(session, attempt) == []


def test_a_mended_key_changes_no_choice_of_the_past(
    session: Session, make: Make, attempt: Attempt
) -> None:
    sat(session, make, attempt)
    author, approver = make.bank_people()
    version = session.scalars(attempt_queries.questions(attempt.form_id)).first()
    assert version is not None
    old = session.get_one(QuestionKey, (version.id, 1))
    standing = KeyStanding(
        question_version_id=old.question_version_id,
        number=2,
        author_id=author,
        proposed_at=make.now,
    )
    session.add(standing)
    session.add(
        QuestionKey(
            question_version_id=old.question_version_id,
            number=2,
            key=old.key,
            rationale="",
            difficulty=0.0,
            sha256=old.sha256,
            created_at=make.now,
        )
    )
    standing.approve(by=approver, now=make.now)
    session.flush()
    assert rechecking.choices(session, attempt) == []


def test_a_choice_that_does_not_follow_is_found(
    session: Session, make: Make, attempt: Attempt
) -> None:
    sat(session, make, attempt)
    attempt.seed += 1
    session.flush()
    assert rechecking.choices(session, attempt) != []


def test_a_step_that_was_changed_afterwards_is_found(
    session: Session, make: Make, attempt: Attempt
) -> None:
    sat(session, make, attempt)
    session.execute(sa.text("ALTER TABLE keys.adaptive_step DISABLE TRIGGER USER"))
    session.execute(
        sa.text("UPDATE keys.adaptive_step SET ability = ability + 1 WHERE position = 3")
    )
    session.expire_all()
    assert rechecking.choices(session, attempt) == [3]


def test_the_command_says_so(
    session: Session, make: Make, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    sat(session, make, attempt)
    monkeypatch.setattr(connections, "as_worker", lambda: None)
    told = CliRunner().invoke(exams, ["recheck", str(attempt.public_id)], catch_exceptions=False)
    assert "all 12 questions earn what was kept" in told.output
    assert "every question follows" in told.output
