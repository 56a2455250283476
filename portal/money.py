"""Money as integer minor units and an ISO 4217 currency; exact fractions until it is rounded once."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from babel.numbers import format_currency

from portal.errors import Invalid

EXPONENTS: Final = {"USD": 2, "EUR": 2, "GBP": 2, "CAD": 2, "CHF": 2, "JPY": 0, "KWD": 3}
"""Minor digits by currency, as Stripe counts them (docs.stripe.com/currencies)."""


@dataclass(frozen=True, order=True)
class Money:
    """An amount in minor units (cents, yen, fils). Different currencies never mix."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse a currency we have no table entry for."""
        exponent(self.currency)

    def __add__(self, other: "Money") -> "Money":
        """Add an amount in the same currency."""
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Subtract an amount in the same currency."""
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        """The same amount the other way."""
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        """As in formulas: `123.25`, without a currency sign."""
        return plain(self)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other


def exponent(currency: str) -> int:
    """How many minor digits the currency has. Raises `Invalid` for one we do not pay in."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise Invalid(f"{currency} is not a currency we pay in yet.") from None


def round_half_up(amount: Fraction) -> int:
    """Round to a whole number of minor units, halves away from zero: money's one rounding."""
    magnitude = int(abs(amount) + Fraction(1, 2))
    return magnitude if amount >= 0 else -magnitude


def plain(money: Money) -> str:
    """The amount in major units with all its minor digits and no sign of the currency."""
    digits = exponent(money.currency)
    return f"{Decimal(money.minor).scaleb(-digits):,.{digits}f}"


def format_money(money: Money, locale: str = "en_US") -> str:
    """The amount as the locale writes it: `$1,234.50`."""
    digits = exponent(money.currency)
    amount = Decimal(money.minor).scaleb(-digits)
    text: str = format_currency(amount, money.currency, locale=locale)
    return text
