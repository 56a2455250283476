"""Proving the ledger: every sum recomputed, the chain of seals walked, the first broken entry named."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import LedgerAccount, LedgerEntry, LedgerSeal, Posting

GENESIS: Final = hashlib.sha256(b"Touchstone ledger").digest()
"""What the first seal names as the one before it."""
_BATCH: Final = 1000
_SEAL_LOCK: Final = 0x5EA1


@dataclass(frozen=True)
class Proof:
    """What was looked at, and what is wrong, the first broken entry first. Nothing wrong: it holds."""

    entries: int
    postings: int
    sealed: int
    head: bytes
    problems: tuple[str, ...]


def verify(session: Session) -> Proof:
    """Recompute everything the ledger promises. Reads only."""
    entries = session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) or 0
    postings = session.scalar(sa.select(sa.func.count()).select_from(Posting)) or 0
    head, sealed, broken = _walk(session)
    checks = (_unbalanced, _unmirrored, _wrong_balances, _below_zero, _above_zero)
    problems = [problem for check in checks for problem in check(session)]
    return Proof(entries, postings, sealed, head, (*broken, *problems))


def seal(session: Session, *, now: datetime) -> LedgerSeal | None:
    """Add what was written since the last seal to the chain; None where there is nothing new.

    Entries of transactions that began before one still running wait for the next seal: what is
    sealed is never added to from behind.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_SEAL_LOCK)))
    fresh = list(session.scalars(_unsealed()))
    if not fresh:
        return None
    last = session.scalar(sa.select(LedgerSeal).order_by(LedgerSeal.id.desc()).limit(1))
    previous = last.head if last else GENESIS
    lines = _lines(session, fresh)
    made = LedgerSeal(
        previous=previous,
        head=_head(previous, lines),
        entry_ids=fresh,
        sealed_at=now,
        digests=_digests(lines),
    )
    session.add(made)
    session.flush()
    return made


def _unsealed() -> sa.Select[int]:
    """Entries in no seal whose transaction, and all before it, have ended; oldest first."""
    sealed = sa.select(
        sa.cast(sa.func.jsonb_array_elements_text(LedgerSeal.entry_ids), sa.BigInteger)
    )
    settled = sa.text("written_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    query = sa.select(LedgerEntry.id).where(settled, LedgerEntry.id.not_in(sealed))
    return query.order_by(LedgerEntry.id).limit(_BATCH)


def _walk(session: Session) -> tuple[bytes, int, list[str]]:
    """Recompute the chain: the head it ends in, how many entries it holds, where it breaks first."""
    head, count = GENESIS, 0
    for link in session.scalars(sa.select(LedgerSeal).order_by(LedgerSeal.id)):
        count += len(link.entry_ids)
        if link.previous != head:
            return head, count, [f"seal {link.id} does not follow the one before it"]
        lines = _lines(session, link.entry_ids)
        missing = sorted(set(link.entry_ids) - {entry for entry, _ in lines})
        if missing:
            return head, count, [f"entry {missing[0]} was sealed and is gone"]
        if _head(head, lines) != link.head:
            return head, count, [f"seal {link.id}: {_changed(link, lines)}"]
        head = link.head
    return head, count, []


def _changed(link: LedgerSeal, lines: list[tuple[int, str]]) -> str:
    """Which entry was changed first; the seal's span where its digests do not tell."""
    now = _digests(lines)
    if len(link.digests) == len(now):
        for (entry_id, _line), sealed, found in zip(lines, link.digests, now, strict=True):
            if sealed != found:
                return f"entry {entry_id} was changed"
    return f"one of the entries {min(link.entry_ids)} to {max(link.entry_ids)} was changed"


def _digests(lines: Iterable[tuple[int, str]]) -> list[str]:
    return [hashlib.sha256(line.encode()).hexdigest() for _, line in lines]


def _head(previous: bytes, lines: Iterable[tuple[int, str]]) -> bytes:
    digest = hashlib.sha256(previous)
    for _, line in lines:
        digest.update(line.encode())
    return digest.digest()


def _lines(session: Session, ids: list[int]) -> list[tuple[int, str]]:
    """Each entry with its legs as one canonical line, in the order of ids."""
    legs: dict[int, list[list[object]]] = {}
    postings = sa.select(Posting).where(Posting.entry_id.in_(ids))
    for leg in session.scalars(postings.order_by(Posting.entry_id, Posting.ledger_account_id)):
        legs.setdefault(leg.entry_id, []).append([leg.ledger_account_id, leg.currency, leg.minor])
    entries = sa.select(LedgerEntry).where(LedgerEntry.id.in_(ids)).order_by(LedgerEntry.id)
    return [(entry.id, _line(entry, legs.get(entry.id, []))) for entry in session.scalars(entries)]


def _line(entry: LedgerEntry, legs: list[list[object]]) -> str:
    said = [
        entry.id,
        entry.kind.value,
        entry.key,
        entry.posted_at.isoformat(),
        entry.reverses_id,
        entry.reason,
        legs,
    ]
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False) + "\n"


