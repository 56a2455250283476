"""Grading by people: blind, twice, adjudicated where it matters; waiting decides nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exams.models import (
    AttemptState,
    CaseState,
    Exam,
    Grade,
    GradingCase,
    QuestionVersion,
    ResponseScore,
    SeedDeviation,
    TextLikeness,
)
from exams.queries import agreement
from exams.queries import attempts as attempt_queries
from exams.queries import grading as grading_queries
from exams.service import attempts, grading, hand_grading, settling
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from portal.mail.models import MailMessage
from tests.exams.make import ESSAY, SINGLE, WRITING_SAMPLE
from tests.exams.texts import (
    HIGH,
    LATER,
    LOW,
    MIDDLE,
    TEXT,
    case_of,
    exam_with_a_text,
    finished,
    graded,
    written,
)
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_an_essay_waits_for_people_and_nothing_is_scored_meanwhile(
    session: Session, make: Make
) -> None:
    attempt = written(session, make, exam_with_a_text(make))
    assert attempt.state is AttemptState.FINISHED
    assert attempt_queries.score(session, attempt.id) is None
    case = case_of(session, attempt)
    assert (case.text, case.due_at) == (TEXT, make.now + LATER + timedelta(days=7))


def test_looking_again_opens_nothing_twice(session: Session, make: Make) -> None:
    attempt = written(session, make, exam_with_a_text(make))
    grading.grade(session, attempt, now=make.now + LATER)
    assert case_of(session, attempt)


def test_an_empty_essay_needs_nobody(session: Session, make: Make) -> None:
    attempt = make.attempt(exam=exam_with_a_text(make))
    attempts.finish(session, attempt, now=make.now + LATER)
    assert finished(session, make, attempt) is AttemptState.BELOW


def test_two_who_agree_settle_it_and_the_score_follows(session: Session, make: Make) -> None:
    attempt = written(session, make, exam_with_a_text(make))
    case = case_of(session, attempt)
    graded(session, make, case, HIGH, HIGH)
    assert case.state is CaseState.SETTLED
    assert finished(session, make, attempt) is AttemptState.PASSED
    score = attempt_queries.score(session, attempt.id)
    assert score
    assert (score.raw, score.maximum) == (4, 5)


def test_one_band_apart_is_the_mean_where_the_cut_is_not_between(
    session: Session, make: Make
) -> None:
    attempt = written(session, make, exam_with_a_text(make, cut=0.3))
    case = case_of(session, attempt)
    graded(session, make, case, HIGH, HIGH | {"tone": 1})
    assert case.bands == {"reasoning": 2, "tone": 1.5}
    finished(session, make, attempt)
    earned = session.scalars(sa.select(ResponseScore.earned).order_by(ResponseScore.earned)).all()
    assert max(earned) == pytest.approx(4 * (2 * 1 + 0.75) / 3)


def test_more_than_a_band_apart_goes_to_a_third_person(session: Session, make: Make) -> None:
    attempt = written(session, make, exam_with_a_text(make, cut=0.05))
    case = case_of(session, attempt)
    graded(session, make, case, HIGH, {"reasoning": 0, "tone": 2})
    assert case.state is CaseState.ADJUDICATION
    graded(session, make, case, MIDDLE, adjudicates=True)
    assert (case.state, case.bands) == (CaseState.SETTLED, MIDDLE)


def test_grades_on_both_sides_of_the_cut_go_to_a_third_person(session: Session, make: Make) -> None:
    attempt = written(session, make, exam_with_a_text(make, cut=0.6))
    case = case_of(session, attempt)
    graded(session, make, case, HIGH, {"reasoning": 1, "tone": 2})  # 4 of 5, and 2.67 of 5
    assert case.state is CaseState.ADJUDICATION
    assert attempt.state is AttemptState.FINISHED


def test_the_same_grades_away_from_the_cut_are_settled(session: Session, make: Make) -> None:
    attempt = written(session, make, exam_with_a_text(make, cut=0.9))
    case = case_of(session, attempt)
    graded(session, make, case, HIGH, {"reasoning": 1, "tone": 2})
    assert case.state is CaseState.SETTLED


def test_two_essays_that_straddle_only_together_both_go(session: Session, make: Make) -> None:
    second = ESSAY | {"slug": "why-not", "stem": "Explain the opposite."}
    exam = make.exam_of(ESSAY, second, cut=0.7)
    attempt = make.attempt(None, exam)
    for position in (1, 2):
        make.save(attempt, position, [TEXT + str(position)])
    attempts.finish(session, attempt, now=make.now + LATER)
    grading.grade(session, attempt, now=make.now + LATER)
    cases = session.scalars(
        sa.select(GradingCase).where(GradingCase.attempt_id == attempt.id)
    ).all()
    pair = ({"reasoning": 2, "tone": 1}, {"reasoning": 1, "tone": 1})
    graded(session, make, cases[0], *pair)
    assert cases[0].state is CaseState.OPEN  # the other essay could still decide
    graded(session, make, cases[1], *pair)
    assert {case.state for case in cases} == {CaseState.ADJUDICATION}


def test_run_twice_a_grade_changes_nothing(session: Session, make: Make) -> None:
    case = case_of(session, written(session, make, exam_with_a_text(make)))
    grades = graded(session, make, case, HIGH, HIGH)
    settled = case.settled_at
    settling.grades_in(session, grades[1], now=make.now + timedelta(days=1))
    assert case.settled_at == settled


def test_a_grader_gets_only_texts_of_others_and_each_once(
    session: Session, make: Make, now: datetime
) -> None:
    exam, author = exam_with_a_text(make), make.applicant()
    make.grant(author, Role.REVIEWER)
    written(session, make, exam, account=author)
    assert hand_grading.draw(session, author.id, now=now) is None
    grader = make.account(Role.REVIEWER)
    grade = hand_grading.draw(session, grader.id, now=now)
    assert grade
    assert hand_grading.draw(session, grader.id, now=now) is grade
    hand_grading.give(session, grade, bands=HIGH, comment="", now=now)
    assert hand_grading.draw(session, grader.id, now=now) is None


def test_a_text_has_two_graders_and_no_third(session: Session, make: Make, now: datetime) -> None:
    written(session, make, exam_with_a_text(make))
    people = [make.account(Role.REVIEWER).id for _ in range(3)]
    drawn = [hand_grading.draw(session, one, now=now) for one in people]
    assert [grade is not None for grade in drawn] == [True, True, False]


def test_the_database_refuses_a_third_blind_grader_and_ones_own_text(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = written(session, make, exam_with_a_text(make))
    case = case_of(session, attempt)
    for grader, message in ((attempt.account_id, "their own text"), (None, "two graders")):
        if grader is None:
            graded(session, make, case, HIGH, HIGH)
        grade = sa.insert(Grade).values(
            public_id=random_id(),
            case_id=case.id,
            grader_id=grader or make.account().id,
            adjudicates=False,
            taken_at=now,
            comment="",
        )
        with pytest.raises(DBAPIError, match=message), session.begin_nested():
            session.execute(grade)


def test_a_grade_that_was_given_is_never_changed(session: Session, make: Make) -> None:
    case = case_of(session, written(session, make, exam_with_a_text(make)))
    grade = graded(session, make, case, HIGH)[0]
    with pytest.raises(Conflict):
        hand_grading.give(session, grade, bands=LOW, comment="", now=make.now)
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(sa.update(Grade).where(Grade.id == grade.id).values(comment="No."))


def test_texts_come_to_each_grader_in_an_order_of_their_own(
    session: Session, make: Make, now: datetime
) -> None:
    exam = exam_with_a_text(make)
    for number in range(5):
        written(session, make, exam, text=f"{TEXT} {number}")
    orders = []
    for _ in range(6):
        grader = make.account(Role.REVIEWER).id
        query = grading_queries.to_grade(grader, order=0)
        order = [case.id for case in session.scalars(query)]
        orders.append(tuple(order))
    assert len(set(orders)) > 1


def test_what_somebody_left_open_is_free_again_after_two_days(
    session: Session, make: Make, now: datetime
) -> None:
    written(session, make, exam_with_a_text(make))
    for _ in range(2):
        assert hand_grading.draw(session, make.account(Role.REVIEWER).id, now=now)
    other = make.account(Role.REVIEWER).id
    assert hand_grading.draw(session, other, now=now) is None
    hand_grading.release_overdue(session, now=now + timedelta(days=2, seconds=1))
    assert hand_grading.draw(session, other, now=now) is not None


def test_a_clock_that_runs_out_names_somebody_and_decides_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = written(session, make, exam_with_a_text(make))
    case = case_of(session, attempt)
    make.account(Role.REVIEWER)
    late = now + timedelta(days=8)
    hand_grading.hand_over_overdue(session, now=late)
    first = case.named_id
    assert first is not None
    assert (case.state, attempt.state) == (CaseState.OPEN, AttemptState.FINISHED)
    make.account(Role.REVIEWER)
    hand_grading.hand_over_overdue(session, now=late + timedelta(days=3))
    assert case.named_id not in {None, first}
    letters = session.scalars(sa.select(MailMessage.subject)).all()
    assert letters.count("A text to grade waits for you") == 2


def test_whoever_is_named_gets_that_text_first(session: Session, make: Make, now: datetime) -> None:
    exam = exam_with_a_text(make)
    for number in range(4):
        written(session, make, exam, text=f"{TEXT} {number}")
    grader = make.account(Role.REVIEWER)
    case = session.scalars(sa.select(GradingCase).order_by(GradingCase.id.desc())).first()
    assert case
    case.hand_over(named_id=grader.id, due_at=now + timedelta(days=2))
    session.flush()
    grade = hand_grading.draw(session, grader.id, now=now)
    assert grade
    assert grade.case_id == case.id


@pytest.mark.parametrize("bands", [{"reasoning": 1}, {"reasoning": 3, "tone": 0}, {}])
def test_every_criterion_needs_one_of_its_bands(
    session: Session, make: Make, bands: dict[str, int]
) -> None:
    case = case_of(session, written(session, make, exam_with_a_text(make)))
    with pytest.raises(Invalid):
        graded(session, make, case, bands)


def _planted(session: Session, make: Make, exam: Exam) -> GradingCase:
    version = session.scalars(
        sa.select(QuestionVersion)
        .where(QuestionVersion.type == "essay")
        .order_by(QuestionVersion.id.desc())
    ).first()
    assert version
    return hand_grading.plant(session, version, text="A planted text.", bands=MIDDLE, now=make.now)


def test_a_seed_measures_the_grader_and_nobody_else(session: Session, make: Make) -> None:
    exam = exam_with_a_text(make)
    case = _planted(session, make, exam)
    graded(session, make, case, HIGH, MIDDLE, {"reasoning": 1, "tone": 0})
    found = session.scalars(sa.select(SeedDeviation).order_by(SeedDeviation.grade_id)).all()
    assert [one.bands for one in found] == [
        {"reasoning": 1, "tone": 1},
        {"reasoning": 0, "tone": 0},
        {"reasoning": 0, "tone": -1},
    ]
    assert case.state is CaseState.OPEN
    drifts = agreement.of_graders(session, exam.id)
    assert [one.drift.mean for one in drifts] == [1, 0, -0.5]


def test_about_one_text_in_ten_is_a_seed(session: Session, make: Make, now: datetime) -> None:
    exam = exam_with_a_text(make)
    written(session, make, exam)
    seeds = {_planted(session, make, exam).id for _ in range(2)}
    drawn = []
    for _ in range(60):
        chosen = hand_grading._chosen(session, make.account(Role.REVIEWER).id)
        assert chosen
        drawn.append(chosen.id in seeds)
    assert 0 < sum(drawn) < 20


def test_what_was_agreed_on_a_seed_is_not_for_the_web(session: Session, make: Make) -> None:
    granted = session.scalars(
        sa.text(
            "SELECT privilege_type FROM information_schema.table_privileges"
            " WHERE grantee = 'touchstone_app' AND table_name = 'seed_grade'"
        )
    )
    assert set(granted) == {"INSERT"}


def test_agreement_is_computed_over_texts_graded_twice(session: Session, make: Make) -> None:
    exam = exam_with_a_text(make, cut=0.05)
    for pair in ((HIGH, HIGH), (MIDDLE, MIDDLE), (LOW, MIDDLE)):
        graded(session, make, case_of(session, written(session, make, exam)), *pair)
    graded(session, make, case_of(session, written(session, make, exam)), HIGH)
    found = {one.title: one.agreement for one in agreement.on_criteria(session, exam.id)}
    assert {one.pairs for one in found.values()} == {3}
    assert found["The reason rests on the clause"].kappa == pytest.approx(2 / 3)


def test_a_copied_sample_is_evidence_and_changes_no_score(session: Session, make: Make) -> None:
    exam = make.exam_of(WRITING_SAMPLE, SINGLE)
    first = written(session, make, exam)
    second = written(session, make, exam, text="By the way: " + TEXT)
    written(session, make, exam, text="Nothing of this was said by anybody else at all, ever.")
    found = session.scalars(sa.select(TextLikeness)).one()
    assert (found.attempt_id, found.other_attempt_id) == (second.id, first.id)
    assert found.share > 0.9
    for attempt in (first, second):
        graded(session, make, case_of(session, attempt), HIGH, HIGH)
        assert finished(session, make, attempt) is AttemptState.PASSED


def test_ones_own_earlier_sample_is_nobodys_copy(session: Session, make: Make) -> None:
    account = make.applicant()
    one, other = make.exam_of(WRITING_SAMPLE, SINGLE), make.exam_of(WRITING_SAMPLE, SINGLE)
    for exam in (one, other):
        written(session, make, exam, account=account)
    assert session.scalar(sa.select(sa.func.count()).select_from(TextLikeness)) == 0
