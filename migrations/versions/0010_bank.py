"""The question bank: approval, enemies, locale variants, stimuli, consent."""

revision = "0010_bank"
down_revision = "0009_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this version."""


def downgrade() -> None:
    """Bring the database back to the version before."""
