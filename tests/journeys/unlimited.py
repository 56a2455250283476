"""The product's web application with rate limits off: a replay is faster than people are."""

from portal.limits import limiter
from wsgi import app

limiter.enabled = False

__all__ = ["app"]
