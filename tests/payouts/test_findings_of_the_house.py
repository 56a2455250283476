"""Findings are about the rail as a whole: finance of one client neither sees nor settles them."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts.models import Finding, FindingKind
from payouts.service import findings
from portal.access import Role
from portal.accounts.models import Account
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_finance_of_one_client_cannot_unfreeze_everybodys_money(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    findings.found(session, FindingKind.UNKNOWN_TRANSFER, "tr_elsewhere", {}, now=now)
    finding = session.scalars(sa.select(Finding)).one()
    ours = make.account(name="Somebody Else")
    make.grant(ours, Role.FINANCE, organisation=make.organisation())
    path, note = f"/finance/findings/{finding.public_id}", f"finding-{finding.id}-note"
    browser = sign_in(ours)
    assert "tr_elsewhere" not in browser.get("/finance/").text
    assert browser.post(path, data={note: "Nothing"}).status_code == 404
    session.expire_all()
    assert findings.frozen(session)
    browser = sign_in(make.account(Role.FINANCE))
    assert browser.post(path, data={note: "A trial of the rail"}).status_code == 303
    session.expire_all()
    assert not findings.frozen(session)