def _unbalanced(session: Session) -> Iterator[str]:
    """Entries that do not sum to zero, or have fewer than two legs."""
    sums = (
        sa.select(LedgerEntry.id, Posting.currency, sa.func.coalesce(sa.func.sum(Posting.minor), 0))
        .outerjoin(Posting, Posting.entry_id == LedgerEntry.id)
        .group_by(LedgerEntry.id, Posting.currency)
        .having(
            sa.or_(
                sa.func.coalesce(sa.func.sum(Posting.minor), 0) != 0,
                sa.func.count(Posting.entry_id) < 2,
            )
        )
        .order_by(LedgerEntry.id)
    )
    for entry_id, currency, total in session.execute(sums):
        yield f"entry {entry_id} does not balance: {currency or 'no legs'} {total}"


def _unmirrored(session: Session) -> Iterator[str]:
    """Reversals that are not the mirror image of what they reverse."""
    mirrored = sa.text(
        "SELECT r.id FROM ledger_entry r WHERE r.reverses_id IS NOT NULL AND EXISTS ("
        " SELECT FROM (SELECT ledger_account_id, minor FROM posting WHERE entry_id = r.id"
        "  UNION ALL SELECT ledger_account_id, minor FROM posting WHERE entry_id = r.reverses_id) legs"
        " GROUP BY ledger_account_id HAVING sum(minor) <> 0) ORDER BY r.id"
    )
    for (entry_id,) in session.execute(mirrored):
        yield f"entry {entry_id} is not the mirror image of what it reverses"


def _wrong_balances(session: Session) -> Iterator[str]:
    """Ledger accounts whose balance is not the sum of their postings."""
    sums = (
        sa.select(
            LedgerAccount.id,
            LedgerAccount.balance,
            sa.func.coalesce(sa.func.sum(Posting.minor), 0).label("posted"),
        )
        .outerjoin(Posting, Posting.ledger_account_id == LedgerAccount.id)
        .group_by(LedgerAccount.id)
        .having(LedgerAccount.balance != sa.func.coalesce(sa.func.sum(Posting.minor), 0))
        .order_by(LedgerAccount.id)
    )
    for account_id, balance, posted in session.execute(sums):
        yield f"ledger account {account_id} says {balance}, its postings say {posted}"


def _below_zero(session: Session) -> Iterator[str]:
    """Payables that were below zero after some entry."""
    running = sa.text(
        "SELECT ledger_account_id, entry_id FROM (SELECT p.ledger_account_id, p.entry_id,"
        " sum(p.minor) OVER (PARTITION BY p.ledger_account_id ORDER BY p.entry_id) AS held"
        " FROM posting p JOIN ledger_account a ON a.id = p.ledger_account_id"
        " WHERE a.expert_id IS NOT NULL) walked WHERE held < 0 ORDER BY entry_id LIMIT 1"
    )
    for account_id, entry_id in session.execute(running):
        yield f"entry {entry_id} takes payable {account_id} below zero"


def _above_zero(session: Session) -> Iterator[str]:
    """Receivables of which more had come back after some entry than was to."""
    running = sa.text(
        "SELECT ledger_account_id, entry_id FROM (SELECT p.ledger_account_id, p.entry_id,"
        " sum(p.minor) OVER (PARTITION BY p.ledger_account_id ORDER BY p.entry_id) AS held"
        " FROM posting p JOIN ledger_account a ON a.id = p.ledger_account_id"
        " WHERE a.kind = 'rail_receivable') walked WHERE held > 0 ORDER BY entry_id LIMIT 1"
    )
    for account_id, entry_id in session.execute(running):
        yield f"entry {entry_id} takes receivable {account_id} above zero"
