"""Openings: what is offered, and how one would be paid, before anything is asked."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.models import ANY_OTHER_COUNTRY, Opening
from exams.queries import applications as queries
from exams.service import applications
from portal import access, clock
from portal.access import person, public, signed_in
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction

bp = Blueprint("openings", __name__, url_prefix="/openings", template_folder="../templates")


@bp.get("/")
@public
def every() -> str:
    """What people may apply to."""
    with reading() as session:
        found = list(session.scalars(queries.open_openings()))
        return render_template("exams/openings.html", openings=found)


@bp.get("/<slug>")
@public
def show(slug: str) -> str:
    """One opening, with what holds for the visitor's country."""
    who = access.principal()
    with reading() as session:
        opening = one_or_404(session, queries.readable_openings().where(Opening.slug == slug))
        country = _country(session)
        mine = queries.open_application(who.account_id, opening.id) if who else None
        return render_template(
            "exams/opening.html",
            opening=opening,
            country=country,
            pay=queries.pay_in(session, country) if country else None,
            countries=list(session.scalars(queries.countries())),
            other=ANY_OTHER_COUNTRY,
            application=session.scalar(mine) if mine is not None else None,
        )


@bp.post("/<slug>/apply")
@signed_in
def apply(slug: str) -> Response:
    """Begin an application, or go to the one begun."""
    with transaction() as session:
        opening = one_or_404(session, queries.readable_openings().where(Opening.slug == slug))
        application = applications.start(
            session,
            opening=opening,
            account_id=person().account_id,
            country=_asked() or ANY_OTHER_COUNTRY,
            now=clock.now(session),
        )
    return redirect(url_for("applying.show", public_id=application.public_id), 303)


def _asked() -> str | None:
    written = str(request.values.get("country", "")).upper()
    return written if len(written) == 2 and written.isascii() and written.isalpha() else None


def _country(session: Session) -> str | None:
    """What the visitor chose, else their account's, else the region their browser speaks of."""
    who = access.principal()
    held = session.get_one(Account, who.account_id).country if who else None
    regions = [
        tag.replace("_", "-").split("-")[-1].upper()
        for tag in request.accept_languages.values()
        if "-" in tag.replace("_", "-")
    ]
    guessed = next((one for one in regions if len(one) == 2 and one.isalpha()), None)
    return _asked() or held or guessed
