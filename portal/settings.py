"""Typed settings from the environment; everything that is missing or wrong is reported at once."""

import re
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_INDEX_KEYS: Final = re.compile(r"[1-9]\d{0,5}:[\w-]{43}=?(,[1-9]\d{0,5}:[\w-]{43}=?)*")


class SettingsError(Exception):
    """The settings cannot be used; the message lists every problem, a line each."""


class Settings(BaseSettings):
    """What this installation is told from outside. No secret has a default."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    database_url: str
    migration_database_url: str
    worker_database_url: str
    redis_url: str | None = None
    secret_key: SecretStr = Field(min_length=32)
    personal_key: SecretStr = Field(min_length=43)
    """32 bytes, base64url: encrypts schema `personal` (AES-256-GCM)."""
    data_dir: Path
    base_url: str = Field(pattern=r"^https?://")
    demo: bool = False
    trusted_proxies: int = Field(default=0, ge=0)
    mail_backend: Literal["file", "smtp"] = "smtp"
    mail_from: str = "Touchstone <no-reply@touchstone.example>"
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    stripe_secret_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None
    stripe_identity_key: SecretStr | None = None
    """A restricted key that may read verification results. Without it nobody's age is known, nor
    whether we know the person already."""
    identity_index_keys: SecretStr | None = None
    """"2:<key>,1:<key>", each 32 bytes in base64url: finds the same person twice. Version 0 is
    derived from PERSONAL_KEY and is used where none is given."""
    identity_valid_days: int = Field(default=730, ge=60)
    """After as many days an identity should be checked again."""
    stripe_base: str | None = None
    """Overrides all four of Stripe's base addresses: the sandbox's in the demo and in tests."""

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        problems = []
        if self.mail_backend == "smtp" and not self.smtp_host:
            problems.append("SMTP_HOST is needed when MAIL_BACKEND is smtp")
        if not self.demo and self.base_url.startswith("http://"):
            problems.append("BASE_URL must be https outside the demo")
        if not self.demo and self.stripe_base:
            problems.append("STRIPE_BASE may be set only in the demo")
        if self.identity_index_keys and not _INDEX_KEYS.fullmatch(
            _secret(self.identity_index_keys)
        ):
            problems.append(
                "IDENTITY_INDEX_KEYS must read version:key,version:key, versions from 1"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self


@cache
def load() -> Settings:
    """Read the environment once. Raises `SettingsError` naming every problem."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [_line(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise SettingsError("\n".join(lines)) from None


def _secret(value: SecretStr) -> str:
    return value.get_secret_value()


def _line(location: tuple[int | str, ...], message: str) -> str:
    name = "_".join(str(part) for part in location).upper()
    return f"{name}: {message}" if name else message
