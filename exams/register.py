"""What exams brings to the shell."""

from datetime import timedelta

from exams.models import JobName
from portal.contributions import Contributions, Sweep


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.job_names.append(JobName)
    contributions.job_modules.append("exams.jobs")
    contributions.identity_listeners.append(JobName.IDENTITY_SETTLED)
    contributions.appeal_listeners.append(JobName.APPEAL_UPHELD)
    contributions.sweeps.append(Sweep(JobName.SWEEP, timedelta(minutes=1)))
    contributions.commands.append("exams.cli:exams")
