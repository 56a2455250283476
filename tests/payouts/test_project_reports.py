"""A project on paper: its numbers are the database's, nobody is named, nobody's pay is in it."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts import cli, jobs
from payouts.models import PaperState, ProjectReport, StatementLine
from payouts.service import project_reports, statements
from portal import connections, files
from portal.access import Role
from portal.accounts.models import Account, Organisation
from portal.errors import Invalid, Unavailable
from portal.files import StoredFile
from portal.ids import random_id
from portal.money import Money, format_money
from portal.reports.cli import report as commands
from portal.reports.periods import parse
from tasks.models import Assignment, Enrolment, Judgment, Project, Task
from tasks.project_reporting import agreement, work
from tasks.quality.share import share_right
from tasks.queries import time as time_queries
from tasks.service import claim, clock, gold, judge, timesheets
from tests.make import Make
from tests.tasks.test_gold import hold

SignIn = Callable[[Account], FlaskClient]
PERIOD = parse("2026-11")
LATER = datetime(2026, 12, 2, 12, tzinfo=UTC)
NAMES = ("Kwame Mensah", "Priya Raman")


@pytest.fixture
def project(session: Session, make: Make) -> Project:
    """Two experts agreed on two of three tasks, met twelve check tasks, and were paid for two hours."""
    made = make.project(tasks=3, overlap=2)
    first, second = (make.expert(name=name) for name in NAMES)
    for expert, choices in ((first, "aab"), (second, "aaa")):
        _work(session, make, made, expert, choices)
    for number, task in enumerate(make.gold(made, choice="a", count=12)):
        _checked(session, make, made, first, task, right=number > 0)
    return made


def test_the_figures_are_those_of_the_database(session: Session, project: Project) -> None:
    found = work(session, project, start=PERIOD.start, end=PERIOD.end)
    assert (found.judgments, found.tasks, found.seconds) == (6, 3, 7200.0)
    assert (found.share.right, found.share.judged) == (11, 12)
    assert found.agreement.judged == 3
    assert dict(found.labels).keys() == {"a", "b"} or sum(dict(found.labels).values()) == 6
    assert sum(count for _week, count in found.weeks) == 6
    assert found.per_hour == pytest.approx(3.0)


def test_what_lies_outside_the_period_is_not_counted(session: Session, project: Project) -> None:
    found = work(session, project, start=PERIOD.start - timedelta(days=31), end=PERIOD.start)
    assert (found.judgments, found.seconds, found.people) == (0, 0.0, [])
    assert found.per_hour is None


def test_agreement_is_the_mean_share_of_pairs_that_say_the_same() -> None:
    tasks = [["a", "a"], ["a", "b"], ["a", "a", "b"], ["b"]] + [["a", "a"]] * 8
    found = agreement(tasks)
    assert found.judged == 11
    assert found.point == pytest.approx((9 + 1 / 3) / 11)
    assert agreement([["a", "a"]]).point is None
    assert agreement([]).judged == 0


def test_the_paper_says_the_same_numbers(session: Session, project: Project) -> None:
    text = _set(session, project)
    cost = session.scalar(
        sa.select(sa.func.sum(StatementLine.amount_minor)).where(
            StatementLine.project_id == project.id
        )
    )
    judged = session.scalar(sa.select(sa.func.count()).select_from(Judgment))
    assert judged == 6 + 12
    assert "6 judgments on 3 tasks." in text
    assert "2 h 00 m 00 s credited" in text
    assert f"cost {format_money(Money(int(cost or 0), 'USD'), 'en_US')}" in text
    assert "11 right of 12 check tasks" in text
    share = share_right(11, 12)
    assert f"{round((share.point or 0) * 100)} %" in text
    assert "3.0 judgments an hour" in text


def test_experts_are_in_it_by_pseudonym_and_without_pay(session: Session, project: Project) -> None:
    text = _set(session, project)
    for pseudonym in session.scalars(sa.select(Enrolment.pseudonym)):
        assert pseudonym in text
    for account in session.scalars(sa.select(Account)):
        assert account.display_name not in text
        assert account.email not in text
    each = session.scalars(sa.select(StatementLine.amount_minor)).all()
    assert len(each) == 2
    assert not any(format_money(Money(minor, "USD"), "en_US") in text for minor in each)


def test_it_is_tagged_and_has_a_title(session: Session, project: Project) -> None:
    pdf = _pdf(session, project)
    assert "/StructTreeRoot" in pdf.root_object
    assert pdf.metadata is not None
    assert project.title in (pdf.metadata.title or "")


def test_the_same_numbers_make_the_same_snapshot(session: Session, project: Project) -> None:
    first, again = (_asked(session, project) for _each in range(2))
    one = project_reports.compose(session, first, now=LATER)
    two = project_reports.compose(session, again, now=LATER + timedelta(days=1))
    assert one.snapshot == two.snapshot
    later = Make(session, LATER - timedelta(days=3))
    later.tasks(project, 1)
    _work(session, later, project, later.expert(name="Sofia Lindqvist"), "b")
    assert project_reports.compose(session, first, now=LATER).snapshot != one.snapshot


def test_an_empty_period_says_so(session: Session, make: Make) -> None:
    text = _set(session, make.project())
    assert "Nothing was judged in this period." in text
    assert "too early to say" in text


def test_today_is_in_no_report(session: Session, project: Project, now: datetime) -> None:
    by = _manager(session)
    made = project_reports.ask(session, project, PERIOD, by=by, now=now)
    assert made.period_end == now.replace(hour=0)
    with pytest.raises(Invalid, match="up to yesterday"):
        project_reports.ask(session, project, parse("2027-01"), by=by, now=now)


def test_setting_it_twice_keeps_the_first_and_a_missing_library_is_said(
    session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, other = _asked(session, project), _asked(session, project)
    session.commit()
    for _each in range(2):
        jobs.set_project_report(made.id)
    session.refresh(made)
    assert (made.state, made.error) == (PaperState.ISSUED, None)

    def missing(*_: object) -> bytes:
        raise Unavailable("No pango on this machine.")

    monkeypatch.setattr(jobs, "to_pdf", missing)
    jobs.set_project_report(other.id)
    session.refresh(other)
    assert (other.state, other.error) == (PaperState.FAILED, "No pango on this machine.")


def test_the_database_wants_the_file_of_what_was_issued(session: Session, project: Project) -> None:
    made = _asked(session, project)
    made.state = PaperState.ISSUED
    with pytest.raises(IntegrityError, match="issued_has_file"):
        session.flush()


def test_a_manager_and_the_clients_reader_ask_and_fetch_it(
    session: Session, make: Make, project: Project, sign_in: SignIn
) -> None:
    reader = make.account()
    ours = session.get_one(Organisation, project.organisation_id)
    make.grant(reader, Role.CLIENT_READER, organisation=ours)
    url = f"/project-reports/{project.slug}"
    for person in (make.account(Role.MANAGER), reader):
        client = sign_in(person)
        assert url in client.get("/project-reports/").text
        assert "Make the report" in client.get(url).text
        assert client.post(url, data={"period": "soon"}).status_code == 422
        assert client.post(url, data={"period": "2026-10"}).status_code == 303
        newest = sa.select(ProjectReport).order_by(ProjectReport.id.desc()).limit(1)
        made = session.scalars(newest).one()
        assert "being made" in client.get(url).text
        assert client.get(f"/project-reports/{made.public_id}.pdf").status_code == 404
        session.commit()
        jobs.set_project_report(made.id)
        assert "Download the PDF" in client.get(url).text
        fetched = client.get(f"/project-reports/{made.public_id}.pdf")
        assert fetched.data.startswith(b"%PDF-")


def test_another_clients_reader_finds_nothing(
    session: Session, make: Make, project: Project, sign_in: SignIn
) -> None:
    made = _asked(session, project)
    session.commit()
    jobs.set_project_report(made.id)
    theirs = make.account()
    make.grant(theirs, Role.CLIENT_READER, organisation=make.organisation())
    client = sign_in(theirs)
    assert project.title not in client.get("/project-reports/").text
    for url in (f"/project-reports/{project.slug}", f"/project-reports/{made.public_id}.pdf"):
        assert client.get(url).status_code == 404
    asked = client.post(f"/project-reports/{project.slug}", data={"period": "2026-10"})
    assert asked.status_code == 404


def test_the_command_writes_the_file_and_records_it(
    session: Session, make: Make, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "as_worker", lambda: None)
    assert cli.project_report in commands.commands.values()
    make.account(Role.MANAGER)
    session.commit()
    out = tmp_path / "report.pdf"
    asked = ["project", project.slug, "--period", "2026-10", "-o", str(out)]
    done = CliRunner().invoke(commands, asked)
    assert done.exit_code == 0, done.output
    assert out.read_bytes().startswith(b"%PDF-")
    assert session.scalars(sa.select(ProjectReport.state)).all() == [PaperState.ISSUED]
    unknown = CliRunner().invoke(commands, ["project", "nowhere", *asked[2:]])
    assert unknown.exit_code == 1
    assert "There is no project" in unknown.output


def _work(session: Session, make: Make, project: Project, expert: Account, choices: str) -> None:
    """An hour on the clock with these answers to ordinary tasks, approved and on a statement."""
    live = make.work_session(project=project, expert=expert)
    for choice in choices:
        found = claim.claim_in_project(
            session, expert_id=expert.id, project=project, public_id=random_id(), now=make.now
        )
        assert isinstance(found, Assignment)
        judge.judge(session, found, {"choice": f"{choice}2"}, now=make.now)
    end = make.worked(live, seconds=3600)
    clock.stop(session, live, now=end)
    for sheet in session.scalars(time_queries.timesheets_of(expert.id)):
        timesheets.submit(session, sheet, now=end)
        timesheets.approve(session, sheet, by=make.account(Role.MANAGER).id, now=end)
    statements.draw(session, expert_id=expert.id, now=end)


def _checked(
    session: Session, make: Make, project: Project, expert: Account, task: Task, *, right: bool
) -> None:
    """An answer to a check task, and its score."""
    held = hold(session, make, project, expert, task)
    judgment = judge.judge(session, held, {"choice": "a2" if right else "b2"}, now=make.now)
    gold.score(session, judgment.id, now=make.now)


def _expert(session: Session) -> Account:
    return session.scalars(sa.select(Account).where(Account.display_name == NAMES[0])).one()


def _manager(session: Session) -> int:
    return Make(session, LATER).account(Role.MANAGER).id


def _asked(session: Session, project: Project) -> ProjectReport:
    return project_reports.ask(session, project, PERIOD, by=_manager(session), now=LATER)


def _pdf(session: Session, project: Project) -> PdfReader:
    made = _asked(session, project)
    session.commit()
    jobs.set_project_report(made.id)
    session.refresh(made)
    stored = session.get_one(StoredFile, made.file_id)
    return PdfReader(io.BytesIO(files.read(stored)))


def _set(session: Session, project: Project) -> str:
    """The paper's text, its spaces evened out."""
    pages = (page.extract_text() for page in _pdf(session, project).pages)
    return " ".join(" ".join(pages).replace("\N{NO-BREAK SPACE}", " ").split())
