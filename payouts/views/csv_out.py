"""Tables as CSV that no spreadsheet can be made to run."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from flask import Response

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def table(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[str | int | None]]
) -> Response:
    """A download. Numbers stay numbers; text that a spreadsheet would run is shown as text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([defused(value) for value in row] for row in rows)
    return Response(
        out.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def defused(value: str | int | None) -> str | int:
    """The cell as it may leave: an apostrophe before what would begin a formula."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
