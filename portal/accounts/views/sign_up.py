"""Signing up, and showing that the address is one's own."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal import access, clock
from portal.access import public
from portal.accounts import paths, service, tokens
from portal.accounts.forms import PressForm, SignUpForm
from portal.accounts.guesses import guarded
from portal.accounts.models import Purpose
from portal.accounts.service import Newcomer
from portal.db import reading, transaction

bp = Blueprint("sign_up", __name__)

Page = str | tuple[str, int] | Response


@bp.get("/sign-up")
@public
def sign_up() -> Page:
    """Open an account."""
    if access.principal() is not None:
        return redirect(paths.asked_for() or url_for("home.home"))
    return _page(SignUpForm())


@bp.post("/sign-up")
@public
@guarded
def open_account() -> Page:
    """Make the account and send the letter. Says the same where the address has one already."""
    form = SignUpForm()
    if not form.validate():
        return _page(form), 422
    newcomer = Newcomer(
        display_name=form.display_name.data,
        email=form.email.data,
        password=form.password.data,
        country=form.country.data or None,
        time_zone=form.time_zone.data,
    )
    with transaction() as session:
        now = clock.now(session)
        service.sign_up(session, newcomer, next_path=paths.asked_for(), now=now)
    return render_template("accounts/sent.html", email=newcomer.email)


@bp.get("/sign-up/confirm/<token>")
@public
def confirm(token: str) -> Page:
    """The link in the letter: a page with one button, since looking at a page changes nothing."""
    with reading() as session:
        found = tokens.find(session, token, Purpose.VERIFY_EMAIL, now=clock.now(session))
    if found is None:
        return render_template("accounts/too_late.html", what="confirm"), 410
    return render_template("accounts/confirm.html", form=PressForm())


@bp.post("/sign-up/confirm/<token>")
@public
@guarded
def confirm_now(token: str) -> Page:
    """The button: the address is theirs, the account is open."""
    with transaction() as session:
        following = service.confirm_address(session, token, now=clock.now(session))
    flash(_("Your address is confirmed. Sign in to go on."), "good")
    return redirect(url_for("accounts.sign_in", next=paths.safe(following)))


def _page(form: SignUpForm) -> str:
    return render_template("accounts/sign_up.html", form=form, following=paths.asked_for())
