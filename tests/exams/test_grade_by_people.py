"""Grading by people: blind, twice, adjudicated where it matters; waiting decides nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exams.models import (
    Attempt,
    AttemptState,
    CaseState,
    Exam,
    Grade,
    GradingCase,
    QuestionVersion,
    ResponseScore,
    SeedDeviation,
    TextLikeness,
)
from exams.queries import agreement
from exams.queries import attempts as attempt_queries
from exams.queries import grading as grading_queries
from exams.service import attempts, grading, hand_grading, settling
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from portal.mail.models import MailMessage
from tests.exams.make import ESSAY, SINGLE, WRITING_SAMPLE
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
_TEXT = (
    "We took the post down because it names a place and a time together with an insult. Clause 3.1"
    " asks for no weapon to be named. You can appeal, and we are sorry that this comes as a surprise."
)
_LATER = timedelta(minutes=20)


def _written(
    session: Session,
    make: Make,
    exam: Exam,
    *,
    text: str = _TEXT,
    account: Account | None = None,
    right: bool = False,
) -> Attempt:
    """An attempt that has ended, its essay (the first question) written; graders have not come."""
    attempt = make.attempt(account, exam)
    make.save(attempt, 1, [text])
    if right:
        make.save(attempt, 2, make.right_values(attempt)[1][0])
    attempts.finish(session, attempt, now=make.now + _LATER)
    grading.grade(session, attempt, now=make.now + _LATER)
    session.flush()
    return attempt


def _exam(make: Make, **changes: float) -> Exam:
    """An essay worth four points and a single choice worth one."""
    return make.exam_of(ESSAY, SINGLE, **changes)


def _case(session: Session, attempt: Attempt) -> GradingCase:
    return session.scalars(sa.select(GradingCase).where(GradingCase.attempt_id == attempt.id)).one()


def _graded(
    session: Session,
    make: Make,
    case: GradingCase,
    *bands: Mapping[str, int],
    adjudicates: bool = False,
) -> list[Grade]:
    """Grades of as many people, given and looked at by the worker."""
    given = []
    for one in bands:
        grade = Grade(
            public_id=random_id(),
            case_id=case.id,
            grader_id=make.account(Role.REVIEWER).id,
            adjudicates=adjudicates,
            taken_at=make.now,
        )
        session.add(grade)
        session.flush()
        hand_grading.give(session, grade, bands=one, comment="Because.", now=make.now + _LATER)
        settling.grades_in(session, grade, now=make.now + _LATER)
        given.append(grade)
    return given


def _finished(session: Session, make: Make, attempt: Attempt) -> AttemptState:
    grading.grade(session, attempt, now=make.now + _LATER)
    return attempt.state


HIGH, MIDDLE, LOW = (
    {"reasoning": 2, "tone": 2},
    {"reasoning": 1, "tone": 1},
    {"reasoning": 0, "tone": 0},
)


def test_an_essay_waits_for_people_and_nothing_is_scored_meanwhile(
    session: Session, make: Make
) -> None:
    attempt = _written(session, make, _exam(make))
    assert attempt.state is AttemptState.FINISHED
    assert attempt_queries.score(session, attempt.id) is None
    case = _case(session, attempt)
    assert (case.text, case.due_at) == (_TEXT, make.now + _LATER + timedelta(days=7))


def test_looking_again_opens_nothing_twice(session: Session, make: Make) -> None:
    attempt = _written(session, make, _exam(make))
    grading.grade(session, attempt, now=make.now + _LATER)
    assert _case(session, attempt)


def test_an_empty_essay_needs_nobody(session: Session, make: Make) -> None:
    attempt = make.attempt(exam=_exam(make))
    attempts.finish(session, attempt, now=make.now + _LATER)
    assert _finished(session, make, attempt) is AttemptState.BELOW


def test_two_who_agree_settle_it_and_the_score_follows(session: Session, make: Make) -> None:
    attempt = _written(session, make, _exam(make))
    case = _case(session, attempt)
    _graded(session, make, case, HIGH, HIGH)
    assert case.state is CaseState.SETTLED
    assert _finished(session, make, attempt) is AttemptState.PASSED
    score = attempt_queries.score(session, attempt.id)
    assert score
    assert (score.raw, score.maximum) == (4, 5)


def test_one_band_apart_is_the_mean_where_the_cut_is_not_between(
    session: Session, make: Make
) -> None:
    attempt = _written(session, make, _exam(make, cut=0.3))
    case = _case(session, attempt)
    _graded(session, make, case, HIGH, HIGH | {"tone": 1})
    assert case.bands == {"reasoning": 2, "tone": 1.5}
    _finished(session, make, attempt)
    earned = session.scalars(sa.select(ResponseScore.earned).order_by(ResponseScore.earned)).all()
    assert max(earned) == pytest.approx(4 * (2 * 1 + 0.75) / 3)


def test_more_than_a_band_apart_goes_to_a_third_person(session: Session, make: Make) -> None:
    attempt = _written(session, make, _exam(make, cut=0.05))
    case = _case(session, attempt)
    _graded(session, make, case, HIGH, {"reasoning": 0, "tone": 2})
    assert case.state is CaseState.ADJUDICATION
    _graded(session, make, case, MIDDLE, adjudicates=True)
    assert (case.state, case.bands) == (CaseState.SETTLED, MIDDLE)


def test_grades_on_both_sides_of_the_cut_go_to_a_third_person(session: Session, make: Make) -> None:
    attempt = _written(session, make, _exam(make, cut=0.6))
    case = _case(session, attempt)
    _graded(session, make, case, HIGH, {"reasoning": 1, "tone": 2})  # 4 of 5, and 2.67 of 5
    assert case.state is CaseState.ADJUDICATION
    assert attempt.state is AttemptState.FINISHED


def test_the_same_grades_away_from_the_cut_are_settled(session: Session, make: Make) -> None:
    attempt = _written(session, make, _exam(make, cut=0.9))
    case = _case(session, attempt)
    _graded(session, make, case, HIGH, {"reasoning": 1, "tone": 2})
    assert case.state is CaseState.SETTLED


def test_two_essays_that_straddle_only_together_both_go(session: Session, make: Make) -> None:
    second = ESSAY | {"slug": "why-not", "stem": "Explain the opposite."}
    exam = make.exam_of(ESSAY, second, cut=0.7)
    attempt = make.attempt(None, exam)
    for position in (1, 2):
        make.save(attempt, position, [_TEXT + str(position)])
    attempts.finish(session, attempt, now=make.now + _LATER)
    grading.grade(session, attempt, now=make.now + _LATER)
    cases = session.scalars(
        sa.select(GradingCase).where(GradingCase.attempt_id == attempt.id)
    ).all()
    pair = ({"reasoning": 2, "tone": 1}, {"reasoning": 1, "tone": 1})
    _graded(session, make, cases[0], *pair)
    assert cases[0].state is CaseState.OPEN  # the other essay could still decide
    _graded(session, make, cases[1], *pair)
    assert {case.state for case in cases} == {CaseState.ADJUDICATION}


def test_run_twice_a_grade_changes_nothing(session: Session, make: Make) -> None:
    case = _case(session, _written(session, make, _exam(make)))
    grades = _graded(session, make, case, HIGH, HIGH)
    settled = case.settled_at
    settling.grades_in(session, grades[1], now=make.now + timedelta(days=1))
    assert case.settled_at == settled


def test_a_grader_gets_only_texts_of_others_and_each_once(
    session: Session, make: Make, now: datetime
) -> None:
    exam, author = _exam(make), make.applicant()
    make.grant(author, Role.REVIEWER)
    _written(session, make, exam, account=author)
    assert hand_grading.draw(session, author.id, now=now) is None
    grader = make.account(Role.REVIEWER)
    grade = hand_grading.draw(session, grader.id, now=now)
    assert grade
    assert hand_grading.draw(session, grader.id, now=now) is grade
    hand_grading.give(session, grade, bands=HIGH, comment="", now=now)
    assert hand_grading.draw(session, grader.id, now=now) is None


def test_a_text_has_two_graders_and_no_third(session: Session, make: Make, now: datetime) -> None:
    _written(session, make, _exam(make))
    people = [make.account(Role.REVIEWER).id for _ in range(3)]
    drawn = [hand_grading.draw(session, one, now=now) for one in people]
    assert [grade is not None for grade in drawn] == [True, True, False]


def test_the_database_refuses_a_third_blind_grader_and_ones_own_text(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = _written(session, make, _exam(make))
    case = _case(session, attempt)
    for grader, message in ((attempt.account_id, "their own text"), (None, "two graders")):
        if grader is None:
            _graded(session, make, case, HIGH, HIGH)
        grade = sa.insert(Grade).values(
            public_id=random_id(),
            case_id=case.id,
            grader_id=grader or make.account().id,
            adjudicates=False,
            taken_at=now,
            comment="",
        )
        with pytest.raises(DBAPIError, match=message), session.begin_nested():
            session.execute(grade)


def test_a_grade_that_was_given_is_never_changed(session: Session, make: Make) -> None:
    case = _case(session, _written(session, make, _exam(make)))
    grade = _graded(session, make, case, HIGH)[0]
    with pytest.raises(Conflict):
        hand_grading.give(session, grade, bands=LOW, comment="", now=make.now)
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(sa.update(Grade).where(Grade.id == grade.id).values(comment="No."))


def test_texts_come_to_each_grader_in_an_order_of_their_own(
    session: Session, make: Make, now: datetime
) -> None:
    exam = _exam(make)
    for number in range(5):
        _written(session, make, exam, text=f"{_TEXT} {number}")
    orders = []
    for _ in range(6):
        grader = make.account(Role.REVIEWER).id
        query = grading_queries.to_grade(grader, order=0)
        order = [case.id for case in session.scalars(query)]
        orders.append(tuple(order))
    assert len(set(orders)) > 1


def test_what_somebody_left_open_is_free_again_after_two_days(
    session: Session, make: Make, now: datetime
) -> None:
    _written(session, make, _exam(make))
    for _ in range(2):
        assert hand_grading.draw(session, make.account(Role.REVIEWER).id, now=now)
    other = make.account(Role.REVIEWER).id
    assert hand_grading.draw(session, other, now=now) is None
    hand_grading.release_overdue(session, now=now + timedelta(days=2, seconds=1))
    assert hand_grading.draw(session, other, now=now) is not None


def test_a_clock_that_runs_out_names_somebody_and_decides_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    attempt = _written(session, make, _exam(make))
    case = _case(session, attempt)
    make.account(Role.REVIEWER)
    late = now + timedelta(days=8)
    hand_grading.hand_over_overdue(session, now=late)
    first = case.named_id
    assert first is not None
    assert (case.state, attempt.state) == (CaseState.OPEN, AttemptState.FINISHED)
    make.account(Role.REVIEWER)
    hand_grading.hand_over_overdue(session, now=late + timedelta(days=3))
    assert case.named_id not in {None, first}
    letters = session.scalars(sa.select(MailMessage.subject)).all()
    assert letters.count("A text to grade waits for you") == 2


def test_whoever_is_named_gets_that_text_first(session: Session, make: Make, now: datetime) -> None:
    exam = _exam(make)
    for number in range(4):
        _written(session, make, exam, text=f"{_TEXT} {number}")
    grader = make.account(Role.REVIEWER)
    case = session.scalars(sa.select(GradingCase).order_by(GradingCase.id.desc())).first()
    assert case
    case.hand_over(named_id=grader.id, due_at=now + timedelta(days=2))
    session.flush()
    grade = hand_grading.draw(session, grader.id, now=now)
    assert grade
    assert grade.case_id == case.id


@pytest.mark.parametrize("bands", [{"reasoning": 1}, {"reasoning": 3, "tone": 0}, {}])
def test_every_criterion_needs_one_of_its_bands(
    session: Session, make: Make, bands: dict[str, int]
) -> None:
    case = _case(session, _written(session, make, _exam(make)))
    with pytest.raises(Invalid):
        _graded(session, make, case, bands)


def _planted(session: Session, make: Make, exam: Exam) -> GradingCase:
    version = session.scalars(
        sa.select(QuestionVersion)
        .where(QuestionVersion.type == "essay")
        .order_by(QuestionVersion.id.desc())
    ).first()
    assert version
    return hand_grading.plant(session, version, text="A planted text.", bands=MIDDLE, now=make.now)


def test_a_seed_measures_the_grader_and_nobody_else(session: Session, make: Make) -> None:
    exam = _exam(make)
    case = _planted(session, make, exam)
    _graded(session, make, case, HIGH, MIDDLE, {"reasoning": 1, "tone": 0})
    found = session.scalars(sa.select(SeedDeviation).order_by(SeedDeviation.grade_id)).all()
    assert [one.bands for one in found] == [
        {"reasoning": 1, "tone": 1},
        {"reasoning": 0, "tone": 0},
        {"reasoning": 0, "tone": -1},
    ]
    assert case.state is CaseState.OPEN
    drifts = agreement.of_graders(session, exam.id)
    assert [one.drift.mean for one in drifts] == [1, 0, -0.5]


def test_about_one_text_in_ten_is_a_seed(session: Session, make: Make, now: datetime) -> None:
    exam = _exam(make)
    _written(session, make, exam)
    seeds = {_planted(session, make, exam).id for _ in range(2)}
    drawn = []
    for _ in range(60):
        chosen = hand_grading._chosen(session, make.account(Role.REVIEWER).id)
        assert chosen
        drawn.append(chosen.id in seeds)
    assert 0 < sum(drawn) < 20


def test_what_was_agreed_on_a_seed_is_not_for_the_web(session: Session, make: Make) -> None:
    granted = session.scalars(
        sa.text(
            "SELECT privilege_type FROM information_schema.table_privileges"
            " WHERE grantee = 'touchstone_app' AND table_name = 'seed_grade'"
        )
    )
    assert set(granted) == {"INSERT"}


def test_agreement_is_computed_over_texts_graded_twice(session: Session, make: Make) -> None:
    exam = _exam(make, cut=0.05)
    for pair in ((HIGH, HIGH), (MIDDLE, MIDDLE), (LOW, MIDDLE)):
        _graded(session, make, _case(session, _written(session, make, exam)), *pair)
    _graded(session, make, _case(session, _written(session, make, exam)), HIGH)
    found = {one.title: one.agreement for one in agreement.on_criteria(session, exam.id)}
    assert {one.pairs for one in found.values()} == {3}
    assert found["The reason rests on the clause"].kappa == pytest.approx(2 / 3)


def test_a_copied_sample_is_evidence_and_changes_no_score(session: Session, make: Make) -> None:
    exam = make.exam_of(WRITING_SAMPLE, SINGLE)
    first = _written(session, make, exam)
    second = _written(session, make, exam, text="By the way: " + _TEXT)
    _written(session, make, exam, text="Nothing of this was said by anybody else at all, ever.")
    found = session.scalars(sa.select(TextLikeness)).one()
    assert (found.attempt_id, found.other_attempt_id) == (second.id, first.id)
    assert found.share > 0.9
    for attempt in (first, second):
        _graded(session, make, _case(session, attempt), HIGH, HIGH)
        assert _finished(session, make, attempt) is AttemptState.PASSED


def test_ones_own_earlier_sample_is_nobodys_copy(session: Session, make: Make) -> None:
    account = make.applicant()
    one, other = make.exam_of(WRITING_SAMPLE, SINGLE), make.exam_of(WRITING_SAMPLE, SINGLE)
    for exam in (one, other):
        _written(session, make, exam, account=account)
    assert session.scalar(sa.select(sa.func.count()).select_from(TextLikeness)) == 0


def test_a_grader_sees_nothing_of_who_wrote_it(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    exam = _exam(make)
    author = make.account(Role.APPLICANT, name="Zebedee Quill", email="zq@example.org")
    make.applicant()  # publishes the agreement
    make.accept_everything(author)
    attempt = _written(session, make, exam, account=author)
    case = _case(session, attempt)
    _graded(session, make, case, LOW)
    browser = sign_in(make.account(Role.REVIEWER))
    assert "texts you can grade" in browser.get("/exams/grading").text
    address = browser.post("/exams/grading/next").headers["Location"]
    page = browser.get(address).text
    assert "Clause 3.1" in page
    hidden = ("Zebedee", "Quill", "zq@", str(attempt.public_id), str(author.public_id), "Because.")
    assert not [word for word in hidden if word in page]


def test_grading_on_the_page_asks_for_every_band(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    case = _case(session, _written(session, make, _exam(make)))
    browser = sign_in(make.account(Role.REVIEWER))
    address = browser.post("/exams/grading/next").headers["Location"]
    assert "CANARY-anchor" in browser.get(address).text
    told = browser.post(address, data={"band_0": "2"})
    assert told.status_code == 422
    assert "Choose a band" in told.text
    assert browser.post(address, data={"band_0": "2", "band_1": "1"}).status_code == 303
    grade = session.scalars(sa.select(Grade).where(Grade.case_id == case.id)).one()
    assert grade.bands == {"reasoning": 2, "tone": 1}


def test_an_adjudicator_reads_both_grades_without_names_and_says_why(
    session: Session, sign_in: SignIn, make: Make
) -> None:
    case = _case(session, _written(session, make, _exam(make)))
    _graded(session, make, case, HIGH, LOW)
    third = make.account(Role.REVIEWER)
    browser = sign_in(third)
    address = browser.post("/exams/grading/differing").headers["Location"]
    page = browser.get(address).text
    assert page.count("Because.") == 2
    assert browser.post(address, data={"band_0": "1", "band_1": "1"}).status_code == 422
    sent = {"band_0": "1", "band_1": "1", "comment": "The clause is named."}
    assert browser.post(address, data=sent).status_code == 303


def test_anothers_open_text_is_not_found(session: Session, sign_in: SignIn, make: Make) -> None:
    _written(session, make, _exam(make))
    grade = hand_grading.draw(session, make.account(Role.REVIEWER).id, now=make.now)
    assert grade
    session.flush()
    browser = sign_in(make.account(Role.REVIEWER))
    assert browser.get(f"/exams/grading/texts/{grade.public_id}").status_code == 404


def test_whoever_waits_reads_by_when(session: Session, sign_in: SignIn, make: Make) -> None:
    account = make.applicant()
    attempt = _written(session, make, _exam(make), account=account)
    page = sign_in(account).get(f"/exams/{attempt.public_id}/result").text
    assert "Two people read what you wrote" in page
    assert "30 Nov 2026" in page or "30 November 2026" in page or "Nov 30, 2026" in page


def test_a_text_may_be_left_to_somebody_else(session: Session, sign_in: SignIn, make: Make) -> None:
    _written(session, make, _exam(make))
    browser = sign_in(make.account(Role.REVIEWER))
    address = browser.post("/exams/grading/next").headers["Location"]
    assert browser.post(f"{address}/back").status_code == 303
    assert session.scalar(sa.select(sa.func.count()).select_from(Grade)) == 0


def test_a_manager_sees_how_graders_agree(session: Session, sign_in: SignIn, make: Make) -> None:
    exam = _exam(make)
    browser = sign_in(make.account(Role.MANAGER))
    assert "No text has come to graders yet" in browser.get("/exams/grading/agreement").text
    _graded(session, make, _case(session, _written(session, make, exam)), HIGH, MIDDLE)
    page = browser.get("/exams/grading/agreement").text
    assert "The tone fits somebody who is upset" in page
    assert "too early to say" in page or "undefined" in page
