"""Writing the ledger: balanced, once for each key, never below zero, undone by its reversal."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts.models import EntryKind, LedgerAccount, LedgerKind, Rail
from payouts.queries import ledger as queries
from payouts.service import ledger
from portal.errors import Conflict, Invalid
from portal.money import Money
from tests.make import Make

CENTS = Money(12_325, "USD")


@pytest.fixture
def pending(make: Make) -> LedgerAccount:
    """What is owed to an expert: nothing yet."""
    return make.payable(expert_id=make.account().id)


@pytest.fixture
def rail(session: Session) -> LedgerAccount:
    """The rail's balance in dollars."""
    return ledger.rail_balance(session, rail=Rail.STRIPE, currency="USD")


def test_an_entry_moves_both_balances(
    session: Session, pending: LedgerAccount, rail: LedgerAccount, now: datetime
) -> None:
    before = rail.balance
    ledger.shift(
        session, kind=EntryKind.EARNED, key="k", source=rail, target=pending, amount=CENTS, now=now
    )
    assert (rail.balance - before, pending.balance) == (-12_325, 12_325)


def test_the_same_key_posts_once(
    session: Session, pending: LedgerAccount, rail: LedgerAccount, now: datetime
) -> None:
    legs = [(rail, -5), (pending, 5)]
    first = ledger.post(session, kind=EntryKind.EARNED, key="k", legs=legs, now=now)
    second = ledger.post(session, kind=EntryKind.EARNED, key="k", legs=legs, now=now)
    assert (second.id, pending.balance) == (first.id, 5)


def test_the_same_key_for_something_else_is_refused(
    session: Session, pending: LedgerAccount, rail: LedgerAccount, now: datetime
) -> None:
    ledger.post(session, kind=EntryKind.EARNED, key="k", legs=[(rail, -5), (pending, 5)], now=now)
    with pytest.raises(Conflict, match="another entry under k"):
        ledger.post(
            session, kind=EntryKind.EARNED, key="k", legs=[(rail, -6), (pending, 6)], now=now
        )


@pytest.mark.parametrize("minor", [[], [0, 0], [5], [5, -4], [5, -5, 1]])
def test_legs_that_do_not_balance_are_refused(
    session: Session, make: Make, now: datetime, minor: list[int]
) -> None:
    legs = [(make.payable(expert_id=make.account().id), part) for part in minor]
    with pytest.raises(Invalid, match="sum to zero"):
        ledger.post(session, kind=EntryKind.EARNED, key="k", legs=legs, now=now)


def test_currencies_do_not_balance_each_other(
    session: Session, pending: LedgerAccount, now: datetime
) -> None:
    yen = ledger.rail_balance(session, rail=Rail.STRIPE, currency="JPY")
    with pytest.raises(Invalid, match="sum to zero"):
        ledger.post(
            session, kind=EntryKind.EARNED, key="k", legs=[(yen, -5), (pending, 5)], now=now
        )


@pytest.mark.parametrize("kind", [LedgerKind.PENDING, LedgerKind.APPROVED, LedgerKind.IN_TRANSIT])
def test_what_is_owed_never_falls_below_zero(
    session: Session, make: Make, rail: LedgerAccount, now: datetime, kind: LedgerKind
) -> None:
    owed = make.payable(kind, expert_id=make.account().id, holding=100)
    with pytest.raises(Conflict, match="less than that"):
        ledger.shift(
            session,
            kind=EntryKind.PAID,
            key="k",
            source=owed,
            target=rail,
            amount=Money(101, "USD"),
            now=now,
        )
    assert owed.balance == 100


def test_the_database_refuses_what_falls_below_zero(
    session: Session, make: Make, rail: LedgerAccount, now: datetime
) -> None:
    owed = make.payable(expert_id=make.account().id, holding=100)
    entry = make.credit(make.payable(expert_id=make.account().id), 1)
    legs = sa.text("INSERT INTO posting VALUES (:owed, :entry, 'USD', -101)")
    with pytest.raises(IntegrityError, match="payable_not_below_zero"):
        session.execute(legs, {"owed": owed.id, "entry": entry.id})


def test_a_reversal_puts_everything_back_once(
    session: Session, make: Make, pending: LedgerAccount, now: datetime
) -> None:
    entry = make.credit(pending, 700)
    first = ledger.reverse(session, entry, key="undo", reason="sent twice", now=now)
    again = ledger.reverse(session, entry, key="undo", reason="sent twice", now=now)
    assert (again.id, again.kind, again.reverses_id) == (first.id, EntryKind.REVERSAL, entry.id)
    assert pending.balance == 0
    make.credit(pending, 700)
    with pytest.raises(IntegrityError, match="uq_ledger_entry_reverses_id"):
        ledger.reverse(session, entry, key="undo once more", reason="again", now=now)


def test_a_reversal_cannot_take_back_what_has_moved_on(
    session: Session, make: Make, pending: LedgerAccount, now: datetime
) -> None:
    entry = make.credit(pending, 700)
    approved = make.payable(LedgerKind.APPROVED, expert_id=pending.expert_id or 0)
    ledger.shift(
        session,
        kind=EntryKind.APPROVED,
        key="on",
        source=pending,
        target=approved,
        amount=Money(700, "USD"),
        now=now,
    )
    with pytest.raises(Conflict, match="less than that"):
        ledger.reverse(session, entry, key="undo", reason="too late", now=now)


def test_an_owner_has_one_account_of_a_kind_and_currency(session: Session, make: Make) -> None:
    expert = make.account().id
    first = make.payable(expert_id=expert)
    assert make.payable(expert_id=expert).id == first.id
    row = sa.insert(LedgerAccount).values(kind="pending", currency="USD", expert_id=expert)
    with pytest.raises(IntegrityError, match="uq_ledger_account_owner"):
        session.execute(row)


def test_balances_are_found_through_the_expert(session: Session, make: Make) -> None:
    mine, other = make.account().id, make.account().id
    make.payable(expert_id=mine, holding=5)
    make.payable(LedgerKind.APPROVED, expert_id=mine, holding=7)
    make.payable(expert_id=other, holding=9)
    found = [account.balance for account in session.scalars(queries.balances_of(mine))]
    assert found == [7, 5]
