"""Sending money: once for each key, found again by group, refused or unknown told apart."""

import pytest

from portal.money import Money
from portal.stripe import accounts, balance, transfers
from portal.stripe.errors import OutcomeUnknown, Refused, TryLater
from portal.stripe.sandbox.control import Fault, Knob
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox

AMOUNT = Money(12_325, "USD")


def send(
    destination: str, key: str = "key-1", group: str = "payout-1", amount: Money = AMOUNT
) -> transfers.Transfer:
    """Send the usual amount."""
    return transfers.send(
        amount=amount,
        destination=destination,
        transfer_group=group,
        idempotency_key=key,
        metadata={"payout": group},
    )


def test_a_sent_transfer_is_found_by_its_group(sandbox: Sandbox) -> None:
    payee = payees.ready(sandbox)
    sent = send(payee)
    assert transfers.find("payout-1") == [sent]
    assert transfers.retrieve(sent.id) == sent
    assert (sent.amount, sent.destination, sent.metadata) == (AMOUNT, payee, {"payout": "payout-1"})
    assert transfers.find("payout-2") == []


def test_sending_takes_from_the_balance(sandbox: Sandbox) -> None:
    send(payees.ready(sandbox))
    assert balance.available() == {"USD": Money(1_000_000 - 12_325, "USD")}


def test_the_same_key_sends_once(sandbox: Sandbox) -> None:
    payee = payees.ready(sandbox)
    assert send(payee) == send(payee)
    assert len(sandbox.control.objects("transfer")) == 1


def test_the_same_key_for_something_else_is_an_unknown_outcome(sandbox: Sandbox) -> None:
    payee = payees.ready(sandbox)
    send(payee)
    with pytest.raises(OutcomeUnknown, match="same parameters"):
        send(payee, amount=Money(1, "USD"))


def test_more_than_the_balance_is_refused_and_nothing_moves(sandbox: Sandbox) -> None:
    payee = payees.ready(sandbox)
    with pytest.raises(Refused) as refusal:
        send(payee, amount=Money(1_000_001, "USD"))
    assert refusal.value.code == "balance_insufficient"
    assert sandbox.control.objects("transfer") == []
    assert balance.available() == {"USD": Money(1_000_000, "USD")}


def test_an_account_that_has_not_been_onboarded_is_refused(sandbox: Sandbox) -> None:
    payee = payees.new(sandbox)
    with pytest.raises(Refused) as refusal:
        send(payee.id)
    assert refusal.value.code == "insufficient_capabilities_for_transfer"


def test_an_unknown_destination_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="No such destination"):
        send("acct_nobody")


def test_a_connection_that_breaks_before_the_effect_leaves_nothing(sandbox: Sandbox) -> None:
    payee = payees.ready(sandbox)
    sandbox.control.fail(Fault.DROP_BEFORE, path="/v1/transfers", times=3)
    with pytest.raises(OutcomeUnknown):
        send(payee)
    assert transfers.find("payout-1") == []


def test_a_connection_that_breaks_after_the_effect_is_found_and_not_doubled(
    sandbox: Sandbox,
) -> None:
    payee = payees.ready(sandbox)
    sandbox.control.fail(Fault.DROP_AFTER, path="/v1/transfers", times=3)
    with pytest.raises(OutcomeUnknown):
        send(payee)
    assert [found.amount for found in transfers.find("payout-1")] == [AMOUNT]
    assert transfers.find("payout-1") == [send(payee)]


def test_the_library_repeats_a_broken_request_under_the_same_key(sandbox: Sandbox) -> None:
    payee = payees.ready(sandbox)
    sandbox.control.fail(Fault.DROP_AFTER, path="/v1/transfers", times=1)
    sent = send(payee)
    assert transfers.find("payout-1") == [sent]


@pytest.mark.parametrize(("fault", "effects"), [(Fault.ERROR_BEFORE, 0), (Fault.ERROR_AFTER, 1)])
def test_a_500_is_saved_under_its_key_whether_or_not_there_was_an_effect(
    sandbox: Sandbox, fault: Fault, effects: int
) -> None:
    payee = payees.ready(sandbox)
    sandbox.control.fail(fault, path="/v1/transfers", times=1)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            send(payee)
    assert len(transfers.find("payout-1")) == effects


@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.CONFLICT])
def test_not_now_is_an_unknown_outcome_and_keeps_nothing(sandbox: Sandbox, fault: Fault) -> None:
    payee = payees.ready(sandbox)
    sandbox.control.fail(fault, path="/v1/transfers", times=3)
    with pytest.raises(OutcomeUnknown):
        send(payee)
    sandbox.control.heal()
    assert transfers.find("payout-1") == []
    assert send(payee).amount == AMOUNT


def test_a_rate_limit_says_that_it_may_be_tried_later(sandbox: Sandbox) -> None:
    sandbox.control.fail(Fault.RATE_LIMIT, path="/v1/balance", times=3)
    with pytest.raises(TryLater):
        balance.available()


def test_every_page_of_a_listing_is_read(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "_PAGE", 2)
    payee = payees.ready(sandbox)
    sent = [send(payee, key=f"key-{n}", amount=Money(100 + n, "USD")) for n in range(5)]
    send(payee, key="other", group="payout-2")
    assert transfers.find("payout-1") == sent[::-1]
    assert len(list(transfers.every())) == 6


def test_a_listing_may_lag_behind(sandbox: Sandbox) -> None:
    sent = send(payees.ready(sandbox))
    sandbox.control.turn(Knob.LISTING_LAG, 60)
    assert transfers.find("payout-1") == []
    assert transfers.retrieve(sent.id) == sent


def test_a_reversal_brings_money_back_but_never_more_than_was_sent(sandbox: Sandbox) -> None:
    sent = send(payees.ready(sandbox))
    back = transfers.reverse(sent.id, amount=Money(2_325, "USD"), idempotency_key="back-1")
    assert back.amount == Money(2_325, "USD")
    assert transfers.retrieve(sent.id).reversed == Money(2_325, "USD")
    assert balance.available()["USD"] == Money(1_000_000 - 10_000, "USD")
    with pytest.raises(Refused, match="greater than unreversed"):
        transfers.reverse(sent.id, amount=Money(10_001, "USD"), idempotency_key="back-2")


def test_a_closed_account_receives_nothing(sandbox: Sandbox) -> None:
    payee = payees.ready(sandbox)
    sandbox.door.v2.core.accounts.close(payee)
    assert not accounts.retrieve(payee).ready
    with pytest.raises(Refused):
        send(payee)
