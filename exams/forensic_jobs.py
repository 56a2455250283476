"""The daily look at answers and times: who answered alike, without reading, oddly, or knew. It only flags."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from exams import answer_patterns
from exams.models import (
    AnswerFlag,
    Attempt,
    AttemptEvent,
    AttemptState,
    EventKind,
    FlagKind,
    FlagState,
    FormQuestion,
    JobName,
    QuestionKey,
    QuestionType,
    QuestionVersion,
    ResponseScore,
)
from exams.psychometrics.calibration import calibrate
from exams.psychometrics.forensics.all_pairs import all_pairs
from exams.psychometrics.forensics.curves import Curves
from exams.psychometrics.items import Items
from exams.psychometrics.response_times import effort
from exams.psychometrics.responses import UnusableResponses
from exams.queries import measuring
from portal import clock
from portal.db import transaction
from portal.ids import random_id
from portal.jobs import job

FEWEST_ATTEMPTS: Final = 200
"""With fewer, nothing can be said of what chance brings."""
MOST_ATTEMPTS: Final = 10_000
FEWEST_CHOICES: Final = 10
"""Single-choice questions with a varied answer: with fewer, matches say too little."""
MOST_FALSE: Final = 0.05
"""Pairs are flagged while at most this share of them is honest."""
LEAST_EFFORT: Final = 0.90


@dataclass(frozen=True)
class Answers:
    """A form's newest scores, the attempts that answered all of it."""

    attempts: list[int]
    right: np.ndarray  # (attempts, positions) share of the points
    seconds: np.ndarray  # (attempts, positions)
    positions: list[int]


@dataclass(frozen=True)
class Chosen:
    """Options by their place in the question; the last code stands for an omission."""

    options: np.ndarray  # (attempts, questions)
    key: np.ndarray  # (questions,)
    columns: list[int]  # which columns of `Answers` they are


@job(JobName.FORENSICS)
def compare_answers(_slot: int) -> None:
    """Look at every form that enough people have sat. Safe to run twice: a flag is raised once."""
    with transaction() as session:
        enough = (
            sa.select(Attempt.form_id)
            .where(_counted())
            .group_by(Attempt.form_id)
            .having(sa.func.count() >= FEWEST_ATTEMPTS)
        )
        forms = list(session.scalars(enough.order_by(Attempt.form_id)))
    for form_id in forms:
        with transaction() as session:
            found = _answers(session, form_id)
            if len(found.attempts) >= FEWEST_ATTEMPTS:
                now = clock.now(session)
                _raise(session, rapid(found), now=now)
                _raise(session, similar(found, chosen(session, form_id, found)), now=now)
                _raise(session, patterns(found, _known_outside(session, form_id, found)), now=now)


def rapid(found: Answers) -> list[dict[str, Any]]:
    """Attempts with less effort than `LEAST_EFFORT`, with how common that is."""
    known = (np.nan_to_num(found.seconds) > 0).any(0)
    if not known.any():
        return []
    seconds = found.seconds[:, known]
    told = effort(np.where(seconds > 0, seconds, np.nan), found.right[:, known] >= 1)
    return [
        {
            "kind": FlagKind.RAPID,
            "attempt_id": found.attempts[row],
            "other_attempt_id": None,
            "compared": len(found.attempts),
            "by_chance": None,
            "false_share": None,
            "evidence": {
                "rapid": int(told.rapid[row].sum()),
                "questions": int(known.sum()),
                "of_all_answers": told.base_rate,
                "of_all_people": float(told.unmotivated(LEAST_EFFORT).mean()),
            },
        }
        for row in np.flatnonzero(told.unmotivated(LEAST_EFFORT)).tolist()
    ]


def similar(found: Answers, given: Chosen) -> list[dict[str, Any]]:
    """Pairs of attempts that chose alike beyond chance, while few of those flagged are honest."""
    columns = given.columns
    if len(columns) < FEWEST_CHOICES:
        return []
    right = (found.right[:, columns] >= 1).astype(float)
    try:
        fit = calibrate(right, "2pl")
    except UnusableResponses:
        return []
    seen = all_pairs(Curves.of_shares(Items.of(fit), given.options, given.key), given.options)
    worth = np.flatnonzero(seen.flags.false_share <= MOST_FALSE).tolist()
    flags = []
    for number in worth:
        pair = sorted(found.attempts[row] for row in seen.flags.found[number].tolist())
        flags.append(
            {
                "kind": FlagKind.SIMILAR,
                "attempt_id": pair[0],
                "other_attempt_id": pair[1],
                "compared": seen.flags.compared,
                "by_chance": seen.flags.by_chance,
                "false_share": float(seen.flags.false_share[number]),
                "evidence": {
                    "matches": int(seen.matches[number]),
                    "questions": len(columns),
                    "omega": float(seen.omega[number]),
                    "flagged": len(worth),
                },
            }
        )
    return flags


def patterns(found: Answers, suspected: np.ndarray) -> list[dict[str, Any]]:
    """People whose answers fit badly together, and who did far better on what is known outside."""
    fitted = answer_patterns.Fitted.of(found.attempts, found.right, found.seconds)
    if fitted is None:
        return []
    return [*answer_patterns.odd(fitted), *answer_patterns.known(fitted, suspected)]


