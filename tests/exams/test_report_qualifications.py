"""The report's section on qualifications: what the database holds, to the last digit."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from exams import reporting
from exams.models import QualificationGrant
from exams.queries import attempts as queries
from exams.service import qualifications
from portal.access import Role
from portal.contributions import ReportSection
from portal.reports.document import environment
from tests.make import Make


def test_a_passed_exam_stands_in_the_report(session: Session, make: Make, now: datetime) -> None:
    account = make.applicant()
    attempt = make.graded(make.attempt(account), right=4)
    score = queries.score(session, attempt.id)
    found = reporting.section(session, account.id, now, now + timedelta(days=1))
    assert found
    assert score
    row = found["rows"][0]
    assert (row["score"], row["points"], row["pass_mark"]) == ("80.0 %", "4 of 5", "60.0 %")
    assert row["margin"] == f"{score.margin * 100:.1f} %"
    assert score.margin == 1.645 * score.standard_error / score.maximum


def test_what_was_taken_back_is_not_called_valid_any_longer(
    session: Session, make: Make, now: datetime
) -> None:
    account = make.applicant()
    make.graded(make.attempt(account), right=4)
    grant = session.scalars(select(QualificationGrant)).one()
    later = now + timedelta(days=9)
    boss = make.account(Role.MANAGER)
    before = reporting.section(session, account.id, now, later)
    qualifications.revoke(session, grant, by=boss.id, reason="It was shared.", now=later)
    after = reporting.section(session, account.id, now, later)
    assert before
    assert after
    assert before["rows"][0]["valid_until"] == grant.expires_at
    assert after["rows"][0]["valid_until"] == later


def test_an_exam_after_the_period_is_not_in_it(session: Session, make: Make, now: datetime) -> None:
    account = make.applicant()
    make.graded(make.attempt(account), right=5)
    assert reporting.section(session, account.id, now - timedelta(days=1), now) is None


def test_an_exam_below_the_mark_is_nobodys_business(
    session: Session, make: Make, now: datetime
) -> None:
    account = make.account(Role.EXPERT)
    make.platform_agreement()
    assert reporting.section(session, account.id, now, now + timedelta(days=1)) is None


def test_the_section_is_set_for_paper(session: Session, make: Make, now: datetime) -> None:
    account = make.applicant()
    make.graded(make.attempt(account), right=4)
    context = reporting.section(session, account.id, now, now + timedelta(days=1))
    assert context
    template = "exams/report_qualifications.html"
    part = ReportSection("qualifications", template, reporting.section, 10)
    text = environment((part,), "UTC").get_template(template).render(context)
    assert "80.0 % ±" in text
    assert "23 November 2028" in text
