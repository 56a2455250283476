"""Grants and guards that migrations repeat: what the app and the worker may do with a table."""

from alembic import op

APP = "touchstone_app"
WORKER = "touchstone_worker"


def ordinary(*tables: str) -> None:
    """Rows that are read, added and changed by app and worker alike; DELETE is granted too."""
    for table in tables:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}, {WORKER}")


def append_only(*tables: str) -> None:
    """Facts: read and added, never changed, by grant and by trigger (the owner included)."""
    for table in tables:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {APP}, {WORKER}")
        name = table.replace(".", "_")
        op.execute(
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def read_only(*tables: str) -> None:
    """Rows that only migrations and the owner write."""
    for table in tables:
        op.execute(f"GRANT SELECT ON {table} TO {APP}, {WORKER}")


def keys(*tables: str) -> None:
    """Tables of schema `keys`: the app may add rows it cannot read back; the worker reads them."""
    for table in tables:
        op.execute(f"GRANT INSERT ON {table} TO {APP}")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {WORKER}")
