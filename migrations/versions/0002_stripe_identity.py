"""Stripe's events, the sandbox's state, identity checks."""

revision = "0002_stripe_identity"
down_revision = "0001_kernel"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop them again."""
