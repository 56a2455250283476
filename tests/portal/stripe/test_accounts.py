"""Payees' accounts: made once, onboarded on a hosted page, asked whether they can be paid."""

import httpx
import pytest

from portal.stripe import accounts
from portal.stripe.accounts import Capability
from portal.stripe.sandbox.resources.accounts import Onboarding
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import Sandbox


def test_a_new_account_waits_for_what_stripe_wants_to_know(sandbox: Sandbox) -> None:
    made = payees.new(sandbox)
    assert (made.country, made.transfers, made.ready) == ("DE", Capability.RESTRICTED, False)
    assert "identity.individual.date_of_birth" in made.due
    assert accounts.retrieve(made.id) == made


def test_a_known_account_is_looked_up_and_not_made_again(sandbox: Sandbox) -> None:
    made = payees.new(sandbox)
    again = accounts.ensure(
        known=made.id,
        reference="payee",
        email="other@example.org",
        country="US",
        display_name="Other",
        idempotency_key="other",
    )
    assert again == made
    assert len(sandbox.control.objects("v2.core.account")) == 1


def test_a_country_that_stripe_does_not_serve_is_unsupported(sandbox: Sandbox) -> None:
    assert payees.new(sandbox, country="KP").transfers is Capability.UNSUPPORTED


@pytest.mark.parametrize("outcome", list(Onboarding))
def test_onboarding_ends_in_the_state_that_stripe_gives(
    sandbox: Sandbox, outcome: Onboarding
) -> None:
    made = payees.new(sandbox)
    payees.onboard(made.id, outcome)
    found = accounts.retrieve(made.id)
    assert found.transfers == outcome.value
    assert found.ready is (outcome is Onboarding.ACTIVE)


def test_an_onboarding_link_works_once(sandbox: Sandbox) -> None:
    made = payees.new(sandbox)
    link = accounts.onboarding_link(
        made.id, return_url="http://127.0.0.1:1/back", refresh_url="http://127.0.0.1:1/again"
    )
    assert "not run against Stripe" in httpx.get(link).text
    assert payees.submit(link, {"outcome": "active"}) == "http://127.0.0.1:1/back"
    assert payees.submit(link, {"outcome": "rejected"}) == "http://127.0.0.1:1/again"
    assert accounts.retrieve(made.id).ready


def test_a_change_of_capability_is_told_by_a_thin_event(sandbox: Sandbox) -> None:
    made = payees.new(sandbox)
    payees.onboard(made.id, Onboarding.ACTIVE)
    told = sandbox.control.objects("v2.core.event")[-1]
    assert told["type"] == "v2.core.account[configuration.recipient].capability_status_updated"
    assert told["related_object"]["id"] == made.id
    assert "data" not in told
