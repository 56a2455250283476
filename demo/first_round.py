"""The opening's first round: people who came before everybody else here, most of whom went no further.

Enough of them sat the exam for its figures to mean something. Their sittings are written event by event
as a page would have, but all at once: a thousand saves one by one would keep the demo waiting.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo import applicants, content_files
from demo.content_files import Row
from demo.diary import Appointment, written
from demo.world import World
from exams.models import (
    Application,
    Attempt,
    AttemptEvent,
    AttemptNonce,
    AttemptState,
    EventKind,
    Exam,
    Form,
    Opening,
    QuestionVersion,
)
from exams.queries import attempts as queries
from exams.questions import KINDS
from exams.service import applications, events, grading, self_identification, sheet
from exams.service.progress import AGREEMENTS
from portal import agreements
from portal.access import Role
from portal.accounts.models import Account, Grant
from portal.ids import random_id, uuid7

PEOPLE: Final = 68
UNANSWERED: Final = 12
"""Left it at the screening's questions."""
STOPPED: Final = 24
"""These with those who answered them and never sat the exam."""
POST_OFFICE: Final = "first-round.demo.touchstone.example"
_SEPARATES: Final = 1.1
_CONFIRMS: Final = "hana"


@dataclass(frozen=True)
class Newcomer:
    """One of them."""

    number: int
    name: str
    country: str
    ability: float
    said: dict[str, str]


def appointments(world: World) -> Iterator[Appointment]:
    """All on one day, soon after the opening is there; a person confirms what is below the mark."""
    come = world.calendar.founded + timedelta(days=1, hours=1)
    yield written(come, partial(_come_and_sit, world))
    yield written(come + timedelta(days=3), partial(_confirm, world))


def _come_and_sit(world: World, session: Session, now: datetime) -> None:
    people = list(_people(world))
    accounts = _accounts(session, people, now)
    opening = session.scalars(sa.select(Opening)).one()
    _apply(session, opening, people, accounts, _some(world, UNANSWERED), now=now)
    for person, account in zip(people, accounts, strict=True):
        self_identification.say(session, account.id, person.said, now=now)
    sitting = list(zip(people, accounts, strict=True))[_some(world, STOPPED) :]
    exam = session.get_one(Exam, opening.exam_id)
    form = session.scalars(queries.newest_form(exam.id)).one()
    attempts = [
        _attempt(
            session,
            exam,
            form,
            account,
            seed=world.random("first round", person.number).getrandbits(62),
            now=now,
        )
        for person, account in sitting
    ]
    session.add_all(attempts)
    session.flush()
    versions = list(session.scalars(queries.questions(form.id)))
    known = {question["slug"]: question for question in content_files.exam()["questions"]}
    asked = [known[slug] for slug in content_files.exam()["form"]["questions"]]
    for (person, _account), attempt in zip(sitting, attempts, strict=True):
        random = world.random("first round answers", person.number)
        session.add_all(_events(attempt, person, list(zip(versions, asked, strict=True)), random))
    session.flush()
    for attempt in attempts:
        grading.grade(session, attempt, now=attempt.finished_at or now)


