"""The manual rail: bank details kept sealed, files for the bank, and what the bank answered."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session
from stdnum import bic, iban

from payouts.models import (
    AttemptState,
    BankDetails,
    BankFile,
    BankTransfer,
    JobName,
    Payout,
    PayoutAccount,
    PayoutAttempt,
    PayRun,
    Rail,
)
from payouts.queries import bank as queries
from payouts.queries import runs as run_queries
from payouts.service import payees, sending
from portal import audit, settings
from portal.accounts.models import Account
from portal.db import lock
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import random_id
from portal.jobs import enqueue
from portal.money import Money, plain
from portal.sealing import blind_index, seal, unseal

_COLUMNS: Final = ["reference", "name", "account", "bic", "country", "amount", "currency"]
REFUSED: Final = "bank_refused"


@dataclass(frozen=True)
class Details:
    """Where a person's bank account is."""

    holder: str
    country: str
    number: str
    """An IBAN where the country has them, else the account's number."""
    bic: str


def give(session: Session, account_id: int, said: Details, *, now: datetime) -> BankDetails:
    """Keep bank details; from here on the person is paid by bank transfer.

    Where they were paid elsewhere before, nothing is sent for 72 hours and they are told. Raises
    `Invalid`, with what to mend.
    """
    clean = _checked(said)
    account = lock(session, session.get_one(Account, account_id))
    if before := session.scalar(queries.current(account_id)):
        before.replace(now=now)
        session.flush()
    key, public_id = settings.load().personal_key, random_id()
    content = json.dumps(asdict(clean)).encode()
    made = BankDetails(
        public_id=public_id,
        account_id=account_id,
        sealed=seal(content, key=key, row=f"bank_details:{public_id}"),
        fingerprint=blind_index(f"{clean.country}{clean.number}", key=key, purpose="bank details"),
        given_at=now,
    )
    session.add(made)
    session.flush()
    payees.pay_by_bank(session, account, made.fingerprint.hex(), country=clean.country, now=now)
    return made


def make_file(session: Session, run: PayRun, *, by: int, now: datetime) -> BankFile:
    """Put the run's payouts that wait for the bank into one file, each of them once.

    Raises `Forbidden` for anyone it pays, `Conflict` where nothing waits. A payee whose details
    changed since the money was set aside is left out: their money goes back, with the reason.
    """
    lock(session, run)
    rows = [(row[0], row[1]) for row in session.execute(queries.waiting(run.id))]
    if by in {payout.expert_id for payout, _attempt in rows}:
        raise Forbidden("This file pays you: somebody else makes it.")
    lines = [line for payout, attempt in rows if (line := _line(session, payout, attempt, now))]
    if not lines:
        raise Conflict("Nothing waits for a bank file.")
    total = Money(sum(payout.minor for payout, _attempt, _details in lines), run.currency)
    content = _csv(lines, total)
    public_id = random_id()
    made = BankFile(
        public_id=public_id,
        pay_run_id=run.id,
        payouts=len(lines),
        total_minor=total.minor,
        sha256=hashlib.sha256(content).digest(),
        sealed=seal(content, key=settings.load().personal_key, row=f"bank_file:{public_id}"),
        made_by_id=by,
        made_at=now,
    )
    session.add(made)
    session.flush()
    for _payout, attempt, _details in lines:
        attempt.bank_file_id = made.id
    details = {"sha256": made.sha256.hex(), "payouts": made.payouts}
    subject = ("bank_file", made.id)
    audit.record(
        session, actor=by, action="bank_file.made", subject=subject, now=now, details=details
    )
    return made


def read_file(session: Session, file: BankFile, *, by: int, why: str, now: datetime) -> bytes:
    """The file as it was made, for somebody with a reason, which is recorded."""
    if not why.strip():
        raise Invalid("Say what you need the file for.")
    details, subject = {"reason": why.strip()}, ("bank_file", file.id)
    audit.record(
        session, actor=by, action="bank_file.read", subject=subject, now=now, details=details
    )
    content = unseal(file.sealed, key=settings.load().personal_key, row=file.row)
    if hashlib.sha256(content).digest() != file.sha256:
        raise Conflict("The file is not the one that was made.")
    return content


