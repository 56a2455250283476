"""A payee's Stripe account: made, onboarded and asked whether money can be sent (accounts v2)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal

from stripe.v2.core import Account

from portal.stripe.client import ask

_Part = Literal["configuration.recipient", "identity", "requirements"]
_INCLUDE: Final[list[_Part]] = ["configuration.recipient", "identity", "requirements"]
"""Accounts v2 leaves these out of an answer unless they are asked for."""


class Capability(StrEnum):
    """Whether the account can be sent transfers."""

    ACTIVE = "active"
    PENDING = "pending"
    RESTRICTED = "restricted"
    REJECTED = "rejected"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Recipient:
    """One payee's account at Stripe as it stands now."""

    id: str
    country: str | None
    transfers: Capability
    due: tuple[str, ...]  # what Stripe still wants to know, in Stripe's words
    closed: bool
    destinations: tuple[str, ...] = ()  # fingerprints of its bank accounts, never their numbers

    @property
    def ready(self) -> bool:
        """Whether money can be sent now."""
        return self.transfers is Capability.ACTIVE and not self.closed


def ensure(
    *,
    known: str | None,
    reference: str,
    email: str,
    country: str,
    display_name: str,
    idempotency_key: str,
) -> Recipient:
    """The payee's account: looked up where its id is `known`, made where it is not.

    Store the key before the call and the id after it. `country` is two letters, `reference` our
    own public id of the payee. Raises `Refused` where Stripe does not serve the country.
    """
    if known is not None:
        return retrieve(known)
    made = ask(
        lambda door: door.v2.core.accounts.create(
            {
                "contact_email": email,
                "display_name": display_name,
                "dashboard": "express",
                "identity": {"country": country.lower(), "entity_type": "individual"},
                "configuration": {
                    "recipient": {
                        "capabilities": {
                            "stripe_balance": {"stripe_transfers": {"requested": True}}
                        }
                    }
                },
                "defaults": {
                    "responsibilities": {
                        "fees_collector": "application",
                        "losses_collector": "application",
                    }
                },
                "include": [*_INCLUDE],
                "metadata": {"reference": reference},
            },
            {"idempotency_key": idempotency_key},
        )
    )
    return _recipient(made)


def retrieve(account_id: str) -> Recipient:
    """The account as it stands now, with the fingerprints of the bank accounts behind it."""
    found = ask(lambda door: door.v2.core.accounts.retrieve(account_id, {"include": [*_INCLUDE]}))
    return replace(_recipient(found), destinations=_fingerprints(account_id))


def onboarding_link(account_id: str, *, return_url: str, refresh_url: str) -> str:
    """A link, good once and for minutes, to the page where Stripe asks the payee for what is due.

    Never stored, logged or mailed.
    """
    link = ask(
        lambda door: door.v2.core.account_links.create(
            {
                "account": account_id,
                "use_case": {
                    "type": "account_onboarding",
                    "account_onboarding": {
                        "return_url": return_url,
                        "refresh_url": refresh_url,
                    },
                },
            }
        )
    )
    return link.url


def _fingerprints(account_id: str) -> tuple[str, ...]:
    """Accounts v2 does not show bank accounts in this version of the API; v1 does for the same account."""
    listed = ask(lambda door: door.v1.accounts.external_accounts.list(account_id, {"limit": 100}))
    return tuple(sorted({found.fingerprint for found in listed.data if found.fingerprint}))


def _recipient(found: Account) -> Recipient:
    recipient = found.configuration.recipient if found.configuration else None
    capabilities = recipient.capabilities if recipient else None
    balance = capabilities.stripe_balance if capabilities else None
    transfers = balance.stripe_transfers if balance else None
    entries = found.requirements.entries if found.requirements else None
    return Recipient(
        id=found.id,
        country=found.identity.country.upper()
        if found.identity and found.identity.country
        else None,
        transfers=Capability(transfers.status) if transfers else Capability.RESTRICTED,
        due=tuple(entry.description for entry in entries or []),
        closed=bool(found.closed),
    )
