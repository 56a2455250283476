"""The manual rail: bank details, one file for the bank, its answers entered back, nothing twice."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts import jobs
from payouts.models import (
    BankDetails,
    BankFile,
    HoldReason,
    LedgerAccount,
    LedgerKind,
    Payout,
    PayoutAccount,
    PayoutState,
    PayRun,
    PayRunState,
    Rail,
)
from payouts.queries import bank as queries
from payouts.service import bank, proof, rails, reconcile, sending
from payouts.service.bank import Details
from portal.access import Role
from portal.accounts.models import Account
from portal.errors import Conflict, Forbidden, Invalid
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture
def payout(session: Session, make: Make) -> Payout:
    """USD 38.50 for somebody whom only a bank transfer reaches, signed and set aside."""
    expert = make.bank_payee()
    run = make.signed_run(expert)
    made = session.scalars(sa.select(Payout).where(Payout.pay_run_id == run.id)).one()
    session.commit()
    jobs.send_payout(made.id)
    session.refresh(made)
    assert (made.state, made.rail) == (PayoutState.SENDING, Rail.MANUAL)
    return made


@pytest.fixture
def finance(make: Make) -> Account:
    """Whoever takes files to the bank."""
    return make.account(Role.FINANCE, name="Noor Haddad")


def test_a_file_has_a_line_each_the_total_and_a_check_sum(
    session: Session, payout: Payout, finance: Account, now: datetime
) -> None:
    made = _file(session, payout, finance, now)
    content = bank.read_file(session, made, by=finance.id, why="To upload it.", now=now)
    rows = list(csv.reader(io.StringIO(content.decode())))
    name = session.get_one(Account, payout.expert_id).display_name
    number = IBAN.replace(" ", "")
    assert rows[1] == [payout.reference, name, number, "COBADEFFXXX", "DE", "38.50", "USD"]
    assert rows[2] == ["TOTAL", "", "1", "", "", "38.50", "USD"]
    above = content[: content.rindex(b"SHA256")]
    assert rows[3][:2] == ["SHA256", hashlib.sha256(above).hexdigest()]
    assert made.sha256 == hashlib.sha256(content).digest()


def test_a_payout_is_in_one_file_only(
    session: Session, payout: Payout, finance: Account, now: datetime
) -> None:
    _file(session, payout, finance, now)
    for later in range(3):
        jobs.send_payout(payout.id)
        with pytest.raises(Conflict, match="Nothing waits"):
            _file(session, payout, finance, now + timedelta(hours=2 * later))


def test_the_banks_reference_settles_it_like_any_rails_answer(
    session: Session, payout: Payout, finance: Account, now: datetime
) -> None:
    _file(session, payout, finance, now)
    bank.enter(session, payout, reference="BT-77", on=date(2026, 11, 23), by=finance.id, now=now)
    session.commit()
    jobs.send_payout(payout.id)
    session.refresh(payout)
    assert (payout.state, payout.transfer_id) == (PayoutState.PAID, "bank:BT-77")
    assert session.get_one(PayRun, payout.pay_run_id).state is PayRunState.DONE
    kinds = sa.select(LedgerAccount.balance).where(LedgerAccount.rail == Rail.MANUAL)
    assert session.scalar(kinds) == 3850
    assert proof.verify(session).problems == ()
    later = now + timedelta(days=1)
    listed = rails.DOORS[Rail.MANUAL].every()
    assert reconcile.compare(session, listed, listed_at=later, now=later).fresh == 0


def test_what_the_bank_did_not_carry_out_is_owed_again_with_its_reason(
    session: Session, payout: Payout, finance: Account, now: datetime
) -> None:
    _file(session, payout, finance, now)
    bank.refused(session, payout, why="The account is closed.", by=finance.id, now=now)
    assert (payout.state, payout.problem) == (PayoutState.REFUSED, "The account is closed.")
    approved = sa.select(LedgerAccount.balance).where(LedgerAccount.kind == LedgerKind.APPROVED)
    session.expire_all()
    assert session.scalar(approved) == 3850


def test_an_answer_is_entered_once(
    session: Session, payout: Payout, finance: Account, now: datetime
) -> None:
    on, by = date(2026, 11, 23), finance.id
    with pytest.raises(Conflict, match="not been taken to the bank"):
        bank.enter(session, payout, reference="BT-77", on=on, by=by, now=now)
    _file(session, payout, finance, now)
    with pytest.raises(Invalid, match="day to come"):
        bank.enter(session, payout, reference="BT-77", on=on + timedelta(1), by=by, now=now)
    bank.enter(session, payout, reference="BT-77", on=on, by=by, now=now)
    with pytest.raises(Conflict, match="entered already"):
        bank.enter(session, payout, reference="BT-78", on=on, by=by, now=now)


def test_a_payee_neither_makes_the_file_nor_enters_the_answer(
    session: Session, payout: Payout, finance: Account, now: datetime
) -> None:
    run = session.get_one(PayRun, payout.pay_run_id)
    with pytest.raises(Forbidden, match="pays you"):
        bank.make_file(session, run, by=payout.expert_id, now=now)
    _file(session, payout, finance, now)
    with pytest.raises(Forbidden, match="pays you"):
        bank.refused(session, payout, why="Mine.", by=payout.expert_id, now=now)


def test_details_that_changed_before_the_file_take_the_payout_out_of_it(
    session: Session, payout: Payout, finance: Account, now: datetime
) -> None:
    other = Details("Amara Okafor", "GB", "GB33BUKB20201555555555", "")
    bank.give(session, payout.expert_id, other, now=now)
    with pytest.raises(Conflict, match="Nothing waits"):
        _file(session, payout, finance, now)
    assert payout.state is PayoutState.REFUSED
    sending.try_again(session, payout, by=finance.id, now=now)
    assert sending.reserve(session, payout.id, now=now) is None
    assert payout.hold is HoldReason.DETAILS_CHANGED


def test_bank_details_lie_sealed(
    session: Session, payout: Payout, finance: Account, now: datetime
) -> None:
    _file(session, payout, finance, now)
    for column in (BankDetails.sealed, BankFile.sealed):
        assert b"532013" not in (session.scalar(sa.select(column)) or b"")
    made = session.scalars(queries.every_file()).one()
    with pytest.raises(Invalid, match="what you need"):
        bank.read_file(session, made, by=finance.id, why=" ", now=now)


@pytest.mark.parametrize(
    ("number", "bic"),
    [("DE89370400440532013001", ""), ("12", ""), ("12345678", "COBA"), ("1234;5678", "")],
)
def test_what_cannot_be_a_bank_account_is_refused(
    session: Session, make: Make, now: datetime, number: str, bic: str
) -> None:
    with pytest.raises(Invalid):
        bank.give(session, make.expert().id, Details("A", "DE", number, bic), now=now)


def test_an_expert_gives_bank_details_in_the_browser(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    expert = make.expert()
    client = sign_in(expert)
    asked = {"holder": "Amara Okafor", "country": "DE", "number": IBAN, "bic": ""}
    assert "Stripe pays to some countries only" in client.get("/earnings/bank").text
    refused = client.post("/earnings/bank", data={**asked, "number": "DE00 1"})
    assert (refused.status_code, "This is no IBAN" in refused.text) == (422, True)
    assert client.post("/earnings/bank", data=asked).status_code == 303
    assert session.get_one(PayoutAccount, expert.id).ready
    assert "bank transfer" in client.get("/earnings/").text
    assert IBAN not in client.get("/earnings/bank").text


def test_finance_makes_the_file_downloads_it_and_enters_the_answer(
    session: Session, payout: Payout, finance: Account, sign_in: SignIn
) -> None:
    run = session.get_one(PayRun, payout.pay_run_id)
    client, page = sign_in(finance), f"/pay-runs/{run.public_id}"
    assert "Make the bank file" in client.get(page).text
    assert client.post(f"{page}/bank-file").status_code == 303
    made = session.scalars(queries.every_file()).one()
    assert made.sha256.hex() in client.get(page).text
    url, why = f"/pay-runs/bank-files/{made.public_id}", f"file-{made.id}-reason"
    assert client.post(url, data={}).status_code == 422
    assert payout.reference in client.post(url, data={why: "To upload it."}).text
    entry = {f"bank-{payout.id}-reference": "BT-77", f"bank-{payout.id}-on": "2026-11-20"}
    answer = f"/pay-runs/payouts/{payout.public_id}/bank"
    assert client.post(answer, data={}).status_code == 422
    assert client.post(answer, data=entry).status_code == 303
    jobs.send_payout(payout.id)
    assert "BT-77" in client.get(page).text


def _file(session: Session, payout: Payout, finance: Account, now: datetime) -> BankFile:
    run = session.get_one(PayRun, payout.pay_run_id)
    return bank.make_file(session, run, by=finance.id, now=now)
