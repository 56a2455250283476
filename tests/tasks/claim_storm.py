"""Many experts with several tabs each ask for work at once, until there is none.

`python -m tests.tasks.claim_storm [--without-lock]`: each task must go to exactly `overlap` experts,
without an error. Without the enrolment's lock two tabs of one person take two tasks: that is red.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from migrations import commands
from portal import clock, db
from portal.db import transaction
from portal.embedded.postgres import Postgres
from portal.errors import Conflict
from portal.ids import random_id
from tasks.models import Assignment, AssignmentState, Enrolment, Judgment, Project, Task
from tasks.service import claim, judge
from tests.folders import passable_folder
from tests.make import Make


@dataclass(frozen=True)
class Outcome:
    """What the storm left behind."""

    assignments: int
    judgments: int
    open_slots: int
    errors: Counter[str]

    def right(self, expected: int) -> bool:
        """Whether every slot was given out once and nothing went wrong."""
        counts = (self.assignments, self.judgments, self.open_slots)
        return counts == (expected, expected, 0) and not self.errors


def storm(*, experts: int, tabs: int, tasks: int, overlap: int) -> Outcome:
    """Run it on the configured database, as the role it is configured with."""
    project_id, people = _set_up(experts, tasks, overlap)
    errors: Counter[str] = Counter()
    with ThreadPoolExecutor(experts * tabs) as pool:
        for tab in [pool.submit(_work, project_id, expert, errors) for expert in people * tabs]:
            tab.result()
    with transaction() as session:
        closed = sa.select(sa.func.count()).where(Assignment.state == AssignmentState.SUBMITTED)
        return Outcome(
            session.scalar(closed) or 0,
            session.scalar(sa.select(sa.func.count()).select_from(Judgment)) or 0,
            session.scalar(sa.select(sa.func.sum(Task.open_slots))) or 0,
            errors,
        )


@contextmanager
def without_enrolment_lock() -> Iterator[None]:
    """Plant the bug that the lock is there against."""

    def lock(session: Session, row: object) -> object:
        return row if isinstance(row, Enrolment) else db.lock(session, row)

    with mock.patch.object(claim, "lock", lock):
        yield


def _set_up(experts: int, tasks: int, overlap: int) -> tuple[int, list[int]]:
    with transaction() as session:
        make = Make(session, clock.now(session))
        project = make.project(tasks=tasks, overlap=overlap)
        people = [make.expert() for _ in range(experts)]
        for expert in people:
            make.enrolment(project=project, expert=expert)
        return project.id, [expert.id for expert in people]


def _work(project_id: int, expert_id: int, errors: Counter[str]) -> None:
    """One tab: claim and judge until nothing is left; an answer the other tab gave first is no error."""
    while len(errors) < 5:
        try:
            if not _claim_and_judge(project_id, expert_id):
                return
        except Conflict:
            continue
        except SQLAlchemyError as error:
            errors[type(error).__name__] += 1
            if errors.total() > 50:
                return


def _claim_and_judge(project_id: int, expert_id: int) -> bool:
    with transaction() as session:
        project = session.get_one(Project, project_id)
        found = claim.claim_in_project(
            session,
            expert_id=expert_id,
            project=project,
            public_id=random_id(),
            now=clock.now(session),
        )
        if not isinstance(found, Assignment):
            return False
        public_id = found.public_id
    with transaction() as session:
        mine = sa.select(Assignment).where(Assignment.public_id == public_id)
        held = session.scalars(mine).one()
        judge.judge(session, held, {"choice": "a2"}, now=clock.now(session))
    return True


def main() -> int:
    """Run the storm of the issue: 16 experts, 200 tasks, overlap 3."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experts", type=int, default=16)
    parser.add_argument("--tabs", type=int, default=2)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--overlap", type=int, default=3)
    parser.add_argument("--without-lock", action="store_true")
    told = parser.parse_args()
    with passable_folder() as folder:
        server = Postgres.start(folder / "postgres", durable=False)
        try:
            commands.upgrade(server.url("touchstone_owner", "touchstone"))
            engine = db.configure(server.url("app", "touchstone"), pool_size=40)
            asked = {"experts": told.experts, "tabs": told.tabs, "tasks": told.tasks, "overlap": told.overlap}  # fmt: skip
            if told.without_lock:
                with without_enrolment_lock():
                    outcome = storm(**asked)
            else:
                outcome = storm(**asked)
            engine.dispose()
        finally:
            server.stop()
    expected = told.tasks * told.overlap
    print(f"assignments={outcome.assignments} judgments={outcome.judgments} expected={expected}")
    print(f"open slots={outcome.open_slots} errors={dict(outcome.errors)}")
    print("green" if outcome.right(expected) else "RED")
    return 0 if outcome.right(expected) else 1


if __name__ == "__main__":
    sys.exit(main())
