"""Events from Stripe: only signed, fresh ones, each waking its job once."""

import json
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import pytest
import sqlalchemy as sa
import stripe
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal.contributions import Contributions
from portal.jobs import OutboxRow
from portal.stripe import client as door
from portal.stripe.models import StripeEvent
from portal.stripe.sandbox.webhooks import signature
from tests.portal.stripe.conftest import SECRET_KEY, WEBHOOK_SECRET


class JobName(StrEnum):
    """A handler of this test's own."""

    HANDLE = "stripetest.handle"


TYPE: Final = "identity.verification_session.verified"
Post = Callable[..., int]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our secrets; the second webhook secret is one that is being replaced."""
    monkeypatch.setenv("STRIPE_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", f"{WEBHOOK_SECRET},whsec_older")
    door.connect(SECRET_KEY, "http://127.0.0.1:1")


@pytest.fixture
def post(app: Flask, client: FlaskClient) -> Post:
    """Send an event to the door, signed now unless the test says otherwise; gives the status."""
    contributions: Contributions = app.extensions["contributions"]
    contributions.webhook_handlers[TYPE] = JobName.HANDLE

    def send(
        body: bytes,
        *,
        at: float | None = None,
        secret: str = WEBHOOK_SECRET,
        header: str | None = None,
    ) -> int:
        signed = header or signature(body, secret, timestamp=int(at or time.time()))
        answer = client.post("/webhooks/stripe", data=body, headers={"Stripe-Signature": signed})
        return answer.status_code

    return send


def event(**changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """An event as Stripe would send it."""
    made = {
        "id": "evt_1",
        "object": "event",
        "created": 1_790_000_000,
        "livemode": False,
        "type": TYPE,
        "data": {"object": {"id": "vs_1", "object": "identity.verification_session"}},
    }
    return json.dumps({**made, **changes}).encode()


def woken(session: Session) -> list[int]:
    """The rows for which the handler was enqueued."""
    query = sa.select(OutboxRow.row_id).where(OutboxRow.name == JobName.HANDLE)
    return list(session.scalars(query))


def test_a_signed_event_wakes_its_handler_with_its_row(post: Post, session: Session) -> None:
    assert post(event()) == 204
    stored = session.scalars(sa.select(StripeEvent)).one()
    assert (stored.event_id, stored.type, stored.object_id) == ("evt_1", TYPE, "vs_1")
    assert woken(session) == [stored.id]


def test_the_library_signs_alike(post: Post) -> None:
    body = event()
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), WEBHOOK_SECRET)
    assert post(body, header=header) == 204


def test_a_secret_that_is_being_replaced_still_counts(post: Post, session: Session) -> None:
    assert post(event(), secret="whsec_older") == 204
    assert len(woken(session)) == 1


def test_the_same_event_wakes_once(post: Post, session: Session) -> None:
    assert [post(event()) for _ in range(3)] == [204, 204, 204]
    assert len(woken(session)) == 1


def test_a_thin_event_names_its_object_too(post: Post, session: Session) -> None:
    thin = event(
        object="v2.core.event",
        created="2026-11-23T12:00:00.000Z",
        data=None,
        related_object={
            "id": "acct_1",
            "type": "v2.core.account",
            "url": "/v2/core/accounts/acct_1",
        },
    )
    assert post(thin.replace(b'"data": null, ', b"")) == 204
    assert session.scalars(sa.select(StripeEvent.object_id)).one() == "acct_1"


@pytest.mark.parametrize("away", [-301, 301, -86_400, 86_400 * 365])
def test_a_timestamp_outside_the_tolerance_is_refused_both_ways(
    post: Post, session: Session, away: int
) -> None:
    assert post(event(), at=time.time() + away) == 400
    assert woken(session) == []


@pytest.mark.parametrize("away", [-290, 290])
def test_a_timestamp_within_the_tolerance_is_taken(post: Post, away: int) -> None:
    assert post(event(), at=time.time() + away) == 204


def test_another_secret_is_refused(post: Post, session: Session) -> None:
    assert post(event(), secret="whsec_forged") == 400
    assert woken(session) == []


def test_a_changed_body_is_refused(post: Post) -> None:
    header = signature(event(), WEBHOOK_SECRET, timestamp=int(time.time()))
    assert post(event(id="evt_2"), header=header) == 400


@pytest.mark.parametrize(
    "header",
    ["", "t=", "t=1", "v1=abc", "t=x,v1=abc", "t=1,v0=abc", "nonsense", "t=1,v1=é", "=,=", ",,,"],
)
def test_a_broken_header_is_refused(post: Post, header: str) -> None:
    assert post(event(), header=header or " ") == 400


def test_a_header_bent_after_signing_is_refused_not_a_crash(post: Post) -> None:
    now = int(time.time())
    bent = signature(event(), WEBHOOK_SECRET, timestamp=now).replace(f"t={now}", f"t={now}=9")
    assert post(event(), header=bent) in {204, 400}


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00",
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"evt_1"',
        b"{",
        event(id=7),
        event(id=""),
        event(id="x" * 256),
        event(id="a\x00b"),
        event(type=None),
        event(created="yesterday"),
        event(created=10**30),
        event(data={"object": {"id": 5}}),
        event(data=[]),
    ],
)
def test_signed_nonsense_is_a_400(post: Post, session: Session, body: bytes) -> None:
    assert post(body) == 400
    assert woken(session) == []


def test_an_event_of_the_other_mode_is_answered_and_left_alone(
    post: Post, session: Session
) -> None:
    assert post(event(livemode=True)) == 204
    assert woken(session) == []


def test_an_event_of_a_connected_account_is_answered_and_left_alone(
    post: Post, session: Session
) -> None:
    assert post(event(account="acct_other")) == 204
    assert woken(session) == []


def test_an_event_that_nobody_handles_is_answered_and_not_kept(
    post: Post, session: Session
) -> None:
    assert post(event(type="charge.succeeded")) == 204
    assert session.scalars(sa.select(StripeEvent)).all() == []


def test_a_body_beyond_the_limit_is_refused(post: Post) -> None:
    assert post(event(padding="x" * 600_000)) == 413
