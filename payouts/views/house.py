"""What only the finance of the whole house sees: what no single client's books are."""

from sqlalchemy.orm import Session

from payouts.queries import reach
from portal.access import Role, person
from portal.errors import NotFound


def ours(session: Session) -> bool:
    """Whether the person keeps the house's books, not only one client's."""
    return session.scalar(reach.everywhere(person().account_id, Role.FINANCE)) or False


def only(session: Session) -> None:
    """Raises `NotFound` for anybody else: a rail serves everybody, and freezes everybody."""
    if not ours(session):
        raise NotFound
