"""The sandbox for the demo's seeding: served while something runs, past its API where it helps."""

import pytest

from portal.money import Money
from portal.settings import Settings
from portal.stripe import accounts, balance, client, transfers, verifications
from portal.stripe.errors import OutcomeUnknown
from portal.stripe.sandbox.serving import served
from portal.stripe.verifications import VerificationStatus
from tests.conftest import Database
from tests.portal.stripe.conftest import SECRET_KEY, WEBHOOK_SECRET


@pytest.fixture
def demo(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a demo that is not served yet."""
    values = {
        "DATABASE_URL": fresh_database.app,
        "BASE_URL": "http://127.0.0.1:1",
        "DEMO": "1",
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_BASE": "http://127.0.0.1:1/sandbox/stripe",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_a_seeding_can_pay_and_verify_before_the_demo_is_served(demo: Settings) -> None:
    with served(demo) as sandbox:
        asked = verifications.create(
            reference="check-1", return_url="http://127.0.0.1:1/back", idempotency_key="v"
        )
        assert (verifications.hosted_url(asked.id) or "").startswith(
            "http://127.0.0.1:1/sandbox/stripe/hosted/verify/"
        )
        sandbox.settle(asked.id, "verified", country="KE")
        assert verifications.retrieve(asked.id).status is VerificationStatus.VERIFIED
        payee = accounts.ensure(
            known=None,
            reference="payee",
            email="payee@example.org",
            country="KE",
            display_name="Amara",
            idempotency_key="a",
        )
        sandbox.onboard(payee.id)
        transfers.send(
            amount=Money(100, "USD"),
            destination=payee.id,
            transfer_group="g",
            idempotency_key="t",
            metadata={},
        )
        assert balance.available()["USD"] == Money(49_999_900, "USD")
    with pytest.raises(OutcomeUnknown):
        balance.available()


def test_outside_the_demo_it_is_not_served(demo: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    production = demo.model_copy(update={"demo": False})
    with pytest.raises(RuntimeError, match="only in the demo"), served(production):
        pass


def teardown_module() -> None:
    """Leave the door pointed nowhere."""
    client.connect(SECRET_KEY, "http://127.0.0.1:1")
