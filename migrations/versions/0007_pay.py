"""Pay by organisation, holds and limits of pay runs."""

revision = "0007_pay"
down_revision = "0006_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
