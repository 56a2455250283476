"""Identity checks by people, what they are shown, the same person found twice, expiry, erasure."""

import sqlalchemy as sa
from alembic import op

from migrations import grants

revision = "0014_identity"
down_revision = "0013_measurement"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_STATES = ("starting", "waiting", "processing", "review", "verified", "not_accepted", "canceled")
_OPEN = "state IN ('starting', 'waiting', 'processing', 'review')"
_OPEN_NOW = "state IN ('starting', 'waiting', 'processing', 'evidence', 'review')"
_REASONS = (
    "error",
    "attempts",
    "declined",
    "unsupported",
    "no_session",
    "asked",
    "twice",
    "age",
    "expired",
)
_RULES = {
    "case_says_why": "state NOT IN ('evidence', 'review') OR case_reason IS NOT NULL",
    "evidence_goes_to_people": "state <> 'evidence' OR route = 'people'",
    "two_people_decide_by_hand": (
        "route <> 'people' OR state NOT IN ('verified', 'not_accepted')"
        " OR (first_reviewer_id IS NOT NULL AND second_reviewer_id IS NOT NULL)"
    ),
    "two_different_people": "first_reviewer_id <> second_reviewer_id",
    "neither_is_the_person": (
        "account_id <> first_reviewer_id AND account_id <> second_reviewer_id"
    ),
    "rounds_from_one": "round >= 1",
    "yes_expires": "state <> 'verified' OR expires_at IS NOT NULL",
    "two_reminders_at_most": "reminders BETWEEN 0 AND 2",
    "only_settled_is_erased": "erase_asked_at IS NULL OR settled_at IS NOT NULL",
    "erased_holds_nothing": (
        "erased_at IS NULL OR (erase_asked_at IS NOT NULL AND session_id IS NULL"
        " AND report_id IS NULL AND last_error IS NULL AND country IS NULL"
        " AND name_match IS NULL AND of_age IS NULL)"
    ),
}
_COLUMNS = (
    "name_match",
    "of_age",
    "route",
    "case_reason",
    "round",
    "first_reviewer_id",
    "second_reviewer_id",
    "expires_at",
    "reminders",
    "erase_asked_at",
    "erased_at",
)


def upgrade() -> None:
    """Add columns to checks, and the four tables beside them."""
    _opinion()
    _states((*_STATES, "evidence"), _OPEN_NOW)
    _columns()
    _opinions_are_named()
    _evidence()
    _index()
    op.add_column(
        "delivery",
        sa.Column("forged", sa.Boolean(), nullable=False, server_default=sa.false()),
        schema="sandbox",
    )


def _states(states: tuple[str, ...], still_open: str) -> None:
    """Which states a check may have, and of which a person has one check at most."""
    op.drop_constraint(op.f("ck_identity_check_checkstate"), "identity_check", type_="check")
    listed = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(
        op.f("ck_identity_check_checkstate"), "identity_check", f"state IN ({listed})"
    )
    op.drop_index("uq_identity_check_open", "identity_check")
    op.create_index(
        "uq_identity_check_open",
        "identity_check",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text(still_open),
    )


