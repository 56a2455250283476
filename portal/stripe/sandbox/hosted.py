"""The pages that Stripe would host: identity verification and onboarding, with every outcome."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal import clock
from portal.shell.safety import CONTENT_SECURITY_POLICY
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.desk import Desk, Object, new_id
from portal.stripe.sandbox.resources import accounts, verifications
from portal.stripe.sandbox.resources.accounts import Onboarding
from portal.stripe.sandbox.resources.verifications import Outcome, Papers

Opened = Callable[[], AbstractContextManager[Desk]]
"""Opens a desk for one request."""

LEFT: Final = "left before the end"
"""An end of onboarding that changes nothing but the link, which is used."""
COUNTRIES: Final = ("DE", "BR", "IN", "JP", "KE", "PH", "PL", "US", "VN")


def blueprint(engine: sa.Engine, base: str, wake: Callable[[], object]) -> Blueprint:
    """The hosted pages, over the sandbox's own tables."""
    pages = Blueprint("hosted", __name__, url_prefix="/hosted")

    @contextmanager
    def desk() -> Iterator[Desk]:
        with Session(engine) as session, session.begin():
            yield Desk(session.connection(), clock.now(session), base, new_id("req"))
        wake()

    _identity(pages, desk, base)
    _onboarding(pages, desk)
    pages.after_request(_harden)
    pages.register_error_handler(Complaint, _explain)
    return pages


def _identity(pages: Blueprint, desk: Opened, base: str) -> None:
    @pages.get("/verify/<session_id>")
    def verify(session_id: str) -> str:
        with desk() as opened:
            found = verifications.find(opened, session_id)
        codes = verifications.error_codes()
        return render_template(
            "stripe/hosted_verify.html",
            found=found,
            codes=codes,
            countries=COUNTRIES,
            papers=list(Papers),
        )

    @pages.post("/verify/<session_id>")
    def submit_verification(session_id: str) -> Response:
        outcome = request.form.get("outcome", "")
        if outcome not in {*Outcome, *verifications.error_codes()}:
            abort(400)
        papers = request.form.get("papers", Papers.OWN)
        if papers not in set(Papers):
            abort(400)
        with desk() as opened:
            found = verifications.find(opened, session_id)
            verifications.settle(
                opened,
                found,
                outcome,
                country=request.form.get("country", COUNTRIES[0]),
                papers=Papers(papers),
                name=request.form.get("name") or None,
            )
        return redirect(found["return_url"] or f"{base}/hosted/verify/{session_id}", 303)


def _onboarding(pages: Blueprint, desk: Opened) -> None:
    @pages.get("/onboard/<link_id>")
    def onboard(link_id: str) -> str | Response:
        with desk() as opened:
            link = _link(opened, link_id)
            if _spent(link, opened.now):
                return redirect(_options(link)["refresh_url"], 303)
        return render_template(
            "stripe/hosted_onboard.html", link=link, outcomes=[*Onboarding, LEFT]
        )

    @pages.post("/onboard/<link_id>")
    def submit_onboarding(link_id: str) -> Response:
        outcome = request.form.get("outcome", "")
        if outcome not in {*Onboarding, LEFT}:
            abort(400)
        with desk() as opened:
            link = _link(opened, link_id)
            options = _options(link)
            if _spent(link, opened.now):
                return redirect(options["refresh_url"], 303)
            account = opened.find("v2.core.account", link["account"], thing="account")
            if outcome != LEFT:
                accounts.onboard(opened, account, Onboarding(outcome))
            opened.save({**link, "used": True})
        return redirect(options.get("return_url") or options["refresh_url"], 303)


def _link(desk: Desk, link_id: str) -> Object:
    return desk.find("account_link", link_id, thing="account_link")


def _spent(link: Object, now: datetime) -> bool:
    return link["used"] or datetime.fromisoformat(link["expires_at"]) <= now


def _options(link: Object) -> Object:
    case: Object = link["use_case"]
    options: Object = case[case["type"]]
    return options


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _explain(complaint: Complaint) -> tuple[str, int]:
    return render_template("stripe/hosted_ended.html", message=complaint.message), complaint.status
