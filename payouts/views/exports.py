"""Everything as CSV or JSON lines: statement lines, payouts, and the ledger's journal for accounting."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Response
from sqlalchemy.orm import Session

from payouts.queries import exports as queries
from payouts.queries import reach
from payouts.views.csv_out import defused
from portal.access import Role, person, requires
from portal.accounts.models import Organisation
from portal.db import reading
from portal.errors import NotFound
from portal.money import Money, plain

bp = Blueprint("exports", __name__, template_folder="../templates")

_BATCH: Final = 2000
_TYPES: Final = {"csv": "text/csv", "jsonl": "application/x-ndjson"}


@bp.get("/finance/exports/<name>.<kind>")
@requires(Role.FINANCE)
def fetch(name: str, kind: str) -> Response:
    """One export, sent as it is read: however long it is, little of it is held at once.

    Lines and payouts are those of the person's own payers; the journal is the whole house's, for
    the house's own finance.
    """
    if kind not in _TYPES:
        raise NotFound
    with reading() as session:
        query = _query(session, name)
    rows = _rows(query)
    content = as_csv(rows) if kind == "csv" else as_jsonl(rows)
    disposition = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(content, mimetype=_TYPES[kind], headers=disposition)


def as_csv(rows: Iterator[sa.Row[*tuple[Any, ...]]]) -> Iterator[str]:
    """The rows with a heading, amounts in major units beside the minor ones."""
    heading: Sequence[str] | None = None
    for row in rows:
        if heading is None:
            heading = [*row._fields, "amount"]
            yield _csv_line(heading)
        said = [defused(_said(value)) for value in row]
        yield _csv_line([*said, plain(Money(row.minor, row.currency)).replace(",", "")])


def as_jsonl(rows: Iterator[sa.Row[*tuple[Any, ...]]]) -> Iterator[str]:
    """A JSON object on each line."""
    for row in rows:
        said = {name: _said(value) for name, value in zip(row._fields, row, strict=True)}
        yield json.dumps(said, ensure_ascii=False) + "\n"


def _query(session: Session, name: str) -> sa.Select[*tuple[Any, ...]]:
    me = person().account_id
    mine = reach.organisations_of(me, Role.FINANCE).with_only_columns(Organisation.id)
    known: dict[str, Callable[[], sa.Select[*tuple[Any, ...]]]] = {
        "lines": lambda: queries.lines(mine.order_by(None)),
        "payouts": lambda: queries.payouts(mine.order_by(None)),
    }
    if name == "journal" and session.scalar(reach.everywhere(me, Role.FINANCE)):
        return queries.journal()
    if name not in known:
        raise NotFound
    return known[name]()


def _rows(query: sa.Select[*tuple[Any, ...]]) -> Iterator[sa.Row[*tuple[Any, ...]]]:
    with reading() as session:
        yield from session.execute(query.execution_options(yield_per=_BATCH))


def _csv_line(cells: Sequence[str | int]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _said(value: object) -> str | int | None:
    match value:
        case StrEnum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case int() | str() | None:
            return value
    raise TypeError(f"an export cannot say {type(value).__name__}")
