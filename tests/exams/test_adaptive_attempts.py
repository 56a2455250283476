"""Sitting an adaptive exam: one question follows from the answers before, always the same one."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import (
    AdaptiveStep,
    Attempt,
    AttemptEvent,
    AttemptState,
    DesignQuestion,
    EventKind,
    Exam,
    FormQuestion,
    QuestionState,
    QuestionVersion,
    Standing,
)
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.service import adaptive, attempts, designs, grading, sheet
from exams.service.accommodations import Allowance
from portal import clock
from portal.accounts.models import Account
from portal.errors import Conflict
from tests.exams.adaptive_make import (
    answer,
    calibrated_exam,
    design_in_use,
    newest_position,
    newest_version,
    values_for,
)
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def attempt(make: Make) -> Attempt:
    """Somebody at the first question of an adaptive exam."""
    exam = calibrated_exam(make)
    design_in_use(make, exam)
    return make.attempt(exam=exam)


def to_the_end(make: Make, attempt: Attempt, right: Callable[[int], bool]) -> None:
    """Answer until the design's rule ends it."""
    for position in itertools.count(1):
        if attempt.state is not AttemptState.OPEN:
            return
        assert newest_position(make, attempt) == position
        answer(make, attempt, right=right(position))


def events(make: Make, attempt: Attempt) -> list[AttemptEvent]:
    return list(make.session.scalars(attempt_queries.events(attempt.id)))


def test_an_attempt_begins_with_one_question_of_the_pool(make: Make, attempt: Attempt) -> None:
    assert newest_position(make, attempt) == 1
    assert [one.kind for one in events(make, attempt)] == [EventKind.STARTED, EventKind.CHOSEN]
    chosen = events(make, attempt)[1]
    assert chosen.payload["question"] == newest_version(make, attempt).id
    assert attempt.design_id is not None
    assert attempt.cut == pytest.approx(0.6)


def test_each_answer_is_followed_by_another_question(make: Make, attempt: Attempt) -> None:
    seen = set()
    for position in range(1, 5):
        seen.add(newest_version(make, attempt).id)
        answer(make, attempt, right=position % 2 == 0)
    assert len(seen) == 4
    assert newest_position(make, attempt) == 5
    assert sheet.first_break(events(make, attempt)) is None


def test_better_answers_lead_to_harder_questions(make: Make) -> None:
    exam = calibrated_exam(make)
    design = design_in_use(make, exam)
    one, other = make.attempt(exam=exam), make.attempt(exam=exam)
    for _ in range(4):
        answer(make, one, right=True)
        answer(make, other, right=False)
    held = {
        row.question.question_version_id: row for row in queries.bank_of(make.session, design.id)
    }

    def difficulty(attempt: Attempt) -> float:
        question = held[newest_version(make, attempt).id].question
        return float(-question.intercepts[0] / question.slope)

    assert difficulty(one) > difficulty(other)


def test_a_rule_ends_it_and_says_which(make: Make, attempt: Attempt) -> None:
    to_the_end(make, attempt, lambda _: True)
    last = events(make, attempt)[-1]
    assert attempt.state is AttemptState.FINISHED
    assert last.kind is EventKind.FINISHED
    assert last.payload["by"] in {"precise", "decided", "longest"}
    assert 5 <= newest_position(make, attempt) <= 12


def test_every_test_keeps_the_blueprint(make: Make, attempt: Attempt) -> None:
    to_the_end(make, attempt, lambda position: position % 2 == 0)
    areas = [one.area for one in make.session.scalars(attempt_queries.questions(attempt.form_id))]
    assert min(areas.count("policy"), areas.count("measurement")) >= 2


def test_a_save_without_going_on_is_a_draft_and_chooses_nothing(
    make: Make, attempt: Attempt
) -> None:
    make.save(attempt, 1, values_for(make, attempt, right=True))
    adaptive.go_on(make.session, attempt, now=make.now + timedelta(minutes=1))
    assert newest_position(make, attempt) == 1


def test_the_way_back_is_closed(make: Make, attempt: Attempt) -> None:
    answer(make, attempt, right=True)
    with pytest.raises(Conflict, match="no way back"):
        make.save(attempt, 1, [])
    with pytest.raises(Conflict, match="no way back"):
        attempts.mark(
            make.session, attempt, position=1, kind=EventKind.MARKED, nonce=uuid4(), now=make.now
        )


def test_going_on_twice_chooses_once(make: Make, attempt: Attempt) -> None:
    answer(make, attempt, right=True)
    before = len(events(make, attempt))
    adaptive.go_on(make.session, attempt, now=make.now + timedelta(minutes=2))
    assert newest_position(make, attempt) == 2
    assert len(events(make, attempt)) == before


def test_what_is_known_after_an_answer_is_sealed_into_the_chain(
    make: Make, attempt: Attempt
) -> None:
    answer(make, attempt, right=True)
    step = make.session.get_one(AdaptiveStep, (attempt.id, 1))
    chosen = events(make, attempt)[-1]
    assert chosen.payload["after"] == adaptive.sealed(step.salt, step.ability, step.standard_error)
    told = str([one.payload for one in events(make, attempt)])
    assert str(step.ability) not in told
    assert "credit" not in told


