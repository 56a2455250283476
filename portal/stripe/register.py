"""What the door to Stripe brings to the shell: the address to which Stripe sends its events."""

from portal.contributions import Contributions
from portal.stripe.webhooks import blueprint


def register(contributions: Contributions) -> None:
    """Add the webhook's address; the handlers come from the packages that want events."""
    contributions.blueprints.append(blueprint)
