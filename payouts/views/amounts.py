"""Amounts as people enter them."""

from decimal import Decimal

from portal.errors import Invalid
from portal.money import Money, exponent


def in_minor(amount: Decimal, currency: str) -> Money:
    """The amount in minor units. Raises `Invalid` where it has digits the currency lacks."""
    scaled = amount.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise Invalid(f"{currency} has {exponent(currency)} digits after the point.")
    return Money(int(scaled), currency)


def in_major(amount: Money) -> Decimal:
    """The amount as a person would enter it."""
    return Decimal(amount.minor).scaleb(-exponent(amount.currency))
