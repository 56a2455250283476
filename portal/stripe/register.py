"""What portal.stripe brings to the shell."""

from portal.contributions import Contributions


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
