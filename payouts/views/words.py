"""What people read for the states of money, with the mark that goes with each."""

from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext as _

from payouts.models import (
    BonusState,
    BookingKind,
    Finding,
    FindingKind,
    HoldReason,
    LineKind,
    PaperState,
    PayoutState,
    PayRunState,
    Rail,
    ReturnCause,
    ReturnState,
    TaxFormKind,
)
from portal.money import EXPONENTS, Money, format_money

PAYOUTS: Final = {
    None: (_("waits for a pay run"), "waiting"),
    PayoutState.PLANNED: (_("waits for a signature"), "waiting"),
    PayoutState.READY: (_("approved"), "good"),
    PayoutState.HELD: (_("waits for you"), "warning"),
    PayoutState.SENDING: (_("on its way"), "waiting"),
    PayoutState.PAID: (_("paid"), "good"),
    PayoutState.REFUSED: (_("a person looks"), "warning"),
    PayoutState.RETURNED: (_("came back"), "warning"),
    PayoutState.RELEASED: (_("came back, paid with the next run"), "warning"),
    PayoutState.VOIDED: (_("waits for a pay run"), "waiting"),
}
"""To the payee."""

SENDING: Final = {
    PayoutState.PLANNED: (_("planned"), "neutral"),
    PayoutState.READY: (_("about to be sent"), "waiting"),
    PayoutState.HELD: (_("held"), "warning"),
    PayoutState.SENDING: (_("on its way, not confirmed yet"), "waiting"),
    PayoutState.PAID: (_("paid"), "good"),
    PayoutState.REFUSED: (_("did not go through"), "bad"),
    PayoutState.RETURNED: (_("came back"), "bad"),
    PayoutState.RELEASED: (_("came back, in the next run"), "warning"),
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
    HoldReason.DETAILS_RETURNED: _(
        "Your bank sent our last payment back, so we need bank details that work."
    ),
    HoldReason.TAX_FORM: _("We need your tax form first: a W-9 or a W-8BEN, two minutes."),
    HoldReason.DETAILS_CHANGED: _(
        "Your bank details changed less than 72 hours ago. To keep your money safe we wait that long."
    ),
    HoldReason.LIMIT: _(
        "It is more than we send at once, so a person of finance looks at it first."
    ),
}
"""To the payee: why their approved money waits."""

WAITS: Final = {
    HoldReason.IDENTITY: _("The identity check is not done. It goes out by itself afterwards."),
    HoldReason.NO_ACCOUNT: _("No account to send it to yet. The person is told."),
    HoldReason.ACCOUNT_NOT_READY: _("Stripe needs more from the person. They are told."),
    HoldReason.DETAILS_RETURNED: _(
        "The bank sent the last payment back. It goes out once the person has mended their details."
    ),
    HoldReason.TAX_FORM: _("No tax form that is good today. The person is told."),
    HoldReason.DETAILS_CHANGED: _(
        "The bank details changed less than 72 hours ago. It goes out by itself."
    ),
    HoldReason.LIMIT: _(
        "More than the limits let out. Finance may let it through, or it waits its turn."
    ),
}
"""The same to whoever runs the pay."""

MENDS: Final = {
    HoldReason.IDENTITY: ("identity.overview", _("Verify your identity")),
    HoldReason.NO_ACCOUNT: ("earnings.index", _("Say where to send it")),
    HoldReason.ACCOUNT_NOT_READY: ("earnings.index", _("Go on at Stripe")),
    HoldReason.DETAILS_RETURNED: ("banks.mine", _("Mend your bank details")),
    HoldReason.TAX_FORM: ("taxes.index", _("Give your tax form")),
}
"""Where the payee can do something about it; the other reasons end by themselves."""

BONUSES: Final = {
    BonusState.ASKED: (_("waits for another person"), "waiting"),
    BonusState.APPROVED: (_("approved"), "good"),
    BonusState.WITHDRAWN: (_("given up"), "neutral"),
    BonusState.REFUSED: (_("not given this time"), "warning"),
}

BOOKINGS: Final = {
    BookingKind.FEE: _("fee"),
    BookingKind.LOSS: _("loss"),
    BookingKind.GAIN: _("gain"),
    BookingKind.EXPECTED: _("to come back"),
    BookingKind.ARRIVED: _("came back"),
    BookingKind.WRITTEN_OFF: _("written off"),
}