def test_a_question_seen_before_is_not_asked_again(make: Make) -> None:
    exam = calibrated_exam(make, cool_down_days=0)
    design_in_use(make, exam)
    person = make.applicant()
    first = make.attempt(person, exam)
    to_the_end(make, first, lambda _: False)
    grading.grade(make.session, first, now=make.now + timedelta(hours=1))
    make.refused(first, now=make.now + timedelta(hours=2))
    second = make.attempt(person, exam, now=make.now + timedelta(hours=3))
    to_the_end(make, second, lambda _: False)
    shown = [
        {one.id for one in make.session.scalars(attempt_queries.questions(sat.form_id))}
        for sat in (first, second)
    ]
    assert shown[0].isdisjoint(shown[1])


def test_a_question_retired_meanwhile_is_not_asked_of_who_begins(make: Make) -> None:
    exam = calibrated_exam(make)
    design_in_use(make, exam)
    favourite = newest_version(make, make.attempt(exam=exam))
    make.session.execute(
        sa.update(Standing)
        .where(Standing.question_version_id == favourite.id)
        .values(state=QuestionState.RETIRED)
    )
    later = make.attempt(exam=exam)
    assert newest_version(make, later).id != favourite.id
    assert len(adaptive.closed_at_start(make.session, later)) == 1


def test_where_too_few_are_left_nobody_begins_and_nothing_is_used_up(make: Make) -> None:
    exam = calibrated_exam(make)
    design_in_use(make, exam)
    live = sa.select(QuestionVersion.id).where(
        QuestionVersion.area == "policy", QuestionVersion.id.in_(_pool_versions())
    )
    make.session.execute(
        sa.update(Standing)
        .where(Standing.question_version_id.in_(live))
        .values(state=QuestionState.RETIRED)
    )
    with pytest.raises(Conflict, match="being prepared"):
        make.attempt(exam=exam)
    assert make.session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0


def _pool_versions() -> sa.Select[int]:
    return sa.select(DesignQuestion.question_version_id)


def test_a_retired_design_goes_on_for_who_began_with_it(make: Make, attempt: Attempt) -> None:
    session = make.session
    design = session.scalars(queries.in_use(attempt.exam_id)).one()
    designs.retire(session, design, by=design.asked_by_id, now=make.now)
    answer(make, attempt, right=True)
    assert newest_position(make, attempt) == 2
    fixed = make.attempt(exam=session.get_one(Exam, attempt.exam_id))
    assert fixed.design_id is None


def test_the_clock_ends_it_and_the_draft_counts(make: Make) -> None:
    exam = calibrated_exam(make)
    design_in_use(make, exam, shortest=8)
    attempt = make.attempt(exam=exam)
    for _ in range(5):
        answer(make, attempt, right=True)
    assert attempt.state is AttemptState.OPEN
    make.save(attempt, 6, values_for(make, attempt, right=True), at=make.now + timedelta(minutes=9))
    assert attempt.deadline is not None
    attempts.finish(make.session, attempt, now=attempt.deadline)
    grading.grade(make.session, attempt, now=attempt.deadline)
    score = attempt_queries.score(make.session, attempt.id)
    assert score is not None
    assert (score.answered, score.questions) == (6, 6)


def test_more_time_counts_as_on_a_fixed_form(make: Make) -> None:
    exam = calibrated_exam(make)
    design_in_use(make, exam)
    attempt = make.attempt(exam=exam, allowance=Allowance(1.5, break_minutes=10))
    assert attempt.deadline == make.now + timedelta(minutes=45 * 1.5)
    assert attempt.break_seconds == 600


def test_the_database_adds_nothing_of_another_pool_and_nothing_out_of_turn(
    make: Make, attempt: Attempt
) -> None:
    session = make.session
    stranger = session.scalars(
        sa.select(QuestionVersion.id).where(QuestionVersion.id.not_in(_pool_versions()))
    ).first()
    other = session.scalars(_pool_versions().limit(2)).all()
    unused = next(one for one in other if one != newest_version(make, attempt).id)
    for position, version_id, told in (
        (2, stranger, "its design only"),
        (3, unused, "one question"),
    ):
        row = FormQuestion(
            form_id=attempt.form_id, position=position, question_version_id=version_id or 0
        )
        with pytest.raises(sa.exc.DBAPIError, match=told), session.begin_nested():
            session.add(row)


def test_nothing_is_added_once_it_is_over(make: Make, attempt: Attempt) -> None:
    attempts.finish(make.session, attempt, now=make.now + timedelta(minutes=1))
    unused = make.session.scalars(_pool_versions().limit(2)).all()[1]
    with (
        pytest.raises(sa.exc.DBAPIError, match="while its attempt is open"),
        make.session.begin_nested(),
    ):
        make.session.add(
            FormQuestion(form_id=attempt.form_id, position=2, question_version_id=unused)
        )


