"""The sandbox's back door: tests and the demo turn its knobs and plan its failures here."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.money import Money
from portal.stripe.sandbox import tables


class Fault(StrEnum):
    """One way in which a request can go wrong."""

    DROP_BEFORE = "drop_before"  # the connection breaks, nothing happened
    DROP_AFTER = "drop_after"  # it happened, but the connection breaks before the answer
    ERROR_BEFORE = "error_before"  # 500 without effect, saved under the key
    ERROR_AFTER = "error_after"  # 500 with effect, saved under the key
    CONFLICT = "conflict"  # 409: the same key is still being worked on
    RATE_LIMIT = "rate_limit"  # 429, not saved
    REFUSE = "refuse"  # 400: our account may not do this
    LATENCY = "latency"  # the answer takes its time


class Knob(StrEnum):
    """How something misbehaves until the knob is turned back to 0."""

    WEBHOOK_DUPLICATES = "webhook_duplicates"  # share of events delivered twice
    WEBHOOK_SHUFFLE = "webhook_shuffle"  # seconds over which deliveries are spread at random
    WEBHOOK_DELAY = "webhook_delay"  # seconds before the first delivery
    WEBHOOK_REPLAYS = "webhook_replays"  # share of events delivered once more, much later
    WEBHOOK_FORGERIES = "webhook_forgeries"  # share of events beside which a forged one is sent
    LISTING_LAG = "listing_lag"  # seconds before a new object appears in lists
    REDACTION_TIME = "redaction_time"  # seconds until an identity session is redacted
    RATE = "rate"  # requests a second that are answered, the rest are 429; 0 is no limit


class Control:
    """Plans failures and reads what really happened, past the API."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def fail(
        self,
        kind: Fault,
        *,
        path: str,
        times: int = 1,
        share: float = 1.0,
        milliseconds: int = 0,
    ) -> None:
        """Play a failure on the next `times` requests whose path begins with `path`.

        The library repeats a failed request twice by itself: three times make it give up. With a
        `share` below 1 each request is struck with that probability.
        """
        row = {
            "kind": kind,
            "path": path,
            "remaining": times,
            "share": share,
            "milliseconds": milliseconds,
        }
        with self._engine.begin() as connection:
            connection.execute(tables.faults.insert().values(row))

    def line_up(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Plan many failures at once: each row as `fail` would keep it, played in their order."""
        with self._engine.begin() as connection:
            connection.execute(tables.faults.insert(), [*rows])

    def heal(self) -> None:
        """Play no more failures."""
        with self._engine.begin() as connection:
            connection.execute(tables.faults.delete())

    def turn(self, knob: Knob, value: float) -> None:
        """Set a knob."""
        statement = insert(tables.knobs).values(name=knob, value=value)
        with self._engine.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"value": value})
            )

    def fund(self, money: Money) -> None:
        """Set what our balance holds in a currency."""
        row = {"currency": money.currency.lower(), "available": money.minor}
        statement = insert(tables.balances).values(row)
        with self._engine.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["currency"], set_={"available": money.minor}
                )
            )

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind as it is now, oldest first."""
        rows = tables.objects
        query = sa.select(rows.c.data).where(rows.c.kind == kind).order_by(rows.c.seq)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def reset(self) -> None:
        """Forget everything."""
        with self._engine.begin() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(table.delete())
