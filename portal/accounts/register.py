"""What portal.accounts brings to the shell."""

from datetime import timedelta
from typing import Final

from flask_babel import lazy_gettext as _

from portal.access import Role
from portal.accounts.administration import PAUSED, RESUMED
from portal.accounts.models import JobName
from portal.accounts.views import (
    admin,
    demo,
    erase,
    reset,
    second_factor,
    settings,
    sign_in,
    sign_up,
)
from portal.agreements.views import bp as agreements
from portal.contributions import Contributions, NavigationItem, Sweep

ON_THE_ACCOUNT_BLUEPRINT: Final = (second_factor,)
"""View modules that hang their pages on the blueprint of `settings`."""


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.blueprints.extend(
        [sign_in.bp, sign_up.bp, reset.bp, settings.bp, erase.bp, admin.bp, agreements]
    )
    if contributions.demo:
        contributions.blueprints.append(demo.bp)
    contributions.job_names.append(JobName)
    contributions.job_modules.append("portal.accounts.jobs")
    contributions.sweeps.append(Sweep(JobName.FORGET_SIGN_INS, timedelta(days=1)))
    contributions.sweeps.append(Sweep(JobName.FIND_ERASURES, timedelta(hours=1)))
    contributions.appeal_listeners.append(JobName.REOPEN_AFTER_APPEAL)
    contributions.decision_titles[PAUSED] = _("Your account is paused while a person looks")
    contributions.decision_titles[RESUMED] = _("Your account is open again")
    contributions.navigation.append(
        NavigationItem(
            label=_("Accounts"),
            endpoint="admin.accounts",
            roles=frozenset({Role.ADMIN}),
            order=90,
            section="/admin/accounts",
        )
    )
