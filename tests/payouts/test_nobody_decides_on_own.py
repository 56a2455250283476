"""Every act about money, enumerated: none lets one person both ask for something and let it happen."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts.models import Bonus, Payout, PayoutState
from payouts.service import holds, sending
from portal.access import Role
from portal.accounts.models import Account
from portal.money import Money
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
OF_MONEY: Final = (
    "banks", "bonuses", "budgets", "earnings", "finance", "papers", "pay_runs", "project_reports",
    "rails", "rates", "returns", "tax_totals", "taxes",
)  # fmt: skip
LETS_HAPPEN: Final = {
    "pay_runs.approve": "another than the builder and than any payee signs",
    "pay_runs.clear": "another than the signer and than the payee lets it past the limits",
    "pay_runs.again": "another than the payee",
    "bonuses.decide": "another than who asked and than the payee",
    "banks.make": "another than any payee of the file",
    "banks.enter": "another than the payee",
    "banks.refuse": "another than the payee",
    "returns.confirm": "another than who entered it and than the payee",
}
"""Acts that let money move, each with who may not; tried below, a return in `test_bank_returns`."""
MOVES_NOTHING: Final = {
    "pay_runs.build", "pay_runs.void", "bonuses.ask", "budgets.set_budget", "rates.publish",
    "finance.settle", "finance.set_limits", "banks.download", "banks.give", "earnings.refresh",
    "earnings.set_up", "earnings.to_stripe", "papers.of_statement", "papers.of_year",
    "tax_totals.export", "taxes.give", "bonuses.claim", "bonuses.refuse", "project_reports.ask",
    "rails.book", "rails.undo", "returns.enter", "returns.withdraw",
}  # fmt: skip
"""Acts that only ask, describe or stop."""


def test_every_act_about_money_is_known_to_move_it_or_not(app: Flask) -> None:
    acts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and rule.endpoint.partition(".")[0] in OF_MONEY
    }
    assert acts == set(LETS_HAPPEN) | MOVES_NOTHING


@pytest.fixture
def all_roles(make: Make) -> Account:
    """Somebody who holds every role there is about money, and is an expert with an account."""
    person = make.payee()
    for role in (Role.MANAGER, Role.FINANCE):
        make.grant(person, role)
    return person


def test_who_builds_a_run_does_not_sign_it(make: Make, sign_in: SignIn, all_roles: Account) -> None:
    run = make.pay_run(by=all_roles)
    seen = {"seen": run.lines_sha256.hex()}
    answer = sign_in(all_roles).post(f"/pay-runs/{run.public_id}/approve", data=seen)
    assert answer.status_code == 403


def test_who_is_paid_by_a_run_does_not_sign_it(
    make: Make, sign_in: SignIn, all_roles: Account
) -> None:
    run = make.pay_run(all_roles)
    seen = {"seen": run.lines_sha256.hex()}
    answer = sign_in(all_roles).post(f"/pay-runs/{run.public_id}/approve", data=seen)
    assert answer.status_code == 403


def test_who_asks_for_a_bonus_does_not_approve_it(
    session: Session, make: Make, sign_in: SignIn, all_roles: Account
) -> None:
    project, expert = make.project(), make.expert()
    make.terms(expert, project)
    client, page = sign_in(all_roles), f"/projects/{project.slug}/money/bonuses"
    asked = {"expert": str(expert.public_id), "amount": "1.00", "reason": "Thanks."}
    client.post(page, data={f"bonus-{name}": said for name, said in asked.items()})
    bonus = session.scalars(sa.select(Bonus)).one()
    answer = client.post(f"{page}/{bonus.public_id}", data={"decision": "approve"})
    assert answer.status_code == 403


def test_a_payee_lets_nothing_of_their_own_go_out(
    session: Session, make: Make, sign_in: SignIn, all_roles: Account, now: datetime
) -> None:
    holds.set_limits(
        session,
        person_week=Money(1, "USD"),
        day=Money(1, "USD"),
        by=make.account(Role.FINANCE).id,
        why="A test.",
        now=now,
    )
    run = make.signed_run(all_roles)
    payout = session.scalars(sa.select(Payout).where(Payout.pay_run_id == run.id)).one()
    sending.reserve(session, payout.id, now=now)
    assert payout.state is PayoutState.HELD
    client, place = sign_in(all_roles), f"/pay-runs/payouts/{payout.public_id}"
    why = {f"payout-{payout.id}-reason": "It is mine."}
    assert client.post(f"{place}/clear", data=why).status_code == 403
    assert client.post(f"{place}/again").status_code == 403
    paid = {f"bank-{payout.id}-reference": "BT-1", f"bank-{payout.id}-on": "2026-11-20"}
    assert client.post(f"{place}/bank", data=paid).status_code == 403
    refused = {f"refused-{payout.id}-reason": "No."}
    assert client.post(f"{place}/bank-refused", data=refused).status_code == 403
