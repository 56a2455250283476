"""Writing the ledger: balanced entries, once for each key, undone only by their reversal."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payouts.models import (
    OF_RAIL,
    PAYABLE,
    EntryKind,
    LedgerAccount,
    LedgerEntry,
    LedgerKind,
    Posting,
    Rail,
)
from payouts.queries import ledger as queries
from portal.errors import Conflict, Invalid
from portal.money import Money

Legs = Sequence[tuple[LedgerAccount, int]]
"""What each account gets, in minor units: above zero is a credit."""


def payable(session: Session, kind: LedgerKind, *, expert_id: int, currency: str) -> LedgerAccount:
    """What we owe the expert, in one of its stages."""
    if kind not in PAYABLE:
        raise Invalid(f"{kind} is not owed to anybody.")
    return _ensure(session, kind=kind, currency=currency, expert_id=expert_id)


def labour(session: Session, *, project_id: int, currency: str) -> LedgerAccount:
    """What the project's work has cost."""
    return _ensure(session, kind=LedgerKind.LABOUR, currency=currency, project_id=project_id)


def rail_balance(session: Session, *, rail: Rail, currency: str) -> LedgerAccount:
    """What the rail has paid out."""
    return of_rail(session, LedgerKind.RAIL_BALANCE, rail=rail, currency=currency)


def of_rail(session: Session, kind: LedgerKind, *, rail: Rail, currency: str) -> LedgerAccount:
    """One of a rail's own accounts: what it paid out, its fees, differences, what is to come back."""
    if kind not in OF_RAIL:
        raise Invalid(f"{kind} is no account of a rail.")
    return _ensure(session, kind=kind, currency=currency, rail=rail)


def post(session: Session, *, kind: EntryKind, key: str, legs: Legs, now: datetime) -> LedgerEntry:
    """Write one balanced entry, or give back the one that this key wrote before.

    Locks the accounts in the order of their ids. Raises `Conflict` where a payable would fall below
    zero, more would come back than is to, or the key was used for something else, `Invalid` where the legs do not balance; the
    database refuses both as well.
    """
    _check_sums(legs)
    return _write(session, legs, kind=kind, key=key, now=now)


def shift(
    session: Session,
    *,
    kind: EntryKind,
    key: str,
    source: LedgerAccount,
    target: LedgerAccount,
    amount: Money,
    now: datetime,
) -> LedgerEntry:
    """Move an amount above zero from one account to another."""
    if amount.minor <= 0 or {source.currency, target.currency} != {amount.currency}:
        raise Invalid("Only an amount above zero moves, between accounts of its own currency.")
    legs = [(source, -amount.minor), (target, amount.minor)]
    return post(session, kind=kind, key=key, legs=legs, now=now)


def reverse(
    session: Session, entry: LedgerEntry, *, key: str, reason: str, now: datetime
) -> LedgerEntry:
    """Undo an entry by its mirror image; doing so twice gives the first reversal back."""
    minor = {leg.ledger_account_id: leg.minor for leg in session.scalars(queries.legs_of(entry.id))}
    accounts = session.scalars(sa.select(LedgerAccount).where(LedgerAccount.id.in_(minor)))
    legs = [(account, -minor[account.id]) for account in accounts]
    return _write(
        session, legs, kind=EntryKind.REVERSAL, key=key, now=now, reverses=entry, reason=reason
    )


def _ensure(
    session: Session,
    *,
    kind: LedgerKind,
    currency: str,
    expert_id: int | None = None,
    project_id: int | None = None,
    rail: Rail | None = None,
) -> LedgerAccount:
    """The account of this owner, made where there is none; safe when two ask at once."""
    owner = {"expert_id": expert_id, "project_id": project_id, "rail": rail}
    query = sa.select(LedgerAccount).where(
        LedgerAccount.kind == kind,
        LedgerAccount.currency == currency,
        *(
            getattr(LedgerAccount, name).is_not_distinct_from(value)
            for name, value in owner.items()
        ),
    )
    found = session.scalar(query)
    if found is None:
        row = {"kind": kind, "currency": currency, **owner}
        session.execute(insert(LedgerAccount).values(row).on_conflict_do_nothing())
        found = session.scalars(query).one()
    return found


def _check_sums(legs: Legs) -> None:
    sums: dict[str, int] = {}
    for account, minor in legs:
        sums[account.currency] = sums.get(account.currency, 0) + minor
    if len(legs) < 2 or not all(minor for _, minor in legs) or any(sums.values()):
        raise Invalid("The legs of a ledger entry are two or more, and sum to zero.")


def _write(
    session: Session,
    legs: Legs,
    *,
    kind: EntryKind,
    key: str,
    now: datetime,
    reverses: LedgerEntry | None = None,
    reason: str | None = None,
) -> LedgerEntry:
    held = _lock(session, legs)
    row = {
        "kind": kind,
        "key": key,
        "posted_at": now,
        "reverses_id": reverses.id if reverses else None,
        "reason": reason,
    }
    statement = insert(LedgerEntry).values(row).on_conflict_do_nothing(index_elements=["key"])
    entry: LedgerEntry | None = session.scalar(statement.returning(LedgerEntry))
    if entry is None:
        return _same(session, key, legs)
    _check_limits(legs, held)
    _add_legs(session, entry, legs)
    return entry


def _lock(session: Session, legs: Legs) -> dict[int, int]:
    """Lock the accounts in the order of ids; gives what they hold now."""
    ids = sorted(account.id for account, _ in legs)
    session.execute(sa.select(sa.func.ledger_lock(ids)))
    held = sa.select(LedgerAccount.id, LedgerAccount.balance).where(LedgerAccount.id.in_(ids))
    return {row.id: row.balance for row in session.execute(held)}


def _check_limits(legs: Legs, held: dict[int, int]) -> None:
    """The same two limits that the database keeps by CHECK, said in words."""
    for account, minor in legs:
        after = held[account.id] + minor
        if account.kind in PAYABLE and after < 0:
            raise Conflict(f"There is less than that in what is {account.kind}.")
        if account.kind is LedgerKind.RAIL_RECEIVABLE and after > 0:
            raise Conflict("Less than that is to come back.")


def _add_legs(session: Session, entry: LedgerEntry, legs: Legs) -> None:
    rows = [
        {
            "ledger_account_id": account.id,
            "entry_id": entry.id,
            "currency": account.currency,
            "minor": minor,
        }
        for account, minor in sorted(legs, key=lambda leg: leg[0].id)
    ]
    session.execute(insert(Posting).values(rows))
    for account, _ in legs:
        session.expire(account, ["balance"])


def _same(session: Session, key: str, legs: Legs) -> LedgerEntry:
    """What the key wrote before. Raises `Conflict` where that was something else."""
    entry = session.scalars(queries.by_key(key)).one()
    found = session.scalars(queries.legs_of(entry.id))
    before = {leg.ledger_account_id: leg.minor for leg in found}
    if before != {account.id: minor for account, minor in legs}:
        raise Conflict(f"The ledger already has another entry under {key}.")
    return entry
