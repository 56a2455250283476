"""Sending events to the app: signed, retried, from a thread of the sandbox's own."""

import hashlib
import hmac
import http.client
import json
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from portal.stripe.sandbox import tables

_IDLE_SECONDS: Final = 0.5
_ANSWER_SECONDS: Final = 20
_ATTEMPTS: Final = 12
_BATCH: Final = 20
_WISHED_FOR: Final = "identity.verification_session.verified"


@dataclass(frozen=True)
class _Due:
    id: int
    event: dict[str, Any]
    forged: bool


def signature(payload: bytes, secret: str, *, timestamp: int) -> str:
    """The `Stripe-Signature` header over a body."""
    signed = b"%d." % timestamp + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Deliverer:
    """Delivers what is due. A request never waits for it, and it holds no lock while it sends.

    Several processes may each run one: rows are taken with a lease.
    """

    def __init__(self, engine: sa.Engine, url: str, secret: str) -> None:
        self._engine = engine
        self._url = urlsplit(url)
        self._secret = secret
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Something may be due: called after every request, starts the thread of this process."""
        with self._starting:
            if not self._stopped.is_set() and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(
                    target=self._run, name="sandbox-webhooks", daemon=True
                )
                self._thread.start()
        self._wanted.set()

    def stop(self) -> None:
        """End the thread; what was not delivered stays due."""
        self._stopped.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def deliver_due(self) -> int:
        """Send what is due once; gives how many were tried."""
        due = self._take()
        for delivery in due:
            status = self._send(*self._letter(delivery))
            self._note(delivery, status)
        return len(due)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                delivered = self.deliver_due()
            except sa.exc.OperationalError:  # the database is away: what is due stays due
                delivered = 0
            if delivered == 0:
                self._wanted.wait(_IDLE_SECONDS)
                self._wanted.clear()

    def _take(self) -> list[_Due]:
        rows, objects = tables.deliveries, tables.objects
        now = sa.func.clock_timestamp()
        waiting = sa.and_(
            rows.c.delivered_at.is_(None), rows.c.due_at <= now, rows.c.attempts < _ATTEMPTS
        )
        query = (
            sa.select(rows.c.id, rows.c.attempts, rows.c.forged, objects.c.data)
            .join(objects, objects.c.id == rows.c.event_id)
            .where(waiting)
            .order_by(rows.c.due_at)
            .limit(_BATCH)
            .with_for_update(of=rows, skip_locked=True)
        )
        with self._engine.begin() as connection:
            found = connection.execute(query).all()
            for row in found:
                again = now + timedelta(seconds=_ANSWER_SECONDS + 2**row.attempts)
                later = {"attempts": row.attempts + 1, "due_at": again}
                connection.execute(rows.update().where(rows.c.id == row.id).values(later))
        return [_Due(row.id, row.data, row.forged) for row in found]

    def _letter(self, delivery: _Due) -> tuple[bytes, str]:
        """The body and its signature; a forger writes what they like and does not know the secret."""
        event, secret = delivery.event, self._secret
        if delivery.forged:
            event = {**event, "id": f"{event['id']}_forged", "type": _WISHED_FOR}
            secret = f"whsec_{secrets.token_hex(16)}"
        payload = json.dumps(event).encode()
        return payload, signature(payload, secret, timestamp=int(time.time()))

    def _send(self, payload: bytes, signed: str) -> int:
        """Post one event; 0 where nobody answered."""
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(str(self._url.hostname), self._url.port, timeout=_ANSWER_SECONDS)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signed,
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            connection.request("POST", self._url.path, payload, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _note(self, delivery: _Due, status: int) -> None:
        """Stripe sends again what was not taken; a forger does not."""
        rows, now = tables.deliveries, sa.func.clock_timestamp()
        ok = 200 <= status < 300 or (delivery.forged and status > 0)
        again = now + sa.func.make_interval(0, 0, 0, 0, 0, 0, sa.func.power(2, rows.c.attempts))
        changed = {"delivered_at": now} if ok else {"due_at": again}
        with self._engine.begin() as connection:
            connection.execute(
                rows.update().where(rows.c.id == delivery.id).values(last_status=status, **changed)
            )
