"""The header: which tabs a person sees, which one is current, and their running clock."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for

from portal import access
from portal.contributions import Contributions


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
        "demo": current_app.config["DEMO"],
        "holds": access.holds,
        "Role": access.Role,
    }


def _within(path: str, section: str) -> bool:
    return path == section or path.startswith(section.rstrip("/") + "/")
