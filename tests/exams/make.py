"""Builders for openings, exams and attempts: small documents through the real import."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from exams.models import Application, Attempt, Exam, Opening, QuestionKey
from exams.queries import attempts as queries
from exams.questions import KINDS, Control, Shown, arrangement
from exams.questions.policy_case import PARTS
from exams.service import applications, attempts, bank, grading, starting
from exams.service.accommodations import Allowance
from portal import agreements
from portal.access import Role
from portal.accounts.models import Account
from portal.ids import random_id
from tests.exams.samples import (
    BY_PEOPLE,
    ESSAY,
    FAULTY_STEP,
    MATCH,
    MULTIPLE,
    NEWER,
    NUMERIC,
    ORDER,
    POLICY_CASE,
    PREFERENCE,
    QUESTIONS,
    SHORT_TEXT,
    SINGLE,
    WRITING_SAMPLE,
)
from tests.portal.identity.make import IdentityMake

__all__ = [
    "BY_PEOPLE",
    "COUNTRIES",
    "ESSAY",
    "FALLS_SHORT",
    "FAULTY_STEP",
    "MATCH",
    "MEETS",
    "MULTIPLE",
    "NEWER",
    "NUMERIC",
    "ORDER",
    "POLICY_CASE",
    "PREFERENCE",
    "QUESTIONS",
    "SHORT_TEXT",
    "SINGLE",
    "WRITING_SAMPLE",
    "ExamsMake",
    "exam_document",
    "opening_document",
    "right_answer",
    "values_of",
]


def exam_document(**changes: object) -> dict[str, Any]:
    """An exam of five questions, one of each kind."""
    return {
        "slug": "reasoning",
        "title": "Reasoning",
        "purpose": "Shows whether you can apply a policy.",
        "instructions": "Five questions.",
        "qualification": {"slug": "reasoning", "title": "Reasoning", "valid_months": 24},
        "allowed_minutes": 45,
        "cut": 0.6,
        "cool_down_days": 30,
        "maximum_attempts": 3,
        "maximum_overlap": 1.0,
        "areas": [
            {"slug": "policy", "title": "Applying policy"},
            {"slug": "measurement", "title": "Models and measurement"},
        ],
        "form": {"number": 1, "questions": [question["slug"] for question in QUESTIONS]},
        "questions": [dict(question) for question in QUESTIONS],
        **changes,
    }


def opening_document(exam: str = "reasoning", **changes: object) -> dict[str, Any]:
    """An opening with one requirement of each kind."""
    return {
        "slug": "expert",
        "title": "Machine Learning Expert",
        "summary": "Judge what models say.",
        "exam": exam,
        "qualification": "reasoning",
        "pay": {"currency": "USD", "minimum": 2500, "maximum": 5000},
        "place": "remote",
        "countries": "worldwide",
        "hours": "Your own",
        "engagement": "part-time",
        "responsibilities": ["Compare pairs of answers."],
        "requirements": [
            {
                "slug": "years",
                "kind": "years",
                "minimum": 2,
                "mandatory": True,
                "title": "Two years with RLHF",
                "ask": "How many full years?",
                "why": "It helps.",
                "rule": "This opening asks for at least 2 years.",
            },
            {
                "slug": "english",
                "kind": "english",
                "minimum": "C1",
                "scale": ["A1", "A2", "B1", "B2", "C1", "C2"],
                "mandatory": True,
                "title": "English at C1",
                "ask": "What is your level of English?",
                "why": "Tone decides.",
                "rule": "This opening asks for English at C1 or above.",
            },
            {
                "slug": "languages",
                "kind": "languages",
                "includes": ["en"],
                "mandatory": True,
                "title": "Languages",
                "ask": "In which languages?",
                "why": "Tasks are in English.",
                "rule": "This opening needs English.",
            },
        ],
        "equal_opportunity": "We decide by the published criterion.",
        "steps": [
            {
                "slug": "exam",
                "title": "Sit the exam",
                "what": "Five questions.",
                "minutes": 45,
                "wait_days": 7,
                "paid": False,
            }
        ],
        **changes,
    }


COUNTRIES: dict[str, Any] = {
    "payable": [
        {
            "country": "KE",
            "name": "Kenya",
            "currency": "KES",
            "method": "Bank transfer",
            "fee": "None for you.",
            "delay_days": [1, 3],
            "documents": ["passport"],
        }
    ],
    "not_yet": [{"country": "AF", "name": "Afghanistan", "reason": "No transfer reaches it."}],
    "default": {"payable": False, "reason": "We have no tested way to pay there."},
    "document_names": {"passport": "Passport"},
}
MEETS: dict[str, Any] = {"years": 3, "english": "C2", "languages": ["en", "sw"]}
FALLS_SHORT: dict[str, Any] = {"years": 1, "english": "C2", "languages": ["en"]}


def right_answer(kind: str, key: dict[str, Any]) -> dict[str, Any]:
    """An answer that earns everything, as the kind keeps it."""
    by_kind: dict[str, Callable[[], dict[str, Any]]] = {
        "numeric": lambda: {"written": str(key["value"]), "value": key["value"]},
        "preference": lambda: {"choice": max(key["panel"], key=key["panel"].__getitem__)},
        "short_text": lambda: {"written": key["accepted"][0]},
        "order": lambda: {"places": {name: n for n, name in enumerate(key["order"], 1)}},
        "policy_case": lambda: {**key, "clause": key["clauses"][0]},
        "essay": lambda: {"text": "The post names a place and a time: clause 3.1 applies."},
        "writing_sample": lambda: {"text": "It names a place and a time, so it was removed."},
    }
    answer = by_kind.get(kind, lambda: key)()
    return {name: value for name, value in answer.items() if name != "clauses"}


def values_of(shown: Shown) -> list[str]:
    """What the browser sends for what is chosen on the page."""
    if shown.control in {Control.PLACES, Control.PAIRS}:
        return [one.label for one in shown.choices]
    if shown.control is Control.VERDICT:
        parts = [one for part in PARTS for one in shown.case[part]]
        return [one.value for one in parts if one.chosen]
    return [one.value for one in shown.choices if one.chosen] or [shown.written]


class ExamsMake(IdentityMake):
    """Openings, exams, applications and attempts, reached by the services."""

    _bank_people: tuple[int, int] | None = None

    def exam(self, **changes: object) -> Exam:
        """An exam of five questions, one of each kind."""
        number = self.number()
        qualification = {"slug": f"reasoning-{number}", "title": "Reasoning", "valid_months": 24}
        document = exam_document(slug=f"reasoning-{number}", qualification=qualification)
        author, approver = self.bank_people()
        return bank.import_exam(
            self.session, document | changes, now=self.now, actor=author, approver=approver
        )

    def exam_of(self, *questions: dict[str, Any], **changes: object) -> Exam:
        """An exam of these questions."""
        slugs = [question["slug"] for question in questions]
        form = {"number": 1, "questions": slugs}
        return self.exam(form=form, questions=[dict(one) for one in questions], **changes)

    def again(self, exam: Exam, **changes: object) -> Exam:
        """Import the exam once more, with something changed."""
        qualification = {"slug": exam.slug, "title": "Reasoning", "valid_months": 24}
        document = exam_document(slug=exam.slug, qualification=qualification)
        author, approver = self.bank_people()
        return bank.import_exam(
            self.session, document | changes, now=self.now, actor=author, approver=approver
        )

    def refused(self, attempt: Attempt, *, now: datetime) -> Attempt:
        """A person confirms a result below the pass mark."""
        by = self.account(Role.REVIEWER).id
        grading.confirm(self.session, attempt, by=by, reason="Below the mark.", now=now)
        self.session.flush()
        return attempt

    def bank_people(self) -> tuple[int, int]:
        """Somebody who writes questions, and somebody else who approves them."""
        if self._bank_people is None:
            author, approver = self.account(Role.MANAGER), self.account(Role.REVIEWER)
            self._bank_people = author.id, approver.id
        return self._bank_people

    def opening(self, exam: Exam | None = None) -> Opening:
        """An open opening; people in Kenya can be paid."""
        exam = exam or self.exam()
        bank.import_countries(self.session, COUNTRIES)
        document = opening_document(exam.slug, slug=f"expert-{self.number()}")
        return bank.import_opening(self.session, document, now=self.now)

    def platform_agreement(self) -> None:
        """Publish the text that is accepted before an exam."""
        agreements.publish(
            self.session, kind="platform", title="Platform agreement", body="Be kind.", now=self.now
        )

    def applicant(self, *, accepted: bool = True) -> Account:
        """Someone who may sit exams."""
        account = self.account(Role.APPLICANT)
        self.platform_agreement()
        version = agreements.current(self.session, "platform")
        if accepted and version:
            agreements.accept(self.session, account_id=account.id, version=version, now=self.now)
        self.session.flush()
        return account

    def accept_everything(self, account: Account) -> None:
        """Accept what is to be accepted before an exam."""
        version = agreements.current(self.session, "platform")
        if version:
            agreements.accept(self.session, account_id=account.id, version=version, now=self.now)
        self.session.flush()

    def application(
        self,
        account: Account | None = None,
        opening: Opening | None = None,
        *,
        answers: dict[str, Any] | None = MEETS,
    ) -> Application:
        """An application; with `answers` None the screening is still to do."""
        application = applications.start(
            self.session,
            opening=opening or self.opening(),
            account_id=(account or self.applicant()).id,
            country="KE",
            now=self.now,
        )
        if answers is not None:
            applications.answer_screening(
                self.session,
                application,
                answers=answers,
                explanation="I learn fast.",
                now=self.now,
            )
        self.session.flush()
        return application

    def attempt(
        self,
        account: Account | None = None,
        exam: Exam | None = None,
        *,
        now: datetime | None = None,
        extra_time: float = 1.0,
        allowance: Allowance | None = None,
    ) -> Attempt:
        """An attempt under way, its orders always the same."""
        return starting.start(
            self.session,
            exam or self.exam(),
            account_id=(account or self.applicant()).id,
            now=now or self.now,
            allowance=Allowance(extra_time) if extra_time > 1 else allowance,
            seed=7,
        )

    def answered(self, attempt: Attempt, *, right: int, at: datetime | None = None) -> None:
        """Answer the first `right` questions as the key says, and the others wrongly or not."""
        for position, (values, _) in enumerate(self.right_values(attempt), 1):
            if position > right:
                return
            self.save(attempt, position, values, at=at)

    def right_values(self, attempt: Attempt) -> list[tuple[list[str], int]]:
        """What the browser would send for the right answer to each question."""
        found = []
        for position, version in enumerate(
            self.session.scalars(queries.questions(attempt.form_id)), 1
        ):
            kind = KINDS[version.type]
            key = self.session.scalars(
                sa.select(QuestionKey).where(QuestionKey.question_version_id == version.id)
            ).one()
            answer = right_answer(version.type, key.key)
            order = arrangement(attempt.seed, position, kind.size(version.content))
            shown = kind.show(version.content, order, answer)
            found.append((values_of(shown), version.id))
        return found

    def save(
        self, attempt: Attempt, position: int, values: list[str], *, at: datetime | None = None
    ) -> attempts.Acknowledged:
        """Save one answer with a nonce of its own."""
        return attempts.save(
            self.session,
            attempt,
            position=position,
            values=values,
            nonce=random_id(),
            following=position + 1,
            now=at or self.now + timedelta(minutes=1),
        )

    def graded(self, attempt: Attempt, *, right: int) -> Attempt:
        """Answer, finish and grade, twenty minutes after it began."""
        self.answered(attempt, right=right, at=attempt.started_at + timedelta(minutes=1))
        later = attempt.started_at + timedelta(minutes=20)
        attempts.finish(self.session, attempt, now=later)
        grading.grade(self.session, attempt, now=later)
        self.session.flush()
        return attempt
