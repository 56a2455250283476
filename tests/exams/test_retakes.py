"""Sitting again: another form, of which hardly anything was seen, after the pause, as often as allowed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Exam, Form, QuestionVersion
from exams.queries import attempts as queries
from exams.service import form_choice, starting
from portal.accounts.models import Account
from portal.errors import Conflict
from tests.exams.make import QUESTIONS
from tests.make import Make


def renamed(mark: str) -> list[dict[str, Any]]:
    """The five questions under other names."""
    return [{**one, "slug": f"{one['slug']}-{mark}"} for one in QUESTIONS]


def forms(make: Make, *, shared: int = 0) -> Exam:
    """An exam with two forms of ten questions, so many of which they share; overlap 10 % at most."""
    first = [*renamed("a"), *renamed("b")]
    second = first[:shared] + [*renamed("c"), *renamed("d")][shared:]
    common: dict[str, Any] = {"maximum_overlap": 0.1, "questions": first + second[shared:]}
    slugs = [[one["slug"] for one in part] for part in (first, second)]
    exam = make.exam(**common, form={"number": 1, "questions": slugs[0]})
    make.again(exam, **common, form={"number": 2, "questions": slugs[1]})
    return exam


def sat(make: Make, account: Account, exam: Exam, now: datetime) -> int:
    """Begin and give up an attempt; gives the form that it was on."""
    attempt = make.graded(make.attempt(account, exam, now=now), right=0)
    make.refused(attempt, now=now + timedelta(hours=1))
    return attempt.form_id


def test_who_sits_again_gets_the_other_form(session: Session, make: Make, now: datetime) -> None:
    account, exam = make.applicant(), forms(make)
    first = sat(make, account, exam, now)
    again = make.attempt(account, exam, now=now + timedelta(days=31))
    assert again.form_id != first
    shares = form_choice.overlaps(session, exam, account.id)
    assert shares == {first: 1.0, again.form_id: 1.0}


def test_one_question_in_ten_may_have_been_seen(make: Make, now: datetime) -> None:
    account, exam = make.applicant(), forms(make, shared=1)
    first = sat(make, account, exam, now)
    assert make.attempt(account, exam, now=now + timedelta(days=31)).form_id != first


def test_two_in_ten_are_too_many_and_nothing_is_used_up(
    session: Session, make: Make, now: datetime
) -> None:
    account, exam = make.applicant(), forms(make, shared=2)
    sat(make, account, exam, now)
    later = now + timedelta(days=31)
    verdict = starting.may_start(session, exam, account.id, now=later)
    assert (verdict.reason, verdict.left) == (starting.NO_OTHER_FORM, 2)
    with pytest.raises(Conflict, match="no other set of questions"):
        make.attempt(account, exam, now=later)


def test_a_new_wording_of_a_question_counts_as_seen(
    session: Session, make: Make, now: datetime
) -> None:
    account, exam = make.applicant(), make.exam(maximum_overlap=0.1)
    sat(make, account, exam, now)
    reworded = [{**one, "stem": f"Now: {one['stem']}"} for one in QUESTIONS]
    make.again(exam, maximum_overlap=0.1, questions=reworded)
    assert session.scalar(sa.select(sa.func.count()).where(Form.exam_id == exam.id)) == 2
    assert set(form_choice.overlaps(session, exam, account.id).values()) == {1.0}
    assert form_choice.choose(session, exam, account.id, seed=1) is None


def test_parallel_forms_are_given_out_evenly_by_the_seed(
    session: Session, make: Make, now: datetime
) -> None:
    exam, stranger = forms(make), make.applicant()
    given = [form_choice.choose(session, exam, stranger.id, seed=seed) for seed in range(200)]
    ids = [one.id for one in given if one]
    assert len(ids) == 200
    assert 70 <= ids.count(min(ids)) <= 130


def test_what_another_person_saw_does_not_count(make: Make, now: datetime) -> None:
    exam = make.exam(maximum_overlap=0.1)
    sat(make, make.applicant(), exam, now)
    assert make.attempt(make.applicant(), exam, now=now)


def test_an_exam_without_a_form_says_so(session: Session, make: Make, now: datetime) -> None:
    exam, account = make.exam(), make.applicant()
    session.execute(sa.text("UPDATE question_standing SET state = 'retired'"))
    verdict = starting.may_start(session, exam, account.id, now=now)
    assert verdict.reason == starting.NO_FORM


def test_the_pause_and_the_maximum_hold(session: Session, make: Make, now: datetime) -> None:
    account, exam = make.applicant(), make.exam(cool_down_days=10, maximum_attempts=2)
    sat(make, account, exam, now)
    early = starting.may_start(session, exam, account.id, now=now + timedelta(days=9))
    assert early.not_before == now + timedelta(days=10, minutes=20)
    sat(make, account, exam, now + timedelta(days=11))
    verdict = starting.may_start(session, exam, account.id, now=now + timedelta(days=40))
    assert verdict.reason == "You have used every attempt at this exam."


def test_the_questions_of_a_form_are_its_own_to_the_end(
    session: Session, make: Make, now: datetime
) -> None:
    exam, account = make.exam(), make.applicant()
    attempt = make.attempt(account, exam)
    before = list(session.scalars(queries.questions(attempt.form_id)))
    make.again(exam, questions=[{**one, "stem": f"Now: {one['stem']}"} for one in QUESTIONS])
    session.expire_all()
    assert list(session.scalars(queries.questions(attempt.form_id))) == before
    assert session.scalar(sa.select(sa.func.count()).select_from(QuestionVersion)) == 10
