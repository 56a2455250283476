"""One payout to its end, whatever the rail does: the money moves once, and the ledger says so."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts import jobs
from payouts.models import (
    AttemptState,
    Finding,
    FindingKind,
    HoldReason,
    LedgerAccount,
    LedgerKind,
    Payout,
    PayoutAccount,
    PayoutAttempt,
    PayoutState,
    PayRun,
    PayRunState,
)
from payouts.service import findings, payees, proof, sending
from portal import clock
from portal.access import Role
from portal.money import Money
from portal.stripe import accounts, transfers
from portal.stripe.errors import OutcomeUnknown
from portal.stripe.sandbox.control import Fault, Knob
from portal.stripe.sandbox.resources.accounts import Onboarding
from tests.make import Make
from tests.portal.stripe import payees as stripe_payees
from tests.portal.stripe.conftest import Sandbox


@pytest.fixture
def payout(sandbox: Sandbox, make: Make, session: Session) -> Payout:
    """USD 38.50 that finance has approved, for somebody who can be paid."""
    made = make.payout(stripe_id=stripe_payees.ready(sandbox))
    session.commit()
    return made


def test_a_payout_is_sent_and_recorded(session: Session, payout: Payout) -> None:
    jobs.send_payout(payout.id)
    session.refresh(payout)
    (sent,) = transfers.find(payout.reference)
    assert (payout.state, payout.transfer_id) == (PayoutState.PAID, sent.id)
    assert sent.amount == Money(3850, "USD")
    assert session.get_one(PayRun, payout.pay_run_id).state is PayRunState.DONE
    assert _balances(session) == {"labour": -3850, "rail_balance": 3850}
    assert proof.verify(session).problems == ()


def test_running_it_again_sends_nothing_more(session: Session, payout: Payout) -> None:
    for _ in range(3):
        jobs.send_payout(payout.id)
    assert len(transfers.find(payout.reference)) == 1
    assert _balances(session)["rail_balance"] == 3850


def test_a_worker_that_died_after_the_effect_is_made_good_by_looking(
    session: Session, payout: Payout
) -> None:
    attempt = sending.reserve(session, payout.id, now=clock.now(session))
    session.commit()
    assert attempt is not None
    transfers.send(
        amount=attempt.amount,
        destination=attempt.destination,
        transfer_group=attempt.reference,
        idempotency_key=str(attempt.key),
        metadata={},
    )
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert (payout.state, len(transfers.find(payout.reference))) == (PayoutState.PAID, 1)


def test_a_worker_that_died_before_the_effect_is_made_good_by_sending(
    session: Session, payout: Payout
) -> None:
    sending.reserve(session, payout.id, now=clock.now(session))
    session.commit()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert payout.state is PayoutState.PAID


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR_AFTER])
def test_an_unknown_outcome_stays_open_and_is_looked_up(
    session: Session, sandbox: Sandbox, payout: Payout, fault: Fault
) -> None:
    sandbox.control.fail(fault, path="/v1/transfers", times=6)
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert payout.state is PayoutState.SENDING
    assert _balances(session)["in_transit"] == 3850
    sandbox.control.heal()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert (payout.state, len(transfers.find(payout.reference))) == (PayoutState.PAID, 1)


def test_an_unknown_outcome_is_asked_about_again_soon(
    session: Session, sandbox: Sandbox, payout: Payout
) -> None:
    before = _queued(session, payout)
    sandbox.control.fail(Fault.DROP_BEFORE, path="/v1/transfers", times=3)
    jobs.send_payout(payout.id)
    assert _queued(session, payout) == before + 1


def test_a_kept_error_is_left_behind_with_its_key_after_a_quiet_hour(
    session: Session, sandbox: Sandbox, payout: Payout
) -> None:
    attempt = sending.reserve(session, payout.id, now=clock.now(session))
    session.commit()
    assert attempt is not None
    sandbox.control.fail(Fault.ERROR_BEFORE, path="/v1/transfers", times=1)
    with pytest.raises(OutcomeUnknown):
        _send_behind_our_back(session, payout, key=str(attempt.key))
    for _ in range(3):
        jobs.send_payout(payout.id)
    session.refresh(payout)
    assert payout.state is PayoutState.SENDING
    clock.shift(session, timedelta(hours=1, minutes=1))
    session.commit()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    states = list(session.scalars(sa.select(PayoutAttempt.state).order_by(PayoutAttempt.id)))
    assert states == [AttemptState.ABANDONED, AttemptState.SUCCEEDED]
    assert (payout.state, len(transfers.find(payout.reference))) == (PayoutState.PAID, 1)


def test_a_key_that_is_a_day_old_is_never_sent_again(session: Session, payout: Payout) -> None:
    sending.reserve(session, payout.id, now=clock.now(session))
    clock.shift(session, timedelta(hours=24))
    session.commit()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert (payout.state, transfers.find(payout.reference)) == (PayoutState.SENDING, [])


def test_a_refusal_puts_the_money_back_with_its_reason(
    session: Session, sandbox: Sandbox, payout: Payout
) -> None:
    sandbox.control.fund(Money(100, "USD"))
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert payout.state is PayoutState.REFUSED
    assert "insufficient" in (payout.problem or "").lower()
    assert _balances(session) == {"labour": -3850, "approved": 3850}


def test_a_person_sends_a_refused_payout_again_under_another_key(
    session: Session, sandbox: Sandbox, payout: Payout, make: Make, now: datetime
) -> None:
    sandbox.control.fund(Money(100, "USD"))
    jobs.send_payout(payout.id)
    session.refresh(payout)
    sandbox.control.fund(Money(100_000, "USD"))
    sending.try_again(session, payout, by=make.account(Role.FINANCE).id, now=now)
    session.commit()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    keys = list(session.scalars(sa.select(PayoutAttempt.key)))
    assert (payout.state, len(set(keys))) == (PayoutState.PAID, 2)


def test_a_transfer_that_appears_after_a_refusal_is_paid_and_not_sent_twice(
    session: Session, sandbox: Sandbox, payout: Payout
) -> None:
    sandbox.control.fund(Money(100, "USD"))
    jobs.send_payout(payout.id)
    sandbox.control.fund(Money(100_000, "USD"))
    _send_behind_our_back(session, payout)
    with_transfer = transfers.find(payout.reference)
    session.refresh(payout)
    sending.settle(session, payout, with_transfer, now=clock.now(session))
    assert payout.state is PayoutState.PAID
    assert _balances(session) == {"labour": -3850, "rail_balance": 3850}


def test_a_transfer_to_somebody_else_does_not_settle_the_payout(
    session: Session, sandbox: Sandbox, payout: Payout
) -> None:
    sandbox.control.fund(Money(100, "USD"))
    jobs.send_payout(payout.id)
    sandbox.control.fund(Money(100_000, "USD"))
    _send_behind_our_back(session, payout)
    strange = [replace(transfers.find(payout.reference)[0], destination="acct_somebody_else")]
    session.refresh(payout)
    sending.settle(session, payout, strange, now=clock.now(session))
    session.flush()
    kinds = list(session.scalars(sa.select(Finding.kind)))
    assert (payout.state, kinds) == (PayoutState.REFUSED, [FindingKind.DIFFERENT_TRANSFER])


def test_two_transfers_for_one_payout_are_found_and_freeze_everything(
    session: Session, payout: Payout
) -> None:
    _send_behind_our_back(session, payout, key="one")
    _send_behind_our_back(session, payout, key="two")
    jobs.send_payout(payout.id)
    session.refresh(payout)
    kinds = list(session.scalars(sa.select(Finding.kind)))
    assert (payout.state, kinds) == (PayoutState.SENDING, [FindingKind.DUPLICATE_TRANSFER])
    assert findings.frozen(session)


def test_nothing_is_sent_while_something_is_unexplained(
    session: Session, payout: Payout, now: datetime
) -> None:
    findings.found(session, FindingKind.UNKNOWN_TRANSFER, "tr_strange", {}, now=now)
    session.commit()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert (payout.state, transfers.find(payout.reference)) == (PayoutState.READY, [])


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("identity_check", HoldReason.IDENTITY),
        ("payout_account", HoldReason.NO_ACCOUNT),
    ],
)
def test_money_waits_for_a_payee_who_cannot_be_paid_yet(
    session: Session, payout: Payout, missing: str, reason: HoldReason
) -> None:
    session.execute(sa.text(f"DELETE FROM {missing}"))
    session.expire_all()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert (payout.state, payout.hold) == (PayoutState.HELD, reason)
    assert transfers.find(payout.reference) == []


def test_held_money_goes_out_once_the_account_is_ready(
    session: Session, sandbox: Sandbox, make: Make
) -> None:
    at_stripe = stripe_payees.new(sandbox)
    payout = make.payout(stripe_id=at_stripe.id)
    payees.seen(session, payout.expert_id, at_stripe, now=clock.now(session))
    session.commit()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert payout.hold is HoldReason.ACCOUNT_NOT_READY
    stripe_payees.onboard(at_stripe.id, Onboarding.ACTIVE)
    before = _queued(session, payout)
    payees.seen(session, payout.expert_id, accounts.retrieve(at_stripe.id), now=clock.now(session))
    session.commit()
    assert _queued(session, payout) == before + 1
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert payout.state is PayoutState.PAID


def test_a_listing_that_lags_cannot_make_it_send_twice(
    session: Session, sandbox: Sandbox, payout: Payout
) -> None:
    sandbox.control.turn(Knob.LISTING_LAG, 3600)
    sandbox.control.fail(Fault.LATENCY, path="/v1/transfers", times=1)
    attempt = sending.reserve(session, payout.id, now=clock.now(session))
    session.commit()
    assert attempt is not None
    _send_behind_our_back(session, payout, key=str(attempt.key))
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert payout.state is PayoutState.PAID
    assert len(sandbox.control.objects("transfer")) == 1


def test_money_that_comes_back_is_owed_again(session: Session, payout: Payout) -> None:
    jobs.send_payout(payout.id)
    session.refresh(payout)
    transfers.reverse(payout.transfer_id or "", amount=Money(3850, "USD"), idempotency_key="back")
    (came_back,) = transfers.find(payout.reference)
    sending.come_back(session, payout, came_back, now=clock.now(session))
    assert payout.state is PayoutState.RETURNED
    assert session.get_one(PayRun, payout.pay_run_id).state is PayRunState.APPROVED
    assert _balances(session) == {"labour": -3850, "approved": 3850}


def test_a_sweep_finds_what_was_lost(session: Session, payout: Payout) -> None:
    session.execute(sa.text("DELETE FROM outbox"))
    session.execute(sa.update(Payout).values(since=clock.now(session)))
    session.commit()
    jobs.find_unsettled(1)
    assert _queued(session, payout) == 0
    clock.shift(session, timedelta(minutes=6))
    session.commit()
    jobs.find_unsettled(2)
    assert _queued(session, payout) == 1


def test_a_sweep_leaves_alone_what_has_its_turn_yet_to_come(
    session: Session, payout: Payout
) -> None:
    clock.shift(session, timedelta(minutes=6))
    session.commit()
    before = _queued(session, payout)
    jobs.find_unsettled(1)
    assert _queued(session, payout) == before == 1


def _balances(session: Session) -> dict[str, int]:
    """What every kind of ledger account holds, where it holds anything."""
    session.expire_all()
    sums = sa.select(LedgerAccount.kind, sa.func.sum(LedgerAccount.balance))
    rows = session.execute(sums.group_by(LedgerAccount.kind))
    return {LedgerKind(kind).value: int(total) for kind, total in rows if total}


def _queued(session: Session, payout: Payout) -> int:
    query = "SELECT count(*) FROM outbox WHERE name = 'payouts.send' AND row_id = :id"
    return session.scalar(sa.text(query), {"id": payout.id}) or 0


def _send_behind_our_back(session: Session, payout: Payout, *, key: str = "another") -> None:
    account = session.get_one(PayoutAccount, payout.expert_id)
    transfers.send(
        amount=Money(payout.minor, payout.currency),
        destination=account.stripe_id or "",
        transfer_group=payout.reference,
        idempotency_key=key,
        metadata={"payout": payout.reference},
    )
