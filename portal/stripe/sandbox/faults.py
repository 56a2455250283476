"""Taking the next planned failure for a request."""

import random
from dataclasses import dataclass

import sqlalchemy as sa

from portal.stripe.sandbox.control import Fault
from portal.stripe.sandbox.tables import faults


@dataclass(frozen=True)
class Planned:
    """One failure to play on one request."""

    kind: Fault
    milliseconds: int


def next_fault(engine: sa.Engine, path: str) -> Planned | None:
    """The oldest planned failure for the path, used up once; or None."""
    with engine.begin() as connection:
        query = sa.select(faults).where(
            faults.c.remaining > 0, sa.literal(path).startswith(faults.c.path)
        )
        found = connection.execute(query.order_by(faults.c.id).limit(1).with_for_update()).first()
        if found is None or random.random() >= found.share:  # noqa: S311 - no secret depends on it
            return None
        connection.execute(
            faults.update().where(faults.c.id == found.id).values(remaining=found.remaining - 1)
        )
    return Planned(Fault(found.kind), found.milliseconds)
