"""The recorder hears every request of the package, and finds the one that does not fit."""

import pytest
import stripe

from portal.stripe import transfers, verifications
from tests import conforming
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox


def test_what_we_send_fits_the_schema_in_both_versions(sandbox: Sandbox) -> None:
    with conforming.watched() as record:
        payees.new(sandbox)
        made = verifications.create(reference="c", return_url="https://a/b", idempotency_key="k")
        verifications.look(made.id)
        transfers.find("payout-1")
    assert (record.requests >= 4, record.complaints) == (True, [])


@pytest.mark.parametrize(
    ("method", "path", "params", "says"),
    [
        ("post", "/v1/transfers", {"amount": "ten", "currency": "usd"}, "destination"),
        ("post", "/v1/identity/verification_sessions", {"typ": "document"}, "unknown parameter"),
        ("get", "/v1/transfers", {"limit": "many"}, "Invalid integer"),
        ("get", "/v1/transfers", {"groups": "x"}, "unknown parameter: groups"),
        ("post", "/v1/charges", {"amount": 1}, "no such route"),
    ],
)
def test_a_request_that_does_not_fit_is_heard(
    sandbox: Sandbox, method: str, path: str, params: dict[str, object], says: str
) -> None:
    with conforming.watched() as record, pytest.raises(stripe.StripeError):
        sandbox.door.raw_request(method, path, **params)
    assert len(record.complaints) == 1
    assert says in record.complaints[0]