PAPERS: Final = {
    PaperState.WAITING: (_("being made"), "waiting"),
    PaperState.ISSUED: (_("ready"), "good"),
    PaperState.FAILED: (_("could not be made"), "bad"),
}

RAILS: Final = {Rail.STRIPE: _("Stripe"), Rail.MANUAL: _("Bank transfer")}

RETURNS: Final = {
    ReturnState.ENTERED: (_("waits for a second person"), "waiting"),
    ReturnState.CONFIRMED: (_("confirmed, and owed again"), "good"),
    ReturnState.WITHDRAWN: (_("entered by mistake"), "neutral"),
}

CAUSES: Final = {
    ReturnCause.CLOSED: _("The account is closed"),
    ReturnCause.NO_SUCH_ACCOUNT: _("There is no such account"),
    ReturnCause.NAME_DIFFERS: _("The name does not fit the account"),
    ReturnCause.NOT_TAKEN: _("The bank does not take such payments"),
    ReturnCause.OTHER: _("Something else"),
}

LINES: Final = {
    LineKind.HOURLY: _("by the hour"),
    LineKind.TRAINING: _("training"),
    LineKind.TASK: _("by the task"),
    LineKind.QUALITY: _("for quality"),
    LineKind.ADJUSTMENT: _("adjustment"),
    LineKind.GUARANTEE: _("up to the guaranteed hour"),
    LineKind.BONUS: _("bonus"),
}

TAX_FORMS: Final = {
    TaxFormKind.W9: _("W-9, for U.S. persons"),
    TaxFormKind.W8BEN: _("W-8BEN, for everybody else"),
}

DETAILS: Final = {
    "amount": _("Amount"),
    "destination": _("Went to"),
    "group": _("Named for"),
    "listed": _("Transfers there"),
    "problem": _("What differs"),
    "reversed": _("Came back"),
    "since": _("On its way since"),
    "state": _("By our books"),
    "transfer": _("Transfer"),
    "transfers": _("Transfers"),
}
"""What a finding knows about itself, in words."""

FINDINGS: Final = {
    FindingKind.UNKNOWN_TRANSFER: _("A transfer that we never asked for"),
    FindingKind.DUPLICATE_TRANSFER: _("Two transfers for one payout"),
    FindingKind.MISSING_TRANSFER: _("Paid by our books, but Stripe does not have it"),
    FindingKind.DIFFERENT_TRANSFER: _("A transfer that does not fit its payout"),
    FindingKind.RETURNED_TRANSFER: _("Part of a transfer came back"),
    FindingKind.LATE_TRANSFER: _("On its way for more than 48 hours"),
    FindingKind.LEDGER_DIFFERS: _("The ledger and the payouts differ"),
}


@dataclass(frozen=True)
class Stage:
    """One of the places where money is."""

    key: str
    label: object
    states: frozenset[PayoutState | None]


STAGES: Final = (
    Stage(
        "accrued",
        _("Accrued"),
        frozenset({None, PayoutState.PLANNED, PayoutState.RELEASED, PayoutState.VOIDED}),
    ),
    Stage(
        "approved",
        _("Approved"),
        frozenset({PayoutState.READY, PayoutState.REFUSED, PayoutState.RETURNED}),
    ),
    Stage("held", _("Held"), frozenset({PayoutState.HELD})),
    Stage("in_transit", _("On its way"), frozenset({PayoutState.SENDING})),
    Stage("paid", _("Paid"), frozenset({PayoutState.PAID})),
)


def stage_columns() -> list[dict[str, object]]:
    """The stages as columns of a table."""
    return [{"label": stage.label, "number": True} for stage in STAGES]


def stage_of(state: PayoutState | None) -> str:
    """The key of the stage a payout state belongs to."""
    return next(stage.key for stage in STAGES if state in stage.states)


def details(finding: Finding) -> list[tuple[object, str]]:
    """What is known about a disagreement, each with its name; money as money."""
    return [(DETAILS.get(key, key), _said(value)) for key, value in finding.details.items()]


def _said(value: object) -> str:
    match value:
        case [int() as minor, str() as currency] if currency in EXPONENTS:
            return format_money(Money(minor, currency))
        case [*parts]:
            return ", ".join(map(str, parts)) or "\N{EN DASH}"
    return "\N{EN DASH}" if value is None else str(value)
