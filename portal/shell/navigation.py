"""The header: which tabs a person sees, which one is current, their clock and their account."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import access, clock
from portal.contributions import Contributions
from portal.db import current, reading


@dataclass(frozen=True)
class Tab:
    """One tab as the template needs it."""

    label: str
    url: str
    current: bool


def install(app: Flask) -> None:
    """Check access before every request and give every template its header."""
    app.before_request(access.enforce)
    app.context_processor(_header)


def tabs(contributions: Contributions, roles: frozenset[access.Role], path: str) -> list[Tab]:
    """The tabs that the roles see, in order; the longest section that matches is current."""
    seen = [item for item in contributions.navigation if not item.roles.isdisjoint(roles)]
    seen.sort(key=lambda item: item.order)
    current = max(
        (item for item in seen if _within(path, item.section)),
        key=lambda item: len(item.section),
        default=None,
    )
    return [Tab(str(item.label), url_for(item.endpoint), item is current) for item in seen]


def _header() -> dict[str, Any]:
    who = access.principal()
    contributions: Contributions = current_app.extensions["contributions"]
    return {
        "person": who,
        "navigation": tabs(contributions, who.roles, request.path) if who else [],
        "account_menu": _account_menu(who) if who else None,
        "clock_badge": Badge(contributions, who) if who else None,
        "footer_links": _footer(),
        "demo": current_app.config["DEMO"],
        "holds": access.holds,
        "Role": access.Role,
    }


class Badge:
    """The running clock, rendered when a page first asks for it, and once a request.

    Pages without a header, such as those about errors, never ask, so they need no database.
    """

    def __init__(self, contributions: Contributions, who: access.Principal) -> None:
        self._render = contributions.clock_badge
        self._who = who

    def __bool__(self) -> bool:
        """Whether there is a clock to show."""
        return bool(self._html())

    def __html__(self) -> str:
        """What the package that keeps the clock makes of it."""
        return self._html()

    def _html(self) -> str:
        if self._render is None or access.Role.EXPERT not in self._who.roles:
            return ""
        if "clock_badge" not in g:
            g.clock_badge = ""  # a badge that renders a template asks for the header again
            g.clock_badge = self._rendered() or ""
        return str(g.clock_badge)

    def _rendered(self) -> str | None:
        open_already = current()
        if open_already is not None:
            return self._with(open_already)
        with reading() as session:
            return self._with(session)

    def _with(self, session: Session) -> str | None:
        if self._render is None:
            return None
        return self._render(session, self._who.account_id, clock.now(session))


def _account_menu(who: access.Principal) -> dict[str, Any]:
    """What is behind the initials."""
    links = [
        (_("Your account"), "account.overview"),
        (_("Decisions about you"), "decisions.mine"),
        (_("Your devices"), "account.devices"),
        (_("What we record about you"), "account.records"),
    ]
    return {
        "name": who.display_name,
        "links": [{"label": label, "url": url_for(endpoint)} for label, endpoint in links],
        "sign_out_url": url_for("accounts.sign_out"),
    }


def _footer() -> list[dict[str, str]]:
    return [
        {"label": _("Agreements"), "url": url_for("agreements.every")},
        {"label": _("What we record"), "url": url_for("agreements.read", kind="privacy")},
    ]


def _within(path: str, section: str) -> bool:
    return path == section or path.startswith(section.rstrip("/") + "/")
