"""Two people for every question: from draft to use, back, and out again; the database insists."""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from exams.models import (
    Exam,
    KeyStanding,
    Question,
    QuestionState,
    QuestionVersion,
    Standing,
    StandingEvent,
)
from exams.queries import bank as queries
from exams.service import approval, bank, form_choice, versions
from portal.access import Role
from portal.errors import Conflict, Forbidden, Invalid
from tests.conftest import Database
from tests.exams.make import ORDER, SINGLE, exam_document
from tests.make import Make


def _waiting(session: Session, make: Make, now: datetime) -> Exam:
    """An exam whose author has written it and nobody else has read it."""
    number = make.number()
    qualification = {"slug": f"waiting-{number}", "title": "Waiting", "valid_months": 12}
    document = exam_document(slug=f"waiting-{number}", qualification=qualification)
    author, _ = make.bank_people()
    return bank.import_exam(session, document, now=now, actor=author)


def _standings(session: Session, exam: Exam) -> list[Standing]:
    return [standing for _q, _v, standing in session.execute(queries.newest_of_exam(exam.id))]


def test_what_one_person_wrote_waits_and_nobody_gets_it(
    session: Session, make: Make, now: datetime
) -> None:
    exam = _waiting(session, make, now)
    assert {one.state for one in _standings(session, exam)} == {QuestionState.REVIEW}
    assert form_choice.choose(session, exam, make.applicant().id, seed=1) is None


def test_once_the_last_question_is_approved_the_form_is_given(
    session: Session, make: Make, now: datetime
) -> None:
    exam = _waiting(session, make, now)
    _, approver = make.bank_people()
    somebody = make.applicant().id
    for standing in _standings(session, exam):
        assert form_choice.choose(session, exam, somebody, seed=1) is None
        approval.approve(session, standing, by=approver, state=QuestionState.LIVE, now=now)
    assert form_choice.choose(session, exam, somebody, seed=1) is not None


def test_nobody_approves_their_own_question(session: Session, make: Make, now: datetime) -> None:
    author, _ = make.bank_people()
    standing = _standings(session, _waiting(session, make, now))[0]
    with pytest.raises(Forbidden):
        approval.approve(session, standing, by=author, state=QuestionState.LIVE, now=now)


def test_an_import_cannot_name_its_author_as_the_second_person(
    session: Session, make: Make, now: datetime
) -> None:
    author, _ = make.bank_people()
    with pytest.raises(Forbidden):
        bank.import_exam(session, exam_document(), now=now, actor=author, approver=author)


def test_an_import_without_an_author_is_a_draft_that_nobody_can_approve(
    session: Session, make: Make, now: datetime
) -> None:
    exam = bank.import_exam(session, exam_document(), now=now)
    standing = _standings(session, exam)[0]
    assert standing.state is QuestionState.DRAFT
    with pytest.raises(Conflict):
        approval.approve(session, standing, by=make.account().id, state=QuestionState.LIVE, now=now)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("approver_id = author_id, approved_at = now()", "approver_is_another"),
        ("state = 'live'", "approver_is_named"),
        ("author_id = NULL", "author_is_named"),
    ],
)
def test_the_database_refuses_a_question_in_use_that_one_person_has_read(
    session: Session, make: Make, now: datetime, change: str, broken: str
) -> None:
    standing = _standings(session, _waiting(session, make, now))[0]
    with pytest.raises(IntegrityError, match=broken):
        session.execute(
            sa.text(f"UPDATE question_standing SET {change} WHERE question_version_id = :one"),
            {"one": standing.question_version_id},
        )


def test_the_database_refuses_to_take_an_approval_back(session: Session, make: Make) -> None:
    standing = _standings(session, make.exam())[0]
    with pytest.raises(DBAPIError, match="never taken back"):
        session.execute(
            sa.text(
                "UPDATE question_standing SET state = 'draft', approver_id = NULL,"
                " approved_at = NULL WHERE question_version_id = :one"
            ),
            {"one": standing.question_version_id},
        )


def test_sending_back_says_why_and_the_author_asks_again(
    session: Session, make: Make, now: datetime
) -> None:
    author, approver = make.bank_people()
    standing = _standings(session, _waiting(session, make, now))[0]
    with pytest.raises(Invalid):
        approval.send_back(session, standing, by=approver, words=" ", now=now)
    approval.send_back(session, standing, by=approver, words="Two options are right.", now=now)
    assert standing.state is QuestionState.DRAFT
    approval.submit(session, standing, by=author, now=now)
    verbs = [one.verb for one in session.scalars(queries.history(standing.question_version_id))]
    assert verbs == ["submitted", "sent back", "submitted", "written"]


