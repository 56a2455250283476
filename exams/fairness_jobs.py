"""The daily look at fairness: how groups come through applications, in sums from which nobody follows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Application,
    Attempt,
    AttemptState,
    Exam,
    FairnessStudy,
    JobName,
    Opening,
    ResponseScore,
    SelfIdentification,
)
from exams.psychometrics.adverse_impact import Impact, Passage, impacts
from exams.psychometrics.dif import mantel_haenszel, purified
from exams.psychometrics.fairness import EVERYBODY, Applicant, StageTable, without_loss
from exams.queries import measuring
from exams.queries.stages import Stage, Way, ways
from exams.service.self_identification import ATTRIBUTES, KEPT, NOT_SAID, opened
from portal import clock
from portal.db import lock, transaction
from portal.jobs import job

FEWEST_PEOPLE: Final = 50
"""Fewer applications make no table."""
RIPE: Final = timedelta(days=28)
"""How long ago an application began before it is looked at: by then most have ended."""
FEWEST_OF_A_GROUP: Final = 50
"""Of each of two groups, before their answers to a question are compared."""
_CERTAIN: Final = 1.96


@job(JobName.FAIRNESS)
def study_fairness(_slot: int) -> None:
    """Look at each exam whose new applications are enough. Safe to run twice: nobody is looked at again."""
    with transaction() as session:
        now = clock.now(session)
        session.execute(
            sa.delete(SelfIdentification).where(SelfIdentification.said_at < now - KEPT)
        )
        asked = sa.select(Opening.exam_id).distinct().order_by(Opening.exam_id)
        exams = list(session.scalars(asked))
    for exam_id in exams:
        with transaction() as session:
            _study(session, lock(session, session.get_one(Exam, exam_id)), now=clock.now(session))


def _study(session: Session, exam: Exam, *, now: datetime) -> None:
    before = session.scalar(measuring.fairness_studies(exam.id).limit(1))
    after = before.last_application_id if before else 0
    people = ways(session, exam.id, after=after, begun_before=now - RIPE)
    if len(people) < FEWEST_PEOPLE:
        return
    said = _said(session, [one.account_id for one in people])
    found = without_loss(
        [Applicant(_groups(said.get(one.account_id, {})), one.passed) for one in people],
        list(Stage),
        list(ATTRIBUTES),
        unsaid=NOT_SAID,
    )
    session.add(
        FairnessStudy(
            exam_id=exam.id,
            number=before.number + 1 if before else 1,
            first_application_id=people[0].application_id,
            last_application_id=_last(session, exam, people, now=now),
            began_from=min(one.began for one in people),
            began_until=max(one.began for one in people),
            people=len(people),
            tables=[_table(table) for table in found.tables],
            withheld=list(found.withheld),
            differences=differences(session, exam.id),
            computed_at=now,
        )
    )


def _last(session: Session, exam: Exam, people: Sequence[Way], *, now: datetime) -> int:
    """The last application of all these: somebody's second one is not looked at again either."""
    newest = (
        sa.select(sa.func.max(Application.id))
        .join(Opening, Opening.id == Application.opening_id)
        .where(Opening.exam_id == exam.id, Application.started_at < now - RIPE)
    )
    return session.scalar(newest) or people[-1].application_id


def _said(session: Session, account_ids: list[int]) -> dict[int, dict[str, str]]:
    query = sa.select(SelfIdentification).where(SelfIdentification.account_id.in_(account_ids))
    return {one.account_id: opened(one) for one in session.scalars(query)}


def _groups(said: dict[str, str]) -> dict[str, str]:
    return {name: said.get(name, NOT_SAID) for name in ATTRIBUTES}


def _table(table: StageTable) -> dict[str, Any]:
    return {
        "stage": table.stage,
        "attributes": list(table.attributes),
        "rows": [
            {"values": _values(row.group), "reached": row.reached, "passed": row.passed}
            for row in table.rows
        ],
        "hidden": table.hidden,
        "impacts": [_impact(one) for one in impacts(_saying(table))],
    }


def _saying(table: StageTable) -> list[Passage]:
    """The groups to compare: not those who said nothing, of whom nothing is known."""
    return [row for row in table.rows if NOT_SAID not in _values(row.group)]


