"""Papers about pay: tagged, numbered, equal to the database to the cent, the payee's own alone."""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy.orm import Session

from payouts import jobs
from payouts.models import PaperState, PayPaper
from payouts.service import papers
from portal import clock, files
from portal.accounts.models import Account
from portal.errors import Invalid
from portal.files.models import StoredFile
from portal.money import Money
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_a_statement_on_paper_says_what_the_database_says(
    session: Session, make: Make, now: datetime
) -> None:
    expert = make.expert(name="Amara Okafor")
    statement = make.statement(expert=expert, seconds=3 * 3600 + 725)
    paper = papers.of_statement(session, statement, now=now)
    assert papers.of_statement(session, statement, now=now) is paper
    for _ in range(2):
        jobs.set_paper(paper.id)
    session.refresh(paper)
    content = files.read(session.get_one(StoredFile, paper.file_id))
    read = PdfReader(io.BytesIO(content))
    text = " ".join("".join(page.extract_text() for page in read.pages).split())
    for said in ("Amara Okafor", "No. 1", "3 h 12 m 05 s × 38.50 = 123.25", "$123.25"):  # noqa: RUF001
        assert said in text
    root: Any = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert paper.state is PaperState.ISSUED


def test_a_year_sums_what_each_payer_earned_and_paid(session: Session, make: Make) -> None:
    expert = make.expert()
    now = clock.now(session)
    make.now = now
    make.statement(expert=expert)
    (row,) = papers.year_rows(session, expert.id, now.year)
    assert (row.earned, row.paid) == (Money(3850, "USD"), Money(0, "USD"))
    assert papers.year_rows(session, expert.id, now.year - 1) == []


def test_a_year_that_has_not_begun_has_no_paper(
    session: Session, make: Make, now: datetime
) -> None:
    for year in (now.year + 1, 1999):
        with pytest.raises(Invalid, match="not begun"):
            papers.of_year(session, make.expert(), year, now=now)


def test_a_paper_is_asked_for_and_fetched_by_its_payee_alone(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    expert = make.expert()
    statement = make.statement(expert=expert)
    page, client = f"/earnings/{statement.public_id}", sign_in(expert)
    assert "Make a PDF" in client.get(page).text
    assert client.post(f"{page}/pdf").status_code == 303
    assert "being set" in client.get(page).text
    paper = session.scalars(sa.select(PayPaper)).one()
    url = f"/earnings/papers/{paper.public_id}.pdf"
    assert client.get(url).status_code == 404
    jobs.set_paper(paper.id)
    session.expire_all()
    assert "Download (PDF)" in client.get(page).text
    assert client.get(url).data.startswith(b"%PDF")
    stranger = sign_in(make.expert(name="Somebody Else"))
    assert stranger.get(url).status_code == 404
    assert stranger.post(f"{page}/pdf").status_code == 404


def test_the_year_has_its_page(session: Session, make: Make, sign_in: SignIn) -> None:
    expert = make.expert()
    now = clock.now(session)
    make.now = now
    make.statement(expert=expert)
    client = sign_in(expert)
    assert "$38.50" in client.get(f"/earnings/years/{now.year}").text
    assert "Nothing in" in client.get(f"/earnings/years/{now.year - 1}").text
    assert client.get(f"/earnings/years/{now.year + 1}").status_code == 404
    assert client.post(f"/earnings/years/{now.year}/pdf").status_code == 303
    paper = session.scalars(sa.select(PayPaper)).one()
    jobs.set_paper(paper.id)
    session.expire_all()
    assert "Set it again" in client.get(f"/earnings/years/{now.year}").text
