"""The exam office's close looks: one question, forms side by side, questions on trial. No key, no stranger."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams import calibration_jobs
from exams.models import (
    Exam,
    Form,
    FormQuestion,
    Question,
    QuestionLeak,
    QuestionState,
    QuestionVersion,
    Standing,
)
from exams.queries import measuring, stages
from exams.service import approval, leaks
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Invalid
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
_PAGES = ("side-by-side", "on-trial", "fairness", "questions/which-one/en/1")


@pytest.fixture
def exam(make: Make) -> Exam:
    return make.exam()


@pytest.fixture
def measured(session: Session, make: Make, exam: Exam, monkeypatch: pytest.MonkeyPatch) -> Exam:
    """An exam that ten people have sat, measured although they are few."""
    monkeypatch.setattr(calibration_jobs, "FEWEST", 8)
    monkeypatch.setattr("exams.psychometrics.form_analysis.FEWEST", 8)
    for number in range(10):
        make.graded(make.attempt(exam=exam), right=(7 * number) % 6)
    session.commit()
    calibration_jobs.calibrate_forms(0)
    return exam


def test_a_questions_page_shows_its_line_its_points_and_who_chose_what(
    make: Make, measured: Exam, sign_in: SignIn
) -> None:
    browser = sign_in(make.account(Role.MANAGER))
    page = browser.get(f"/exams/manage/{measured.slug}/questions/which-one/en/1").text
    for said in (
        "100 % of 10 sittings",
        "what the model expects and what they did",
        "Who chose what, by ability",
        "Keep it.",
        "No answer",
        "weakest",
        "form 1 (en), place 1",
        "Too early: it is looked at with the fairness",
    ):
        assert said in page


@pytest.mark.parametrize("name", ["which-ones", "how-much", "first-wrong-step", "which-answer"])
def test_every_kind_has_its_page(make: Make, measured: Exam, sign_in: SignIn, name: str) -> None:
    browser = sign_in(make.account(Role.MANAGER))
    page = browser.get(f"/exams/manage/{measured.slug}/questions/{name}/en/1")
    assert page.status_code == 200
    choices = "Who chose what, by ability" in page.text
    assert choices != ("Who did how well" in page.text)
    assert choices == (name != "how-much")


def test_no_page_tells_the_key_or_the_reason(make: Make, measured: Exam, sign_in: SignIn) -> None:
    browser = sign_in(make.account(Role.MANAGER))
    for page in (*_PAGES, "questions/how-much/en/1", "questions/which-answer/en/1"):
        said = browser.get(f"/exams/manage/{measured.slug}/{page}").text
        assert "CANARY" not in said
        assert "0.8125" not in said  # the author's guess of a difficulty
        assert '"panel"' not in said


def test_before_anybody_sat_every_page_says_that_it_is_too_early(
    make: Make, exam: Exam, sign_in: SignIn
) -> None:
    browser = sign_in(make.account(Role.MANAGER))
    said = {page: browser.get(f"/exams/manage/{exam.slug}/{page}") for page in _PAGES}
    assert {one.status_code for one in said.values()} == {200}
    assert "Too early" in said["questions/which-one/en/1"].text
    assert "nobody has sat it yet" in said["questions/which-one/en/1"].text
    assert "drawn once 50 people" in said["side-by-side"].text
    assert "Nothing is on trial" in said["on-trial"].text
    assert "A look needs 50 people" in said["fairness"].text


@pytest.mark.parametrize("page", _PAGES)
def test_another_clients_manager_finds_none_of_them(
    make: Make, exam: Exam, sign_in: SignIn, page: str
) -> None:
    ours, theirs = make.organisation(), make.organisation()
    exam.organisation_id = ours.id
    stranger, manager = make.account(), make.account()
    make.grant(stranger, Role.MANAGER, organisation=theirs)
    make.grant(manager, Role.MANAGER, organisation=ours)
    address = f"/exams/manage/{exam.slug}/{page}"
    assert sign_in(manager).get(address).status_code == 200
    assert sign_in(stranger).get(address).status_code == 404


def test_who_manages_here_and_reviews_there_measures_only_here(
    make: Make, exam: Exam, sign_in: SignIn
) -> None:
    here, there = make.organisation(), make.organisation()
    exam.organisation_id = there.id
    both = make.account()
    make.grant(both, Role.MANAGER, organisation=here)
    make.grant(both, Role.REVIEWER, organisation=there)
    browser = sign_in(both)
    page = browser.get(f"/exams/manage/{exam.slug}")
    assert page.status_code == 200
    assert "side-by-side" not in page.text
    assert f"{exam.slug}/questions/" not in page.text
    assert browser.get(f"/exams/manage/{exam.slug}/side-by-side").status_code == 404


@pytest.mark.parametrize("sits", [True, False])
def test_whoever_sits_or_applied_finds_none_of_them(
    make: Make, exam: Exam, sign_in: SignIn, sits: bool
) -> None:
    taker = make.account(Role.MANAGER)
    browser = sign_in(taker)
    address = f"/exams/manage/{exam.slug}/questions/which-one/en/1"
    assert browser.get(address).status_code == 200
    make.platform_agreement()
    make.accept_everything(taker)
    if sits:
        make.attempt(taker, exam)
    else:
        make.application(taker, make.opening(exam))
    assert browser.get(address).status_code == 404
    assert f"{exam.slug}/questions/" not in browser.get(f"/exams/manage/{exam.slug}").text


def test_a_question_of_another_exam_is_not_found(make: Make, exam: Exam, sign_in: SignIn) -> None:
    other = make.exam_of({**_SINGLE, "slug": "elsewhere"})
    browser = sign_in(make.account(Role.MANAGER))
    assert browser.get(f"/exams/manage/{other.slug}/questions/elsewhere/en/1").status_code == 200
    for path in ("questions/elsewhere/en/1", "questions/which-one/en/2"):
        assert browser.get(f"/exams/manage/{exam.slug}/{path}").status_code == 404


def test_exposure_counts_sittings_that_had_the_question(
    session: Session, make: Make, exam: Exam
) -> None:
    for right in (1, 2):
        make.graded(make.attempt(exam=exam), right=right)
    make.attempt(exam=exam)  # still under way
    form = session.scalars(sa.select(Form).where(Form.exam_id == exam.id)).one()
    on = session.scalars(
        sa.select(FormQuestion.question_version_id).where(FormQuestion.form_id == form.id)
    ).all()
    found = measuring.exposures(session, exam.id, [*on, 0])
    assert {(one.seen, one.of) for version, one in found.items() if version} == {(2, 2)}
    assert (found[0].seen, found[0].share) == (0, 0.0)


def test_forms_stand_side_by_side_with_what_they_share(
    session: Session, make: Make, measured: Exam, sign_in: SignIn
) -> None:
    second = Form(exam_id=measured.id, number=2, created_at=make.now)
    session.add(second)
    session.flush()
    versions = session.scalars(
        sa.select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.exam_id == measured.id)
        .order_by(QuestionVersion.id)
        .limit(3)
    ).all()
    for position, version in enumerate(versions, 1):
        session.add(FormQuestion(second.id, position, version.id, scored=position < 3))
    session.flush()
    page = sign_in(make.account(Role.MANAGER)).get(f"/exams/manage/{measured.slug}/side-by-side")
    rows = _rows(page.text)
    assert rows["Questions"] == ["3", "5"]
    assert rows["of them on trial"] == ["1", "0"]
    assert rows["First sittings"] == ["fewer than 10", "10"]
    assert rows["Reliability (alpha)"][0] == "too early"
    assert rows["Form 2"] == ["\u2013", "3"]
    assert "Information of each form by expected score" in page.text


def test_a_question_on_trial_counts_its_answers_and_leads_to_the_bank(
    session: Session, make: Make, exam: Exam, sign_in: SignIn
) -> None:
    version = session.scalars(
        sa.select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.exam_id == exam.id, Question.slug == "which-one")
    ).one()
    session.execute(
        sa.update(Standing)
        .where(Standing.question_version_id == version.id)
        .values(state=QuestionState.PILOT)
    )
    make.graded(make.attempt(exam=exam), right=3)
    session.commit()
    manager = make.account(Role.MANAGER)
    page = sign_in(manager).get(f"/exams/manage/{exam.slug}/on-trial").text
    assert _rows(page)["which-one en"][0] == "1 of 200"
    assert "collecting answers" in page
    assert f"/exams/manage/{exam.slug}/bank/which-one/en/1" in page
    standing = session.get_one(Standing, version.id)
    approval.promote(session, standing, by=manager.id, now=make.now)
    session.commit()
    assert "Nothing is on trial" in sign_in(manager).get(f"/exams/manage/{exam.slug}/on-trial").text


def test_that_a_question_is_known_outside_is_said_with_words_and_taken_back_with_words(
    session: Session, make: Make, exam: Exam, sign_in: SignIn
) -> None:
    browser = sign_in(make.account(Role.MANAGER))
    address = f"/exams/manage/{exam.slug}/questions/which-one/en/1"
    assert browser.post(address, data={"known": "yes"}).status_code == 422
    said = {"known": "yes", "words": "On a forum, word for word."}
    assert browser.post(address, data=said).status_code == 303
    assert "Held to be known outside" in browser.get(address).text
    question = session.scalars(
        sa.select(Question).where(Question.exam_id == exam.id, Question.slug == "which-one")
    ).one()
    assert list(session.scalars(measuring.known_outside())) == [question.id]
    assert browser.post(address, data=said).status_code == 409
    cleared = {"known": "no", "words": "Another question with the same picture."}
    assert browser.post(address, data=cleared).status_code == 303
    assert list(session.scalars(measuring.known_outside())) == []
    assert len(session.scalars(sa.select(QuestionLeak)).all()) == 2


def test_nothing_to_it_is_not_said_of_what_nobody_found(
    session: Session, make: Make, exam: Exam
) -> None:
    question = session.scalars(sa.select(Question).where(Question.exam_id == exam.id)).first()
    assert question is not None
    by = make.account(Role.MANAGER).id
    with pytest.raises(Conflict):
        leaks.say(session, question, known=False, words="No.", by=by, now=make.now)
    with pytest.raises(Invalid, match="Say what was found"):
        leaks.say(session, question, known=True, words=" ", by=by, now=make.now)


def test_the_funnel_counts_people_and_each_step_only_after_all_before_it(
    session: Session, make: Make, exam: Exam, sign_in: SignIn
) -> None:
    opening = make.opening(exam)
    make.application(opening=opening, answers=None)
    for right in (0, 5):
        person = make.applicant()
        make.application(person, opening)
        make.graded(make.attempt(person, exam), right=right)
    make.application(make.applicant(), opening)
    session.commit()
    found = stages.ways(session, exam.id)
    assert stages.reached(found) == [4, 3, 2, 1, 0, 0]
    page = sign_in(make.account(Role.MANAGER)).get(f"/exams/manage/{exam.slug}").text
    assert "Applied 4; Screening met 3; Sat the exam 2; Passed the exam 1" in page
    assert "nine times in ten" in page


def test_an_exam_nobody_applied_for_counts_those_who_sat_it(
    session: Session, make: Make, exam: Exam, sign_in: SignIn
) -> None:
    make.graded(make.attempt(exam=exam), right=5)
    session.commit()
    page = sign_in(make.account(Role.MANAGER)).get(f"/exams/manage/{exam.slug}").text
    assert "Began 1; Finished 1" in page
    assert "No opening asks for this exam" in page


_SINGLE = {
    "slug": "which-one",
    "type": "single",
    "area": "policy",
    "stem": "What do you do?",
    "options": [{"id": "a", "text": "Remove it."}, {"id": "b", "text": "Keep it."}],
    "key": {"option": "b"},
    "rationale": "Because.",
    "difficulty": 0,
    "minutes": 1.5,
    "points": 1,
}


def _rows(page: str) -> dict[str, list[str]]:
    """The cells of every table row, by the words of its header."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL):
        cells = [
            re.sub(r"<[^>]+>", "", cell).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        found[cells[0]] = cells[1:]
    return found
