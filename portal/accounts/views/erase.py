"""Deleting one's data: what goes, what stays and why, a fortnight to undo it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.access import person, signed_in
from portal.accounts import erasure, service
from portal.accounts.forms import EraseForm
from portal.accounts.guesses import guarded
from portal.accounts.models import Account, Credential
from portal.db import reading, transaction

bp = Blueprint("erasing", __name__)


@bp.get("/account/erase")
@signed_in
def page() -> str:
    """What would be deleted, what is in the way, and the button; or how long there is to undo it."""
    with reading() as session:
        return _page(session, EraseForm(formdata=None))


@bp.post("/account/erase")
@signed_in
@guarded
def ask() -> Response | tuple[str, int]:
    """Ask for it."""
    form = EraseForm()
    with transaction() as session:
        if not _validated(session, form):
            return _page(session, form), 422
        account = session.get_one(Account, person().account_id)
        erasure.ask(session, account, now=clock.now(session))
    flash(_("Noted. You have 14 days to change your mind."), "good")
    return redirect(url_for("erasing.page"), 303)


@bp.post("/account/erase/undo")
@signed_in
def undo() -> Response:
    """Stay."""
    with transaction() as session:
        account = session.get_one(Account, person().account_id)
        erasure.undo(session, account, now=clock.now(session))
    flash(_("Your account stays as it is."), "good")
    return redirect(url_for("account.overview"), 303)


def _page(session: Session, form: EraseForm) -> str:
    me = person().account_id
    return render_template(
        "accounts/erase.html",
        wished=session.scalar(erasure.wished(me)),
        obstacles=erasure.obstacles(session, me),
        form=form,
        has_password=session.get(Credential, me) is not None,
    )


def _validated(session: Session, form: EraseForm) -> bool:
    """Whether it is really them: their address, and the password where they have one."""
    if not form.validate():
        return False
    account = session.get_one(Account, person().account_id)
    if form.address.data.strip().lower() != account.email:
        form.address.errors = [_("That is not the address of this account")]
        return False
    if session.get(Credential, account.id) is None:
        return True
    if service.password_is_right(session, account.id, form.current.data or ""):
        return True
    form.current.errors = [_("That is not the password you have now")]
    return False
