"""Deleting one's data: a fortnight to undo it, never while money is owed, and then no trace of the name."""

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts import jobs as pay_jobs
from payouts.models import BankDetails, LedgerAccount, PayoutAccount, PayPaper, Statement, TaxForm
from payouts.service import bonuses, papers, proof
from portal import clock, files, mail
from portal.access import Role
from portal.accounts import erasure, jobs
from portal.accounts.models import ERASED, Account, AccountState, Credential, Erasure, ErasureState
from portal.accounts.models import SignIn as SignedIn
from portal.accounts.passwords import stretch
from portal.db import transaction
from portal.embedded import binaries
from portal.errors import Conflict
from portal.files import StoredFile
from portal.identity.models import IdentityCheck, IdentityIndex
from portal.mail import MailMessage
from portal.money import Money
from tests.conftest import Database
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
NAME: Final = "Zebulon Quartermain"
EMAIL: Final = "zebulon@canary.example"
OLDER: Final = "older@canary.example"
NUMBER: Final = "DE89370400440532013000"
WORDS: Final = "I am the Zebulon who built the lighthouse catalogue."
CANARIES: Final = ("Zebulon", "Quartermain", EMAIL, OLDER, NUMBER, "36574261809", "lighthouse")
DAY: Final = timedelta(days=1)


@pytest.fixture
def person(session: Session, make: Make) -> Account:
    """Somebody with an account and nothing else."""
    return make.account(Role.EXPERT, name=NAME, email=EMAIL)


def test_it_is_asked_for_undone_and_asked_for_anew(
    session: Session, person: Account, now: datetime
) -> None:
    made = erasure.ask(session, person, now=now)
    assert made.due_at == now + erasure.WAIT
    with pytest.raises(Conflict, match="already"):
        erasure.ask(session, person, now=now)
    erasure.undo(session, person, now=now + DAY)
    with pytest.raises(Conflict, match="nothing to undo"):
        erasure.undo(session, person, now=now + DAY)
    assert not erasure.carry_out(session, made.id, now=now + 20 * DAY)
    assert erasure.ask(session, person, now=now + DAY).id != made.id
    assert person.state is AccountState.ACTIVE


def test_nothing_happens_before_its_day(session: Session, person: Account, now: datetime) -> None:
    made = erasure.ask(session, person, now=now)
    early = made.due_at - timedelta(seconds=1)
    assert not erasure.carry_out(session, made.id, now=early)
    assert list(session.scalars(erasure.due(now=early))) == []
    assert list(session.scalars(erasure.due(now=made.due_at))) == [made.id]


def test_the_account_is_closed_nameless_and_opened_by_nobody(
    session: Session, person: Account, sign_in: SignIn, now: datetime
) -> None:
    session.add(Credential(person.id, stretch("a long enough password"), now))
    client = sign_in(person)
    made = erasure.ask(session, person, now=now)
    assert erasure.carry_out(session, made.id, now=made.due_at)
    assert (person.state, person.display_name) == (AccountState.CLOSED, ERASED)
    assert person.email == f"{person.public_id.hex}@erased.invalid"
    assert client.get("/account").status_code in {302, 401}
    said = {"email": EMAIL, "password": "a long enough password"}
    assert client.post("/sign-in", data=said).status_code != 302
    for table in (Credential, SignedIn):
        counted = sa.select(sa.func.count()).select_from(table)
        assert session.scalar(counted.where(table.account_id == person.id)) == 0


def test_doing_it_twice_changes_nothing(session: Session, person: Account, now: datetime) -> None:
    made = erasure.ask(session, person, now=now)
    assert erasure.carry_out(session, made.id, now=made.due_at)
    assert not erasure.carry_out(session, made.id, now=made.due_at + DAY)
    assert made.ended_at == made.due_at


def test_it_waits_while_money_is_owed_and_goes_on_once_it_is_paid(
    session: Session, make: Make, now: datetime
) -> None:
    payout = make.payout()
    expert = session.get_one(Account, payout.expert_id)
    made = erasure.ask(session, expert, now=now)
    assert not erasure.carry_out(session, made.id, now=made.due_at)
    assert "Money is owed to you" in str(erasure.obstacles(session, expert.id)[0])
    paid = session.get_one(Account, make.paid_by_bank(make.expert()).expert_id)
    assert erasure.obstacles(session, paid.id) == []


