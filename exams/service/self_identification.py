"""What somebody says of themselves: theirs to say, to change and to take back. Nobody else reads it here.

Row security shows the web the row of the person that the transaction names, and these functions are all
that name one. Nothing about it goes to the audit: that somebody said something is theirs, too.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from exams.models import SelfIdentification
from portal import settings
from portal.errors import Invalid
from portal.sealing import seal, unseal

NOT_SAID: Final = "not-said"
"""Whoever would rather not say, and whoever said nothing: nothing tells the two apart."""
ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "gender": ("woman", "man", "another"),
    "age": ("under-30", "30-to-44", "45-to-59", "60-and-over"),
    "minority": ("yes", "no"),
}
KEPT: Final = timedelta(days=730)
"""After that it is deleted by itself."""


def say(session: Session, account_id: int, answers: Mapping[str, str], *, now: datetime) -> None:
    """Keep what somebody says instead of what they said before; of nothing said no row is kept.

    Raises `Invalid` for a value that was not offered.
    """
    if any(
        answers.get(name, NOT_SAID) not in {*offered, NOT_SAID}
        for name, offered in ATTRIBUTES.items()
    ):
        raise Invalid("That is not one of the choices on this page. Please choose again.")
    said = {name: answers[name] for name in ATTRIBUTES if answers.get(name, NOT_SAID) != NOT_SAID}
    if not said:
        take_back(session, account_id)
        return
    _act_for(session, account_id)
    sealed = seal(json.dumps(said).encode(), key=settings.load().personal_key, row=_row(account_id))
    written = insert(SelfIdentification).values(account_id=account_id, sealed=sealed, said_at=now)
    session.execute(
        written.on_conflict_do_update(
            index_elements=["account_id"],
            set_={"sealed": written.excluded.sealed, "said_at": written.excluded.said_at},
        )
    )


def take_back(session: Session, account_id: int) -> None:
    """Delete it. Twice is once."""
    _act_for(session, account_id)
    session.execute(
        sa.delete(SelfIdentification).where(SelfIdentification.account_id == account_id)
    )


def own(session: Session, account_id: int) -> dict[str, str] | None:
    """What the person behind the request said, for their own page only; None where nothing is kept."""
    _act_for(session, account_id)
    found = session.get(SelfIdentification, account_id)
    return None if found is None else opened(found)


def opened(found: SelfIdentification) -> dict[str, str]:
    """What a row says. The worker calls it for sums, and keeps nothing of it."""
    plain = unseal(found.sealed, key=settings.load().personal_key, row=_row(found.account_id))
    said: dict[str, str] = json.loads(plain)
    return said


def _act_for(session: Session, account_id: int) -> None:
    """Name the person for this transaction: row security lets no other row be seen or written."""
    session.execute(sa.select(sa.func.set_config("touchstone.person", str(account_id), True)))


def _row(account_id: int) -> str:
    return f"self_identification:{account_id}"
