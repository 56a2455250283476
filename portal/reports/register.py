"""What reports bring to the shell."""

from flask_babel import lazy_gettext as _

from portal.access import Role
from portal.contributions import Contributions, NavigationItem, Panel
from portal.reports import erasure
from portal.reports.models import JobName
from portal.reports.panels import make_report
from portal.reports.views import bp


def register(contributions: Contributions) -> None:
    """Add the reports' pages, job and command."""
    contributions.blueprints.append(bp)
    contributions.job_names.append(JobName)
    contributions.job_modules.append("portal.reports.jobs")
    contributions.erasers.append(erasure.of_account)
    contributions.commands.append("portal.reports.cli:report")
    contributions.person_panels.append(
        Panel(make_report, frozenset({Role.MANAGER}), order=5, wide=False)
    )
    contributions.navigation.append(
        NavigationItem(
            _("Reports"),
            "reports.overview",
            frozenset({Role.EXPERT, Role.MANAGER}),
            90,
            "/reports",
        )
    )
