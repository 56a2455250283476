"""Every address of the product, asked by an applicant in the middle of an exam: no byte tells what it must not."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import portal
from exams.models import Attempt, Exam, QuestionKey, QuestionVersion
from portal import clock
from portal.accounts.models import Account
from tests.exams.make import BY_PEOPLE, NEWER, QUESTIONS
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
_ENDS = {"sitting.finish", "accounts.sign_out", "sitting.next_section", "exam_results.fresh"}
"""What would end the attempt, the section or the sign-in: those are not asked."""


def marked(question: dict[str, Any], mark: str) -> dict[str, Any]:
    """A question whose words, key, reason and difficulty can be told from all others."""
    number = crc32(f"{question['slug']}-{mark}".encode()) % 90_000 + 10_000
    changed = question | {
        "slug": f"{question['slug']}-{mark}",
        "rationale": f"CANARY-rationale-{question['slug']}-{mark}",
        "difficulty": round(1 + number / 1e8, 8),
    }
    if mark != "seen":
        changed["stem"] = f"CANARY-unseen-{question['slug']}-{mark}"
    if question["type"] == "numeric":
        changed["key"] = {"value": 40_000 + number / 1e4, "tolerance": 0.004}
    return changed


@dataclass(frozen=True)
class Sitting:
    """Somebody in the first section of an exam with every kind of question."""

    browser: FlaskClient
    attempt: Attempt
    exam: Exam
    known: dict[str, list[str]]
    """What they may put into an address."""


@pytest.fixture
def sitting(session: Session, sign_in: SignIn, make: Make) -> Sitting:
    seen = [marked(one, "seen") for one in (*QUESTIONS, *NEWER, *BY_PEOPLE)]
    later = [marked(one, "later") for one in QUESTIONS]
    other = [marked(one, "other") for one in QUESTIONS]
    sections = [
        {"title": "First", "questions": len(seen), "minutes": 20, "break_minutes": 5},
        {"title": "Second", "questions": len(later)},
    ]
    slugs = [one["slug"] for one in seen + later]
    form = {"number": 1, "questions": slugs, "sections": sections}
    exam = make.exam(questions=seen + later + other, form=form)
    account = make.applicant()
    opening = make.opening(exam)
    application = make.application(account, opening)
    attempt = make.attempt(account, exam, now=clock.now(session))
    known = {
        "public_id": [str(attempt.public_id), str(application.public_id), str(uuid4())],
        "slug": [exam.slug, opening.slug],
        "position": [str(place) for place in range(len(slugs) + 2)],
    }
    return Sitting(sign_in(account), attempt, exam, known)


def secrets(session: Session) -> set[str]:
    """What is in the database and must not be sent: reasons, difficulties, keys, unseen questions."""
    found = set()
    for key in session.scalars(sa.select(QuestionKey)):
        found |= {key.rationale, f"{key.difficulty:.8f}"}
        if "value" in key.key:
            found.add(f"{key.key['value']}")
    for version in session.scalars(sa.select(QuestionVersion)):
        if version.content["stem"].startswith("CANARY"):
            found.add(version.content["stem"])
    return found


def addresses(app: Flask, rule: Rule, known: dict[str, list[str]]) -> Iterator[str]:
    """The rule's addresses with everything that an applicant may know or try."""
    names = sorted(rule.arguments)
    values = [known.get(name, ["1"]) for name in names]
    adapter = app.url_map.bind("localhost")
    for chosen in itertools.product(*values):
        arguments: dict[str, Any] = dict(zip(names, chosen, strict=True))
        try:
            yield str(adapter.build(rule.endpoint, arguments, force_external=False))
        except (ValueError, LookupError):
            continue


def answers(app: Flask, sitting: Sitting) -> Iterator[TestResponse]:
    """Every GET and every POST that ends nothing, then every static file."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in _ENDS | {"static"}]
    for rule in sorted(rules, key=lambda rule: (rule.rule, rule.endpoint)):
        for address in addresses(app, rule, sitting.known):
            if "GET" in (rule.methods or ()):
                yield sitting.browser.get(address)
            if "POST" in (rule.methods or ()):
                for go in ("next", "stay"):
                    data = {"nonce": str(uuid4()), "go": go, "answer": "1", "agreed": "yes"}
                    yield sitting.browser.post(address, data=data)
    static = Path(portal.__file__).parent / "static"
    for file in static.rglob("*.*"):
        yield sitting.browser.get(f"/static/{file.relative_to(static)}")


def leaks(session: Session, found: Iterator[TestResponse]) -> set[str]:
    """The secrets in any byte of any answer, headers included."""
    wanted = {one: one.encode() for one in secrets(session)}
    leaked = set()
    for answer in found:
        sent = answer.get_data() + str(answer.headers).encode()
        answer.close()
        leaked |= {one for one, written in wanted.items() if written in sent}
        leaked |= {one for one in wanted if json.dumps(one)[1:-1].encode() in sent}
    return leaked


def test_the_secrets_are_in_the_database_first(session: Session, sitting: Sitting) -> None:
    found = secrets(session)
    assert sum(one.startswith("CANARY-unseen") for one in found) == 10
    assert sum(one.startswith("CANARY-rationale") for one in found) == 10 + len(
        (*QUESTIONS, *NEWER, *BY_PEOPLE)
    )
    assert sum(one.startswith("1.000") for one in found) >= 15
    assert sum(one.startswith("4") for one in found) >= 3


def test_no_byte_of_any_page_tells_a_secret(session: Session, app: Flask, sitting: Sitting) -> None:
    statuses = []

    def counted() -> Iterator[TestResponse]:
        for answer in answers(app, sitting):
            statuses.append(answer.status_code)
            yield answer

    assert leaks(session, counted()) == set()
    assert statuses.count(200) > 60
    assert 500 not in statuses
    session.expire_all()
    assert sitting.attempt.state.value == "open"


@pytest.mark.parametrize("where", ["header", "body"])
def test_a_planted_leak_is_found(
    session: Session, app: Flask, sitting: Sitting, where: str
) -> None:
    hidden = (
        "CANARY-unseen-which-one-later" if where == "header" else "CANARY-rationale-how-much-seen"
    )

    def leak(response: Response) -> Response:
        if where == "header":
            response.headers["ETag"] = f'"{hidden}"'
        elif response.mimetype == "text/html" and not response.direct_passthrough:
            response.set_data(response.get_data().replace(b"</body>", hidden.encode() + b"</body>"))
        return response

    app.after_request_funcs.setdefault(None, []).append(leak)
    one_page = iter([sitting.browser.get(f"/exams/{sitting.attempt.public_id}/1")])
    assert leaks(session, one_page) == {hidden}
