"""The database scores an answer as the product does, and tells it once, to the attempt whose turn it is."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from exams.models import Attempt, AttemptEvent, AttemptState, EventKind, Exam, QuestionType
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.questions import BY_PEOPLE, KINDS
from exams.service import adaptive, attempts, sheet, starting
from portal import clock, db
from portal.db import lock, transaction
from portal.ids import random_id
from tests.conftest import Database
from tests.exams.adaptive_make import answer, calibrated_exam, design_in_use
from tests.make import Make

IDS = ("a", "b", "c", "d")
OPTIONS = [{"id": name, "text": name} for name in IDS]
SOME = st.lists(st.sampled_from(IDS), unique=True)
NEAR = st.sampled_from([[], [0.5], [0.6, 0.2]])
Case = tuple[QuestionType, dict[str, Any], dict[str, Any], dict[str, Any]]
Fields = dict[str, st.SearchStrategy[Any]]


def case(
    kind: QuestionType, content: Fields, key: Fields, given_: Fields
) -> st.SearchStrategy[Case]:
    parts = [st.fixed_dictionaries(one) for one in (content, key, given_)]
    return st.tuples(st.just(kind), *parts)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A question of any kind that the database scores, with any answer that the page can send."""
    steps = st.integers(0, 4)
    decimals = st.integers(-4000, 4000).map(lambda number: number / 1000)
    places = st.dictionaries(st.sampled_from(IDS), st.integers(1, 4), min_size=1)
    chosen = draw(
        st.sampled_from(
            [
                case(
                    QuestionType.SINGLE,
                    {"options": st.just(OPTIONS)},
                    {"option": st.sampled_from(IDS)},
                    {"option": st.sampled_from(IDS)},
                ),
                case(
                    QuestionType.MULTIPLE,
                    {
                        "options": st.just(OPTIONS),
                        "rule": st.sampled_from(["all", "each", "balanced"]),
                    },
                    {"options": SOME.filter(bool)},
                    {"options": SOME.filter(bool)},
                ),
                case(
                    QuestionType.NUMERIC,
                    {"unit": st.just("")},
                    {
                        "value": decimals,
                        "tolerance": st.sampled_from([0.0, 0.001, 0.25]),
                        "relative": st.booleans(),
                    },
                    {"value": decimals},
                ),
                case(QuestionType.FAULTY_STEP, {"near": NEAR}, {"step": steps}, {"step": steps}),
                case(
                    QuestionType.PREFERENCE,
                    {},
                    {
                        "panel": st.fixed_dictionaries(
                            {
                                "a": st.integers(1, 9),
                                "b": st.integers(0, 9),
                                "tie": st.integers(0, 9),
                            }
                        )
                    },
                    {"choice": st.sampled_from(["a", "b", "tie"])},
                ),
                case(
                    QuestionType.ORDER,
                    {"rule": st.sampled_from(["all", "pairs"])},
                    {"order": st.permutations(IDS)},
                    {"places": places},
                ),
                case(
                    QuestionType.MATCH,
                    {"rule": st.sampled_from(["all", "each"])},
                    {"pairs": st.fixed_dictionaries({one: st.sampled_from(IDS) for one in IDS})},
                    {
                        "pairs": st.dictionaries(
                            st.sampled_from(IDS), st.sampled_from(IDS), min_size=1
                        )
                    },
                ),
            ]
        )
    )
    return draw(chosen)


@st.composite
def policy_cases(draw: st.DrawFn) -> Case:
    """A policy case, with any part of it answered."""
    weight = st.sampled_from([0.0, 1.0, 2.5])
    weights = draw(
        st.none() | st.fixed_dictionaries({"label": weight, "clause": weight, "severity": weight})
    )
    content: dict[str, Any] = {
        "labels": OPTIONS,
        "clauses": [{"number": name, "text": name} for name in IDS],
        "severities": OPTIONS,
        "near": draw(NEAR),
    }
    if weights is not None and any(weights.values()):
        content["weights"] = weights
    key = {
        "label": draw(st.sampled_from(IDS)),
        "clauses": draw(SOME.filter(bool)),
        "severity": draw(st.sampled_from(IDS)),
    }
    parts = draw(st.sets(st.sampled_from(["label", "clause", "severity"]), min_size=1))
    return (
        QuestionType.POLICY_CASE,
        content,
        key,
        {one: draw(st.sampled_from(IDS)) for one in parts},
    )


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(one=cases() | policy_cases())
def test_the_database_scores_as_the_product_does(session: Session, one: Case) -> None:
    kind, content, key, told = one
    asked = sa.text(
        "SELECT keys.credit(:kind, CAST(:content AS jsonb), CAST(:key AS jsonb), CAST(:told AS jsonb))"
    )
    given_ = {"content": json.dumps(content), "key": json.dumps(key), "told": json.dumps(told)}
    found = session.scalar(asked, {"kind": kind.value, **given_})
    assert found == pytest.approx(KINDS[kind].score(content, key, told), abs=1e-12)


def test_an_empty_answer_earns_nothing(session: Session) -> None:
    for told in ("NULL", "'null'::jsonb"):
        asked = f"SELECT keys.credit('single', '{{}}', '{{\"option\": \"a\"}}', {told})"
        assert session.scalar(sa.text(asked)) == 0


def test_every_kind_that_may_be_asked_is_one_that_the_database_scores() -> None:
    assert not set(queries.SCORED_AT_ONCE) & BY_PEOPLE
    assert set(KINDS) - set(queries.SCORED_AT_ONCE) == BY_PEOPLE | {QuestionType.SHORT_TEXT}


