"""Act three: people come, answer the screening, sit the exam and show who they are."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo import content_files, people
from demo.content_files import Person, Row
from demo.world import World
from exams.models import Application, ApplicationState, Attempt, Opening, QuestionVersion
from exams.queries import applications as application_queries
from exams.queries import attempts as attempt_queries
from exams.questions import KINDS, Answer, arrangement
from exams.questions.protocol import Control
from exams.service import applications, attempts, bank, starting
from portal.db import lock, transaction
from portal.identity import evidence, provider
from portal.identity import service as identity
from portal.identity.models import EvidenceKind, IdentityCheck
from portal.identity.queries import open_check
from portal.ids import random_id

EXAM_SKILL: Final = 0.85
"""The chance that somebody who knows the field answers an exam question right."""


def publish(session: Session, world: World, *, now: datetime) -> None:
    """Import the exam, where we can pay, and the opening."""
    actor = world.accounts["noor"]
    approver = world.accounts["hana"]
    bank.import_exam(session, content_files.exam(), now=now, actor=actor, approver=approver)
    bank.import_countries(session, content_files.countries())
    bank.import_opening(session, content_files.opening(), now=now, actor=actor)


def begin(world: World, person: Person, session: Session, now: datetime) -> Application:
    """Sign up and begin an application."""
    account = people.arrive(session, world, person, now=now)
    opening = session.scalars(sa.select(Opening)).one()
    begun = now + timedelta(minutes=9)
    return applications.start(
        session, opening=opening, account_id=account.id, country=person.country, now=begun
    )


def come(world: World, person: Person, session: Session, now: datetime) -> None:
    """Begin an application, answer the screening and, where it is met, accept the agreements."""
    application = begin(world, person, session, now)
    said = person.applying
    if said is None:
        raise ValueError(f"{person.key} does not apply")
    now += timedelta(minutes=20)
    answers, words = dict(said.answers), said.explanation or ""
    applications.answer_screening(session, application, answers=answers, explanation=words, now=now)
    if application.state is ApplicationState.SCREENED:
        agreed = now + timedelta(minutes=11)
        applications.accept_agreements(session, application, now=agreed)


def sit(world: World, person: Person, skill: float, session: Session, now: datetime) -> None:
    """Answer every question of the exam, right with the chance `skill`, and hand it in."""
    exam = session.scalars(attempt_queries.exam_by_slug(content_files.exam()["slug"])).one()
    account_id = world.accounts[person.key]
    random = world.random("exam", person.key)
    attempt = starting.start(
        session, exam, account_id=account_id, now=now, seed=random.getrandbits(62)
    )
    form = content_files.exam()["form"]["questions"]
    for position, slug in enumerate(form, 1):
        now += timedelta(seconds=random.randint(45, 130))
        right = random.random() < skill
        attempts.save(
            session,
            lock(session, attempt),
            position=position,
            values=_values(session, attempt, position, _keys()[slug], right=right),
            nonce=random_id(),
            following=min(position + 1, len(form)),
            now=now,
        )
    attempts.finish(session, attempt, now=now + timedelta(seconds=40))


def application_of(session: Session, world: World, person: Person) -> Application:
    """Somebody's application."""
    mine = application_queries.applications_of(world.accounts[person.key])
    return session.scalars(mine.limit(1)).one()


def show_identity(world: World, person: Person, outcome: str, now: datetime) -> None:
    """Go to Stripe's page, press the button for the outcome, come back."""
    with transaction() as session:
        check = identity.start(session, account_id=world.accounts[person.key], now=now)
        check_id = check.id
    provider.begin(check_id)
    with transaction() as session:
        session_id = session.get_one(IdentityCheck, check_id).session_id
    if session_id is None:
        raise RuntimeError(f"Stripe's sandbox made no identity session for {person.key}")
    world.stripe.settle(session_id, outcome, country=person.country, name=person.name)
    provider.refresh(check_id)


def write_instead(world: World, person: Person, session: Session, now: datetime) -> None:
    """Where Stripe can't help, write to the people who then look."""
    check = session.scalars(open_check(world.accounts[person.key])).one()
    words = (
        "Stripe does not know documents of my country. I have a passport and a driving licence,"
        " and can show both in a video call."
    )
    evidence.hand_in(session, check, EvidenceKind.WORDS, words.encode(), now=now)
    evidence.finish(session, check, now=now + timedelta(minutes=2))


def _values(
    session: Session, attempt: Attempt, position: int, key: Row, *, right: bool
) -> list[str]:
    """What to press on the question's page for a right or a wrong answer."""
    version = session.scalars(attempt_queries.question_at(attempt.form_id, position)).one()
    return pressed(version, arrangement_of(version, attempt.seed, position), key, right=right)


def arrangement_of(version: QuestionVersion, seed: int, position: int) -> list[int]:
    """The order in which an attempt shows a question's choices."""
    return arrangement(seed, position, KINDS[version.type].size(version.content))


def pressed(version: QuestionVersion, order: list[int], key: Row, *, right: bool) -> list[str]:
    """The same, of a version in an order."""
    kind = KINDS[version.type]
    shown = kind.show(version.content, order, None)
    if shown.control is Control.NUMBER:
        return [str(key["value"] if right else key["value"] * 2 + 1)]
    each = {c.value: kind.read(version.content, order, [c.value]) for c in shown.choices}
    if shown.control is Control.CHECKBOX:
        wanted = [value for value, answer in each.items() if _among(answer, key)]
        return wanted if right else list(each)[: max(1, len(wanted) - 1)]
    content, secret = version.content, dict(key)
    scored = {v: kind.score(content, secret, a) for v, a in each.items() if a is not None}
    best = max(scored.values())
    return [next(value for value, score in scored.items() if (score == best) is right)]


def _among(answer: Answer | None, key: Row) -> bool:
    return answer is not None and set(answer["options"]) <= set(key["options"])


def _keys() -> dict[str, Row]:
    return {question["slug"]: question["key"] for question in content_files.exam()["questions"]}
