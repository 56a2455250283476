"""What payouts brings to the shell."""

from datetime import timedelta

from payouts.models import JobName
from portal.contributions import Contributions, Sweep


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.job_names.append(JobName)
    contributions.job_modules.append("payouts.jobs")
    contributions.commands += ["payouts.cli:ledger", "payouts.cli:payouts"]
    contributions.sweeps += [
        Sweep(JobName.FIND_UNSETTLED, timedelta(minutes=1)),
        Sweep(JobName.FIND_APPROVED, timedelta(minutes=1)),
        Sweep(JobName.SEAL_LEDGER, timedelta(hours=1)),
        Sweep(JobName.RECONCILE, timedelta(days=1)),
    ]
    for event in ("transfer.created", "transfer.updated", "transfer.reversed"):
        contributions.webhook_handlers[event] = JobName.TRANSFER_CHANGED
    capability = "v2.core.account[configuration.recipient].capability_status_updated"
    contributions.webhook_handlers[capability] = JobName.PAYEE_CHANGED
