"""What the product stored and paid, beside what the replay counted by itself."""

import argparse
from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import LedgerEntry, Payout, Posting, Statement
from portal.db import reading
from portal.stripe import transfers
from tasks.models import Gold, GoldScore, Judgment, Segment, Task
from tests.journeys.replay.recorded import Expert, same
from tests.journeys.replay.working import BEAT


def report(
    experts: list[Expert],
    texts: dict[str, dict[str, str]],
    labels: dict[str, dict[str, str]],
    options: argparse.Namespace,
) -> None:
    """Compare judgments, seconds, money and gold. Raises `Wrong` where anything differs."""
    sent = list(transfers.every())
    with reading() as session:
        _judgments(session, experts, texts)
        _seconds(session, experts)
        _money(session, experts, sent)
        below = [_gold_share(session, expert, labels, options) for expert in experts]
    same("experts below 100 % on gold, at least one", any(below), True)


def _judgments(session: Session, experts: list[Expert], texts: dict[str, dict[str, str]]) -> None:
    gold = _count(session, sa.select(Gold))
    stored = session.execute(
        sa.select(Judgment, Task.key).join(
            Task, sa.and_(Task.pool_id == Judgment.pool_id, Task.id == Judgment.task_id)
        )
    ).all()
    served = sum(key in _gold_keys(session) for _, key in stored)
    real = len(texts) - gold
    same("judgments = real tasks * 3 + gold served", len(stored), real * 3 + served)
    print(f"  {real} real tasks * 3 + {served} gold served")
    names = {expert.account_id: expert for expert in experts}
    wrong = sum(
        judgment.value["choice"] != names[judgment.expert_id].judged[key]
        for judgment, key in stored
    )
    same("stored answers that differ from the recorded ones", wrong, 0)
    orders = Counter("".join(judgment.order_shown) for judgment, _ in stored)
    alike = sum(expert.undecided for expert in experts)
    print(f"  orders shown: {dict(orders)}; pairs whose answers read alike: {alike}")


def _seconds(session: Session, experts: list[Expert]) -> None:
    for expert in experts:
        spans = session.scalars(sa.select(Segment).where(Segment.expert_id == expert.account_id))
        credited = sum((span.ended_at - span.started_at).total_seconds() for span in spans)
        off = credited - expert.seconds
        print(f"  {expert.name}: credited {credited:.1f} s, own sum {expert.seconds:.1f} s")
        within = abs(off) <= BEAT.total_seconds() * expert.sittings
        same(f"{expert.name}: within one beat a sitting", within, True)


def _money(session: Session, experts: list[Expert], sent: list[transfers.Transfer]) -> None:
    drawn = session.scalars(sa.select(Statement)).all()
    paid = session.scalars(sa.select(Payout)).all()
    same("statements", len(drawn), len(experts))
    same("transfers at the provider", len(sent), len(experts))
    same("payouts paid", sum(payout.state.value == "paid" for payout in paid), len(experts))
    amounts = sorted(transfer.amount.minor for transfer in sent)
    same("amounts sent = amounts of payouts", amounts, sorted(p.minor for p in paid))
    same("every amount above zero", min(amounts) > 0, True)
    total = session.scalar(sa.select(sa.func.coalesce(sa.func.sum(Posting.minor), 0)))
    same("ledger sum", int(total or 0), 0)
    print(f"  {_count(session, sa.select(LedgerEntry))} ledger entries; cents sent: {amounts}")


def _gold_share(
    session: Session,
    expert: Expert,
    labels: dict[str, dict[str, str]],
    options: argparse.Namespace,
) -> bool:
    """Compare the product's share on gold with a count over the source; whether it is below one."""
    scored = session.execute(
        sa.select(GoldScore.right, Task.key)
        .join(Judgment, Judgment.id == GoldScore.judgment_id)
        .join(Task, sa.and_(Task.pool_id == Judgment.pool_id, Task.id == Judgment.task_id))
        .where(Judgment.expert_id == expert.account_id)
    ).all()
    keys = [key for _, key in scored]
    majority = {key: _majority([says[key] for says in labels.values()]) for key in keys}
    ours = sum(expert.says[key] == majority[key] for key in keys)
    theirs = sum(bool(right) for right, _ in scored)
    same(f"{expert.name}: right on {len(keys)} gold", theirs, ours)
    if options.flip:
        unflipped = sum(expert.says[key] == labels[expert.name][key] for key in keys)
        print(f"  {expert.name}: {unflipped} of {len(keys)} gold answered as recorded")
    return theirs < len(keys)


def _majority(said: list[str]) -> str | None:
    (label, times), *_ = Counter(said).most_common(1)
    return label if times * 2 > len(said) and label != "tie" else None


def _gold_keys(session: Session) -> set[str]:
    joined = sa.select(Task.key).join(
        Gold, sa.and_(Gold.pool_id == Task.pool_id, Gold.task_id == Task.id)
    )
    return set(session.scalars(joined))


def _count(session: Session, query: sa.Select[Any]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
