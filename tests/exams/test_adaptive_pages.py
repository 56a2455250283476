"""The manager's pages of adaptive designs: why not yet, what one would do, and a second person's act."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import AdaptiveDesign, DesignState, Exam
from exams.queries import adaptive as queries
from exams.service import designing, designs
from portal.access import Role
from portal.accounts.models import Account
from tests.exams.adaptive_make import (
    QUICK,
    calibrated_exam,
    design_asked,
    design_in_use,
    design_shown,
)
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
FILLED = {
    "shortest": "6",
    "longest": "14",
    "standard_error": "0.4",
    "decide": "glr",
    "ceiling": "30",
    "criterion": "randomesque",
    "area_policy_least": "2",
    "area_measurement_most": "9",
}


@pytest.fixture
def manager(make: Make, sign_in: SignIn) -> FlaskClient:
    return sign_in(make.account(Role.MANAGER))


def page_of(exam: Exam) -> str:
    return f"/exams/manage/{exam.slug}/adaptive"


def newest(session: Session, exam: Exam) -> AdaptiveDesign:
    return session.scalars(queries.designs_of(exam.id)).first() or pytest.fail("no design")


def stands(session: Session, design: AdaptiveDesign) -> DesignState:
    """Its state as the database has it now."""
    session.refresh(design)
    return design.state


def test_the_page_says_why_it_is_not_offered(make: Make, manager: FlaskClient) -> None:
    exam = calibrated_exam(make, 12)
    page = manager.get(page_of(exam)).text
    assert "12 of the 300 calibrated questions" in page
    assert "Work it out" not in page
    refused = manager.post(page_of(exam), data=FILLED)
    assert refused.status_code == 409


def test_the_exams_page_leads_there(make: Make, manager: FlaskClient) -> None:
    exam = make.exam()
    page = manager.get(f"/exams/manage/{exam.slug}").text
    assert "0 of the 300" in page
    assert page_of(exam) in page


def test_what_is_filled_in_becomes_the_rules(
    session: Session, make: Make, manager: FlaskClient
) -> None:
    exam = calibrated_exam(make)
    asked = manager.post(page_of(exam), data=FILLED)
    design = newest(session, exam)
    assert asked.headers["Location"].endswith(str(design.public_id))
    assert design.rules["areas"] == [
        {"area": "policy", "least": 2, "most": None},
        {"area": "measurement", "least": 0, "most": 9},
    ]
    assert (design.rules["ceiling"], design.rules["decide"]) == (0.3, "glr")
    assert design.rules["criterion"] == "randomesque"
    assert "being worked out" in manager.get(asked.headers["Location"]).text


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"longest": "5"}, "cannot be shorter"),
        ({"standard_error": "", "decide": "never"}, "Nothing would end a test"),
        ({"standard_error": "7"}, "from 0.1 to 1"),
        ({"ceiling": "many"}, "Write a number"),
    ],
)
def test_mistakes_are_said_beside_their_field_and_nothing_is_asked(
    session: Session, make: Make, manager: FlaskClient, changed: dict[str, str], told: str
) -> None:
    exam = calibrated_exam(make)
    answer = manager.post(page_of(exam), data=FILLED | changed)
    assert answer.status_code == 422
    assert told in answer.text
    assert session.scalar(queries.designs_of(exam.id)) is None


def test_the_simulation_is_shown_before_anybody_approves(make: Make, manager: FlaskClient) -> None:
    exam = calibrated_exam(make)
    design = design_shown(make, exam)
    page = manager.get(f"{page_of(exam)}/{design.public_id}").text
    for words in (
        "Questions, on average",
        "Right decisions",
        "Most often asked",
        "How long the tests are",
        "Take it into use",
    ):
        assert words in page
    assert f"{exam.allowed_minutes} allowed" in page


def test_who_asked_sees_no_button_and_a_second_person_takes_it_into_use(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    exam = calibrated_exam(make)
    design = design_shown(make, exam)
    address = f"{page_of(exam)}/{design.public_id}"
    asker = sign_in(session.get_one(Account, design.asked_by_id))
    assert "Take it into use" not in asker.get(address).text
    assert asker.post(f"{address}/approve").status_code == 403
    second = sign_in(make.account(Role.MANAGER))
    assert second.post(f"{address}/approve").status_code == 303
    assert stands(session, design) is DesignState.IN_USE
    assert "Go back to fixed forms" in second.get(address).text
    assert second.post(f"{address}/retire").status_code == 303
    assert stands(session, design) is DesignState.RETIRED
    assert second.post(f"{address}/approve").status_code == 409


def test_a_reviewer_may_be_the_second_person_and_asks_for_none(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    exam = calibrated_exam(make)
    design = design_shown(make, exam)
    address = f"{page_of(exam)}/{design.public_id}"
    reviewer = sign_in(make.account(Role.REVIEWER))
    assert "Leave it unused" not in reviewer.get(address).text
    assert "Work it out" not in reviewer.get(page_of(exam)).text
    assert "waits for a second person" in reviewer.get("/exams").text
    assert reviewer.post(f"{address}/drop").status_code == 403
    assert reviewer.post(f"{address}/approve").status_code == 303
    session.refresh(design)
    assert design.state is DesignState.IN_USE
    assert "Adapts to its taker" in reviewer.get("/exams").text


def test_a_design_can_be_left_unused(session: Session, make: Make, manager: FlaskClient) -> None:
    exam = calibrated_exam(make)
    design = design_shown(make, exam)
    manager.post(f"{page_of(exam)}/{design.public_id}/drop")
    session.refresh(design)
    assert design.state is DesignState.DROPPED
    assert "not used" in manager.get(page_of(exam)).text


def test_rules_that_collide_are_told_in_words(
    session: Session, make: Make, manager: FlaskClient
) -> None:
    exam = calibrated_exam(make)
    design = design_asked(make, exam, areas=[{"area": "policy", "least": 13}])
    designing.work_out(session, design, now=make.now, effort=QUICK)
    session.flush()
    page = manager.get(f"{page_of(exam)}/{design.public_id}").text
    assert "the areas need 13 questions, the longest test has 12" in page


def test_the_list_names_each_design_with_its_state(make: Make, manager: FlaskClient) -> None:
    exam = calibrated_exam(make)
    design_in_use(make, exam)
    design_in_use(make, exam)
    page = manager.get(page_of(exam)).text
    assert "Design 1" in page
    assert "Design 2" in page
    assert "no longer used" in page


def test_another_organisations_exam_is_not_found(make: Make, sign_in: SignIn) -> None:
    theirs = make.organisation()
    exam = calibrated_exam(make)
    exam.organisation_id = make.organisation().id
    design = design_shown(make, exam)
    person = make.account()
    make.grant(person, Role.MANAGER, organisation=theirs)
    stranger = sign_in(person)
    assert stranger.get(page_of(exam)).status_code == 404
    assert stranger.get(f"{page_of(exam)}/{design.public_id}").status_code == 404
    assert stranger.post(f"{page_of(exam)}/{design.public_id}/approve").status_code == 404


def test_a_design_of_another_exam_is_not_found(make: Make, manager: FlaskClient) -> None:
    one, other = calibrated_exam(make), make.exam()
    design = design_shown(make, one)
    assert manager.get(f"{page_of(other)}/{design.public_id}").status_code == 404


def test_attempts_of_a_fixed_form_know_nothing_of_it(make: Make, manager: FlaskClient) -> None:
    exam = make.exam()
    attempt = make.attempt(exam=exam)
    assert attempt.design_id is None
    assert designs.parse(exam, {"shortest": 5, "longest": 5}).areas == []


def test_forms_drawn_for_one_attempt_are_not_among_the_forms(
    session: Session, make: Make, manager: FlaskClient
) -> None:
    exam = calibrated_exam(make)
    before = manager.get(f"/exams/manage/{exam.slug}/forms").text.count("<tr>")
    design_in_use(make, exam)
    make.attempt(exam=exam)
    session.flush()
    assert manager.get(f"/exams/manage/{exam.slug}/forms").text.count("<tr>") == before
    assert manager.get(f"/exams/manage/{exam.slug}").status_code == 200
