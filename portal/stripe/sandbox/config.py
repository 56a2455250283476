"""What the sandbox is told when it is built, and where it may be."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal.settings import Settings


@dataclass(frozen=True)
class Config:
    """Its database, its secrets, and two addresses."""

    engine: sa.Engine
    secret_key: str
    webhook_secret: str
    webhook_url: str
    base: str  # where it is reached from outside, without a final slash
    identity_key: str | None = None  # restricted: may read what identity checks found


def from_settings(settings: Settings) -> Config:
    """As the demo's settings say. Raises `RuntimeError` outside the demo."""
    if not settings.demo:
        raise RuntimeError("the Stripe sandbox exists only in the demo")
    if settings.stripe_secret_key is None or settings.stripe_webhook_secret is None:
        raise RuntimeError("the sandbox needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET")
    identity = settings.stripe_identity_key
    url = sa.make_url(settings.database_url).set(drivername="postgresql+psycopg")
    return Config(
        engine=sa.create_engine(url, pool_size=2, max_overflow=8, pool_pre_ping=True),
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
        webhook_url=f"{settings.base_url}/webhooks/stripe",
        base=f"{settings.base_url}/sandbox/stripe",
        identity_key=identity.get_secret_value() if identity else None,
    )
