"""The door for Stripe's events: each wakes one job once, and the job asks Stripe what is true."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from flask import Blueprint, current_app, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import clock
from portal.access import public
from portal.contributions import Contributions
from portal.db import transaction
from portal.errors import Unavailable
from portal.jobs import enqueue
from portal.limits import limiter
from portal.settings import Settings
from portal.stripe import notices
from portal.stripe.client import is_live
from portal.stripe.models import StripeEvent
from portal.stripe.notices import Notice

LARGEST_BODY: Final = 512 * 1024

blueprint = Blueprint("stripe", __name__)


@blueprint.post("/webhooks/stripe")
@limiter.exempt
@public
def receive() -> tuple[str, int]:
    """Take one event in. 2xx once it is stored (or is none of ours), 400 where it is not Stripe's."""
    request.max_content_length = LARGEST_BODY
    settings: Settings = current_app.config["SETTINGS"]
    contributions: Contributions = current_app.extensions["contributions"]
    header = request.headers.get("Stripe-Signature")
    notice = notices.read(request.get_data(), header, _secrets(settings))
    if _ours(notice):
        with transaction() as session:
            now = clock.now(session)
            wake(session, notice, contributions.webhook_handlers, now=now)
    return "", 204


def wake(
    session: Session, notice: Notice, handlers: Mapping[str, StrEnum], *, now: datetime
) -> bool:
    """Store the event and enqueue its handler; False where it came before or nobody handles it.

    Safe against the same event arriving twice at once: the second waits for the first and then
    finds its row.
    """
    handler = handlers.get(notice.type)
    if handler is None:
        return False
    row = {
        "event_id": notice.event_id,
        "type": notice.type,
        "object_id": notice.object_id,
        "created_at": notice.created,
        "received_at": now,
    }
    stored = session.scalar(
        insert(StripeEvent)
        .values(row)
        .on_conflict_do_nothing(index_elements=["event_id"])
        .returning(StripeEvent.id)
    )
    if stored is None:
        return False
    enqueue(session, handler, stored, now=now)
    return True


def _ours(notice: Notice) -> bool:
    """Events of the other mode, and of accounts connected to us, are answered and left alone."""
    return notice.live == is_live() and notice.account is None


def _secrets(settings: Settings) -> list[str]:
    """One secret, or several with commas between them."""
    if settings.stripe_webhook_secret is None:
        raise Unavailable("Stripe's events cannot be checked here yet (STRIPE_WEBHOOK_SECRET).")
    return settings.stripe_webhook_secret.get_secret_value().replace(",", " ").split()


@blueprint.record
def _exempt_from_csrf(state: BlueprintSetupState) -> None:
    """The signature says who sent it; there is no browser whose cookies could be misused."""
    state.app.extensions["csrf"].exempt(blueprint)
