"""The time: the database's own clock, moved only in the demo and in tests."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.db import Base, UTCDateTime


class ClockShift(Base):
    """The one row by which a demo's or a test's clock differs from the database's."""

    __tablename__ = "clock_shift"
    __table_args__ = (sa.CheckConstraint("singleton", name="one_row"),)

    singleton: Mapped[bool] = mapped_column(primary_key=True)
    seconds: Mapped[float] = mapped_column(sa.Double)


_MOMENT = (
    "clock_timestamp() + make_interval(secs => coalesce((SELECT seconds FROM clock_shift), 0))"
)
_NOW = sa.text(f"SELECT {_MOMENT}")


def now(session: Session) -> datetime:
    """What time it is: ask once per transaction at the edge, after the locks, and pass it down."""
    moment: datetime = session.execute(_NOW).scalar_one()
    return moment


def expression() -> sa.ColumnElement[datetime]:
    """The same moment as SQL, for the one query that has no time to ask first."""
    return sa.literal_column(f"({_MOMENT})", UTCDateTime())


def shift(session: Session, by: timedelta) -> None:
    """Set how far this database's clock is moved. Only the demo and tests may call it."""
    session.merge(ClockShift(singleton=True, seconds=by.total_seconds()))


def shifted(session: Session) -> timedelta:
    """How far the clock is moved: zero everywhere but in the demo and tests."""
    seconds = session.scalar(sa.select(ClockShift.seconds)) or 0.0
    return timedelta(seconds=seconds)