def _impact(one: Impact) -> dict[str, Any]:
    return {
        "values": _values(one.group.group),
        "against": _values(one.against.group),
        "ratio": one.ratio,
        "interval": None if one.interval is None else list(one.interval),
        "p": one.p,
        "hangs_on_one": one.hangs_on_one,
        "to_look_at": one.to_look_at,
    }


def _values(group: str) -> list[str]:
    return [] if group == EVERYBODY else group.split(" · ")


def differences(session: Session, exam_id: int) -> list[dict[str, Any]]:
    """Of everybody's first attempts: which questions differ between groups of equal ability.

    Compared are the largest group of an attribute with every other that is large enough. How many
    people that were is not kept: it would be one more sum to subtract.
    """
    accounts, versions, right = _answers(session, exam_id)
    said = _said(session, accounts)
    found = []
    for name, offered in ATTRIBUTES.items():
        group = np.array([said.get(account, {}).get(name, NOT_SAID) for account in accounts])
        sizes = {value: int((group == value).sum()) for value in offered}
        large = [value for value in offered if sizes[value] >= FEWEST_OF_A_GROUP]
        reference = max(large, key=lambda value: sizes[value], default=None)
        for focal in large:
            if reference is not None and focal != reference:
                pair = {"attribute": name, "focal": focal, "reference": reference}
                mine = np.isin(group, [focal, reference])
                found += _differing(right[mine], group[mine] == focal, versions, pair)
    return found


def _differing(
    right: np.ndarray, focal: np.ndarray, versions: list[int], pair: dict[str, str]
) -> list[dict[str, Any]]:
    match = np.round(np.nansum(right, 1) / np.maximum((~np.isnan(right)).sum(1), 1) * 20)
    whole = not np.isnan(right).any()
    anchors, _settled = (
        purified(lambda kept: mantel_haenszel(right, focal, anchors=kept).flagged, len(versions))
        if whole
        else (None, False)
    )
    tested = mantel_haenszel(right, focal, anchors=anchors, match=None if whole else match)
    return [
        pair
        | {
            "question_version_id": version,
            "delta": round(float(tested.delta[item]), 1),
            "low": round(float(tested.delta[item] - _CERTAIN * tested.delta_se[item]), 1),
            "high": round(float(tested.delta[item] + _CERTAIN * tested.delta_se[item]), 1),
            "ets": ets.value,
        }
        for item, version in enumerate(versions)
        if (ets := tested.classes[item]) is not None
    ]


def _answers(session: Session, exam_id: int) -> tuple[list[int], list[int], np.ndarray]:
    """Accounts, question versions, and (accounts, versions) whole points or not; NaN where not seen.

    Of fixed forms: an adaptive attempt gets about half right whoever sits it, so there is nothing to
    match people on.
    """
    ended = (AttemptState.PASSED, AttemptState.BELOW, AttemptState.NOT_PASSED)
    newest = (
        sa.select(ResponseScore.attempt_id, sa.func.max(ResponseScore.score_number).label("number"))
        .join(Attempt, Attempt.id == ResponseScore.attempt_id)
        .where(
            Attempt.exam_id == exam_id,
            Attempt.state.in_(ended),
            Attempt.number == 1,
            Attempt.design_id.is_(None),
        )
        .group_by(ResponseScore.attempt_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(
            Attempt.account_id,
            ResponseScore.question_version_id,
            ResponseScore.earned >= ResponseScore.possible,
        )
        .join(Attempt, Attempt.id == ResponseScore.attempt_id)
        .join(
            newest,
            sa.and_(
                newest.c.attempt_id == ResponseScore.attempt_id,
                newest.c.number == ResponseScore.score_number,
            ),
        )
    ).all()
    accounts = sorted({one[0] for one in rows})
    versions = sorted({one[1] for one in rows})
    row = {account: number for number, account in enumerate(accounts)}
    column = {version: number for number, version in enumerate(versions)}
    right = np.full((len(accounts), len(versions)), np.nan)
    for account, version, whole in rows:
        right[row[account], column[version]] = float(whole)
    return accounts, versions, right
