"""How far graders agree with each other, and with what was agreed on seeds."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Exam, GradingCase, TextLikeness
from exams.psychometrics.agreement import Agreement, Drift, drift, quadratic_weighted_kappa
from exams.queries import grading as queries
from portal.accounts.models import Account

PAIR = 2


@dataclass(frozen=True)
class OnCriterion:
    """Two graders' agreement on one criterion."""

    title: str
    agreement: Agreement


@dataclass(frozen=True)
class OfGrader:
    """How one grader grades seeds."""

    account_id: int
    name: str
    drift: Drift
    lately: Drift
    """Over the last ten seeds."""


_LATELY = 10


def on_criteria(session: Session, exam_id: int) -> list[OnCriterion]:
    """Agreement on each criterion, over every text with two blind grades."""
    pairs: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rubrics: dict[int, GradingCase] = {}
    for case, grade in session.execute(queries.double_grades(exam_id)):
        pairs[case.id].append(grade.bands or {})
        rubrics[case.id] = case
    columns: dict[tuple[str, int], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for case_id, both in pairs.items():
        if len(both) == PAIR:
            for criterion in rubrics[case_id].rubric:
                first, second = columns[criterion["title"], len(criterion["bands"])]
                first.append(int(both[0][criterion["id"]]))
                second.append(int(both[1][criterion["id"]]))
    return [
        OnCriterion(title, quadratic_weighted_kappa(first, second, bands=levels))
        for (title, levels), (first, second) in columns.items()
    ]


def of_graders(session: Session, exam_id: int, *, grader_id: int | None = None) -> list[OfGrader]:
    """Each grader's mean deviation from the bands agreed on, over all criteria."""
    query = queries.deviations(exam_id)
    if grader_id is not None:
        query = query.where(Account.id == grader_id)
    found: dict[int, tuple[str, list[float]]] = {}
    for account, deviation in session.execute(query):
        _name, values = found.setdefault(account.id, (account.display_name, []))
        values.append(sum(deviation.bands.values()) / len(deviation.bands))
    return [
        OfGrader(one, name, drift(values), drift(values[:_LATELY]))
        for one, (name, values) in found.items()
    ]


def alike(exam_ids: list[int]) -> sa.Select[TextLikeness]:
    """Samples that say nearly the same, the most alike first."""
    mine = sa.exists().where(
        GradingCase.attempt_id == TextLikeness.attempt_id, GradingCase.exam_id.in_(exam_ids)
    )
    return sa.select(TextLikeness).where(mine).order_by(TextLikeness.share.desc())


def exams_for(reached: sa.ColumnElement[bool]) -> sa.Select[Exam]:
    """Exams of which texts have come to graders, as far as they are reached."""
    return queries.exams_with_texts().where(reached)
