"""What Stripe knows of a person and we must not: planted canaries are found nowhere on our side.

A date of birth, a document's number, the client secret and the hosted link pass through our process,
the first two even on purpose, since an age flag and digests are made of them. They must be in no
dump of the database, in no log and not in Redis; and what a person hands in must be readable in none
of them either. Each place is searched once with a leak planted, so that the search is known to find.
"""

import logging
import re
import subprocess
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
import structlog
from redis import Redis

from portal import clock, logs
from portal.accounts.models import Account
from portal.contributions import Contributions
from portal.db import transaction
from portal.embedded import binaries
from portal.embedded.valkey import Valkey
from portal.identity import evidence, jobs, service
from portal.identity.models import CheckState, EvidenceKind, IdentityCheck, JobName
from portal.ids import uuid7
from portal.jobs import enqueue, queue, work
from portal.stripe import verifications
from portal.stripe.sandbox.control import Fault
from portal.stripe.sandbox.resources.verifications import Papers
from tests.conftest import Database
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox

SAID: Final = "canary of what was handed in"
YEAR: Final = "1904"
CANARIES: Final = (
    *(YEAR, "1904-02-29", "29.02.1904", "29/02/1904", "02/29/1904", "X00000000"),
    *("_secret_test_", "/hosted/verify/", SAID),
)
"""Year of birth, birth in four notations, document number, client secret, hosted link, words to our people."""


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A queue server that the outbox hurries jobs through."""
    server = Valkey.start(tmp_path_factory.mktemp("valkey"))
    queue.connect(server.url)
    made = Redis.from_url(server.url)
    yield made
    made.close()
    queue.connect(None)
    server.stop()


@dataclass(frozen=True)
class Lived:
    """What was left behind, as texts."""

    owner: str  # the database's address
    dump: str
    logs: str
    redis: str


@pytest.fixture
def lived(
    fresh_database: Database,
    sandbox: Sandbox,
    redis: Redis,
    capfd: pytest.CaptureFixture[str],
    contributions: Contributions,
) -> Lived:
    """Everything that may happen to a check has happened."""
    for module in contributions.job_modules:
        import_module(module)
    logs.configure()
    logging.getLogger().setLevel(logging.DEBUG)
    seen: list[str] = []
    first = _verified("amara@example.org", sandbox, Papers.SHARED, redis, seen)
    second = _verified("linh@example.org", sandbox, Papers.SHARED, redis, seen)
    third = _by_hand("omar@example.org", redis, seen)
    with transaction() as session:
        states = [session.get_one(IdentityCheck, check).state for check in (first, second, third)]
    assert states == [CheckState.VERIFIED, CheckState.REVIEW, CheckState.REVIEW]
    planted = str(sandbox.control.objects("identity.verification_report"))
    assert "1904" in planted
    assert "X00000000" in planted
    logging.getLogger().setLevel(logging.WARNING)
    said = capfd.readouterr()
    assert "job.done" in said.err
    assert "job.failed" in said.err
    owner = fresh_database.owner
    return Lived(owner, _dump(owner), said.out + said.err, "\n".join(seen))


def test_canaries_are_in_no_dump_no_log_and_not_in_redis(lived: Lived) -> None:
    assert "amara@example.org" in lived.dump
    assert "touchstone" in lived.redis
    places = {"dump": lived.dump, "logs": lived.logs, "redis": lived.redis}
    assert {name: found for name, text in places.items() if (found := _found(text))} == {}


def test_a_leak_into_the_database_is_found_as_text_and_as_bytes(lived: Lived) -> None:
    assert _found(lived.dump) == []
    with transaction() as session:
        leak = {"plain": SAID.encode()}
        session.execute(sa.text("UPDATE identity_check SET last_error = 'born 1904'"))
        session.execute(sa.text("UPDATE personal.identity_evidence SET sealed = :plain"), leak)
    assert _found(_dump(lived.owner)) == ["1904", SAID]


@pytest.mark.usefixtures("fresh_database")
def test_a_leak_into_the_logs_is_found(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    structlog.get_logger().info("identity.read", born="1904-02-29", year=1904)
    assert _found(capfd.readouterr().err) == ["1904", "1904-02-29"]


def test_a_leak_into_redis_is_found_however_it_is_packed(redis: Redis) -> None:
    queue.outbox_queue(redis).enqueue_call(queue.ENTRY, args=("X00000000",))
    assert _found(_everything(redis)) == ["X00000000"]


def _begun(email: str) -> int:
    with transaction() as session:
        now = clock.now(session)
        person = Account(public_id=uuid7(now), email=email, display_name="Amara", created_at=now)
        session.add(person)
        session.flush()
        return service.start(session, account_id=person.id, now=now).id


def _verified(email: str, sandbox: Sandbox, papers: Papers, redis: Redis, seen: list[str]) -> int:
    """An attempt that fails, one that Stripe answers too late, one that finds everything."""
    check_id = _begun(email)
    seen.append(_everything(redis))
    work.drain()
    with transaction() as session:
        session_id = session.get_one(IdentityCheck, check_id).session_id or ""
    url = verifications.hosted_url(session_id) or ""
    payees.submit(url, {"outcome": "document_expired", "papers": papers})
    jobs.refresh(check_id)
    payees.submit(url, {"outcome": "verified", "papers": papers})
    sandbox.control.fail(Fault.DROP_AFTER, path="/v1/identity", times=6)
    with transaction() as session:
        enqueue(session, JobName.REFRESH, check_id, now=clock.now(session))
    seen.append(_everything(redis))
    work.drain()
    sandbox.control.heal()
    jobs.refresh(check_id)
    seen.append(_everything(redis))
    return check_id


def _by_hand(email: str, redis: Redis, seen: list[str]) -> int:
    """Words handed in to people of ours."""
    check_id = _begun(email)
    work.drain()
    with transaction() as session:
        check = session.get_one(IdentityCheck, check_id)
        now = clock.now(session)
        service.ask_person(session, check, now=now)
        evidence.hand_in(session, check, EvidenceKind.WORDS, SAID.encode(), now=now)
        evidence.finish(session, check, now=now)
    seen.append(_everything(redis))
    return check_id


def _found(text: str) -> list[str]:
    """The canaries in it, plain or in hexadecimal, as a dump writes bytes.

    Four digits also occur in digests, ids and fractions of a second: a year stands by itself.
    """
    year = re.search(rf"(?<![0-9a-fA-F.\-]){YEAR}(?![0-9a-fA-F.])", text)
    plain = [c for c in CANARIES if c != YEAR and (c in text or c.encode().hex() in text)]
    return [*([YEAR] if year else []), *plain]


def _dump(url: str) -> str:
    """What `pg_dump` writes of the whole database."""
    newest = max(binaries.installed(), key=lambda found: found.version)
    program = Path(newest.folder) / "pg_dump"
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run([program, plain], capture_output=True, text=True, check=True)
    return done.stdout


def _everything(redis: Redis) -> str:
    """Every key of Redis with its value, unpacked where RQ has packed it."""
    read: dict[bytes, Callable[[bytes], Iterable[Any]]] = {
        b"hash": lambda key: [part for pair in redis.hgetall(key).items() for part in pair],
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"string": lambda key: [redis.get(key)],
    }
    keys = list(redis.scan_iter())
    values = [value for key in keys for value in read[redis.type(key)](key)]  # type: ignore[index]
    return "\n".join(_unpacked(value) for value in [*keys, *values])


def _unpacked(value: bytes) -> str:
    try:
        return zlib.decompress(value).decode(errors="replace")
    except zlib.error:
        return value.decode(errors="replace")
