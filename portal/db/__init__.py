"""The one way to the database: mapped base, the transaction boundary, locks and states."""

from portal.db.base import Base, Serial, naming_convention
from portal.db.columns import UTCDateTime
from portal.db.rows import lock, move, one_or_404
from portal.db.transactions import (
    after_commit,
    configure,
    current,
    engine,
    in_transaction,
    reading,
    sessions,
    transaction,
)

__all__ = [
    "Base",
    "Serial",
    "UTCDateTime",
    "after_commit",
    "configure",
    "current",
    "engine",
    "in_transaction",
    "lock",
    "move",
    "naming_convention",
    "one_or_404",
    "reading",
    "sessions",
    "transaction",
]
