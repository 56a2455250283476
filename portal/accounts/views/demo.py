"""Signing in as one of the demo's people. Registered in the demo only."""

import ipaddress
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.access import public
from portal.accounts import loader, paths
from portal.accounts.models import Account, DemoPerson
from portal.accounts.views.sign_in import begin
from portal.db import one_or_404, transaction
from portal.errors import Forbidden

bp = Blueprint("demo_sign_in", __name__)

_FORWARDED: Final = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


@bp.post("/sign-in/demo/<uuid:public_id>")
@public
def sign_in_as(public_id: UUID) -> Response:
    """Sign in as this person, second factor included. Only from the machine the demo runs on."""
    if not _from_this_machine():
        raise Forbidden("The demo signs people in only on the machine that it runs on.")
    offered = sa.select(DemoPerson.account_id)
    query = sa.select(Account).where(Account.public_id == public_id, Account.id.in_(offered))
    with transaction() as session:
        token = begin(session, one_or_404(session, query), second_factor_given=True)
    return loader.remember(redirect(paths.asked_for() or url_for("home.home")), token)


def _from_this_machine() -> bool:
    """The connection comes from loopback, asks for a loopback name, and nobody passed it on."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    host = request.host.rpartition(":")[0] if not request.host.endswith("]") else request.host
    named = (host or request.host).strip("[]")
    return _loopback(request.remote_addr or "") and (named == "localhost" or _loopback(named))


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