def test_history_is_never_rewritten(session: Session, make: Make) -> None:
    make.exam()
    with pytest.raises(DBAPIError):
        session.execute(sa.update(StandingEvent).values(words="No."))


def test_a_question_on_trial_counts_nothing_on_its_form(session: Session, make: Make) -> None:
    exam = make.exam_of(SINGLE, ORDER | {"pilot": True})
    found = session.execute(queries.newest_of_exam(exam.id)).all()
    assert {v.type.value: s.state for _q, v, s in found} == {
        "single": QuestionState.LIVE,
        "order": QuestionState.PILOT,
    }
    scored = session.scalars(
        sa.text(
            "SELECT scored FROM form_question JOIN form ON form.id = form_id"
            " WHERE exam_id = :exam ORDER BY position"
        ),
        {"exam": exam.id},
    )
    assert list(scored) == [True, False]


def test_changed_words_go_through_two_people_while_the_old_ones_stay_in_use(
    session: Session, make: Make, now: datetime
) -> None:
    author, approver = make.bank_people()
    number = make.number()
    qualification = {"slug": f"words-{number}", "title": "Words", "valid_months": 12}
    document = exam_document(slug=f"words-{number}", qualification=qualification)
    exam = bank.import_exam(session, document, now=now, actor=author, approver=approver)
    before = form_choice.choose(session, exam, make.applicant().id, seed=1)
    document["questions"][0]["stem"] = "Other words?"
    bank.import_exam(session, document, now=now, actor=author)
    assert form_choice.choose(session, exam, make.applicant().id, seed=1) is before
    waiting = [one for one in _standings(session, exam) if one.state is QuestionState.REVIEW]
    approval.approve(session, waiting[0], by=approver, state=QuestionState.LIVE, now=now)
    after = form_choice.choose(session, exam, make.applicant().id, seed=1)
    assert after is not None
    assert after is not before
    states = session.scalars(
        sa.select(Standing.state)
        .join(QuestionVersion, QuestionVersion.id == Standing.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.exam_id == exam.id, Question.slug == "which-one")
        .order_by(QuestionVersion.number)
    )
    assert list(states) == [QuestionState.RETIRED, QuestionState.LIVE]


def test_a_retired_question_takes_its_forms_out_of_use(
    session: Session, make: Make, now: datetime
) -> None:
    exam = make.exam()
    _, approver = make.bank_people()
    standing = _standings(session, exam)[0]
    approval.retire(session, standing, by=approver, words="It leaked.", now=now)
    assert form_choice.choose(session, exam, make.applicant().id, seed=1) is None


def test_a_corrected_key_scores_only_once_a_second_person_approved_it(
    session: Session, make: Make, now: datetime
) -> None:
    author, approver = make.bank_people()
    number = make.number()
    qualification = {"slug": f"key-{number}", "title": "Key", "valid_months": 12}
    document = exam_document(
        slug=f"key-{number}",
        qualification=qualification,
        form={"number": 1, "questions": ["which-one"]},
        questions=[dict(SINGLE)],
    )
    bank.import_exam(session, document, now=now, actor=author, approver=approver)
    document["questions"] = [SINGLE | {"key": {"option": "c"}}]
    bank.import_exam(session, document, now=now, actor=author)
    keys = session.scalars(sa.select(KeyStanding).order_by(KeyStanding.number.desc())).all()
    key = next(one for one in keys if one.number == 2)
    with pytest.raises(Forbidden):
        approval.approve_key(session, key, by=author, now=now)
    approval.approve_key(session, key, by=approver, now=now)
    with pytest.raises(Conflict):
        approval.approve_key(session, key, by=approver, now=now)


def test_enemies_are_refused_on_one_form(session: Session, make: Make, now: datetime) -> None:
    document = exam_document()
    document["questions"][0]["enemies"] = ["which-ones"]
    with pytest.raises(Invalid, match=r"questions\[0\].enemies: 'which-ones' stands on the same"):
        bank.import_exam(session, document, now=now)


