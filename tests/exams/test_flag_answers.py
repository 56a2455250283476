"""Flags on answers and times: who answered alike is found, a person settles, and nothing else happens."""

from collections.abc import Callable

import numpy as np
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exams import forensic_jobs
from exams.forensic_jobs import Answers, Chosen
from exams.models import (
    AnswerFlag,
    Attempt,
    AttemptScore,
    AttemptState,
    Exam,
    FlagKind,
    FlagState,
    Question,
)
from exams.psychometrics import simulate
from exams.service import flags, leaks
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def exam(make: Make) -> Exam:
    return make.exam()


@pytest.fixture
def pair(make: Make, exam: Exam) -> tuple[Attempt, Attempt]:
    first, second = (make.graded(make.attempt(exam=exam), right=right) for right in (2, 4))
    return first, second


@pytest.fixture
def flag(session: Session, make: Make, pair: tuple[Attempt, Attempt]) -> AnswerFlag:
    return flagged(session, make, *pair)


def flagged(session: Session, make: Make, first: Attempt, second: Attempt) -> AnswerFlag:
    found = AnswerFlag(
        public_id=random_id(),
        kind=FlagKind.SIMILAR,
        attempt_id=first.id,
        other_attempt_id=second.id,
        compared=19_900,
        by_chance=19.9,
        false_share=0.02,
        evidence={"matches": 27, "questions": 30, "omega": 6.2, "flagged": 3},
        raised_at=make.now,
    )
    session.add(found)
    session.flush()
    return found


def test_settling_changes_no_result_and_no_attempt(
    session: Session, make: Make, flag: AnswerFlag, pair: tuple[Attempt, Attempt]
) -> None:
    states = [one.state for one in pair]
    scores = session.scalar(sa.select(sa.func.count()).select_from(AttemptScore))
    by = make.account(Role.REVIEWER).id
    flags.settle(
        session, flag, outcome=FlagState.TAKEN_UP, words="I write to both.", by=by, now=make.now
    )
    session.flush()
    assert (flag.state, flag.settled_by_id) == (FlagState.TAKEN_UP, by)
    assert [one.state for one in pair] == states
    assert session.scalar(sa.select(sa.func.count()).select_from(AttemptScore)) == scores


def test_a_settled_flag_stays_settled_and_says_why(
    session: Session, make: Make, flag: AnswerFlag
) -> None:
    by = make.account(Role.REVIEWER).id
    with pytest.raises(Invalid, match="Say what you found"):
        flags.settle(session, flag, outcome=FlagState.EXPLAINED, words=" ", by=by, now=make.now)
    flags.settle(
        session, flag, outcome=FlagState.EXPLAINED, words="Same class.", by=by, now=make.now
    )
    with pytest.raises(Conflict):
        flags.settle(session, flag, outcome=FlagState.TAKEN_UP, words="Again.", by=by, now=make.now)


def test_the_database_wants_a_person_and_words(session: Session, flag: AnswerFlag) -> None:
    with pytest.raises(DBAPIError, match="settled_by_a_person_with_words"):
        session.execute(
            sa.update(AnswerFlag).where(AnswerFlag.id == flag.id).values(state=FlagState.EXPLAINED)
        )


def test_a_reviewer_settles_it_on_its_page(
    session: Session, make: Make, flag: AnswerFlag, sign_in: SignIn
) -> None:
    client = sign_in(make.account(Role.REVIEWER))
    address = f"/exams/flags/{flag.public_id}"
    assert "Two people answered much alike" in client.get("/exams/flags").text
    page = client.get(address).text
    for said in ("27 of 30 questions", "19900", "19.9", "2.0 %"):
        assert said in page
    refused = client.post(address, data={"outcome": "explained"})
    assert refused.status_code == 422
    done = client.post(address, data={"outcome": "explained", "words": "Same class."})
    assert done.status_code == 303
    assert "Same class." in client.get(address).text
    assert "Nothing to it" in client.get("/exams/flags").text


def test_its_page_names_nobody(
    session: Session,
    make: Make,
    flag: AnswerFlag,
    pair: tuple[Attempt, Attempt],
    sign_in: SignIn,
) -> None:
    names = {}
    for attempt in pair:
        account = session.get_one(Account, attempt.account_id)
        account.display_name = f"Somebody {account.id}"
        names[attempt.id] = account.display_name, account.email
    session.commit()
    client = sign_in(make.account(Role.REVIEWER))
    said = client.get(f"/exams/flags/{flag.public_id}").text + client.get("/exams/flags").text
    for attempt in pair:
        assert not [one for one in names[attempt.id] if one in said]
        assert str(attempt.public_id) not in said


