"""The second exam: cases to decide and texts to write, and the people who grade the texts."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo import content_files
from demo.content_files import Row
from demo.diary import Appointment, written
from demo.world import World
from exams.models import Attempt, Grade, GradingCase, Question, QuestionVersion
from exams.queries import attempts as queries
from exams.questions import KINDS, Control, Shown, arrangement
from exams.service import attempts, bank, blueprints, consent, hand_grading, starting
from portal.db import lock
from portal.ids import random_id

_DAY: Final = timedelta(days=1)
_WRITERS: Final = ("amara", "linh", "tomas", "priya", "matias")
_GRADERS: Final = ("hana", "arvid", "chidi")
_STRICT: Final = {"hana": 0.0, "arvid": -0.25, "chidi": 0.2}
"""How much kinder (above 0) each grader is, in bands, on average."""


def appointments(world: World) -> Iterator[Appointment]:
    """Published early; sat by five experts in the last weeks, graded as far as time allowed."""
    yield written(world.calendar.founded + 6 * timedelta(hours=1), partial(_publish, world))
    begin = world.calendar.end - 9 * _DAY
    writers = [key for key in _WRITERS if key in world.experts]
    for number, key in enumerate(writers):
        at = begin + number * _DAY + timedelta(hours=19)
        yield written(at, partial(_sit, world, key, number))
    yield written(begin, partial(_ask_for_forms, world))
    for number in range(4):  # the last writer's texts still wait
        at = begin + number * _DAY + timedelta(hours=21)
        yield written(at, partial(_grade, world, number))


def _publish(world: World, session: Session, now: datetime) -> None:
    """One person writes the exam, another approves it; both agree on three texts as seeds."""
    author, approver = world.accounts["arvid"], world.accounts["hana"]
    document = content_files.writing_exam()
    bank.import_exam(session, dict(document), now=now, actor=author, approver=approver)
    essay = session.scalars(
        sa.select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.slug == "to-an-upset-member")
    ).one()
    for row in content_files.essays()["to-an-upset-member"][1:4]:
        names = [one["id"] for one in essay.content["criteria"]]
        bands = dict(zip(names, row["worth"], strict=True))
        hand_grading.plant(session, essay, text=row["text"], bands=bands, now=now, actor=author)


def _ask_for_forms(world: World, session: Session, now: datetime) -> None:
    """Two forms of the first exam that share no question; and six, which the bank cannot give."""
    exam = session.scalars(queries.exam_by_slug(content_files.exam()["slug"])).one()
    blueprint: dict[str, Any] = {
        "forms": 2,
        "length": {"least": 10, "most": 12},
        "minutes": {"most": 30},
        "rules": [
            {"name": "Applying policy", "where": {"area": "policy"}, "least": 3, "most": 6},
            {"name": "Hard ones", "where": {"difficulty": "hard"}, "least": 1, "most": 5},
        ],
    }
    by = world.accounts["selma"]
    blueprints.ask(session, exam, blueprint, by=by, now=now)
    blueprints.ask(session, exam, blueprint | {"forms": 6}, by=by, now=now)


def _sit(world: World, key: str, number: int, session: Session, now: datetime) -> None:
    """Answer every question, mostly right, and write the two texts."""
    document = content_files.writing_exam()
    exam = session.scalars(queries.exam_by_slug(document["slug"])).one()
    random = world.random("writing exam", key)
    attempt = starting.start(
        session, exam, account_id=world.accounts[key], now=now, seed=random.getrandbits(62)
    )
    for position, slug in enumerate(document["form"]["questions"], 1):
        now += timedelta(seconds=random.randint(60, 240))
        if slug == "gate-at-six":
            consent.give(session, attempt, position, agreed=number != 3, now=now)
            if number == 3:  # somebody would rather not read it
                continue
        right = random.random() < 0.85
        question = next(one for one in document["questions"] if one["slug"] == slug)
        attempts.save(
            session,
            lock(session, attempt),
            position=position,
            values=_values(session, attempt, position, question, number, right=right),
            nonce=random_id(),
            following=position + 1,
            now=now,
        )
    attempts.finish(session, attempt, now=now + timedelta(seconds=50))


def _grade(world: World, evening: int, session: Session, now: datetime) -> None:
    """An evening of grading: each of the three draws a few texts, and says what they are worth."""
    for key in _GRADERS:
        if (evening + _GRADERS.index(key)) % 3 == 2:  # everybody has an evening off
            continue
        grader, at = world.accounts[key], now
        for draw in (hand_grading.adjudicate, hand_grading.draw, hand_grading.draw):
            grade = draw(session, grader, now=at)
            if grade is None or grade.given_at is not None:
                continue
            at += timedelta(minutes=6)
            bands = _bands(world, session, grade, key)
            words = "The clause is tied to what the post says." if grade.adjudicates else ""
            hand_grading.give(session, grade, bands=bands, comment=words, now=at)


def _bands(world: World, session: Session, grade: Grade, key: str) -> dict[str, int]:
    """What the text is worth, a little kinder or stricter by the grader's nature."""
    case = session.get_one(GradingCase, grade.case_id)
    texts = (row for rows in content_files.essays().values() for row in rows)
    row = next(one for one in texts if one["text"] == case.text)
    random = world.random("grade", key, row["text"])
    bands = {}
    for criterion, worth in zip(case.rubric, row["worth"], strict=True):
        felt = worth + _STRICT[key] + random.gauss(0, 0.45)
        bands[criterion["id"]] = min(len(criterion["bands"]) - 1, max(0, round(felt)))
    return bands


def _values(
    session: Session, attempt: Attempt, position: int, question: Row, number: int, *, right: bool
) -> list[str]:
    """What to send for a right or a wrong answer."""
    if question["slug"] in content_files.essays():
        return [content_files.essays()[question["slug"]][number]["text"]]
    version = session.scalars(queries.question_at(attempt.form_id, position)).one()
    kind = KINDS[version.type]
    order = arrangement(attempt.seed, position, kind.size(version.content))
    values = _pressed(kind.show(version.content, order, _answer(question["type"], question["key"])))
    if right:
        return values
    if question["type"] in {"numeric", "short_text"}:
        return ["80" if question["type"] == "numeric" else "recall"]
    if question["type"] == "policy_case":
        return values[:1]
    return values[:-1] if question["type"] == "multiple" else [*values[1:], values[0]]


def _answer(kind: str, key: Mapping[str, Any]) -> dict[str, Any]:
    """The right answer, as the kind keeps it."""
    if kind == "numeric":
        return {"written": f"{key['value']:g}", "value": key["value"]}
    if kind == "short_text":
        return {"written": key["accepted"][0]}
    if kind == "order":
        return {"places": {name: place for place, name in enumerate(key["order"], 1)}}
    if kind == "policy_case":
        return {"label": key["label"], "clause": key["clauses"][0], "severity": key["severity"]}
    return dict(key)


def _pressed(shown: Shown) -> list[str]:
    if shown.control in {Control.PLACES, Control.PAIRS}:
        return [one.label for one in shown.choices]
    if shown.control is Control.VERDICT:
        parts = [one for part in ("label", "clause", "severity") for one in shown.case[part]]
        return [one.value for one in parts if one.chosen]
    return [one.value for one in shown.choices if one.chosen] or [shown.written]
