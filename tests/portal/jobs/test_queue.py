"""What RQ may run: our one entry point with one id, whoever wrote to Redis."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from portal.embedded.valkey import Valkey
from portal.jobs import queue, work
from portal.jobs.queue import ENTRY, OutboxJob, RefusedJob


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A real server."""
    server = Valkey.start(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture
def server(valkey: Valkey) -> Iterator[Redis]:
    """The server, empty, and in use by this process."""
    queue.connect(valkey.url)
    connection = queue.connection()
    assert connection is not None
    connection.flushall()
    yield connection
    connection.close()
    queue.connect(None)


@pytest.mark.parametrize(
    ("function", "arguments", "options"),
    [
        ("os.system", ("true",), {}),
        ("os.system", (1,), {}),
        (ENTRY, ("1; rm",), {}),
        (ENTRY, (1, 2), {}),
        (ENTRY, (True,), {}),
        (ENTRY, (), {}),
        (ENTRY, (1,), {"outbox_id": 2}),
    ],
)
def test_anything_but_the_entry_point_with_one_id_is_refused(
    server: Redis, function: str, arguments: tuple[object, ...], options: dict[str, object]
) -> None:
    job = OutboxJob.create(
        function, args=arguments, kwargs=options, connection=server, serializer=JSONSerializer
    )
    with pytest.raises(RefusedJob):
        job._execute()


def test_a_foreign_job_in_the_queue_is_not_run_by_the_worker(server: Redis, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    foreign = Job.create(
        "pathlib.Path.touch", args=(str(trace),), connection=server, serializer=JSONSerializer
    )
    queue.outbox_queue(server).enqueue_job(foreign)
    work.rq_worker().work(burst=True)
    assert not trace.exists()


def test_rq_carries_only_the_id_as_json(server: Redis) -> None:
    queue.hurry([4711])
    (carried,) = queue.outbox_queue(server).jobs
    assert (carried.func_name, tuple(carried.args)) == (ENTRY, (4711,))
    assert b"cpickle" not in carried.data


def test_what_is_due_is_not_hurried_again_while_as_much_is_carried(server: Redis) -> None:
    queue.hurry([1, 2, 3])
    queue.hurry_lost([1, 2, 3])
    assert queue.outbox_queue(server).count == 3
    server.flushall()
    queue.hurry_lost([1, 2, 3])
    assert queue.outbox_queue(server).count == 3


def test_a_server_that_is_gone_loses_time_and_nothing_else(tmp_path: Path) -> None:
    queue.connect(f"unix://{tmp_path}/nobody.sock")
    try:
        queue.hurry([1])
        queue.hurry_lost([1])
    finally:
        queue.connect(None)


def test_without_a_server_there_is_no_worker_for_it() -> None:
    queue.connect(None)
    queue.hurry([1])
    with pytest.raises(RuntimeError, match="no Redis"):
        work.rq_worker()


def test_sweeping_stops_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[int] = []
    stop = threading.Event()

    def tick(_sweeps: object) -> int:
        ticks.append(1)
        if len(ticks) == 3:
            stop.set()
        return 0

    monkeypatch.setattr(work, "tick", tick)
    work.sweep_forever([], stop, seconds=0.1)
    assert len(ticks) == 3
