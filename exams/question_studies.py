"""Beside each question of a calibration: who did what by ability, and who chose which option. Worker only."""

from dataclasses import asdict
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from exams import choices
from exams.models import AttemptEvent, EventKind, QuestionStudy, QuestionVersion
from exams.psychometrics.form_analysis import FormAnalysis
from exams.psychometrics.traces import option_shares


def studies(
    session: Session,
    found: FormAnalysis,
    *,
    calibration_id: int,
    versions: dict[int, QuestionVersion],  # by position, in the order of the columns of `earned`
    attempts: list[int],
    earned: np.ndarray,  # (attempts, positions)
) -> list[QuestionStudy]:
    """A row a question. What was chosen is read from the attempts' events."""
    chosen = _chosen(session, attempts, versions)
    rows = []
    for column, (position, version) in enumerate(versions.items()):
        trace, given = found.traces[column], chosen.get(position, {})
        each = [given.get(attempt, {choices.LEFT_OUT}) for attempt in attempts]
        rows.append(
            QuestionStudy(
                calibration_id=calibration_id,
                position=position,
                groups=[asdict(group) for group in trace.groups],
                curve=[asdict(point) for point in trace.curve],
                options=_options(version, each, column, found, earned),
                infit=trace.infit,
                outfit=trace.outfit,
            )
        )
    return rows


def _options(
    version: QuestionVersion,
    given: list[set[str]],  # (attempts,)
    column: int,
    found: FormAnalysis,
    earned: np.ndarray,
) -> list[dict[str, Any]]:
    offered = choices.offered(version)
    if not offered:
        return []
    listed = [*offered, choices.LEFT_OUT]
    took = np.array([[float(option in one) for option in listed] for one in given])
    took[np.isnan(earned[:, column])] = np.nan
    return [asdict(one) for one in option_shares(took, listed, earned, column, found.groups)]


def _chosen(
    session: Session, attempts: list[int], versions: dict[int, QuestionVersion]
) -> dict[int, dict[int, set[str]]]:
    """What was chosen last, by position and attempt."""
    asked = [place for place, version in versions.items() if choices.offered(version)]
    newest = (
        sa.select(AttemptEvent.attempt_id, AttemptEvent.position, AttemptEvent.payload)
        .where(
            AttemptEvent.attempt_id.in_(attempts),
            AttemptEvent.kind == EventKind.ANSWERED,
            AttemptEvent.position.in_(asked),
        )
        .ext(distinct_on(AttemptEvent.attempt_id, AttemptEvent.position))
        .order_by(AttemptEvent.attempt_id, AttemptEvent.position, AttemptEvent.seq.desc())
    )
    found: dict[int, dict[int, set[str]]] = {}
    for attempt, place, payload in session.execute(newest):
        given = choices.taken(versions[place], payload["answer"])
        found.setdefault(place, {})[attempt] = given
    return found
