"""Two tabs at once: one takes the clock over while the other's beat is under way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from portal import clock as wall
from portal.db import transaction
from portal.ids import random_id
from tasks.models import Project, Terms, WorkSession
from tasks.queries import time as queries
from tasks.service import clock
from tests.conftest import Database
from tests.make import Make

_ROUNDS = 25


def test_taking_over_and_beating_never_block_each_other(fresh_database: Database) -> None:
    with transaction() as session:
        begun = wall.now(session)
        make = Make(session, begun)
        live = make.work_session()
        expert_id, live_id = live.expert_id, live.id
        project_id, terms_id = live.project_id, live.terms_id
    both = Barrier(2)

    def beat(number: int) -> None:
        both.wait()
        with transaction() as session:
            mine = session.get_one(WorkSession, live_id)
            clock.beat(
                session,
                mine,
                epoch=mine.epoch,
                seq=mine.last_seq + 1,
                idle_seconds=0,
                now=begun + timedelta(seconds=10 * number),
            )

    def take_over(number: int) -> None:
        both.wait()
        with transaction() as session:
            clock.start(
                session,
                expert_id=expert_id,
                project=session.get_one(Project, project_id),
                terms=session.get_one(Terms, terms_id),
                public_id=random_id(),
                now=begun + timedelta(seconds=10 * number + 5),
            )

    with ThreadPoolExecutor(2) as tabs:
        for number in range(1, _ROUNDS):
            for tab in [tabs.submit(beat, number), tabs.submit(take_over, number)]:
                tab.result()
    with transaction() as session:
        assert session.scalars(queries.live_session(expert_id)).one().epoch == _ROUNDS