def test_it_waits_for_time_and_bonuses_that_nobody_has_decided_on(
    session: Session, make: Make, now: datetime
) -> None:
    worked = make.timesheet(submitted=True).expert_id
    assert "not approved yet" in str(erasure.obstacles(session, worked)[0])
    expert = make.expert()
    asked = bonuses.ask(
        session,
        make.project(),
        expert_id=expert.id,
        amount=Money(1000, "USD"),
        reason="A hard week.",
        by=make.account(Role.MANAGER).id,
        now=now,
    )
    for _each in range(2):
        assert "bonus" in str(erasure.obstacles(session, expert.id)[0])
        if asked.decided_at is None:
            bonuses.approve(session, asked, by=make.account(Role.FINANCE).id, now=now)


def test_whoever_has_a_duty_hands_it_over_first(
    session: Session, make: Make, now: datetime
) -> None:
    manager = make.account(Role.MANAGER)
    made = erasure.ask(session, manager, now=now)
    assert not erasure.carry_out(session, made.id, now=made.due_at)
    assert "duty" in str(erasure.obstacles(session, manager.id)[0])


def test_the_database_wants_the_fortnight(session: Session, person: Account, now: datetime) -> None:
    soon = Erasure(account_id=person.id, asked_at=now, due_at=now + 13 * DAY)
    with pytest.raises(IntegrityError, match="fourteen_days"), session.begin_nested():
        session.add(soon)
    made = erasure.ask(session, person, now=now)
    made.carry_out([], now=now)
    with pytest.raises(IntegrityError, match="never_before_its_day"), session.begin_nested():
        session.flush()


def test_a_person_asks_with_address_and_password_and_keeps_the_account(
    session: Session, person: Account, sign_in: SignIn, now: datetime
) -> None:
    session.add(Credential(person.id, stretch("a long enough password"), now))
    client = sign_in(person)
    assert "/account/erase" in client.get("/account").text
    page = client.get("/account/erase").text
    for heading in ("What is deleted", "What stays, and why", "Your password"):
        assert heading in page
    wrong = client.post("/account/erase", data={"address": "else@example.org", "current": "x"})
    assert (wrong.status_code, "not the address" in wrong.text) == (422, True)
    unknown = client.post("/account/erase", data={"address": EMAIL, "current": "wrong"})
    assert (unknown.status_code, "not the password" in unknown.text) == (422, True)
    said = {"address": EMAIL, "current": "a long enough password"}
    assert client.post("/account/erase", data=said).status_code == 303
    assert "Keep my account" in client.get("/account/erase").text
    assert client.post("/account/erase/undo").status_code == 303
    assert "Keep my account" not in client.get("/account/erase").text
    states = session.scalars(sa.select(Erasure.state)).all()
    assert states == [ErasureState.UNDONE]
    assert len(session.scalars(sa.select(MailMessage)).all()) == 2


def test_the_page_says_what_is_in_the_way(make: Make, session: Session, sign_in: SignIn) -> None:
    payee = session.get_one(Account, make.payout().expert_id)
    assert "Money is owed to you" in sign_in(payee).get("/account/erase").text


def test_a_dump_holds_no_trace_of_the_person_afterwards(fresh_database: Database) -> None:
    account_id, erasure_id = _lived(fresh_database)
    before = _dump(fresh_database.owner)
    assert {"Zebulon", EMAIL, OLDER, "lighthouse"} <= set(_found(before))
    with transaction() as session:
        stored = session.scalars(sa.select(StoredFile)).all()
        paths = [files.path_of(each) for each in stored]
    assert paths
    assert all(path.exists() for path in paths)
    for _again in range(2):
        jobs.erase_account(erasure_id)
    assert _found(_dump(fresh_database.owner)) == []
    assert not any(path.exists() for path in paths)
    with transaction() as session:
        assert session.get_one(Erasure, erasure_id).files == []
        _what_stays(session, account_id)


