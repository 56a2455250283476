"""A project on paper: how much, how alike, how good and how fast, its experts by pseudonym."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from tasks.credit import monday
from tasks.models import Project
from tasks.quality.share import Share, mean_share, share_right
from tasks.queries import project_report as queries
from tasks.types import kind


@dataclass(frozen=True)
class ByPerson:
    """One expert, by the pseudonym that releases carry."""

    pseudonym: str
    judgments: int
    share: Share


@dataclass(frozen=True)
class Work:
    """What was done in a project over a period."""

    judgments: int
    tasks: int
    """Ordinary tasks that were judged at least once."""
    seconds: float
    """Credited by the clock."""
    labels: list[tuple[str, int]]
    weeks: list[tuple[date, int]]
    """Judgments by the Monday of their week, in the project's payroll zone."""
    people: list[ByPerson]
    share: Share
    """Right on check tasks, everybody together."""
    agreement: Share
    """Pairs of judgments of one task that say the same; the task is the unit of its range."""

    @property
    def per_hour(self) -> float | None:
        """Judgments in a credited hour."""
        return self.judgments / self.seconds * 3600 if self.seconds else None


def work(session: Session, project: Project, *, start: datetime, end: datetime) -> Work:
    """Gather it from the judgments, check tasks and segments of the half-open period."""
    rows = session.execute(queries.judgments(project.id, start=start, end=end)).all()
    rules = kind(project.task_type)
    labels: Counter[str] = Counter()
    weeks: Counter[date] = Counter()
    by_person: Counter[str] = Counter()
    by_task: dict[tuple[int, int], list[str]] = {}
    for judgment, pseudonym in rows:
        label = rules.label(judgment.value)
        labels[label] += 1
        by_person[pseudonym] += 1
        weeks[monday(judgment.submitted_at.astimezone(project.zone).date())] += 1
        by_task.setdefault((judgment.pool_id, judgment.task_id), []).append(label)
    checks = session.execute(queries.check_tasks(project.id, start=start, end=end))
    scores = {pseudonym: (right, judged) for pseudonym, right, judged in checks}
    return Work(
        judgments=len(rows),
        tasks=len(by_task),
        seconds=session.scalar(queries.credited(project.id, start=start, end=end)) or 0.0,
        labels=sorted(labels.items()),
        weeks=sorted(weeks.items()),
        people=[
            ByPerson(name, by_person[name], share_right(*scores.get(name, (0, 0))))
            for name in sorted(by_person.keys() | scores.keys())
        ],
        share=share_right(
            sum(right for right, _judged in scores.values()),
            sum(judged for _right, judged in scores.values()),
        ),
        agreement=agreement(by_task.values()),
    )


def agreement(tasks: Iterable[list[str]]) -> Share:
    """The mean over tasks with two judgments or more of the share of pairs that say the same.

    The observed agreement of Fleiss (1971), "Measuring nominal scale agreement among many raters",
    equation 3; not corrected for chance.
    """
    judged_again = [labels for labels in tasks if len(labels) > 1]
    total = sum(_alike(labels) for labels in judged_again)
    return mean_share(total, len(judged_again))


def _alike(labels: list[str]) -> float:
    pairs = len(labels) * (len(labels) - 1)
    return sum(count * (count - 1) for count in Counter(labels).values()) / pairs
