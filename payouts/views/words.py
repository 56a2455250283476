"""What people read for the states of money, with the mark that goes with each."""

from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext as _

from payouts.models import FindingKind, HoldReason, PayoutState, PayRunState

PAYOUTS: Final = {
    None: (_("waits for a pay run"), "waiting"),
    PayoutState.PLANNED: (_("waits for a signature"), "waiting"),
    PayoutState.READY: (_("approved"), "good"),
    PayoutState.HELD: (_("waits for you"), "warning"),
    PayoutState.SENDING: (_("on its way"), "waiting"),
    PayoutState.PAID: (_("paid"), "good"),
    PayoutState.REFUSED: (_("a person looks"), "warning"),
    PayoutState.RETURNED: (_("came back"), "warning"),
    PayoutState.VOIDED: (_("waits for a pay run"), "waiting"),
}
"""To the payee."""

SENDING: Final = {
    PayoutState.PLANNED: (_("planned"), "neutral"),
    PayoutState.READY: (_("about to be sent"), "waiting"),
    PayoutState.HELD: (_("held"), "warning"),
    PayoutState.SENDING: (_("asked of the rail"), "waiting"),
    PayoutState.PAID: (_("paid"), "good"),
    PayoutState.REFUSED: (_("refused"), "bad"),
    PayoutState.RETURNED: (_("came back"), "bad"),
    PayoutState.VOIDED: (_("given up"), "neutral"),
}
"""To whoever runs the pay."""

RUNS: Final = {
    PayRunState.BUILT: (_("waits for a signature"), "waiting"),
    PayRunState.APPROVED: (_("being paid"), "waiting"),
    PayRunState.DONE: (_("paid"), "good"),
    PayRunState.VOIDED: (_("given up"), "neutral"),
}

HOLDS: Final = {
    HoldReason.IDENTITY: _("We may pay only people whose identity is verified."),
    HoldReason.NO_ACCOUNT: _("We do not know yet where to send your money."),
    HoldReason.ACCOUNT_NOT_READY: _("Stripe still needs something for the account we pay to."),
}
"""To the payee: why their approved money waits."""

WAITS: Final = {
    HoldReason.IDENTITY: _("The identity check is not done. It goes out by itself afterwards."),
    HoldReason.NO_ACCOUNT: _("No account to send it to yet. The person is told."),
    HoldReason.ACCOUNT_NOT_READY: _("Stripe needs more from the person. They are told."),
}
"""The same to whoever runs the pay."""

FINDINGS: Final = {
    FindingKind.UNKNOWN_TRANSFER: _("A transfer that we never asked for"),
    FindingKind.DUPLICATE_TRANSFER: _("Two transfers for one payout"),
    FindingKind.MISSING_TRANSFER: _("Paid by our books, not at the rail"),
    FindingKind.DIFFERENT_TRANSFER: _("A transfer that does not fit its payout"),
    FindingKind.RETURNED_TRANSFER: _("Part of a transfer came back"),
    FindingKind.LEDGER_DIFFERS: _("The ledger and the payouts differ"),
}


@dataclass(frozen=True)
class Stage:
    """One of the four places where money is."""

    key: str
    label: object
    states: frozenset[PayoutState | None]


STAGES: Final = (
    Stage(
        "accrued",
        _("Accrued"),
        frozenset({None, PayoutState.PLANNED, PayoutState.VOIDED}),
    ),
    Stage(
        "approved",
        _("Approved"),
        frozenset({PayoutState.READY, PayoutState.HELD, PayoutState.REFUSED, PayoutState.RETURNED}),
    ),
    Stage("in_transit", _("On its way"), frozenset({PayoutState.SENDING})),
    Stage("paid", _("Paid"), frozenset({PayoutState.PAID})),
)


def stage_columns() -> list[dict[str, object]]:
    """The stages as columns of a table."""
    return [{"label": stage.label, "number": True} for stage in STAGES]


def stage_of(state: PayoutState | None) -> str:
    """The key of the stage a payout state belongs to."""
    return next(stage.key for stage in STAGES if state in stage.states)
