"""The identity check in full."""

revision = "0014_identity"
down_revision = "0013_measurement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
