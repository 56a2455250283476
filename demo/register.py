"""What the demo brings to the product: its sample world."""

from portal.contributions import Contributions


def register(contributions: Contributions) -> None:
    """Let `touchstone seed` find the sample world. Nothing here exists outside the demo."""
    contributions.seeders.append("demo.seed:run")
