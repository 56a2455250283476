"""Money: integers, one rounding, currencies that never mix."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Invalid
from portal.money import EXPONENTS, Money, exponent, format_money, plain, round_half_up

amounts = st.integers(min_value=-(10**15), max_value=10**15)
fractions = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6)


@given(amounts, amounts)
def test_what_is_added_and_taken_away_again_leaves_nothing_over(one: int, other: int) -> None:
    left, right = Money(one, "USD"), Money(other, "USD")
    assert left + right - right == left
    assert left + (-left) == Money(0, "USD")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="do not mix"):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(ValueError, match="do not mix"):
        Money(1, "USD") - Money(1, "EUR")


def test_a_currency_we_do_not_pay_in_is_refused() -> None:
    with pytest.raises(Invalid, match="XYZ"):
        Money(1, "XYZ")


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        (Fraction(1, 2), 1),
        (Fraction(-1, 2), -1),
        (Fraction(3, 2), 2),
        (Fraction(5, 2), 3),
        (Fraction(49, 100), 0),
        (Fraction(-5, 2), -3),
        (Fraction(0), 0),
    ],
)
def test_halves_are_rounded_away_from_zero(exact: Fraction, rounded: int) -> None:
    assert round_half_up(exact) == rounded


@given(fractions)
def test_rounding_moves_by_half_a_unit_at_most_and_treats_both_signs_alike(exact: Fraction) -> None:
    assert abs(round_half_up(exact) - exact) <= Fraction(1, 2)
    assert round_half_up(-exact) == -round_half_up(exact)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (12325, "USD", "123.25"),
        (5, "USD", "0.05"),
        (-5, "EUR", "-0.05"),
        (1234567, "JPY", "1,234,567"),
        (1234, "KWD", "1.234"),
    ],
)
def test_all_minor_digits_of_the_currency_are_written(minor: int, currency: str, text: str) -> None:
    assert plain(Money(minor, currency)) == str(Money(minor, currency)) == text


def test_an_amount_is_written_as_the_locale_does() -> None:
    assert format_money(Money(123450, "USD"), "en_US") == "$1,234.50"
    assert format_money(Money(1000, "JPY"), "en_US") == "¥1,000"
    assert format_money(Money(123450, "EUR"), "de_DE") == "1.234,50\N{NO-BREAK SPACE}€"


_WITHOUT_MINOR = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
_WITH_THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]
"""docs.stripe.com/currencies, "Zero-decimal currencies" and "Three-decimal currencies"."""


@pytest.mark.parametrize("currency", EXPONENTS)
def test_exponents_are_those_that_stripe_counts(currency: str) -> None:
    wanted = 0 if currency in _WITHOUT_MINOR else 3 if currency in _WITH_THREE else 2
    assert exponent(currency) == wanted


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "fr_FR", "hi_IN"])
@pytest.mark.parametrize("currency", EXPONENTS)
def test_no_locale_hides_a_digit_of_any_currency(currency: str, locale: str) -> None:
    """Locales have digits of their own for some currencies, which are not Stripe's."""
    shown = format_money(Money(-1234567, currency), locale)
    assert re.sub(r"\D", "", shown) == "1234567"
