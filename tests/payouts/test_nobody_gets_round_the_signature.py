"""Money moves only after a second person signed, whatever else is approved for the same payee."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts.models import PayoutState
from payouts.queries import runs as queries
from payouts.service import sending
from portal.access import Role
from portal.errors import Conflict
from tests.make import Make


def test_a_payout_of_an_unsigned_run_cannot_be_sent_again(
    session: Session, make: Make, now: datetime
) -> None:
    expert = make.payee()
    make.signed_run(expert)  # so that the ledger has approved money of theirs
    make.now += timedelta(hours=2)
    (payout,) = session.scalars(queries.payouts(make.pay_run(expert).id))
    with pytest.raises(Conflict):
        sending.try_again(session, payout, by=make.account(Role.FINANCE).id, now=now)
    assert payout.state is PayoutState.PLANNED


def test_the_database_releases_no_payout_of_an_unsigned_run(
    session: Session, make: Make, now: datetime
) -> None:
    (payout,) = session.scalars(queries.payouts(make.pay_run(make.payee()).id))
    payout.release(now=now)
    with pytest.raises(IntegrityError, match="not signed"):
        session.flush()
