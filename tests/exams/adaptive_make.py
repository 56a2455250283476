"""Banks large enough for adaptive exams, without three hundred imports, and designs drawn from them."""

import hashlib
from datetime import timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from exams.models import (
    AdaptiveDesign,
    Attempt,
    Exam,
    FormCalibration,
    ItemCalibration,
    KeyStanding,
    Question,
    QuestionKey,
    QuestionState,
    QuestionType,
    QuestionVersion,
    Standing,
)
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.questions import KINDS, arrangement
from exams.service import adaptive, attempts, designing, designs
from exams.service.designing import Effort
from portal.access import Role
from portal.db import lock
from portal.ids import random_id
from tests.exams.make import (
    FAULTY_STEP,
    MATCH,
    MULTIPLE,
    NUMERIC,
    ORDER,
    POLICY_CASE,
    PREFERENCE,
    SINGLE,
    right_answer,
    values_of,
)
from tests.make import Make

KINDS_OF_BANK = (
    SINGLE,
    MULTIPLE,
    NUMERIC,
    FAULTY_STEP,
    PREFERENCE,
    ORDER,
    MATCH,
    POLICY_CASE,
)
PARTIAL = {QuestionType.MULTIPLE, QuestionType.ORDER, QuestionType.MATCH}
"""Kinds that the bank's calibration has with three categories."""
QUICK = Effort(people=150, searched=80, rounds=2)
RULES: dict[str, Any] = {
    "shortest": 5,
    "longest": 12,
    "standard_error": 0.4,
    "decide": "sprt",
    "areas": [{"area": "policy", "least": 2}, {"area": "measurement", "least": 2}],
}


def calibrated_exam(
    make: Make, questions: int = queries.ENOUGH_QUESTIONS, **changes: object
) -> Exam:
    """An exam with so many calibrated questions besides one of each kind, which are not."""
    exam = make.exam_of(*KINDS_OF_BANK, **changes)
    session = make.session
    patterns = session.execute(
        sa.select(QuestionVersion, QuestionKey)
        .join(QuestionKey, QuestionKey.question_version_id == QuestionVersion.id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.exam_id == exam.id)
        .order_by(QuestionVersion.id)
    ).all()
    made = session.scalars(
        sa.insert(Question).returning(Question.id, sort_by_parameter_order=True),
        [{"exam_id": exam.id, "slug": f"bulk-{number}"} for number in range(questions)],
    ).all()
    versions = session.scalars(
        sa.insert(QuestionVersion).returning(QuestionVersion.id, sort_by_parameter_order=True),
        [
            _version(patterns[number % len(patterns)][0], question_id, number, make)
            for number, question_id in enumerate(made)
        ],
    ).all()
    keys = [patterns[number % len(patterns)][1] for number in range(questions)]
    session.execute(
        sa.insert(QuestionKey),
        [_key(key, version_id, make) for key, version_id in zip(keys, versions, strict=True)],
    )
    author, approver = make.bank_people()
    approved = {"author_id": author, "approver_id": approver, "approved_at": make.now}
    session.execute(
        sa.insert(Standing),
        [
            {
                "question_version_id": one,
                "state": QuestionState.LIVE,
                "before_approvals": False,
                **approved,
            }
            for one in versions
        ],
    )
    session.execute(
        sa.insert(KeyStanding),
        [
            {
                "question_version_id": one,
                "number": 1,
                "proposed_at": make.now,
                "before_approvals": False,
                **approved,
            }
            for one in versions
        ],
    )
    kinds = [patterns[number % len(patterns)][0] for number in range(questions)]
    _calibrate(make, exam, list(zip(versions, kinds, strict=True)))
    return exam


def _version(pattern: QuestionVersion, question_id: int, number: int, make: Make) -> dict[str, Any]:
    stem = f"UNSEEN-{number:04d} {pattern.content['stem']}"
    return {
        "question_id": question_id,
        "number": 1,
        "type": pattern.type,
        "area": ("policy", "measurement")[number % 2],
        "points": pattern.points,
        "content": {**pattern.content, "stem": stem},
        "sha256": hashlib.sha256(f"version {question_id}".encode()).digest(),
        "created_at": make.now,
        "locale": "en",
        "minutes": 1.5,
    }


