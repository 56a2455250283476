"""Work: pauses, caps, claims of time."""

revision = "0008_work"
down_revision = "0007_pay"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
