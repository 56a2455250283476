"""What portal.decisions brings to the shell."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from portal.contributions import Contributions, NavigationItem, Panel, Sweep
from portal.decisions import panels, views
from portal.decisions.models import JobName
from portal.decisions.queries import ANSWERS_APPEALS


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.blueprints.append(views.bp)
    contributions.job_names.append(JobName)
    contributions.job_modules.append("portal.decisions.jobs")
    contributions.sweeps.append(Sweep(JobName.UPHOLD_OVERDUE, timedelta(minutes=10)))
    contributions.home_panels.append(
        Panel(panels.waiting, frozenset(ANSWERS_APPEALS), order=45, wide=False)
    )
    contributions.decision_titles["appeal.upheld"] = _("Your appeal was upheld")
    contributions.navigation.append(
        NavigationItem(
            label=_("Appeals"),
            endpoint="decisions.desk",
            roles=frozenset(ANSWERS_APPEALS),
            order=80,
            section="/appeals",
        )
    )