def _key(pattern: QuestionKey, version_id: int, make: Make) -> dict[str, Any]:
    return {
        "question_version_id": version_id,
        "number": 1,
        "key": pattern.key,
        "rationale": f"CANARY-rationale-{version_id}",
        "difficulty": 0.0,
        "sha256": hashlib.sha256(f"key {version_id}".encode()).digest(),
        "created_at": make.now,
    }


def _calibrate(make: Make, exam: Exam, rows: list[tuple[int, QuestionVersion]]) -> None:
    """Two calibrations, as if 500 people had sat the questions: right or wrong, and in three steps."""
    form = make.session.scalars(attempt_queries.newest_form(exam.id)).one()
    random = np.random.default_rng(7)
    for model in ("2pl", "gpcm"):
        calibration = FormCalibration(
            form_id=form.id,
            inputs_sha256=hashlib.sha256(model.encode()).digest(),
            attempts=500,
            model=model,
            converged=True,
            log_likelihood=-1000.0,
            alpha=None,
            alpha_se=None,
            reliability=0.9,
            curve=[],
            notes=[],
            computed_at=make.now,
        )
        make.session.add(calibration)
        make.session.flush()
        held = [row for row in rows if (row[1].type in PARTIAL) == (model == "gpcm")]
        make.session.execute(
            sa.insert(ItemCalibration),
            [
                _item(calibration.id, place, version_id, pattern, random)
                for place, (version_id, pattern) in enumerate(held, 1)
            ],
        )


def _item(
    calibration_id: int,
    place: int,
    version_id: int,
    pattern: QuestionVersion,
    random: np.random.Generator,
) -> dict[str, Any]:
    slope, difficulty = float(random.lognormal(0.2, 0.25)), float(random.normal())
    points, steps = float(pattern.points), [-slope * difficulty]
    levels = [0.0, points]
    if pattern.type in PARTIAL:
        steps, levels = [steps[0] + 0.3, 2 * steps[0]], [0.0, points / 2, points]
    return {
        "calibration_id": calibration_id,
        "position": place,
        "question_version_id": version_id,
        "answers": 500,
        "slope": slope,
        "intercepts": steps,
        "levels": levels,
    }


def design_asked(make: Make, exam: Exam, **rules: object) -> AdaptiveDesign:
    """A design that waits for the worker."""
    by = make.account(Role.MANAGER).id
    return designs.ask(make.session, exam, RULES | rules, by=by, now=make.now)


def design_shown(make: Make, exam: Exam, **rules: object) -> AdaptiveDesign:
    """A design that the worker has frozen and simulated, quickly."""
    design = design_asked(make, exam, **rules)
    designing.work_out(make.session, design, now=make.now, effort=QUICK)
    return design


def design_in_use(make: Make, exam: Exam, **rules: object) -> AdaptiveDesign:
    """A design by which attempts begin."""
    design = design_shown(make, exam, **rules)
    designs.approve(make.session, design, by=make.account(Role.MANAGER).id, now=make.now)
    make.session.flush()
    return design


def newest_position(make: Make, attempt: Attempt) -> int:
    """Which question an attempt is at."""
    return attempt_queries.length(make.session, attempt.form_id)


def newest_version(make: Make, attempt: Attempt) -> QuestionVersion:
    """The question that an attempt is at."""
    position = newest_position(make, attempt)
    return make.session.scalars(attempt_queries.question_at(attempt.form_id, position)).one()


def values_for(make: Make, attempt: Attempt, *, right: bool) -> list[str]:
    """What the browser sends for the right answer to the newest question, or for none."""
    if not right:
        return []
    version, position = newest_version(make, attempt), newest_position(make, attempt)
    kind = KINDS[version.type]
    key = make.session.scalars(
        sa.select(QuestionKey).where(QuestionKey.question_version_id == version.id)
    ).one()
    order = arrangement(attempt.seed, position, kind.size(version.content))
    return values_of(kind.show(version.content, order, right_answer(version.type, key.key)))


def answer(make: Make, attempt: Attempt, *, right: bool) -> None:
    """Answer the newest question for good, as its page does."""
    position, session = newest_position(make, attempt), make.session
    lock(session, attempt)
    now = attempt.started_at + timedelta(seconds=30 * position)
    attempts.save(
        session,
        attempt,
        position=position,
        values=values_for(make, attempt, right=right),
        nonce=random_id(),
        following=position,
        now=now,
        final=True,
    )
    adaptive.go_on(session, attempt, now=now)
