"""Who may call an endpoint: declared on each one, checked in one place, refused at start-up if missing."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar, cast
from uuid import UUID

from flask import Flask, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.errors import Forbidden, NotFound

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """What an account may be; granted by rows, possibly for one organisation or project."""

    APPLICANT = "applicant"
    EXPERT = "expert"
    REVIEWER = "reviewer"
    POLICY_EXPERT = "policy_expert"
    MANAGER = "manager"
    FINANCE = "finance"
    COMPLIANCE = "compliance"
    CLIENT_READER = "client_reader"
    ADMIN = "admin"


NEEDS_SECOND_FACTOR: Final = frozenset({Role.MANAGER, Role.FINANCE, Role.COMPLIANCE, Role.ADMIN})
"""Roles that decide about people or money: signed in only with a second factor."""


@dataclass(frozen=True)
class Public:
    """Anyone, signed in or not."""


@dataclass(frozen=True)
class SignedIn:
    """Anyone who is signed in, whatever their roles."""


@dataclass(frozen=True)
class Requires:
    """Anyone signed in who holds at least one of the roles."""

    roles: frozenset[Role]


Access = Public | SignedIn | Requires


@dataclass(frozen=True)
class Principal:
    """The person behind a request."""

    account_id: int
    public_id: UUID
    display_name: str
    roles: frozenset[Role]
    sign_in_id: int
    waiting: frozenset[Role] = frozenset()
    """Roles they hold that do not count until this sign-in gives a second factor."""


class Declared(Protocol):
    """A view that says who may call it."""

    access: Access


class UndeclaredAccess(Exception):
    """An endpoint carries no access declaration: the app does not start."""


def public(view: View) -> View:
    """Anyone may call this endpoint."""
    return _declare(view, Public())


def signed_in(view: View) -> View:
    """Anyone signed in may call this endpoint."""
    return _declare(view, SignedIn())


def requires(*roles: Role) -> Callable[[View], View]:
    """Only holders of one of the roles may call this endpoint."""
    if not roles:
        raise UndeclaredAccess("@requires needs at least one role")
    return lambda view: _declare(view, Requires(frozenset(roles)))


def declared(view: object) -> Access | None:
    """The endpoint's declaration, or None."""
    return cast("Access | None", getattr(view, "access", None))


def refuse_undeclared(app: Flask) -> None:
    """Raise `UndeclaredAccess` naming every endpoint without a declaration."""
    missing = [name for name, view in app.view_functions.items() if declared(view) is None]
    if missing:
        raise UndeclaredAccess("no access declared: " + ", ".join(sorted(missing)))


def enforce() -> Response | None:
    """Let the request through, or send a stranger to sign in, or refuse. Runs before every request."""
    view = None if request.endpoint is None else current_app.view_functions[request.endpoint]
    if view is None:
        return None  # no such route: Flask answers 404 by itself
    access = declared(view)
    if isinstance(access, Public):
        return None
    if principal() is None:
        return _ask_to_sign_in()
    if access is None or not _allows(access, person()):
        if isinstance(access, Requires) and access.roles & person().waiting:
            return _ask_for_second_factor()
        raise Forbidden("Your account does not have the role that this page needs.")
    return None


def principal() -> Principal | None:
    """Whoever is signed in, or None."""
    return cast("Principal | None", g.get("principal"))


def person() -> Principal:
    """Whoever is signed in; only for endpoints that are not public."""
    who = principal()
    if who is None:
        raise NotFound
    return who


def holds(*roles: Role) -> bool:
    """Whether the person behind the request holds one of the roles."""
    who = principal()
    return who is not None and not who.roles.isdisjoint(roles)


def _allows(access: Access, who: Principal) -> bool:
    return isinstance(access, Public | SignedIn) or not who.roles.isdisjoint(access.roles)


def _ask_to_sign_in() -> Response:
    if request.method not in {"GET", "HEAD"} or request.headers.get("HX-Request"):
        abort(401)
    return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))


def _ask_for_second_factor() -> Response:
    if request.method not in {"GET", "HEAD"} or request.headers.get("HX-Request"):
        raise Forbidden("This needs your second factor first. Please set it up in your account.")
    return redirect(url_for("account.second_factor_now", next=request.full_path.rstrip("?")))


def _declare(view: View, access: Access) -> View:
    if declared(view) is not None:
        raise UndeclaredAccess(f"{view.__name__} declares its access twice")
    cast("Declared", view).access = access
    return view
