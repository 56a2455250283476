"""The background jobs of the work, by name."""

from enum import StrEnum


class JobName(StrEnum):
    """What the outbox may carry for this package."""

    SCORE_GOLD = "tasks.score_gold"
    IMPORT = "tasks.import"
    EXPIRE_ASSIGNMENTS = "tasks.expire_assignments"
    APPROVE_TIMESHEETS = "tasks.approve_timesheets"
    END_ABANDONED = "tasks.end_abandoned_sessions"
