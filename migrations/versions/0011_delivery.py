"""Sittings: sections, breaks, accommodations, retakes, score reports."""

revision = "0011_delivery"
down_revision = "0010_bank"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
