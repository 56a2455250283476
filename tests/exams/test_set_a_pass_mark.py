"""Setting a pass mark: a panel in rounds, two people, nothing past changes, no key on any page."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exams import measuring_jobs
from exams.models import (
    CutQuality,
    Exam,
    Form,
    FormCut,
    QuestionKey,
    StandardRating,
    StandardStudy,
    StudyState,
)
from exams.queries import attempts as attempt_queries
from exams.queries import standards as queries
from exams.service import standards
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Forbidden, Invalid
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def exam(make: Make) -> Exam:
    """Five questions, of which three pass."""
    return make.exam()


@pytest.fixture
def judges(make: Make) -> list[Account]:
    return [make.account(Role.REVIEWER) for _ in range(3)]


@pytest.fixture
def study(session: Session, make: Make, exam: Exam, judges: list[Account]) -> StandardStudy:
    return called(session, make, exam, judges)


def called(session: Session, make: Make, exam: Exam, judges: list[Account]) -> StandardStudy:
    found = standards.open_study(
        session,
        exam,
        form_of(session, exam),
        borderline="Solves everyday cases alone.",
        judges=[judge.id for judge in judges],
        by=make.account(Role.MANAGER).id,
        now=make.now,
    )
    session.flush()
    return found


def form_of(session: Session, exam: Exam) -> Form:
    return session.scalars(attempt_queries.newest_form(exam.id)).one()


def places(session: Session, study: StandardStudy) -> list[int]:
    return [one.position for one in session.scalars(queries.rated_questions(study.form_id))]


def rated(session: Session, make: Make, study: StandardStudy, judge: Account, share: float) -> None:
    """One judge rates every question alike, and hands the round in."""
    for position in places(session, study):
        standards.rate(session, study, judge=judge.id, position=position, share=share, now=make.now)
    standards.hand_in(session, study, judge=judge.id, now=make.now)


def round_of(
    session: Session, make: Make, study: StandardStudy, judges: list[Account], *shares: float
) -> None:
    for judge, share in zip(judges, shares, strict=True):
        rated(session, make, study, judge, share)
    session.commit()
    measuring_jobs.standard_round(study.id)
    session.refresh(study)


def adopted(session: Session, make: Make, study: StandardStudy) -> FormCut:
    by = make.account(Role.MANAGER).id
    found = standards.adopt(session, study, by=by, reason="The panel agrees.", now=make.now)
    session.flush()
    return found


def test_the_cut_is_the_mean_of_what_judges_expect_with_its_error(
    session: Session, make: Make, study: StandardStudy, judges: list[Account]
) -> None:
    round_of(session, make, study, judges, 0.6, 0.7, 0.8)
    assert study.state is StudyState.SHOWN
    result = study.result or {}
    assert result["cut"] == pytest.approx(0.7)
    assert result["standard_error"] == pytest.approx(0.1 / 3**0.5)
    assert result["cuts"] == pytest.approx([0.6, 0.7, 0.8])
    assert result["questions"]["1"] == pytest.approx({"mean": 0.7, "low": 0.6, "high": 0.8})


def test_a_round_is_summed_up_only_when_everybody_has_handed_in(
    session: Session, make: Make, study: StandardStudy, judges: list[Account]
) -> None:
    for judge in judges[:2]:
        rated(session, make, study, judge, 0.5)
    session.commit()
    measuring_jobs.standard_round(study.id)
    session.refresh(study)
    assert (study.state, study.result) == (StudyState.RATING, None)


def test_a_second_round_replaces_the_result_and_keeps_the_first_ratings(
    session: Session, make: Make, study: StandardStudy, judges: list[Account]
) -> None:
    round_of(session, make, study, judges, 0.4, 0.7, 0.9)
    standards.again(session, study, by=study.opened_by_id, now=make.now)
    round_of(session, make, study, judges, 0.6, 0.6, 0.6)
    assert (study.round, (study.result or {})["cut"]) == (2, pytest.approx(0.6))
    first = session.scalars(queries.ratings(study, 1)).all()
    assert {one.share for one in first} == {0.4, 0.7, 0.9}


def test_what_was_handed_in_stays_as_it_is(
    session: Session, make: Make, study: StandardStudy, judges: list[Account]
) -> None:
    rated(session, make, study, judges[0], 0.5)
    with pytest.raises(Conflict, match="handed this round in"):
        standards.rate(session, study, judge=judges[0].id, position=1, share=0.9, now=make.now)
    session.flush()
    with pytest.raises(DBAPIError, match="handed in is never changed"):
        session.execute(sa.update(StandardRating).values(share=0.9))


def test_a_round_with_a_question_left_out_is_not_handed_in(
    session: Session, make: Make, study: StandardStudy, judges: list[Account]
) -> None:
    standards.rate(session, study, judge=judges[0].id, position=1, share=0.5, now=make.now)
    with pytest.raises(Conflict, match="Rate every question"):
        standards.hand_in(session, study, judge=judges[0].id, now=make.now)


def test_adopted_it_holds_for_attempts_that_begin_from_now_on_only(
    session: Session, make: Make, exam: Exam, study: StandardStudy, judges: list[Account]
) -> None:
    before = make.graded(make.attempt(exam=exam), right=3)
    running = make.attempt(exam=exam)
    round_of(session, make, study, judges, 0.75, 0.85, 0.8)
    cut = adopted(session, make, study)
    after = make.attempt(exam=exam)
    assert cut.cut == pytest.approx(0.8)
    assert (before.cut, running.cut) == (0.6, 0.6)
    assert after.cut == pytest.approx(0.8)
    assert before.state == "passed"
    assert make.graded(running, right=3).state == "passed"
    assert make.graded(after, right=3).state == "below"


def test_who_called_the_panel_together_does_not_set_the_mark(
    session: Session, make: Make, study: StandardStudy, judges: list[Account]
) -> None:
    round_of(session, make, study, judges, 0.5, 0.5, 0.6)
    with pytest.raises(Forbidden, match="second person"):
        standards.adopt(session, study, by=study.opened_by_id, reason="Mine.", now=make.now)
    cut = adopted(session, make, study)
    values = {column.name: getattr(cut, column.name) for column in FormCut.__table__.columns} | {
        "number": 2,
        "adopted_by_id": cut.opened_by_id,
    }
    with pytest.raises(DBAPIError, match="two_people"):
        session.execute(sa.insert(FormCut).values(values))


def test_a_cut_that_was_set_is_never_changed(
    session: Session, make: Make, study: StandardStudy, judges: list[Account]
) -> None:
    round_of(session, make, study, judges, 0.5, 0.5, 0.6)
    adopted(session, make, study)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(sa.update(FormCut).values(cut=0.9))


def test_another_panel_may_set_another_mark_later(
    session: Session, make: Make, exam: Exam, study: StandardStudy, judges: list[Account]
) -> None:
    with pytest.raises(Conflict, match="at work on this form already"):
        called(session, make, exam, judges)
    round_of(session, make, study, judges, 0.5, 0.5, 0.6)
    adopted(session, make, study)
    later = called(session, make, exam, judges)
    round_of(session, make, later, judges, 0.4, 0.4, 0.4)
    assert adopted(session, make, later).number == 2
    assert standards.cut_of(session, exam, later.form_id) == pytest.approx(0.4)


def test_a_panel_that_is_dropped_changes_nothing(
    session: Session, make: Make, exam: Exam, study: StandardStudy
) -> None:
    standards.drop(session, study, by=study.opened_by_id, now=make.now)
    assert study.state is StudyState.DROPPED
    assert standards.cut_of(session, exam, study.form_id) == exam.cut


def test_whoever_has_sat_the_exam_does_not_judge_it(
    session: Session, make: Make, exam: Exam, judges: list[Account]
) -> None:
    make.accept_everything(make.applicant())
    make.accept_everything(judges[0])
    make.attempt(account=judges[0], exam=exam)
    with pytest.raises(Invalid, match="has not sat it"):
        called(session, make, exam, judges)
    assert judges[0].id not in {one.id for one in session.scalars(queries.possible_judges(exam))}


@pytest.mark.parametrize(
    ("borderline", "count", "says"),
    [("", 3, "Describe who just passes"), ("Somebody.", 1, "at least two judges")],
)
def test_a_panel_needs_two_judges_and_a_person_to_think_of(
    session: Session,
    make: Make,
    exam: Exam,
    judges: list[Account],
    borderline: str,
    count: int,
    says: str,
) -> None:
    with pytest.raises(Invalid, match=says):
        standards.open_study(
            session,
            exam,
            form_of(session, exam),
            borderline=borderline,
            judges=[judge.id for judge in judges[:count]],
            by=make.account(Role.MANAGER).id,
            now=make.now,
        )


def test_how_surely_it_decides_is_told_once_enough_have_sat(
    session: Session, make: Make, exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    for right in (1, 2, 2, 3, 4, 5):
        make.graded(make.attempt(exam=exam), right=right)
    session.commit()
    measuring_jobs.cut_quality(0)
    assert session.scalar(sa.select(CutQuality)) is None
    monkeypatch.setattr(measuring_jobs, "FEWEST_ATTEMPTS", 5)
    measuring_jobs.cut_quality(0)
    measuring_jobs.cut_quality(0)
    found = session.scalars(sa.select(CutQuality)).one()
    assert (found.cut, found.form_id) == (exam.cut, form_of(session, exam).id)
    assert 5 <= found.attempts <= 6
    assert 0.5 < found.accuracy < 1
    assert found.accuracy + found.false_pass + found.false_fail == pytest.approx(1)


def test_a_panel_walks_through_its_pages(
    session: Session, make: Make, exam: Exam, sign_in: SignIn
) -> None:
    manager, second = make.account(Role.MANAGER), make.account(Role.MANAGER)
    judges = [make.account(Role.REVIEWER) for _ in range(2)]
    address = f"/exams/manage/{exam.slug}/pass-mark"
    chosen = {"borderline": "Everyday cases.", "judges": [str(one.id) for one in judges]}
    opened = sign_in(manager).post(address, data=chosen)
    assert opened.status_code == 303, opened.text
    study = session.scalars(sa.select(StandardStudy)).one()
    mine = f"/exams/pass-mark/{study.public_id}/mine"
    for judge, rating in zip(judges, ("60", "80"), strict=True):
        client = sign_in(judge)
        assert "Your ratings are asked for" in client.get("/exams").text
        wrong = client.post(f"{mine}/1", data={"of_hundred": "101"})
        assert wrong.status_code == 422
        assert "Write a number from 0 to 100" in wrong.text
        for position in places(session, study):
            assert client.get(f"{mine}/{position}").status_code == 200
            client.post(f"{mine}/{position}", data={"of_hundred": rating})
        assert "Hand the round in" in client.get(mine).text
        assert client.post(mine).status_code == 303
    measuring_jobs.standard_round(study.id)
    page = f"/exams/pass-mark/{study.public_id}"
    assert "70.0 %" in sign_in(manager).get(page).text
    assert "second manager sets the mark" in sign_in(manager).get(page).text
    done = sign_in(second).post(f"{page}/adopt", data={"reason": "They agree."})
    assert done.status_code == 303
    told = sign_in(manager).get(address).text
    assert "70.0 %" in told
    assert "They agree." in told
    assert "once 50 people have sat this form" in told


def test_a_judges_pages_hold_no_key_and_nobody_elses_ratings(
    session: Session, make: Make, study: StandardStudy, judges: list[Account], sign_in: SignIn
) -> None:
    rated(session, make, study, judges[0], 0.37)
    session.commit()
    client = sign_in(judges[1])
    address = f"/exams/pass-mark/{study.public_id}/mine"
    pages = [client.get(address), client.get(f"/exams/pass-mark/{study.public_id}")]
    pages += [client.get(f"{address}/{position}") for position in places(session, study)]
    said = "".join(page.text for page in pages)
    rationales = session.scalars(sa.select(QuestionKey.rationale)).all()
    assert rationales
    assert not [one for one in rationales if one in said]
    assert ">37<" not in said


def test_a_panel_is_found_through_the_judge_and_another_organisation_sees_nothing(
    study: StandardStudy, make: Make, sign_in: SignIn
) -> None:
    outsider = make.account(Role.REVIEWER)
    address = f"/exams/pass-mark/{study.public_id}/mine"
    assert sign_in(outsider).get(address).status_code == 404
    assert sign_in(outsider).post(address).status_code == 404
    assert sign_in(outsider).post(f"{address}/1", data={"of_hundred": "5"}).status_code == 404


def test_the_exams_page_says_why_it_does_not_adapt(make: Make, exam: Exam, sign_in: SignIn) -> None:
    page = sign_in(make.account(Role.MANAGER)).get(f"/exams/manage/{exam.slug}").text
    assert "0 of the 300 calibrated questions" in page
