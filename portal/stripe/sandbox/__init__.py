"""A stand-in for Stripe in the demo and the tests: the published request schema, kept strictly.

Conforms to Stripe's published request schema; behaviour modelled from its documentation; not run
against Stripe. It refuses to be built outside the demo.
"""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.settings import Settings

if TYPE_CHECKING:
    from flask import Flask


def create_sandbox(settings: Settings) -> "Flask":
    """The sandbox as the demo mounts it at `/sandbox/stripe`. Raises `RuntimeError` elsewhere.

    The rest of the package, and with it the derived schema, is imported only here.
    """
    if not settings.demo:
        raise RuntimeError("the Stripe sandbox exists only in the demo")
    if settings.stripe_secret_key is None or settings.stripe_webhook_secret is None:
        raise RuntimeError("the sandbox needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET")
    from portal.stripe.sandbox.app import Config, build  # noqa: PLC0415

    url = sa.make_url(settings.database_url).set(drivername="postgresql+psycopg")
    return build(
        Config(
            engine=sa.create_engine(url, pool_size=2, max_overflow=8, pool_pre_ping=True),
            secret_key=settings.stripe_secret_key.get_secret_value(),
            webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
            webhook_url=f"{settings.base_url}/webhooks/stripe",
            base=f"{settings.base_url}/sandbox/stripe",
        )
    )
