"""A bank transfer that comes back: two people, everything turned back once, paid again with the next run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from payouts import jobs
from payouts.models import (
    BankReturn,
    HoldReason,
    LedgerAccount,
    LedgerKind,
    Payout,
    PayoutAccount,
    PayoutLine,
    PayoutState,
    PayRun,
    PayRunState,
    Rail,
    RailBooking,
    ReturnCause,
    ReturnState,
)
from payouts.queries import runs as run_queries
from payouts.service import bank, proof, rails, reconcile, returns, runs, sending
from payouts.service.bank import Details
from payouts.service.returns import Said
from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Decision, appeals
from portal.errors import Conflict, Forbidden, Invalid
from portal.mail import service as mail
from portal.mail.models import MailMessage
from portal.money import Money
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
TODAY = date(2026, 11, 23)
SAID = Said(
    reference="RT-9",
    returned_on=TODAY,
    cause=ReturnCause.CLOSED,
    words="AC04: closed account.",
    amount=Money(3850, "USD"),
    charges=Money(0, "USD"),
    arrived_on=TODAY,
)


@pytest.fixture
def payout(make: Make) -> Payout:
    """USD 38.50 that a bank transfer has paid."""
    return make.paid_by_bank()


@pytest.fixture
def first(make: Make) -> Account:
    """Whoever reads the bank's paper first."""
    return make.account(Role.FINANCE, name="Grace Wanjiru")


@pytest.fixture
def second(make: Make) -> Account:
    """Whoever reads it too."""
    return make.account(Role.FINANCE, name="Pieter van Houten")


@pytest.fixture
def entered(session: Session, payout: Payout, first: Account, now: datetime) -> BankReturn:
    """A return that waits for a second person."""
    return returns.enter(session, payout, SAID, by=first.id, now=now)


def test_nothing_moves_before_a_second_person_confirms(
    session: Session, payout: Payout, entered: BankReturn
) -> None:
    assert (payout.state, entered.state) == (PayoutState.PAID, ReturnState.ENTERED)
    assert _balances(session)[LedgerKind.RAIL_BALANCE] == 3850


def test_what_came_back_is_owed_again_and_free_for_the_next_run(
    session: Session, payout: Payout, entered: BankReturn, second: Account, now: datetime
) -> None:
    returns.confirm(session, entered, by=second.id, now=now)
    assert (payout.state, payout.problem) == (PayoutState.RELEASED, SAID.words)
    assert _balances(session) == {LedgerKind.LABOUR: -3850, LedgerKind.PENDING: 3850}
    assert proof.verify(session).problems == ()
    run = session.get_one(PayRun, payout.pay_run_id)
    (planned,) = runs.preview(
        session, organisation_id=run.organisation_id, currency="USD", by=second.id
    )
    assert (planned.expert_id, planned.amount) == (payout.expert_id, Money(3850, "USD"))
    assert run.state is PayRunState.DONE


def test_money_that_is_not_back_yet_is_a_receivable(
    session: Session, payout: Payout, first: Account, second: Account, now: datetime
) -> None:
    said = replace(SAID, arrived_on=None)
    made = returns.enter(session, payout, said, by=first.id, now=now)
    returns.confirm(session, made, by=second.id, now=now)
    held = _balances(session)
    assert held[LedgerKind.RAIL_RECEIVABLE] == -3850
    assert held[LedgerKind.RAIL_BALANCE] == held[LedgerKind.PENDING] == 3850
    assert proof.verify(session).problems == ()
    assert _reconciled(session, now) == 0


def test_what_the_bank_kept_is_a_fee_and_never_the_payees(
    session: Session, payout: Payout, first: Account, second: Account, now: datetime
) -> None:
    said = replace(SAID, charges=Money(350, "USD"))
    made = returns.enter(session, payout, said, by=first.id, now=now)
    returns.confirm(session, made, by=second.id, now=now)
    held = _balances(session)
    assert held[LedgerKind.PENDING] == 3850
    assert (held[LedgerKind.RAIL_FEES], held[LedgerKind.RAIL_BALANCE]) == (-350, 350)
    booked = session.scalars(sa.select(RailBooking)).one()
    assert (booked.booked_by_id, booked.evidence) == (second.id, "RT-9")


def test_reconciliation_knows_the_return_and_a_late_job_changes_nothing(
    session: Session, payout: Payout, entered: BankReturn, second: Account, now: datetime
) -> None:
    returns.confirm(session, entered, by=second.id, now=now)
    session.commit()
    for _again in range(2):
        jobs.send_payout(payout.id)
    session.refresh(payout)
    assert payout.state is PayoutState.RELEASED
    assert _reconciled(session, now + timedelta(days=1)) == 0