def _known_outside(session: Session, form_id: int, found: Answers) -> np.ndarray:
    """(positions,) bool: which questions are held to be known outside."""
    placed = (
        sa.select(FormQuestion.position)
        .join(QuestionVersion, QuestionVersion.id == FormQuestion.question_version_id)
        .where(
            FormQuestion.form_id == form_id,
            QuestionVersion.question_id.in_(measuring.known_outside()),
        )
    )
    return np.isin(found.positions, list(session.scalars(placed)))


def chosen(session: Session, form_id: int, found: Answers) -> Chosen:
    """What everybody chose in the single-choice questions that not all got right or all wrong."""
    held = session.execute(
        sa.select(FormQuestion.position, QuestionVersion)
        .join(QuestionVersion, QuestionVersion.id == FormQuestion.question_version_id)
        .where(FormQuestion.form_id == form_id, QuestionVersion.type == QuestionType.SINGLE)
    ).all()
    versions = {
        place: version
        for place, version in held
        if place in found.positions
        and 0 < (found.right[:, found.positions.index(place)] >= 1).mean() < 1
    }
    places = sorted(versions)
    options = {place: [one["id"] for one in versions[place].content["options"]] for place in places}
    omitted = max((len(one) for one in options.values()), default=0)
    table = np.full((len(found.attempts), len(places)), omitted)
    row = {attempt: number for number, attempt in enumerate(found.attempts)}
    for attempt, place, payload in _newest_answers(session, found.attempts, places):
        if (answer := payload["answer"]) is not None:
            table[row[attempt], places.index(place)] = options[place].index(answer["option"])
    keys = [_key(session, versions[place]) for place in places]
    key = np.array([options[place].index(one) for place, one in zip(places, keys, strict=True)])
    return Chosen(table, key, [found.positions.index(place) for place in places])


def _newest_answers(
    session: Session, attempts: list[int], places: list[int]
) -> list[tuple[int, int, dict[str, Any]]]:
    newest = (
        sa.select(AttemptEvent.attempt_id, AttemptEvent.position, AttemptEvent.payload)
        .where(
            AttemptEvent.attempt_id.in_(attempts),
            AttemptEvent.kind == EventKind.ANSWERED,
            AttemptEvent.position.in_(places),
        )
        .ext(distinct_on(AttemptEvent.attempt_id, AttemptEvent.position))
        .order_by(AttemptEvent.attempt_id, AttemptEvent.position, AttemptEvent.seq.desc())
    )
    return [(one[0], int(one[1] or 0), one[2]) for one in session.execute(newest)]


def _key(session: Session, version: QuestionVersion) -> str:
    newest = (
        sa.select(QuestionKey)
        .where(QuestionKey.question_version_id == version.id)
        .order_by(QuestionKey.number.desc())
    )
    return str(session.scalars(newest.limit(1)).one().key["option"])


def _answers(session: Session, form_id: int) -> Answers:
    mine = sa.select(Attempt.id).where(Attempt.form_id == form_id, _counted())
    newest = (
        sa.select(ResponseScore.attempt_id, sa.func.max(ResponseScore.score_number).label("number"))
        .where(ResponseScore.attempt_id.in_(mine.order_by(Attempt.id.desc()).limit(MOST_ATTEMPTS)))
        .group_by(ResponseScore.attempt_id)
        .subquery()
    )
    same = sa.and_(
        newest.c.attempt_id == ResponseScore.attempt_id,
        newest.c.number == ResponseScore.score_number,
    )
    rows = session.execute(
        sa.select(
            ResponseScore.attempt_id,
            ResponseScore.position,
            ResponseScore.earned / ResponseScore.possible,
            ResponseScore.seconds,
        )
        .join(newest, same)
        .where(ResponseScore.possible > 0)
    ).all()
    positions = sorted({one[1] for one in rows})
    attempts = sorted({one[0] for one in rows})
    right = np.full((len(attempts), len(positions)), np.nan)
    seconds = np.full_like(right, np.nan)
    row = {attempt: number for number, attempt in enumerate(attempts)}
    column = {position: number for number, position in enumerate(positions)}
    for attempt, position, share, took in rows:
        right[row[attempt], column[position]] = share
        seconds[row[attempt], column[position]] = np.nan if took is None else took
    whole = ~np.isnan(right).any(1)
    kept = [attempt for attempt, has in zip(attempts, whole, strict=True) if has]
    return Answers(kept, right[whole], seconds[whole], positions)


def _raise(session: Session, flags: list[dict[str, Any]], *, now: datetime) -> None:
    for flag in flags:
        values = flag | {"public_id": random_id(), "raised_at": now, "state": FlagState.OPEN}
        session.execute(insert(AnswerFlag).values(**values).on_conflict_do_nothing())


def _counted() -> sa.ColumnElement[bool]:
    """First attempts that are over and were not voided."""
    ended = (AttemptState.PASSED, AttemptState.BELOW, AttemptState.NOT_PASSED)
    return sa.and_(Attempt.state.in_(ended), Attempt.number == 1)
