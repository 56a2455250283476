"""The ledger against a dictionary: whatever is done in whatever order, both say the same."""

import itertools
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from payouts.models import EntryKind, LedgerAccount, LedgerEntry, LedgerKind, Rail
from payouts.service import ledger, proof
from portal.errors import Conflict
from portal.money import Money
from tests.make import Make

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_runs = itertools.count(1)


class Machine(RuleBasedStateMachine):
    """Moves between two experts' three stages and the rail, and reversals of earlier moves."""

    session: Session

    def __init__(self) -> None:
        super().__init__()
        make = Make(self.session, NOW)
        self.run = next(_runs)
        experts = [make.account().id for _ in range(2)]
        stages = (LedgerKind.PENDING, LedgerKind.APPROVED, LedgerKind.IN_TRANSIT)
        self.accounts = [make.payable(kind, expert_id=who) for who in experts for kind in stages]
        rail = ledger.rail_balance(self.session, rail=Rail.STRIPE, currency="USD")
        self.accounts.append(rail)
        self.model = {account.id: account.balance for account in self.accounts}
        self.free = {rail.id}
        self.moves: list[tuple[LedgerEntry, int, int, int]] = []
        self.reversed: set[int] = set()

    @rule(giving=st.integers(0, 6), taking=st.integers(0, 6), minor=st.integers(1, 1000))
    def move(self, giving: int, taking: int, minor: int) -> None:
        """Move an amount, or be refused where the dictionary says there is less."""
        if giving == taking:
            return
        giver, taker = self.accounts[giving], self.accounts[taking]
        key = f"machine:{self.run}:{len(self.moves)}"
        if giver.id not in self.free and self.model[giver.id] < minor:
            with pytest.raises(Conflict):
                self._shift(giver, taker, minor, key)
            return
        entry = self._shift(giver, taker, minor, key)
        self._book(giver.id, taker.id, minor)
        self.moves.append((entry, giver.id, taker.id, minor))

    @rule(which=st.integers(0, 30))
    def undo(self, which: int) -> None:
        """Reverse an earlier move, once, where the money is still there."""
        if which >= len(self.moves) or which in self.reversed:
            return
        entry, giver, taker, minor = self.moves[which]
        if taker not in self.free and self.model[taker] < minor:
            return
        key = f"machine:{self.run}:undo:{which}"
        for _ in range(2):
            ledger.reverse(self.session, entry, key=key, reason="a test", now=NOW)
        self._book(taker, giver, minor)
        self.reversed.add(which)

    @invariant()
    def both_say_the_same(self) -> None:
        """Every balance is the dictionary's; nothing was made or lost."""
        ids = list(self.model)
        found = sa.select(LedgerAccount.id, LedgerAccount.balance).where(LedgerAccount.id.in_(ids))
        assert {row.id: row.balance for row in self.session.execute(found)} == self.model
        total = sa.select(sa.func.sum(LedgerAccount.balance)).where(LedgerAccount.currency == "USD")
        assert self.session.scalar(total) == 0

    def teardown(self) -> None:
        """The proof holds at the end."""
        assert proof.verify(self.session).problems == ()

    def _shift(
        self, source: LedgerAccount, target: LedgerAccount, minor: int, key: str
    ) -> LedgerEntry:
        with self.session.begin_nested():
            return ledger.shift(
                self.session,
                kind=EntryKind.RETURNED,
                key=key,
                source=source,
                target=target,
                amount=Money(minor, "USD"),
                now=NOW,
            )

    def _book(self, source: int, target: int, minor: int) -> None:
        self.model[source] -= minor
        self.model[target] += minor


def test_the_ledger_agrees_with_a_dictionary(session: Session) -> None:
    Machine.session = session
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
