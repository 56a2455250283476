"""The background jobs of the work, by name."""

from enum import StrEnum


class JobName(StrEnum):
    """What the outbox may carry for this package."""

    SCORE_GOLD = "tasks.score_gold"
    IMPORT = "tasks.import"
    EXPIRE_ASSIGNMENTS = "tasks.expire_assignments"
    APPROVE_TIMESHEETS = "tasks.approve_timesheets"
    END_ABANDONED = "tasks.end_abandoned_sessions"
    APPEAL_UPHELD = "tasks.appeal_upheld"
    GRANT_EXTENSIONS = "tasks.grant_extensions"
    MAKE_RELEASE = "tasks.make_release"
    END_PAUSES = "tasks.end_pauses"
