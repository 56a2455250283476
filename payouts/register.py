"""What payouts brings to the shell."""

from datetime import timedelta
from typing import Final

from flask_babel import lazy_gettext as _

from payouts import panels, reporting
from payouts.models import JobName
from payouts.service import erasure
from payouts.service.bonuses import REFUSED
from payouts.service.returns import RETURNED
from payouts.views import (
    banks,
    bonuses,
    budgets,
    earnings,
    exports,
    finance,
    papers,
    pay_runs,
    project_reports,
    rails,
    rates,
    returns,
    tax_totals,
    taxes,
)
from portal.access import Role
from portal.contributions import (
    Contributions,
    NavigationItem,
    Panel,
    ProjectTab,
    ReportSection,
    Sweep,
)

_EXPERT: Final = frozenset({Role.EXPERT})
_PAY: Final = frozenset({Role.MANAGER, Role.FINANCE})
_FINANCE: Final = frozenset({Role.FINANCE})
_PAPERS: Final = frozenset({Role.MANAGER, Role.CLIENT_READER})
_PAYEE: Final = (
    "v2.core.account[configuration.recipient].capability_status_updated",
    "v2.core.account[configuration.recipient].updated",
)
"""What wakes us to look at a payee again: whether it is ready, and where it leads."""


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.blueprints += [papers.bp, bonuses.bp, budgets.bp, exports.bp]
    contributions.blueprints += [project_reports.bp, rails.bp, rates.bp, returns.bp, tax_totals.bp]
    contributions.blueprints += [earnings.bp, taxes.bp, banks.bp, pay_runs.bp, finance.bp]
    contributions.navigation += [
        NavigationItem(_("Earnings"), "earnings.index", _EXPERT, 20, "/earnings"),
        NavigationItem(
            _("Project reports"), "project_reports.index", _PAPERS, 45, "/project-reports"
        ),
        NavigationItem(_("Pay runs"), "pay_runs.index", _PAY, 40, "/pay-runs"),
        NavigationItem(_("Finance"), "finance.index", _FINANCE, 50, "/finance"),
    ]
    contributions.home_panels += [
        Panel(panels.earnings_panel, _EXPERT, 25, wide=False),
        Panel(panels.runs_panel, _PAY, 20),
    ]
    manager = frozenset({Role.MANAGER})
    contributions.project_tabs.append(ProjectTab(_("Money"), "finance.project", manager, 60))
    contributions.report_sections.append(
        ReportSection("pay", "payouts/report_pay.html", reporting.pay_section, 40)
    )
    _background(contributions)


def _background(contributions: Contributions) -> None:
    contributions.job_names.append(JobName)
    contributions.job_modules.append("payouts.jobs")
    contributions.erasure_obstacles.append(erasure.obstacles)
    contributions.erasers.append(erasure.of_account)
    contributions.appeal_listeners.append(JobName.APPEAL_UPHELD)
    contributions.decision_titles |= {
        RETURNED: _("A payment to you came back"),
        REFUSED: _("A bonus that was not given this time"),
    }
    contributions.commands += ["payouts.cli:ledger", "payouts.cli:payouts"]
    contributions.sweeps += [
        Sweep(JobName.FIND_UNSETTLED, timedelta(minutes=1)),
        Sweep(JobName.FIND_APPROVED, timedelta(minutes=1)),
        Sweep(JobName.SEAL_LEDGER, timedelta(hours=1)),
        Sweep(JobName.WATCH_BUDGETS, timedelta(minutes=10)),
        Sweep(JobName.RECONCILE, timedelta(days=1)),
        Sweep(JobName.FORGET_TAX_FORMS, timedelta(days=1)),
    ]
    for event in ("transfer.created", "transfer.updated", "transfer.reversed"):
        contributions.webhook_handlers[event] = JobName.TRANSFER_CHANGED
    for event in _PAYEE:
        contributions.webhook_handlers[event] = JobName.PAYEE_CHANGED
