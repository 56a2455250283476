"""Asking for a performance report, issuing it, reading it, checking the paper."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import files
from portal.access import Role
from portal.accounts.models import Account
from portal.contributions import ReportSection, installed
from portal.db import reading
from portal.errors import Conflict, NotFound
from portal.files import StoredFile
from portal.reports import jobs, service
from portal.reports.engine import RenderingFailed
from portal.reports.models import Report, ReportState
from portal.reports.periods import Period, parse
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
_PERIOD = parse("2026-10")


def _section(session: Session, account_id: int, start: datetime, end: datetime) -> dict[str, Any]:
    return {"headline": [("7,391", "figures of the tests")], "methods": ["Counted by hand."]}


@pytest.fixture
def report(app: Flask, session: Session, make: Make, now: datetime) -> Report:
    expert = make.account(Role.EXPERT, name="Amara <Okafor>")
    return _ask(session, expert, now)


@pytest.fixture
def a_section(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    section = ReportSection("figures", "tests/figures.html", _section, 1)
    monkeypatch.setattr(installed(), "report_sections", [section])


def test_a_worker_issues_the_report_with_its_numbers(
    report: Report, a_section: None, session: Session
) -> None:
    jobs.render_report(report.id)
    session.expire_all()
    assert report.state is ReportState.ISSUED
    text = _text_of(session, report)
    assert "7,391" in text
    assert "Amara <Okafor>" in text
    assert "Counted by hand." in text
    assert "1 October 2026 to 31 October 2026" in text
    assert report.snapshot is not None
    assert report.snapshot.hex()[:8] in text


def test_running_the_job_twice_issues_one_report(report: Report, session: Session) -> None:
    jobs.render_report(report.id)
    session.expire_all()
    issued = report.issued_at
    jobs.render_report(report.id)
    session.expire_all()
    assert report.issued_at == issued


def test_the_same_numbers_have_the_same_snapshot(
    report: Report, session: Session, now: datetime
) -> None:
    later = service.compose(session, report, now=now + timedelta(days=1))
    assert later.snapshot == service.compose(session, report, now=now).snapshot


def test_a_renderer_that_breaks_leaves_the_report_waiting(
    report: Report, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(html: str, given: object) -> bytes:
        raise RenderingFailed("it broke")

    monkeypatch.setattr(jobs, "to_pdf", broken)
    with pytest.raises(RenderingFailed):
        jobs.render_report(report.id)
    session.expire_all()
    assert report.state is ReportState.WAITING


def test_an_expert_asks_for_their_own_report_and_fetches_it(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    expert = make.account(Role.EXPERT)
    browser = sign_in(expert)
    answer = browser.post(f"/reports/expert/{expert.public_id}", data={"period": "2026-10"})
    assert answer.status_code == 303
    assert "being made" in browser.get(answer.location).text
    jobs.render_report(session.scalars(sa.select(Report.id)).one())
    assert "Download the PDF" in browser.get(answer.location).text
    fetched = browser.get(answer.location + ".pdf")
    assert fetched.data.startswith(b"%PDF-")
    assert "attachment" in fetched.headers["Content-Disposition"]


def test_another_experts_report_is_not_there(report: Report, make: Make, sign_in: SignIn) -> None:
    browser = sign_in(make.account(Role.EXPERT))
    for ending in ("", ".pdf"):
        assert browser.get(f"/reports/{report.public_id}{ending}").status_code == 404


def test_an_expert_cannot_ask_for_somebody_elses(make: Make, sign_in: SignIn) -> None:
    browser = sign_in(make.account(Role.EXPERT))
    other = make.account(Role.EXPERT)
    answer = browser.post(f"/reports/expert/{other.public_id}", data={"period": "2026-10"})
    assert answer.status_code == 404


def test_a_period_that_is_none_is_refused(make: Make, sign_in: SignIn) -> None:
    expert = make.account(Role.EXPERT)
    answer = sign_in(expert).post(f"/reports/expert/{expert.public_id}", data={"period": "soon"})
    assert answer.status_code == 422
    assert "is not a period" in answer.text


def test_whoever_holds_the_paper_learns_that_it_is_ours_and_nothing_else(
    report: Report, client: FlaskClient, session: Session
) -> None:
    address = f"/reports/verify/{report.public_id}"
    assert client.get(address).status_code == 404
    jobs.render_report(report.id)
    page = client.get(address)
    assert page.status_code == 200
    assert "Amara" not in page.text


def test_a_person_is_found_by_e_mail_or_public_id(session: Session, make: Make) -> None:
    someone = make.account(email="someone@example.org")
    assert service.find_person(session, "Someone@Example.org ") is someone
    assert service.find_person(session, str(someone.public_id)) is someone
    with pytest.raises(NotFound, match=r"nobody@example\.org"):
        service.find_person(session, "nobody@example.org")


def test_an_issued_report_cannot_fail_any_more(report: Report, session: Session) -> None:
    jobs.render_report(report.id)
    session.expire_all()
    with pytest.raises(Conflict):
        report.fail(error="too late")


def test_the_database_refuses_an_issued_report_without_its_file(
    report: Report, session: Session
) -> None:
    report.state = ReportState.ISSUED
    with pytest.raises(IntegrityError, match="issued_has_file"):
        session.flush()


def _ask(session: Session, expert: Account, now: datetime, period: Period = _PERIOD) -> Report:
    asked = service.request_report(
        session, account=expert, period=period, requested_by=expert.id, now=now
    )
    session.flush()
    return asked


def _text_of(session: Session, report: Report) -> str:
    with reading() as reader:
        stored = reader.get_one(StoredFile, report.file_id)
        pdf = PdfReader(io.BytesIO(files.read(stored)))
    return "\n".join(page.extract_text() for page in pdf.pages)
