"""Our own balance: what is there, and taking from it without going below zero."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.stripe.sandbox import tables
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.desk import Desk, Object

_FUNDED: Final = ("usd", "eur", "gbp", "cad", "chf", "jpy", "kwd")
_FIRST_FUNDS: Final = 50_000_000


def retrieve(desk: Desk) -> Object:
    """What can be sent now, by currency."""
    _fund(desk)
    rows = tables.balances
    found = desk.connection.execute(sa.select(rows).order_by(rows.c.currency)).all()
    available = [
        {"amount": row.available, "currency": row.currency, "source_types": {"card": row.available}}
        for row in found
    ]
    pending = [{**funds, "amount": 0, "source_types": {"card": 0}} for funds in available]
    return {"object": "balance", "available": available, "livemode": False, "pending": pending}


def take(desk: Desk, amount: int, currency: str) -> None:
    """Take from the balance. Raises Stripe's "insufficient funds" where it is short."""
    _fund(desk)
    rows = tables.balances
    taken = desk.connection.execute(
        rows.update()
        .where(rows.c.currency == currency, rows.c.available >= amount)
        .values(available=rows.c.available - amount)
    )
    if taken.rowcount == 0:
        raise Complaint(
            "You have insufficient available funds in your Stripe account. Try adding funds"
            " directly to your available balance by creating Charges using the 4000000000000077"
            " test card. See: https://docs.stripe.com/testing#available-balance",
            code="balance_insufficient",
            saved=True,
        )


def give_back(desk: Desk, amount: int, currency: str) -> None:
    """Put reversed money back."""
    rows = tables.balances
    desk.connection.execute(
        rows.update().where(rows.c.currency == currency).values(available=rows.c.available + amount)
    )


def _fund(desk: Desk) -> None:
    """Test mode begins with money to play with, until a test says how much there is."""
    rows = tables.balances
    if desk.connection.scalar(sa.select(sa.func.count()).select_from(rows)) == 0:
        first = [{"currency": code, "available": _FIRST_FUNDS} for code in _FUNDED]
        desk.connection.execute(insert(rows).on_conflict_do_nothing(), first)


HANDLERS = {"stripe._balance_service:retrieve": retrieve}
