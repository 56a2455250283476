"""What went out lately, against what may."""

import zlib
from datetime import datetime

import sqlalchemy as sa

from payouts.models import PayLimit, Payout, PayoutState


def newest(currency: str) -> sa.Select[PayLimit]:
    """The limits that hold for the currency."""
    mine = sa.select(PayLimit).where(PayLimit.currency == currency)
    return mine.order_by(PayLimit.id.desc()).limit(1)


def gone_out(currency: str) -> sa.Select[int | None]:
    """Minor units that are on their way or paid."""
    total = sa.cast(sa.func.sum(Payout.minor), sa.BigInteger)
    out = Payout.state.in_([PayoutState.SENDING, PayoutState.PAID])
    return sa.select(total).where(Payout.currency == currency, out)


def since(moment: datetime) -> sa.ColumnElement[bool]:
    """Whether it went out after the moment."""
    return Payout.since > moment


def lock_of(currency: str) -> int:
    """The number under which senders of a currency wait for each other."""
    return zlib.crc32(f"pay limit {currency}".encode())
