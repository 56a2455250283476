"""What payouts brings to the shell."""

from payouts import models as models  # the tables, whether or not a page imports them
from portal.contributions import Contributions


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