def test_the_next_run_waits_for_other_details_and_then_pays_once(
    session: Session,
    make: Make,
    payout: Payout,
    entered: BankReturn,
    second: Account,
    now: datetime,
) -> None:
    returns.confirm(session, entered, by=second.id, now=now)
    again = _next_payout(session, make, payout, now)
    assert sending.reserve(session, again.id, now=now) is None
    assert _hold(session, again) is HoldReason.DETAILS_RETURNED
    other = Details("Amara Okafor", "GB", "GB33BUKB20201555555555", "")
    bank.give(session, payout.expert_id, other, now=now)
    assert sending.reserve(session, again.id, now=now) is None
    assert _hold(session, again) is HoldReason.DETAILS_CHANGED
    assert sending.reserve(session, again.id, now=now + timedelta(hours=73)) is not None
    assert _balances(session)[LedgerKind.IN_TRANSIT] == 3850


def test_the_same_details_given_again_are_the_payees_word_that_they_are_right(
    session: Session,
    make: Make,
    payout: Payout,
    entered: BankReturn,
    second: Account,
    now: datetime,
) -> None:
    returns.confirm(session, entered, by=second.id, now=now)
    again = _next_payout(session, make, payout, now)
    make.bank_payee(session.get_one(Account, payout.expert_id))
    assert sending.reserve(session, again.id, now=now) is not None


def test_details_given_before_the_confirmation_are_not_held(
    session: Session, payout: Payout, entered: BankReturn, second: Account, now: datetime
) -> None:
    other = Details("Amara Okafor", "GB", "GB33BUKB20201555555555", "")
    bank.give(session, payout.expert_id, other, now=now)
    returns.confirm(session, entered, by=second.id, now=now)
    assert session.get_one(PayoutAccount, payout.expert_id).returned_at is None
    assert "nothing for you to do" in _letter(session)


def test_the_payee_is_told_why_what_to_do_and_how_to_contest_it(
    session: Session, payout: Payout, entered: BankReturn, second: Account, now: datetime
) -> None:
    returns.confirm(session, entered, by=second.id, now=now)
    letter = _letter(session)
    assert "38.50 USD" in letter
    assert SAID.words in letter
    assert "give an account that is open" in letter
    assert "contest it within 14 days" in letter
    decision = session.scalars(sa.select(Decision)).one()
    assert (decision.account_id, decision.decided_by_id) == (payout.expert_id, second.id)
    assert f"/decisions/{decision.public_id}" in letter


def test_an_appeal_upheld_trusts_the_details_again(
    session: Session,
    make: Make,
    payout: Payout,
    entered: BankReturn,
    second: Account,
    now: datetime,
) -> None:
    returns.confirm(session, entered, by=second.id, now=now)
    decision = session.scalars(sa.select(Decision)).one()
    appeal = appeals.make(session, decision, words="It is my account, and open.", now=now)
    answer = "The bank was wrong."
    appeals.uphold(session, appeal, by=make.account(Role.ADMIN).id, answer=answer, now=now)
    session.commit()
    for _again in range(2):
        jobs.appeal_upheld(appeal.id)
    session.expire_all()
    assert session.get_one(PayoutAccount, payout.expert_id).returned_at is None


def test_the_one_who_entered_it_and_the_payee_confirm_nothing(
    session: Session, payout: Payout, entered: BankReturn, first: Account, now: datetime
) -> None:
    with pytest.raises(Forbidden, match="Another person"):
        returns.confirm(session, entered, by=first.id, now=now)
    with pytest.raises(Forbidden, match="paid to you"):
        returns.confirm(session, entered, by=payout.expert_id, now=now)
    assert payout.state is PayoutState.PAID


def test_the_payee_enters_nothing(session: Session, payout: Payout, now: datetime) -> None:
    with pytest.raises(Forbidden, match="paid to you"):
        returns.enter(session, payout, SAID, by=payout.expert_id, now=now)


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        ({"amount": Money(3849, "USD")}, "back whole"),
        ({"amount": Money(3850, "EUR")}, "back whole"),
        ({"returned_on": TODAY + timedelta(days=1)}, "and today"),
        ({"returned_on": TODAY - timedelta(days=1)}, "day it was paid"),
        ({"arrived_on": TODAY + timedelta(days=1)}, "arrived between"),
        ({"arrived_on": None, "charges": Money(1, "USD")}, "once the money is here"),
        ({"charges": Money(3850, "USD")}, "less than"),
        ({"charges": Money(-1, "USD")}, "less than"),
        ({"reference": " "}, "reference"),
        ({"words": " "}, "reference"),
    ],
)
def test_what_cannot_be_is_refused(
    session: Session,
    payout: Payout,
    first: Account,
    now: datetime,
    mistake: dict[str, object],
    sentence: str,
) -> None:
    with pytest.raises(Invalid, match=sentence):
        returns.enter(session, payout, replace(SAID, **mistake), by=first.id, now=now)  # type: ignore[arg-type]


