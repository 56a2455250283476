"""The pages of money: each to those who may see it, with the right figures, and nobody else's."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts.models import FindingKind, PayoutState, PayRun, PayRunState
from payouts.queries import runs as queries
from payouts.queries import statements as statement_queries
from payouts.service import findings, sending, statements
from payouts.views.csv_out import defused
from portal.access import Role
from portal.accounts.models import Account
from portal.decisions.models import Decision
from portal.stripe.errors import Refused
from tasks.models import Timesheet
from tasks.service import timesheets
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
THREE_TWELVE_FIVE = 3 * 3600 + 12 * 60 + 5


def text(client: FlaskClient, url: str, status: int = 200) -> str:
    """The page."""
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    return answer.text


def test_earnings_before_anything_explain_themselves(make: Make, sign_in: SignIn) -> None:
    page = text(sign_in(make.expert()), "/earnings/")
    assert "No statement yet" in page
    assert "Set it up" in page


def test_earnings_say_where_the_money_is(make: Make, sign_in: SignIn) -> None:
    expert = make.payee()
    make.signed_run(expert, seconds=THREE_TWELVE_FIVE)
    page = text(sign_in(expert), "/earnings/")
    assert "$123.25" in page
    assert "2026-48" in page
    assert "approved" in page


def test_time_that_waits_is_counted_apart(make: Make, sign_in: SignIn) -> None:
    expert = make.expert()
    make.timesheet(expert=expert, submitted=True)
    page = text(sign_in(expert), "/earnings/")
    assert "$38.50" in page
    assert "Time not approved yet" in page


def test_a_statement_shows_formula_state_and_what_an_hour_paid(make: Make, sign_in: SignIn) -> None:
    expert = make.expert()
    statement = make.statement(expert=expert, seconds=THREE_TWELVE_FIVE)
    page = text(sign_in(expert), f"/earnings/{statement.public_id}")
    assert "$123.25 for 3 h 12 m 05 s" in page
    assert "3 h 12 m 05 s × 38.50 = 123.25" in page  # noqa: RUF001
    assert "waits for a pay run" in page
    assert "What an hour really paid" in page


def test_what_is_wrong_with_a_statement_is_said_on_its_own_timesheet(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    expert = make.expert()
    elsewhere = make.timesheet(expert=expert, submitted=True)
    make.now = make.now.replace(hour=15)
    statement = make.statement(expert=expert)
    (line,) = session.scalars(statement_queries.lines([statement.id]))
    sheet = session.get_one(Timesheet, line.timesheet_id)
    client = sign_in(expert)
    page = text(client, f"/earnings/{statement.public_id}")
    assert f'href="/time/{sheet.public_id}#wrong"' in page
    assert str(elsewhere.public_id) not in page
    assert 'id="wrong"' in text(client, f"/time/{sheet.public_id}")


def test_the_proof_of_a_line_names_its_inputs_in_words(make: Make, sign_in: SignIn) -> None:
    expert = make.expert()
    statement = make.statement(expert=expert)
    page = text(sign_in(expert), f"/earnings/{statement.public_id}")
    assert "week from November 23, 2026" in page or "week from 23 November 2026" in page
    assert "accepted" in page


def test_time_that_was_not_accepted_can_be_contested_from_the_statement(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    expert = make.expert()
    sheet = make.timesheet(expert=expert, submitted=True)
    manager = make.account(Role.MANAGER).id
    asked = timesheets.adjust(
        session,
        sheet,
        seconds=600,
        work_day=now.date(),
        reason="A walk.",
        requested_by=expert.id,
        now=now,
    )
    timesheets.refuse_adjustment(session, asked, by=manager, reason="Walks are not paid.", now=now)
    timesheets.approve(session, sheet, by=manager, now=now)
    (statement,) = statements.draw(session, expert_id=expert.id, now=now)
    decision = session.get_one(Decision, asked.decision_id)
    page = text(sign_in(expert), f"/earnings/{statement.public_id}")
    assert f'href="/decisions/{decision.public_id}"' in page


def test_another_persons_statement_is_not_there(make: Make, sign_in: SignIn) -> None:
    statement = make.statement()
    client = sign_in(make.expert(name="Somebody Else"))
    text(client, f"/earnings/{statement.public_id}", 404)
    text(client, f"/earnings/{statement.public_id}/lines.csv", 404)


def test_a_statement_leaves_as_csv(make: Make, sign_in: SignIn) -> None:
    expert = make.expert()
    statement = make.statement(expert=expert)
    lines = text(sign_in(expert), f"/earnings/{statement.public_id}/lines.csv").splitlines()
    assert lines[1].endswith(",38.50,USD,waits for a pay run")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", " =1"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    assert str(defused(text)).startswith("'")
    assert (defused("plain"), defused(-5), defused(None)) == ("plain", -5, "")


def test_held_money_says_why_and_what_to_do(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    expert = make.expert()
    run = make.signed_run(expert)
    (payout,) = session.scalars(queries.payouts(run.id))
    sending.reserve(session, payout.id, now=now)
    page = text(sign_in(expert), "/earnings/")
    assert "identity is verified" in page
    assert 'href="/identity"' in page


def test_a_run_is_previewed_built_and_signed_by_two_people(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = make.project()
    make.statement(expert=make.payee(), project=project)
    organisation = make.organisation_of(project)
    manager, finance = make.account(Role.MANAGER), make.account(Role.FINANCE)
    client = sign_in(manager)
    query = f"organisation={organisation.slug}&currency=USD"
    assert "Preview a run" in text(client, "/pay-runs/")
    assert "Build this run" in text(client, f"/pay-runs/new?{query}")
    built = client.post(f"/pay-runs/new?{query}")
    run = session.scalars(sa.select(PayRun)).one()
    assert built.location.endswith(f"/pay-runs/{run.public_id}")
    assert "Sign these lines" not in text(client, f"/pay-runs/{run.public_id}")
    client = sign_in(finance)
    page = text(client, f"/pay-runs/{run.public_id}")
    assert "Sign these lines" in page
    assert run.lines_sha256.hex() in page
    signed = client.post(
        f"/pay-runs/{run.public_id}/approve", data={"seen": run.lines_sha256.hex()}
    )
    session.refresh(run)
    assert (signed.status_code, run.state) == (303, PayRunState.APPROVED)
    assert "0 of 1 paid" in text(client, f"/pay-runs/{run.public_id}")


def test_the_builder_cannot_sign_even_with_both_roles(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    both = make.account(Role.MANAGER, Role.FINANCE)
    run = make.pay_run(make.payee(), by=both)
    client = sign_in(both)
    page = text(client, f"/pay-runs/{run.public_id}")
    assert "Sign these lines" not in page
    url = f"/pay-runs/{run.public_id}/approve"
    assert client.post(url, data={"seen": run.lines_sha256.hex()}).status_code == 403
    assert client.post(url, data={"seen": "no hex"}).status_code == 400


def test_a_manager_of_another_client_sees_none_of_it(make: Make, sign_in: SignIn) -> None:
    run = make.pay_run()
    manager = make.account()
    make.grant(manager, Role.MANAGER, organisation=make.organisation())
    client = sign_in(manager)
    text(client, f"/pay-runs/{run.public_id}", 404)
    text(client, f"/pay-runs/{run.public_id}/lines.csv", 404)
    assert str(run.public_id) not in text(client, "/pay-runs/")


def test_a_run_is_given_up_with_a_reason(session: Session, make: Make, sign_in: SignIn) -> None:
    run = make.pay_run()
    client = sign_in(make.account(Role.MANAGER))
    assert client.post(f"/pay-runs/{run.public_id}/void", data={}).status_code == 422
    client.post(f"/pay-runs/{run.public_id}/void", data={"reason": "One is missing."})
    session.refresh(run)
    assert run.state is PayRunState.VOIDED
    assert "One is missing." in text(client, f"/pay-runs/{run.public_id}")


def test_a_refused_payout_says_so_and_is_sent_again_by_finance(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    payout = make.payout()
    attempt = sending.reserve(session, payout.id, now=now)
    assert attempt is not None
    refusal = Refused("Insufficient funds in your account.", code="balance_insufficient")
    sending.record_refusal(session, attempt, refusal, now=now)
    session.flush()
    run = session.get_one(PayRun, payout.pay_run_id)
    client = sign_in(make.account(Role.FINANCE))
    page = text(client, f"/pay-runs/{run.public_id}")
    assert "Insufficient funds" in page
    assert "Send again" in page
    client.post(f"/pay-runs/payouts/{payout.public_id}/again")
    session.refresh(payout)
    assert payout.state is PayoutState.READY


def test_finance_sees_all_money_by_stage_and_project(make: Make, sign_in: SignIn) -> None:
    make.statement()
    client = sign_in(make.account(Role.FINANCE))
    page = text(client, "/finance/")
    assert "Harassment answers, preference" in page
    assert "$38.50" in page
    assert (
        text(client, "/finance/money.csv").splitlines()[1].endswith("USD,38.50,0.00,0.00,0.00,0.00")
    )


def test_what_does_not_agree_is_settled_by_a_persons_word(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    findings.found(
        session, FindingKind.UNKNOWN_TRANSFER, "tr_strange", {"amount": [5, "USD"]}, now=now
    )
    (finding,) = session.scalars(findings.open_findings())
    client = sign_in(make.account(Role.FINANCE))
    assert "tr_strange" in text(client, "/finance/")
    url = f"/finance/findings/{finding.public_id}"
    assert client.post(url, data={}).status_code == 422
    field = f"finding-{finding.id}-note"
    assert client.post(url, data={field: "A test by the bank."}).status_code == 303
    assert not findings.frozen(session)


def test_a_finding_is_said_in_words_and_stays_in_sight_once_explained(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    details = {"amount": [500, "USD"], "destination": "acct_strange", "group": None}
    findings.found(session, FindingKind.UNKNOWN_TRANSFER, "tr_strange", details, now=now)
    (finding,) = session.scalars(findings.open_findings())
    client = sign_in(make.account(Role.FINANCE))
    page = text(client, "/finance/")
    assert "$5.00" in page
    assert "Went to" in page
    url = f"/finance/findings/{finding.public_id}"
    client.post(url, data={f"finding-{finding.id}-note": "A test by the bank."})
    page = text(client, "/finance/")
    assert "Explained, and still as it was" in page
    assert "A test by the bank." in page


def test_a_builder_reads_why_their_own_money_is_not_in_the_run(make: Make, sign_in: SignIn) -> None:
    builder, project = make.payee(), make.project()
    make.grant(builder, Role.MANAGER)
    make.statement(expert=builder, project=project)
    query = f"organisation={make.organisation_of(project).slug}&currency=USD"
    page = text(sign_in(builder), f"/pay-runs/new?{query}")
    assert "Nobody is paid by a run they build" in page
    assert "$38.50 is owed to you" in page
    assert "Build this run" not in page


def test_a_projects_money_tab_shows_its_cost(make: Make, sign_in: SignIn) -> None:
    project = make.project()
    make.statement(expert=make.expert(name="Kwame Mensah"), project=project)
    client = sign_in(make.account(Role.MANAGER))
    page = text(client, f"/projects/{project.slug}/money")
    assert "Kwame Mensah" in page
    assert "$38.50" in page


def test_the_home_pages_carry_the_money(make: Make, sign_in: SignIn) -> None:
    expert = make.expert()
    make.statement(expert=expert)
    assert "Your money" in text(sign_in(expert), "/")
    make.now = make.now.replace(hour=15)
    make.pay_run(make.payee())
    assert "waits for a signature" in text(sign_in(make.account(Role.FINANCE)), "/")


def test_pages_ask_the_database_as_often_for_many_as_for_few(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    run = make.pay_run(make.payee())
    few = _queries(session, sign_in(make.account(Role.FINANCE)), f"/pay-runs/{run.public_id}")
    make.now = make.now.replace(hour=15)
    other = make.pay_run(*(make.payee() for _ in range(4)))
    many = _queries(session, sign_in(make.account(Role.FINANCE)), f"/pay-runs/{other.public_id}")
    assert many == few


def _queries(session: Session, client: FlaskClient, url: str) -> int:
    counted: list[str] = []
    connection = session.connection()

    def count(*args: object) -> None:
        counted.append(str(args[2]))

    sa.event.listen(connection, "before_cursor_execute", count)
    text(client, url)
    sa.event.remove(connection, "before_cursor_execute", count)
    return len(counted)