def test_nobody_sees_a_flag_about_themselves(
    session: Session, make: Make, exam: Exam, sign_in: SignIn
) -> None:
    reviewer = make.account(Role.REVIEWER)
    make.platform_agreement()
    make.accept_everything(reviewer)
    own = make.graded(make.attempt(account=reviewer, exam=exam), right=2)
    other = make.graded(make.attempt(exam=exam), right=2)
    found = flagged(session, make, own, other)
    client = sign_in(reviewer)
    assert client.get(f"/exams/flags/{found.public_id}").status_code == 404
    settled = {"outcome": "explained", "words": "Nothing."}
    assert client.post(f"/exams/flags/{found.public_id}", data=settled).status_code == 404
    assert "Nothing stands out" in client.get("/exams/flags").text


def test_those_who_copied_are_flagged_and_the_others_are_not() -> None:
    found, given, pairs = _room()
    raised = forensic_jobs.similar(found, given)
    true = {tuple(pair) for pair in pairs.tolist()}
    hits = [(one["attempt_id"], one["other_attempt_id"]) for one in raised]
    assert len(true & set(hits)) >= 8
    assert len(set(hits) - true) <= 2
    first = raised[0]
    assert first["compared"] == 400 * 399 // 2
    assert first["by_chance"] == pytest.approx(first["compared"] / 1000)
    assert max(one["false_share"] for one in raised) <= 0.05
    assert first["evidence"]["questions"] == 40


def test_those_who_answered_without_reading_are_flagged_with_the_base_rate() -> None:
    random = np.random.default_rng(3)
    seconds = simulate.times(random, simulate.paces(random, 20), np.zeros(250))
    seconds[:5, 8:] = 1.5
    seconds[5, 3] = np.nan
    right = (random.random((250, 20)) < 0.6).astype(float)
    answers = Answers(list(range(250)), right, seconds, list(range(1, 21)))
    raised = forensic_jobs.rapid(answers)
    assert [one["attempt_id"] for one in raised] == [0, 1, 2, 3, 4]
    assert raised[0]["evidence"]["rapid"] == 12
    assert raised[0]["evidence"]["of_all_people"] == pytest.approx(5 / 250)


def test_those_who_knew_leaked_questions_are_flagged_with_what_chance_brings() -> None:
    answers, suspected, knew = _leak()
    raised = [one for one in forensic_jobs.patterns(answers, suspected) if one["kind"] == "known"]
    hits = {one["attempt_id"] for one in raised}
    assert len(hits & knew) >= len(knew) / 2
    assert len(hits - knew) <= 2
    first = raised[0]
    assert (first["compared"], first["other_attempt_id"]) == (1500, None)
    assert first["by_chance"] == pytest.approx(1.5)
    assert max(one["false_share"] for one in raised) <= 0.05
    assert first["evidence"]["share_known"] > first["evidence"]["share_others"]
    assert first["evidence"]["flagged"] == len(raised)


def test_nobody_is_said_to_have_known_what_nobody_found_outside() -> None:
    answers, suspected, _knew = _leak()
    for mask in (np.zeros_like(suspected), np.ones_like(suspected)):
        kinds = {one["kind"] for one in forensic_jobs.patterns(answers, mask)}
        assert FlagKind.KNOWN not in kinds


def test_hard_ones_right_and_easy_ones_wrong_are_flagged_and_honest_people_hardly() -> None:
    random = np.random.default_rng(5)
    items = simulate.binary_items(random, 40)
    right = simulate.answers(random, items, simulate.abilities(random, 1000)).astype(float)
    easiest = np.argsort(-right.mean(0))
    right[:10, easiest[:20]] = 0
    right[:10, easiest[20:]] = 1
    found = Answers(list(range(1000)), right, np.full(right.shape, np.nan), list(range(1, 41)))
    raised = forensic_jobs.patterns(found, np.zeros(40, dtype=bool))
    assert {one["kind"] for one in raised} == {FlagKind.ODD}
    hits = {one["attempt_id"] for one in raised}
    assert set(range(10)) <= hits
    assert len(hits) <= 13
    assert raised[0]["evidence"]["fit"] < -3


def test_a_short_form_says_nothing_of_how_answers_go_together() -> None:
    random = np.random.default_rng(6)
    right = (random.random((300, 8)) < 0.5).astype(float)
    found = Answers(list(range(300)), right, np.full(right.shape, np.nan), list(range(1, 9)))
    assert forensic_jobs.patterns(found, np.zeros(8, dtype=bool)) == []


def test_what_everybody_did_alike_breaks_nothing() -> None:
    right = np.ones((250, 20))
    found = Answers(list(range(250)), right, np.full(right.shape, np.nan), list(range(1, 21)))
    assert forensic_jobs.patterns(found, np.zeros(20, dtype=bool)) == []