@pytest.fixture
def attempt(make: Make) -> Attempt:
    exam = calibrated_exam(make)
    design_in_use(make, exam)
    return make.attempt(exam=exam)


def give(make: Make, attempt: Attempt, *, final: bool) -> None:
    """Answer the first question, and choose nothing yet."""
    attempts.save(
        make.session,
        lock(make.session, attempt),
        position=1,
        values=[],
        nonce=random_id(),
        following=1,
        now=make.now + timedelta(minutes=1),
        final=final,
    )


def test_nothing_is_told_before_the_question_is_answered(make: Make, attempt: Attempt) -> None:
    assert queries.credits_due(make.session, attempt) == []


def test_nothing_is_told_of_a_draft(make: Make, attempt: Attempt) -> None:
    give(make, attempt, final=False)
    assert queries.credits_due(make.session, attempt) == []


def test_it_is_told_once_the_answer_is_final_and_no_more_once_the_next_is_chosen(
    make: Make, attempt: Attempt
) -> None:
    give(make, attempt, final=True)
    assert queries.credits_due(make.session, attempt) == [0.0]
    adaptive.go_on(make.session, attempt, now=make.now + timedelta(minutes=1))
    assert queries.credits_due(make.session, attempt) == []


def test_nothing_is_told_for_somebody_else_nor_after_the_end(make: Make, attempt: Attempt) -> None:
    give(make, attempt, final=True)
    asked = sa.text("SELECT count(*) FROM keys.adaptive_credits(:attempt, :person)")
    other = {"attempt": attempt.id, "person": make.applicant().id}
    assert make.session.scalar(asked, other) == 0
    attempts.finish(make.session, attempt, now=make.now + timedelta(minutes=2))
    assert queries.credits_due(make.session, attempt) == []


def test_nothing_is_told_of_a_fixed_form(make: Make) -> None:
    fixed = make.attempt(exam=make.exam())
    give(make, fixed, final=True)
    assert queries.credits_due(make.session, fixed) == []


@contextmanager
def _as(url: str) -> Iterator[None]:
    before = dict(db.sessions.kw)
    bound = db.configure(url)
    yield
    bound.dispose()
    db.sessions.kw.clear()
    db.sessions.kw.update(before)


@pytest.fixture
def begun(fresh_database: Database, now: datetime) -> int:
    """An attempt begun with the web's own login; the rest was the worker's."""
    with _as(fresh_database.worker), transaction() as session:
        make = Make(session, now)
        exam = calibrated_exam(make)
        design_in_use(make, exam)
        exam_id, account_id = exam.id, make.applicant().id
    with transaction() as session:
        exam = session.get_one(Exam, exam_id)
        at = clock.now(session)
        return starting.start(session, exam, account_id=account_id, now=at).id


def _go_on(attempt_id: int, position: int) -> Callable[[int], str]:
    def go_on(_number: int) -> str:
        with transaction() as session:
            attempt = lock(session, session.get_one(Attempt, attempt_id))
            at, nonce = clock.now(session), random_id()
            if adaptive.left(session, attempt, position, nonce):
                return "left"
            attempts.save(
                session,
                attempt,
                position=position,
                values=[],
                nonce=nonce,
                following=position,
                now=at,
                final=True,
            )
            adaptive.go_on(session, attempt, now=at)
            return "chosen"

    return go_on


def test_the_web_sits_a_whole_attempt_with_its_own_login(begun: int) -> None:
    for position in range(1, 13):
        _go_on(begun, position)(0)
        with transaction() as session:
            if session.get_one(Attempt, begun).state is not AttemptState.OPEN:
                break
    with transaction() as session:
        assert session.get_one(Attempt, begun).state is AttemptState.FINISHED
        assert sheet.first_break(list(session.scalars(attempt_queries.events(begun)))) is None


def test_sixteen_submits_at_once_make_no_fork(begun: int) -> None:
    for position in (1, 2, 3):
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(_go_on(begun, position), range(16)))
        assert sorted(told) == ["chosen"] + ["left"] * 15
    with transaction() as session:
        attempt = session.get_one(Attempt, begun)
        told_events = list(session.scalars(attempt_queries.events(begun)))
        kinds = [one.kind for one in told_events]
        assert attempt_queries.length(session, attempt.form_id) == 4
        assert kinds.count(EventKind.CHOSEN) == 4
        assert kinds.count(EventKind.ANSWERED) == 3
        assert sheet.first_break(told_events) is None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM keys.adaptive_step",
        "SELECT * FROM keys.question_key",
        "SELECT keys.credit('single', '{}', '{\"option\": \"a\"}', '{\"option\": \"a\"}')",
        "INSERT INTO design_question SELECT * FROM design_question",
        "UPDATE design_question SET admission = 1",
        "DELETE FROM form_question",
    ],
)
def test_the_webs_login_reads_no_key_no_step_and_changes_no_design(
    begun: int, statement: str
) -> None:
    with (
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        transaction() as session,
    ):
        session.execute(sa.text(statement))


def test_the_webs_login_is_told_nothing_between_two_requests(begun: int) -> None:
    _go_on(begun, 1)(0)
    with transaction() as session:
        attempt = session.get_one(Attempt, begun)
        assert queries.credits_due(session, attempt) == []
        told = session.scalars(sa.select(AttemptEvent.payload).where(AttemptEvent.kind == "chosen"))
        assert {name for payload in told for name in payload} == {
            "question",
            "draw",
            "after",
            "from",
        }


def test_answers_through_the_builders_go_the_same_way(make: Make, attempt: Attempt) -> None:
    answer(make, attempt, right=True)
    assert attempt_queries.length(make.session, attempt.form_id) == 2