def test_only_what_a_bank_transfer_has_paid_comes_back(
    session: Session, make: Make, first: Account, now: datetime
) -> None:
    for payout in (make.payout(), make.paid_by_bank(reference="BT-2")):
        payout.rail = Rail.STRIPE
        with pytest.raises(Conflict, match="bank transfer"):
            returns.enter(session, payout, SAID, by=first.id, now=now)


def test_a_return_is_entered_and_confirmed_once(
    session: Session, payout: Payout, entered: BankReturn, second: Account, now: datetime
) -> None:
    with pytest.raises(Conflict, match="entered already"):
        returns.enter(session, payout, SAID, by=second.id, now=now)
    returns.confirm(session, entered, by=second.id, now=now)
    with pytest.raises(Conflict, match="settled"):
        returns.confirm(session, entered, by=second.id, now=now)
    with pytest.raises(Conflict):
        returns.enter(session, payout, replace(SAID, reference="RT-10"), by=second.id, now=now)


def test_one_reference_is_not_two_payments_return(
    session: Session, make: Make, entered: BankReturn, first: Account, now: datetime
) -> None:
    make.now = now.replace(hour=15)
    other = make.paid_by_bank(reference="BT-2")
    with pytest.raises(Conflict, match="entered already"):
        returns.enter(session, other, SAID, by=first.id, now=make.now)


def test_a_mistake_is_taken_back_with_a_reason_and_may_be_entered_anew(
    session: Session, payout: Payout, entered: BankReturn, first: Account, now: datetime
) -> None:
    with pytest.raises(Invalid):
        returns.withdraw(session, entered, by=first.id, why=" ", now=now)
    returns.withdraw(session, entered, by=first.id, why="Somebody else's payment.", now=now)
    again = returns.enter(session, payout, SAID, by=first.id, now=now)
    assert again.state is ReturnState.ENTERED


def test_the_database_wants_another_person(
    session: Session, entered: BankReturn, first: Account, now: datetime
) -> None:
    entered.confirm(by=first.id, now=now)
    with pytest.raises(IntegrityError, match="confirmed_by_another"):
        session.flush()


def test_the_database_wants_the_whole_amount_of_a_bank_payment(
    session: Session, payout: Payout, first: Account, now: datetime
) -> None:
    wrong = sa.insert(BankReturn).from_select(
        ["public_id", "payout_id", "bank_transfer_id", "reference", "returned_on", "cause", "said",
         "currency", "minor", "charges_minor", "entered_by_id", "entered_at", "state"],
        sa.select(
            sa.func.gen_random_uuid(), Payout.id, sa.text("(SELECT max(id) FROM bank_transfer)"),
            sa.literal("RT-1"), sa.literal(TODAY), sa.literal("closed"), sa.literal("closed"),
            Payout.currency, sa.literal(3849), sa.literal(0), sa.literal(first.id),
            sa.literal(now), sa.literal("entered"),
        ).where(Payout.id == payout.id),
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="whole"), session.begin_nested():
        session.execute(wrong)


def test_the_database_refuses_the_payee_on_either_side(
    session: Session, payout: Payout, entered: BankReturn, now: datetime
) -> None:
    entered.confirm(by=payout.expert_id, now=now)
    with pytest.raises(IntegrityError, match="its payee"):
        session.flush()


def test_the_database_frees_no_line_without_a_confirmed_return(
    session: Session, payout: Payout, entered: BankReturn, now: datetime
) -> None:
    changed = {"state": "released", "problem": "x", "transfer_id": None, "paid_at": None}
    with pytest.raises(IntegrityError, match="confirmed"), session.begin_nested():
        session.execute(sa.update(Payout).where(Payout.id == payout.id).values(**changed))
    with pytest.raises(DBAPIError, match="signed"), session.begin_nested():
        session.execute(sa.update(PayoutLine).values(released_at=now))


