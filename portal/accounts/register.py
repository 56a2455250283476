"""What portal.accounts brings to the shell."""

from typing import Final

from portal.accounts.views import demo, reset, second_factor, settings, sign_in, sign_up
from portal.agreements.views import bp as agreements
from portal.contributions import Contributions

ON_THE_ACCOUNT_BLUEPRINT: Final = (second_factor,)
"""View modules that hang their pages on the blueprint of `settings`."""


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.blueprints.extend([sign_in.bp, sign_up.bp, reset.bp, settings.bp, agreements])
    if contributions.demo:
        contributions.blueprints.append(demo.bp)
