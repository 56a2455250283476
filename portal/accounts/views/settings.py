"""A person's own account: details, address, password, devices, and what is recorded about them."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import agreements, audit, clock
from portal.access import person, signed_in
from portal.accounts import queries, second_factor, service, sign_ins
from portal.accounts.forms import (
    DetailsForm,
    EmailChangeForm,
    PasswordChangeForm,
    PressForm,
    country_name,
)
from portal.accounts.guesses import guarded
from portal.accounts.models import Account
from portal.accounts.titles import title_of
from portal.contributions import installed
from portal.db import lock, reading, transaction

bp = Blueprint("account", __name__)

Page = str | tuple[str, int] | Response


@bp.get("/account")
@signed_in
def overview() -> str:
    """Everything about the account, and where to change it."""
    with reading() as session:
        account = _mine(session)
        return render_template(
            "accounts/overview.html",
            account=account,
            country=country_name(account.country),
            roles=[title_of(role) for role in sorted(person().roles | person().waiting)],
            has_app=second_factor.confirmed(session, account.id),
        )


@bp.get("/account/details")
@signed_in
def details() -> str:
    """Name, country, time zone."""
    with reading() as session:
        return render_template("accounts/details.html", form=DetailsForm(obj=_mine(session)))


@bp.post("/account/details")
@signed_in
def change_details() -> Page:
    """Change them."""
    form = DetailsForm()
    if not form.validate():
        return render_template("accounts/details.html", form=form), 422
    with transaction() as session:
        account = lock(session, _mine(session))
        account.display_name = form.display_name.data.strip()
        account.country = form.country.data or None
        account.time_zone = form.time_zone.data
        account.locale = form.locale.data
        _recorded(session, account, "account.changed")
    return _back(_("Your details are saved."))


@bp.get("/account/password")
@signed_in
def password() -> str:
    """The old password and a new one."""
    return render_template("accounts/password.html", form=PasswordChangeForm())


@bp.post("/account/password")
@signed_in
@guarded
def change_password() -> Page:
    """Change it, and sign every other device out."""
    form = PasswordChangeForm()
    with transaction() as session:
        if not _validated(session, form):
            return render_template("accounts/password.html", form=form), 422
        service.set_password(
            session,
            _mine(session),
            form.password.data,
            keep=person().sign_in_id,
            now=clock.now(session),
        )
    return _back(_("Your password is changed. Every other device was signed out."))


@bp.get("/account/e-mail")
@signed_in
def email() -> str:
    """A new address."""
    return render_template("accounts/email.html", form=EmailChangeForm())


@bp.post("/account/e-mail")
@signed_in
@guarded
def change_email() -> Page:
    """Send a letter to the new address; nothing changes until its button is pressed."""
    form = EmailChangeForm()
    with transaction() as session:
        if not _validated(session, form):
            return render_template("accounts/email.html", form=form), 422
        service.request_email_change(
            session, _mine(session), form.email.data, now=clock.now(session)
        )
    return render_template("accounts/sent.html", email=form.email.data)


@bp.get("/account/e-mail/confirm/<token>")
@signed_in
def confirm_email(token: str) -> str:
    """The link in the letter: a page with one button."""
    return render_template("accounts/confirm_email.html", form=PressForm(), token=token)


@bp.post("/account/e-mail/confirm/<token>")
@signed_in
@guarded
def confirm_email_now(token: str) -> Response:
    """The button: the new address is theirs."""
    with transaction() as session:
        service.confirm_email_change(session, _mine(session), token, now=clock.now(session))
    return _back(_("Your new e-mail address is in use."))


@bp.get("/account/devices")
@signed_in
def devices() -> str:
    """Where the person is signed in."""
    with reading() as session:
        now = clock.now(session)
        rows = list(session.scalars(sign_ins.live(person().account_id, now=now)))
        return render_template(
            "accounts/devices.html", devices=rows, here=person().sign_in_id, form=PressForm()
        )


@bp.post("/account/devices/<int:sign_in_id>/end")
@signed_in
def end_device(sign_in_id: int) -> Response:
    """Sign one device out."""
    mine = person().account_id
    with transaction() as session:
        now = clock.now(session)
        sign_ins.revoke(session, sign_in_id=sign_in_id, account_id=mine, now=now)
    flash(_("That device is signed out."), "good")
    return redirect(url_for("account.devices"))


@bp.post("/account/devices/end-others")
@signed_in
def end_other_devices() -> Response:
    """Sign every other device out."""
    who = person()
    with transaction() as session:
        now = clock.now(session)
        sign_ins.revoke_others(session, account_id=who.account_id, keep=who.sign_in_id, now=now)
    flash(_("Every other device is signed out."), "good")
    return redirect(url_for("account.devices"))


@bp.get("/account/records")
@signed_in
def records() -> str:
    """What we record about you: the privacy text in force, and what it comes to for you."""
    mine = person().account_id
    with reading() as session:
        now = clock.now(session)
        panels = sorted(installed().record_panels, key=lambda panel: panel.order)
        shown = [panel.render(session, mine, now) for panel in panels]
        return render_template(
            "accounts/records.html",
            text=agreements.current(session, "privacy"),
            counts=queries.recorded_about(session, mine),
            panels=[Markup(piece) for piece in shown if piece],  # noqa: S704 - rendered by us
        )


def _mine(session: Session) -> Account:
    return session.get_one(Account, person().account_id)


def _validated(session: Session, form: FlaskForm) -> bool:
    """Whether the form is right, the password they have now included."""
    if not form.validate():
        return False
    if service.password_is_right(session, person().account_id, form.current.data):
        return True
    form.current.errors = [_("That is not the password you have now")]
    return False


def _recorded(session: Session, account: Account, action: str) -> None:
    subject = ("account", account.id)
    now = clock.now(session)
    audit.record(session, actor=account.id, action=action, subject=subject, now=now)


def _back(message: str) -> Response:
    flash(message, "good")
    return redirect(url_for("account.overview"))
