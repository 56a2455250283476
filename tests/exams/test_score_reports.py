"""The score report: the scale, areas that mean something, what can be contested, and the paper."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy.orm import Session

from exams import scoring_jobs
from exams.models import (
    Attempt,
    AttemptScore,
    Form,
    ResponseScore,
    ScoreReport,
    ScoreReportState,
    SubscoreStudy,
)
from exams.queries import attempts as queries
from exams.service import scale, score_reports
from portal import clock, files
from portal.accounts.models import Account
from portal.errors import Unavailable
from portal.files.models import StoredFile
from portal.reports.engine import to_pdf
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def scored(raw: float, cut: float, *, error: float = 1.0) -> AttemptScore:
    """A score out of ten points."""
    return AttemptScore(
        attempt_id=1,
        number=1,
        raw=raw,
        maximum=10.0,
        standard_error=error,
        method="m",
        cut=cut,
        passed=raw >= cut * 10 - 1e-9,
        answered=10,
        questions=10,
        areas={},
        scored_at=datetime.fromisoformat("2026-11-23T12:00Z"),
    )


@pytest.mark.parametrize(
    ("raw", "cut", "told"),
    [(0, 0.6, 100), (6, 0.6, 200), (10, 0.6, 300), (3, 0.6, 150), (8, 0.6, 250)],
)
def test_the_scale_is_straight_on_either_side_of_the_pass_mark(
    raw: float, cut: float, told: int
) -> None:
    assert scale.of(scored(raw, cut)).score == told


@given(st.floats(0, 10), st.floats(0.05, 1.0), st.floats(0, 4))
def test_the_scale_never_tells_the_other_side_of_the_pass_mark(
    raw: float, cut: float, error: float
) -> None:
    score = scored(raw, cut, error=error)
    told = scale.of(score)
    assert (told.score >= scale.CUT) is score.passed
    assert scale.LOWEST <= told.low <= told.high <= scale.HIGHEST
    assert told.low <= told.score + 1
    assert told.score <= told.high + 1


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 1.0))
def test_more_points_are_never_fewer_on_the_scale(one: float, other: float, cut: float) -> None:
    low, high = sorted([one, other])
    assert scale.scaled(low, cut) <= scale.scaled(high, cut) + 1e-9


def study(session: Session, attempt: Attempt, area: str, **changes: float) -> None:
    """What the worker found about an area."""
    found = {"attempts": 500, "reliability": 0.8, "prmse_subscore": 0.8, "prmse_total": 0.6}
    row = found | {"standard_error": 0.5} | changes
    now = attempt.started_at
    session.add(SubscoreStudy(form_id=attempt.form_id, area=area, computed_at=now, **row))  # type: ignore[arg-type]
    session.flush()


def areas(session: Session, attempt: Attempt) -> list[str]:
    """The areas that are told."""
    told = score_reports.told(session, attempt)
    assert told is not None
    assert told.silent is (len(told.areas) < 2)
    return [area.title for area in told.areas]


def test_areas_are_silent_until_they_are_studied(session: Session, make: Make) -> None:
    assert areas(session, make.graded(make.attempt(), right=5)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, True),
        ({"reliability": 0.69}, False),
        ({"prmse_total": 0.8}, False),
        ({"attempts": 99}, False),
    ],
)
def test_an_area_is_told_only_where_it_means_something(
    session: Session, make: Make, changes: dict[str, float], said: bool
) -> None:
    attempt = make.graded(make.attempt(), right=5)
    study(session, attempt, "policy", **changes)
    assert areas(session, attempt) == (["Applying policy"] if said else [])


def test_the_worker_studies_forms_that_enough_people_sat(
    session: Session, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exams.psychometrics.subscores.FEWEST", 12)
    exam = make.exam()
    for number in range(12):
        make.graded(make.attempt(exam=exam), right=number % 6)
    scoring_jobs.study_subscores(0)
    scoring_jobs.study_subscores(1)
    form = sa.select(Form.id).where(Form.exam_id == exam.id)
    found = session.scalars(
        sa.select(SubscoreStudy).where(SubscoreStudy.form_id.in_(form)).order_by("area")
    ).all()
    assert [(one.area, one.attempts) for one in found] == [("measurement", 12), ("policy", 12)]
    assert all(one.reliability <= 1 for one in found)


def test_a_form_that_few_people_sat_is_left_alone(session: Session, make: Make) -> None:
    make.graded(make.attempt(), right=3)
    scoring_jobs.study_subscores(0)
    assert session.scalar(sa.select(sa.func.count()).select_from(SubscoreStudy)) == 0


def test_the_page_says_the_scale_the_words_and_until_when_to_appeal(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account = make.applicant()
    attempt = make.graded(make.attempt(account), right=2)
    page = sign_in(account).get(f"/exams/{attempt.public_id}/result").text
    assert "nothing is decided yet" in page
    make.refused(attempt, now=make.now + timedelta(hours=1))
    page = sign_in(account).get(f"/exams/{attempt.public_id}/result").text
    assert "167 on a scale from 100 to 300" in page
    assert "You did not reach the pass mark this time." in page
    assert "the other way" in page  # the pass mark lies within the interval
    assert "You can appeal until 7 December 2026" in page


def test_a_paper_is_asked_for_once_and_issued(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    account = make.applicant()
    attempt = make.graded(make.attempt(account), right=5)
    browser, page = sign_in(account), f"/exams/{attempt.public_id}"
    for _ in range(2):
        browser.post(f"{page}/report")
    report = session.scalars(sa.select(ScoreReport)).one()
    assert browser.get(f"{page}/report.pdf").status_code == 404
    scoring_jobs.score_report(report.id)
    scoring_jobs.score_report(report.id)
    session.expire_all()
    assert report.state is ScoreReportState.ISSUED
    answer = browser.get(f"{page}/report.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert "Download the score report" in browser.get(f"{page}/result").text


def test_nobody_else_gets_the_paper(session: Session, sign_in: SignIn, make: Make) -> None:
    attempt = make.graded(make.attempt(), right=5)
    score_reports.ask(session, attempt, now=clock.now(session))
    stranger = sign_in(make.applicant())
    assert stranger.get(f"/exams/{attempt.public_id}/report.pdf").status_code == 404
    assert stranger.post(f"/exams/{attempt.public_id}/report").status_code == 404


def test_the_paper_is_tagged_and_says_what_the_page_says(
    session: Session, make: Make, now: datetime, app: object
) -> None:
    attempt = make.graded(make.attempt(), right=2)
    make.refused(attempt, now=now + timedelta(hours=1))
    study(session, attempt, "policy")
    report = score_reports.ask(session, attempt, now=now)
    assert report is not None
    session.flush()
    scoring_jobs.score_report(report.id)
    session.expire_all()
    paper = PdfReader(io.BytesIO(files.read(session.get_one(StoredFile, report.file_id))))
    root: Any = paper.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    text = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    for words in ("167", "pass mark, the same on every form", "Applying policy", "7 December 2026"):
        assert words in text
    assert "Models and measurement" not in text


def test_a_machine_without_pango_says_so_and_it_can_be_tried_again(
    session: Session, make: Make, now: datetime, monkeypatch: pytest.MonkeyPatch, app: object
) -> None:
    attempt = make.graded(make.attempt(), right=5)
    report = score_reports.ask(session, attempt, now=now)
    assert report is not None
    session.flush()

    def unavailable(*_: object) -> bytes:
        raise Unavailable("no pango here")

    monkeypatch.setattr(scoring_jobs, "to_pdf", unavailable)
    scoring_jobs.score_report(report.id)
    session.expire_all()
    assert (report.state, report.error) == (ScoreReportState.FAILED, "no pango here")
    monkeypatch.setattr(scoring_jobs, "to_pdf", to_pdf)
    assert score_reports.ask(session, attempt, now=now) is report
    scoring_jobs.score_report(report.id)
    session.expire_all()
    assert report.state is ScoreReportState.ISSUED


def test_the_time_at_each_question_is_kept_with_its_points(session: Session, make: Make) -> None:
    attempt = make.attempt()
    make.save(attempt, 1, ["1"], at=make.now + timedelta(seconds=75))
    make.save(attempt, 2, ["1"], at=make.now + timedelta(seconds=95))
    make.graded(attempt, right=0)
    rows = sa.select(ResponseScore.position, ResponseScore.seconds).where(
        ResponseScore.attempt_id == attempt.id
    )
    kept = {row.position: row.seconds for row in session.execute(rows)}
    assert kept == {1: 75.0, 2: 20.0, 3: None, 4: None, 5: None}
    assert queries.score(session, attempt.id) is not None
