"""Fifty seeded mismatches of eight kinds among payouts that agree: each found, and nothing else.

    python -m tests.chaos.mismatches --items 10000 --seed 1

The rail's list is made from the payouts themselves and then spoilt by a seeded hand. What
reconciliation says must be exactly what was spoilt: one finding each, and none about the rest.
"""

import argparse
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import Finding, FindingKind, Payout
from payouts.service import reconcile, sending
from portal import clock, db
from portal.money import Money
from portal.stripe.transfers import Transfer
from tests.chaos import seeding
from tests.payouts import kill_storm

MISMATCHES: Final = 50
Listed = dict[UUID, list[Transfer]]
Said = tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    """What was compared, what was spoilt, and what of it was said."""

    payouts: int
    spoilt: int
    found: int
    false_alarms: int

    def __str__(self) -> str:
        return (
            f"payouts={self.payouts} mismatches={self.spoilt}"
            f" found={self.found} false_alarms={self.false_alarms}"
        )


def compare(session: Session, *, items: int, seed: int, now: datetime) -> Outcome:
    """Pay everybody, spoil fifty, reconcile once."""
    seeding.signed_run(session, items=items, stripe_id="acct_model", now=now)
    luck = random.Random(seed)  # noqa: S311  a seed is the point
    payouts = list(session.scalars(sa.select(Payout).order_by(Payout.id)))
    luck.shuffle(payouts)
    late = payouts.pop()
    sending.reserve(session, late.id, now=now)
    listed = {payout.public_id: [_pay(session, payout, now)] for payout in payouts}
    later = now + timedelta(days=3)
    expected = _spoil(payouts, listed, luck)
    expected.append((FindingKind.LATE_TRANSFER.value, late.reference))
    transfers = [transfer for of in listed.values() for transfer in of]
    reconcile.compare(session, transfers, listed_at=later, now=later)
    session.flush()
    said = [
        (kind.value, subject)
        for kind, subject in session.execute(sa.select(Finding.kind, Finding.subject))
    ]
    hits = sum(each in said for each in expected)
    return Outcome(items, len(expected), hits, len(said) - hits)


def _pay(session: Session, payout: Payout, now: datetime) -> Transfer:
    """Send one as a worker does, and give back what the rail would list."""
    attempt = sending.reserve(session, payout.id, now=now)
    if attempt is None:
        raise RuntimeError(f"{payout.reference} is held: {payout.hold}")
    none = Money(0, payout.currency)
    sent = Transfer(
        f"tr_{payout.id}", attempt.amount, none, attempt.destination, payout.reference, now, {}
    )
    sending.record(session, attempt, [sent], now=now)
    return sent


def _spoil(payouts: list[Payout], listed: Listed, luck: random.Random) -> list[Said]:
    """Each way in which the list can differ, in turn; gives what must be found."""
    ways = list(_WAYS)
    return [
        ways[number % len(ways)](payouts.pop(), listed, luck) for number in range(MISMATCHES - 1)
    ]


def _lost(payout: Payout, listed: Listed, _luck: random.Random) -> Said:
    listed.pop(payout.public_id)
    return FindingKind.MISSING_TRANSFER.value, payout.reference


def _doubled(payout: Payout, listed: Listed, _luck: random.Random) -> Said:
    (sent,) = listed[payout.public_id]
    listed[payout.public_id].append(replace(sent, id=f"{sent.id}_again"))
    return FindingKind.DUPLICATE_TRANSFER.value, payout.reference


def _other_amount(payout: Payout, listed: Listed, luck: random.Random) -> Said:
    changed = Money(payout.minor + luck.choice([-1, 1]), payout.currency)
    return _changed(payout, listed, amount=changed)


def _other_currency(payout: Payout, listed: Listed, luck: random.Random) -> Said:
    changed = Money(payout.minor, luck.choice(["EUR", "JPY"]))
    return _changed(payout, listed, amount=changed, reversed=Money(0, changed.currency))


def _other_destination(payout: Payout, listed: Listed, _luck: random.Random) -> Said:
    return _changed(payout, listed, destination="acct_of_somebody_else")


def _partly_back(payout: Payout, listed: Listed, luck: random.Random) -> Said:
    back = Money(luck.randrange(1, payout.minor), payout.currency)
    _changed(payout, listed, reversed=back)
    return FindingKind.RETURNED_TRANSFER.value, f"tr_{payout.id}"


def _unknown(payout: Payout, listed: Listed, luck: random.Random) -> Said:
    (sent,) = listed[payout.public_id]
    group = luck.choice([None, "somebody else's", f"payout_{uuid4().hex}"])
    strange = replace(sent, id=f"{sent.id}_strange", transfer_group=group)
    listed[uuid4()] = [strange]
    return FindingKind.UNKNOWN_TRANSFER.value, strange.id


def _changed(payout: Payout, listed: Listed, **fields: Any) -> Said:  # noqa: ANN401  its own fields
    (sent,) = listed[payout.public_id]
    listed[payout.public_id] = [replace(sent, **fields)]
    return FindingKind.DIFFERENT_TRANSFER.value, payout.reference


_WAYS: Final[tuple[Callable[[Payout, Listed, random.Random], Said], ...]] = (
    _lost,
    _doubled,
    _other_amount,
    _other_currency,
    _other_destination,
    _partly_back,
    _unknown,
)
"""Seven ways; the eighth is a payout that stays under way for too long."""


def main() -> None:
    """Ends with 1 where one was missed, or one was said that is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    os.environ.update(kill_storm.environment("postgresql:///nowhere", "http://127.0.0.1"))
    with kill_storm.database() as server:
        db.configure(server.url("touchstone_owner", "touchstone"))
        with db.transaction() as session:
            now = clock.now(session)
            outcome = compare(session, items=told.items, seed=told.seed, now=now)
    print(outcome)
    right = outcome.found == outcome.spoilt == MISMATCHES and not outcome.false_alarms
    raise SystemExit(0 if right else 1)


if __name__ == "__main__":
    main()
