"""Builders for money: experts with something owed to them, statements, pay runs, payees."""

from payouts.models import (
    EntryKind,
    LedgerAccount,
    LedgerEntry,
    LedgerKind,
    Payout,
    PayoutAccount,
    PayRun,
    Rail,
    Statement,
    TaxForm,
    TaxFormKind,
)
from payouts.queries import bank as bank_queries
from payouts.queries import runs as run_queries
from payouts.service import bank, ledger, runs, sending, statements, tax
from payouts.service.tax import Certified
from portal.access import Role
from portal.accounts.models import Account, Organisation
from portal.identity.models import CheckState
from portal.ids import random_id
from portal.money import Money
from portal.stripe.accounts import Capability
from tasks.models import Project, Timesheet
from tasks.service import timesheets
from tests.portal.identity.make import IdentityMake
from tests.tasks.make import TasksMake


class PayoutsMake(IdentityMake, TasksMake):
    """Money from its first second to the rail's door."""

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

    def organisation_of(self, project: Project) -> Organisation:
        """The client whose project it is."""
        return self.session.get_one(Organisation, project.organisation_id)

    def approved_time(
        self,
        *,
        expert: Account | None = None,
        project: Project | None = None,
        seconds: int = 3600,
    ) -> Timesheet:
        """A timesheet that somebody else has approved."""
        sheet = self.timesheet(expert=expert, project=project, seconds=seconds, submitted=True)
        manager = self.account(Role.MANAGER, name="Ines Duarte")
        timesheets.approve(self.session, sheet, by=manager.id, now=self.now)
        return sheet

    def statement(
        self,
        *,
        expert: Account | None = None,
        project: Project | None = None,
        seconds: int = 3600,
    ) -> Statement:
        """A statement over one timesheet."""
        sheet = self.approved_time(expert=expert, project=project, seconds=seconds)
        (made,) = statements.draw(self.session, expert_id=sheet.expert_id, now=self.now)
        return made

    def payee(self, expert: Account | None = None, *, stripe_id: str | None = None) -> Account:
        """An expert whose identity is verified and whose account can be sent money."""
        expert = expert or self.expert()
        self.identity_check(expert, state=CheckState.VERIFIED)
        account = PayoutAccount(
            account_id=expert.id, creation_key=random_id(), country="DE", created_at=self.now
        )
        known = [] if stripe_id else ["fp_test"]
        stripe_id = stripe_id or f"acct_test{self.number()}"
        account.seen(
            stripe_id=stripe_id,
            transfers=Capability.ACTIVE,
            destinations=known,
            now=self.now,
        )
        self.session.add(account)
        self.session.flush()
        self.tax_form(expert)
        return expert

    def bank_payee(self, expert: Account | None = None) -> Account:
        """An expert who is paid by bank transfer."""
        expert = expert or self.expert()
        self.identity_check(expert, state=CheckState.VERIFIED)
        number = "DE89370400440532013000"
        details = bank.Details(expert.display_name, "DE", number, "COBADEFFXXX")
        bank.give(self.session, expert.id, details, now=self.now)
        self.tax_form(expert)
        return expert

    def paid_by_bank(self, expert: Account | None = None, *, reference: str = "BT-1") -> Payout:
        """USD 38.50 that a bank transfer has paid today, by a file that finance made."""
        run = self.signed_run(self.bank_payee(expert))
        payout = self.session.scalars(run_queries.payouts(run.id)).one()
        finance = self.account(Role.FINANCE, name="Noor Haddad")
        attempt = sending.reserve(self.session, payout.id, now=self.now)
        assert attempt is not None
        bank.make_file(self.session, run, by=finance.id, now=self.now)
        today = self.now.date()
        bank.enter(self.session, payout, reference=reference, on=today, by=finance.id, now=self.now)
        done = self.session.execute(bank_queries.done(payout.reference))
        found = [bank_queries.as_transfer(row) for row in done]
        sending.record(self.session, attempt, found, now=self.now)
        return payout

    def tax_form(self, expert: Account) -> TaxForm:
        """A W-8BEN of somebody in Germany."""
        said = Certified(TaxFormKind.W8BEN, expert.display_name, "DE", "36574261809")
        return tax.give(self.session, expert.id, said, now=self.now)

    def pay_run(self, *experts: Account, by: Account | None = None, seconds: int = 3600) -> PayRun:
        """A run of one organisation over one timesheet of each expert."""
        project = self.project()
        for expert in experts or (self.payee(),):
            self.statement(expert=expert, project=project, seconds=seconds)
        by = by or self.account(Role.MANAGER, name="Ines Duarte")
        return runs.build(
            self.session,
            organisation_id=project.organisation_id,
            currency="USD",
            by=by.id,
            now=self.now,
        )

    def signed_run(self, *experts: Account, seconds: int = 3600) -> PayRun:
        """A run that finance has approved."""
        run = self.pay_run(*experts, seconds=seconds)
        finance = self.account(Role.FINANCE, name="Tove Lindqvist")
        runs.approve(self.session, run, by=finance.id, seen=run.lines_sha256, now=self.now)
        return run

    def payout(self, *, stripe_id: str | None = None, seconds: int = 3600) -> Payout:
        """One payout that is ready to be sent."""
        run = self.signed_run(self.payee(stripe_id=stripe_id), seconds=seconds)
        return self.session.scalars(run_queries.payouts(run.id)).one()
