"""Exports: everything, once, balanced, and only to whom it belongs."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts.models import Payout, TaxFormKind
from payouts.service import sending, tax, tax_years
from payouts.service.tax import Certified
from portal.access import Role
from portal.accounts.models import Account, Organisation
from portal.audit import AuditEvent
from portal.errors import Invalid
from portal.money import Money
from portal.stripe.transfers import Transfer
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_the_journal_balances_line_by_line(make: Make, sign_in: SignIn) -> None:
    make.signed_run(make.payee(), make.payee())
    client = sign_in(make.account(Role.FINANCE))
    rows = list(csv.DictReader(io.StringIO(client.get("/finance/exports/journal.csv").text)))
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["entry"]] = sums.get(row["entry"], 0) + int(row["minor"])
    assert set(sums.values()) == {0}
    assert len(rows) == 8
    lines = client.get("/finance/exports/journal.jsonl").text.splitlines()
    assert [json.loads(line)["minor"] for line in lines] == [int(row["minor"]) for row in rows]


def test_lines_and_payouts_are_those_of_the_persons_own_payers(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    run = make.signed_run(make.payee())
    ours = session.get_one(Organisation, run.organisation_id)
    make.now = make.now.replace(hour=16)
    make.signed_run(make.payee())
    mine = make.account(name="Somebody Else")
    make.grant(mine, Role.FINANCE, organisation=ours)
    client = sign_in(mine)
    for name in ("lines", "payouts"):
        rows = client.get(f"/finance/exports/{name}.jsonl").text.splitlines()
        assert [json.loads(row)["payer"] for row in rows] == [ours.slug]
        every = sign_in(make.account(Role.FINANCE)).get(f"/finance/exports/{name}.jsonl").text
        assert len(every.splitlines()) == 2
        client = sign_in(mine)
    for missing in ("journal.csv", "lines.xml", "passwords.csv"):
        assert client.get(f"/finance/exports/{missing}").status_code == 404


@pytest.mark.parametrize(
    ("year", "minor"), [(2020, 60_000), (2025, 60_000), (2026, 200_000), (2027, 200_000)]
)
def test_the_threshold_is_that_of_the_year(year: int, minor: int) -> None:
    assert tax_years.threshold(year) == Money(minor, "USD")


@pytest.mark.parametrize(
    ("american", "seconds", "reportable"),
    [(True, 187_013, True), (True, 187_012, False), (False, 400_000, False)],
)
def test_only_an_american_total_at_the_threshold_is_reportable(
    session: Session, make: Make, now: datetime, american: bool, seconds: int, reportable: bool
) -> None:
    payout = _paid(session, make, seconds=seconds)
    if american:
        said = Certified(TaxFormKind.W9, "Amara Okafor", "US", "536-90-4399")
        tax.give(session, payout.expert_id, said, now=now)
    (total,) = tax_years.totals(session, 2026, sa.select(Organisation.id))
    assert (total.paid.minor, total.reportable) == (payout.minor, reportable)
    assert tax_years.totals(session, 2025, sa.select(Organisation.id)) == []


def test_tax_numbers_leave_only_with_a_reason_that_is_recorded(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    _paid(session, make, seconds=3600)
    finance = make.account(Role.FINANCE)
    client = sign_in(finance)
    page = client.get("/finance/taxes/2026").text
    assert "$2,000.00" in page
    assert "36574261809" not in page
    url = "/finance/taxes/2026.csv"
    assert client.post(url, data={"reason": ""}).status_code == 422
    assert "36574261809" in client.post(url, data={"reason": "Year end."}).text
    read = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "tax_form.read")).one()
    assert (read.actor_id, read.details) == (finance.id, {"reason": "Year end."})
    with pytest.raises(Invalid):
        tax_years.extract(
            session, 2026, sa.select(Organisation.id), by=finance.id, why=" ", now=make.now
        )


def _paid(session: Session, make: Make, *, seconds: int) -> Payout:
    payout = make.payout(seconds=60)
    payout_id = payout.id
    minor = seconds * 3850 // 3600 + (1 if seconds * 3850 % 3600 >= 1800 else 0)
    when = datetime(2026, 11, 23, 13, tzinfo=UTC)
    attempt = sending.reserve(session, payout_id, now=when)
    assert attempt is not None
    sent = Transfer(
        "tr_1", attempt.amount, Money(0, "USD"), attempt.destination, attempt.reference, when, {}
    )
    sending.record(session, attempt, [sent], now=when)
    session.flush()
    session.execute(sa.text("ALTER TABLE payout DISABLE TRIGGER payout_fixed"))
    session.execute(sa.update(Payout).values(minor=minor))
    session.execute(sa.text("ALTER TABLE payout ENABLE TRIGGER payout_fixed"))
    session.refresh(payout)
    return payout