def test_a_name_that_is_left_anywhere_is_found(fresh_database: Database) -> None:
    _account_id, erasure_id = _lived(fresh_database)
    jobs.erase_account(erasure_id)
    with transaction() as session:
        session.execute(sa.text("UPDATE project SET line = 'asked by Zebulon'"))
    assert _found(_dump(fresh_database.owner)) == ["Zebulon"]


def test_bytes_that_were_not_wiped_are_wiped_by_the_next_round(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _account_id, erasure_id = _lived(fresh_database)

    def die(_stored: StoredFile) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(files, "wipe", die)
    with pytest.raises(RuntimeError):
        jobs.erase_account(erasure_id)
    monkeypatch.undo()
    with transaction() as session:
        assert erasure_id in session.scalars(erasure.due(now=clock.now(session))).all()
        paths = [files.path_of(each) for each in session.scalars(sa.select(StoredFile))]
    jobs.erase_account(erasure_id)
    assert not any(path.exists() for path in paths)


def test_a_tax_form_goes_once_the_law_no_longer_asks_for_it(fresh_database: Database) -> None:
    account_id, erasure_id = _lived(fresh_database)
    jobs.erase_account(erasure_id)
    kept = sa.select(sa.func.count()).select_from(TaxForm).where(TaxForm.account_id == account_id)
    pay_jobs.forget_tax_forms(1)
    with transaction() as session:
        assert session.scalar(kept) == 1
        clock.shift(session, timedelta(days=366 * 5))
    try:
        pay_jobs.forget_tax_forms(2)
        with transaction() as session:
            assert session.scalar(kept) == 0
    finally:
        with transaction() as session:
            clock.shift(session, timedelta(0))


def _lived(database: Database) -> tuple[int, int]:
    """Somebody worked, was paid by bank, had papers and letters, and asked to be forgotten a while ago."""
    # Building an exam writes its keys, which the app may not read.
    engine = sa.create_engine(database.owner, poolclass=sa.NullPool)
    with Session(engine) as session, session.begin():
        now = clock.now(session)
        make = Make(session, now - 30 * DAY)
        person = make.account(Role.EXPERT, name=NAME, email=EMAIL)
        make.paid_by_bank(person)
        payee = session.get_one(PayoutAccount, person.id)
        payee.contact = OLDER
        application = make.application(account=person)
        application.explanation = WORDS
        session.add(Credential(person.id, stretch("a long enough password"), now))
        for address in (EMAIL, OLDER):
            mail.send(session, to=address, subject="A letter", body=f"Hello {NAME}", now=now)
        paper = papers.of_statement(session, session.scalars(sa.select(Statement)).one(), now=now)
        stored = files.store(session, NAME.encode(), media_type="application/pdf", now=now)
        paper.issue(file_id=stored.id, now=now)
        asked = erasure.ask(session, person, now=now - 15 * DAY)
        return person.id, asked.id


def _what_stays(session: Session, account_id: int) -> None:
    """The books, the tax form, and that there was a yes; nothing that names anybody."""
    assert proof.verify(session).problems == ()
    owed = sa.select(LedgerAccount).where(LedgerAccount.expert_id == account_id)
    assert session.scalars(owed).all()
    kept = (TaxForm.account_id == account_id, Statement.expert_id == account_id)
    for mine in kept:
        assert session.scalar(sa.select(sa.func.count()).where(mine)) == 1
    for gone in (BankDetails, PayoutAccount, PayPaper, IdentityIndex, Credential):
        counted = sa.select(sa.func.count()).select_from(gone)
        assert session.scalar(counted.where(gone.account_id == account_id)) == 0
    check = session.scalars(
        sa.select(IdentityCheck).where(IdentityCheck.account_id == account_id)
    ).one()
    assert check.erase_asked_at is not None


def _found(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


def _dump(url: str) -> str:
    """What `pg_dump` writes of the whole database."""
    newest = max(binaries.installed(), key=lambda found: found.version)
    program = Path(newest.folder) / "pg_dump"
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run([program, plain], capture_output=True, text=True, check=True)
    return done.stdout
