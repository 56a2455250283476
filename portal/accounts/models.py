"""Accounts, what they are granted, how they sign in, and the organisations they may act for."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.access import Role
from portal.db import Base, Serial, move


class JobName(StrEnum):
    """Jobs of the accounts package."""

    FORGET_SIGN_INS = "accounts.forget_sign_ins"
    REOPEN_AFTER_APPEAL = "accounts.reopen_after_appeal"
    FIND_ERASURES = "accounts.find_erasures"
    ERASE_ACCOUNT = "accounts.erase"


class Organisation(Base):
    """A client: owns projects, guidelines, policies and tasks."""

    __tablename__ = "organisation"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    slug: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]


class AccountState(StrEnum):
    """UNVERIFIED accounts have not shown that the e-mail address is theirs."""

    UNVERIFIED = "unverified"
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


_TRANSITIONS: Final = {
    AccountState.UNVERIFIED: {AccountState.ACTIVE, AccountState.CLOSED},
    AccountState.ACTIVE: {AccountState.PAUSED, AccountState.CLOSED},
    AccountState.PAUSED: {AccountState.ACTIVE, AccountState.CLOSED},
}


class Account(Base):
    """Who signs in. Pausing or closing one never touches what it has earned."""

    __tablename__ = "account"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("email"),
        sa.CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        sa.CheckConstraint("country IS NULL OR country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint(
            "state = 'closed' OR (state = 'unverified') = (email_verified_at IS NULL)",
            name="verified_unless_new",
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    public_id: Mapped[UUID]
    email: Mapped[str]
    display_name: Mapped[str]
    created_at: Mapped[datetime]
    locale: Mapped[str] = mapped_column(default="en")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    country: Mapped[str | None] = mapped_column(default=None)
    state: Mapped[AccountState] = mapped_column(default=AccountState.UNVERIFIED, init=False)
    email_verified_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    qualification_revision: Mapped[int] = mapped_column(default=0, init=False)
    """Goes up whenever a qualification of theirs changes; claims compare it with the enrolment's."""

    def verify_email(self, *, now: datetime) -> None:
        """The address is theirs."""
        self.state = move(_TRANSITIONS, self.state, AccountState.ACTIVE)
        self.email_verified_at = now

    def change_email(self, email: str, *, now: datetime) -> None:
        """Another address, shown to be theirs."""
        self.email = email
        self.email_verified_at = now

    def pause(self) -> None:
        """No new work until a person has looked; what is earned stays payable."""
        self.state = move(_TRANSITIONS, self.state, AccountState.PAUSED)

    def resume(self) -> None:
        """Open again."""
        self.state = move(_TRANSITIONS, self.state, AccountState.ACTIVE)

    def close(self) -> None:
        """Closed for good; what is earned stays payable."""
        self.state = move(_TRANSITIONS, self.state, AccountState.CLOSED)

    def erase(self) -> None:
        """Nobody any more: without name, address or place, and closed. Safe to repeat."""
        if self.state is not AccountState.CLOSED:
            self.close()
        self.display_name = ERASED
        self.email = f"{self.public_id.hex}@erased.invalid"
        self.country, self.time_zone, self.locale = None, "UTC", "en"
        self.email_verified_at = None


ERASED: Final = "Erased account"
"""What stands where a name stood."""


class ErasureState(StrEnum):
    """ASKED can be undone until it is carried out; ERASED is for good."""

    ASKED = "asked"
    UNDONE = "undone"
    ERASED = "erased"


_ERASURES: Final = {ErasureState.ASKED: {ErasureState.UNDONE, ErasureState.ERASED}}