class Taker:
    """Somebody who sits an adaptive exam in a browser."""

    def __init__(self, session: Session, sign_in: SignIn, make: Make) -> None:
        exam = calibrated_exam(make)
        design_in_use(make, exam)
        person = make.applicant()
        make.application(person, make.opening(exam))
        self.make, self.exam = make, exam
        self.browser = sign_in(person)
        started = self.browser.post(f"/exams/about/{exam.slug}")
        self.base = started.headers["Location"]
        self.attempt = session.scalars(attempt_queries.attempts_of(person.id)).one()

    def send(self, position: int, **data: object) -> object:
        fields = {"nonce": str(uuid4()), "go": "next", "answer": ["1"], **data}
        return self.browser.post(f"{self.base}/{position}", data=fields)

    def at(self) -> int:
        return newest_position(self.make, self.attempt)


@pytest.fixture
def taker(session: Session, sign_in: SignIn, make: Make) -> Taker:
    return Taker(session, sign_in, make)


def test_the_page_before_says_that_there_is_no_way_back(taker: Taker) -> None:
    page = taker.browser.get(f"/exams/about/{taker.exam.slug}").text
    assert "between 5 and 12" in page
    assert "no way back" in page


def test_the_question_page_offers_neither_back_nor_mark_nor_a_count(taker: Taker) -> None:
    page = taker.browser.get(f"{taker.base}/1").text
    assert "Question 1" in page
    assert 'value="previous"' not in page
    assert 'value="mark"' not in page
    assert "of 1" not in page
    assert "come back until" in page
    assert "(Question" not in page


def test_an_answer_leads_to_the_next_question(taker: Taker) -> None:
    values = values_for(taker.make, taker.attempt, right=True)
    answer = taker.send(1, answer=values)
    assert answer.status_code == 303  # type: ignore[attr-defined]
    assert taker.at() == 2
    shown = taker.browser.get(taker.base, follow_redirects=True)
    assert shown.request.path.endswith("/2")
    stem = newest_version(taker.make, taker.attempt).content["stem"]
    assert stem[:11] in shown.text


def test_the_same_answer_twice_is_harmless(taker: Taker) -> None:
    values = values_for(taker.make, taker.attempt, right=True)
    nonce = str(uuid4())
    for _ in range(2):
        taker.send(1, answer=values, nonce=nonce)
    assert taker.at() == 2
    told = taker.send(1, answer=values)
    assert told.status_code == 303  # type: ignore[attr-defined]
    assert taker.at() == 2
    quiet = taker.send(1, answer=values, go="stay")
    assert quiet.status_code == 409  # type: ignore[attr-defined]


def test_an_earlier_question_is_not_shown_again(taker: Taker) -> None:
    taker.send(1, answer=values_for(taker.make, taker.attempt, right=True))
    found = taker.browser.get(f"{taker.base}/1")
    assert found.status_code == 302
    assert taker.browser.get(f"{taker.base}/3").status_code == 404


def test_previous_and_mark_only_keep_the_draft(session: Session, taker: Taker) -> None:
    values = values_for(taker.make, taker.attempt, right=True)
    for go in ("previous", "mark", "stay"):
        taker.send(1, answer=values, go=go)
    assert taker.at() == 1
    folded = sheet.read(list(session.scalars(attempt_queries.events(taker.attempt.id))))
    assert folded.answered == {1}
    assert not folded.final
    assert not folded.marked


def test_before_finishing_early_it_says_what_that_means(taker: Taker) -> None:
    page = taker.browser.get(f"{taker.base}/overview").text
    assert "Question 1" not in page
    assert "at least 5" in page
    assert "Back to the question" in page


def test_a_whole_exam_over_http_ends_in_a_result(session: Session, taker: Taker) -> None:
    for position in range(1, 13):
        if taker.attempt.state is not AttemptState.OPEN:
            break
        taker.send(position, answer=values_for(taker.make, taker.attempt, right=True))
        session.refresh(taker.attempt)
    grading.grade(session, taker.attempt, now=clock.now(session))
    assert taker.attempt.state is AttemptState.PASSED
    page = taker.browser.get(f"{taker.base}/result").text
    assert "You passed" in page
    assert "whole bank" in page


def test_a_break_stops_the_clock_between_two_questions(taker: Taker, session: Session) -> None:
    taker.attempt.break_seconds = 300
    session.flush()
    taker.send(1, answer=values_for(taker.make, taker.attempt, right=True))
    taker.browser.post(f"{taker.base}/break")
    assert "Go on with the exam" in taker.browser.get(f"{taker.base}/2").text
    taker.browser.post(f"{taker.base}/back")
    assert taker.browser.get(f"{taker.base}/2").status_code == 200
    assert taker.at() == 2


def test_another_device_takes_over_at_the_same_question(taker: Taker, session: Session) -> None:
    taker.send(1, answer=values_for(taker.make, taker.attempt, right=True))
    taker.attempt.device = b"another"
    session.flush()
    assert "elsewhere" in taker.browser.get(f"{taker.base}/2").text or taker.at() == 2
    taker.browser.post(f"{taker.base}/here")
    assert taker.browser.get(f"{taker.base}/2").status_code == 200
    kinds = [one.kind for one in session.scalars(attempt_queries.events(taker.attempt.id))]
    assert kinds.count(EventKind.CHOSEN) == 2
