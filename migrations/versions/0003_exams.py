"""Openings, applications, exams, attempts, qualifications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0003_exams"
down_revision = "0002_stripe_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, their guards and grants."""
    _create_openings_and_bank()
    _create_sittings()
    _create_results()
    op.execute("CREATE TABLE attempt_event_part_0 PARTITION OF attempt_event DEFAULT")
    grants.ordinary("pay_country", "qualification", "exam", "opening", "application")
    grants.ordinary("question", "attempt", "qualification_grant")
    grants.append_only("question_version", "form", "form_question")
    grants.append_only("attempt_event", "attempt_nonce", "attempt_score")
    grants.keys("keys.question_key")
    op.execute(f"GRANT SELECT, INSERT ON keys.response_score TO {grants.WORKER}")
    op.execute(f"GRANT SELECT ON question_statistic TO {grants.APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON question_statistic TO {grants.WORKER}")
    for table in ("question_key", "response_score"):
        for change in (
            f"UPDATE OR DELETE ON keys.{table} FOR EACH ROW",
            f"TRUNCATE ON keys.{table} FOR EACH STATEMENT",
        ):
            name = change.split()[0].lower()
            op.execute(
                f"CREATE TRIGGER {table}_no_{name} BEFORE {change} EXECUTE FUNCTION refuse_change()"
            )


