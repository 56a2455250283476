"""RQ only carries outbox ids and hurries them: everything it forgets is found by the sweep."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

QUEUE: Final = "touchstone"
ENTRY: Final = "portal.jobs.work.run"

_log = structlog.get_logger()
_servers: Final[dict[str, Redis]] = {}


class RefusedJob(Exception):
    """Something in Redis is not an outbox id for our one entry point."""


class OutboxJob(Job):
    """An RQ job that is our entry point with one id, and nothing else, whoever wrote it to Redis."""

    def _execute(self) -> Any:  # noqa: ANN401  as in RQ
        if self.func_name != ENTRY or self.instance or self.kwargs or not _one_id(self.args):
            raise RefusedJob(f"refused {self.func_name!r}")
        return super()._execute()


def connect(url: str | None) -> None:
    """Use this Redis-compatible server to hurry jobs, or none: then only the sweep finds them."""
    _servers.clear()
    if url is not None:
        _servers["queue"] = Redis.from_url(url, socket_timeout=45)


def connection() -> Redis | None:
    """The server in use."""
    return _servers.get("queue")


def outbox_queue(server: Redis) -> Queue:
    """The one queue: JSON only, our job class only."""
    return Queue(QUEUE, connection=server, serializer=JSONSerializer, job_class=OutboxJob)


def hurry(outbox_ids: Iterable[int]) -> None:
    """Tell the workers. Losing this message costs time, never work."""
    server = connection()
    if server is None:
        return
    try:
        waiting = outbox_queue(server)
        for outbox_id in outbox_ids:
            waiting.enqueue_call(ENTRY, args=(outbox_id,), result_ttl=0, failure_ttl=0, timeout=280)
    except RedisError as error:
        _log.warning("queue.unreachable", error=type(error).__name__)


def hurry_lost(outbox_ids: list[int]) -> None:
    """Tell the workers of rows that are due, unless at least as many already wait in the queue."""
    server = connection()
    if server is None or not outbox_ids:
        return
    try:
        carried = outbox_queue(server).count
    except RedisError as error:
        _log.warning("queue.unreachable", error=type(error).__name__)
        return
    if carried < len(outbox_ids):
        hurry(outbox_ids)


def _one_id(args: Sequence[object]) -> bool:
    return len(args) == 1 and type(args[0]) is int
