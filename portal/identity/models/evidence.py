"""What a person hands to people of ours: sealed, looked at with a reason, gone after the decision."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial
from portal.ids import RandomId


class EvidenceKind(StrEnum):
    """What somebody may hand in."""

    DOCUMENT_FRONT = "document_front"
    DOCUMENT_BACK = "document_back"
    PORTRAIT = "portrait"  # their face beside the document
    OTHER = "other"
    WORDS = "words"  # what they want to say; for whoever can't take photos, the beginning of another way


class IdentityEvidence(Base):
    """One thing handed in. The content is sealed to this row and erased 30 days after the decision.

    What is left then says only that something was handed in, and when it was erased.
    """

    __tablename__ = "identity_evidence"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.CheckConstraint("(sealed IS NULL) = (erased_at IS NOT NULL)", name="gone_once_erased"),
        sa.CheckConstraint("size > 0", name="size_positive"),
        sa.CheckConstraint(
            "media_type IN ('image/jpeg', 'image/png', 'text/plain')",
            name="media_type_known",
        ),
        sa.Index("ix_identity_evidence_check_id", "check_id"),
        sa.Index(
            "ix_identity_evidence_kept", "check_id", postgresql_where=sa.text("erased_at IS NULL")
        ),
        {"schema": "personal"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[RandomId]
    check_id: Mapped[int] = mapped_column(sa.ForeignKey("identity_check.id"))
    kind: Mapped[EvidenceKind]
    media_type: Mapped[str]
    size: Mapped[int]  # bytes of what was handed in, not of what is stored
    sealed: Mapped[bytes | None]
    handed_in_at: Mapped[datetime]
    erased_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def row(self) -> str:
        """What the content is sealed to: this row, and no other."""
        return f"identity_evidence:{self.public_id}"

    def erase(self, *, now: datetime) -> None:
        """Nobody may look any more."""
        self.sealed, self.erased_at = None, now


class ViewReason(StrEnum):
    """Why somebody looks at evidence."""

    DECIDE = "decide"  # to form an opinion on the case
    APPEAL = "appeal"  # to answer an appeal
    SUBJECT = "subject"  # the person asked us to
    ORDER = "order"  # an authority may demand it


class EvidenceView(Base):
    """Somebody looked at evidence, and why: append-only, and outlives the evidence."""

    __tablename__ = "identity_evidence_view"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("length(trim(note)) > 0", name="note_given"),
        sa.Index("ix_identity_evidence_view_evidence_id", "evidence_id"),
        {"schema": "personal"},
    )

    id: Mapped[Serial] = mapped_column(init=False)
    evidence_id: Mapped[int] = mapped_column(sa.ForeignKey("personal.identity_evidence.id"))
    viewer_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    reason: Mapped[ViewReason]
    note: Mapped[str]
    at: Mapped[datetime]


class OpinionVerdict(StrEnum):
    """What one of the two people says."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class IdentityOpinion(Base):
    """What one person of ours thinks of a check made by hand: append-only, one each in a round.

    The second does not see the first. Two that agree settle the check; a new round begins when the
    person is asked for something else.
    """

    __tablename__ = "identity_opinion"
    __table_args__ = (
        sa.PrimaryKeyConstraint("check_id", "round", "reviewer_id"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
    )

    check_id: Mapped[int] = mapped_column(sa.ForeignKey("identity_check.id"))
    round: Mapped[int]
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    verdict: Mapped[OpinionVerdict]
    reason: Mapped[str]
    given_at: Mapped[datetime]