def _create_openings_and_bank() -> None:
    op.create_table(
        "pay_country",
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payable", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("fee", sa.Text(), nullable=True),
        sa.Column("delay_least", sa.BigInteger(), nullable=True),
        sa.Column("delay_most", sa.BigInteger(), nullable=True),
        sa.Column("documents", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_pay_country_country_is_iso")),
        sa.CheckConstraint(
            "0 <= delay_least AND delay_least <= delay_most",
            name=op.f("ck_pay_country_delay_is_a_range"),
        ),
        sa.CheckConstraint(
            "payable = (currency IS NOT NULL AND method IS NOT NULL AND fee IS NOT NULL AND delay_least IS NOT NULL AND delay_most IS NOT NULL)",
            name=op.f("ck_pay_country_payable_says_how"),
        ),
        sa.CheckConstraint(
            "payable OR length(trim(reason)) > 0", name=op.f("ck_pay_country_not_payable_says_why")
        ),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_pay_country")),
    )
    op.create_table(
        "qualification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_qualification_slug_is_plain")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification")),
        sa.UniqueConstraint("slug", name=op.f("uq_qualification_slug")),
    )
    op.create_table(
        "exam",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("qualification_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_months", sa.BigInteger(), nullable=False),
        sa.Column("allowed_minutes", sa.BigInteger(), nullable=False),
        sa.Column("cut", sa.Double(), nullable=False),
        sa.Column("cool_down_days", sa.BigInteger(), nullable=False),
        sa.Column("maximum_attempts", sa.BigInteger(), nullable=False),
        sa.Column("areas", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_exam_slug_is_plain")),
        sa.CheckConstraint("allowed_minutes > 0", name=op.f("ck_exam_time_is_allowed")),
        sa.CheckConstraint("cool_down_days >= 0", name=op.f("ck_exam_cool_down_not_negative")),
        sa.CheckConstraint("cut > 0 AND cut <= 1", name=op.f("ck_exam_cut_is_a_share")),
        sa.CheckConstraint("maximum_attempts >= 1", name=op.f("ck_exam_one_attempt_at_least")),
        sa.CheckConstraint("valid_months >= 1", name=op.f("ck_exam_valid_a_month_at_least")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_exam_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["qualification_id"],
            ["qualification.id"],
            name=op.f("fk_exam_qualification_id_qualification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam")),
        sa.UniqueConstraint("slug", name=op.f("uq_exam_slug")),
    )
    op.create_table(
        "form",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_form_number_from_one")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_form_exam_id_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form")),
        sa.UniqueConstraint("exam_id", "number", name=op.f("uq_form_exam_id_number")),
    )
    op.create_table(
        "opening",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("pay_minimum", sa.BigInteger(), nullable=False),
        sa.Column("pay_maximum", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("countries", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("engagement", sa.Text(), nullable=False),
        sa.Column("equal_opportunity", sa.Text(), nullable=False),
        sa.Column("responsibilities", postgresql.JSONB(), nullable=False),
        sa.Column("requirements", postgresql.JSONB(), nullable=False),
        sa.Column("steps", postgresql.JSONB(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "open",
                "closed",
                name=op.f("ck_opening_openingstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_opening_closed_iff_ended")
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_opening_currency_is_iso")),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_opening_slug_is_plain")
        ),
        sa.CheckConstraint(
            "state = 'draft' OR opened_at IS NOT NULL", name=op.f("ck_opening_opened_at_iff_opened")
        ),
        sa.CheckConstraint(
            "0 < pay_minimum AND pay_minimum <= pay_maximum", name=op.f("ck_opening_pay_is_a_range")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_opening_exam_id_exam")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_opening_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint("slug", name=op.f("uq_opening_slug")),
    )
    op.create_table(
        "question",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_question_slug_is_plain")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_question_exam_id_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("exam_id", "slug", name=op.f("uq_question_exam_id_slug")),
    )


def _create_sittings() -> None:
    op.create_table(
        "application",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("opening_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("requirements", postgresql.JSONB(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "started",
                "screened",
                "review",
                "approved",
                "not_accepted",
                "withdrawn",
                name=op.f("ck_application_applicationstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("answers", postgresql.JSONB(), nullable=True),
        sa.Column("unmet", postgresql.JSONB(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "review_cause",
            sa.Enum(
                "requirements",
                "exam",
                name=op.f("ck_application_reviewcause"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'review') = (review_cause IS NOT NULL)",
            name=op.f("ck_application_review_has_cause"),
        ),
        sa.CheckConstraint(
            "(state = 'review') = (review_due_at IS NOT NULL)",
            name=op.f("ck_application_review_has_clock"),
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'not_accepted')) = (decision_id IS NOT NULL)",
            name=op.f("ck_application_decided_by_a_decision"),
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'not_accepted', 'withdrawn')) = (decided_at IS NOT NULL)",
            name=op.f("ck_application_decided_at_iff_decided"),
        ),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_application_country_is_iso")),
        sa.CheckConstraint(
            "state <> 'started' OR screened_at IS NULL",
            name=op.f("ck_application_started_is_unscreened"),
        ),
        sa.CheckConstraint(
            "state = 'review' OR reviewer_id IS NULL",
            name=op.f("ck_application_reviewer_only_in_review"),
        ),
        sa.CheckConstraint(
            "state IN ('started', 'withdrawn') OR screened_at IS NOT NULL",
            name=op.f("ck_application_later_is_screened"),
        ),
        sa.CheckConstraint(
            "(screened_at IS NULL) = (answers IS NULL)",
            name=op.f("ck_application_screened_by_answers"),
        ),
        sa.CheckConstraint(
            "(screened_at IS NULL) = (unmet IS NULL)",
            name=op.f("ck_application_screened_says_unmet"),
        ),
        sa.CheckConstraint(
            "reviewer_id IS DISTINCT FROM account_id",
            name=op.f("ck_application_nobody_reviews_own"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_application_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_application_decision_id_decision")
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.id"], name=op.f("fk_application_opening_id_opening")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["account.id"], name=op.f("fk_application_reviewer_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("public_id", name=op.f("uq_application_public_id")),
    )
    op.create_index("ix_application_account_id", "application", ["account_id"], unique=False)
    op.create_index(
        "ix_application_review_due_at",
        "application",
        ["review_due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'review'"),
    )
    op.create_index(
        "uq_application_open",
        "application",
        ["opening_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('started', 'screened', 'review')"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("agreement_id", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("cut", sa.Double(), nullable=False),
        sa.Column("extra_time", sa.Double(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "finished",
                "passed",
                "below",
                "not_passed",
                "voided",
                name=op.f("ck_attempt_attemptstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'below') = (review_due_at IS NOT NULL)",
            name=op.f("ck_attempt_below_has_clock"),
        ),
        sa.CheckConstraint(
            "state <> 'open' OR finished_at IS NULL", name=op.f("ck_attempt_open_is_unfinished")
        ),
        sa.CheckConstraint(
            "state = 'below' OR reviewer_id IS NULL", name=op.f("ck_attempt_reviewer_only_below")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'voided') OR finished_at IS NOT NULL",
            name=op.f("ck_attempt_later_is_finished"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('passed', 'not_passed') OR decision_id IS NOT NULL",
            name=op.f("ck_attempt_ended_by_a_decision"),
        ),
        sa.CheckConstraint("cut > 0 AND cut <= 1", name=op.f("ck_attempt_cut_is_a_share")),
        sa.CheckConstraint("deadline > started_at", name=op.f("ck_attempt_deadline_later")),
        sa.CheckConstraint("extra_time >= 1", name=op.f("ck_attempt_extra_time_only_adds")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempt_number_from_one")),
        sa.CheckConstraint(
            "reviewer_id IS DISTINCT FROM account_id", name=op.f("ck_attempt_nobody_reviews_own")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_attempt_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement_version.id"],
            name=op.f("fk_attempt_agreement_id_agreement_version"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_attempt_decision_id_decision")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_attempt_exam_id_exam")),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_attempt_form_id_form")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["account.id"], name=op.f("fk_attempt_reviewer_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint(
            "exam_id", "account_id", "number", name=op.f("uq_attempt_exam_id_account_id_number")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_attempt_public_id")),
    )
    op.create_index("ix_attempt_account_id", "attempt", ["account_id"], unique=False)
    op.create_index(
        "ix_attempt_deadline",
        "attempt",
        ["deadline"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_attempt_review_due_at",
        "attempt",
        ["review_due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'below'"),
    )
    op.create_index(
        "uq_attempt_open",
        "attempt",
        ["exam_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "question_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "single",
                "multiple",
                "numeric",
                "faulty_step",
                "preference",
                name=op.f("ck_question_version_questiontype"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "length(sha256) = 32", name=op.f("ck_question_version_sha256_is_32_bytes")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_question_version_number_from_one")),
        sa.CheckConstraint("points > 0", name=op.f("ck_question_version_points_positive")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_question_version_question_id_question")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_version")),
        sa.UniqueConstraint(
            "question_id", "number", name=op.f("uq_question_version_question_id_number")
        ),
    )
    op.create_table(
        "attempt_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "started",
                "answered",
                "marked",
                "unmarked",
                "finished",
                name=op.f("ck_attempt_event_eventkind"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('answered', 'marked', 'unmarked')) = (position IS NOT NULL)",
            name=op.f("ck_attempt_event_position_where_there_is_one"),
        ),
        sa.CheckConstraint(
            "(seq = 1) = (previous_hash IS NULL)",
            name=op.f("ck_attempt_event_only_the_first_follows_nothing"),
        ),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_attempt_event_hash_is_32_bytes")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_attempt_event_seq_from_one")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_event_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_event")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_attempt_event_attempt_id", "attempt_event", ["attempt_id", "seq"], unique=False
    )
    op.create_table(
        "attempt_nonce",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_nonce_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "nonce", name=op.f("pk_attempt_nonce")),
        sa.UniqueConstraint("attempt_id", "seq", name=op.f("uq_attempt_nonce_attempt_id_seq")),
    )


def _create_results() -> None:
    op.create_table(
        "attempt_score",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.Double(), nullable=False),
        sa.Column("maximum", sa.Double(), nullable=False),
        sa.Column("standard_error", sa.Double(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("cut", sa.Double(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False),
        sa.Column("questions", sa.BigInteger(), nullable=False),
        sa.Column("areas", postgresql.JSONB(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= raw AND raw <= maximum AND maximum > 0", name=op.f("ck_attempt_score_raw_within")
        ),
        sa.CheckConstraint("cut > 0 AND cut <= 1", name=op.f("ck_attempt_score_cut_is_a_share")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempt_score_number_from_one")),
        sa.CheckConstraint(
            "passed = (raw >= cut * maximum - 1e-9)",
            name=op.f("ck_attempt_score_passed_by_the_cut"),
        ),
        sa.CheckConstraint("standard_error >= 0", name=op.f("ck_attempt_score_error_not_negative")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_score_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "number", name=op.f("pk_attempt_score")),
    )
    op.create_table(
        "form_question",
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_form_question_position_from_one")),
        sa.ForeignKeyConstraint(
            ["form_id"], ["form.id"], name=op.f("fk_form_question_form_id_form")
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f("fk_form_question_question_version_id_question_version"),
        ),
        sa.PrimaryKeyConstraint("form_id", "position", name=op.f("pk_form_question")),
        sa.UniqueConstraint(
            "form_id",
            "question_version_id",
            name=op.f("uq_form_question_form_id_question_version_id"),
        ),
    )
    op.create_table(
        "question_key",
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", postgresql.JSONB(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.Double(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("ck_question_key_sha256_is_32_bytes")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_question_key_number_from_one")),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f("fk_question_key_question_version_id_question_version"),
        ),
        sa.PrimaryKeyConstraint("question_version_id", "number", name=op.f("pk_question_key")),
        schema="keys",
    )
    op.create_table(
        "response_score",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("score_number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("key_number", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.Double(), nullable=False),
        sa.Column("possible", sa.Double(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "0 <= earned AND earned <= possible", name=op.f("ck_response_score_earned_within")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_response_score_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f("fk_response_score_question_version_id_question_version"),
        ),
        sa.PrimaryKeyConstraint(
            "attempt_id", "score_number", "position", name=op.f("pk_response_score")
        ),
        schema="keys",
    )
    op.create_index(
        "ix_response_score_question_version_id",
        "response_score",
        ["question_version_id"],
        unique=False,
        schema="keys",
    )
    op.create_table(
        "qualification_grant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("qualification_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "exam",
                "gold",
                "manager",
                name=op.f("ck_qualification_grant_grantsource"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("granted_by_id", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_decision_id", sa.BigInteger(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(source = 'exam') = (attempt_id IS NOT NULL)",
            name=op.f("ck_qualification_grant_exam_names_attempt"),
        ),
        sa.CheckConstraint(
            "(source = 'manager') = (granted_by_id IS NOT NULL)",
            name=op.f("ck_qualification_grant_manager_is_named"),
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by_decision_id IS NULL)",
            name=op.f("ck_qualification_grant_revoked_by_a_decision"),
        ),
        sa.CheckConstraint(
            "expires_at > granted_at", name=op.f("ck_qualification_grant_expires_later")
        ),
        sa.CheckConstraint(
            "granted_by_id IS DISTINCT FROM account_id",
            name=op.f("ck_qualification_grant_nobody_grants_own"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_qualification_grant_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_qualification_grant_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["granted_by_id"],
            ["account.id"],
            name=op.f("fk_qualification_grant_granted_by_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["qualification_id"],
            ["qualification.id"],
            name=op.f("fk_qualification_grant_qualification_id_qualification"),
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by_decision_id"],
            ["decision.id"],
            name=op.f("fk_qualification_grant_revoked_by_decision_id_decision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification_grant")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_qualification_grant_attempt_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_qualification_grant_public_id")),
    )
    op.create_index(
        "ix_qualification_grant_account_id",
        "qualification_grant",
        ["account_id", "qualification_id"],
        unique=False,
    )
    op.create_index(
        "ix_qualification_grant_expires_at",
        "qualification_grant",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NULL AND reminded_at IS NULL"),
    )
    op.create_table(
        "question_statistic",
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("summed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= answered AND answered <= seen",
            name=op.f("ck_question_statistic_answered_of_seen"),
        ),
        sa.CheckConstraint(
            "0 <= mean AND mean <= 1", name=op.f("ck_question_statistic_mean_is_a_share")
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f("fk_question_statistic_question_version_id_question_version"),
        ),
        sa.PrimaryKeyConstraint("question_version_id", name=op.f("pk_question_statistic")),
    )


def downgrade() -> None:
    """Drop them again."""
    for table in (
        "question_statistic",
        "qualification_grant",
        "keys.response_score",
        "keys.question_key",
        "form_question",
        "attempt_score",
        "attempt_nonce",
        "attempt_event",
        "question_version",
        "attempt",
        "application",
        "question",
        "opening",
        "form",
        "exam",
        "qualification",
        "pay_country",
    ):
        op.execute(f"DROP TABLE {table}")
