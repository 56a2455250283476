"""Gold: made, scored by the worker, and not to be told from anything else."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.errors import Conflict, Invalid
from portal.ids import random_id
from tasks import jobs
from tasks.models import Assignment, Gold, GoldKey, GoldScore, Project, Task
from tasks.quality.share import share_right
from tasks.queries import projects as project_queries
from tasks.queries import quality
from tasks.service import gold, judge
from tests.conftest import Database
from tests.make import Make

KEY = {"choice": "a", "strength": None}
TOKEN = re.compile(r'(?:content|value)="[\w-]+\.[\w-]+\.[\w-]+"')
MAIN = re.compile(r"<main.*</main>", re.DOTALL)
SignIn = Callable[[Account], FlaskClient]


def test_gold_has_no_slots_and_its_key_lies_apart(session: Session, make: Make) -> None:
    (task,) = make.gold(make.project(), choice="b")
    assert task.open_slots == 0
    assert session.scalars(sa.select(GoldKey.answer)).one()["choice"] == "b"


def test_making_the_same_gold_again_changes_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project()
    (task,) = make.gold(project)
    assert gold.make_gold(session, project, {task.key: KEY}, by=None, now=now) == 0


def test_unknown_and_handed_out_tasks_do_not_become_gold(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(tasks=1)
    with pytest.raises(Invalid, match="no task “nowhere”"):
        gold.make_gold(session, project, {"nowhere": KEY}, by=None, now=now)
    assignment = make.assignment(project=project)
    key = session.get_one(Task, (assignment.pool_id, assignment.task_id)).key
    with pytest.raises(Conflict, match="already handed out"):
        gold.make_gold(session, project, {key: KEY}, by=None, now=now)


def test_the_worker_scores_gold_once_and_nothing_else(
    session: Session, make: Make, now: datetime
) -> None:
    project = make.project(tasks=1)
    probes = make.gold(project, choice="a", count=2)
    expert = make.expert()
    chosen = ["a2", "b2"]
    ids = [
        judged(session, make, project, expert, *each) for each in zip(probes, chosen, strict=True)
    ]
    ids.append(judge.judge(session, make.assignment(project=project), {"choice": "a2"}, now=now).id)
    for judgment_id in ids * 2:
        jobs.score_gold(judgment_id)
    found = session.execute(sa.select(GoldScore.judgment_id, GoldScore.right)).all()
    assert sorted(tuple(row) for row in found) == [(ids[0], True), (ids[1], False)]
    row = session.execute(quality.by_project(expert.id)).one()
    assert (row[3], row[4]) == (1, 2)


def test_a_new_key_rescores_only_when_it_is_asked_for(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(), make.expert()
    (task,) = make.gold(project)
    judgment_id = judged(session, make, project, expert, task, "a2")
    gold.score(session, judgment_id, now=now)
    row = session.scalars(sa.select(Gold)).one()
    gold.replace_key(session, row, {"choice": "b", "strength": None}, by=None, now=now)
    session.flush()
    assert session.execute(quality.by_project(expert.id)).all() == []
    assert gold.score(session, judgment_id, now=now) is False
    assert session.execute(quality.by_project(expert.id)).one()[3:] == (0, 1)


def test_scores_and_keys_are_append_only(session: Session, make: Make) -> None:
    make.gold(make.project())
    for change in ("UPDATE keys.gold_key SET version = 2", "DELETE FROM keys.gold_key"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(sa.text(change))


def test_the_app_adds_keys_it_cannot_read_and_only_the_worker_reads_them(
    fresh_database: Database,
) -> None:
    for url, allowed in ((fresh_database.app, False), (fresh_database.worker, True)):
        engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            if allowed:
                assert connection.execute(sa.text("SELECT * FROM keys.gold_key")).all() == []
            else:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    connection.execute(sa.text("SELECT * FROM keys.gold_key"))
        engine.dispose()


def test_seeded_majorities_leave_ties_out_and_do_not_depend_on_the_order() -> None:
    labels = [("1", "a"), ("1", "a"), ("1", "b"), ("2", "a"), ("2", "b"), ("2", "tie")]
    labels += [("3", "tie"), ("3", "tie"), ("3", "a"), ("4", "b"), ("4", "b"), ("4", "b")]
    found = gold.seeded_majorities(labels, count=2, seed=7)
    assert found == {"1": "a", "4": "b"}
    assert gold.seeded_majorities(labels[::-1], count=1, seed=3) == gold.seeded_majorities(
        labels, count=1, seed=3
    )
    with pytest.raises(Invalid, match="Only 2"):
        gold.seeded_majorities(labels, count=3, seed=7)


def test_a_golden_task_is_served_byte_for_byte_like_any_other(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    """The same expert, the same text: only the random id and the form's token may differ."""
    project, expert = make.project(tasks=1), make.expert()
    (probe,) = make.gold(project)
    browser = sign_in(expert)
    pages, headers = [], []
    browser.get("/work/keys")  # sets the form's cookie
    for task in (session.scalars(sa.select(Task).where(Task.open_slots > 0)).one(), probe):
        held = hold(session, make, project, expert, task)
        answer = browser.get(f"/work/{held.public_id}")
        pages.append(TOKEN.sub("", answer.text.replace(str(held.public_id), "ID")))
        headers.append([name for name, _value in answer.headers])
        posted = browser.post(f"/work/{held.public_id}", data={"choice": "tie"})
        headers.append([name for name, _value in posted.headers if name != "Content-Location"])
        browser.get("/work/keys")  # shows, and so forgets, what the answer had to say
    assert pages[0] == pages[1]
    assert headers[0] == headers[2]
    assert headers[1] == headers[3]


