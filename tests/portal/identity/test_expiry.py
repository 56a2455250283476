"""A check that is too old: letters first, then a person; work and pay never stop by themselves."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.access import Role
from portal.decisions import Outcome
from portal.identity import expiry, jobs, queries, service, verdicts, verified_check
from portal.identity.models import CaseReason, CheckState, IdentityCheck
from portal.mail import MailMessage
from tests.make import Make

AGAIN = "Please check your identity again"


def verified(make: Make, now: datetime, *, expires_in: timedelta) -> IdentityCheck:
    """A yes that will be too old after so long."""
    check = make.identity_check(state=CheckState.VERIFIED)
    check.extend(until=now + expires_in)
    make.session.flush()
    return check


def letters(session: Session) -> int:
    """How many were asked to check again."""
    count = sa.select(sa.func.count()).select_from(MailMessage)
    return session.scalar(count.where(MailMessage.subject == AGAIN)) or 0


def test_a_yes_counts_two_years_unless_the_operator_says_otherwise(
    make: Make, now: datetime
) -> None:
    check = make.identity_check(state=CheckState.VERIFIED)
    assert check.expires_at == now + timedelta(days=730)


@pytest.mark.parametrize(
    ("days", "written"), [(31, 0), (30, 1), (8, 1), (7, 1), (1, 1), (0, 1), (-1, 1)]
)
def test_we_write_once_in_each_stretch_before_the_end(
    session: Session, make: Make, now: datetime, days: int, written: int
) -> None:
    verified(make, now, expires_in=timedelta(days=days))
    for _ in range(3):
        expiry.remind(session, now=now)
        session.flush()
    assert letters(session) == written


def test_the_second_letter_comes_a_week_before(session: Session, make: Make, now: datetime) -> None:
    check = verified(make, now, expires_in=timedelta(days=30))
    for later in range(31):
        expiry.remind(session, now=now + timedelta(days=later))
        session.flush()
    assert (letters(session), check.reminders) == (2, 2)


def test_whoever_has_begun_a_new_check_is_not_written_to(
    session: Session, make: Make, now: datetime
) -> None:
    check = verified(make, now, expires_in=timedelta(days=10))
    service.start(session, account_id=check.account_id, now=now)
    expiry.remind(session, now=now)
    expiry.open_cases(session, now=now + timedelta(days=11))
    assert letters(session) == 0
    assert session.scalars(queries.cases()).all() == []


def test_a_check_that_is_too_old_still_counts_while_a_person_looks(
    session: Session, make: Make, now: datetime
) -> None:
    check = verified(make, now, expires_in=timedelta(0))
    for _ in range(2):
        expiry.open_cases(session, now=now)
        session.flush()
    case = session.scalars(queries.cases()).one()
    assert (case.case_reason, case.account_id) == (CaseReason.EXPIRED, check.account_id)
    assert verified_check(session, check.account_id) is check


def too_old(session: Session, make: Make, now: datetime) -> tuple[IdentityCheck, IdentityCheck]:
    """A yes that is too old, and the case about it."""
    check = verified(make, now, expires_in=timedelta(0))
    expiry.open_cases(session, now=now)
    session.flush()
    return check, session.scalars(queries.cases()).one()


def test_a_person_may_give_ninety_days(session: Session, make: Make, now: datetime) -> None:
    check, case = too_old(session, make, now)
    by = make.account(Role.COMPLIANCE).id
    verdicts.accept(session, case, by=by, reason="Known for years.", now=now)
    session.flush()
    assert verified_check(session, check.account_id) is case
    assert case.expires_at == now + timedelta(days=90)


def test_asked_again_the_person_has_thirty_days_and_goes_on_working(
    session: Session, make: Make, now: datetime
) -> None:
    check, case = too_old(session, make, now)
    by = make.account(Role.COMPLIANCE).id
    verdicts.ask_again(session, case, by=by, reason="Please check again.", now=now)
    session.flush()
    assert case.state is CheckState.CANCELED
    assert verified_check(session, check.account_id) is check
    expiry.open_cases(session, now=now + timedelta(days=29))
    assert session.scalars(queries.cases()).all() == []
    expiry.open_cases(session, now=now + timedelta(days=30))
    assert len(session.scalars(queries.cases()).all()) == 1


def test_only_a_persons_decision_ends_it_and_that_can_be_contested(
    session: Session, make: Make, now: datetime
) -> None:
    check, case = too_old(session, make, now)
    by = make.account(Role.COMPLIANCE).id
    decision = verdicts.refuse(session, case, by=by, reason="Did not answer us.", now=now)
    session.flush()
    assert decision.outcome is Outcome.AGAINST
    assert verified_check(session, check.account_id) is None
    verdicts.appeal(session, case, words="I was ill.", now=now)
    verdicts.answer(session, case, uphold=True, by=make.account().id, words="Yes.", now=now)
    session.flush()
    assert verified_check(session, check.account_id) is case


def test_the_person_may_check_again_while_the_case_is_open(
    session: Session, make: Make, now: datetime
) -> None:
    check, case = too_old(session, make, now)
    again = service.start(session, account_id=check.account_id, now=now)
    session.flush()
    assert (case.state, again.state) == (CheckState.CANCELED, CheckState.STARTING)
    assert verified_check(session, check.account_id) is check


def test_closed_accounts_are_left_alone(session: Session, make: Make, now: datetime) -> None:
    account = make.account()
    check = make.identity_check(account, state=CheckState.VERIFIED)
    check.extend(until=now)
    account.close()
    session.flush()
    expiry.remind(session, now=now)
    expiry.open_cases(session, now=now)
    assert letters(session) == 0
    assert session.scalars(queries.cases()).all() == []


def test_the_sweep_does_both(session: Session, make: Make, now: datetime) -> None:
    check = make.identity_check(state=CheckState.VERIFIED)
    check.extend(until=now - timedelta(days=3650))
    session.commit()
    jobs.keep_short(1)
    jobs.keep_short(2)
    assert letters(session) == 1
    assert session.scalars(queries.cases()).one().account_id == check.account_id
