"""Roles and pauses: given by somebody else, recorded, and open to appeal."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.access import Role
from portal.accounts import administration, queries
from portal.accounts.jobs import reopen_after_appeal
from portal.accounts.models import Account, AccountState, Grant
from portal.audit import AuditEvent
from portal.decisions import Decision, appeals
from portal.mail import MailMessage
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def admin(make: Make) -> Account:
    """An administrator."""
    return make.account(Role.ADMIN, name="Ada Admin")


def test_accounts_are_found_by_name_and_by_address(
    make: Make, admin: Account, sign_in: SignIn
) -> None:
    make.account(Role.EXPERT, name="Nguyễn Thùy Linh", email="linh@example.org")
    client = sign_in(admin)
    assert "linh@example.org" in client.get("/admin/accounts?q=thùy").text
    assert "linh@example.org" in client.get("/admin/accounts?q=LINH@").text
    assert "linh@example.org" not in client.get("/admin/accounts?q=%25").text


def test_the_list_has_pages_and_a_constant_number_of_queries(
    session: Session, make: Make, admin: Account, sign_in: SignIn
) -> None:
    client = sign_in(admin)
    few = _queries(session, lambda: client.get("/admin/accounts"))
    for number in range(queries.PAGE + 5):
        make.account(Role.EXPERT, name=f"Number {number:03d}")
    many = _queries(session, lambda: client.get("/admin/accounts"))
    assert few == many
    first = client.get("/admin/accounts")
    assert "Number 048" in first.text
    assert "Number 049" not in first.text
    assert "after=" in first.text


def test_a_role_is_given_in_an_organisation_and_taken_back(
    session: Session, make: Make, admin: Account, sign_in: SignIn
) -> None:
    account, organisation = make.account(), make.organisation(slug="lantern")
    client = sign_in(admin)
    address = f"/admin/accounts/{account.public_id}"
    client.post(f"{address}/grants", data={"role": "manager", "organisation": "lantern"})
    grant = session.scalars(queries.live_grants(account.id)).one()
    assert (grant.role, grant.organisation_id) == (Role.MANAGER, organisation.id)
    assert grant.granted_by_id == admin.id
    assert "Lantern" in client.get(address).text
    client.post(f"{address}/grants/{grant.id}/revoke")
    session.refresh(grant)
    assert grant.revoked_at is not None
    actions = session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert [one for one in actions if one.startswith("role.")] == ["role.granted", "role.revoked"]


def test_the_same_role_is_not_given_twice(make: Make, admin: Account, sign_in: SignIn) -> None:
    account = make.account(Role.EXPERT)
    said = {"role": "expert", "organisation": ""}
    answer = sign_in(admin).post(f"/admin/accounts/{account.public_id}/grants", data=said)
    assert answer.status_code == 409


def test_a_client_reader_needs_an_organisation(make: Make, admin: Account, sign_in: SignIn) -> None:
    said = {"role": "client_reader", "organisation": ""}
    answer = sign_in(admin).post(f"/admin/accounts/{make.account().public_id}/grants", data=said)
    assert answer.status_code == 422


@pytest.mark.parametrize("act", ["grants", "pause"])
def test_nobody_changes_their_own_roles_or_state(
    session: Session, admin: Account, sign_in: SignIn, act: str
) -> None:
    said = {"role": "finance", "organisation": "", "reason": "because"}
    answer = sign_in(admin).post(f"/admin/accounts/{admin.public_id}/{act}", data=said)
    assert answer.status_code == 403
    assert queries.roles_of(session, admin.id) == {Role.ADMIN}


def test_the_database_refuses_that_somebody_grants_themself(
    session: Session, admin: Account, make: Make
) -> None:
    session.add(
        Grant(account_id=admin.id, role=Role.FINANCE, granted_at=make.now, granted_by_id=admin.id)
    )
    with pytest.raises(IntegrityError, match="nobody_grants_themself"):
        session.flush()


def test_pausing_is_a_decision_with_a_reason_and_a_letter(
    session: Session, make: Make, admin: Account, sign_in: SignIn
) -> None:
    account = make.account(Role.EXPERT)
    address = f"/admin/accounts/{account.public_id}"
    client = sign_in(admin)
    assert client.post(f"{address}/pause", data={"reason": ""}).status_code == 422
    client.post(f"{address}/pause", data={"reason": "Two people seem to share this account."})
    session.refresh(account)
    decision = session.scalars(sa.select(Decision)).one()
    assert (account.state, decision.kind) == (AccountState.PAUSED, "account.paused")
    assert decision.decided_by_id == admin.id
    assert session.scalars(sa.select(MailMessage.recipient)).one() == account.email
    client.post(f"{address}/resume", data={"reason": "It was a shared computer."})
    session.refresh(account)
    assert account.state is AccountState.ACTIVE
    replaced = sa.select(Decision.replaces_id).where(Decision.kind == "account.resumed")
    assert session.scalars(replaced).one() == decision.id


def test_an_appeal_that_is_upheld_opens_the_account_again(
    session: Session, make: Make, admin: Account, sign_in: SignIn
) -> None:
    account = make.account(Role.EXPERT)
    appeal_id = _upheld(session, make, account, admin)
    reopen_after_appeal(appeal_id)
    session.refresh(account)
    assert account.state is AccountState.ACTIVE
    reopen_after_appeal(appeal_id)  # safe to run twice
    assert account.state is AccountState.ACTIVE


def test_an_appeal_against_an_older_pause_leaves_a_newer_one_alone(
    session: Session, make: Make, admin: Account, sign_in: SignIn
) -> None:
    account = make.account(Role.EXPERT)
    appeal_id = _upheld(session, make, account, admin)
    now = clock.now(session)
    administration.resume(session, account, reason="Looked.", by=admin.id, now=now)
    administration.pause(session, account, reason="Again.", by=admin.id, now=now)
    session.flush()
    reopen_after_appeal(appeal_id)
    session.refresh(account)
    assert account.state is AccountState.PAUSED


def _upheld(session: Session, make: Make, account: Account, admin: Account) -> int:
    now = clock.now(session)
    decision = administration.pause(session, account, reason="Shared.", by=admin.id, now=now)
    appeal = appeals.make(session, decision, words="It is only me.", now=now)
    judge = make.account(Role.COMPLIANCE)
    appeals.uphold(session, appeal, by=judge.id, answer="You are right.", now=now)
    session.flush()
    return appeal.id


def _queries(session: Session, act: Callable[[], object]) -> int:
    seen: list[str] = []

    def count(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    bind = session.get_bind()
    sa.event.listen(bind, "before_cursor_execute", count)
    act()
    sa.event.remove(bind, "before_cursor_execute", count)
    return len(seen)
