"""Decision records and appeals: no machine decides against a person."""

from portal.decisions.letters import Letter
from portal.decisions.models import Appeal, AppealState, Decision, JobName, Outcome
from portal.decisions.service import APPEAL_WINDOW, decide

__all__ = [
    "APPEAL_WINDOW",
    "Appeal",
    "AppealState",
    "Decision",
    "JobName",
    "Letter",
    "Outcome",
    "decide",
]
