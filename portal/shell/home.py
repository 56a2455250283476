"""The first page: the start for a stranger, and for everyone else what matters to them now."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, g, render_template
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from portal import access, clock
from portal.access import Principal, Role, person, public, requires
from portal.accounts import queries
from portal.accounts.models import Account
from portal.accounts.titles import TITLES, title_of
from portal.contributions import Contributions, Panel
from portal.db import one_or_404, reading

bp = Blueprint("home", __name__)

SEES_PEOPLE: Final = (
    Role.MANAGER,
    Role.REVIEWER,
    Role.POLICY_EXPERT,
    Role.FINANCE,
    Role.COMPLIANCE,
    Role.ADMIN,
)


@bp.get("/")
@public
def home() -> str:
    """Start page or home."""
    who = access.principal()
    with reading() as session:
        now = clock.now(session)
        if who is None:
            panels = sorted(_contributions().start_panels, key=_order)
            shown = [panel.render(session, 0, now) for panel in panels]
            return render_template("shell/start.html", panels=_said(shown))
        main, side = _columns(session, _contributions().home_panels, who, who.account_id, now)
        return render_template(
            "shell/home.html",
            greeting=greeting(now.astimezone(ZoneInfo(g.get("time_zone", "UTC")))),
            name=who.display_name,
            main_panels=main,
            side_panels=side,
            why_empty=why_empty(who),
        )


@bp.get("/people/<uuid:public_id>")
@requires(*SEES_PEOPLE)
def person_page(public_id: UUID) -> str:
    """Someone's page, for those whose work it is to know about them."""
    who = person()
    with reading() as session:
        seen = queries.people_seen_by(who).where(Account.public_id == public_id)
        account = one_or_404(session, seen)
        now = clock.now(session)
        panels = _contributions().person_panels
        main, side = _columns(session, panels, who, account.id, now)
        roles = queries.roles_of(session, account.id)
        return render_template(
            "shell/person.html",
            account=account,
            roles=[title_of(role) for role in TITLES if role in roles],
            main_panels=main,
            side_panels=side,
        )


def greeting(local: datetime) -> str:
    """By the time of day where the person is."""
    if 5 <= local.hour < 12:
        return str(_("Good morning"))
    if 12 <= local.hour < 18:
        return str(_("Good afternoon"))
    return str(_("Good evening"))


def why_empty(who: Principal) -> str:
    """Why a home page has nothing on it, and what changes that: by what the person is."""
    if who.waiting:
        return str(_("Your role decides about people or money, so it needs a second factor first."))
    if Role.EXPERT in who.roles:
        return str(_("No project has work for you just now. We write to you when one does."))
    if Role.APPLICANT in who.roles:
        return str(_("You have not applied for anything yet. Look at the openings and pick one."))
    if who.roles == {Role.CLIENT_READER}:
        return str(
            _(
                "Your organisation's projects, their reports and released datasets show here once a "
                "project is opened. The address printed on a report shows whether it is genuine."
            )
        )
    if not who.roles:
        return str(_("Your account has no role yet. An administrator gives you one."))
    return str(
        _("Nothing is waiting for you. What needs you will stand here; these are your pages:")
    )


def _columns(
    session: Session, panels: Iterable[Panel], who: Principal, about: int, now: datetime
) -> tuple[list[Markup], list[Markup]]:
    """The panels that the viewer's roles see and that have something to say: main and side."""
    seen = sorted((panel for panel in panels if not panel.roles.isdisjoint(who.roles)), key=_order)
    main = [panel.render(session, about, now) for panel in seen if panel.wide]
    side = [panel.render(session, about, now) for panel in seen if not panel.wide]
    return _said(main), _said(side)


def _said(rendered: Iterable[str | None]) -> list[Markup]:
    return [Markup(text) for text in rendered if text]  # noqa: S704  templates of ours, escaped there


def _order(panel: Panel) -> int:
    return panel.order


def _contributions() -> Contributions:
    found: Contributions = current_app.extensions["contributions"]
    return found
