"""The second factor: an authenticator app's codes (RFC 6238), and recovery codes for a lost phone."""

import hmac
import secrets
from datetime import datetime
from typing import Final

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import audit, clock, settings
from portal.accounts.models import Authenticator, RecoveryCode
from portal.sealing import blind_index, seal, unseal

ISSUER: Final = "Touchstone"
STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""How many steps a phone's clock may be ahead or behind."""
RECOVERY_CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look like another


def begin(session: Session, account_id: int, *, now: datetime) -> None:
    """Make a new secret, which counts once a code has shown that the app has it.

    An app that has been confirmed already is left alone.
    """
    session.execute(
        sa.delete(Authenticator).where(
            Authenticator.account_id == account_id, Authenticator.confirmed_at.is_(None)
        )
    )
    if session.get(Authenticator, account_id) is not None:
        return
    key = settings.load().personal_key
    sealed = seal(pyotp.random_base32().encode(), key=key, row=_row(account_id))
    session.add(Authenticator(account_id=account_id, sealed=sealed, created_at=now))
    session.flush()


def secret_of(authenticator: Authenticator) -> str:
    """The shared secret in base32, to be shown only while the app is being set up."""
    key = settings.load().personal_key
    return unseal(authenticator.sealed, key=key, row=_row(authenticator.account_id)).decode()


def address_of(authenticator: Authenticator, *, email: str) -> str:
    """What the square code says to the authenticator app (otpauth://)."""
    totp = pyotp.TOTP(s=secret_of(authenticator), interval=STEP_SECONDS)
    return str(totp.provisioning_uri(name=email, issuer_name=ISSUER))


def give_code(session: Session, account_id: int, code: str, *, now: datetime) -> bool:
    """Whether this is the app's code of about now, which then cannot be given again.

    Phones keep the real time, so a demo's or a test's moved clock is moved back for this.
    """
    authenticator = session.scalar(_locked(account_id))
    if authenticator is None:
        return False
    real = now - clock.shifted(session)
    step = _step_of(authenticator, _plain(code), int(real.timestamp() // STEP_SECONDS))
    if step is None:
        return False
    if authenticator.confirmed_at is None:
        _recorded(session, account_id, "second_factor.set_up", now)
    authenticator.take(step, now=now)
    return True


def give_recovery_code(session: Session, account_id: int, code: str, *, now: datetime) -> bool:
    """Whether this is one of the account's unused recovery codes, which then is used up."""
    found = session.scalar(
        sa.select(RecoveryCode)
        .where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
        .where(RecoveryCode.code_hash == _code_hash(account_id, _plain(code)))
        .with_for_update()
    )
    if found is None:
        return False
    found.used_at = now
    _recorded(session, account_id, "recovery_code.used", now)
    return True


def new_recovery_codes(session: Session, account_id: int, *, now: datetime) -> list[str]:
    """Replace the account's recovery codes; the plain ones exist only in what this returns."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = [_random_code() for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(
            account_id=account_id, code_hash=_code_hash(account_id, _plain(code)), created_at=now
        )
        for code in codes
    )
    return codes


def turn_off(session: Session, account_id: int, *, now: datetime) -> None:
    """Forget the app and its recovery codes."""
    session.execute(sa.delete(Authenticator).where(Authenticator.account_id == account_id))
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    _recorded(session, account_id, "second_factor.turned_off", now)


def confirmed(session: Session, account_id: int) -> bool:
    """Whether the account has an authenticator app that has shown its code."""
    found = session.get(Authenticator, account_id)
    return found is not None and found.confirmed_at is not None


def _step_of(authenticator: Authenticator, code: str, current: int) -> int | None:
    totp = pyotp.TOTP(s=secret_of(authenticator), interval=STEP_SECONDS)
    newest = -1 if authenticator.last_step is None else authenticator.last_step
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if step > newest and hmac.compare_digest(
            totp.generate_otp(input=step).encode(), code.encode()
        ):
            return step
    return None


def _locked(account_id: int) -> sa.Select[Authenticator]:
    query = sa.select(Authenticator).where(Authenticator.account_id == account_id)
    return query.with_for_update().execution_options(populate_existing=True)


def _recorded(session: Session, account_id: int, action: str, now: datetime) -> None:
    audit.record(session, actor=account_id, action=action, subject=("account", account_id), now=now)


def _code_hash(account_id: int, code: str) -> bytes:
    key = settings.load().personal_key
    return blind_index(f"{account_id}:{code}", key=key, purpose="recovery code")


def _random_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _plain(code: str) -> str:
    """The code without the spaces and dashes that people copy along."""
    return code.replace(" ", "").replace("-", "").lower()


def _row(account_id: int) -> str:
    return f"authenticator:{account_id}"
