"""Every CHECK of every table, violated once: a row that breaks it alone is refused by its name."""

from dataclasses import dataclass

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

_CHECKS = """
SELECT n.nspname, c.relname, k.conname, pg_get_expr(k.conbin, k.conrelid), k.conkey
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'c' AND NOT c.relispartition
  AND n.nspname NOT IN ('information_schema', 'pg_catalog')
ORDER BY 1, 2, 3
"""
_COLUMNS = """
SELECT a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
FROM pg_attribute a WHERE a.attrelid = to_regclass(:table) AND a.attnum > 0 AND NOT a.attisdropped
"""
_VALUES = {
    "bigint": ["0", "1", "-1", "2", "7", "1000000"],
    "integer": ["0", "1", "-1", "2", "7", "1000000"],
    "smallint": ["0", "1", "-1", "2", "7"],
    "numeric": ["0", "1", "-1", "0.5", "2"],
    "double precision": ["0", "1", "-1", "0.5", "2"],
    "boolean": ["true", "false"],
    "text": ["''", "'nonsense'", "'Nonsense X'"],
    "bytea": ["''::bytea", "decode(repeat('00', 32), 'hex')"],
    "jsonb": ["'{}'::jsonb", "'[]'::jsonb", "'null'::jsonb"],
    "uuid": ["gen_random_uuid()"],
    "date": ["date '2026-01-01'", "date '2026-01-05'", "date '2026-02-01'"],
    "timestamp with time zone": ["timestamptz '2026-01-01Z'", "timestamptz '2026-02-01Z'"],
    "tstzrange": [
        "'empty'::tstzrange",
        "tstzrange('2026-01-01Z', '2026-02-01Z')",
        "'(,)'::tstzrange",
    ],
    "inet": ["inet '127.0.0.1'"],
    "interval": ["interval '0'", "interval '1 hour'", "interval '-1 hour'"],
}


@dataclass(frozen=True)
class Check:
    """One CHECK as the database holds it."""

    schema: str
    table: str
    name: str
    expression: str
    columns: tuple[int, ...]

    @property
    def where(self) -> str:
        return f'"{self.schema}"."{self.table}"'


@dataclass(frozen=True)
class Column:
    """One column of a table, and values to try in it."""

    number: int
    name: str
    type: str
    required: bool

    def values(self, literals: list[str], expression: str = "") -> list[str]:
        plain = self.type.split("(")[0]
        if plain == "jsonb" and "jsonb_array_length" in expression:  # which takes arrays only
            return ["'[]'::jsonb", "'[1]'::jsonb"]
        known = _VALUES["text" if plain.startswith("character") else plain]
        tried = [*known, *literals] if known is _VALUES["text"] else list(known)
        return tried if self.required else ["NULL", *tried]


def test_every_check_refuses_what_it_is_there_for(session: Session) -> None:
    checks = [Check(s, t, n, e, tuple(k)) for s, t, n, e, k in session.execute(sa.text(_CHECKS))]
    assert len(checks) > 30
    not_refused = [check.name for check in checks if _refusal(session, check) != check.name]
    assert not_refused == []


def test_a_row_that_breaks_no_check_is_not_refused(session: Session) -> None:
    harmless = Check("public", "clock_shift", "", "singleton", (1,))
    assert _insert(session, harmless, {"singleton": "true", "seconds": "0"}) is None


def _refusal(session: Session, check: Check) -> str | None:
    """The name of the constraint that refuses a row which breaks this one only."""
    row = _breaking_row(session, check)
    return None if row is None else _insert(session, check, row)


def _breaking_row(session: Session, check: Check) -> dict[str, str] | None:
    table = {"table": check.where}
    columns = [Column(*found) for found in session.execute(sa.text(_COLUMNS), table)]
    literals = _literals(check.expression)
    part = [column for column in columns if column.number in check.columns]
    sources = ", ".join(
        f'unnest(ARRAY[{", ".join(column.values(literals, check.expression))}]::{column.type}[]) AS "{column.name}"("{column.name}")'
        for column in part
    )
    picked = ", ".join(f'"{column.name}"."{column.name}"::text' for column in part)
    query = f"SELECT {picked} FROM {sources} WHERE NOT ({check.expression}) LIMIT 1"
    found = session.execute(sa.text(query.replace(":", "\\:"))).one_or_none()
    if found is None:
        return None
    row = {c.name: c.values([])[0] for c in columns if c.required}
    for column, value in zip(part, found, strict=True):
        row[column.name] = "NULL" if value is None else f"{_quoted(value)}::{column.type}"
    return row


def _insert(session: Session, check: Check, row: dict[str, str]) -> str | None:
    names = ", ".join(f'"{name}"' for name in row)
    statement = f"INSERT INTO {check.where} ({names}) OVERRIDING SYSTEM VALUE VALUES ({', '.join(row.values())})"
    nested = session.begin_nested()
    try:
        _alone(session, check)
        session.execute(sa.text(statement.replace(":", "\\:")))
    except IntegrityError as error:
        return error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None
    finally:
        nested.rollback()
    return None


def _alone(session: Session, check: Check) -> None:
    """Take away whatever else could refuse the row: other CHECKs, foreign keys and triggers."""
    others = session.execute(
        sa.text(
            "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(:table)"
            " AND contype IN ('c', 'f') AND conname <> :name AND coninhcount = 0"
        ),
        {"table": check.where, "name": check.name},
    )
    for (name,) in others.all():
        session.execute(sa.text(f'ALTER TABLE {check.where} DROP CONSTRAINT "{name}" CASCADE'))
    session.execute(sa.text(f"ALTER TABLE {check.where} DISABLE TRIGGER USER"))


def _literals(expression: str) -> list[str]:
    pieces = expression.split("'")[1::2]
    return [_quoted(piece) for piece in pieces]


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def test_the_search_finds_no_row_for_a_check_that_cannot_fail(session: Session) -> None:
    idle = Check("public", "clock_shift", "idle", "singleton OR NOT singleton", (1,))
    assert _refusal(session, idle) is None


@pytest.mark.parametrize("table", ["account", "outbox"])
def test_tables_of_the_kernel_have_checks(session: Session, table: str) -> None:
    found = session.execute(sa.text(_CHECKS)).all()
    assert any(row[1] == table for row in found)
