"""Authenticated encryption for what must not be read from a dump, bound to the row it belongs to."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

_NONCE: Final = 12


class Unreadable(Exception):
    """The sealed bytes were changed, belong to another row, or to another key."""


def seal(plain: bytes, *, key: SecretStr, row: str) -> bytes:
    """Encrypt with AES-256-GCM; `row` ("authenticator:17") is authenticated, so it cannot be moved."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_bytes(key)).encrypt(nonce, plain, row.encode())


def unseal(sealed: bytes, *, key: SecretStr, row: str) -> bytes:
    """Give back what was sealed for the same row. Raises `Unreadable`."""
    try:
        return AESGCM(_bytes(key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], row.encode())
    except InvalidTag:
        raise Unreadable(f"cannot unseal {row}") from None


def blind_index(value: str, *, key: SecretStr, purpose: str) -> bytes:
    """A keyed digest: finds the same value twice without storing it (HMAC-SHA-256)."""
    subkey = hmac.digest(_bytes(key), b"blind index:" + purpose.encode(), hashlib.sha256)
    return hmac.digest(subkey, value.encode(), hashlib.sha256)


def _bytes(key: SecretStr) -> bytes:
    raw = base64.urlsafe_b64decode(key.get_secret_value() + "==")
    if len(raw) != 32:
        raise ValueError("PERSONAL_KEY must be 32 bytes in base64url")
    return raw
