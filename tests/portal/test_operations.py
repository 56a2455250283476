"""What an administrator watches: dead jobs and the audit."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal import audit, clock
from portal.access import Role
from portal.accounts.models import Account
from portal.jobs import OutboxRow, OutboxState
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def admin(make: Make, sign_in: SignIn) -> FlaskClient:
    """An administrator's browser."""
    return sign_in(make.account(Role.ADMIN, name="Ada Admin"))


@pytest.fixture
def dead(session: Session) -> OutboxRow:
    """A job that failed for good."""
    now = clock.now(session)
    row = OutboxRow(name="things.send", row_id=7, not_before=now, created_at=now)
    row.tries = 8
    row.bury(error="ConnectionError: the printer is on fire", now=now)
    session.add(row)
    session.flush()
    return row


def test_a_dead_job_is_shown_with_what_went_wrong(admin: FlaskClient, dead: OutboxRow) -> None:
    page = admin.get("/admin/jobs").text
    assert "things.send" in page
    assert "the printer is on fire" in page


def test_a_dead_job_is_sent_round_again_once(
    session: Session, admin: FlaskClient, dead: OutboxRow
) -> None:
    assert admin.post(f"/admin/jobs/{dead.id}/again").status_code == 302
    session.refresh(dead)
    assert (dead.state, dead.tries) == (OutboxState.WAITING, 0)
    assert admin.post(f"/admin/jobs/{dead.id}/again").status_code == 404
    assert "job.revived" in admin.get("/admin/audit").text


def test_the_audit_names_who_did_what_to_what(session: Session, admin: FlaskClient) -> None:
    now = clock.now(session)
    audit.record(
        session,
        actor=None,
        action="thing.moved",
        subject=("thing", 4711),
        details={"from": 1},
        now=now,
    )
    session.flush()
    page = admin.get("/admin/audit?action=thing.").text
    for part in ("by rule", "thing.moved", "thing 4711", "from: 1"):
        assert part in page


def test_the_audit_goes_back_page_by_page(session: Session, admin: FlaskClient) -> None:
    now = clock.now(session)
    for number in range(60):
        audit.record(
            session, actor=None, action="thing.moved", subject=("thing", 1000 + number), now=now
        )
        session.flush()
    first = admin.get("/admin/audit?action=thing.moved").text
    assert ("thing 1059" in first, "thing 1009" in first) == (True, False)
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "thing 1009" in admin.get(address).text