def test_the_daily_look_knows_which_questions_were_found_outside(
    session: Session, make: Make, exam: Exam
) -> None:
    make.graded(make.attempt(exam=exam), right=2)
    form_id = session.scalars(sa.select(Attempt.form_id)).first() or 0
    found = forensic_jobs._answers(session, form_id)
    assert not forensic_jobs._known_outside(session, form_id, found).any()
    question = session.scalars(sa.select(Question).where(Question.exam_id == exam.id)).first()
    assert question is not None
    by = make.account(Role.MANAGER).id
    leaks.say(session, question, known=True, words="A forum.", by=by, now=make.now)
    assert forensic_jobs._known_outside(session, form_id, found).sum() == 1


@pytest.mark.parametrize(
    ("kind", "evidence", "says"),
    [
        (
            FlagKind.KNOWN,
            {
                "known": 5,
                "share_known": 1.0,
                "share_others": 0.4,
                "everybody_known": 0.6,
                "everybody_others": 0.61,
                "faster": True,
                "flagged": 2,
            },
            ["Better on questions that are known outside", "100.0 %", "yes, beyond habit"],
        ),
        (
            FlagKind.ODD,
            {"fit": -4.2, "right": 18, "questions": 30, "flagged": 1},
            ["Answers that seldom go together", "-4.2", "18 of 30 questions"],
        ),
    ],
)
def test_the_other_kinds_have_their_words_too(
    session: Session,
    make: Make,
    pair: tuple[Attempt, Attempt],
    sign_in: SignIn,
    kind: FlagKind,
    evidence: dict[str, object],
    says: list[str],
) -> None:
    found = AnswerFlag(
        public_id=random_id(),
        kind=kind,
        attempt_id=pair[0].id,
        other_attempt_id=None,
        compared=400,
        by_chance=0.4,
        false_share=0.02,
        evidence=evidence,
        raised_at=make.now,
    )
    session.add(found)
    session.commit()
    client = sign_in(make.account(Role.REVIEWER))
    page = client.get(f"/exams/flags/{found.public_id}").text
    for said in [*says, "2.0 %"]:
        assert said in page
    assert says[0] in client.get("/exams/flags").text


def test_the_daily_look_reads_answers_as_they_were_given_and_runs_twice(
    session: Session, make: Make, exam: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forensic_jobs, "FEWEST_ATTEMPTS", 2)
    monkeypatch.setattr(forensic_jobs, "FEWEST_CHOICES", 1)
    for right in (0, 3, 5, 5):
        make.graded(make.attempt(exam=exam), right=right)
    session.commit()
    form_id = session.scalars(sa.select(Attempt.form_id)).first() or 0
    found = forensic_jobs._answers(session, form_id)
    assert found.right.shape == (4, 5)
    given = forensic_jobs.chosen(session, form_id, found)
    assert given.columns
    assert ((given.options == given.key) == (found.right[:, given.columns] >= 1)).all()
    for _ in range(2):
        forensic_jobs.compare_answers(0)
    counts = session.execute(
        sa.select(AnswerFlag.kind, AnswerFlag.attempt_id, sa.func.count()).group_by(
            AnswerFlag.kind, AnswerFlag.attempt_id, AnswerFlag.other_attempt_id
        )
    ).all()
    assert {count for _kind, _attempt, count in counts} <= {1}
    states = set(session.scalars(sa.select(Attempt.state)))
    assert states <= {AttemptState.PASSED, AttemptState.BELOW}


def _leak() -> tuple[Answers, np.ndarray, set[int]]:
    """1500 people and 40 questions, of which 12 were known to 40 of them."""
    random = np.random.default_rng(2)
    items = simulate.binary_items(random, 40, difficulty=(0.4, 0.8))
    theta = simulate.abilities(random, 1500)
    seconds = simulate.times(random, simulate.paces(random, 40), simulate.speeds(random, theta))
    honest = simulate.Sitting(simulate.answers(random, items, theta), seconds)
    knew, leaked = np.arange(40), np.arange(12)
    sat = simulate.with_preknowledge(random, honest, knew, leaked, faster=0.6)
    found = Answers(list(range(1500)), sat.answers.astype(float), sat.seconds, list(range(1, 41)))
    return found, np.arange(40) < 12, set(knew.tolist())


def _room() -> tuple[Answers, Chosen, np.ndarray]:
    """400 people who answered 40 single-choice questions, of whom 12 copied more than half."""
    random = np.random.default_rng(11)
    items = simulate.nominal_items(random, 40, 5)
    given = simulate.answers(random, items, simulate.abilities(random, 400))
    pairs = np.arange(24).reshape(-1, 2)
    options = simulate.copied(random, given, pairs, 0.6).astype(int)
    right = (options == 4).astype(float)
    unknown = np.full(right.shape, np.nan)
    found = Answers(list(range(400)), right, unknown, list(range(1, 41)))
    return found, Chosen(options, np.full(40, 4), list(range(40))), pairs
