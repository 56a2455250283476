"""The fairness table: made once of people whose ways are over, shown to managers, and no group follows from it."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exams import fairness_jobs
from exams.models import (
    Application,
    Exam,
    FairnessStudy,
    Opening,
    Question,
    QuestionVersion,
    SelfIdentification,
)
from exams.psychometrics.fairness import Applicant, without_loss
from exams.service import self_identification
from exams.service.self_identification import ATTRIBUTES, NOT_SAID
from portal.access import Role
from portal.accounts.models import Account
from portal.ids import random_id, uuid7
from tests.conftest import Database
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
LEAST = 10


@pytest.fixture
def opening(make: Make) -> Opening:
    return make.opening()


def applied(
    session: Session,
    make: Make,
    opening: Opening,
    count: int,
    *,
    met: bool,
    days_ago: int = 60,
    **said: str,
) -> list[Account]:
    """So many people applied; the screening was met or not, and they said that of themselves."""
    begun = make.now - timedelta(days=days_ago)
    people = [
        Account(
            public_id=uuid7(begun),
            email=f"{random_id()}@example.org",
            display_name="Somebody",
            created_at=begun,
            time_zone="UTC",
            country="KE",
        )
        for _ in range(count)
    ]
    session.add_all(people)
    session.flush()
    for person in people:
        application = Application(
            public_id=random_id(),
            opening_id=opening.id,
            account_id=person.id,
            country="KE",
            requirements=[],
            started_at=begun,
        )
        if met:
            application.screen(answers={}, unmet=[], explanation=None, now=begun)
            application.go_on()
        session.add(application)
        if said:
            self_identification.say(session, person.id, said, now=begun)
    session.flush()
    return people


@pytest.fixture
def crowd(session: Session, make: Make, opening: Opening) -> Opening:
    """Sixty who said that they are women, forty men, eight of another gender, and some who said nothing."""
    for met, women, men, others, silent in ((True, 48, 18, 4, 14), (False, 12, 22, 4, 11)):
        applied(session, make, opening, women, met=met, gender="woman")
        applied(session, make, opening, men, met=met, gender="man")
        applied(session, make, opening, others, met=met, gender="another")
        applied(session, make, opening, silent, met=met)
    session.commit()
    return opening


def test_a_table_is_made_once_and_names_what_is_worth_a_look(
    session: Session, crowd: Opening
) -> None:
    for _ in range(2):
        fairness_jobs.study_fairness(0)
    study = session.scalars(sa.select(FairnessStudy)).one()
    assert (study.number, study.people) == (1, 133)
    gender = _table(study, "screened", ["gender"])
    told = {row["values"][0]: (row["reached"], row["passed"]) for row in gender["rows"]}
    assert told["woman"] == (60, 48)
    assert told["man"] == (40, 18)
    assert "another" not in told
    compared = {
        *(one["values"][0] for one in gender["impacts"]),
        *(one["against"][0] for one in gender["impacts"]),
    }
    assert compared == {"woman", "man"}
    worth = [one["values"] for one in gender["impacts"] if one["to_look_at"]]
    assert ["man"] in worth


def test_the_small_group_does_not_follow_from_the_others(session: Session, crowd: Opening) -> None:
    """Everybody, less those who are shown, is never the one group that is not."""
    fairness_jobs.study_fairness(0)
    study = session.scalars(sa.select(FairnessStudy)).one()
    gender = _table(study, "screened", ["gender"])
    assert gender["hidden"] >= 2
    assert _table(study, "screened", [])["rows"][0]["reached"] == study.people
    left = study.people - sum(row["reached"] for row in gender["rows"])
    assert left >= 2 * LEAST


def test_the_next_table_holds_nobody_of_the_one_before(
    session: Session, make: Make, crowd: Opening
) -> None:
    fairness_jobs.study_fairness(0)
    applied(session, make, crowd, 49, met=True, days_ago=40, gender="man")
    fairness_jobs.study_fairness(0)
    assert len(session.scalars(sa.select(FairnessStudy)).all()) == 1
    applied(session, make, crowd, 3, met=False, days_ago=40)
    fairness_jobs.study_fairness(0)
    first, second = session.scalars(sa.select(FairnessStudy).order_by(FairnessStudy.number))
    assert second.people == 52
    assert second.first_application_id > first.last_application_id


def test_whose_way_is_still_young_is_not_looked_at(
    session: Session, make: Make, opening: Opening
) -> None:
    applied(session, make, opening, 60, met=True, days_ago=20, gender="woman")
    fairness_jobs.study_fairness(0)
    assert session.scalar(sa.select(FairnessStudy)) is None


def test_what_was_said_long_ago_is_deleted(session: Session, make: Make, opening: Opening) -> None:
    applied(session, make, opening, 1, met=True, days_ago=731, gender="woman")
    kept = applied(session, make, opening, 1, met=True, days_ago=700, gender="man")
    fairness_jobs.study_fairness(0)
    assert session.scalars(sa.select(SelfIdentification.account_id)).all() == [kept[0].id]


def test_the_database_keeps_two_tables_of_one_exam_apart(
    session: Session, make: Make, opening: Opening
) -> None:
    session.add(_study(make, opening.exam_id, number=1, first=1, last=100))
    session.add(_study(make, make.exam().id, number=1, first=1, last=100))
    session.flush()
    session.add(_study(make, opening.exam_id, number=2, first=100, last=200))
    with pytest.raises(DBAPIError, match="nobody_twice"):
        session.flush()


def test_neither_the_web_nor_the_worker_changes_a_table(fresh_database: Database) -> None:
    for url in (fresh_database.app, fresh_database.worker):
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(sa.update(FairnessStudy).values(people=60))
        engine.dispose()
    engine = sa.create_engine(fresh_database.app, poolclass=sa.NullPool)
    with engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(sa.text("INSERT INTO fairness_study DEFAULT VALUES"))
    engine.dispose()


def test_a_manager_reads_rates_ratio_and_chance(
    session: Session, make: Make, crowd: Opening, sign_in: SignIn
) -> None:
    fairness_jobs.study_fairness(0)
    exam = session.get_one(Exam, crowd.exam_id)
    page = sign_in(make.account(Role.MANAGER)).get(f"/exams/manage/{exam.slug}/fairness").text
    for said in ("133 people", "Screening met: Gender", "Woman", "worth a look", "highest rate"):
        assert said in page
    rows = re.findall(r"<th scope=\"row\">Man</th>(.*?)</tr>", page, re.DOTALL)
    cells = re.findall(r"<span>(.*?)</span>", rows[0], re.DOTALL)
    assert cells[:4] == ["40", "18", "45 %", "0.56 (0.39–0.81)"]  # noqa: RUF001  as it is printed
    assert "Another gender" not in page
    assert "Not told of, since fewer than ten passed" in page


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    people=st.integers(50, 90),
    rarity=st.sampled_from([0.03, 0.08, 0.2]),
)
def test_no_group_that_is_hidden_follows_from_what_the_page_shows(
    seed: int, people: int, rarity: float
) -> None:
    """An attacker subtracts everything that is kept from everything else, by whole numbers of people."""
    random = np.random.default_rng(seed)
    crowd = [_somebody(random, rarity) for _ in range(people)]
    found = without_loss(crowd, ["screened", "sat", "passed"], list(ATTRIBUTES))
    kept = [fairness_jobs._table(table) for table in found.tables]
    assert all(row["reached"] >= LEAST for table in kept for row in table["rows"])
    cells = list(product(*(sorted({one.groups[name] for one in crowd}) for name in ATTRIBUTES)))
    known, totals = _equations(kept, cells, people)
    for name, value in _hidden(kept, cells):
        wanted = np.array([cell[list(ATTRIBUTES).index(name)] == value for cell in cells])
        low, high = _range(known, totals, wanted)
        assert high - low >= 1, (name, value)


@pytest.mark.parametrize("large", [True, False])
def test_questions_are_compared_only_between_large_groups(
    session: Session, make: Make, opening: Opening, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    exam = session.get_one(Exam, opening.exam_id)
    version = session.scalars(
        sa.select(QuestionVersion.id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.exam_id == exam.id)
        .limit(6)
    ).all()
    women = applied(session, make, opening, 120, met=True, gender="woman")
    men = applied(session, make, opening, 120 if large else 40, met=True, gender="man")
    right = _answers_with_one_unfair(len(women), len(men), len(version))
    accounts = [one.id for one in (*women, *men)]
    monkeypatch.setattr(
        fairness_jobs, "_answers", lambda _session, _exam: (accounts, list(version), right)
    )
    found = fairness_jobs.differences(session, exam.id)
    if not large:
        assert found == []
        return
    assert {one["attribute"] for one in found} == {"gender"}
    unfair = [one["question_version_id"] for one in found if one["ets"] == "C"]
    assert unfair == [version[0]]
    assert not {"people", "n", "focal_people"} & set(found[0])


def test_answers_of_first_attempts_are_read_with_their_people(
    session: Session, make: Make, opening: Opening
) -> None:
    exam = session.get_one(Exam, opening.exam_id)
    attempts = [make.graded(make.attempt(exam=exam), right=right) for right in (0, 5)]
    accounts, versions, right = fairness_jobs._answers(session, exam.id)
    assert accounts == sorted(one.account_id for one in attempts)
    assert right.shape == (2, len(versions)) == (2, 5)
    assert right[accounts.index(attempts[1].account_id)].tolist() == [1.0] * 5


def _answers_with_one_unfair(women: int, men: int, questions: int) -> np.ndarray:
    random = np.random.default_rng(4)
    ability = random.normal(size=(women + men, 1))
    chance = 1 / (1 + np.exp(-1.3 * ability + np.linspace(-0.5, 0.5, questions)))
    right = (random.random((women + men, questions)) < chance).astype(float)
    right[:women, 0] = random.random(women) < 0.12
    return right


def _somebody(random: np.random.Generator, rarity: float) -> Applicant:
    groups = {
        "gender": ("another", "woman", "man", NOT_SAID)[
            random.choice(4, p=[rarity, 0.4, 0.45 - rarity, 0.15])
        ],
        "age": ("60-and-over", "under-30", "30-to-44", NOT_SAID)[
            random.choice(4, p=[rarity, 0.35, 0.5 - rarity, 0.15])
        ],
        "minority": ("yes", "no", NOT_SAID)[random.choice(3, p=[rarity, 0.8 - rarity, 0.2])],
    }
    return Applicant(groups, int(random.integers(4)))


def _first(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [table for table in kept if table["stage"] == kept[0]["stage"]] if kept else []


def _equations(
    kept: list[dict[str, Any]], cells: list[tuple[str, ...]], people: int
) -> tuple[np.ndarray, np.ndarray]:
    """All that the first stage's tables say of who reached it, and how many applied."""
    rows, totals, names = [np.ones(len(cells))], [float(people)], list(ATTRIBUTES)
    for table in _first(kept):
        for row in table["rows"]:
            pairs = list(zip(table["attributes"], row["values"], strict=True))
            rows.append(
                np.array([float(all(c[names.index(n)] == v for n, v in pairs)) for c in cells])
            )
            totals.append(float(row["reached"]))
    return np.array(rows), np.array(totals)


