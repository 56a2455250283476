"""Openings, applications, exams, attempts, qualifications."""

revision = "0003_exams"
down_revision = "0002_stripe_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop them again."""
