"""The letters that accounts cause, each a plain text with at most one link."""

from datetime import datetime

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import mail, settings
from portal.accounts.models import Account


def confirm_address(session: Session, account: Account, token: str, *, now: datetime) -> None:
    """To a new account: press the button to show that the address is yours."""
    link = _link("sign-up/confirm", token)
    _send(session, account, _("Confirm your e-mail address"), "confirm_address", link, now=now)


def already_here(session: Session, account: Account, *, now: datetime) -> None:
    """To someone whose address was used to sign up again."""
    subject = _("You already have a Touchstone account")
    _send(session, account, subject, "already_here", _link("sign-in"), now=now)


def reset_password(session: Session, account: Account, token: str, *, now: datetime) -> None:
    """A link that sets a new password."""
    link = _link("reset-password", token)
    _send(session, account, _("Set a new password"), "reset_password", link, now=now)


def confirm_change(
    session: Session, account: Account, email: str, token: str, *, now: datetime
) -> None:
    """To the new address: confirm the change."""
    link = _link("account/e-mail/confirm", token)
    subject = _("Confirm your new e-mail address")
    _send(session, account, subject, "confirm_change", link, to=email, now=now)


def changed(session: Session, account: Account, what: str, *, now: datetime, to: str) -> None:
    """To the address that was in use: what was changed, and what to do if it was not you."""
    subject = _("Your Touchstone account was changed")
    _send(session, account, subject, "changed", _link("reset-password"), to=to, now=now, what=what)


def erasure_asked(session: Session, account: Account, *, due: datetime, now: datetime) -> None:
    """What was asked for, when it happens, and how to undo it."""
    body = (
        f"You asked us to delete your data. That happens on {due:%d %B %Y}, or as soon after it as"
        " nothing is owed to you any more. Until then your account works as before.\n\nWas this not"
        " you, or have you changed your mind? Sign in and keep your account here:"
    )
    _say(session, account, "Your data will be deleted", body, _link("account/erase"), now=now)


def erasure_undone(session: Session, account: Account, *, now: datetime) -> None:
    """Nothing is deleted."""
    body = "You keep your account: nothing of it is deleted.\n\nWas this not you? Change your password:"
    _say(session, account, "Your data stays", body, _link("account/password"), now=now)


def _say(
    session: Session, account: Account, subject: str, body: str, link: str, *, now: datetime
) -> None:
    text = f"Hello {account.display_name},\n\n{body}\n\n{link}\n\nTouchstone\n"
    mail.send(session, to=account.email, subject=subject, body=text, now=now)


def _send(
    session: Session,
    account: Account,
    subject: str,
    template: str,
    link: str,
    *,
    now: datetime,
    to: str | None = None,
    what: str = "",
) -> None:
    body = render_template(f"mail/{template}.txt", name=account.display_name, link=link, what=what)
    mail.send(session, to=to or account.email, subject=subject, body=body, now=now)


def _link(*parts: str) -> str:
    return "/".join([settings.load().base_url.rstrip("/"), *parts])
