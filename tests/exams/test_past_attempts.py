"""A past attempt is shown and scored again exactly, whatever became of its questions since."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, render_template_string
from sqlalchemy.orm import Session

from exams.models import Attempt, GradingCase, QuestionVersion, ResponseScore
from exams.queries import attempts as queries
from exams.service import attempts, bank, grading, marking, sheet, versions
from exams.views.questions import inline, page_of, stimulus_of
from tests.exams.make import BY_PEOPLE, NEWER, QUESTIONS, exam_document, values_of
from tests.make import Make

_PAGE = (
    '{% from "ui/card.html" import card %}'
    '{% if page.stimulus %}{% include "exams/questions/_stimulus.html" %}{% endif %}{{ page.heading }}'
    '{% include ["exams/questions/_" ~ page.type ~ "_case.html", "exams/questions/_before.html"] %}'
    '{% include "exams/questions/_" ~ page.shown.control ~ ".html" %}'
)


def _document(number: int) -> dict[str, Any]:
    every = [dict(one) for one in (*QUESTIONS, *NEWER, *BY_PEOPLE)]
    every[0]["stimulus"] = every[1]["stimulus"] = "thread"
    return exam_document(
        slug=f"past-{number}",
        qualification={"slug": f"past-{number}", "title": "Past", "valid_months": 12},
        form={"number": 1, "questions": [one["slug"] for one in every]},
        questions=every,
        stimuli=[{"slug": "thread", "title": "Thread", "text": "As it was."}],
    )


def _sat(session: Session, make: Make, document: dict[str, Any]) -> Attempt:
    """Everything answered as its key says, all graded and scored."""
    author, approver = make.bank_people()
    exam = bank.import_exam(session, document, now=make.now, actor=author, approver=approver)
    attempt = make.attempt(None, exam)
    for position, (values, _) in enumerate(make.right_values(attempt), 1):
        make.save(attempt, position, values)
    attempts.finish(session, attempt, now=make.now)
    grading.grade(session, attempt, now=make.now)
    for case in session.scalars(sa.select(GradingCase).where(GradingCase.attempt_id == attempt.id)):
        case.settle({"reasoning": 1.5, "tone": 2}, now=make.now)
    session.flush()
    grading.grade(session, attempt, now=make.now)
    session.flush()
    return attempt


def _changed(document: dict[str, Any]) -> dict[str, Any]:
    """The same exam with other words, other keys and another order."""
    for question in document["questions"]:
        question["stem"] = "Other words. " + question["stem"]
        question["points"] += 1
    document["questions"][0]["key"] = {"option": "c"}
    document["questions"][2]["key"] = {"value": 0.1, "tolerance": 0.0}
    document["stimuli"][0]["text"] = "As it is now."
    document["form"]["questions"] = list(reversed(document["form"]["questions"]))
    return document


def _shown(app: Flask, session: Session, attempt: Attempt) -> list[str]:
    """Every page of the attempt as it would be rendered now, with what was answered."""
    given = sheet.read(list(session.scalars(queries.events(attempt.id))))
    pages = []
    with app.test_request_context():
        for position, version in enumerate(session.scalars(queries.questions(attempt.form_id)), 1):
            stimulus = stimulus_of(session, version)
            page = page_of(attempt, version, position, given.answer(position), stimulus=stimulus)
            pages.append(render_template_string(_PAGE, page=page, inline=inline))
    return pages


def _points(session: Session, attempt: Attempt) -> dict[int, float]:
    kept = sa.select(ResponseScore.position, ResponseScore.earned).where(
        ResponseScore.attempt_id == attempt.id, ResponseScore.score_number == 1
    )
    return dict(session.execute(kept).all())


def test_it_is_shown_and_scored_again_exactly(
    app: Flask, session: Session, make: Make, now: datetime
) -> None:
    number = make.number()
    attempt = _sat(session, make, _document(number))
    pages, points = _shown(app, session, attempt), _points(session, attempt)
    author, approver = make.bank_people()
    changed = _changed(_document(number))
    bank.import_exam(session, changed, now=now, actor=author, approver=approver)
    session.expire_all()
    assert _shown(app, session, attempt) == pages
    assert {one.position: one.earned for one in marking.again(session, attempt, 1)} == points
    assert "As it was." in pages[0]
    assert sum(points.values()) > 10


def test_what_was_answered_is_marked_when_it_is_shown_again(
    app: Flask, session: Session, make: Make
) -> None:
    attempt = _sat(session, make, _document(make.number()))
    given = sheet.read(list(session.scalars(queries.events(attempt.id))))
    for position, version in enumerate(session.scalars(queries.questions(attempt.form_id)), 1):
        page = page_of(attempt, version, position, given.answer(position))
        assert values_of(page.shown) == make.right_values(attempt)[position - 1][0]


def test_a_key_of_that_time_is_used_and_not_the_newest(
    session: Session, make: Make, now: datetime
) -> None:
    document = _document(make.number())
    attempt = _sat(session, make, document)
    before = _points(session, attempt)
    author, approver = make.bank_people()
    document["questions"][0]["key"] = {"option": "c"}
    bank.import_exam(session, document, now=now, actor=author, approver=approver)
    newest = {one.position: one.earned for one in marking.points_of(session, attempt)}
    assert newest[1] == 0
    assert before[1] == 1
    assert marking.again(session, attempt, 1)[0].earned == 1


def test_a_version_that_was_tampered_with_would_show(session: Session, make: Make) -> None:
    make.exam()
    version = session.scalars(
        sa.select(QuestionVersion).order_by(QuestionVersion.id.desc())
    ).first()
    assert version
    assert versions.hashed(version) == version.sha256
    version.content = version.content | {"stem": "Another question?"}
    assert versions.hashed(version) != version.sha256
    session.expire(version)
