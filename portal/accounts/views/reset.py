"""Setting a new password by mail, where the old one was forgotten."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal import clock
from portal.access import public
from portal.accounts import service, tokens
from portal.accounts.forms import ForgottenForm, NewPasswordForm
from portal.accounts.guesses import guarded
from portal.accounts.models import Purpose
from portal.db import reading, transaction

bp = Blueprint("reset", __name__)

Page = str | tuple[str, int] | Response


@bp.get("/reset-password")
@public
def forgotten() -> Page:
    """Ask whose password."""
    return render_template("accounts/forgotten.html", form=ForgottenForm())


@bp.post("/reset-password")
@public
@guarded
def send_link() -> Page:
    """Send a link, where the address is known; says the same where it is not."""
    form = ForgottenForm()
    if not form.validate():
        return render_template("accounts/forgotten.html", form=form), 422
    with transaction() as session:
        service.request_reset(session, form.email.data, now=clock.now(session))
    return render_template("accounts/link_sent.html", email=form.email.data)


@bp.get("/reset-password/<token>")
@public
def new_password(token: str) -> Page:
    """The link in the letter: choose a new password."""
    with reading() as session:
        found = tokens.find(session, token, Purpose.RESET_PASSWORD, now=clock.now(session))
    if found is None:
        return render_template("accounts/too_late.html", what="reset"), 410
    return render_template("accounts/new_password.html", form=NewPasswordForm())


@bp.post("/reset-password/<token>")
@public
@guarded
def set_new_password(token: str) -> Page:
    """Set it, and end every sign-in that there was."""
    form = NewPasswordForm()
    if not form.validate():
        return render_template("accounts/new_password.html", form=form), 422
    with transaction() as session:
        service.reset_password(session, token, form.password.data, now=clock.now(session))
    flash(_("Your new password is set. Every device was signed out."), "good")
    return redirect(url_for("accounts.sign_in"))
