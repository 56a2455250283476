"""Signing in with a password, giving the second factor, signing out."""

from collections.abc import Callable

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask import session as browser_session
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import access, audit, clock
from portal.access import Principal, public
from portal.accounts import loader, paths, second_factor, service, sign_ins
from portal.accounts.demo import offered
from portal.accounts.forms import CodeForm, RecoveryCodeForm, SignInForm
from portal.accounts.guesses import guarded
from portal.accounts.models import Account, AccountState
from portal.db import reading, transaction

bp = Blueprint("accounts", __name__)

Page = str | tuple[str, int] | Response


@bp.get("/sign-in")
@public
def sign_in() -> Page:
    """Ask who it is."""
    if access.principal() is not None:
        return redirect(paths.asked_for() or url_for("home.home"))
    return _sign_in_page(SignInForm())


@bp.post("/sign-in")
@public
@guarded
def sign_in_with_password() -> Page:
    """Check the password; a confirmed authenticator app is asked next."""
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form), 422
    with transaction() as session:
        account = service.check_password(session, form.email.data, form.password.data)
        if account is not None and account.state is AccountState.UNVERIFIED:
            service.send_confirmation(
                session, account, now=clock.now(session), next_path=paths.asked_for()
            )
            return render_template("accounts/sent.html", email=account.email)
        if account is not None:
            token = begin(session, account, second_factor_given=False)
            asks = second_factor.confirmed(session, account.id)
    if account is None:
        form.password.errors = [_("This address and this password do not belong together")]
        return _sign_in_page(form), 422
    following = paths.asked_for()
    page = url_for("accounts.code", next=following) if asks else following
    return loader.remember(redirect(page or url_for("home.home")), token)


@bp.get("/sign-in/code")
@public
def code() -> Page:
    """The second step: a code from the app."""
    if _half() is None:
        return redirect(url_for("accounts.sign_in", next=paths.asked_for()))
    return _code_page(CodeForm())


@bp.post("/sign-in/code")
@public
@guarded
def give_code() -> Page:
    """Check the code from the app."""
    wrong = _("This code is not right, or was used already. Wait for the next one")
    return _checked(CodeForm(), second_factor.give_code, _code_page, wrong)


@bp.get("/sign-in/recovery")
@public
def recovery() -> Page:
    """The second step without the phone."""
    if _half() is None:
        return redirect(url_for("accounts.sign_in"))
    return _recovery_page(RecoveryCodeForm())


@bp.post("/sign-in/recovery")
@public
@guarded
def give_recovery_code() -> Page:
    """Check one of the recovery codes and use it up."""
    wrong = _("This code is not right, or was used already")
    return _checked(RecoveryCodeForm(), second_factor.give_recovery_code, _recovery_page, wrong)


def _checked(
    form: FlaskForm, give: Callable[..., bool], show: Callable[[FlaskForm], str], wrong: str
) -> Page:
    """The second step: sign in whole where what was typed is right, else ask again."""
    who = _half()
    if who is None:
        return redirect(url_for("accounts.sign_in"))
    if form.validate():
        with transaction() as session:
            if give(session, who.account_id, form.code.data, now=clock.now(session)):
                return _whole(session, who)
        form.code.errors = [wrong]
    return show(form), 422


def _recovery_page(form: FlaskForm) -> str:
    return render_template("accounts/recovery.html", form=form, following=paths.asked_for())


@bp.post("/sign-out")
@public
def sign_out() -> Response:
    """End this sign-in, whole or half."""
    who = access.principal() or _half()
    if who is not None:
        with transaction() as session:
            sign_ins.revoke(
                session,
                sign_in_id=who.sign_in_id,
                account_id=who.account_id,
                now=clock.now(session),
            )
    browser_session.clear()
    flash(_("You are signed out."), "good")
    return loader.forget(redirect(url_for("home.home")))


def begin(session: Session, account: Account, *, second_factor_given: bool) -> str:
    """Sign the account in on the device behind this request; what it was before is forgotten."""
    now = clock.now(session)
    before = access.principal() or _half()
    if before is not None:
        sign_ins.revoke(
            session, sign_in_id=before.sign_in_id, account_id=before.account_id, now=now
        )
    browser_session.clear()
    subject = ("account", account.id)
    audit.record(session, actor=account.id, action="sign_in.started", subject=subject, now=now)
    return sign_ins.start(
        session,
        account=account,
        device=loader.device(),
        network=loader.network(),
        second_factor=second_factor_given,
        now=now,
    )


def _whole(session: Session, who: Principal) -> Response:
    """The second factor was given: a new token for the same device, and on to the page asked for."""
    account = session.get_one(Account, who.account_id)
    token = begin(session, account, second_factor_given=True)
    return loader.remember(redirect(paths.asked_for() or url_for("home.home")), token)


def _half() -> Principal | None:
    """Who gave the right password here and still owes the code."""
    who: Principal | None = g.get("half_signed_in")
    return who


def _sign_in_page(form: SignInForm) -> str:
    with reading() as session:
        people = offered(session) if current_app.config["DEMO"] else []
    return render_template(
        "accounts/sign_in.html",
        form=form,
        people=people,
        following=paths.asked_for(),
        had_to=request.args.get("next") is not None,
    )


def _code_page(form: FlaskForm) -> str:
    return render_template("accounts/code.html", form=form, following=paths.asked_for())
