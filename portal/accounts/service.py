"""Signing up, showing that an address is one's own, and changing what an account says and knows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from portal import audit
from portal.access import Role
from portal.accounts import letters, passwords, queries, sign_ins, tokens
from portal.accounts.models import Account, AccountState, Credential, Grant, Purpose
from portal.db import lock
from portal.errors import Conflict
from portal.ids import uuid7


@dataclass(frozen=True)
class Newcomer:
    """What someone says about themself when they sign up."""

    display_name: str
    email: str
    password: str
    country: str | None
    time_zone: str


def sign_up(
    session: Session, newcomer: Newcomer, *, next_path: str | None, now: datetime
) -> Account | None:
    """Make the account and send a letter to its address; None where the address has one already.

    Either way a password is stretched and a letter is queued, so that neither the answer nor its
    time says whether the address is known.
    """
    encoded = passwords.stretch(newcomer.password)
    made = session.scalar(_insert(newcomer, now))
    if made is None:
        known = session.scalars(queries.by_email(newcomer.email)).one()
        _remind(session, known, now=now)
        return None
    account = session.get_one(Account, made)
    session.add(Credential(account_id=account.id, password_hash=encoded, changed_at=now))
    session.add(Grant(account_id=account.id, role=Role.APPLICANT, granted_at=now))
    _recorded(session, account, "account.signed_up", now)
    send_confirmation(session, account, next_path=next_path, now=now)
    return account


def send_confirmation(
    session: Session, account: Account, *, now: datetime, next_path: str | None = None
) -> None:
    """Send (again) the letter that shows whose address it is."""
    lock(session, account)
    purpose = Purpose.VERIFY_EMAIL
    token = tokens.issue(
        session, account_id=account.id, purpose=purpose, now=now, next_path=next_path
    )
    letters.confirm_address(session, account, token, now=now)


def confirm_address(session: Session, token: str, *, now: datetime) -> str | None:
    """The letter arrived: the account is open. Gives the page that the person came from."""
    redeemed = tokens.redeem(session, token, Purpose.VERIFY_EMAIL, now=now)
    account = lock(session, session.get_one(Account, redeemed.account_id))
    account.verify_email(now=now)
    _recorded(session, account, "account.verified", now)
    return redeemed.next_path


def check_password(session: Session, email: str, password: str) -> Account | None:
    """The account that this address and password open; None otherwise, in the same time."""
    account = session.scalar(queries.by_email(email))
    known = session.get(Credential, account.id) if account else None
    if not passwords.matches(known.password_hash if known else None, password):
        return None
    if account is None or known is None or account.state is AccountState.CLOSED:
        return None
    if passwords.outdated(known.password_hash):
        known.password_hash = passwords.stretch(password)
    return account


def password_is_right(session: Session, account_id: int, password: str) -> bool:
    """Whether someone who is signed in knows the password too."""
    known = session.get(Credential, account_id)
    return passwords.matches(known.password_hash if known else None, password)


def set_password(
    session: Session, account: Account, password: str, *, now: datetime, keep: int | None = None
) -> None:
    """Replace the password, end every other sign-in and say so by mail."""
    encoded = passwords.stretch(password)
    row = {"account_id": account.id, "password_hash": encoded, "changed_at": now}
    session.execute(
        insert(Credential)
        .values(**row)
        .on_conflict_do_update(index_elements=["account_id"], set_=row)
        .execution_options(synchronize_session=False)
    )
    sign_ins.revoke_others(session, account_id=account.id, keep=keep, now=now)
    _recorded(session, account, "password.changed", now)
    letters.changed(session, account, "the password", now=now, to=account.email)


def request_reset(session: Session, email: str, *, now: datetime) -> None:
    """Send a reset link, where the address is known; takes as long where it is not."""
    account = session.scalar(queries.by_email(email))
    if account is None or account.state is AccountState.CLOSED:
        passwords.matches(None, email)
        return
    passwords.matches(None, email)
    lock(session, account)
    token = tokens.issue(session, account_id=account.id, purpose=Purpose.RESET_PASSWORD, now=now)
    letters.reset_password(session, account, token, now=now)


def reset_password(session: Session, token: str, password: str, *, now: datetime) -> None:
    """Set a new password by the link; the mailbox has been shown to be theirs as well."""
    redeemed = tokens.redeem(session, token, Purpose.RESET_PASSWORD, now=now)
    account = lock(session, session.get_one(Account, redeemed.account_id))
    if account.state is AccountState.UNVERIFIED:
        account.verify_email(now=now)
    set_password(session, account, password, now=now)


def request_email_change(session: Session, account: Account, email: str, *, now: datetime) -> None:
    """Send a confirmation to the new address; nothing changes until it is confirmed."""
    lock(session, account)
    address = email.strip().lower()
    if session.scalar(queries.by_email(address)) is not None:
        return  # who asks must not learn from us which addresses have accounts
    token = tokens.issue(
        session, account_id=account.id, purpose=Purpose.CHANGE_EMAIL, email=address, now=now
    )
    letters.confirm_change(session, account, address, token, now=now)


def confirm_email_change(session: Session, account: Account, token: str, *, now: datetime) -> None:
    """The new address is theirs. Raises `Conflict` where another account has taken it meanwhile."""
    redeemed = tokens.redeem(session, token, Purpose.CHANGE_EMAIL, now=now)
    if redeemed.account_id != account.id or redeemed.email is None:
        raise Conflict("This link belongs to another account. Sign in to that one first.")
    lock(session, account)
    before = account.email
    _take_address(session, account, redeemed.email, now=now)
    _recorded(session, account, "email.changed", now)
    letters.changed(session, account, "the e-mail address", now=now, to=before)


def _take_address(session: Session, account: Account, email: str, *, now: datetime) -> None:
    """Only the key tells apart two who confirm the same address at the same moment."""
    try:
        with session.begin_nested():
            account.change_email(email, now=now)
    except IntegrityError:
        raise Conflict("That address belongs to another account now.") from None


def _insert(newcomer: Newcomer, now: datetime) -> ReturningInsert[int]:
    """Add the account unless its address is taken; two who ask at once are told apart by the key."""
    values = {
        "public_id": uuid7(now),
        "email": newcomer.email.strip().lower(),
        "display_name": newcomer.display_name.strip(),
        "created_at": now,
        "locale": "en",
        "time_zone": newcomer.time_zone,
        "country": newcomer.country,
        "state": AccountState.UNVERIFIED,
        "qualification_revision": 0,
    }
    adding = insert(Account).values(**values).on_conflict_do_nothing(index_elements=["email"])
    return adding.returning(Account.id)


def _remind(session: Session, known: Account, *, now: datetime) -> None:
    if known.state is AccountState.UNVERIFIED:
        send_confirmation(session, known, now=now)
    else:
        letters.already_here(session, known, now=now)


def _recorded(session: Session, account: Account, action: str, now: datetime) -> None:
    subject = ("account", account.id)
    audit.record(session, actor=account.id, action=action, subject=subject, now=now)
