"""Adaptive attempts: their forms grow by one question after each answer, until a rule ends them.

The caller has locked the attempt, so that one answer is followed by one question, whoever asks how often.
numpy comes in with the first question that is chosen, and never when the web application is built.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from secrets import token_bytes
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from exams.models import (
    AdaptiveDesign,
    AdaptiveStep,
    Attempt,
    EventKind,
    Exam,
    Form,
    FormQuestion,
)
from exams.queries import adaptive as queries
from exams.queries import attempts as attempt_queries
from exams.service import attempts, events, scoring
from exams.service.design_rules import RulesDocument
from exams.service.scoring import Points, Result

if TYPE_CHECKING:
    from exams.service.adaptive_numbers import Chosen, Frozen

METHOD: Final = (
    "the standard error of the ability (EAP, Bock and Mislevy 1982), carried over to the expected"
    " share of the whole bank"
)
MAXIMUM: Final = 100.0
"""An adaptive score is told in hundredths of the bank's points."""
_KEPT: Final = 8
_frozen_by_digest: dict[bytes, "Frozen"] = {}


def design_in_use(session: Session, exam_id: int) -> AdaptiveDesign | None:
    """The design by which an attempt at this exam begins now, if there is one."""
    return session.scalar(queries.in_use(exam_id))


def design_of(session: Session, exam_id: int, begun: Attempt | None) -> AdaptiveDesign | None:
    """The design of the attempt that is under way, else the one by which one would begin."""
    if begun is None:
        return design_in_use(session, exam_id)
    held = begun.design_id
    return None if held is None else session.get_one(AdaptiveDesign, held)


def has_room(session: Session, design: AdaptiveDesign, account_id: int) -> bool:
    """Whether a whole test of questions that this person has not seen can be drawn."""
    closed = queries.closed(session, design.id, account_id)
    found: bool = _numbers().room(frozen(session, design), closed)
    return found


def new_form(session: Session, exam: Exam, design: AdaptiveDesign, *, now: datetime) -> Form:
    """An empty form for one attempt."""
    form = Form(exam_id=exam.id, number=design.number, created_at=now, design_id=design.id)
    session.add(form)
    session.flush()
    return form


def facts(session: Session, attempt: Attempt) -> dict[str, Any]:
    """What an adaptive attempt's first event says besides: which questions it is never asked."""
    if attempt.design_id is None:
        return {}
    return {"closed": queries.closed(session, attempt.design_id, attempt.account_id)}


def left(session: Session, attempt: Attempt, position: int, nonce: UUID) -> bool:
    """Whether an adaptive attempt is past a question, by another save than this one."""
    if attempt.design_id is None or events.seen(session, attempt, nonce) is not None:
        return False
    return position < attempt_queries.length(session, attempt.form_id)


