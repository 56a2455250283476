"""The question bank: approval, enemies, locale variants, stimuli, consent."""

import sqlalchemy as sa
from alembic import op

from migrations import grants

revision = "0010_bank"
down_revision = "0008_work"
branch_labels = None
depends_on = None

_TYPES = ("single", "multiple", "numeric", "faulty_step", "preference")
_NEW_TYPES = ("short_text", "order", "match", "essay", "policy_case", "writing_sample")

_FOR_REVIEW = """
CREATE FUNCTION keys.for_review(wanted bigint)
RETURNS TABLE (number bigint, key jsonb, rationale text, difficulty double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT k.number, k.key, k.rationale, k.difficulty
    FROM keys.question_key k
    WHERE k.question_version_id = wanted AND EXISTS (
        SELECT FROM public.key_standing s
        WHERE s.question_version_id = wanted AND s.number = k.number
        AND s.approved_at IS NULL AND NOT s.before_approvals
    )
    ORDER BY k.number DESC
$$
"""

_FORWARD = """
CREATE FUNCTION refuse_unapproving() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL
    AND (NEW.approver_id, NEW.approved_at, NEW.author_id)
        IS DISTINCT FROM (OLD.approver_id, OLD.approved_at, OLD.author_id) THEN
        RAISE EXCEPTION 'an approval of % is never taken back', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Create the tables, and take what is there into use as it was."""
    _types(_TYPES + _NEW_TYPES)
    _stimuli()
    _versions_and_forms()
    _standings()
    _around()
    op.execute(
        "INSERT INTO question_standing (question_version_id, state, before_approvals)"
        " SELECT id, 'live', true FROM question_version"
    )
    op.execute(
        "INSERT INTO key_standing (question_version_id, number, proposed_at, before_approvals)"
        " SELECT question_version_id, number, created_at, true FROM keys.question_key"
    )
    op.execute(_FOR_REVIEW)
    op.execute("REVOKE ALL ON FUNCTION keys.for_review(bigint) FROM PUBLIC")
    op.execute(
        f"GRANT EXECUTE ON FUNCTION keys.for_review(bigint) TO {grants.APP}, {grants.WORKER}"
    )
    op.execute(_FORWARD)
    for table in ("question_standing", "key_standing"):
        op.execute(
            f"CREATE TRIGGER {table}_stays_approved BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_unapproving()"
        )


def downgrade() -> None:
    """Drop them again."""
    op.execute("DROP FUNCTION keys.for_review(bigint)")
    for table in (
        "question_consent",
        "question_enemy",
        "standing_event",
        "key_standing",
        "question_standing",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_unapproving()")
    op.drop_column("form_question", "scored")
    op.drop_constraint(op.f("uq_form_exam_id_number_locale"), "form")
    op.create_unique_constraint(op.f("uq_form_exam_id_number"), "form", ["exam_id", "number"])
    op.drop_column("form", "locale")
    op.drop_constraint(op.f("uq_question_version_question_id_locale_number"), "question_version")
    op.create_unique_constraint(
        op.f("uq_question_version_question_id_number"),
        "question_version",
        ["question_id", "number"],
    )
    for column in ("stimulus_version_id", "warning", "minutes", "locale"):
        op.drop_column("question_version", column)
    op.drop_table("stimulus_version")
    op.drop_table("stimulus")
    _types(_TYPES)


def _types(names: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_question_version_questiontype"), "question_version")
    listed = ", ".join(f"'{name}'" for name in names)
    op.create_check_constraint(
        op.f("ck_question_version_questiontype"), "question_version", f"type IN ({listed})"
    )


def _stimuli() -> None:
    op.create_table(
        "stimulus",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_stimulus_slug_is_plain")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_stimulus_exam_id_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stimulus")),
        sa.UniqueConstraint("exam_id", "slug", name=op.f("uq_stimulus_exam_id_slug")),
    )
    op.create_table(
        "stimulus_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stimulus_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_stimulus_version_number_from_one")),
        sa.CheckConstraint(
            "length(sha256) = 32", name=op.f("ck_stimulus_version_sha256_is_32_bytes")
        ),
        sa.ForeignKeyConstraint(
            ["stimulus_id"], ["stimulus.id"], name=op.f("fk_stimulus_version_stimulus_id_stimulus")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stimulus_version")),
        sa.UniqueConstraint(
            "stimulus_id",
            "locale",
            "number",
            name=op.f("uq_stimulus_version_stimulus_id_locale_number"),
        ),
    )
    grants.ordinary("stimulus")
    grants.append_only("stimulus_version")


