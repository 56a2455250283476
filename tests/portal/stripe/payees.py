"""Payees' accounts in the sandbox."""

import itertools
from typing import Final

import httpx

from portal.stripe import accounts
from portal.stripe.sandbox.resources.accounts import Onboarding
from tests.portal.stripe.conftest import Sandbox

_numbers: Final = itertools.count(1)


def new(sandbox: Sandbox, country: str = "DE") -> accounts.Recipient:
    """An account that still has to be onboarded."""
    assert sandbox.base
    number = next(_numbers)
    return accounts.ensure(
        known=None,
        reference=f"payee-{number}",
        email=f"payee{number}@example.org",
        country=country,
        display_name="Amara Okafor",
        idempotency_key=f"account-{number}",
    )


def onboard(account_id: str, outcome: Onboarding) -> None:
    """Go through the hosted page as the person would."""
    link = accounts.onboarding_link(
        account_id, return_url="http://127.0.0.1:1/back", refresh_url="http://127.0.0.1:1/again"
    )
    submit(link, {"outcome": outcome})


def ready(sandbox: Sandbox) -> str:
    """The id of an account that can be sent money."""
    payee = new(sandbox)
    onboard(payee.id, Onboarding.ACTIVE)
    return payee.id


def submit(url: str, fields: dict[str, str]) -> str:
    """Post a form to a hosted page without following where it leads; gives that address."""
    answer = httpx.post(url, data=fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]