def begin(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Choose the first question of an attempt that has just started."""
    _follow(session, attempt, [], now=now)


def go_on(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Choose what follows the answer just given for good, or end the attempt by its design's rule.

    Where no choice is due, since it was made before, nothing happens.
    """
    credit = queries.credits_due(session, attempt)
    if credit:
        _follow(session, attempt, credit, now=now)


def result(session: Session, attempt: Attempt, points: Sequence[Points]) -> Result:
    """The score of an adaptive attempt: what its answers show, as a share of the whole bank's points.

    A test that ended before its least number of questions counts in proportion to how many it had
    (Schaeffer and others 1998): the missing ones are as if not answered. Needs the worker's login,
    as whatever holds points does.
    """
    design = session.get_one(AdaptiveDesign, attempt.design_id)
    ready, counted = frozen(session, design), [one for one in points if one.scored]
    asked = [ready.place[one.version_id] for one in counted]
    found = _numbers().level(ready, asked, [one.earned / one.possible for one in counted])
    part = min(1.0, len(points) / rules_of(design).shortest)
    raw, error = found.share * part * MAXIMUM, found.share_se * part * MAXIMUM
    passed = raw >= attempt.cut * MAXIMUM - 1e-9
    return Result(raw, MAXIMUM, error, passed, scoring.by_area(counted), METHOD)


def replayed(session: Session, attempt: Attempt, credit: Sequence[float]) -> "list[Chosen]":
    """Every choice of an attempt made anew: before the first answer, and after each of these."""
    design = session.get_one(AdaptiveDesign, attempt.design_id)
    ready, asked = frozen(session, design), queries.drawn(session, attempt)
    closed = closed_at_start(session, attempt)
    return [
        _numbers().step(
            ready,
            seed=attempt.seed,
            closed=closed,
            asked=asked[:count],
            credit=credit[:count],
        )
        for count in range(len(credit) + 1)
    ]


def closed_at_start(session: Session, attempt: Attempt) -> list[int]:
    """The places of the bank that were closed to it when it began, as its first event says."""
    first = events.first(session, attempt)
    closed: list[int] = first.payload["closed"]
    return closed


def rules_of(design: AdaptiveDesign) -> RulesDocument:
    """The rules of a design."""
    return RulesDocument.model_validate(design.rules)


def rules_by_which(session: Session, attempt: Attempt) -> RulesDocument | None:
    """The rules by which an attempt adapts; None on a fixed form."""
    if attempt.design_id is None:
        return None
    return rules_of(session.get_one(AdaptiveDesign, attempt.design_id))


def frozen(session: Session, design: AdaptiveDesign) -> "Frozen":
    """The design as arrays: read once by each process, since neither rules nor bank ever change."""
    digest = design.digest
    if digest is None:
        raise AssertionError("only a design that was worked out is stepped through")
    found = _frozen_by_digest.get(digest)
    if found is None:
        found = _read(session, design)
        if len(_frozen_by_digest) >= _KEPT:
            _frozen_by_digest.clear()
        _frozen_by_digest[digest] = found
    return found


def _follow(session: Session, attempt: Attempt, credit: list[float], *, now: datetime) -> None:
    design = session.get_one(AdaptiveDesign, attempt.design_id)
    asked = queries.drawn(session, attempt)
    if len(credit) != len(asked):
        raise AssertionError(f"{len(credit)} answers count of {len(asked)} questions")
    chosen: Chosen = _numbers().step(
        frozen(session, design),
        seed=attempt.seed,
        closed=closed_at_start(session, attempt),
        asked=asked,
        credit=credit,
    )
    payload: dict[str, Any] = {"draw": chosen.draw}
    if credit:
        payload["after"] = _seal(session, attempt, len(credit), chosen)
    if chosen.place is None:
        attempts.finish(session, attempt, now=now, told=payload | {"by": chosen.ended})
        return
    position, version_id = len(asked) + 1, _version_at(session, design, chosen.place)
    session.add(
        FormQuestion(form_id=attempt.form_id, position=position, question_version_id=version_id)
    )
    session.flush()
    events.append(
        session,
        attempt,
        EventKind.CHOSEN,
        now=now,
        position=position,
        payload=payload | {"question": version_id},
    )


def _seal(session: Session, attempt: Attempt, position: int, chosen: "Chosen") -> str:
    """Keep what is known after an answer where the web cannot read it, and give its salted digest.

    Ability and error would tell whether the answer was right, to whoever reads events.
    """
    salt = token_bytes(16)
    session.add(
        AdaptiveStep(
            attempt_id=attempt.id,
            position=position,
            ability=chosen.theta,
            standard_error=chosen.se,
            salt=salt,
        )
    )
    return sealed(salt, chosen.theta, chosen.se)


def sealed(salt: bytes, ability: float, standard_error: float) -> str:
    """The digest by which an event holds to what was known, without telling it."""
    return hashlib.sha256(salt + json.dumps([ability, standard_error]).encode()).hexdigest()


def _version_at(session: Session, design: AdaptiveDesign, place: int) -> int:
    by_version = frozen(session, design).place
    return next(version for version, held in by_version.items() if held == place)


def _read(session: Session, design: AdaptiveDesign) -> "Frozen":
    numbers = _numbers()
    members = [
        numbers.Member(one.question, one.question.question_version_id, one.area, one.points)
        for one in queries.bank_of(session, design.id)
    ]
    read: Frozen = numbers.freeze(rules_of(design), members, level=design.level)
    return read


def _numbers() -> ModuleType:
    """The arithmetic, imported when it is first needed: numpy stays out of every other web process."""
    from exams.service import adaptive_numbers

    return adaptive_numbers
