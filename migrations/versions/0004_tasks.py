"""Projects, tasks, judgments, the work clock, gold."""

revision = "0004_tasks"
down_revision = "0003_exams"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop them again."""
