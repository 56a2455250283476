"""The demo's sample world as its files hold it, loaded once for the tests about it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import demo

Row = dict[str, Any]

CONTENT: Final = Path(demo.__file__).parent / "content"


def load(name: str) -> Any:  # noqa: ANN401  what the file holds is what the tests are about
    return json.loads((CONTENT / name).read_text(encoding="utf-8"))


def load_lines(name: str) -> list[Row]:
    text = (CONTENT / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def front(path: Path) -> tuple[dict[str, str], str]:
    """The `key: value` lines of a Markdown file, and the text below its `---`."""
    head, body = path.read_text(encoding="utf-8").split("\n---\n", 1)
    return dict(line.split(": ", 1) for line in head.splitlines()), body


def texts(value: object) -> list[str]:
    """Every string in a JSON value, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return texts(list(value.values()))
    return [text for child in value for text in texts(child)] if isinstance(value, list) else []


def words(text: str) -> int:
    return len(text.split())


def repeated(values: list[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


EXAM: Final[Row] = load("exam.json")
QUESTIONS: Final[list[Row]] = EXAM["questions"]
POLICY: Final[Row] = load("policy.json")
CLAUSES: Final[dict[str, Row]] = {clause["number"]: clause for clause in POLICY["clauses"]}
PAIRS: Final[list[Row]] = load_lines("preference_pairs.jsonl")
SERIES: Final[list[Row]] = load_lines("preference_pairs_series.jsonl")
CASES: Final[list[Row]] = load_lines("reasoning_cases.jsonl")
CASE_SERIES: Final[list[Row]] = load_lines("reasoning_cases_series.jsonl")
OPENING: Final[Row] = load("opening.json")
COUNTRIES: Final[Row] = load("countries.json")
WORLD: Final[Row] = load("organisations.json")
PROJECTS: Final[dict[str, Row]] = {project["slug"]: project for project in WORLD["projects"]}
PEOPLE: Final[list[Row]] = load("people.json")["people"]
GUIDELINES: Final = {path.stem: front(path) for path in (CONTENT / "guidelines").glob("*.md")}
AGREEMENTS: Final = {path.stem: front(path) for path in (CONTENT / "agreements").glob("*.md")}
