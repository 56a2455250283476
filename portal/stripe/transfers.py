"""Money from our balance to a payee's Stripe account (transfers v1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import stripe
from stripe.params import TransferListParams

from portal.money import Money
from portal.stripe.client import ask

_PAGE = 100


@dataclass(frozen=True)
class Transfer:
    """What Stripe made of one payout."""

    id: str
    amount: Money
    reversed: Money  # how much of it came back
    destination: str
    transfer_group: str | None
    created: datetime
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Reversal:
    """Money of a transfer that came back to our balance."""

    id: str
    transfer: str
    amount: Money
    created: datetime


def send(
    *,
    amount: Money,
    destination: str,
    transfer_group: str,
    idempotency_key: str,
    metadata: Mapping[str, str],
) -> Transfer:
    """Send money, or get back the transfer that this key made before.

    The key is stored before the first call. Within 24 hours the same key gives the same answer,
    errors included (a saved 500 as well); afterwards it would send again. So whoever repeats asks
    `find` first. Raises `Refused` or `OutcomeUnknown`.
    """
    made = ask(
        lambda door: door.v1.transfers.create(
            {
                "amount": amount.minor,
                "currency": amount.currency.lower(),
                "destination": destination,
                "transfer_group": transfer_group,
                "metadata": dict(metadata),
            },
            {"idempotency_key": idempotency_key},
        )
    )
    return _transfer(made)


def find(transfer_group: str) -> list[Transfer]:
    """Every transfer of the group, newest first: what a repeated or interrupted `send` asks."""
    return list(_pages({"transfer_group": transfer_group}))


def every(*, created_from: datetime | None = None) -> Iterator[Transfer]:
    """All transfers, newest first, page by page: what reconciliation compares with."""
    if created_from is None:
        return _pages({})
    return _pages({"created": {"gte": int(created_from.timestamp())}})


def retrieve(transfer_id: str) -> Transfer:
    """One transfer as it stands now."""
    return _transfer(ask(lambda door: door.v1.transfers.retrieve(transfer_id)))


def reverse(transfer_id: str, *, amount: Money, idempotency_key: str) -> Reversal:
    """Bring some or all of a transfer back. Raises `Refused` where the payee's balance is short."""
    made = ask(
        lambda door: door.v1.transfers.reversals.create(
            transfer_id, {"amount": amount.minor}, {"idempotency_key": idempotency_key}
        )
    )
    return Reversal(made.id, transfer_id, _money(made.amount, made.currency), _time(made.created))


def _pages(query: TransferListParams) -> Iterator[Transfer]:
    query["limit"] = _PAGE
    while True:
        page = ask(lambda door: door.v1.transfers.list(query))
        yield from map(_transfer, page.data)
        if not page.has_more:
            return
        query["starting_after"] = page.data[-1].id


def _transfer(found: stripe.Transfer) -> Transfer:
    to = found.destination
    return Transfer(
        id=found.id,
        amount=_money(found.amount, found.currency),
        reversed=_money(found.amount_reversed, found.currency),
        destination=to if isinstance(to, str) else to.id if to else "",
        transfer_group=found.transfer_group,
        created=_time(found.created),
        metadata=found.metadata.to_dict(),
    )


def _money(minor: int, currency: str) -> Money:
    return Money(minor, currency.upper())


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
