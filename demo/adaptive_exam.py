"""The third exam: three hundred questions whose next one follows from the answers before."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from math import exp
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo import figures
from demo.diary import Appointment, written
from demo.world import World
from exams.models import (
    Attempt,
    AttemptState,
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
from exams.service import adaptive, attempts, bank, designs, starting
from exams.service.versions import digest, hashed
from portal.db import lock
from portal.ids import random_id

_DAY: Final = timedelta(days=1)
_ANSWERS: Final = 640
_SITTERS: Final = {"linh": 2.0, "tomas": 2.1}
"""How able each is who sits it, in standard deviations: both pass, whatever they are asked."""
_RULES: Final[dict[str, Any]] = {
    "shortest": 12,
    "longest": 24,
    "standard_error": 0.33,
    "decide": "sprt",
    "areas": [{"area": slug, "least": 3, "most": 10} for slug, _title in figures.AREAS],
}


def appointments(world: World) -> Iterator[Appointment]:
    """Published early; designed, approved and sat in the last week."""
    yield written(world.calendar.founded + 7 * timedelta(hours=1), partial(_publish, world))
    begin = world.calendar.end - 6 * _DAY
    yield written(begin + timedelta(hours=1), partial(_ask, world))
    yield written(begin + timedelta(hours=5), partial(_approve, world))
    for number, key in enumerate(key for key in _SITTERS if key in world.experts):
        at = begin + (number + 1) * _DAY + timedelta(hours=10)
        yield written(at, partial(_sit, world, key))


def _publish(world: World, session: Session, now: datetime) -> None:
    """The exam with a fixed form; its bank comes over whole, with parameters from an earlier year."""
    author, approver = world.accounts["arvid"], world.accounts["hana"]
    exam = bank.import_exam(session, figures.document(), now=now, actor=author, approver=approver)
    approved = {"author_id": author, "approver_id": approver, "approved_at": now}
    _take_over(session, exam, figures.bank()[figures.ON_FORM :], approved, now)
    form = session.scalars(attempt_queries.newest_form(exam.id)).one()
    calibration = FormCalibration(
        form_id=form.id,
        inputs_sha256=hashlib.sha256(b"figures").digest(),
        attempts=_ANSWERS,
        model="2pl",
        converged=True,
        log_likelihood=-71_204.8,
        alpha=None,
        alpha_se=None,
        reliability=0.9,
        curve=[],
        notes=["Parameters taken over with the bank, from 640 people who sat it before."],
        computed_at=now,
    )
    session.add(calibration)
    session.flush()
    session.execute(sa.insert(ItemCalibration), list(_items(session, exam, calibration.id)))


def _items(session: Session, exam: Exam, calibration_id: int) -> Iterator[dict[str, Any]]:
    found = zip(session.scalars(_versions(exam)), figures.parameters(), strict=True)
    for position, (version_id, (slope, difficulty)) in enumerate(found, 1):
        yield {
            "calibration_id": calibration_id,
            "position": position,
            "question_version_id": version_id,
            "answers": _ANSWERS,
            "slope": slope,
            "slope_se": 0.11 * slope,
            "intercepts": [-slope * difficulty],
            "levels": [0.0, 1.0],
        }


def _take_over(
    session: Session,
    exam: Exam,
    rows: list[dict[str, Any]],
    approved: dict[str, Any],
    now: datetime,
) -> None:
    """Three hundred questions at once: one import each would take the demo a quarter of a minute."""
    questions = [Question(exam_id=exam.id, slug=row["slug"]) for row in rows]
    session.add_all(questions)
    session.flush()
    versions = [
        QuestionVersion(
            question_id=question.id,
            number=1,
            type=QuestionType.SINGLE,
            area=row["area"],
            points=row["points"],
            content={name: row[name] for name in ("stem", "options")},
            sha256=b"",
            created_at=now,
            minutes=row["minutes"],
        )
        for question, row in zip(questions, rows, strict=True)
    ]
    for version in versions:
        version.sha256 = hashed(version)
    session.add_all(versions)
    session.flush()
    _approve_at_once(session, [version.id for version in versions], rows, approved, now)


def _approve_at_once(
    session: Session,
    ids: list[int],
    rows: list[dict[str, Any]],
    approved: dict[str, Any],
    now: datetime,
) -> None:
    """Keys and standings, in use as they come."""
    secrets = [{name: row[name] for name in ("key", "rationale", "difficulty")} for row in rows]
    kept = [
        secret
        | {"question_version_id": one, "number": 1, "sha256": digest(secret), "created_at": now}
        for one, secret in zip(ids, secrets, strict=True)
    ]
    session.execute(sa.insert(QuestionKey), kept)
    plain: dict[str, Any] = {"before_approvals": False, **approved}
    in_use = plain | {"state": QuestionState.LIVE}
    proposed = plain | {"number": 1, "proposed_at": now}
    session.execute(sa.insert(Standing), [in_use | {"question_version_id": one} for one in ids])
    session.execute(
        sa.insert(KeyStanding), [proposed | {"question_version_id": one} for one in ids]
    )


def _ask(world: World, session: Session, now: datetime) -> None:
    """A manager asks for a design; the worker simulates it at once."""
    designs.ask(session, _exam(session), _RULES, by=world.accounts["selma"], now=now)


def _approve(world: World, session: Session, now: datetime) -> None:
    """Somebody else takes it into use."""
    design = session.scalars(queries.designs_of(_exam(session).id)).first()
    if design is None:
        raise RuntimeError("nobody asked for an adaptive design")
    designs.approve(session, design, by=world.accounts["arvid"], now=now)


def _sit(world: World, key: str, session: Session, now: datetime) -> None:
    """Answer one question after the other, as ably as they are, until a rule ends it."""
    random = world.random("figures", key)
    attempt = starting.start(
        session,
        _exam(session),
        account_id=world.accounts[key],
        now=now,
        seed=random.getrandbits(62),
    )
    difficulty = dict(zip(_places(session, attempt), figures.parameters(), strict=True))
    while attempt.state is AttemptState.OPEN:
        now += timedelta(seconds=random.randint(25, 110))
        position = attempt_queries.length(session, attempt.form_id)
        version = session.scalars(attempt_queries.question_at(attempt.form_id, position)).one()
        slope, level = difficulty[version.id]
        right = random.random() < 1 / (1 + exp(-slope * (_SITTERS[key] - level)))
        attempts.save(
            session,
            lock(session, attempt),
            position=position,
            values=_values(session, attempt, position, version, right=right),
            nonce=random_id(),
            following=position,
            now=now,
            final=True,
        )
        adaptive.go_on(session, attempt, now=now)


def _values(
    session: Session, attempt: Attempt, position: int, version: QuestionVersion, *, right: bool
) -> list[str]:
    """The place of the right option on the page, or of another one."""
    key = session.get_one(QuestionKey, (version.id, 1)).key["option"]
    kind = KINDS[version.type]
    order = arrangement(attempt.seed, position, kind.size(version.content))
    options = [version.content["options"][index]["id"] for index in order]
    return [str(n) for n, name in enumerate(options, 1) if (name == key) is right][:1]


def _exam(session: Session) -> Exam:
    return session.scalars(attempt_queries.exam_by_slug("reading-figures")).one()


def _versions(exam: Exam) -> sa.Select[int]:
    """Its question versions in the bank's order."""
    mine = sa.select(QuestionVersion.id).join(Question, Question.id == QuestionVersion.question_id)
    return mine.where(Question.exam_id == exam.id).order_by(Question.slug)


def _places(session: Session, attempt: Attempt) -> list[int]:
    return list(session.scalars(_versions(session.get_one(Exam, attempt.exam_id))))
