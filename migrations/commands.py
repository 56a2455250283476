"""Running the migrations from code: the command line, the launcher and the tests."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def config(url: str) -> Config:
    """Alembic's settings for the database at `url` (the owner's)."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["url"] = url
    return made


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to a revision; harmless where it is there already."""
    command.upgrade(config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take revisions back; only for development and the round-trip test."""
    command.downgrade(config(url), revision)


def check(url: str) -> None:
    """Raise where models and database differ."""
    command.check(config(url))
