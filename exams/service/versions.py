"""Keeping questions as immutable versions: new words make a new version, a new answer a new key."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    BASE_LOCALE,
    Exam,
    KeyStanding,
    Question,
    QuestionKey,
    QuestionVersion,
    Stimulus,
    StimulusVersion,
)
from exams.queries import bank as queries
from exams.service import approval
from exams.service.documents import QuestionDocument, StimulusDocument

Stimuli = Mapping[tuple[str, str], int]
"""Id of the newest version by slug and locale."""


@dataclass(frozen=True)
class Kept:
    """A question's newest versions, one for each language."""

    question_id: int
    by_locale: dict[str, QuestionVersion]

    @property
    def base(self) -> QuestionVersion:
        """The version that was written first."""
        return self.by_locale[BASE_LOCALE]


def keep(
    session: Session,
    exam: Exam,
    document: QuestionDocument,
    stimuli: Stimuli,
    *,
    author: int | None,
    now: datetime,
) -> Kept:
    """Bring a question and its variants to what the document says."""
    question = _question(session, exam, document.slug)
    contents = {BASE_LOCALE: document.content, **document.variants}
    found = {}
    for locale, content in contents.items():
        shown = _shown(document, locale, content, stimuli)
        found[locale] = _version(session, question, locale, shown, author=author, now=now)
        _key(session, found[locale], document, author=author, now=now)
    return Kept(question.id, found)


def keep_stimuli(
    session: Session, exam: Exam, documents: Sequence[StimulusDocument], *, now: datetime
) -> dict[tuple[str, str], int]:
    """Bring the texts that several questions share to what the document says."""
    found = {}
    for document in documents:
        stimulus = _stimulus(session, exam, document.slug)
        base = {"title": document.title, "text": document.text}
        variants = {name: one.model_dump() for name, one in document.variants.items()}
        for locale, words in {BASE_LOCALE: base, **variants}.items():
            found[document.slug, locale] = _stimulus_version(session, stimulus, locale, words, now)
    return found


def digest(value: Mapping[str, Any]) -> bytes:
    """SHA-256 of a value in one canonical form: sorted names, no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def hashed(version: QuestionVersion) -> bytes:
    """What the version's `sha256` must be: whether it is still what it was when it was kept."""
    return digest(
        {
            "type": version.type,
            "area": version.area,
            "points": version.points,
            "content": version.content,
            "minutes": version.minutes,
            "warning": version.warning,
            "stimulus_version_id": version.stimulus_version_id,
        }
    )


def _question(session: Session, exam: Exam, slug: str) -> Question:
    found = session.scalar(
        sa.select(Question).where(Question.exam_id == exam.id, Question.slug == slug)
    )
    if found is None:
        found = Question(exam_id=exam.id, slug=slug)
        session.add(found)
        session.flush()
    return found


def _shown(
    document: QuestionDocument, locale: str, content: dict[str, Any], stimuli: Stimuli
) -> dict[str, Any]:
    stimulus = None
    if document.stimulus:
        stimulus = stimuli.get((document.stimulus, locale), stimuli[document.stimulus, BASE_LOCALE])
    return {
        "type": document.type,
        "area": document.area,
        "points": document.points,
        "content": content,
        "minutes": float(document.minutes),
        "warning": document.warning,
        "stimulus_version_id": stimulus,
    }


def _version(
    session: Session,
    question: Question,
    locale: str,
    shown: dict[str, Any],
    *,
    author: int | None,
    now: datetime,
) -> QuestionVersion:
    newest = session.scalar(queries.newest_version(question.id, locale))
    if newest is not None and newest.sha256 == digest(shown):
        return newest
    version = QuestionVersion(
        question_id=question.id,
        number=newest.number + 1 if newest else 1,
        locale=locale,
        sha256=digest(shown),
        created_at=now,
        **shown,
    )
    session.add(version)
    session.flush()
    approval.begin(session, version, author=author, now=now)
    return version


def _key(
    session: Session,
    version: QuestionVersion,
    document: QuestionDocument,
    *,
    author: int | None,
    now: datetime,
) -> None:
    secret: dict[str, Any] = {
        "key": document.key,
        "rationale": document.rationale,
        "difficulty": float(document.difficulty),
    }
    newest = session.execute(
        sa.select(QuestionKey.number, QuestionKey.sha256)
        .where(QuestionKey.question_version_id == version.id)
        .order_by(QuestionKey.number.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.sha256 == digest(secret):
        return
    number = newest.number + 1 if newest else 1
    session.add(
        QuestionKey(
            question_version_id=version.id,
            number=number,
            sha256=digest(secret),
            created_at=now,
            **secret,
        )
    )
    session.add(
        KeyStanding(
            question_version_id=version.id, number=number, author_id=author, proposed_at=now
        )
    )
    session.flush()


def _stimulus(session: Session, exam: Exam, slug: str) -> Stimulus:
    found = session.scalar(
        sa.select(Stimulus).where(Stimulus.exam_id == exam.id, Stimulus.slug == slug)
    )
    if found is None:
        found = Stimulus(exam_id=exam.id, slug=slug)
        session.add(found)
        session.flush()
    return found


def _stimulus_version(
    session: Session, stimulus: Stimulus, locale: str, words: dict[str, str], now: datetime
) -> int:
    newest = session.scalar(
        sa.select(StimulusVersion)
        .where(StimulusVersion.stimulus_id == stimulus.id, StimulusVersion.locale == locale)
        .order_by(StimulusVersion.number.desc())
        .limit(1)
    )
    if newest is not None and newest.sha256 == digest(words):
        return newest.id
    version = StimulusVersion(
        stimulus_id=stimulus.id,
        locale=locale,
        number=newest.number + 1 if newest else 1,
        sha256=digest(words),
        created_at=now,
        **words,
    )
    session.add(version)
    session.flush()
    return version.id
