"""Reading the agreements, and accepting the one that a page asked for."""

from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import access, clock
from portal.access import person, public, signed_in
from portal.accounts import paths
from portal.agreements import service
from portal.agreements.models import AgreementVersion
from portal.db import reading, transaction
from portal.errors import NotFound

bp = Blueprint("agreements", __name__, url_prefix="/agreements")

OPEN: Final = ("platform", "privacy", "identity")
"""Kinds that anyone may read; a project's agreement is shown to those whom the project invites."""


@bp.get("/")
@public
def every() -> str:
    """The agreements that everybody may read."""
    with reading() as session:
        found = [service.current(session, kind) for kind in OPEN]
        return render_template("agreements/every.html", versions=[one for one in found if one])


@bp.get("/<any(platform, privacy, identity):kind>")
@public
def read(kind: str) -> str:
    """One text in force, and when this person accepted it."""
    who = access.principal()
    with reading() as session:
        version = _in_force(session, kind)
        accepted = service.accepted(session, account_id=who.account_id, kind=kind) if who else None
        return render_template(
            "agreements/read.html", version=version, accepted=accepted, following=paths.asked_for()
        )


@bp.post("/<any(platform, privacy, identity):kind>/<int:number>")
@signed_in
def accept(kind: str, number: int) -> Response:
    """Record that this person accepts this version."""
    with transaction() as session:
        version = _in_force(session, kind)
        if version.number != number:
            abort(409, _("This text has been replaced by a newer one. Please read that one."))
        now = clock.now(session)
        service.accept(session, account_id=person().account_id, version=version, now=now)
    flash(_("You have accepted “%(title)s”.", title=version.title), "good")
    return redirect(paths.asked_for() or url_for("agreements.read", kind=kind))


def _in_force(session: Session, kind: str) -> AgreementVersion:
    version = service.current(session, kind)
    if version is None:
        raise NotFound(_("This text has not been published yet."))
    return version
