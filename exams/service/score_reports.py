"""A score report: what a result says and what it does not, for its page and for paper."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptScore,
    AttemptState,
    Exam,
    FormQuestion,
    JobName,
    Rescoring,
    RescoringState,
    ScoreReport,
    ScoreReportState,
    SubscoreStudy,
)
from exams.models.scores import NINE_IN_TEN
from exams.queries import attempts as queries
from exams.service import scale
from portal import audit, files
from portal.db import lock
from portal.decisions import Decision
from portal.ids import random_id
from portal.jobs import enqueue

RELIABLE: Final = 0.7
"""As `exams.psychometrics.subscores` has it; the web does not import that."""
FEWEST: Final = 100


@dataclass(frozen=True)
class Area:
    """One area's share of its points, with its margin."""

    title: str
    share: float
    margin: float
    earned: float
    possible: float


@dataclass(frozen=True)
class Told:
    """Everything that a score report says."""

    attempt: Attempt
    exam: Exam
    score: AttemptScore
    scaled: scale.Scaled
    areas: list[Area]
    silent: bool
    """Whether there are areas of which nothing is said, since it would mean too little."""
    decision: Decision | None
    changed: list[Rescoring]
    """Why it was computed anew, if it was."""

    @property
    def adapts(self) -> bool:
        """Whether its questions followed from its answers."""
        return self.attempt.design_id is not None


def told(session: Session, attempt: Attempt) -> Told | None:
    """What the newest score says; None before there is one."""
    score = queries.score(session, attempt.id)
    if score is None:
        return None
    exam = session.get_one(Exam, attempt.exam_id)
    decided = attempt.decision_id
    areas = _areas(session, attempt, exam, score)
    return Told(
        attempt,
        exam,
        score,
        scale.of(score),
        areas,
        silent=len(areas) < len(score.areas),
        decision=session.get_one(Decision, decided) if decided else None,
        changed=_changed(session, attempt, score),
    )


def ask(session: Session, attempt: Attempt, *, now: datetime) -> ScoreReport | None:
    """Have the newest score put on paper, once; a paper that failed is tried again."""
    lock(session, attempt)
    score = queries.score(session, attempt.id)
    if score is None:
        return None
    found = paper(session, attempt, score)
    if found is None:
        found = ScoreReport(
            public_id=random_id(),
            attempt_id=attempt.id,
            score_number=score.number,
            attempt_state=attempt.state.value,
            asked_at=now,
        )
        session.add(found)
        session.flush()
    elif found.state is ScoreReportState.FAILED:
        found.retry()
    else:
        return found
    enqueue(session, JobName.SCORE_REPORT, found.id, now=now)
    subject = ("score_report", found.id)
    actor = attempt.account_id
    audit.record(session, actor=actor, action="score_report.asked", subject=subject, now=now)
    return found


def paper(session: Session, attempt: Attempt, score: AttemptScore) -> ScoreReport | None:
    """The paper of a score as the attempt stands now, if it was asked for."""
    same = sa.select(ScoreReport).where(
        ScoreReport.attempt_id == attempt.id,
        ScoreReport.score_number == score.number,
        ScoreReport.attempt_state == attempt.state.value,
    )
    return session.scalar(same)


def issue(
    session: Session, report: ScoreReport, *, pdf: bytes, snapshot: bytes, now: datetime
) -> None:
    """Keep the paper. Issued before, nothing happens."""
    if report.state is not ScoreReportState.WAITING:
        return
    stored = files.store(session, pdf, media_type="application/pdf", now=now)
    report.issue(file_id=stored.id, snapshot=snapshot, now=now)


def _areas(session: Session, attempt: Attempt, exam: Exam, score: AttemptScore) -> list[Area]:
    """The areas whose score is reliable and says more than the total does (Haberman 2008)."""
    studies = sa.select(SubscoreStudy).where(SubscoreStudy.form_id == attempt.form_id)
    titles = {area["slug"]: area["title"] for area in exam.areas}
    return [
        Area(
            titles.get(one.area, one.area),
            score.areas[one.area]["earned"] / score.areas[one.area]["possible"],
            NINE_IN_TEN * one.standard_error / score.areas[one.area]["possible"],
            score.areas[one.area]["earned"],
            score.areas[one.area]["possible"],
        )
        for one in session.scalars(studies.order_by(SubscoreStudy.area))
        if one.area in score.areas and _means_something(one)
    ]


def _means_something(study: SubscoreStudy) -> bool:
    enough = study.attempts >= FEWEST and study.reliability >= RELIABLE
    return enough and study.prmse_subscore > study.prmse_total


def _changed(session: Session, attempt: Attempt, score: AttemptScore) -> list[Rescoring]:
    """The rescorings of its questions that were done by the time of this score."""
    if score.number == 1 or attempt.state is AttemptState.VOIDED:
        return []
    mine = sa.select(FormQuestion.question_version_id).where(
        FormQuestion.form_id == attempt.form_id
    )
    done = sa.select(Rescoring).where(
        Rescoring.state == RescoringState.DONE,
        Rescoring.question_version_id.in_(mine),
        Rescoring.ended_at <= score.scored_at,
        Rescoring.ended_at > attempt.finished_at,
    )
    return list(session.scalars(done.order_by(Rescoring.id)))
