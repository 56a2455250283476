"""How to do the task, and the client's content rules: both in immutable versions."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Serial


class Guideline(Base):
    """How to do a kind of task, for one organisation; its texts are the versions."""

    __tablename__ = "guideline"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    slug: Mapped[str]
    title: Mapped[str]


class GuidelineVersion(Base):
    """One text, never edited. `label` is what people call it ("2.0"), `number` counts from one."""

    __tablename__ = "guideline_version"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("guideline_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        sa.CheckConstraint("length(sha256) = 32", name="sha256_is_32_bytes"),
        sa.CheckConstraint("length(trim(body)) > 0", name="body_given"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    guideline_id: Mapped[int] = mapped_column(sa.ForeignKey("guideline.id"))
    number: Mapped[int]
    label: Mapped[str]
    body: Mapped[str]
    sha256: Mapped[bytes]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), default=None)


class Policy(Base):
    """The content rules of one organisation."""

    __tablename__ = "policy"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    slug: Mapped[str]
    title: Mapped[str]


class PolicyVersion(Base):
    """One state of the rules with the day it takes effect; never edited."""

    __tablename__ = "policy_version"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("policy_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    policy_id: Mapped[int] = mapped_column(sa.ForeignKey("policy.id"))
    number: Mapped[int]
    label: Mapped[str]
    introduction: Mapped[str]
    effective_on: Mapped[date]
    published_at: Mapped[datetime]


class Clause(Base):
    """A numbered part of a policy version; never edited."""

    __tablename__ = "clause"
    __table_args__ = (
        sa.PrimaryKeyConstraint("policy_version_id", "number"),
        sa.CheckConstraint("number ~ '^[0-9]+(\\.[0-9]+)*$'", name="number_is_dotted"),
    )

    policy_version_id: Mapped[int] = mapped_column(sa.ForeignKey("policy_version.id"))
    number: Mapped[str]
    position: Mapped[int]
    title: Mapped[str]
    text: Mapped[str]
    action: Mapped[str]
