"""The tables of money: ledger, statements, pay runs, payouts, payees, findings."""

from payouts.models.bank import (
    BankDetails,
    BankFile,
    BankReturn,
    BankTransfer,
    ReturnCause,
    ReturnState,
)
from payouts.models.bonuses import Bonus, BonusState
from payouts.models.bookings import LEGS, BookingKind, RailBooking
from payouts.models.budgets import Budget, BudgetAlert
from payouts.models.documents import PaperState, PayPaper
from payouts.models.findings import FREEZING, Finding, FindingKind
from payouts.models.ledger import (
    OF_RAIL,
    PAYABLE,
    EntryKind,
    LedgerAccount,
    LedgerEntry,
    LedgerKind,
    LedgerSeal,
    Posting,
    Rail,
)
from payouts.models.limits import PayLimit
from payouts.models.names import JobName
from payouts.models.payees import QUIET_AFTER_CHANGE, PayoutAccount
from payouts.models.project_reports import ProjectReport
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
from payouts.models.statements import LineKind, PaidJudgment, Statement, StatementLine
from payouts.models.tax import TaxForm, TaxFormKind

__all__ = [
    "FREEZING",
    "LEGS",
    "OF_RAIL",
    "PAYABLE",
    "QUIET_AFTER_CHANGE",
    "AttemptState",
    "BankDetails",
    "BankFile",
    "BankReturn",
    "BankTransfer",
    "Bonus",
    "BonusState",
    "BookingKind",
    "Budget",
    "BudgetAlert",
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
    "PaidJudgment",
    "PaperState",
    "PayLimit",
    "PayPaper",
    "PayRun",
    "PayRunState",
    "Payout",
    "PayoutAccount",
    "PayoutAttempt",
    "PayoutLine",
    "PayoutState",
    "Posting",
    "ProjectReport",
    "Rail",
    "RailBooking",
    "ReturnCause",
    "ReturnState",
    "Statement",
    "StatementLine",
    "TaxForm",
    "TaxFormKind",
]
