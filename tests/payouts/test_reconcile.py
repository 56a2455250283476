"""Reconciliation: the rail against payouts against ledger, both ways, found once and freezing."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts import jobs
from payouts.models import Finding, FindingKind, Payout, PayoutState
from payouts.service import findings, reconcile
from portal import clock
from portal.money import Money
from portal.stripe import transfers
from portal.stripe.models import StripeEvent
from portal.stripe.transfers import Transfer
from tests.make import Make
from tests.portal.stripe import payees as stripe_payees
from tests.portal.stripe.conftest import Sandbox


@pytest.fixture
def paid(sandbox: Sandbox, make: Make, session: Session) -> Payout:
    """A payout that has been paid."""
    made = make.payout(stripe_id=stripe_payees.ready(sandbox))
    session.commit()
    jobs.send_payout(made.id)
    session.refresh(made)
    assert made.state is PayoutState.PAID
    return made


def test_what_agrees_is_not_reported(session: Session, paid: Payout) -> None:
    assert _compare(session, list(transfers.every())) == []


def test_a_transfer_nobody_asked_for_is_found_once_and_freezes(
    session: Session, sandbox: Sandbox, paid: Payout
) -> None:
    transfers.send(
        amount=Money(5, "USD"),
        destination=stripe_payees.ready(sandbox),
        transfer_group="somebody",
        idempotency_key="strange",
        metadata={},
    )
    for _ in range(2):
        jobs.reconcile_rail(1)
    kinds = list(session.scalars(sa.select(Finding.kind)))
    assert kinds == [FindingKind.UNKNOWN_TRANSFER]
    assert findings.frozen(session)


def test_a_paid_payout_without_a_transfer_is_found(session: Session, paid: Payout) -> None:
    assert _compare(session, []) == [FindingKind.MISSING_TRANSFER]


def test_a_payout_that_was_paid_a_moment_ago_may_not_be_listed_yet(
    session: Session, paid: Payout
) -> None:
    assert _compare(session, [], later=timedelta(0)) == []


def test_two_transfers_for_one_payout_are_found(session: Session, paid: Payout) -> None:
    (sent,) = transfers.every()
    assert _compare(session, [sent, _like(sent, id="tr_second")]) == [
        FindingKind.DUPLICATE_TRANSFER
    ]


def test_another_amount_than_the_payouts_is_found(session: Session, paid: Payout) -> None:
    (sent,) = transfers.every()
    other = _like(sent, amount=Money(1, "USD"), id="tr_other")
    assert FindingKind.DIFFERENT_TRANSFER in _compare(session, [other])


def test_part_of_a_transfer_that_came_back_is_found_and_freezes_nothing(
    session: Session, paid: Payout
) -> None:
    transfers.reverse(paid.transfer_id or "", amount=Money(1, "USD"), idempotency_key="part")
    assert _compare(session, list(transfers.every())) == [FindingKind.RETURNED_TRANSFER]
    assert not findings.frozen(session)


def test_a_ledger_that_differs_from_the_payouts_is_found(
    session: Session, paid: Payout, make: Make
) -> None:
    make.payable(expert_id=paid.expert_id, holding=1)
    assert _compare(session, list(transfers.every())) == [FindingKind.LEDGER_DIFFERS]


def test_an_event_about_a_reversed_transfer_makes_the_money_owed_again(
    session: Session, paid: Payout
) -> None:
    transfer_id = paid.transfer_id or ""
    transfers.reverse(transfer_id, amount=Money(3850, "USD"), idempotency_key="back")
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    event = StripeEvent(
        event_id="evt_1",
        type="transfer.reversed",
        object_id=transfer_id,
        created_at=moment,
        received_at=moment,
    )
    session.add(event)
    session.commit()
    for _ in range(2):
        jobs.transfer_changed(event.id)
    session.refresh(paid)
    assert paid.state is PayoutState.RETURNED


def _compare(
    session: Session, listed: list[Transfer], *, later: timedelta = timedelta(hours=1)
) -> list[FindingKind]:
    now = clock.now(session) + later
    reconcile.compare(session, listed, listed_at=now, now=now)
    return list(session.scalars(sa.select(Finding.kind).order_by(Finding.id)))


def _like(sent: Transfer, **changed: object) -> Transfer:
    fields = {name: getattr(sent, name) for name in Transfer.__dataclass_fields__}
    return Transfer(**{**fields, **changed})
