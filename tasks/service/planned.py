"""The planned time of a task: how much of it is used, how much is left, how long one may read."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tasks.credit import idle_limit, words
from tasks.models import Assignment, Clause, Pool, Project, TaskPayload, Terms
from tasks.queries import clock as queries
from tasks.queries import projects as project_queries
from tasks.queries import work as work_queries

ASKED_AT: Final = 0.8
"""From this share of the planned time on, the clock asks whether more is needed."""
_ZERO: Final = timedelta(0)


@dataclass(frozen=True)
class Planned:
    """One task's time: what is credited of what was planned and granted."""

    used: timedelta
    whole: timedelta

    @property
    def left(self) -> timedelta:
        """What the clock may still credit."""
        return max(_ZERO, self.whole - self.used)

    @property
    def nearly_used(self) -> bool:
        """Whether the clock asks for more."""
        return self.used >= ASKED_AT * self.whole


def planned(session: Session, assignment: Assignment) -> Planned:
    """The terms' planned time and what was granted beyond it, against what the clock credited."""
    terms = session.get_one(Terms, assignment.terms_id)
    used = session.scalar(queries.spent_on(assignment))
    more = session.scalar(queries.granted(assignment)) or 0
    whole = timedelta(seconds=terms.task_cap_seconds + more)
    return Planned(used if isinstance(used, timedelta) else _ZERO, whole)


def may_read(session: Session, terms: Terms, assignment: Assignment | None) -> timedelta:
    """How long a person may be still before it counts as idle, by the text that is before them."""
    if assignment is None:
        return idle_limit(terms.idle_limit_seconds, words=0)
    payload = session.scalar(work_queries.payload(assignment))
    said = payload.value if payload else {}
    return idle_limit(terms.idle_limit_seconds, words=words(said) + _in_clauses(session, payload))


def _in_clauses(session: Session, payload: TaskPayload | None) -> int:
    """The words of the policy's clauses that stand beside the task."""
    numbers = payload.value.get("clauses") if payload else None
    if payload is None or not numbers:
        return 0
    policy_id = session.scalar(
        sa.select(Project.policy_id)
        .join(Pool, Pool.project_id == Project.id)
        .where(Pool.id == payload.pool_id)
    )
    version = session.scalar(project_queries.newest_policy(policy_id)) if policy_id else None
    if version is None:
        return 0
    texts = project_queries.clauses(version, numbers).with_only_columns(Clause.title, Clause.text)
    return sum(words([title, text]) for title, text in session.execute(texts))
