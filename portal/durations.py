"""Lengths of time as people read them: `3 h 24 m`, and to the second where money hangs on it."""

from datetime import timedelta


def hours(length: timedelta | float, *, seconds: bool = False) -> str:
    """`3 h 24 m`; with `seconds` `3 h 24 m 05 s`. Takes a timedelta or a number of seconds."""
    total = int(length.total_seconds() if isinstance(length, timedelta) else length)
    sign = "\N{MINUS SIGN}" if total < 0 else ""
    whole, rest = divmod(abs(total), 3600)
    minutes, left = divmod(rest, 60)
    text = f"{whole} h {minutes:02d} m" if whole else f"{minutes} m"
    return f"{sign}{text} {left:02d} s" if seconds else f"{sign}{text}"
