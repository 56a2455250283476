"""Why approved money waits, what the payee reads about it, and who may let it through."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts.models import (
    Finding,
    FindingKind,
    HoldReason,
    Payout,
    PayoutAccount,
    PayoutState,
    PayRun,
)
from payouts.service import findings, holds, payees, reconcile, sending, tax
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Forbidden, Invalid
from portal.mail import service as mail
from portal.mail.models import MailMessage
from portal.money import Money
from portal.stripe.accounts import Capability, Recipient
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_money_goes_out_when_nothing_holds_it(session: Session, make: Make, now: datetime) -> None:
    payout = make.payout()
    assert sending.reserve(session, payout.id, now=now) is not None
    assert payout.state is PayoutState.SENDING


def test_without_a_tax_form_money_waits_and_the_form_sets_it_free(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    payout = make.payout()
    session.execute(sa.text("DELETE FROM personal.tax_form"))
    assert _tried(session, payout, now) is HoldReason.TAX_FORM
    expert = session.get_one(Account, payout.expert_id)
    page = sign_in(expert).get("/earnings/").text
    assert "We need your tax form first" in page
    assert 'href="/earnings/tax/"' in page
    make.tax_form(expert)
    assert sending.reserve(session, payout.id, now=now) is not None


def test_a_form_that_has_expired_is_none(session: Session, make: Make, now: datetime) -> None:
    payout = make.payout()
    later = now.replace(year=now.year + 3, month=12, day=31)
    assert tax.on_file(session, payout.expert_id, now=later) is not None
    assert tax.on_file(session, payout.expert_id, now=later + timedelta(days=1)) is None


def test_other_bank_details_hold_money_for_72_hours(
    session: Session, make: Make, now: datetime
) -> None:
    payout = make.payout()
    _see(session, payout, ["fp_other"], now)
    almost = now + timedelta(hours=71, minutes=59)
    assert _tried(session, payout, almost) is HoldReason.DETAILS_CHANGED
    after = now + timedelta(hours=72)
    assert sending.reserve(session, payout.id, now=after) is not None


def test_the_first_bank_details_hold_nothing(session: Session, make: Make, now: datetime) -> None:
    payout = make.payout()
    payee = session.get_one(PayoutAccount, payout.expert_id)
    payee.destinations = None
    _see(session, payout, ["fp_first"], now)
    _see(session, payout, ["fp_first"], now)
    assert sending.reserve(session, payout.id, now=now) is not None


def test_a_change_of_bank_details_is_told_to_the_old_address_too(
    session: Session, make: Make, now: datetime
) -> None:
    payout = make.payout()
    _see(session, payout, ["fp_test"], now)
    expert = session.get_one(Account, payout.expert_id)
    old = expert.email
    expert.change_email("taken@over.example", now=now)
    _see(session, payout, ["fp_thief"], now)
    letters = session.scalars(
        sa.select(MailMessage).where(MailMessage.subject == "Your bank details were changed")
    ).all()
    assert sorted(letter.recipient for letter in letters) == sorted([old, "taken@over.example"])
    assert "26 November 2026, 12:00 UTC" in mail.text_of(letters[0])


def test_the_payee_sees_that_the_details_changed(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    payout = make.payout()
    from_the_clock = session.scalar(sa.select(sa.func.now())) or now
    _see(session, payout, ["fp_other"], from_the_clock)
    _tried(session, payout, from_the_clock)
    page = sign_in(session.get_one(Account, payout.expert_id)).get("/earnings/").text
    assert "bank details changed less than 72 hours ago" in page
    assert "change your password now" in page


def test_more_than_the_limit_for_one_person_waits(
    session: Session, make: Make, now: datetime
) -> None:
    payout = make.payout()
    _limit(session, make, person=3849, day=1_000_000, now=now)
    assert _tried(session, payout, now) is HoldReason.LIMIT
    _limit(session, make, person=3850, day=1_000_000, now=now)
    assert sending.reserve(session, payout.id, now=now) is not None


def test_what_went_out_this_week_counts_and_next_week_does_not(
    session: Session, make: Make, now: datetime
) -> None:
    expert = make.payee()
    first = _payout_of(session, make.signed_run(expert))
    make.now = now + timedelta(hours=2)
    second = _payout_of(session, make.signed_run(expert))
    _limit(session, make, person=7_699, day=1_000_000, now=now)
    assert sending.reserve(session, first.id, now=now) is not None
    assert _tried(session, second, now) is HoldReason.LIMIT
    assert _tried(session, second, now + timedelta(days=6)) is HoldReason.LIMIT
    assert sending.reserve(session, second.id, now=now + timedelta(days=8)) is not None


def test_the_limit_for_a_day_counts_everybody(session: Session, make: Make, now: datetime) -> None:
    first, second = make.payout(), None
    make.now = now + timedelta(hours=2)
    second = make.payout()
    _limit(session, make, person=5_000, day=7_699, now=now)
    assert sending.reserve(session, first.id, now=now) is not None
    assert _tried(session, second, now) is HoldReason.LIMIT
    assert sending.reserve(session, second.id, now=now + timedelta(hours=25)) is not None


def test_another_of_finance_lets_a_payout_past_the_limits(
    session: Session, make: Make, sign_in: SignIn, now: datetime
) -> None:
    payout = make.payout()
    _limit(session, make, person=1, day=1, now=now)
    _tried(session, payout, now)
    third = make.account(Role.FINANCE, name="Noor Haddad")
    run = session.get_one(PayRun, payout.pay_run_id)
    client = sign_in(third)
    assert "Let it through" in client.get(f"/pay-runs/{run.public_id}").text
    field = f"payout-{payout.id}-reason"
    url = f"/pay-runs/payouts/{payout.public_id}/clear"
    assert client.post(url, data={field: "A bonus that the client asked for."}).status_code == 303
    session.refresh(payout)
    assert payout.cleared_by_id == third.id
    assert sending.reserve(session, payout.id, now=now) is not None


def test_who_signed_the_run_and_who_is_paid_let_nothing_through(
    session: Session, make: Make, now: datetime
) -> None:
    payout = make.payout()
    _limit(session, make, person=1, day=1, now=now)
    _tried(session, payout, now)
    signer = session.get_one(PayRun, payout.pay_run_id).approved_by_id or 0
    for who in (signer, payout.expert_id):
        with pytest.raises(Forbidden, match="somebody else"):
            holds.clear(session, payout, by=who, why="It is mine.", now=now)


@pytest.mark.parametrize("who", ["signer", "payee"])
def test_the_database_too_lets_neither_clear_it(
    session: Session, make: Make, now: datetime, who: str
) -> None:
    payout = make.payout()
    signer = session.get_one(PayRun, payout.pay_run_id).approved_by_id or 0
    payout.clear(by=signer if who == "signer" else payout.expert_id, now=now)
    with pytest.raises(IntegrityError, match=r"who signed its run|payee_clears_nothing"):
        session.flush()


def test_only_what_a_limit_holds_is_let_through(
    session: Session, make: Make, now: datetime
) -> None:
    payout = make.payout()
    third = make.account(Role.FINANCE).id
    with pytest.raises(Conflict, match="No limit"):
        holds.clear(session, payout, by=third, why="To be quick.", now=now)
    with pytest.raises(Invalid, match="Say why"):
        holds.clear(session, payout, by=third, why=" ", now=now)


def test_finance_of_the_house_sets_limits_with_a_reason(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    make.statement()
    asked = {
        "limits-currency": "JPY",
        "limits-person_week": "500000",
        "limits-day": "900000",
        "limits-reason": "The yen is weak.",
    }
    ours = make.account(name="Somebody Else")
    make.grant(ours, Role.FINANCE, organisation=make.organisation())
    assert sign_in(ours).post("/finance/limits", data=asked).status_code == 404
    client = sign_in(make.account(Role.FINANCE))
    assert "$5,000.00" in client.get("/finance/").text
    assert client.post("/finance/limits", data={**asked, "limits-reason": ""}).status_code == 422
    assert client.post("/finance/limits", data=asked).status_code == 303
    assert holds.limits(session, "JPY").day == Money(900_000, "JPY")


def test_what_is_on_its_way_for_48_hours_is_told_to_finance_once(
    session: Session, make: Make, now: datetime
) -> None:
    finance = make.account(Role.FINANCE, name="Tove Lindqvist")
    payout = make.payout()
    sending.reserve(session, payout.id, now=now)
    _compare(session, now + timedelta(hours=47))
    assert session.scalar(sa.select(Finding)) is None
    for later in (49, 73):
        _compare(session, now + timedelta(hours=later))
    (found,) = session.scalars(sa.select(Finding))
    assert (found.kind, found.subject) == (FindingKind.LATE_TRANSFER, payout.reference)
    assert not findings.frozen(session)
    told = sa.select(MailMessage).where(MailMessage.recipient == finance.email)
    (letter,) = session.scalars(told)
    assert payout.reference in mail.text_of(letter)


def _tried(session: Session, payout: Payout, now: datetime) -> HoldReason | None:
    assert sending.reserve(session, payout.id, now=now) is None
    session.flush()
    return payout.hold


def _see(session: Session, payout: Payout, destinations: list[str], now: datetime) -> None:
    stripe_id = _stripe_id(session, payout)
    seen = Recipient(stripe_id, "DE", Capability.ACTIVE, (), closed=False)
    seen = Recipient(**{**seen.__dict__, "destinations": tuple(destinations)})
    payees.seen(session, payout.expert_id, seen, now=now)
    session.flush()


def _stripe_id(session: Session, payout: Payout) -> str:
    return session.get_one(PayoutAccount, payout.expert_id).stripe_id or ""


def _limit(session: Session, make: Make, *, person: int, day: int, now: datetime) -> None:
    holds.set_limits(
        session,
        person_week=Money(person, "USD"),
        day=Money(day, "USD"),
        by=make.account(Role.FINANCE).id,
        why="A test of the limits.",
        now=now,
    )


def _payout_of(session: Session, run: PayRun) -> Payout:
    return session.scalars(sa.select(Payout).where(Payout.pay_run_id == run.id)).one()


def _compare(session: Session, now: datetime) -> None:
    reconcile.compare(session, [], listed_at=now, now=now)
    session.flush()
