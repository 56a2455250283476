"""The worker: takes outbox rows one at a time and runs their handlers."""

import threading
import time
import traceback
from typing import Final

import structlog
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from portal import clock
from portal.contributions import Sweep
from portal.db import transaction
from portal.jobs import queue, service
from portal.jobs.registry import handler

POLL_SECONDS: Final = 1.0

_log = structlog.get_logger()


def run(outbox_id: int) -> bool:
    """Run one outbox row to its end; False where it was not ours to run.

    The handler opens its own transactions. Dying anywhere in here leaves the row waiting: its lease
    runs out and it is tried again, which is why handlers are safe to run twice.
    """
    with transaction() as session:
        taken = service.take(session, outbox_id, now=clock.now(session))
    if taken is None:
        return False
    log = _log.bind(job=taken.name, outbox=taken.id, row=taken.row_id)
    try:
        handler(taken.name)(taken.row_id)
    except Exception:
        error = traceback.format_exc(limit=-8)
        log.exception("job.failed")
        with transaction() as session:
            service.fail(session, taken, error=error, now=clock.now(session))
        return True
    with transaction() as session:
        service.finish(session, taken, now=clock.now(session))
    log.info("job.done")
    return True


def drain(*, limit: int = 10_000) -> int:
    """Run everything that is due, in this process; gives how many rows ran."""
    done = 0
    while done < limit:
        with transaction() as session:
            ids = service.due(session, now=clock.now(session))
        ran = sum(run(outbox_id) for outbox_id in ids)
        if not ran:
            return done
        done += ran
    return done


def tick(sweeps: list[Sweep]) -> int:
    """Write the rows of every sweep's slot, and hurry whatever is due: what RQ lost is found here."""
    with transaction() as session:
        now = clock.now(session)
        for sweep in sweeps:
            service.enqueue_slot(session, sweep.name, sweep.every, now=now)
        ids = service.due(session, now=now)
    queue.hurry_lost(ids)
    return len(ids)


def work_forever(sweeps: list[Sweep], stop: threading.Event) -> None:
    """Without a Redis-compatible server: sweep and run in this process until told to stop."""
    while not stop.is_set():
        tick(sweeps)
        if not drain():
            stop.wait(POLL_SECONDS)


def sweep_forever(sweeps: list[Sweep], stop: threading.Event, *, seconds: float = 2.0) -> None:
    """Beside RQ workers: keep finding what is due until told to stop."""
    while not stop.is_set():
        started = time.monotonic()
        tick(sweeps)
        stop.wait(max(0.1, seconds - (time.monotonic() - started)))


def rq_worker() -> SimpleWorker:
    """An RQ worker in this process, with the short time-to-live that a lost server asks for."""
    server = queue.connection()
    if server is None:
        raise RuntimeError("no Redis-compatible server is configured")
    return SimpleWorker(
        [queue.outbox_queue(server)],
        connection=server,
        serializer=JSONSerializer,
        job_class=queue.OutboxJob,
        worker_ttl=30,
    )
