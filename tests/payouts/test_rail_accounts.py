"""A rail's own accounts: fees, differences and money to come back, booked by a person, undone by reversal."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from payouts.models import (
    LEGS,
    OF_RAIL,
    BookingKind,
    EntryKind,
    Finding,
    FindingKind,
    LedgerAccount,
    LedgerKind,
    Rail,
    RailBooking,
)
from payouts.service import bookings, findings, ledger, proof, reconcile
from payouts.service.bookings import Booked
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Forbidden, Invalid
from portal.money import Money
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
FIVE = Money(500, "USD")


@pytest.fixture
def finance(make: Make) -> Account:
    """Whoever keeps the house's books."""
    return make.account(Role.FINANCE, name="Noor Haddad")


@pytest.mark.parametrize("kind", BookingKind)
def test_each_booking_moves_what_its_name_says_and_sums_to_zero(
    session: Session, finance: Account, now: datetime, kind: BookingKind
) -> None:
    _receivable(session, finance, now)
    before = _balances(session)
    _book(session, finance, now, kind=kind)
    after = _balances(session)
    source, target = LEGS[kind]
    moved = {each: after.get(each, 0) - before.get(each, 0) for each in OF_RAIL}
    assert {each: minor for each, minor in moved.items() if minor} == {source: -500, target: 500}
    assert proof.verify(session).problems == ()


def test_what_the_rails_accounts_come_to_stays_what_people_were_paid(
    session: Session, finance: Account, now: datetime
) -> None:
    for kind in (BookingKind.EXPECTED, BookingKind.FEE, BookingKind.GAIN, BookingKind.ARRIVED):
        _book(session, finance, now, kind=kind)
    assert reconcile.compare(session, [], listed_at=now, now=now).fresh == 0
    ledger.shift(
        session,
        kind=EntryKind.RETURNED,
        key="planted",
        source=ledger.rail_balance(session, rail=Rail.MANUAL, currency="USD"),
        target=ledger.labour(session, project_id=_project(session, now), currency="USD"),
        amount=FIVE,
        now=now,
    )
    assert reconcile.compare(session, [], listed_at=now, now=now).fresh == 1


def test_no_more_comes_back_than_is_to(session: Session, finance: Account, now: datetime) -> None:
    _book(session, finance, now, kind=BookingKind.EXPECTED)
    _book(session, finance, now, kind=BookingKind.ARRIVED)
    for kind in (BookingKind.ARRIVED, BookingKind.WRITTEN_OFF):
        with pytest.raises(Conflict, match="to come back"):
            _book(session, finance, now, kind=kind)


