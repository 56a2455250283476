"""What a resource works with while it answers one request: objects, pages, events, the time."""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from portal.stripe.sandbox import complaints, tables
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.control import Knob
from portal.stripe.sandbox.wire import Params

Object = dict[str, Any]

API_VERSION: Final = "2026-10-28.endive"
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LARGEST_PAGE: Final = 100
_USUAL_PAGE: Final = 10
_REPLAYED_AFTER: Final = 30.0  # seconds


def new_id(prefix: str) -> str:
    """An id as Stripe makes them."""
    return f"{prefix}_1" + "".join(secrets.choice(_ALPHABET) for _ in range(23))


@dataclass
class Desk:
    """One request's view of the sandbox, inside one database transaction."""

    connection: sa.Connection
    now: datetime
    base: str  # where the sandbox is reached, without a final slash
    request_id: str
    idempotency_key: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)  # what the path names
    params: Params = field(default_factory=dict)
    restricted: bool = False  # asked with the key that may read what identity checks found

    @property
    def seconds(self) -> int:
        """The time as v1 objects carry it."""
        return int(self.now.timestamp())

    @property
    def stamp(self) -> str:
        """The time as v2 objects carry it."""
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def add(self, kind: str, made: Object) -> Object:
        """Keep a new object."""
        row = {"id": made["id"], "kind": kind, "created": self.now, "data": made}
        self.connection.execute(tables.objects.insert().values(row))
        return made

    def save(self, changed: Object) -> Object:
        """Keep what changed."""
        rows = tables.objects
        query = rows.update().where(rows.c.id == changed["id"]).values(data=changed)
        self.connection.execute(query)
        return changed

    def find(self, kind: str, object_id: str, *, thing: str, param: str = "id") -> Object:
        """One object, locked until the answer. Raises the 404 that Stripe would give."""
        rows = tables.objects
        query = sa.select(rows.c.data).where(rows.c.id == object_id, rows.c.kind == kind)
        found: Object | None = self.connection.scalar(query.with_for_update())
        if found is None:
            raise complaints.no_such(thing, object_id, param)
        return found

    def page(self, kind: str, url: str, params: Params, filters: Mapping[str, str]) -> Object:
        """A page of objects, newest first, filtered by their own fields and by `created`."""
        rows = tables.objects
        query = sa.select(rows.c.data).where(rows.c.kind == kind)
        for name, param in filters.items():
            if param in params:
                query = query.where(rows.c.data[name].astext == params[param])
        query = query.where(*self._window(params.get("created", {})))
        if lag := self.knob(Knob.LISTING_LAG):
            query = query.where(rows.c.created <= self.now - timedelta(seconds=lag))
        return self._cut(query, url, params)

    def emit(self, kind: str, about: Object) -> None:
        """Record a v1 event and what must be delivered of it."""
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.seconds,
            "data": {"object": about},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": kind,
        }
        self._deliver(self.add("event", event))

    def emit_thin(self, kind: str, about: str, *, url: str, of: str) -> None:
        """Record a v2 event, which names its object and does not show it."""
        event = {
            "id": new_id("evt"),
            "object": "v2.core.event",
            "created": self.stamp,
            "livemode": False,
            "context": None,
            "reason": None,
            "related_object": {"id": about, "type": of, "url": url},
            "type": kind,
        }
        self._deliver(self.add("v2.core.event", event))

    def knob(self, knob: Knob) -> float:
        """How much of a misbehaviour is asked for; zero unless a test turned it up."""
        rows = tables.knobs
        return self.connection.scalar(sa.select(rows.c.value).where(rows.c.name == knob)) or 0.0

    def _deliver(self, event: Object) -> None:
        """Plan the event's deliveries, as the knobs say."""
        copies = 2 if self._struck(Knob.WEBHOOK_DUPLICATES) else 1
        waits = [self._wait() for _ in range(copies)]
        if self._struck(Knob.WEBHOOK_REPLAYS):
            waits.append(self._wait() + _REPLAYED_AFTER)
        for wait in waits:
            self._plan(event, wait, forged=False)
        if self._struck(Knob.WEBHOOK_FORGERIES):
            self._plan(event, self._wait(), forged=True)

    def _plan(self, event: Object, wait: float, *, forged: bool) -> None:
        due_at = sa.func.clock_timestamp() + timedelta(seconds=wait)
        row = {"event_id": event["id"], "due_at": due_at, "forged": forged}
        self.connection.execute(tables.deliveries.insert().values(row))

    def _wait(self) -> float:
        spread, delay = self.knob(Knob.WEBHOOK_SHUFFLE), self.knob(Knob.WEBHOOK_DELAY)
        return delay + spread * random.random()  # noqa: S311 - no secret depends on it

    def _struck(self, share: Knob) -> bool:
        return random.random() < self.knob(share)  # noqa: S311 - no secret depends on it

    def _window(self, created: int | dict[str, int]) -> list[sa.ColumnElement[bool]]:
        column = sa.cast(tables.objects.c.data["created"].astext, sa.BigInteger)
        if isinstance(created, int):
            return [column == created]
        compare = {"gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}
        return [getattr(column, compare[how])(moment) for how, moment in created.items()]

    def _cut(self, query: sa.Select[Object], url: str, params: Params) -> Object:
        seq = tables.objects.c.seq
        limit = params.get("limit", _USUAL_PAGE)
        if not 1 <= limit <= _LARGEST_PAGE:
            raise Complaint(
                "This value must be greater than or equal to 1 and at most 100.",
                code="parameter_invalid_integer",
                param="limit",
            )
        backwards = "ending_before" in params
        if backwards:
            query = query.where(seq > self._seq(params["ending_before"], "ending_before"))
        elif "starting_after" in params:
            query = query.where(seq < self._seq(params["starting_after"], "starting_after"))
        order = seq.asc() if backwards else seq.desc()
        found = list(self.connection.scalars(query.order_by(order).limit(limit + 1)))
        shown = found[:limit][::-1] if backwards else found[:limit]
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": shown}

    def _seq(self, object_id: str, param: str) -> int:
        rows = tables.objects
        found = self.connection.scalar(sa.select(rows.c.seq).where(rows.c.id == object_id))
        if found is None:
            raise complaints.no_such("object", object_id, param)
        return int(found)
