"""An adaptive attempt's score: the ability on the frozen scale, as a share of the whole bank's points."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams import score_paper
from exams.models import (
    Attempt,
    AttemptScore,
    AttemptState,
    KeyStanding,
    QuestionKey,
    QuestionStatistic,
    QuestionType,
    QuestionVersion,
    Rescoring,
    RescoringCause,
    RescoringState,
    ScoreReport,
)
from exams.psychometrics.adaptive.table import Sittings, estimate
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.service import adaptive, attempts, grading, marking, rescoring, scale, score_reports
from portal import clock
from portal.access import Role
from tests.exams.adaptive_make import (
    answer,
    calibrated_exam,
    design_in_use,
    newest_position,
)
from tests.make import Make

Right = Callable[[int], bool]


def sat(make: Make, right: Right, *, most: int = 99, **rules: object) -> Attempt:
    """Somebody who answered so, at most so many questions, and was scored."""
    exam = calibrated_exam(make)
    design_in_use(make, exam, **rules)
    attempt = make.attempt(exam=exam)
    return scored(make, attempt, right, most=most)


def scored(make: Make, attempt: Attempt, right: Right, *, most: int = 99) -> Attempt:
    for position in range(1, most + 1):
        if attempt.state is not AttemptState.OPEN:
            break
        answer(make, attempt, right=right(position))
    later = attempt.started_at + timedelta(minutes=40)
    attempts.finish(make.session, attempt, now=later)
    grading.grade(make.session, attempt, now=later)
    make.session.flush()
    return attempt


def score_of(make: Make, attempt: Attempt) -> AttemptScore:
    found = attempt_queries.score(make.session, attempt.id)
    assert found is not None
    return found


def test_the_score_is_the_share_of_the_bank_that_the_ability_is_expected_to_earn(
    session: Session, make: Make
) -> None:
    attempt = sat(make, lambda position: position % 3 > 0, decide=None, standard_error=0.1)
    score = score_of(make, attempt)
    design = session.scalars(queries.in_use(attempt.exam_id)).one()
    frozen = adaptive.frozen(session, design)
    places = queries.drawn(session, attempt)
    points = marking.points_of(session, attempt)
    categories = [
        int(np.abs(frozen.levels[place] - one.earned).argmin())
        for place, one in zip(places, points, strict=True)
    ]
    found = estimate(frozen.test.table, Sittings.replay(frozen.test.table, places, categories))
    theta, se = float(found.theta[0]), float(found.se[0])
    step = 0.1  # a cell of the grid
    steep = (frozen.share(theta + step) - frozen.share(theta - step)) / (2 * step)
    assert score.raw / 100 == pytest.approx(frozen.share(theta))
    assert score.standard_error / 100 == pytest.approx(steep * se, rel=0.02)
    assert score.maximum == 100
    assert (score.answered, score.questions) == (8, 12)


def test_reaching_the_level_passes_and_missing_it_waits_for_a_person(make: Make) -> None:
    good = sat(make, lambda _: True)
    assert good.state is AttemptState.PASSED
    assert scale.of(score_of(make, good)).score >= 200
    poor = sat(make, lambda _: False)
    assert poor.state is AttemptState.BELOW
    assert scale.of(score_of(make, poor)).score < 200
    assert poor.review_due_at is not None


def test_one_lucky_answer_and_away_does_not_pass(make: Make) -> None:
    attempt = sat(make, lambda _: True, most=1, shortest=10)
    score = score_of(make, attempt)
    assert attempt.state is AttemptState.BELOW
    assert score.raw < 12
    assert score.questions == 1


def test_who_answers_nothing_is_told_nothing_was_shown(make: Make) -> None:
    attempt = sat(make, lambda _: True, most=0)
    score = score_of(make, attempt)
    assert (score.raw, score.questions, score.answered) == (0, 0, 0)
    assert attempt.state is AttemptState.BELOW
    assert scale.of(score).score == 100


def test_the_question_on_the_page_when_time_ran_out_counts_neither_way(make: Make) -> None:
    attempt = sat(make, lambda _: True, most=6, shortest=6, standard_error=0.1, decide=None)
    assert newest_position(make, attempt) == 7
    assert score_of(make, attempt).questions == 6


def test_the_points_are_the_same_when_scored_again(session: Session, make: Make) -> None:
    attempt = sat(make, lambda position: position % 2 == 0, most=6, shortest=8)
    before = [(one.position, one.earned) for one in marking.points_of(session, attempt)]
    again = marking.again(session, attempt, 1)
    assert [(one.position, one.earned) for one in again] == before
    found = adaptive.result(session, attempt, again)
    assert found.raw == score_of(make, attempt).raw


def test_questions_statistics_come_from_fixed_forms_only(session: Session, make: Make) -> None:
    sat(make, lambda _: True)
    assert session.scalar(sa.select(sa.func.count()).select_from(QuestionStatistic)) == 0


def voided(make: Make, version: QuestionVersion, cause: RescoringCause) -> Rescoring:
    """A rescoring, carried out."""
    session, now = make.session, make.now + timedelta(hours=2)
    asker, second = make.account(Role.MANAGER).id, make.account(Role.MANAGER).id
    made = rescoring.ask(session, version, cause=cause, reason="Wrong.", by=asker, now=now)
    rescoring.run(session, made, now=now)
    rescoring.approve(session, made, by=second, now=now)
    rescoring.run(session, made, now=now)
    assert made.state is RescoringState.DONE
    return made


def test_a_void_question_is_left_out_of_the_estimate(session: Session, make: Make) -> None:
    attempt = sat(make, lambda position: position != 2, decide=None, standard_error=0.1)
    first = score_of(make, attempt)
    version = session.scalars(attempt_queries.question_at(attempt.form_id, 2)).one()
    made = voided(make, version, RescoringCause.VOIDED)
    second = score_of(make, attempt)
    assert (made.difference or {})["higher"] == 1
    assert second.number == 2
    assert second.raw > first.raw
    assert (first.questions, second.questions) == (12, 11)
    told = score_reports.told(session, attempt)
    assert told is not None
    assert [one.id for one in told.changed] == [made.id]


def test_a_void_question_that_was_right_lowers_nobody(session: Session, make: Make) -> None:
    attempt = sat(make, lambda position: position == 2, decide=None, standard_error=0.1)
    first = score_of(make, attempt)
    version = session.scalars(attempt_queries.question_at(attempt.form_id, 2)).one()
    made = voided(make, version, RescoringCause.VOIDED)
    assert score_of(make, attempt).number == first.number == 1
    assert (made.difference or {})["lower"] == 0


def test_a_void_question_does_not_shorten_the_test(session: Session, make: Make) -> None:
    attempt = sat(make, lambda _: True, most=6, shortest=6, standard_error=0.1, decide=None)
    version = session.scalars(attempt_queries.question_at(attempt.form_id, 1)).one()
    points = [
        one if one.version_id != version.id else type(one)(**{**one.__dict__, "scored": False})
        for one in marking.points_of(session, attempt)
    ]
    found = adaptive.result(session, attempt, points)
    assert found.raw > 0.9 * score_of(make, attempt).raw


def test_the_score_report_says_how_it_came_about(session: Session, make: Make) -> None:
    attempt = sat(make, lambda _: True)
    report = score_reports.ask(session, attempt, now=clock.now(session))
    assert report is not None
    document = score_paper.compose(
        session, session.get_one(ScoreReport, report.id), now=clock.now(session)
    )
    assert "whole bank" in document.html
    assert "expected a posteriori" in document.html
    assert "You earned" not in document.html


def test_a_mended_key_is_scored_anew_and_takes_no_pass_away(session: Session, make: Make) -> None:
    attempt = sat(make, lambda _: True)
    first = score_of(make, attempt)
    version = session.scalars(
        attempt_queries.questions(attempt.form_id).where(
            QuestionVersion.type == QuestionType.NUMERIC
        )
    ).first() or pytest.fail("the test asked no number")
    mend(session, make, version)
    made = voided(make, version, RescoringCause.KEY_MENDED)
    second = score_of(make, attempt)
    assert (second.number, second.questions) == (2, first.questions)
    assert second.raw < first.raw
    assert (made.difference or {})["lower"] == 1
    assert attempt.state is AttemptState.PASSED


def mend(session: Session, make: Make, version: QuestionVersion) -> None:
    """Another number is right from now on, by an approved key."""
    author, approver = make.bank_people()
    key = {"value": 1e6, "tolerance": 0.5}
    session.add(
        QuestionKey(
            question_version_id=version.id,
            number=2,
            key=key,
            rationale="",
            difficulty=0.0,
            sha256=bytes(32),
            created_at=make.now,
        )
    )
    standing = KeyStanding(
        question_version_id=version.id, number=2, author_id=author, proposed_at=make.now
    )
    standing.approve(by=approver, now=make.now)
    session.add(standing)
    session.flush()