class Erasure(Base):
    """A person asked that what we know of them be erased: after a while in which they may undo it."""

    __tablename__ = "account_erasure"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.Index(
            "uq_account_erasure_open",
            "account_id",
            unique=True,
            postgresql_where=sa.text("state <> 'undone'"),
        ),
        sa.CheckConstraint("due_at >= asked_at + interval '14 days'", name="fourteen_days"),
        sa.CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name="ended_iff_ended"),
        sa.CheckConstraint("state <> 'erased' OR ended_at >= due_at", name="never_before_its_day"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[ErasureState] = mapped_column(default=ErasureState.ASKED, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    files: Mapped[list[int]] = mapped_column(
        default_factory=list, init=False, server_default=sa.text("'[]'::jsonb")
    )
    """Stored files whose bytes are still to go."""

    def undo(self, *, now: datetime) -> None:
        """The person stays."""
        self.state = move(_ERASURES, self.state, ErasureState.UNDONE)
        self.ended_at = now

    def carry_out(self, files: list[int], *, now: datetime) -> None:
        """It is done, but for the bytes of these files."""
        self.state = move(_ERASURES, self.state, ErasureState.ERASED)
        self.ended_at, self.files = now, files

    def wiped(self) -> None:
        """The bytes are gone too."""
        self.files = []


class Grant(Base):
    """One role of one account: everywhere, in one organisation, or in one project.

    The project's foreign key is added by `tasks`, which owns projects.
    """

    __tablename__ = "account_grant"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(
            "project_id IS NULL OR organisation_id IS NOT NULL", name="project_within_organisation"
        ),
        sa.CheckConstraint(
            "role NOT IN ('client_reader') OR organisation_id IS NOT NULL",
            name="client_reader_has_organisation",
        ),
        sa.CheckConstraint(
            "granted_by_id IS DISTINCT FROM account_id", name="nobody_grants_themself"
        ),
        sa.Index(
            "uq_account_grant_live",
            "account_id",
            "role",
            sa.text("coalesce(organisation_id, 0)"),
            sa.text("coalesce(project_id, 0)"),
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    role: Mapped[Role]
    granted_at: Mapped[datetime]
    granted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), default=None)
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), default=None
    )
    project_id: Mapped[int | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    def revoke(self, *, now: datetime) -> None:
        """Take the role back; the row stays as a record."""
        self.revoked_at = now


class SignIn(Base):
    """One signed-in device: the server-side session, listed to its owner and revocable."""

    __tablename__ = "sign_in"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
        sa.Index("ix_sign_in_account_id", "account_id"),
        sa.CheckConstraint("expires_at > created_at", name="expires_later"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    device: Mapped[str]
    """Browser and system in a few words, for the owner's list; no fingerprint."""
    network: Mapped[str] = mapped_column(default="")
    """The network address shortened to its first parts, so that its owner knows a stranger's."""
    second_factor_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None, init=False)


class Credential(Base):
    """An account's password, as argon2id stretched it. No row: no password was ever set."""

    __tablename__ = "credential"
    __table_args__ = (
        sa.PrimaryKeyConstraint("account_id"),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name="stretched_by_argon2id"),
    )

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    password_hash: Mapped[str]
    changed_at: Mapped[datetime]


class Purpose(StrEnum):
    """What a token sent by mail may be used for, and for nothing else."""

    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  a purpose, not a password


class OneTimeToken(Base):
    """A secret sent to a mailbox: kept as a hash, good for one purpose, once, for a while."""

    __tablename__ = "one_time_token"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
        sa.Index(
            "uq_one_time_token_live",
            "account_id",
            "purpose",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("expires_at > created_at", name="expires_later"),
        sa.CheckConstraint(
            "(purpose = 'change_email') = (email IS NOT NULL)", name="new_address_iff_changing"
        ),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    purpose: Mapped[Purpose]
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    email: Mapped[str | None] = mapped_column(default=None)
    """The new address that the token was sent to, where the address is to change."""
    next_path: Mapped[str | None] = mapped_column(default=None)
    """The page of ours that the person came from."""
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    """Used, or replaced by a newer one."""


class Authenticator(Base):
    """An authenticator app's shared secret (TOTP, RFC 6238), sealed to this account."""

    __tablename__ = "authenticator"
    __table_args__ = (
        sa.PrimaryKeyConstraint("account_id"),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (last_step IS NULL)", name="confirmed_by_a_code"
        ),
    )

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    last_step: Mapped[int | None] = mapped_column(default=None, init=False)
    """The newest time step whose code was used: none is taken twice."""

    def take(self, step: int, *, now: datetime) -> None:
        """The code of this time step was shown to be known; the first one confirms the app."""
        self.last_step = step
        self.confirmed_at = self.confirmed_at or now


class RecoveryCode(Base):
    """A code for the day the phone is gone: kept as a keyed hash, good once."""

    __tablename__ = "recovery_code"
    __table_args__ = (
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "code_hash"),
    )

    id: Mapped[Serial] = mapped_column(init=False)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    code_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None, init=False)


class DemoPerson(Base):
    """Someone the demo's sign-in page offers in one click; empty everywhere else."""

    __tablename__ = "demo_person"
    __table_args__ = (
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("position"),
    )

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    line: Mapped[str]
    position: Mapped[int]
