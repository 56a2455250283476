"""The tables of money: ledger, statements, pay runs, payouts, payees, findings."""

from payouts.models.findings import FREEZING, Finding, FindingKind
from payouts.models.ledger import (
    PAYABLE,
    EntryKind,
    LedgerAccount,
    LedgerEntry,
    LedgerKind,
    LedgerSeal,
    Posting,
    Rail,
)
from payouts.models.names import JobName
from payouts.models.payees import PayoutAccount
from payouts.models.runs import (
    AttemptState,
    HoldReason,
    Payout,
    PayoutAttempt,
    PayoutLine,
    PayoutState,
    PayRun,
    PayRunState,
)
from payouts.models.statements import LineKind, Statement, StatementLine

__all__ = [
    "FREEZING",
    "PAYABLE",
    "AttemptState",
    "EntryKind",
    "Finding",
    "FindingKind",
    "HoldReason",
    "JobName",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerKind",
    "LedgerSeal",
    "LineKind",
    "PayRun",
    "PayRunState",
    "Payout",
    "PayoutAccount",
    "PayoutAttempt",
    "PayoutLine",
    "PayoutState",
    "Posting",
    "Rail",
    "Statement",
    "StatementLine",
]
