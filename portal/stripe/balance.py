"""What our own Stripe balance holds."""

from portal.money import EXPONENTS, Money
from portal.stripe.client import ask


def available() -> dict[str, Money]:
    """What can be sent now, by currency; currencies we do not pay in are left out."""
    found = ask(lambda door: door.v1.balance.retrieve())
    funds = [
        Money(part.amount, code)
        for part in found.available
        if (code := part.currency.upper()) in EXPONENTS
    ]
    return {part.currency: part for part in funds}
