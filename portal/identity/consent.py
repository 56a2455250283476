"""What a person agrees to before their identity is checked: the published text, or else ours."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from portal import agreements
from portal.agreements import AgreementVersion
from portal.errors import Conflict
from portal.prose import without_title

KIND: Final = "identity"
TITLE: Final = "Checking your identity with Stripe"
BODY: Final = """\
Stripe checks your identity for us. On a page of Stripe's you photograph an identity document and your
face; Stripe compares the two, partly by machine, and keeps them under its own privacy policy.

From Stripe we take and keep: whether you are verified, the country that issued the document, and, where
something did not work, a code that says why. We never take or keep your date of birth, the numbers on
the document or any picture.

If the machine can't say yes, a person of ours looks within two working days. No machine decides against
you. You may decline, and ask for a person instead; it costs you nothing but time.
"""
"""Markdown. An operator who publishes an agreement of the kind replaces it."""


@dataclass(frozen=True)
class Text:
    """The text as a page shows it; the digest tells what somebody had before them."""

    title: str
    body: str

    @property
    def shown(self) -> str:
        """Without a first line that repeats the title."""
        return without_title(self.body)

    @property
    def digest(self) -> str:
        """Of the body."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def text(session: Session) -> Text:
    """What is to be agreed to now."""
    found = agreements.current(session, KIND)
    return Text(found.title, found.body) if found else Text(TITLE, BODY)


def refuse_stale(session: Session, digest: str) -> None:
    """Raise `Conflict` where the person had another text before them than the one that counts now."""
    if digest != text(session).digest:
        raise Conflict("This text has been replaced by a newer one. Please read that one.")


def record(session: Session, *, account_id: int, now: datetime) -> AgreementVersion:
    """Keep that the person agreed, and to which version."""
    version = agreements.current(session, KIND) or agreements.publish(
        session, kind=KIND, title=TITLE, body=BODY, now=now
    )
    agreements.accept(session, account_id=account_id, version=version, now=now)
    return version
