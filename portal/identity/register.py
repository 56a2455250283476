"""What identity checks bring to the shell."""

from datetime import timedelta
from typing import Final

from flask_babel import lazy_gettext as _

from portal.access import Role
from portal.contributions import Contributions, NavigationItem, Panel, Sweep
from portal.identity import erasure, panels
from portal.identity.models import JobName
from portal.identity.views import cases, own

EVENTS: Final = ("canceled", "processing", "redacted", "requires_input", "verified")


def register(contributions: Contributions) -> None:
    """Add the pages, the jobs, and the events that wake them."""
    contributions.blueprints += [own.bp, cases.bp]
    contributions.navigation.append(
        NavigationItem(
            label=_("Identity"),
            endpoint="identity_cases.overview",
            roles=frozenset({Role.COMPLIANCE}),
            order=60,
            section="/compliance/identity",
        )
    )
    people = frozenset({Role.APPLICANT, Role.EXPERT})
    contributions.home_panels.append(Panel(panels.home, people, order=30, wide=False))
    contributions.home_panels.append(Panel(panels.waiting, frozenset({Role.COMPLIANCE}), order=10))
    contributions.person_panels.append(
        Panel(panels.person, frozenset({Role.COMPLIANCE}), order=30, wide=False)
    )
    contributions.record_panels.append(Panel(panels.recorded, people, order=30))
    contributions.erasers.append(erasure.of_account)
    contributions.commands.append("portal.identity.cli:identity")
    contributions.job_names.append(JobName)
    contributions.job_modules.append("portal.identity.jobs")
    contributions.sweeps.append(Sweep(JobName.SWEEP, timedelta(minutes=1)))
    contributions.sweeps.append(Sweep(JobName.KEEP_SHORT, timedelta(hours=1)))
    for event in EVENTS:
        contributions.webhook_handlers[f"identity.verification_session.{event}"] = JobName.WOKEN