def _versions_and_forms() -> None:
    version = "question_version"
    op.add_column(version, sa.Column("locale", sa.Text(), nullable=False, server_default="en"))
    op.add_column(version, sa.Column("minutes", sa.Double(), nullable=False, server_default="1.5"))
    op.add_column(version, sa.Column("warning", sa.Text(), nullable=True))
    op.add_column(version, sa.Column("stimulus_version_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_question_version_stimulus_version_id_stimulus_version"),
        version,
        "stimulus_version",
        ["stimulus_version_id"],
        ["id"],
    )
    op.create_check_constraint(op.f("ck_question_version_minutes_positive"), version, "minutes > 0")
    op.create_check_constraint(
        op.f("ck_question_version_locale_is_a_tag"),
        version,
        "locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'",
    )
    op.drop_constraint(op.f("uq_question_version_question_id_number"), version)
    op.create_unique_constraint(
        op.f("uq_question_version_question_id_locale_number"),
        version,
        ["question_id", "locale", "number"],
    )
    op.add_column("form", sa.Column("locale", sa.Text(), nullable=False, server_default="en"))
    op.drop_constraint(op.f("uq_form_exam_id_number"), "form")
    op.create_unique_constraint(
        op.f("uq_form_exam_id_number_locale"), "form", ["exam_id", "number", "locale"]
    )
    op.add_column(
        "form_question",
        sa.Column("scored", sa.Boolean(), nullable=False, server_default=sa.text("true")),
    )
    for table, column in (
        (version, "locale"),
        (version, "minutes"),
        ("form", "locale"),
        ("form_question", "scored"),
    ):
        op.alter_column(table, column, server_default=None)


def _standings() -> None:
    op.create_table(
        "question_standing",
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("state", _state("question_standing"), nullable=False),
        sa.Column("approver_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before_approvals", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'retired') OR author_id IS NOT NULL OR before_approvals",
            name=op.f("ck_question_standing_author_is_named"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('pilot', 'live') OR approver_id IS NOT NULL OR before_approvals",
            name=op.f("ck_question_standing_approver_is_named"),
        ),
        *_approvals("question_standing"),
        sa.CheckConstraint(
            "(approver_id IS NULL) = (approved_at IS NULL)",
            name=op.f("ck_question_standing_approved_at_iff_approved"),
        ),
        sa.PrimaryKeyConstraint("question_version_id", name=op.f("pk_question_standing")),
    )
    op.create_index("ix_question_standing_state", "question_standing", ["state"], unique=False)
    op.create_table(
        "key_standing",
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approver_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before_approvals", sa.Boolean(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_key_standing_number_from_one")),
        *_approvals("key_standing"),
        sa.CheckConstraint(
            "(approver_id IS NULL) = (approved_at IS NULL)",
            name=op.f("ck_key_standing_approved_at_iff_approved"),
        ),
        sa.PrimaryKeyConstraint("question_version_id", "number", name=op.f("pk_key_standing")),
    )
    op.create_table(
        "standing_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("state", _state("standing_event"), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["account.id"], name=op.f("fk_standing_event_by_id_account")
        ),
        _of_version("standing_event"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_event")),
    )
    op.create_index(
        "ix_standing_event_question_version_id",
        "standing_event",
        ["question_version_id"],
        unique=False,
    )
    grants.ordinary("question_standing", "key_standing")
    grants.append_only("standing_event")


def _around() -> None:
    op.create_table(
        "question_enemy",
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("enemy_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("question_id < enemy_id", name=op.f("ck_question_enemy_each_pair_once")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["account.id"], name=op.f("fk_question_enemy_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["enemy_id"], ["question.id"], name=op.f("fk_question_enemy_enemy_id_question")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_question_enemy_question_id_question")
        ),
        sa.PrimaryKeyConstraint("question_id", "enemy_id", name=op.f("pk_question_enemy")),
    )
    op.create_index("ix_question_enemy_enemy_id", "question_enemy", ["enemy_id"], unique=False)
    op.create_table(
        "question_consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_question_consent_position_from_one")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_question_consent_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_consent")),
    )
    op.create_index(
        "ix_question_consent_attempt_id",
        "question_consent",
        ["attempt_id", "position"],
        unique=False,
    )
    grants.ordinary("question_enemy")
    grants.append_only("question_consent")


def _state(table: str) -> sa.Enum:
    return sa.Enum(
        "draft",
        "review",
        "pilot",
        "live",
        "retired",
        name=op.f(f"ck_{table}_questionstate"),
        native_enum=False,
        create_constraint=True,
        length=40,
    )


def _approvals(table: str) -> list[sa.Constraint]:
    """What the standing of a version and of a key have in common."""
    return [
        sa.CheckConstraint(
            "approver_id <> author_id", name=op.f(f"ck_{table}_approver_is_another")
        ),
        sa.CheckConstraint(
            "approver_id IS NULL OR author_id IS NOT NULL",
            name=op.f(f"ck_{table}_approver_follows_author"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f(f"fk_{table}_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["approver_id"], ["account.id"], name=op.f(f"fk_{table}_approver_id_account")
        ),
        _of_version(table),
    ]


def _of_version(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["question_version_id"],
        ["question_version.id"],
        name=op.f(f"fk_{table}_question_version_id_question_version"),
    )
