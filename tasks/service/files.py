"""Reading CSV and JSONL files of tasks: whole or not at all, each problem with its row and column."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from portal.errors import Invalid

MOST_PROBLEMS: Final = 20
_MOST_CELL: Final = 200_000


class FileRefused(Invalid):
    """The file has problems; nothing of it went in."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems[:3]))
        self.problems = problems[:MOST_PROBLEMS]


def rows(content: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """A file's rows with their numbers, as a spreadsheet counts them: the header of a CSV is row 1.

    Raises `FileRefused` for bytes that are not such a file.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise FileRefused([f"row {row}: this is not UTF-8 text"]) from None
    if name.lower().endswith((".jsonl", ".ndjson")):
        return _jsonl(text)
    if name.lower().endswith(".csv"):
        return _csv(text)
    raise FileRefused([f"{name}: the name must end in .csv or .jsonl"])


def mapping(written: str) -> dict[str, str]:
    """Read `prompt=instruction,key=task` into field → column."""
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in written.split(","))):
        field, equals, column = (piece.strip() for piece in part.partition("="))
        if not (field and equals and column):
            raise Invalid(f"“{part}” is not field=column.")
        if field in found:
            raise Invalid(f"The field {field} is mapped twice.")
        found[field] = column
    return found


def mapped(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """A row by the task type's fields."""
    return {field: row.get(column) for field, column in columns.items()}


def _csv(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(_MOST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    header: list[str] = []
    try:
        for cells in reader:
            number += 1
            if number == 1:
                header = _header(cells)
            elif cells:
                yield number, _record(cells, header, number)
    except csv.Error as error:
        raise FileRefused([f"row {number + 1}: {error}"]) from None
    if number == 0:
        raise FileRefused(["row 1: the file is empty"])


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise FileRefused([f"row 1, column {name}: there are two columns of this name"])
    return names


def _record(cells: list[str], header: list[str], number: int) -> dict[str, Any]:
    if len(cells) != len(header):
        raise FileRefused([f"row {number}: {len(cells)} cells where the header has {len(header)}"])
    return dict(zip(header, cells, strict=True))


def _jsonl(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line, parse_constant=_no_number)
        except RecursionError:
            raise FileRefused([f"row {number}: this is nested too deeply"]) from None
        except ValueError as error:
            raise FileRefused([f"row {number}: {error}"]) from None
        if not isinstance(found, dict):
            raise FileRefused([f"row {number}: this line is not an object"])
        yield number, found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number that JSON has")
