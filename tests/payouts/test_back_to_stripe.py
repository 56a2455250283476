"""From bank transfers back to Stripe: only to an account that can be paid, after 72 hours, and told."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts.models import HoldReason, Payout, PayoutAccount, PayoutState, PayRun, Rail
from payouts.queries import runs as queries
from payouts.service import bank, payees, sending
from payouts.service.bank import Details
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict
from portal.mail import service as mail
from portal.mail.models import MailMessage
from portal.stripe import accounts
from portal.stripe.accounts import Capability, Recipient
from portal.stripe.sandbox.resources.accounts import Onboarding
from tests.make import Make
from tests.portal.stripe import payees as stripe_payees

SignIn = Callable[[Account], FlaskClient]
READY = Recipient("acct_ready", "DE", Capability.ACTIVE, (), closed=False, destinations=("fp_a",))


@pytest.fixture
def payee(session: Session, make: Make) -> PayoutAccount:
    """Somebody who is paid by bank transfer."""
    return session.get_one(PayoutAccount, make.bank_payee().id)


def test_money_goes_to_the_account_at_stripe_from_there_on(
    session: Session, payee: PayoutAccount, now: datetime
) -> None:
    payees.pay_by_stripe(session, payee.account_id, READY, now=now)
    assert (payee.rail, payee.destination) == (Rail.STRIPE, "acct_ready")
    assert payee.destinations == ["fp_a"]
    assert payee.ready


def test_nothing_is_sent_for_72_hours_and_then_by_stripe(
    session: Session, make: Make, payee: PayoutAccount, now: datetime
) -> None:
    payees.pay_by_stripe(session, payee.account_id, READY, now=now)
    payout = _signed(session, make, payee)
    assert sending.reserve(session, payout.id, now=now + timedelta(hours=71)) is None
    assert payout.hold is HoldReason.DETAILS_CHANGED
    attempt = sending.reserve(session, payout.id, now=now + timedelta(hours=73))
    assert attempt is not None
    assert (attempt.rail, attempt.destination) == (Rail.STRIPE, "acct_ready")


def test_both_addresses_are_told(session: Session, payee: PayoutAccount, now: datetime) -> None:
    account = session.get_one(Account, payee.account_id)
    before = account.email
    account.change_email("other@example.org", now=now)
    payees.pay_by_stripe(session, payee.account_id, READY, now=now)
    letters = session.scalars(sa.select(MailMessage)).all()
    told = [letter for letter in letters if "changed just now" in mail.text_of(letter)]
    assert sorted(letter.recipient for letter in told) == sorted([before, account.email])


def test_an_account_that_cannot_be_paid_leaves_everything_as_it_was(
    session: Session, payee: PayoutAccount, now: datetime
) -> None:
    before = payee.destination
    for state in set(Capability) - {Capability.ACTIVE}:
        unready = Recipient("acct_ready", "DE", state, (), closed=False, destinations=("fp_a",))
        with pytest.raises(Conflict, match="Stripe still asks"), session.begin_nested():
            payees.pay_by_stripe(session, payee.account_id, unready, now=now)
    session.refresh(payee)
    assert (payee.rail, payee.destination) == (Rail.MANUAL, before)


def test_whoever_is_paid_by_stripe_has_nothing_to_change(
    session: Session, make: Make, now: datetime
) -> None:
    account = make.payee()
    with pytest.raises(Conflict, match="already"):
        payees.pay_by_stripe(session, account.id, READY, now=now)


def test_what_stripe_says_meanwhile_leads_no_bank_transfer_astray(
    session: Session, make: Make, payee: PayoutAccount, now: datetime
) -> None:
    before = payee.destination
    payees.seen(session, payee.account_id, READY, now=now)
    assert (payee.destination, payee.at_stripe) == (before, ["fp_a"])
    assert payee.details_changed_at is None
    payout = _signed(session, make, payee)
    assert sending.reserve(session, payout.id, now=now) is not None
    run, by = session.get_one(PayRun, payout.pay_run_id), make.account(Role.FINANCE)
    assert bank.make_file(session, run, by=by.id, now=now).payouts == 1


def test_what_waits_for_a_bank_file_goes_back_and_what_is_in_one_is_paid(
    session: Session, make: Make, payee: PayoutAccount, now: datetime
) -> None:
    payout = _signed(session, make, payee)
    sending.reserve(session, payout.id, now=now)
    payees.pay_by_stripe(session, payee.account_id, READY, now=now)
    run, by = session.get_one(PayRun, payout.pay_run_id), make.account(Role.FINANCE)
    with pytest.raises(Conflict, match="Nothing waits"):
        bank.make_file(session, run, by=by.id, now=now)
    assert payout.state is PayoutState.REFUSED


def test_there_and_back_waits_each_time(
    session: Session, payee: PayoutAccount, now: datetime
) -> None:
    payees.pay_by_stripe(session, payee.account_id, READY, now=now)
    later = now + timedelta(days=10)
    there = Details("Amara Okafor", "GB", "GB33BUKB20201555555555", "")
    bank.give(session, payee.account_id, there, now=later)
    assert payee.quiet(now=later + timedelta(hours=71))
    again = later + timedelta(days=10)
    payees.pay_by_stripe(session, payee.account_id, READY, now=again)
    assert payee.quiet(now=again + timedelta(hours=71))


def test_a_return_no_longer_holds_what_goes_by_stripe(
    session: Session, payee: PayoutAccount, now: datetime
) -> None:
    payee.bounce(now=now)
    payees.pay_by_stripe(session, payee.account_id, READY, now=now)
    assert payee.returned_at is None


@pytest.mark.usefixtures("sandbox")
def test_an_expert_goes_back_in_the_browser(session: Session, make: Make, sign_in: SignIn) -> None:
    expert = make.bank_payee()
    client = sign_in(expert)
    assert "Be paid through Stripe instead" in client.get("/earnings/").text
    assert client.post("/earnings/account/stripe").status_code == 303  # nothing there yet
    assert client.post("/earnings/account", data={"country": "DE"}).status_code == 303
    payee = session.get_one(PayoutAccount, expert.id)
    assert (payee.rail, payee.stripe_id is not None) == (Rail.MANUAL, True)
    assert client.post("/earnings/account/stripe").status_code == 409
    assert "Stripe still asks for something" in client.get("/earnings/").text
    stripe_payees.onboard(payee.stripe_id or "", Onboarding.ACTIVE)
    client.post("/earnings/account/refresh")
    assert "Pay me through Stripe from now on" in client.get("/earnings/").text
    assert client.post("/earnings/account/stripe").status_code == 303
    session.expire_all()
    assert payee.rail is Rail.STRIPE
    assert payee.destinations == sorted(accounts.retrieve(payee.stripe_id or "").destinations)
    assert "waits for 72 hours" in client.get("/earnings/").text


def _signed(session: Session, make: Make, payee: PayoutAccount) -> Payout:
    run = make.signed_run(session.get_one(Account, payee.account_id))
    return session.scalars(queries.payouts(run.id)).one()
