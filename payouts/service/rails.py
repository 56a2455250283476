"""The rails behind one small protocol: look by our reference, ask once, list everything.

Called between transactions. A door never decides: what it finds is recorded by `sending`.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from payouts.models import Rail
from payouts.queries import bank as queries
from payouts.service.sending import Attempt
from portal.db import reading
from portal.stripe import transfers
from portal.stripe.transfers import Transfer


class Door(Protocol):
    """One way by which money leaves us."""

    def find(self, reference: str) -> list[Transfer]:
        """Everything the rail has under our reference."""

    def send(self, attempt: Attempt) -> Transfer | None:
        """Ask for the transfer under the attempt's key; None where a person takes it from here."""

    def every(self) -> Iterable[Transfer]:
        """All transfers: what reconciliation compares with."""


class _Stripe:
    def find(self, reference: str) -> list[Transfer]:
        return transfers.find(reference)

    def send(self, attempt: Attempt) -> Transfer:
        return transfers.send(
            amount=attempt.amount,
            destination=attempt.destination,
            transfer_group=attempt.reference,
            idempotency_key=str(attempt.key),
            metadata={"payout": attempt.reference},
        )

    def every(self) -> Iterator[Transfer]:
        return transfers.every()


class _Manual:
    """The bank: what it did is what people entered of its answers."""

    def find(self, reference: str) -> list[Transfer]:
        with reading() as session:
            return [queries.as_transfer(row) for row in session.execute(queries.done(reference))]

    def send(self, attempt: Attempt) -> None:
        """Nothing to ask: the payout waits for the next bank file."""

    def every(self) -> list[Transfer]:
        with reading() as session:
            return [queries.as_transfer(row) for row in session.execute(queries.done())]


DOORS: Final[dict[Rail, Door]] = {Rail.STRIPE: _Stripe(), Rail.MANUAL: _Manual()}


def every() -> list[Transfer]:
    """What all rails list."""
    return [transfer for door in DOORS.values() for transfer in door.every()]
