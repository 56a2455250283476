"""A disagreement that was settled and comes back is found, shown and freezing once more."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import Finding, FindingKind
from payouts.service import findings, reconcile
from portal.access import Role
from portal.money import Money
from portal.stripe.transfers import Transfer
from tests.make import Make


def test_what_was_settled_and_lasts_is_not_reported_again(
    session: Session, make: Make, now: datetime
) -> None:
    strange = _strange(now)
    _compare(session, [strange], now)
    _settle(session, make, now)
    _compare(session, [strange], now + timedelta(days=1))
    assert not findings.frozen(session)
    (still,) = session.scalars(findings.explained_findings())
    assert still.note == "A trial of the rail."


def test_what_was_settled_and_is_another_amount_now_freezes_again(
    session: Session, make: Make, now: datetime
) -> None:
    _compare(session, [_strange(now)], now)
    _settle(session, make, now)
    _compare(session, [_strange(now, minor=99)], now + timedelta(days=1))
    assert findings.frozen(session)
    assert _count(session) == 2


def test_what_was_settled_went_away_and_came_back_freezes_again(
    session: Session, make: Make, now: datetime
) -> None:
    strange = _strange(now)
    _compare(session, [strange], now)
    _settle(session, make, now)
    _compare(session, [], now + timedelta(days=1))
    assert list(session.scalars(findings.explained_findings())) == []
    _compare(session, [strange], now + timedelta(days=2))
    assert findings.frozen(session)
    assert _count(session) == 2


def test_what_nobody_settled_stays_open_though_it_went_away(
    session: Session, make: Make, now: datetime
) -> None:
    strange = _strange(now)
    _compare(session, [strange], now)
    _compare(session, [], now + timedelta(days=1))
    assert findings.frozen(session)
    _compare(session, [strange], now + timedelta(days=2))
    assert _count(session) == 1


def test_a_settled_difference_of_the_ledger_is_found_when_it_is_there_again(
    session: Session, make: Make, now: datetime
) -> None:
    kind, said = FindingKind.LEDGER_DIFFERS, "in_transit USD: ledger 5, payouts 0"
    findings.found(session, kind, said, {"problem": said}, now=now)
    _settle(session, make, now)
    _compare(session, [], now + timedelta(days=1))
    later = now + timedelta(days=2)
    assert findings.found(session, kind, said, {"problem": said}, now=later)
    assert findings.frozen(session)


def _strange(now: datetime, *, minor: int = 5) -> Transfer:
    money = Money(minor, "USD")
    return Transfer("tr_strange", money, Money(0, "USD"), "acct_x", "somebody", now, {})


def _compare(session: Session, listed: list[Transfer], now: datetime) -> None:
    reconcile.compare(session, listed, listed_at=now, now=now)
    session.flush()


def _settle(session: Session, make: Make, now: datetime) -> None:
    (finding,) = session.scalars(findings.open_findings())
    by = make.account(Role.FINANCE).id
    findings.settle(session, finding, by=by, note="A trial of the rail.", now=now)
    session.flush()


def _count(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Finding)) or 0
