"""What exams brings to the shell."""

from exams import models  # noqa: F401  the tables, whether or not a page imports them
from portal.contributions import Contributions


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
