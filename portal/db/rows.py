"""Finding, locking and moving single rows."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.errors import Conflict, NotFound

Row = TypeVar("Row")
State = TypeVar("State", bound=StrEnum)
_LOCK: Final = {"key_share": True}
"""FOR NO KEY UPDATE: alone among those who lock, but rows that only refer to it come in beside us."""


def lock(session: Session, row: Row) -> Row:
    """Lock the row until the transaction ends, and read again what it holds now.

    Call it before deciding anything from the row's state: another transaction may have changed it
    since it was first read. Raises `NotFound` where the row is gone.
    """
    session.flush()
    mapper = sa.inspect(type(row), raiseerr=True)
    identity = sa.inspect(row, raiseerr=True).identity
    found = session.get(mapper.class_, identity, with_for_update=_LOCK, populate_existing=True)
    if found is None:
        raise NotFound
    return row


def move(transitions: Mapping[State, AbstractSet[State]], current: State, target: State) -> State:
    """Give back the target state, or raise `Conflict` where no transition leads there."""
    if target not in transitions.get(current, frozenset()):
        raise Conflict(f"This can't go from “{current}” to “{target}”.")
    return target


def one_or_404(session: Session, query: sa.Select[Row]) -> Row:
    """The one row of the query; `NotFound` where there is none (or it is somebody else's)."""
    found: Any = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    row: Row = found
    return row
