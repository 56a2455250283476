"""Who looks next: a named person, who is neither the one it is about nor the one it waits with."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts import queries
from portal.accounts.models import Account

REVIEW_WITHIN: Final = timedelta(days=7)
SECOND_LOOK_WITHIN: Final = timedelta(days=2)
_LOOK: Final = (Role.MANAGER, Role.REVIEWER, Role.ADMIN)


def another(
    session: Session,
    *,
    about: int,
    besides: int | Collection[int | None] | None,
    roles: Sequence[Role] = _LOOK,
) -> Account | None:
    """A colleague for a matter about someone; None where there is nobody else."""
    left_out = besides if isinstance(besides, Collection) else {besides}
    for role in roles:
        for account in session.scalars(queries.holders(role)):
            if account.id not in {about, *left_out}:
                return account
    return None
