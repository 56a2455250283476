"""Agreements: immutable versions, each accepted once by whoever read it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import agreements
from portal.accounts.models import Account
from portal.agreements import Acceptance, AgreementVersion
from portal.audit import AuditEvent
from portal.errors import Conflict
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def version(session: Session, now: datetime) -> AgreementVersion:
    """The platform agreement's first version."""
    return _publish(session, "We pay by the second.", now)


def test_another_text_is_another_version_and_the_same_text_is_not(
    session: Session, version: AgreementVersion, now: datetime
) -> None:
    assert _publish(session, "We pay by the second.", now) is version
    second = _publish(session, "We pay by the minute.", now)
    assert (version.number, second.number) == (1, 2)
    assert agreements.current(session, "platform") is second


def test_accepting_is_recorded_once(
    session: Session, make: Make, version: AgreementVersion, now: datetime
) -> None:
    account = make.account()
    assert agreements.accepted(session, account_id=account.id, kind="platform") is None
    agreements.accept(session, account_id=account.id, version=version, now=now)
    later = now + timedelta(days=1)
    agreements.accept(session, account_id=account.id, version=version, now=later)
    found = agreements.accepted(session, account_id=account.id, kind="platform")
    assert found is not None
    assert found.accepted_at == now
    recorded = sa.select(sa.func.count()).where(AuditEvent.action == "agreement.accepted")
    assert session.scalar(recorded) == 1


def test_a_newer_version_asks_again_and_the_older_can_no_longer_be_accepted(
    session: Session, make: Make, version: AgreementVersion, now: datetime
) -> None:
    account = make.account()
    agreements.accept(session, account_id=account.id, version=version, now=now)
    _publish(session, "We pay by the minute.", now)
    assert agreements.accepted(session, account_id=account.id, kind="platform") is None
    with pytest.raises(Conflict, match="newer"):
        agreements.accept(session, account_id=account.id, version=version, now=now)


@pytest.mark.parametrize("table", [AgreementVersion, Acceptance])
def test_neither_text_nor_acceptance_is_ever_changed(
    session: Session,
    make: Make,
    version: AgreementVersion,
    now: datetime,
    table: type[AgreementVersion] | type[Acceptance],
) -> None:
    agreements.accept(session, account_id=make.account().id, version=version, now=now)
    session.flush()
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(sa.delete(table))


def test_a_person_reads_and_accepts_in_the_browser_and_comes_back(
    session: Session, make: Make, version: AgreementVersion, sign_in: SignIn
) -> None:
    account = make.account()
    client = sign_in(account)
    page = client.get("/agreements/platform?next=/account").text
    assert "We pay by the second." in page
    done = client.post("/agreements/platform/1?next=/account")
    assert done.location == "/account"
    assert agreements.accepted(session, account_id=account.id, kind="platform") is not None
    assert "You accepted this version" in client.get("/agreements/platform").text


def test_a_replaced_version_is_not_accepted_in_the_browser(
    session: Session, make: Make, version: AgreementVersion, now: datetime, sign_in: SignIn
) -> None:
    _publish(session, "We pay by the minute.", now)
    assert sign_in(make.account()).post("/agreements/platform/1").status_code == 409


def test_a_projects_agreement_is_not_shown_to_everybody(
    session: Session, client: FlaskClient, now: datetime
) -> None:
    agreements.publish(session, kind="project:secret", title="Secret", body="x", now=now)
    assert client.get("/agreements/project:secret").status_code == 404
    assert "Secret" not in client.get("/agreements/").text


def _publish(session: Session, body: str, now: datetime) -> AgreementVersion:
    return agreements.publish(
        session, kind="platform", title="Platform agreement", body=body, now=now
    )
