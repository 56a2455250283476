"""The schema: what the models say is what the migrations make, up, down and up again."""

import re
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from migrations import commands
from portal.shell.health import newest_revision
from tests.conftest import Database

_VERSIONS = Path(commands.__file__).parent / "versions"
_FIRST = "base"


def test_models_and_migrations_agree(fresh_database: Database) -> None:
    commands.check(fresh_database.owner)


def test_the_schema_goes_down_and_up_again(fresh_database: Database) -> None:
    before = _tables(fresh_database)
    commands.downgrade(fresh_database.owner, _FIRST)
    assert _tables(fresh_database) == ["public.alembic_version"]
    commands.upgrade(fresh_database.owner)
    assert _tables(fresh_database) == before
    commands.check(fresh_database.owner)


def test_there_is_one_newest_revision_and_readiness_knows_it() -> None:
    script = ScriptDirectory.from_config(commands.config("postgresql://"))
    assert script.get_heads() == [newest_revision()]


def test_no_migration_imports_a_model() -> None:
    for path in _VERSIONS.glob("*.py"):
        imports = re.findall(r"^(?:from|import) (\S+)", path.read_text("utf-8"), re.MULTILINE)
        assert not [name for name in imports if name.split(".")[0] in _PACKAGES], path.name


_PACKAGES = {"portal", "exams", "tasks", "payouts", "demo"}


def _tables(database: Database) -> list[str]:
    engine = sa.create_engine(database.owner, poolclass=sa.NullPool)
    query = (
        "SELECT schemaname || '.' || tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    )
    with engine.connect() as connection:
        found = list(connection.scalars(sa.text(query)))
    engine.dispose()
    return found
