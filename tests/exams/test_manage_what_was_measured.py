"""The manager's page of an exam: what a calibration found, for those whom the exam concerns."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams import calibration_jobs, measured, measured_drawings
from exams.models import Exam, ItemCalibration, QuestionStudy
from portal.access import Role
from portal.accounts.models import Account
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def exam(make: Make) -> Exam:
    return make.exam()


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration_jobs, "FEWEST", 8)
    monkeypatch.setattr("exams.psychometrics.form_analysis.FEWEST", 8)


@pytest.mark.usefixtures("few_are_enough")
def test_the_page_shows_exactness_and_questions_once_measured(
    session: Session, make: Make, exam: Exam, sign_in: SignIn
) -> None:
    for number in range(10):
        make.graded(make.attempt(exam=exam), right=(7 * number) % 6)
    session.commit()
    browser = sign_in(make.account(Role.MANAGER))
    path = f"/exams/manage/{exam.slug}"
    before = browser.get(path).text
    assert "How exactly it measures" not in before
    assert "too early to say" in before
    calibration_jobs.calibrate_forms(0)
    after = browser.get(path).text
    for words in ("How exactly it measures", "From 10 attempts.", "Reliability (alpha)", "1PL"):
        assert words in after
    assert "at the pass mark" in after
    assert "CANARY" not in after


def test_a_clients_manager_sees_no_exam_that_is_not_the_clients(
    session: Session, make: Make, exam: Exam, sign_in: SignIn
) -> None:
    theirs, ours = make.organisation(), make.organisation()
    stranger, manager = make.account(), make.account()
    make.grant(stranger, Role.MANAGER, organisation=theirs)
    make.grant(manager, Role.MANAGER, organisation=ours)
    exam.organisation_id = ours.id
    session.commit()
    assert exam.title in sign_in(manager).get("/exams").text
    assert sign_in(manager).get(f"/exams/manage/{exam.slug}").status_code == 200
    assert exam.title not in sign_in(stranger).get("/exams").text
    assert sign_in(stranger).get(f"/exams/manage/{exam.slug}").status_code == 404


def test_an_exam_of_the_platform_is_not_a_clients(make: Make, exam: Exam, sign_in: SignIn) -> None:
    theirs = make.account()
    make.grant(theirs, Role.MANAGER, organisation=make.organisation())
    assert sign_in(theirs).get(f"/exams/manage/{exam.slug}").status_code == 404
    assert sign_in(make.account(Role.MANAGER)).get(f"/exams/manage/{exam.slug}").status_code == 200


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"discrimination": -0.4, "discrimination_se": 0.05}, ["check the key"]),
        ({"discrimination": 0.05, "discrimination_se": 0.05}, ["too little"]),
        ({"discrimination": -0.05, "discrimination_se": 0.05}, ["too little"]),
        ({"share": 0.97}, ["nearly everybody"]),
        ({"share": 0.04}, ["hardly anybody"]),
        ({"fit_p": 0.0001}, ["do not follow"]),
        ({}, []),
    ],
)
def test_what_stands_out_of_a_question_is_said(
    app: Flask, values: dict[str, float], says: list[str]
) -> None:
    plain: dict[str, float | None] = {
        "share": 0.6,
        "discrimination": 0.4,
        "discrimination_se": 0.05,
    }
    with app.test_request_context():
        found = measured.remarks(_question(**{**plain, **values}))
    assert len(found) == len(says)
    assert all(word in one for word, one in zip(says, found, strict=True))


def test_information_at_the_mark_lies_between_its_neighbours() -> None:
    curve = [
        {"theta": t, "share": s, "information": i} for t, s, i in ((-1, 0.2, 1.0), (1, 0.8, 3.0))
    ]
    assert measured.at_cut(curve, 0.5) == pytest.approx(2.0)
    assert measured.at_cut(curve, 0.95) == 3.0
    assert measured.at_cut(curve, 0.1) == 1.0


@pytest.mark.parametrize(
    ("slope", "intercepts", "place"),
    [(2.0, [1.0], -0.5), (None, [0.0], None), (1.0, [1.0, 0.0], None)],
)
def test_difficulty_follows_from_parameters_that_were_taken_over(
    slope: float | None, intercepts: list[float], place: float | None
) -> None:
    found = _question(share=0.5, discrimination=0.4, discrimination_se=0.05)
    found.slope, found.intercepts = slope, intercepts
    assert measured_drawings.location(found, None) == place
    assert measured_drawings.location(None, None) is None


def test_difficulty_is_where_half_of_the_points_are_expected() -> None:
    found = _question(share=0.5, discrimination=0.4, discrimination_se=0.05)
    found.levels = [0.0, 1.0, 2.0]
    curve = [
        {"theta": -1.0, "shares": [0.8, 0.1, 0.1]},
        {"theta": 1.0, "shares": [0.1, 0.2, 0.7]},
    ]
    study = QuestionStudy(
        calibration_id=1, position=1, groups=[], curve=curve, options=[], infit=None, outfit=None
    )
    # 0.15 and 0.8 of the points: half lies 0.35 / 0.65 of the way.
    assert measured_drawings.location(found, study) == pytest.approx(-1 + 2 * 0.35 / 0.65)


def _question(**values: float | None) -> ItemCalibration:
    whole: dict[str, float | None] = {"share_se": 0.02, "fit_p": None, "median_seconds": None}
    whole |= values
    return ItemCalibration(
        calibration_id=1,
        position=1,
        question_version_id=1,
        answers=100,
        slope=1.0,
        slope_se=0.1,
        intercepts=[0.0],
        levels=[0.0, 1.0],
        left_out=None,
        **whole,
    )
