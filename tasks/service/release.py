"""A project's judgments as a file: raw, without consensus, experts by pseudonym."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any, Final

from tasks.models import Judgment

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


def rows(found: Iterable[tuple[str, Judgment, str]]) -> list[dict[str, Any]]:
    """One row a judgment; the value's fields beside it."""
    return [
        {
            "task": key,
            "expert": pseudonym,
            "submitted_at": judgment.submitted_at.isoformat(),
            "revision": judgment.revision,
            "late": judgment.late,
            "active_seconds": judgment.active_seconds,
            "order_shown": "".join(judgment.order_shown),
            **judgment.value,
        }
        for key, judgment, pseudonym in found
    ]


def csv_text(released: list[dict[str, Any]]) -> str:
    """As CSV whose cells no spreadsheet takes for a formula."""
    out = io.StringIO()
    if released:
        writer = csv.DictWriter(out, list(released[0]))
        writer.writeheader()
        writer.writerows({name: defused(value) for name, value in row.items()} for row in released)
    return out.getvalue()


def jsonl_text(released: list[dict[str, Any]]) -> str:
    """As JSON, one judgment a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in released)


def defused(value: object) -> object:
    """A text that begins like a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_DANGEROUS) else value
