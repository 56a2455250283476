"""What must still happen: rows in the outbox, hurried by RQ, found again by a sweep."""

from portal.jobs.models import MAX_TRIES, OutboxRow, OutboxState
from portal.jobs.registry import handler, job
from portal.jobs.service import enqueue, enqueue_slot, revive

__all__ = [
    "MAX_TRIES",
    "OutboxRow",
    "OutboxState",
    "enqueue",
    "enqueue_slot",
    "handler",
    "job",
    "revive",
]
