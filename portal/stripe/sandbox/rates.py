"""The standing rate limit: so many requests a second in this process, where the knob says so."""

import threading
import time
from collections import deque
from typing import Final

import sqlalchemy as sa

from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.control import Knob
from portal.stripe.sandbox.tables import knobs

_SECOND: Final = 1.0
_lately: Final[deque[float]] = deque()
_alone: Final = threading.Lock()


def spend(engine: sa.Engine) -> None:
    """Count one request. Raises Stripe's 429 where the last second had too many."""
    with engine.connect() as connection:
        query = sa.select(knobs.c.value).where(knobs.c.name == Knob.RATE)
        allowed = connection.scalar(query) or 0
    if not allowed:
        return
    with _alone:
        now = time.monotonic()
        while _lately and _lately[0] <= now - _SECOND:
            _lately.popleft()
        if len(_lately) >= allowed:
            raise Complaint("Request rate limit exceeded.", status=429, code="rate_limit")
        _lately.append(now)
