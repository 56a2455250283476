"""The background jobs of money, by name."""

from enum import StrEnum


class JobName(StrEnum):
    """What the outbox may carry for this package."""

    SEND_PAYOUT = "payouts.send"
    FIND_UNSETTLED = "payouts.find_unsettled"
    FIND_APPROVED = "payouts.find_approved"
    DRAW_STATEMENTS = "payouts.draw_statements"
    RECONCILE = "payouts.reconcile"
    SEAL_LEDGER = "payouts.seal_ledger"
    TRANSFER_CHANGED = "payouts.transfer_changed"
    SET_PAPER = "payouts.set_paper"
    WATCH_BUDGETS = "payouts.watch_budgets"
    PAYEE_CHANGED = "payouts.payee_changed"
    APPEAL_UPHELD = "payouts.appeal_upheld"
    FORGET_TAX_FORMS = "payouts.forget_tax_forms"
    SET_PROJECT_REPORT = "payouts.set_project_report"