def test_no_page_of_an_expert_says_gold(session: Session, make: Make, sign_in: SignIn) -> None:
    project, expert = make.project(tasks=1), make.expert()
    (probe,) = make.gold(project)
    held = hold(session, make, project, expert, probe)
    browser = sign_in(expert)
    for place in ("/", "/work/", "/quality/", f"/work/{held.public_id}", f"/work/projects/{project.slug}"):  # fmt: skip
        page = browser.get(place).text
        assert not re.search(r"\bgold|honeypot|probe", page, re.IGNORECASE), place
        assert str(probe.key) not in page


def test_what_is_offered_stays_word_for_word_whether_a_probe_was_answered_or_not(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    """A number of open tasks would fall with every answer but those on probes."""
    project, expert = make.project(tasks=11, overlap=1), make.expert()
    (probe,) = make.gold(project)
    browser = sign_in(expert)
    ordinary = session.scalars(sa.select(Task).where(Task.open_slots > 0)).all()[:2]
    make.enrolment(project=project, expert=expert)
    seen = [offered(browser)]
    for task in (*ordinary, probe):
        held = hold(session, make, project, expert, task)
        task.open_slots = 0
        session.flush()
        judge.judge(session, held, {"choice": "tie"}, now=make.now)
        seen.append(offered(browser))
    assert len(set(seen)) == 1


def offered(browser: FlaskClient) -> str:
    """The lists of projects on the home page and on the page of the work."""
    found = [MAIN.search(browser.get(place).text) for place in ("/", "/work/")]
    return "".join(TOKEN.sub("", part[0]) for part in found if part)


def test_a_share_says_too_early_below_ten_and_its_interval_is_scipys() -> None:
    from scipy.stats import beta

    assert share_right(9, 9).point is None
    for right, judged_ in ((9, 10), (31, 39), (135, 148), (0, 12), (12, 12)):
        share = share_right(right, judged_)
        low, high = beta.ppf([0.05, 0.95], right + 0.5, judged_ - right + 0.5)
        assert share.low == pytest.approx(0 if right == 0 else low, abs=1e-9)
        assert share.high == pytest.approx(1 if right == judged_ else high, abs=1e-9)


def hold(session: Session, make: Make, project: Project, expert: Account, task: Task) -> Assignment:
    make.enrolment(project=project, expert=expert)
    held = Assignment(
        pool_id=task.pool_id,
        task_id=task.id,
        expert_id=expert.id,
        public_id=random_id(),
        terms_id=make.terms(expert, project).id,
        guideline_version_id=session.scalars(project_queries.newest_guideline(project)).one().id,
        order_shown=["a", "b"],
        opened_at=make.now,
        due_at=make.now + timedelta(hours=1),
    )
    session.add(held)
    session.flush()
    return held


def judged(
    session: Session, make: Make, project: Project, expert: Account, task: Task, choice: str
) -> int:
    held = hold(session, make, project, expert, task)
    return judge.judge(session, held, {"choice": choice}, now=make.now).id
