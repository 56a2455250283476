"""Late answers, drafts and claims at the same moment, in a pool with next to nothing left."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal import clock, db
from portal.accounts import sign_ins
from portal.accounts.models import Account
from portal.app import create_app
from portal.db import transaction
from portal.errors import Conflict
from portal.settings import Settings
from tasks.models import Assignment, Draft, Judgment, Task
from tasks.service import judge
from tests.conftest import Database
from tests.make import Make

_ROUNDS = 6


def test_two_late_answers_in_a_nearly_empty_pool_do_not_wait_for_each_other(
    fresh_database: Database,
) -> None:
    """Each fills the slot of its own task and then looks for the other's: in one transaction a deadlock."""
    browsers = two_browsers()
    for _round in range(_ROUNDS):
        held, people = two_expired()
        both = Barrier(2)

        def answer(browser: FlaskClient, token: str, mine: UUID, both: Barrier = both) -> int:
            browser.set_cookie(sign_ins.COOKIE, token)
            both.wait()
            return browser.post(f"/work/{mine}", data={"choice": "a2"}).status_code

        with ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(answer, browsers, people, held))
        assert set(codes) <= {200, 302}
    with transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Judgment)) == 2 * _ROUNDS
        assert session.scalar(sa.select(sa.func.min(Task.open_slots))) == 0


def test_a_draft_that_arrives_after_the_answer_is_refused(session: Session, make: Make) -> None:
    held = make.assignment()
    judge.judge(session, held, {"choice": "tie"}, now=make.now)
    with pytest.raises(Conflict, match="already answered"):
        judge.save_draft(session, held, {"reason": "late"}, now=make.now)


def test_a_draft_saved_while_the_answer_is_under_way_leaves_nothing_behind(
    fresh_database: Database,
) -> None:
    with transaction() as session:
        make = Make(session, clock.now(session))
        public_id, begun = make.assignment().public_id, make.now
    read, answered = Barrier(2), Barrier(2)

    def draft() -> bool:
        with transaction() as session:
            mine = found(session, public_id)
            read.wait()
            answered.wait()
            try:
                judge.save_draft(session, mine, {"reason": "half a"}, now=begun)
            except Conflict:
                return False
        return True

    with ThreadPoolExecutor(1) as pool:
        saving = pool.submit(draft)
        read.wait()
        with transaction() as session:
            judge.judge(session, found(session, public_id), {"choice": "tie"}, now=begun)
        answered.wait()
        assert saving.result() is False
    with transaction() as session:
        assert session.scalars(sa.select(Draft)).all() == []


def found(session: Session, public_id: UUID) -> Assignment:
    return session.scalars(sa.select(Assignment).where(Assignment.public_id == public_id)).one()


def two_browsers() -> list[FlaskClient]:
    bound = dict(db.sessions.kw)
    app = create_app(Settings())
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    db.sessions.kw.update(bound)  # the factory binds anew
    browsers = [app.test_client(), app.test_client()]
    for browser in browsers:
        browser.environ_base["wsgi.url_scheme"] = "https"
    return browsers


def two_expired() -> tuple[list[UUID], list[str]]:
    """Two people with one expired task each, in a pool that has no others."""
    with transaction() as session:
        now = clock.now(session)
        make = Make(session, now)
        project = make.project(tasks=2, overlap=1)
        people = [make.expert(), make.expert()]
        held = [make.assignment(project=project, expert=each).public_id for each in people]
        judge.expire_overdue(session, now=now + timedelta(days=1))
        return held, [signed_in(session, each) for each in people]


def signed_in(session: Session, account: Account) -> str:
    now = clock.now(session)
    return sign_ins.start(session, account=account, device="a test", second_factor=True, now=now)