def test_what_is_over_stays_over_and_what_was_entered_stays_as_it_was(
    session: Session, payout: Payout, entered: BankReturn, second: Account, now: datetime
) -> None:
    with pytest.raises(DBAPIError, match="fixed"), session.begin_nested():
        session.execute(sa.update(BankReturn).values(said="Something else."))
    returns.confirm(session, entered, by=second.id, now=now)
    with pytest.raises(DBAPIError, match="over"), session.begin_nested():
        session.execute(sa.update(Payout).values(state="ready", problem=None))
    with pytest.raises(Conflict):
        sending.try_again(session, payout, by=second.id, now=now)


def test_finance_enters_it_on_the_payouts_page_and_another_confirms(
    session: Session, payout: Payout, first: Account, second: Account, sign_in: SignIn
) -> None:
    run = session.get_one(PayRun, payout.pay_run_id)
    url = f"/pay-runs/payouts/{payout.public_id}/return"
    client = sign_in(first)
    assert url in client.get(f"/pay-runs/{run.public_id}").text
    assert 'value="38.5' in client.get(url).text
    assert client.post(url, data={}).status_code == 422
    partial = client.post(url, data=_form() | {"return-amount": "20"})
    assert partial.status_code == 422
    assert "back whole" in partial.text
    assert client.post(url, data=_form()).status_code == 303
    page = client.get(url).text
    assert "Somebody of finance who did not enter it" in page
    assert url in client.get("/finance/rails/").text
    made = session.scalars(sa.select(BankReturn)).one()
    confirming = f"/pay-runs/returns/{made.public_id}/confirm"
    assert client.post(confirming).status_code == 403
    other = sign_in(second)
    assert "waits for a second person" in other.get("/").text
    assert "confirm it" in other.get(url).text
    assert other.post(confirming).status_code == 303
    session.expire_all()
    assert payout.state is PayoutState.RELEASED
    assert "Its statement lines are paid with another run" in other.get(url).text
    theirs = sign_in(session.get_one(Account, payout.expert_id)).get("/earnings/").text
    assert "came back, paid with the next run" in theirs


def test_what_was_not_paid_by_bank_has_no_such_page(
    session: Session, make: Make, first: Account, sign_in: SignIn
) -> None:
    stripe = make.payout()
    assert sign_in(first).get(f"/pay-runs/payouts/{stripe.public_id}/return").status_code == 404


def test_another_clients_finance_does_not_find_it(
    make: Make, payout: Payout, entered: BankReturn, sign_in: SignIn
) -> None:
    theirs = make.account()
    make.grant(theirs, Role.FINANCE, organisation=make.organisation())
    client = sign_in(theirs)
    assert client.get(f"/pay-runs/payouts/{payout.public_id}/return").status_code == 404
    assert client.post(f"/pay-runs/returns/{entered.public_id}/confirm").status_code == 404


def _form() -> dict[str, str]:
    said = {"cause": "closed", "words": "AC04", "reference": "RT-9", "amount": "38.50"}
    said |= {"returned_on": "2026-11-23", "arrived_on": "", "charges": ""}
    return {f"return-{name}": value for name, value in said.items()}


def _next_payout(session: Session, make: Make, payout: Payout, now: datetime) -> Payout:
    """Built and signed anew, by two people."""
    payer = session.get_one(PayRun, payout.pay_run_id).organisation_id
    builder, signer = make.account(Role.MANAGER), make.account(Role.FINANCE)
    run = runs.build(session, organisation_id=payer, currency="USD", by=builder.id, now=now)
    runs.approve(session, run, by=signer.id, seen=run.lines_sha256, now=now)
    return session.scalars(run_queries.payouts(run.id)).one()


def _reconciled(session: Session, now: datetime) -> int:
    session.commit()
    listed = rails.DOORS[Rail.MANUAL].every()
    return reconcile.compare(session, listed, listed_at=now, now=now).fresh


def _hold(session: Session, payout: Payout) -> HoldReason | None:
    session.flush()
    return session.scalar(sa.select(Payout.hold).where(Payout.id == payout.id))


def _letter(session: Session) -> str:
    newest = sa.select(MailMessage).order_by(MailMessage.id.desc()).limit(1)
    return mail.text_of(session.scalars(newest).one())


def _balances(session: Session) -> dict[LedgerKind, int]:
    session.expire_all()
    rows = sa.select(LedgerAccount.kind, LedgerAccount.balance).where(LedgerAccount.balance != 0)
    return {row.kind: row.balance for row in session.execute(rows)}
