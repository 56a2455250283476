"""What an expert was paid for, in the performance report."""

from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from payouts.models import LineKind
from payouts.queries import money as queries
from payouts.views import words
from portal.durations import hours
from portal.money import Money, format_money

_SAID_AGAIN: Final = LineKind.GUARANTEE
"""Its line names the time of all others once more."""


def pay_section(
    session: Session, account_id: int, start: datetime, end: datetime
) -> dict[str, Any] | None:
    """Every statement line of the weeks that begin in the period, and their sums by currency."""
    rows = session.execute(queries.lines_between(account_id, start, end)).all()
    if not rows:
        return None
    totals: dict[str, Money] = {}
    lines = []
    for statement, line, title, state in rows:
        amount = Money(line.amount_minor, statement.currency)
        totals[amount.currency] = totals.get(amount.currency, Money(0, amount.currency)) + amount
        lines.append(
            {
                "statement": statement.label,
                "project": title,
                "formula": line.formula,
                "amount": format_money(amount),
                "state": str(words.PAYOUTS[state][0]),
            }
        )
    timed = (line for _statement, line, _title, _state in rows if line.kind is not _SAID_AGAIN)
    seconds = sum(line.microseconds for line in timed) // 10**6
    return {
        "lines": lines,
        "totals": [format_money(total) for _currency, total in sorted(totals.items())],
        "headline": [(format_money(total), _("earned")) for total in totals.values()],
        "methods": [
            _(
                "Pay: approved time of %(hours)s by the second at the rate of the accepted terms,"
                " exact until each line and rounded there once, half up.",
                hours=hours(seconds, seconds=True),
            )
        ],
    }
