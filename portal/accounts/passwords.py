"""Passwords: stretched with argon2id, weighed with zxcvbn, never compared in plain sight."""

from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

NEEDED_SCORE: Final = 3
LONGEST: Final = 200
_WEIGHED: Final = 72  # zxcvbn's time grows with the square of the length
_HASHER: Final = PasswordHasher()  # RFC 9106, section 4, second recommended option
_NOBODYS: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$wUJHFK0502Q9lxzDk702IA$+Nhh39k15jmxrdzH0NVJbWF7kkyhdXDvgOLIN1zYlpA"
)
"""Checked in place of a missing one, so that an unknown address takes as long as a known one."""


@dataclass(frozen=True)
class Weakness:
    """Why a password is too easy to guess, and what would make it harder."""

    warning: str
    suggestions: list[str]

    def __str__(self) -> str:
        """One paragraph for the person."""
        said = [self.warning, *self.suggestions]
        sentences = [part.strip().rstrip(".") + "." for part in said if part.strip()]
        return " ".join(["This password is too easy to guess.", *sentences])


def stretch(password: str) -> str:
    """The encoded argon2id hash, salted anew each time."""
    return _HASHER.hash(password)


def matches(encoded: str | None, password: str) -> bool:
    """Whether the password is the one that was stretched. Takes as long where there is none."""
    try:
        _HASHER.verify(encoded or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return encoded is not None


def outdated(encoded: str) -> bool:
    """Whether it was stretched less than we do today, and wants to be stretched again."""
    return _HASHER.check_needs_rehash(encoded)


def weakness(password: str, *, about: list[str]) -> Weakness | None:
    """None for a password that is hard enough to guess, even for someone who knows `about`."""
    found = zxcvbn(password[:_WEIGHED], user_inputs=[word for word in about if word])
    if found["score"] >= NEEDED_SCORE:
        return None
    advice = found["feedback"]
    return Weakness(advice["warning"] or "", list(advice["suggestions"]))
