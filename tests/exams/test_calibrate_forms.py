"""A form's calibration: kept with its inputs, never changed, told only where enough people sat."""

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exams import calibration_jobs
from exams.models import Exam, FormCalibration, ItemCalibration, QuestionStudy
from tests.make import Make


@pytest.fixture
def exam(make: Make) -> Exam:
    return make.exam()


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration_jobs, "FEWEST", 8)
    monkeypatch.setattr("exams.psychometrics.form_analysis.FEWEST", 8)


@pytest.mark.usefixtures("few_are_enough")
def test_a_form_is_calibrated_once_for_the_same_attempts(
    session: Session, make: Make, exam: Exam
) -> None:
    _sat(session, make, exam, people=9)
    calibration_jobs.calibrate_forms(0)
    calibration_jobs.calibrate_forms(0)
    found = session.scalars(sa.select(FormCalibration)).one()
    assert found.attempts == 9
    questions = session.scalars(sa.select(ItemCalibration).order_by(ItemCalibration.position)).all()
    assert [one.position for one in questions] == list(range(1, len(questions) + 1))
    assert {one.answers for one in questions} == {9}
    assert all((one.slope is None) == (one.left_out is not None) for one in questions)
    assert "too few" in " ".join(found.notes)


@pytest.mark.usefixtures("few_are_enough")
def test_each_question_gets_its_points_and_who_chose_what(
    session: Session, make: Make, exam: Exam
) -> None:
    _sat(session, make, exam, people=9)
    calibration_jobs.calibrate_forms(0)
    calibration_jobs.calibrate_forms(0)
    found = session.scalars(sa.select(QuestionStudy).order_by(QuestionStudy.position)).all()
    assert [one.position for one in found] == [1, 2, 3, 4, 5]
    assert [sum(group["people"] for group in one.groups) for one in found] == [9] * 5
    single = next(one for one in found if {row["option"] for row in one.options} == {*"abcd", ""})
    assert sum(row["chosen"] for row in single.options) == 9
    right = next(row for row in single.options if row["option"] == "b")
    assert right["chosen"] + single.options[-1]["chosen"] == 9
    assert all(len(row["by_group"]) == len(single.groups) for row in single.options)
    written = [one for one in found if not one.options]
    assert len(written) == 1  # the number that is typed
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(sa.update(QuestionStudy).values(infit=1.0))


@pytest.mark.usefixtures("few_are_enough")
def test_another_attempt_gives_another_row_and_keeps_the_first(
    session: Session, make: Make, exam: Exam
) -> None:
    _sat(session, make, exam, people=8)
    calibration_jobs.calibrate_forms(0)
    _sat(session, make, exam, people=1)
    calibration_jobs.calibrate_forms(0)
    attempts = session.scalars(
        sa.select(FormCalibration.attempts).order_by(FormCalibration.id)
    ).all()
    assert attempts == [8, 9]


def test_too_few_people_give_none(session: Session, make: Make, exam: Exam) -> None:
    _sat(session, make, exam, people=2)
    calibration_jobs.calibrate_forms(0)
    assert session.scalar(sa.select(FormCalibration)) is None


@pytest.mark.usefixtures("few_are_enough")
def test_a_calibration_is_never_changed(session: Session, make: Make, exam: Exam) -> None:
    _sat(session, make, exam, people=8)
    calibration_jobs.calibrate_forms(0)
    found = session.scalars(sa.select(FormCalibration)).one()
    found.attempts = 80
    with pytest.raises(DBAPIError):
        session.flush()
    session.rollback()


@pytest.mark.usefixtures("few_are_enough")
def test_the_numbers_of_a_question_are_those_of_its_answers(
    session: Session, make: Make, exam: Exam
) -> None:
    rights = _sat(session, make, exam, people=12)
    calibration_jobs.calibrate_forms(0)
    first = session.scalars(sa.select(ItemCalibration).where(ItemCalibration.position == 1)).one()
    assert first.share == pytest.approx(np.mean([right >= 1 for right in rights]))


def _sat(session: Session, make: Make, exam: Exam, *, people: int) -> list[int]:
    """People who answer the first few questions rightly, in turn from none to five."""
    rights = [(7 * number) % 6 for number in range(people)]
    for right in rights:
        make.graded(make.attempt(exam=exam), right=right)
    session.commit()
    return rights
