"""Forms after a blueprint: asked for, assembled by the worker, looked at, made."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from exams.models import (
    AssemblyState,
    Exam,
    Form,
    FormAssembly,
    FormCalibration,
    ItemCalibration,
    Question,
    QuestionVersion,
)
from exams.queries import attempts as attempt_queries
from exams.queries import bank as queries
from exams.service import approval, assembling, blueprints
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Invalid
from tests.exams.make import SINGLE
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def _exam(make: Make, count: int = 12, **extra: object) -> Exam:
    questions = [
        SINGLE
        | {
            "slug": f"q{number}",
            "area": ("policy", "measurement")[number % 2],
            "difficulty": (number % 5) / 2 - 1,
            "minutes": 2,
        }
        | (extra if number < 2 else {})
        for number in range(count)
    ]
    stimuli = [{"slug": "thread", "title": "Thread", "text": "Text."}]
    return make.exam_of(*questions, stimuli=stimuli)


def _blueprint(**changes: object) -> dict[str, Any]:
    return {
        "forms": 2,
        "length": {"least": 4, "most": 5},
        "minutes": {"most": 10},
        "rules": [{"name": "Policy", "where": {"area": "policy"}, "least": 2, "most": 3}],
        "tolerance": 0.05,
    } | changes


def _answered(session: Session, exam: Exam, now: datetime, **changes: object) -> FormAssembly:
    asked = blueprints.ask(session, exam, _blueprint(**changes), by=None, now=now)
    assembling.answer(session, asked, now=now)
    return asked


def test_forms_are_found_and_kept_for_a_person_to_look_at(
    session: Session, make: Make, now: datetime
) -> None:
    asked = _answered(session, _exam(make), now)
    assert asked.state is AssemblyState.FOUND
    assert asked.result
    assert [4 <= len(form) <= 5 for form in asked.result["forms"]] == [True, True]
    assert not set(asked.result["forms"][0]) & set(asked.result["forms"][1])
    least, most = min(asked.result["information"]), max(asked.result["information"])
    assert most <= 1.05 * least + 1e-6


def test_answering_twice_changes_nothing(session: Session, make: Make, now: datetime) -> None:
    asked = _answered(session, _exam(make), now)
    before = asked.result
    assembling.answer(session, asked, now=now)
    assert asked.result == before


def test_a_person_makes_the_forms_and_they_are_given(
    session: Session, make: Make, now: datetime
) -> None:
    exam = _exam(make)
    asked = _answered(session, exam, now)
    made = blueprints.make_forms(session, asked, by=make.account().id, now=now)
    assert [form.number for form in made] == [2, 3]
    assert {form.id for form in made} <= set(session.scalars(queries.offered(exam.id)))
    held = list(session.scalars(attempt_queries.questions(made[0].id)))
    assert [one.id for one in held] == (asked.result or {})["forms"][0]
    with pytest.raises(Conflict):
        blueprints.make_forms(session, asked, by=make.account().id, now=now)


def test_a_question_retired_meanwhile_stops_it(session: Session, make: Make, now: datetime) -> None:
    exam = _exam(make)
    asked = _answered(session, exam, now)
    _, approver = make.bank_people()
    for _q, version, standing in session.execute(queries.newest_of_exam(exam.id)).all():
        if version.id in (asked.result or {})["forms"][0]:
            approval.retire(session, standing, by=approver, words="It leaked.", now=now)
            break
    with pytest.raises(Conflict, match="retired meanwhile"):
        blueprints.make_forms(session, asked, by=approver, now=now)


def test_what_collides_is_kept_by_name(session: Session, make: Make, now: datetime) -> None:
    rules = [{"name": "Hard ones", "where": {"difficulty": "hard"}, "least": 4}]
    asked = _answered(session, _exam(make), now, rules=rules)
    assert asked.state is AssemblyState.COLLIDING
    assert "Hard ones" in (asked.result or {})["colliding"]


def test_enemies_stand_on_different_forms(session: Session, make: Make, now: datetime) -> None:
    exam = _exam(make, 8)
    every = session.scalars(
        sa.select(Question).where(Question.exam_id == exam.id).order_by(Question.id)
    ).all()
    for other in every[1:4]:
        approval.name_enemies(session, every[0], other, reason="Same.", by=None, now=now)
    asked = _answered(session, exam, now, length={"least": 4, "most": 4}, tolerance=0.5, rules=[])
    assert asked.result
    names = [set(form) for form in asked.result["names"]]
    with_first = next(form for form in names if "q0" in form)
    assert not with_first & {"q1", "q2", "q3"}


def test_questions_about_one_text_come_together(
    session: Session, make: Make, now: datetime
) -> None:
    exam = _exam(make, stimulus="thread")
    asked = _answered(session, exam, now, rules=[])
    for form in (asked.result or {})["names"]:
        assert len({"q0", "q1"} & set(form)) in {0, 2}
        if "q0" in form:
            assert abs(form.index("q0") - form.index("q1")) == 1


def test_what_is_on_trial_is_not_chosen(session: Session, make: Make, now: datetime) -> None:
    exam = _exam(make, pilot=True)
    pool = assembling.pool_of(session, exam, blueprints.parse(exam, _blueprint()))
    assert {"q0", "q1"}.isdisjoint({one.name for one in pool.questions})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rules": [{"name": "x", "where": {"area": "nowhere"}}]}, "there is no area 'nowhere'"),
        ({"rules": [{"name": "x", "where": {"colour": "red"}}]}, "there is no colour 'red'"),
        ({"forms": 0}, "forms: Input should be greater"),
        ({"length": {"least": 3}}, "greatest length"),
        ({"more": 1}, "more: Extra inputs"),
    ],
)
def test_a_blueprint_with_a_mistake_is_refused_by_its_path(
    session: Session, make: Make, now: datetime, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        blueprints.ask(session, _exam(make, 4), _blueprint(**change), by=None, now=now)


@pytest.mark.parametrize(("cut", "at"), [(0.5, 0.0), (0.7310585786300049, 1.0)])
def test_the_ability_at_the_cut_is_where_the_cut_is_expected(cut: float, at: float) -> None:
    assert assembling.ability_at(cut, [(1.0, 0.0), (1.0, 0.0)]) == pytest.approx(at, abs=1e-9)


def test_information_is_greatest_where_the_difficulty_is() -> None:
    found = [assembling.information_at(at, 2.0, 0.5) for at in (-0.5, 0.5, 1.5)]
    assert found[1] == 1.0  # a² / 4
    assert found[0] == pytest.approx(found[2])
    assert found[0] < found[1]


def test_what_was_measured_counts_before_what_an_author_guessed(
    session: Session, make: Make, now: datetime
) -> None:
    exam = _exam(make)
    document = blueprints.parse(exam, _blueprint(at=0.0))
    before = assembling.pool_of(session, exam, document)
    form = session.scalars(sa.select(Form).where(Form.exam_id == exam.id)).one()
    calibration = FormCalibration(
        form_id=form.id,
        inputs_sha256=b"1" * 32,
        attempts=300,
        model="2pl",
        converged=True,
        log_likelihood=-1.0,
        alpha=None,
        alpha_se=None,
        reliability=0.8,
        curve=[],
        notes=[],
        computed_at=now,
    )
    session.add(calibration)
    session.flush()
    for position, answers in ((1, 300), (2, 50)):
        session.add(
            ItemCalibration(
                calibration_id=calibration.id,
                position=position,
                question_version_id=before.versions[position - 1].id,
                answers=answers,
                share=0.5,
                share_se=0.1,
                discrimination=0.4,
                discrimination_se=0.1,
                slope=2.0,
                slope_se=0.1,
                intercepts=[-1.0],
                levels=[0, 1],
                fit_p=None,
                median_seconds=None,
                left_out=None,
            )
        )
    session.flush()
    after = assembling.pool_of(session, exam, document)
    assert after.calibrated == 1
    assert after.questions[0].information == assembling.information_at(0.0, 2.0, 0.5)
    assert after.questions[1] == before.questions[1]


def test_a_manager_asks_looks_and_makes(session: Session, sign_in: SignIn, make: Make) -> None:
    exam = _exam(make)
    browser = sign_in(make.account(Role.MANAGER))
    address = f"/exams/manage/{exam.slug}/forms"
    assert "may be given" in browser.get(address).text
    sent = {
        "forms": "2",
        "length_least": "4",
        "length_most": "5",
        "area_policy_least": "2",
        "more": "area=policy difficulty=easy 0-2",
    }
    told = browser.post(f"{address}/new", data=sent)
    assert told.status_code == 303
    found = told.headers["Location"]
    assert "being assembled" in browser.get(found).text
    asked = session.scalars(sa.select(FormAssembly).where(FormAssembly.exam_id == exam.id)).one()
    assembling.answer(session, asked, now=make.now)
    session.flush()
    assert "Take these forms into use" in browser.get(found).text
    assert browser.post(found).status_code == 303
    count = sa.select(sa.func.count()).select_from(Form).where(Form.exam_id == exam.id)
    assert session.scalar(count) == 3


def test_a_line_that_is_no_rule_is_asked_again(sign_in: SignIn, make: Make) -> None:
    exam = _exam(make, 4)
    browser = sign_in(make.account(Role.MANAGER))
    sent = {"forms": "2", "length_least": "4", "length_most": "5", "more": "policy 3"}
    told = browser.post(f"/exams/manage/{exam.slug}/forms/new", data=sent)
    assert told.status_code == 422
    assert "is not understood" in told.text
    missing = browser.post(f"/exams/manage/{exam.slug}/forms/new", data={"forms": ""})
    assert missing.status_code == 422


def test_the_pages_say_what_collides(session: Session, sign_in: SignIn, make: Make) -> None:
    exam = _exam(make)
    asked = _answered(session, exam, make.now, length={"least": 9, "most": 9}, minutes={"most": 5})
    session.flush()
    browser = sign_in(make.account(Role.MANAGER))
    page = browser.get(f"/exams/manage/{exam.slug}/forms/{asked.public_id}").text
    assert "the minutes" in page
    assert "the number of questions" in page
    held = sa.select(sa.func.count()).select_from(QuestionVersion)
    assert session.scalar(held)
