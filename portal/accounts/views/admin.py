"""The administrator's desk: accounts, their roles, pausing and opening them."""

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import clock
from portal.access import Role, person, requires
from portal.accounts import administration, queries
from portal.accounts.models import Account, Grant, Organisation
from portal.accounts.titles import TITLES
from portal.db import one_or_404, reading, transaction
from portal.decisions import Decision

bp = Blueprint("admin", __name__, url_prefix="/admin")

Page = str | tuple[str, int] | Response


class GrantForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """A role, and where it holds."""

    role = SelectField(
        lazy_gettext("Role"),
        [InputRequired(lazy_gettext("Choose a role"))],
        choices=[
            SelectChoice("", lazy_gettext("Choose a role")),
            *(SelectChoice(role.value, title) for role, title in TITLES.items()),
        ],
    )
    organisation = SelectField(lazy_gettext("Where"), choices=[])

    def offer(self, session: Session) -> "GrantForm":
        """Fill in the organisations there are."""
        found = session.scalars(sa.select(Organisation).order_by(Organisation.name))
        named = [SelectChoice(one.slug, one.name) for one in found]
        self.organisation.choices = [SelectChoice("", _("Everywhere")), *named]
        return self


class ReasonForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Why, in words that the person reads."""

    reason = TextAreaField(
        lazy_gettext("Reason, for the person to read"),
        [InputRequired(lazy_gettext("Say why: the person reads this")), Length(max=2000)],
    )


@bp.get("/accounts")
@requires(Role.ADMIN)
def accounts() -> str:
    """Accounts by name or address, a page at a time."""
    words, after = request.args.get("q", "").strip(), request.args.get("after", 0, type=int)
    with reading() as session:
        page = queries.accounts_matching(words, after=after)
        rows = list(session.scalars(page.limit(queries.PAGE + 1)))
        held = queries.roles_of_all(session, [account.id for account in rows])
        more = rows[queries.PAGE - 1].id if len(rows) > queries.PAGE else None
        return render_template(
            "accounts/admin_accounts.html",
            rows=rows[: queries.PAGE],
            held=held,
            words=words,
            first=url_for("admin.accounts", q=words or None) if after else None,
            later=url_for("admin.accounts", q=words or None, after=more) if more else None,
        )


@bp.get("/accounts/<uuid:public_id>")
@requires(Role.ADMIN)
def account(public_id: UUID) -> str:
    """One account: roles and state."""
    with reading() as session:
        return _account_page(session, _found(session, public_id), GrantForm(), ReasonForm())


@bp.post("/accounts/<uuid:public_id>/grants")
@requires(Role.ADMIN)
def give_role(public_id: UUID) -> Page:
    """Give a role."""
    form = GrantForm()
    with transaction() as session:
        found = _found(session, public_id)
        if not form.offer(session).validate():
            return _account_page(session, found, form, ReasonForm()), 422
        where = sa.select(Organisation).where(Organisation.slug == form.organisation.data)
        administration.give_role(
            session,
            found,
            Role(form.role.data),
            organisation=session.scalar(where),
            by=person().account_id,
            now=clock.now(session),
        )
    return _back(public_id, _("The role is given."))


@bp.post("/accounts/<uuid:public_id>/grants/<int:grant_id>/revoke")
@requires(Role.ADMIN)
def take_role(public_id: UUID, grant_id: int) -> Response:
    """Take a role back."""
    with transaction() as session:
        found = _found(session, public_id)
        grant = one_or_404(session, queries.live_grants(found.id).where(Grant.id == grant_id))
        now = clock.now(session)
        administration.take_role(session, found, grant, by=person().account_id, now=now)
    return _back(public_id, _("The role is taken back."))


@bp.post("/accounts/<uuid:public_id>/pause")
@requires(Role.ADMIN)
def pause(public_id: UUID) -> Page:
    """Pause the account: a decision that the person can appeal against."""
    told = _("The account is paused; the person has been told why.")
    return _decided(public_id, administration.pause, told)


@bp.post("/accounts/<uuid:public_id>/resume")
@requires(Role.ADMIN)
def resume(public_id: UUID) -> Page:
    """Open it again."""
    return _decided(public_id, administration.resume, _("The account is open again."))


def _decided(public_id: UUID, decide: Callable[..., Decision], told: str) -> Page:
    """Decide about the account for the reason given."""
    form = ReasonForm()
    with transaction() as session:
        found = _found(session, public_id)
        if not form.validate():
            return _account_page(session, found, GrantForm(), form), 422
        now = clock.now(session)
        decide(session, found, reason=form.reason.data, by=person().account_id, now=now)
    return _back(public_id, told)


def _found(session: Session, public_id: UUID) -> Account:
    return one_or_404(session, sa.select(Account).where(Account.public_id == public_id))


def _account_page(session: Session, found: Account, grant: GrantForm, reason: ReasonForm) -> str:
    grants = session.execute(queries.grants_with_places(found.id)).all()
    return render_template(
        "accounts/admin_account.html",
        account=found,
        grants=grants,
        titles=TITLES,
        grant_form=grant.offer(session),
        form=reason,
        oneself=found.id == person().account_id,
    )


def _back(public_id: UUID, message: str) -> Response:
    flash(message, "good")
    return redirect(url_for("admin.account", public_id=public_id))