def _people(world: World) -> Iterator[Newcomer]:
    names = content_files.first_round()
    for number in range(_some(world, PEOPLE)):
        random = world.random("first round person", number)
        given = names["given"][number % len(names["given"])]
        family = names["family"][(number * 7 + number // 12) % len(names["family"])]
        yield Newcomer(
            number=number,
            name=f"{given['name']} {family}",
            country=random.choice(names["countries"]),
            ability=random.gauss(0.55, 0.9),
            said=_said(random, given["gender"]),
        )


def _said(random: Random, gender: str) -> dict[str, str]:
    """Four in five say who they are; of those, nearly everybody all of it."""
    if random.random() > 0.8:
        return {}
    age = random.choices(["under-30", "30-to-44", "45-to-59"], [34, 48, 18])[0]
    minority = random.choices(["yes", "no", "not-said"], [32, 58, 10])[0]
    return {"gender": gender, "age": age, "minority": minority}


def _some(world: World, number: int) -> int:
    return round(number * world.thinness)


def _accounts(session: Session, people: list[Newcomer], now: datetime) -> list[Account]:
    accounts = []
    for person in people:
        account = Account(
            public_id=uuid7(now),
            email=f"applicant-{person.number + 1}@{POST_OFFICE}",
            display_name=person.name,
            created_at=now,
            time_zone="UTC",
            country=person.country,
        )
        account.verify_email(now=now)
        accounts.append(account)
    session.add_all(accounts)
    session.flush()
    session.add_all(
        Grant(account_id=account.id, role=Role.APPLICANT, granted_at=now) for account in accounts
    )
    versions = [agreements.current(session, kind) for kind in AGREEMENTS]
    for account in accounts:
        for version in versions:
            if version is not None:
                agreements.accept(session, account_id=account.id, version=version, now=now)
    return accounts


def _apply(
    session: Session,
    opening: Opening,
    people: list[Newcomer],
    accounts: list[Account],
    unanswered: int,
    *,
    now: datetime,
) -> None:
    """The screening's questions are answered by all but the first of them."""
    for person, account in zip(people, accounts, strict=True):
        application = Application(
            public_id=random_id(),
            opening_id=opening.id,
            account_id=account.id,
            country=person.country,
            requirements=opening.requirements,
            started_at=now,
        )
        if person.number >= unanswered:
            application.screen(answers=_answers(), unmet=[], explanation=None, now=now)
            application.go_on()
        session.add(application)
    session.flush()


def _answers() -> dict[str, Any]:
    return {
        "sft-rlhf-years": 2,
        "mlops-years": 2,
        "ugc-moderation-years": 2,
        "english": "C1",
        "languages": ["en"],
    }


def _attempt(
    session: Session, exam: Exam, form: Form, account: Account, *, seed: int, now: datetime
) -> Attempt:
    agreement = agreements.current(session, AGREEMENTS[0])
    if agreement is None:
        raise ValueError("the agreement is published before anybody sits")
    return Attempt(
        public_id=random_id(),
        exam_id=exam.id,
        form_id=form.id,
        account_id=account.id,
        number=1,
        agreement_id=agreement.id,
        seed=seed,
        cut=exam.cut,
        extra_time=1.0,
        allowed_seconds=exam.allowed_minutes * 60,
        started_at=now,
        deadline=now + timedelta(minutes=exam.allowed_minutes),
    )


def _events(
    attempt: Attempt, person: Newcomer, asked: list[tuple[QuestionVersion, Row]], random: Random
) -> Iterator[AttemptEvent | AttemptNonce]:
    """What a page would have sent, each event chained to the one before; the attempt is over after it."""
    at, last = attempt.started_at, None
    facts = {"form": attempt.form_id, "seed": attempt.seed, "from": ""}
    told: list[tuple[EventKind, int | None, dict[str, Any]]] = [
        (EventKind.STARTED, None, facts | events.clocks(attempt))
    ]
    for position, (version, question) in enumerate(asked, 1):
        order = applicants.arrangement_of(version, attempt.seed, position)
        right = random.random() < _chance(person.ability, float(question["difficulty"]))
        values = applicants.pressed(version, order, question["key"], right=right)
        answer = KINDS[version.type].read(version.content, order, values)
        following = min(position + 1, len(asked))
        told.append(
            (EventKind.ANSWERED, position, {"answer": answer, "next": following, "from": ""})
        )
    told.append((EventKind.FINISHED, None, {"from": ""}))
    for seq, (kind, place, payload) in enumerate(told, 1):
        event = AttemptEvent(
            attempt_id=attempt.id,
            seq=seq,
            kind=kind,
            position=place,
            payload=payload,
            at=at,
            late=False,
            previous_hash=last.hash if last else None,
            hash=b"",
        )
        event.hash = sheet.digest(event)
        yield event
        yield AttemptNonce(attempt_id=attempt.id, nonce=random_id(), seq=seq)
        at += timedelta(seconds=random.lognormvariate(4.1, 0.45))
        last = event
    attempt.finish(now=at)


def _chance(ability: float, difficulty: float) -> float:
    return 1 / (1 + math.exp(-_SEPARATES * (ability - difficulty)))


def _confirm(world: World, session: Session, now: datetime) -> None:
    """A person confirms each result below the mark, and whoever passed withdraws: they found other work."""
    by = world.accounts[_CONFIRMS]
    mine = sa.select(Account.id).where(Account.email.endswith(POST_OFFICE))
    below = sa.select(Attempt).where(
        Attempt.state == AttemptState.BELOW, Attempt.account_id.in_(mine)
    )
    for attempt in session.scalars(below.order_by(Attempt.id)).all():
        reason = "The score lies below the pass mark by more than its margin."
        grading.confirm(session, attempt, by=by, reason=reason, now=now)
    begun = sa.select(Application).where(Application.account_id.in_(mine))
    for application in session.scalars(begun.order_by(Application.id)).all():
        if application.is_open and application.id % 3:
            applications.withdraw(session, application, now=now)
