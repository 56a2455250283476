"""What a person agrees to before their identity is checked: the published texts, or else ours."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from portal import agreements
from portal.agreements import AgreementVersion
from portal.errors import Conflict
from portal.prose import without_title


@dataclass(frozen=True)
class Topic:
    """What is agreed to; an operator who publishes an agreement of the kind replaces the text."""

    kind: str
    title: str
    body: str  # Markdown


STRIPE: Final = Topic(
    "identity",
    "Checking your identity with Stripe",
    """\
Stripe checks your identity for us. On a page of Stripe's you photograph an identity document and your
face; Stripe compares the two, partly by machine, and keeps them under its own privacy policy.

From Stripe we keep: whether you are verified, the country that issued the document, whether the name
on it fits the name of your account, whether you are of age, and, where something did not work, a code
that says why. To see whether we know you by another account already we keep a keyed digest, from which
nothing can be read back. We never take or keep your date of birth, the numbers on the document or any
picture: for these answers our program looks at the name, the date and the number once, and forgets them.

If the machine can't say yes, a person of ours looks within two working days. No machine decides against
you. You may decline, and ask for a person instead; it costs you nothing but time.

This is a check of a document, by machine and by people. It is not an identity assurance level of NIST
or any other standard, and nobody should take it for one.
""",
)
EVIDENCE: Final = Topic(
    "identity_evidence",
    "Showing your document to two of our people",
    """\
You show us your document; Stripe is not part of it. What you hand in is encrypted. Two of our people
look at it, each without knowing what the other said, and decide by what they see.

Every time somebody looks, who, when and why is written down; when and why you can see. What you handed in is
erased 30 days after the decision. You can take anything back until you say that you are done.

We keep whether you are verified. This is a check of a document by people. It is not an identity
assurance level of NIST or any other standard.
""",
)


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


def text(session: Session, topic: Topic) -> Text:
    """What is to be agreed to now."""
    found = agreements.current(session, topic.kind)
    return Text(found.title, found.body) if found else Text(topic.title, topic.body)


def refuse_stale(session: Session, topic: Topic, digest: str) -> None:
    """Raise `Conflict` where the person had another text before them than the one that counts now."""
    if digest != text(session, topic).digest:
        raise Conflict("This text has been replaced by a newer one. Please read that one.")


def record(session: Session, topic: Topic, *, account_id: int, now: datetime) -> AgreementVersion:
    """Keep that the person agreed, and to which version. Safe to repeat."""
    version = agreements.current(session, topic.kind) or agreements.publish(
        session, kind=topic.kind, title=topic.title, body=topic.body, now=now
    )
    agreements.accept(session, account_id=account_id, version=version, now=now)
    return version
