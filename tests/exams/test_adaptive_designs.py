"""Adaptive designs: offered from three hundred calibrated questions on, frozen, taken into use by two people."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import (
    AdaptiveDesign,
    DesignQuestion,
    DesignState,
    ItemCalibration,
    QuestionEnemy,
    QuestionState,
    QuestionVersion,
    Standing,
)
from exams.queries import adaptive as queries
from exams.service import adaptive, designing, designs
from exams.service.design_rules import RulesDocument
from portal.access import Role
from portal.errors import Conflict, Forbidden, Invalid
from tests.exams.adaptive_make import (
    QUICK,
    RULES,
    calibrated_exam,
    design_asked,
    design_in_use,
    design_shown,
)
from tests.make import Make


def test_a_design_is_refused_below_three_hundred_calibrated_questions(make: Make) -> None:
    exam = calibrated_exam(make, queries.ENOUGH_QUESTIONS - 1)
    with pytest.raises(Conflict, match="299 of the 300 calibrated questions"):
        design_asked(make, exam)


def test_only_questions_that_can_be_asked_are_counted(session: Session, make: Make) -> None:
    exam = calibrated_exam(make, 10)
    ids = list(
        session.scalars(
            sa.select(ItemCalibration.question_version_id).order_by(
                ItemCalibration.question_version_id
            )
        )
    )
    assert session.scalar(queries.calibrated(exam.id)) == 10
    session.execute(
        sa.update(Standing)
        .where(Standing.question_version_id == ids[0])
        .values(state=QuestionState.RETIRED)
    )
    session.execute(
        sa.update(Standing)
        .where(Standing.question_version_id == ids[1])
        .values(state=QuestionState.PILOT)
    )
    assert session.scalar(queries.calibrated(exam.id)) == 8
    assert session.scalar(queries.calibrated(make.exam().id)) == 0


def test_the_worker_freezes_the_bank_and_says_what_the_design_would_do(
    session: Session, make: Make
) -> None:
    exam = calibrated_exam(make)
    design = design_shown(make, exam)
    bank = queries.bank_of(session, design.id)
    measured = design.measured or {}
    assert design.state is DesignState.SHOWN
    assert len(bank) == measured["questions"] == 300
    assert {len(one.question.levels) for one in bank} == {2, 3}
    assert sum(measured["ends"].values()) == measured["people"] == QUICK.people
    assert RULES["shortest"] <= measured["length"]["mean"] <= RULES["longest"]
    assert 0.5 < measured["accuracy"]["all"] <= 1
    assert len(measured["exposure"]["shares"]) == 300
    assert design.cut == pytest.approx(exam.cut)


def test_the_pass_mark_is_where_just_its_share_of_the_points_is_expected(
    session: Session, make: Make
) -> None:
    design = design_shown(make, calibrated_exam(make))
    frozen = adaptive.frozen(session, design)
    assert design.level is not None
    assert frozen.share(design.level) == pytest.approx(0.6, abs=1e-9)


def test_working_it_out_twice_changes_nothing(session: Session, make: Make) -> None:
    design = design_shown(make, calibrated_exam(make))
    digest = design.digest
    designing.work_out(session, design, now=make.now, effort=QUICK)
    assert design.digest == digest


def test_the_same_calibrations_and_rules_give_the_same_design(session: Session, make: Make) -> None:
    design = design_asked(make, calibrated_exam(make))
    found = []
    for _ in range(2):
        with session.begin_nested() as attempt:
            designing.work_out(session, design, now=make.now, effort=QUICK)
            session.flush()
            found.append((design.measured, design.digest))
            attempt.rollback()
        session.expire_all()
    assert found[0] == found[1]
    assert found[0][1] is not None


def test_rules_that_collide_are_named(make: Make) -> None:
    exam = calibrated_exam(make)
    areas = [{"area": "policy", "least": 8}, {"area": "measurement", "least": 8}]
    design = design_shown(make, exam, areas=areas)
    assert design.state is DesignState.COLLIDING
    assert (design.measured or {})["reasons"] == [
        "the areas need 16 questions, the longest test has 12"
    ]


def test_an_area_that_has_too_few_questions_is_named_by_its_title(make: Make) -> None:
    exam = calibrated_exam(make)
    areas = [{"area": "policy", "most": 3}, {"area": "measurement", "most": 4}]
    design = design_shown(make, exam, areas=areas)
    assert (design.measured or {})["reasons"] == [
        "the areas allow 7 questions, the longest test has 12"
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"areas": [{"area": "chess"}]}, "there is no area 'chess'"),
        ({"standard_error": None, "decide": None}, "nothing ends a test"),
        ({"longest": 4}, "longest"),
        ({"shortest": 10, "longest": 8}, "the longest test is shorter"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_rules_that_make_no_sense_are_refused_whole(
    make: Make, changed: dict[str, object], told: str
) -> None:
    exam = make.exam()
    with pytest.raises(Invalid, match=told):
        designs.parse(exam, RULES | changed)


def test_two_people_take_a_design_into_use(session: Session, make: Make) -> None:
    design = design_shown(make, calibrated_exam(make))
    with pytest.raises(Forbidden, match="second person"):
        designs.approve(session, design, by=design.asked_by_id, now=make.now)
    designs.approve(session, design, by=make.account(Role.MANAGER).id, now=make.now)
    assert design.state is DesignState.IN_USE


def test_who_has_sat_the_exam_does_not_approve(session: Session, make: Make) -> None:
    exam = calibrated_exam(make)
    design = design_shown(make, exam)
    sat = make.applicant()
    make.attempt(sat, exam)
    with pytest.raises(Forbidden, match="sat this exam"):
        designs.approve(session, design, by=sat.id, now=make.now)


def test_a_new_design_retires_the_one_before(session: Session, make: Make) -> None:
    exam = calibrated_exam(make)
    before = design_in_use(make, exam)
    after = design_in_use(make, exam, longest=10)
    assert (before.state, after.state) == (DesignState.RETIRED, DesignState.IN_USE)
    assert session.scalar(queries.in_use(exam.id)) is after


def test_one_design_at_a_time_is_worked_out(make: Make) -> None:
    exam = calibrated_exam(make)
    design_asked(make, exam)
    with pytest.raises(Conflict, match="worked out already"):
        design_asked(make, exam)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE adaptive_design SET rules = '{}'",
        "UPDATE adaptive_design SET cut = 0.1",
        "UPDATE design_question SET admission = 0.5",
        "DELETE FROM design_question",
    ],
)
def test_the_database_keeps_a_design_as_it_was(session: Session, make: Make, change: str) -> None:
    design_shown(make, calibrated_exam(make))
    session.flush()
    with pytest.raises(sa.exc.DBAPIError, match=r"never changed|append-only"):
        session.execute(sa.text(change))


def test_questions_about_one_text_or_hostile_to_each_other_are_asked_once_a_test(
    session: Session, make: Make
) -> None:
    exam = calibrated_exam(make)
    ids = list(
        session.scalars(
            sa.select(QuestionVersion.question_id)
            .join(ItemCalibration, ItemCalibration.question_version_id == QuestionVersion.id)
            .where(QuestionVersion.area == "policy")
            .order_by(QuestionVersion.question_id)
            .limit(3)
        )
    )
    for one, other in ((ids[0], ids[1]), (ids[1], ids[2])):
        session.add(
            QuestionEnemy(question_id=one, enemy_id=other, reason="alike", by_id=None, at=make.now)
        )
    session.flush()
    design = design_shown(make, exam)
    groups = {one.question_id: one.question.enemies for one in queries.bank_of(session, design.id)}
    assert {groups[one] for one in ids} == {0}
    assert sum(group is not None for group in groups.values()) == 3


def test_the_rules_are_read_again_as_they_were_written() -> None:
    rules = RulesDocument.model_validate(RULES)
    assert RulesDocument.model_validate(rules.model_dump()) == rules


def test_a_design_holds_each_question_once(session: Session, make: Make) -> None:
    design = design_shown(make, calibrated_exam(make))
    rows = sa.select(sa.func.count(sa.distinct(DesignQuestion.question_version_id)))
    assert session.scalar(rows.where(DesignQuestion.design_id == design.id)) == 300
    assert session.get_one(AdaptiveDesign, design.id).number == 1
