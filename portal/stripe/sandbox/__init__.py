"""A stand-in for Stripe in the demo and the tests: the published request schema, kept strictly.

Conforms to Stripe's published request schema; behaviour modelled from its documentation; not run
against Stripe. It refuses to be built outside the demo, and nothing imports it there.
"""

from flask import Flask

from portal.settings import Settings
from portal.stripe.sandbox import config
from portal.stripe.sandbox.app import build


def create_sandbox(settings: Settings) -> Flask:
    """The sandbox as the demo mounts it at `/sandbox/stripe`. Raises `RuntimeError` elsewhere."""
    return build(config.from_settings(settings))
