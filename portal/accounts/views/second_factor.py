"""Setting up an authenticator app, its recovery codes, and turning it off."""

import segno
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.access import NEEDS_SECOND_FACTOR, Role, person, signed_in
from portal.accounts import paths, second_factor, service, sign_ins
from portal.accounts.forms import CodeForm, ConfirmForm, PressForm
from portal.accounts.guesses import guarded
from portal.accounts.models import Account, Authenticator
from portal.accounts.views.settings import bp
from portal.db import reading, transaction
from portal.errors import Conflict, Forbidden

Page = str | tuple[str, int] | Response


@bp.get("/account/second-factor")
@signed_in
def second_factor_now() -> Page:
    """Whether there is an app, and what can be done about it."""
    with reading() as session:
        app = session.get(Authenticator, person().account_id)
        return render_template(
            "accounts/second_factor.html",
            app=app if app and app.confirmed_at else None,
            form=PressForm(),
            confirm=ConfirmForm(),
            off=ConfirmForm(prefix="off-"),
            needed=not _all_roles().isdisjoint(NEEDS_SECOND_FACTOR),
            waiting=person().waiting,
            following=paths.asked_for(),
        )


@bp.post("/account/second-factor")
@signed_in
def begin_second_factor() -> Page:
    """Make a new secret and go on to show it."""
    with transaction() as session:
        second_factor.begin(session, person().account_id, now=clock.now(session))
    return redirect(url_for("account.set_up", next=paths.asked_for()))


@bp.get("/account/second-factor/set-up")
@signed_in
def set_up() -> Page:
    """The square code to scan, and a field for the first code."""
    with reading() as session:
        return _set_up_page(session, CodeForm())


@bp.post("/account/second-factor/set-up")
@signed_in
@guarded
def finish_set_up() -> Page:
    """Check the first code; then show the recovery codes, once."""
    form, who = CodeForm(), person()
    with transaction() as session:
        now = clock.now(session)
        right = form.validate() and second_factor.give_code(
            session, who.account_id, form.code.data, now=now
        )
        if not right:
            form.code.errors = form.code.errors or [_("This code is not right. Try the next one")]
            return _set_up_page(session, form), 422
        sign_ins.give_second_factor(session, who.sign_in_id, now=now)
        sign_ins.revoke_others(session, account_id=who.account_id, keep=who.sign_in_id, now=now)
        codes = second_factor.new_recovery_codes(session, who.account_id, now=now)
    following = paths.asked_for() or url_for("home.home")
    return render_template("accounts/recovery_codes.html", codes=codes, following=following)


@bp.post("/account/second-factor/recovery-codes")
@signed_in
@guarded
def new_codes() -> Page:
    """Replace the recovery codes, after the password."""
    who = person()
    with transaction() as session:
        _check_password(session, ConfirmForm())
        if not second_factor.confirmed(session, who.account_id):
            raise Conflict(_("Set up the app first."))
        now = clock.now(session)
        codes = second_factor.new_recovery_codes(session, who.account_id, now=now)
    following = url_for("account.second_factor_now")
    return render_template("accounts/recovery_codes.html", codes=codes, following=following)


@bp.post("/account/second-factor/off")
@signed_in
@guarded
def turn_off() -> Page:
    """Turn it off, after the password, where no role of theirs needs it."""
    if not _all_roles().isdisjoint(NEEDS_SECOND_FACTOR):
        raise Forbidden(_("Your role needs a second factor, so it can't be turned off."))
    with transaction() as session:
        _check_password(session, ConfirmForm(prefix="off-"))
        second_factor.turn_off(session, person().account_id, now=clock.now(session))
    flash(_("The second factor is off."), "good")
    return redirect(url_for("account.second_factor_now"))


def _check_password(session: Session, form: ConfirmForm) -> None:
    if not form.validate() or not service.password_is_right(
        session, person().account_id, form.current.data
    ):
        raise Forbidden(_("That is not your password. Go back and try again."))


def _set_up_page(session: Session, form: CodeForm) -> str:
    account = session.get_one(Account, person().account_id)
    app = session.get(Authenticator, account.id)
    if app is None or app.confirmed_at is not None:
        raise Conflict(_("There is no app waiting to be set up. Start again from your account."))
    return render_template(
        "accounts/set_up.html",
        form=form,
        secret=second_factor.secret_of(app),
        square=_square(second_factor.address_of(app, email=account.email)),
        following=paths.asked_for(),
    )


def _square(address: str) -> Markup:
    """The address as an inline SVG that obeys our CSP: classes, no styles."""
    drawn = segno.make(address, error="m").svg_inline(
        scale=5, border=4, light="#fff", svgclass="qr", lineclass="qr__ink"
    )
    return Markup(drawn)  # noqa: S704  drawn by segno from our own address, no text in it


def _all_roles() -> frozenset[Role]:
    return person().roles | person().waiting
