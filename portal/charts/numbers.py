"""How charts write numbers: with the narrow space that keeps a number and its unit on one line."""

from math import ceil, floor, log10

NARROW = "\u202f"
NOTHING = "\u2013"
"""Stands where there is no number."""


def percent(share: float) -> str:
    """`0.914` as `91 %`; 100 % and 0 % are said only of exactly all and nothing."""
    rounded = round(share * 100)
    if rounded == 100 and share < 1:
        rounded = 99
    if rounded == 0 and share > 0:
        return f"<1{NARROW}%"
    return f"{rounded}{NARROW}%"


def hours(seconds: float) -> str:
    """Seconds as `3 h 24`, short enough to stand above a bar; less than an hour as `24 m`."""
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} m"
    return f"{minutes // 60} h {minutes % 60:02d}"


def whole(number: float) -> str:
    """`10000` as `10,000`."""
    return f"{number:,.0f}"


def span(low: str, high: str) -> str:
    """Two numbers that were written already, as the ends of a range."""
    return f"{low} {NOTHING} {high}"


def ticks(low: float, high: float, *, about: int = 4) -> list[float]:
    """Round values from at most `low` to at least `high`, about as many as asked."""
    span = (high - low) or 1.0
    rough = span / about
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [step * index for index in range(first, max(last, first + 1) + 1)]
