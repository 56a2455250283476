"""Builders for money: experts with something owed to them."""

from payouts.models import EntryKind, LedgerAccount, LedgerEntry, LedgerKind, Rail
from payouts.service import ledger
from portal.money import Money
from tests.portal.make import MakeBase


class PayoutsMake(MakeBase):
    """Ledger accounts and what they hold."""

    def payable(
        self, kind: LedgerKind = LedgerKind.PENDING, *, expert_id: int, holding: int = 0
    ) -> LedgerAccount:
        """A dollar account of the expert's, with something in it."""
        account = ledger.payable(self.session, kind, expert_id=expert_id, currency="USD")
        if holding:
            self.credit(account, holding)
        return account

    def credit(self, account: LedgerAccount, minor: int) -> LedgerEntry:
        """An entry that puts money into the account, out of the rail's balance."""
        return ledger.shift(
            self.session,
            kind=EntryKind.RETURNED,
            key=f"test:{self.number()}",
            source=ledger.rail_balance(self.session, rail=Rail.STRIPE, currency=account.currency),
            target=account,
            amount=Money(minor, account.currency),
            now=self.now,
        )
