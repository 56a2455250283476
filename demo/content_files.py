"""What the demo's files hold, loaded and typed once: people, projects, tasks with their truths, texts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any, Final

from portal.access import Role

Row = Mapping[str, Any]

_FOLDER: Final = Path(__file__).parent / "content"


@dataclass(frozen=True)
class Work:
    """How a simulated expert works."""

    hours_per_week: float
    weeks: int
    usual_start: time
    accuracy: Mapping[str, float]
    """By project: the chance that they give the true answer."""
    seconds_per_task: Mapping[str, int]
    """By project: the median."""


@dataclass(frozen=True)
class Applying:
    """How far somebody's application has come, and what they said in it."""

    stage: str
    answers: Mapping[str, Any]
    explanation: str | None


@dataclass(frozen=True)
class Person:
    """Someone of the demo."""

    key: str
    name: str
    email: str
    roles: tuple[Role, ...]
    organisation: str | None
    line: str
    country: str
    timezone: str
    shown: bool
    applying: Applying | None
    work: Work | None


@dataclass(frozen=True)
class Text:
    """A Markdown file: its front lines and its body."""

    front: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Case:
    """One task as the client delivers it, and what is true of it."""

    key: str
    project: str
    row: Row
    gold: bool


@cache
def people() -> tuple[Person, ...]:
    """Everybody, in the order in which the sign-in page offers them."""
    return tuple(_person(row) for row in _json("people.json")["people"])


@cache
def organisations() -> tuple[Row, ...]:
    """The clients."""
    return tuple(_json("organisations.json")["organisations"])


@cache
def projects() -> tuple[Row, ...]:
    """The clients' projects."""
    return tuple(_json("organisations.json")["projects"])


@cache
def opening() -> Row:
    """The one opening."""
    return _row("opening.json")


@cache
def first_round() -> Row:
    """Names and countries of those who came before everybody else."""
    return _row("first_round.json")


@cache
def countries() -> Row:
    """Where people can be paid, how, and with which documents."""
    return _row("countries.json")


@cache
def exam() -> Row:
    """The exam with its questions and their keys."""
    return _row("exam.json")


@cache
def writing_exam() -> Row:
    """The second exam: cases, and texts that people grade."""
    return _row("exam_writing.json")


@cache
def essays() -> Row:
    """What is written in the second exam, by question, each with the bands that it is worth."""
    return _row("essays.json")


@cache
def policy() -> Row:
    """The client's content rules."""
    return _row("policy.json")


@cache
def text(kind: str, slug: str) -> Text:
    """A file of `agreements` or `guidelines`."""
    written = (_FOLDER / kind / f"{slug}.md").read_text(encoding="utf-8")
    head, body = written.split("\n---\n", 1)
    return Text(dict(line.split(": ", 1) for line in head.splitlines()), body.strip() + "\n")


@cache
def cases(project: str) -> tuple[Case, ...]:
    """Every task of a project, in the files' order."""
    found = [
        Case(row["key"], row["project"], row, row["gold"])
        for name in ("preference_pairs", "preference_pairs_series", "reasoning_cases", "reasoning_cases_series")
        for row in _lines(f"{name}.jsonl")
    ]  # fmt: skip
    return tuple(case for case in found if case.project == project)


def _person(row: Row) -> Person:
    applying, work = row.get("application"), row.get("work")
    return Person(
        key=row["key"],
        name=row["name"],
        email=row["email"],
        roles=tuple(Role(role) for role in row["roles"]),
        organisation=row["organisation"],
        line=row["line"],
        country=row["country"],
        timezone=row["timezone"],
        shown=row["shown"],
        applying=Applying(**applying) if applying else None,
        work=_work(work) if work else None,
    )


def _work(row: Row) -> Work:
    return Work(
        hours_per_week=row["hours_per_week"],
        weeks=row["weeks"],
        usual_start=time.fromisoformat(row["usual_start"]),
        accuracy=row["accuracy"],
        seconds_per_task=row["seconds_per_task"],
    )


def _row(name: str) -> Row:
    found: Row = _json(name)
    return found


def _json(name: str) -> Any:  # noqa: ANN401  each file has its own shape, given in content/README.md
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _lines(name: str) -> list[Row]:
    written = (_FOLDER / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in written.splitlines()]
