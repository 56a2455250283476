"""Identifiers that leave the server: time-ordered where a date may show, random where not."""

import secrets
from datetime import datetime
from uuid import UUID

RandomId = UUID
"""128 random bits; says nothing about when or in what order its row came to be."""


def random_id() -> RandomId:
    """128 bits from the operating system's generator."""
    return UUID(bytes=secrets.token_bytes(16))


def uuid7(now: datetime, entropy: bytes | None = None) -> UUID:
    """A version 7 UUID (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits.

    `entropy` is 10 bytes, given only where a run must be repeatable.
    """
    random = int.from_bytes(entropy or secrets.token_bytes(10))
    milliseconds = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | random & ((1 << 62) - 1))