def _hidden(kept: list[dict[str, Any]], cells: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Groups of one attribute that are there and not shown."""
    shown = {
        (table["attributes"][0], row["values"][0])
        for table in _first(kept)
        if len(table["attributes"]) == 1
        for row in table["rows"]
    }
    present = {(n, c[i]) for (i, n), c in product(enumerate(ATTRIBUTES), cells)}
    return sorted(present - shown) if kept else []


def _range(known: np.ndarray, totals: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    ends = []
    for sign in (1.0, -1.0):
        found = milp(
            sign * wanted.astype(float),
            constraints=LinearConstraint(known, totals, totals),
            integrality=np.ones(known.shape[1]),
            bounds=Bounds(0, 10_000),
        )
        ends.append(sign * float(found.fun))
    return ends[0], ends[1]


def _table(study: FairnessStudy, stage: str, attributes: list[str]) -> dict[str, Any]:
    return next(
        table
        for table in study.tables
        if (table["stage"], table["attributes"]) == (stage, attributes)
    )


def _study(make: Make, exam_id: int, *, number: int, first: int, last: int) -> FairnessStudy:
    return FairnessStudy(
        exam_id=exam_id,
        number=number,
        first_application_id=first,
        last_application_id=last,
        began_from=make.now,
        began_until=make.now,
        people=60,
        tables=[],
        withheld=[],
        differences=[],
        computed_at=make.now,
    )