def _columns() -> None:
    for column in (
        sa.Column("name_match", _one_of("namematch", "same", "similar", "different")),
        sa.Column("of_age", sa.Boolean()),
        sa.Column(
            "route", _one_of("route", "stripe", "people"), nullable=False, server_default="stripe"
        ),
        sa.Column("case_reason", _one_of("casereason", *_REASONS)),
        sa.Column("round", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("first_reviewer_id", sa.BigInteger()),
        sa.Column("second_reviewer_id", sa.BigInteger()),
        sa.Column("expires_at", _MOMENT),
        sa.Column("reminders", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("erase_asked_at", _MOMENT),
        sa.Column("erased_at", _MOMENT),
    ):
        op.add_column("identity_check", column)
    for name in ("route", "round", "reminders"):
        op.alter_column("identity_check", name, server_default=None)
    # Checks from before: what the rules below ask of them.
    op.execute("UPDATE identity_check SET case_reason = 'error' WHERE state = 'review'")
    op.execute(
        "UPDATE identity_check SET expires_at = settled_at + interval '730 days'"
        " WHERE state = 'verified'"
    )
    for name, rule in _RULES.items():
        op.create_check_constraint(op.f(f"ck_identity_check_{name}"), "identity_check", rule)
    op.create_index(
        "ix_identity_check_expires_at",
        "identity_check",
        ["expires_at"],
        postgresql_where=sa.text("state = 'verified'"),
    )
    op.create_index(
        "ix_identity_check_to_erase",
        "identity_check",
        ["erase_asked_at"],
        postgresql_where=sa.text("erased_at IS NULL"),
    )


def _one_of(name: str, *values: str, table: str = "identity_check") -> sa.Enum:
    return sa.Enum(
        *values,
        name=op.f(f"ck_{table}_{name}"),
        native_enum=False,
        create_constraint=True,
        length=40,
    )


def _opinion() -> None:
    op.create_table(
        "identity_opinion",
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "verdict",
            _one_of("opinionverdict", "accept", "refuse", table="identity_opinion"),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint(
            "check_id", "round", "reviewer_id", name=op.f("pk_identity_opinion")
        ),
        sa.CheckConstraint(
            "length(trim(reason)) > 0", name=op.f("ck_identity_opinion_reason_given")
        ),
        _refers("identity_opinion", "check_id", "identity_check"),
        _refers("identity_opinion", "reviewer_id", "account"),
    )
    grants.append_only("identity_opinion")


def _opinions_are_named() -> None:
    """Whoever is named as one of the two has really said something, in this round."""
    for which in ("first", "second"):
        column = f"{which}_reviewer_id"
        op.create_foreign_key(
            op.f(f"fk_identity_check_{column}_account"),
            "identity_check",
            "account",
            [column],
            ["id"],
        )
        op.create_foreign_key(
            op.f(f"fk_identity_check_{which}_opinion"),
            "identity_check",
            "identity_opinion",
            ["id", "round", column],
            ["check_id", "round", "reviewer_id"],
        )


def _evidence() -> None:
    op.create_table(
        "identity_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            _one_of(
                "evidencekind",
                "document_front",
                "document_back",
                "portrait",
                "other",
                "words",
                table="identity_evidence",
            ),
            nullable=False,
        ),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("handed_in_at", _MOMENT, nullable=False),
        sa.Column("erased_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_evidence")),
        sa.UniqueConstraint("public_id", name=op.f("uq_identity_evidence_public_id")),
        sa.CheckConstraint(
            "(sealed IS NULL) = (erased_at IS NOT NULL)",
            name=op.f("ck_identity_evidence_gone_once_erased"),
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_identity_evidence_size_positive")),
        sa.CheckConstraint(
            "media_type IN ('image/jpeg', 'image/png', 'text/plain')",
            name=op.f("ck_identity_evidence_media_type_known"),
        ),
        _refers("identity_evidence", "check_id", "identity_check"),
        schema="personal",
    )
    op.create_index(
        "ix_identity_evidence_check_id", "identity_evidence", ["check_id"], schema="personal"
    )
    op.create_index(
        "ix_identity_evidence_kept",
        "identity_evidence",
        ["check_id"],
        schema="personal",
        postgresql_where=sa.text("erased_at IS NULL"),
    )
    _evidence_view()
    grants.ordinary("personal.identity_evidence")
    grants.append_only("personal.identity_evidence_view")


def _evidence_view() -> None:
    table = "identity_evidence_view"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("viewer_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "reason",
            _one_of("viewreason", "decide", "appeal", "subject", "order", table=table),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.CheckConstraint("length(trim(note)) > 0", name=op.f(f"ck_{table}_note_given")),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["personal.identity_evidence.id"],
            name=op.f(f"fk_{table}_evidence_id_identity_evidence"),
        ),
        _refers(table, "viewer_id", "account"),
        schema="personal",
    )
    op.create_index(f"ix_{table}_evidence_id", table, ["evidence_id"], schema="personal")


def _index() -> None:
    op.create_table(
        "identity_index",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "feature",
            _one_of("feature", "document", "person", table="identity_index"),
            nullable=False,
        ),
        sa.Column("key_version", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_index")),
        sa.UniqueConstraint(
            "check_id",
            "feature",
            "key_version",
            name=op.f("uq_identity_index_check_id_feature_key_version"),
        ),
        sa.CheckConstraint(
            "length(digest) = 32", name=op.f("ck_identity_index_digest_is_32_bytes")
        ),
        sa.CheckConstraint(
            "key_version >= 0", name=op.f("ck_identity_index_key_version_not_negative")
        ),
        _refers("identity_index", "account_id", "account"),
        _refers("identity_index", "check_id", "identity_check"),
        schema="personal",
    )
    op.create_index(
        "ix_identity_index_digest",
        "identity_index",
        ["digest", "feature", "key_version"],
        schema="personal",
    )
    op.create_index(
        "ix_identity_index_account_id", "identity_index", ["account_id"], schema="personal"
    )
    grants.ordinary("personal.identity_index")


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def downgrade() -> None:
    """Drop them again; a check that waits for evidence ends without a verdict."""
    op.drop_column("delivery", "forged", schema="sandbox")
    op.drop_table("identity_index", schema="personal")
    op.drop_table("identity_evidence_view", schema="personal")
    op.drop_table("identity_evidence", schema="personal")
    for which in ("first", "second"):
        op.drop_constraint(
            op.f(f"fk_identity_check_{which}_opinion"), "identity_check", type_="foreignkey"
        )
    op.drop_table("identity_opinion")
    op.drop_index("ix_identity_check_to_erase", "identity_check")
    op.drop_index("ix_identity_check_expires_at", "identity_check")
    for name in _RULES:
        op.drop_constraint(op.f(f"ck_identity_check_{name}"), "identity_check", type_="check")
    for name in _COLUMNS:
        op.drop_column("identity_check", name)
    op.execute(
        "UPDATE identity_check SET state = 'canceled', settled_at = now(), poll_at = NULL"
        " WHERE state = 'evidence'"
    )
    _states(_STATES, _OPEN)
