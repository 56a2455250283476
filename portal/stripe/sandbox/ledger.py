"""Carrying a request out once for each idempotency key, and giving the same answer again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.control import Fault
from portal.stripe.sandbox.desk import Desk, Object
from portal.stripe.sandbox.resources import Handler
from portal.stripe.sandbox.schema import Operation
from portal.stripe.sandbox.tables import answers
from portal.stripe.sandbox.wire import Params

_KEPT: Final = {"v1": timedelta(hours=24), "v2": timedelta(days=30)}


@dataclass(frozen=True)
class Asked:
    """One request, read and checked."""

    operation: Operation
    ids: Mapping[str, str]
    params: Params
    request_id: str
    key: str | None
    restricted: bool = False

    @property
    def version(self) -> str:
        """`v1` or `v2`: they keep their keys apart, and keep different answers."""
        return self.operation.path[1:3]

    @property
    def fingerprint(self) -> str:
        """What must be the same when a key is used again."""
        said = [self.operation.sdk, dict(self.ids), self.params]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Given:
    """An answer on its way out."""

    status: int
    body: Object
    replayed: bool = False


def carry_out(
    engine: sa.Engine, base: str, asked: Asked, handler: Handler, fault: Fault | None
) -> Given:
    """Do what was asked and keep the answer under its key, in one transaction.

    v1 keeps every answer that began to be carried out, a 500 too; v2 keeps only effects, and tries
    again what failed. Raises `Complaint` for what is refused before it began.
    """
    with Session(engine) as session, session.begin():
        connection = session.connection()
        if asked.key is not None:
            _hold(connection, asked)
        now = clock.now(session)
        desk = Desk(
            connection,
            now,
            base,
            asked.request_id,
            asked.key,
            asked.ids,
            asked.params,
            asked.restricted,
        )
        if (before := _kept(desk, asked)) is not None:
            return before
        given = kept = _crash(asked)
        if fault is not Fault.ERROR_BEFORE:
            given = kept = _handled(desk, asked, handler)
        if fault is Fault.ERROR_AFTER:
            given = _crash(asked)
            kept = given if asked.version == "v1" else kept
        _keep(desk, asked, kept)
        return given


def _handled(desk: Desk, asked: Asked, handler: Handler) -> Given:
    try:
        with desk.connection.begin_nested():
            return Given(200, handler(desk))
    except Complaint as complaint:
        if not complaint.saved:
            raise
        return Given(complaint.status, complaint.body(asked.request_id))


def _hold(connection: sa.Connection, asked: Asked) -> None:
    """Let one request with this key in at a time; the others hear 409."""
    lock = sa.func.pg_try_advisory_xact_lock(
        sa.func.hashtextextended(f"sandbox:{asked.version}:{asked.key}", 0)
    )
    if not connection.scalar(sa.select(lock)):
        raise Complaint(
            "There is currently another in-progress request using this Stripe-Idempotency-Key.",
            status=409,
            kind="idempotency_error",
            code="idempotency_key_in_use",
        )


def _kept(desk: Desk, asked: Asked) -> Given | None:
    """The answer given before under this key. Raises where the key was used for something else."""
    mine = sa.and_(answers.c.version == asked.version, answers.c.key == asked.key)
    found = desk.connection.execute(sa.select(answers).where(mine)).first()
    if found is None:
        return None
    if found.created + _KEPT[asked.version] <= desk.now:
        desk.connection.execute(answers.delete().where(mine))
        return None
    if found.fingerprint != asked.fingerprint:
        raise Complaint(
            "Keys for idempotent requests can only be used with the same parameters they were"
            f" first used with. Try using a key other than '{asked.key}' if you meant to execute a"
            " different request.",
            kind="idempotency_error",
        )
    return Given(found.status, found.body, replayed=True)


def _keep(desk: Desk, asked: Asked, given: Given) -> None:
    if asked.key is None or (asked.version == "v2" and given.status != 200):
        return
    row = {
        "version": asked.version,
        "key": asked.key,
        "fingerprint": asked.fingerprint,
        "status": given.status,
        "body": given.body,
        "created": desk.now,
    }
    desk.connection.execute(answers.insert().values(row))


def _crash(asked: Asked) -> Given:
    complaint = Complaint("An unknown error occurred.", status=500, kind="api_error")
    return Given(500, complaint.body(asked.request_id))
