"""Two people at one return at the same moment: entered once, confirmed once, the ledger turned back once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import BankReturn, LedgerAccount, LedgerKind, Payout, ReturnCause
from payouts.service import proof, returns
from payouts.service.returns import Said
from portal import clock
from portal.access import Role
from portal.db import transaction
from portal.errors import Conflict
from portal.money import Money
from tests.conftest import Database
from tests.make import Make

pytestmark = pytest.mark.usefixtures("fresh_database")


def test_two_who_enter_the_same_return_leave_one(fresh_database: Database) -> None:
    payout_id, people = _paid(3)

    def enter(session: Session, by: int) -> None:
        payout = session.get_one(Payout, payout_id)
        now = clock.now(session)
        returns.enter(session, payout, _said(f"RT-{by}", payout), by=by, now=now)

    assert sorted(_at_once(enter, people)) == ["Conflict", "Conflict", "done"]
    with transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(BankReturn)) == 1


def test_two_who_confirm_the_same_return_turn_the_ledger_back_once(
    fresh_database: Database,
) -> None:
    payout_id, people = _paid(3)
    with transaction() as session:
        payout, now = session.get_one(Payout, payout_id), clock.now(session)
        said = _said("RT-1", payout)
        found = returns.enter(session, payout, said, by=people[0], now=now).id

    def confirm(session: Session, by: int) -> None:
        entered = session.get_one(BankReturn, found)
        returns.confirm(session, entered, by=by, now=clock.now(session))

    assert sorted(_at_once(confirm, people[1:])) == ["Conflict", "done"]
    with transaction() as session:
        owed = sa.select(LedgerAccount.balance).where(LedgerAccount.kind == LedgerKind.PENDING)
        assert session.scalars(owed).all() == [3850]
        assert proof.verify(session).problems == ()


def _paid(people: int) -> tuple[int, list[int]]:
    """A payout that a bank transfer has paid, and so many of finance."""
    with transaction() as session:
        make = Make(session, clock.now(session))
        ids = [make.account(Role.FINANCE).id for _each in range(people)]
        return make.paid_by_bank().id, ids


def _said(reference: str, payout: Payout) -> Said:
    today = payout.paid_at.date() if payout.paid_at else payout.since.date()
    amount, nothing = Money(payout.minor, payout.currency), Money(0, payout.currency)
    return Said(reference, today, ReturnCause.CLOSED, "Closed.", amount, nothing, None)


def _at_once(act: Callable[[Session, int], None], people: list[int]) -> list[str]:
    """Everybody acts at the same moment, each in a transaction of their own."""
    together = Barrier(len(people))

    def one(by: int) -> str:
        with transaction() as session:
            clock.now(session)
            together.wait()
            try:
                act(session, by)
            except Conflict:
                return "Conflict"
            return "done"

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(one, people))
