"""An appointment: something that happens at a moment of the demo's past."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import transaction


@dataclass(frozen=True)
class Appointment:
    """`act` gets the moment and opens its own transactions, since it may ask Stripe in between."""

    at: datetime
    act: Callable[[datetime], None]


def written(at: datetime, act: Callable[[Session, datetime], object]) -> Appointment:
    """An appointment that needs one transaction and nobody outside."""

    def _act(now: datetime) -> None:
        with transaction() as session:
            act(session, now)

    return Appointment(at, _act)