def test_the_database_refuses_a_receivable_above_zero(
    session: Session, finance: Account, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_check_limits", lambda *_: None)
    with pytest.raises(IntegrityError, match="receivable_not_above_zero"):
        _book(session, finance, now, kind=BookingKind.ARRIVED)


def test_a_rails_account_has_a_rail_and_no_other_has(session: Session) -> None:
    for kind in OF_RAIL:
        adding = sa.insert(LedgerAccount).values(kind=kind, currency="USD")
        with pytest.raises(IntegrityError, match="rail_has_rail"), session.begin_nested():
            session.execute(adding)
    with pytest.raises(Invalid, match="no account of a rail"):
        ledger.of_rail(session, LedgerKind.LABOUR, rail=Rail.STRIPE, currency="USD")


def test_a_booking_is_taken_back_once_by_its_mirror_image(
    session: Session, finance: Account, now: datetime
) -> None:
    made = _book(session, finance, now, kind=BookingKind.FEE)
    with pytest.raises(Invalid, match="why"):
        bookings.undo(session, made, by=finance.id, why=" ", now=now)
    bookings.undo(session, made, by=finance.id, why="It was last month's.", now=now)
    assert set(_balances(session).values()) == {0}
    with pytest.raises(Conflict, match="already"):
        bookings.undo(session, made, by=finance.id, why="Again.", now=now)
    assert proof.verify(session).problems == ()


def test_expected_money_that_arrived_cannot_be_unexpected(
    session: Session, finance: Account, now: datetime
) -> None:
    expected = _book(session, finance, now, kind=BookingKind.EXPECTED)
    _book(session, finance, now, kind=BookingKind.ARRIVED)
    with pytest.raises(Conflict, match="to come back"):
        bookings.undo(session, expected, by=finance.id, why="A mistake.", now=now)


@pytest.mark.parametrize(("reason", "evidence"), [("", "BS-11"), ("Charged.", "  ")])
def test_a_booking_says_why_and_what_shows_it(
    session: Session, finance: Account, now: datetime, reason: str, evidence: str
) -> None:
    said = Booked(BookingKind.FEE, Rail.MANUAL, FIVE, reason, evidence)
    with pytest.raises(Invalid):
        bookings.book(session, said, by=finance.id, now=now)


def test_an_amount_is_above_zero(session: Session, finance: Account, now: datetime) -> None:
    said = Booked(BookingKind.LOSS, Rail.MANUAL, Money(-5, "USD"), "It left.", "BS-11")
    with pytest.raises(Invalid, match="above zero"):
        bookings.book(session, said, by=finance.id, now=now)


def test_a_finding_is_settled_by_its_booking_once(
    session: Session, finance: Account, now: datetime
) -> None:
    finding = _strange(session, now)
    assert findings.frozen(session)
    made = _book(session, finance, now, kind=BookingKind.LOSS, finding=finding)
    assert (finding.note, made.finding_id) == ("The bank's letter says so.", finding.id)
    assert not findings.frozen(session)
    with pytest.raises(Conflict, match="settled"):
        _book(session, finance, now, kind=BookingKind.LOSS, finding=finding)


def test_the_payee_of_what_is_unexplained_books_nothing_about_it(
    session: Session, make: Make, now: datetime
) -> None:
    payout = make.payout()
    details = {"amount": [500, "USD"], "group": None}
    findings.found(session, FindingKind.DIFFERENT_TRANSFER, payout.reference, details, now=now)
    finding = session.scalars(findings.open_findings()).one()
    payee = session.get_one(Account, payout.expert_id)
    with pytest.raises(Forbidden, match="payment to you"):
        _book(session, payee, now, kind=BookingKind.LOSS, finding=finding)


def test_nobody_changes_a_booking(session: Session, finance: Account, now: datetime) -> None:
    made = _book(session, finance, now, kind=BookingKind.FEE)
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(sa.update(RailBooking).values(minor=1).where(RailBooking.id == made.id))
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(sa.delete(RailBooking))


def test_the_page_shows_what_left_us_and_what_of_it_was_no_pay(
    session: Session, finance: Account, sign_in: SignIn, now: datetime
) -> None:
    client = sign_in(finance)
    assert "Nothing has left us yet" in client.get("/finance/rails/").text
    _book(session, finance, now, kind=BookingKind.EXPECTED)
    _book(session, finance, now, kind=BookingKind.FEE)
    for url in ("/finance/rails/", "/finance/"):
        page = client.get(url).text
        assert "Bank transfer, USD" in page
        assert "$10.00" in page
        assert "To come back" in page


def test_finance_books_from_the_finding_and_takes_it_back_on_the_page(
    session: Session, finance: Account, sign_in: SignIn, now: datetime
) -> None:
    finding = _strange(session, now)
    client = sign_in(finance)
    url = f"/finance/rails/?finding={finding.public_id}"
    assert url.replace("&", "&amp;") in client.get("/finance/").text
    page = client.get(url).text
    assert 'value="5"' in page or 'value="5.00"' in page
    assert "tr_strange" in page
    refused = client.post(url, data={"booking-amount": "5", "booking-currency": "USD"})
    assert refused.status_code == 422
    assert "Choose what it was" in refused.text
    answer = client.post(url, data=_form())
    assert answer.status_code == 303
    made = session.scalars(sa.select(RailBooking)).one()
    assert (made.minor, made.booked_by_id, made.finding_id) == (500, finance.id, finding.id)
    undo = f"/finance/rails/{made.public_id}/undo"
    assert client.post(undo, data={f"undo-{made.id}-reason": "Twice."}).status_code == 303
    assert "taken back" in client.get("/finance/rails/").text


def test_an_amount_has_no_more_digits_than_its_currency(finance: Account, sign_in: SignIn) -> None:
    form = _form() | {"booking-currency": "JPY", "booking-amount": "5.5"}
    assert sign_in(finance).post("/finance/rails/", data=form).status_code == 422


def test_a_single_clients_finance_sees_no_rail(
    make: Make, session: Session, sign_in: SignIn, now: datetime
) -> None:
    theirs = make.account()
    make.grant(theirs, Role.FINANCE, organisation=make.organisation())
    client = sign_in(theirs)
    assert client.get("/finance/rails/").status_code == 404
    assert client.post("/finance/rails/", data=_form()).status_code == 404
    assert "Stripe and the bank" not in client.get("/finance/").text
    assert session.scalar(sa.select(sa.func.count()).select_from(RailBooking)) == 0


def _form() -> dict[str, str]:
    said = {"kind": "loss", "rail": "stripe", "amount": "5", "currency": "USD"}
    said |= {"reason": "Sent by hand, and not ours.", "evidence": "tr_strange"}
    return {f"booking-{name}": value for name, value in said.items()}


def _book(
    session: Session,
    by: Account,
    now: datetime,
    *,
    kind: BookingKind,
    finding: Finding | None = None,
) -> RailBooking:
    said = Booked(kind, Rail.MANUAL, FIVE, "The bank's letter says so.", "BS-11")
    return bookings.book(session, said, by=by.id, finding=finding, now=now)


def _receivable(session: Session, by: Account, now: datetime) -> None:
    said = Booked(BookingKind.EXPECTED, Rail.MANUAL, Money(9000, "USD"), "On its way.", "BS-10")
    bookings.book(session, said, by=by.id, now=now - timedelta(days=1))


def _strange(session: Session, now: datetime) -> Finding:
    details = {"amount": [500, "USD"], "destination": "acct_x", "group": None}
    findings.found(session, FindingKind.UNKNOWN_TRANSFER, "tr_strange", details, now=now)
    return session.scalars(findings.open_findings()).one()


def _project(session: Session, now: datetime) -> int:
    return Make(session, now).project().id


def _balances(session: Session) -> dict[LedgerKind, int]:
    rows = sa.select(LedgerAccount.kind, LedgerAccount.balance).where(
        LedgerAccount.rail.is_not(None)
    )
    return {row.kind: row.balance for row in session.execute(rows)}