def enter(
    session: Session, payout: Payout, *, reference: str, on: date, by: int, now: datetime
) -> BankTransfer:
    """The bank has paid: its reference is kept, and settles the payout as any rail's answer does."""
    attempt = _at_the_bank(session, payout, by)
    if not reference.strip():
        raise Invalid("Enter the bank's reference.")
    if on > now.date():
        raise Invalid("The bank cannot have paid on a day to come.")
    if session.scalar(queries.entered(reference.strip(), attempt.id)):
        raise Conflict("That reference, or one for this payout, has been entered already.")
    made = BankTransfer(
        attempt_id=attempt.id,
        reference=reference.strip(),
        executed_on=on,
        entered_by_id=by,
        entered_at=now,
    )
    session.add(made)
    session.flush()
    enqueue(session, JobName.SEND_PAYOUT, payout.id, now=now)
    _noted(session, payout, "payout.bank_paid", by=by, now=now)
    return made


def refused(session: Session, payout: Payout, *, why: str, by: int, now: datetime) -> None:
    """The bank did not carry it out: the money goes back to approved, with the reason."""
    attempt = _at_the_bank(session, payout, by)
    if not why.strip():
        raise Invalid("Say what the bank said.")
    sending.put_back(session, payout, attempt, code=REFUSED, message=why.strip(), now=now)
    _noted(session, payout, "payout.bank_refused", by=by, now=now)


def _at_the_bank(session: Session, payout: Payout, by: int) -> PayoutAttempt:
    """The payout's open try, where a file has taken it to the bank."""
    lock(session, payout)
    if by == payout.expert_id:
        raise Forbidden("This pays you: somebody else enters what the bank said.")
    attempt = session.scalar(run_queries.open_attempt(payout.id))
    if attempt is None or attempt.state is not AttemptState.OPEN or attempt.bank_file_id is None:
        raise Conflict("This has not been taken to the bank.")
    return attempt


def _line(
    session: Session, payout: Payout, attempt: PayoutAttempt, now: datetime
) -> tuple[Payout, PayoutAttempt, Details] | None:
    lock(session, payout)
    found = session.scalar(queries.current(payout.expert_id))
    payee = session.get(PayoutAccount, payout.expert_id)
    same = found is not None and found.fingerprint.hex() == attempt.destination
    if found is None or not same or payee is None or payee.rail is not Rail.MANUAL:
        said = "The bank details changed before the file was made."
        sending.put_back(session, payout, attempt, code=REFUSED, message=said, now=now)
        return None
    content = unseal(found.sealed, key=settings.load().personal_key, row=found.row)
    return payout, attempt, Details(**json.loads(content))


def _csv(lines: Iterable[tuple[Payout, PayoutAttempt, Details]], total: Money) -> bytes:
    """A line each, then how many, what they come to, and the SHA-256 of all that is above."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    count = 0
    for payout, _attempt, to in lines:
        amount = plain(Money(payout.minor, payout.currency)).replace(",", "")
        where = [to.holder, to.number, to.bic, to.country]
        writer.writerow([payout.reference, *where, amount, payout.currency])
        count += 1
    writer.writerow(
        ["TOTAL", "", str(count), "", "", plain(total).replace(",", ""), total.currency]
    )
    above = out.getvalue()
    digest = hashlib.sha256(above.encode()).hexdigest()
    writer.writerow(["SHA256", digest, "", "", "", "", ""])
    return out.getvalue().encode()


def number_of_account_problem(number: str) -> str | None:
    """What is wrong with an account's number, in words; None where it can be one."""
    bare = _bare(number)
    if bare[:2].isalpha():
        return (
            None if iban.is_valid(bare) else "This is no IBAN. Look for a missing or swapped digit."
        )
    if bare.isalnum() and 4 <= len(bare) <= 34:
        return None
    return "Enter the account's number: 4 to 34 letters and digits."


def bic_problem(code: str) -> str | None:
    """What is wrong with a BIC; none at all is fine."""
    if not _bare(code) or bic.is_valid(_bare(code)):
        return None
    return "This is no BIC: it has 8 or 11 letters and digits."


def _bare(text: str) -> str:
    return text.replace(" ", "").upper()


def _checked(said: Details) -> Details:
    holder = said.holder.strip()
    if not holder or holder[0] in "=+-@":
        raise Invalid("Enter whose bank account it is.")
    if problem := number_of_account_problem(said.number) or bic_problem(said.bic):
        raise Invalid(problem)
    return Details(holder, said.country, _bare(said.number), _bare(said.bic))


def _noted(session: Session, payout: Payout, action: str, *, by: int, now: datetime) -> None:
    audit.record(session, actor=by, action=action, subject=("payout", payout.id), now=now)