def test_enemies_named_in_the_bank_are_refused_at_the_next_import(
    session: Session, make: Make, now: datetime
) -> None:
    exam = make.exam_of(SINGLE, ORDER)
    one, other = session.scalars(sa.select(Question).where(Question.exam_id == exam.id))
    author, approver = make.bank_people()
    reason = "One gives the other away."
    approval.name_enemies(session, one, other, reason=reason, by=author, now=now)
    approval.name_enemies(session, other, one, reason="Again.", by=author, now=now)
    qualification = {"slug": exam.slug, "title": "Reasoning", "valid_months": 24}
    document = exam_document(
        slug=exam.slug,
        qualification=qualification,
        form={"number": 2, "questions": ["what-first", "which-one"]},
        questions=[dict(SINGLE), dict(ORDER)],
    )
    with pytest.raises(Invalid, match="may not stand on one form: One gives"):
        bank.import_exam(session, document, now=now, actor=author, approver=approver)


def test_questions_about_one_text_follow_one_another(session: Session, now: datetime) -> None:
    document = exam_document(stimuli=[{"slug": "thread", "title": "Thread", "text": "Text."}])
    for place in (0, 2):
        document["questions"][place]["stimulus"] = "thread"
    with pytest.raises(Invalid, match="'thread' do not follow one another"):
        bank.import_exam(session, document, now=now)


def test_a_form_exists_in_every_language_that_all_its_questions_speak(
    session: Session, make: Make
) -> None:
    german = {name: SINGLE[name] for name in ("stem", "options")}
    variant = {"variants": {"de": german | {"stem": "Was tun Sie?"}}}
    both = make.exam_of(SINGLE | variant)
    partly = make.exam_of(SINGLE | variant, ORDER)
    spoken = {
        exam.id: session.scalars(
            sa.text("SELECT locale FROM form WHERE exam_id = :exam ORDER BY locale"),
            {"exam": exam.id},
        ).all()
        for exam in (both, partly)
    }
    assert spoken == {both.id: ["de", "en"], partly.id: ["en"]}


def test_somebody_gets_the_form_in_their_language_once_it_is_approved_too(
    session: Session, make: Make
) -> None:
    german = {name: SINGLE[name] for name in ("stem", "options")} | {"stem": "Was tun Sie?"}
    exam = make.exam_of(SINGLE | {"variants": {"de": german}})
    given = {}
    for locale in ("en", "de-AT", "fr"):
        account = make.applicant()
        account.locale = locale
        form = form_choice.choose(session, exam, account.id, seed=1)
        assert form
        given[locale] = form.locale
    assert given == {"en": "en", "de-AT": "de", "fr": "en"}


def _as(url: str, asked: str, **given: object) -> list[Any]:
    """What one of the real logins gets for a question to the database."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return list(connection.execute(sa.text(asked), given).scalars())
    finally:
        engine.dispose()


def test_the_web_reads_a_key_only_while_it_waits_for_approval(
    fresh_database: Database, now: datetime
) -> None:
    engine = sa.create_engine(fresh_database.worker)
    with Session(engine) as session:
        make = Make(session, now)
        approved = _standings(session, make.exam())[0].question_version_id
        waiting = _standings(session, _waiting(session, make, now))[0].question_version_id
        session.commit()
    engine.dispose()
    asked = "SELECT rationale FROM keys.for_review(:version)"
    assert _as(fresh_database.app, asked, version=approved) == []
    assert _as(fresh_database.app, asked, version=waiting)[0].startswith("CANARY")
    with pytest.raises(DBAPIError, match="permission denied"):
        _as(fresh_database.app, "SELECT rationale FROM keys.question_key")


def test_versions_hash_to_what_they_say(session: Session, make: Make) -> None:
    exam = make.exam()
    for _q, version, _s in session.execute(queries.newest_of_exam(exam.id)):
        assert versions.hashed(version) == version.sha256


def test_a_reviewer_role_is_not_enough_for_an_author(
    session: Session, make: Make, now: datetime
) -> None:
    standing = _standings(session, _waiting(session, make, now))[0]
    other = make.account(Role.REVIEWER).id
    approval.approve(session, standing, by=other, state=QuestionState.PILOT, now=now)
    approval.promote(session, standing, by=other, now=now)
    with pytest.raises(Conflict):
        approval.promote(session, standing, by=other, now=now)
