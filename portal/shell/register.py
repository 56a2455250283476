"""What portal.shell brings to the shell."""

from portal.contributions import Contributions
from portal.shell import home, styleguide


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.blueprints.extend([home.bp, styleguide.bp])
