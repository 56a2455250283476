"""Calibrations, cuts, flags and fairness."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0013_measurement"
down_revision = "0012_grading"
branch_labels = None
depends_on = None

_HANDED_IN = """
CREATE FUNCTION guard_standard_rating() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    about standard_rating := COALESCE(NEW, OLD);
    done bigint;
BEGIN
    SELECT handed_in INTO done FROM standard_judge
        WHERE study_id = about.study_id AND account_id = about.account_id FOR UPDATE;
    IF done >= about.round THEN
        RAISE EXCEPTION 'a rating that was handed in is never changed';
    END IF;
    RETURN about;
END $$
"""


def upgrade() -> None:
    """Create the tables and their guards."""
    _create_studies()
    _create_ratings()
    _create_cuts()
    _create_calibrations()
    _create_flags()
    grants.ordinary(
        "standard_study", "standard_judge", "standard_rating", "cut_quality", "answer_flag"
    )
    grants.append_only("form_cut", "form_calibration", "item_calibration")
    op.execute(_HANDED_IN)
    op.execute(
        "CREATE TRIGGER standard_rating_guarded BEFORE INSERT OR UPDATE OR DELETE ON standard_rating"
        " FOR EACH ROW EXECUTE FUNCTION guard_standard_rating()"
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("answer_flag")
    op.drop_table("item_calibration")
    op.drop_table("form_calibration")
    op.drop_table("cut_quality")
    op.drop_table("form_cut")
    op.drop_table("standard_rating")
    op.execute("DROP FUNCTION guard_standard_rating()")
    op.drop_table("standard_judge")
    op.drop_table("standard_study")


def _create_studies() -> None:
    op.create_table(
        "standard_study",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("borderline", sa.Text(), nullable=False),
        sa.Column("opened_by_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "rating",
                "shown",
                "adopted",
                "dropped",
                name=op.f("ck_standard_study_studystate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("result", postgresql.JSONB(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('adopted', 'dropped')) = (ended_at IS NOT NULL)",
            name=op.f("ck_standard_study_ended_iff_ended"),
        ),
        sa.CheckConstraint(
            "state IN ('rating', 'dropped') OR result IS NOT NULL",
            name=op.f("ck_standard_study_shown_has_a_result"),
        ),
        sa.CheckConstraint(
            "length(trim(borderline)) > 0", name=op.f("ck_standard_study_says_who_just_passes")
        ),
        sa.CheckConstraint("round >= 1", name=op.f("ck_standard_study_round_from_one")),
        sa.ForeignKeyConstraint(
            ["form_id"], ["form.id"], name=op.f("fk_standard_study_form_id_form")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["account.id"], name=op.f("fk_standard_study_opened_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_study")),
        sa.UniqueConstraint("public_id", name=op.f("uq_standard_study_public_id")),
    )
    op.create_index(
        "uq_standard_study_open",
        "standard_study",
        ["form_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('rating', 'shown')"),
    )
    op.create_table(
        "standard_judge",
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("handed_in", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("handed_in >= 0", name=op.f("ck_standard_judge_handed_in_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_standard_judge_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["standard_study.id"],
            name=op.f("fk_standard_judge_study_id_standard_study"),
        ),
        sa.PrimaryKeyConstraint("study_id", "account_id", name=op.f("pk_standard_judge")),
    )
    op.create_index("ix_standard_judge_account_id", "standard_judge", ["account_id"], unique=False)


def _create_ratings() -> None:
    op.create_table(
        "standard_rating",
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= share AND share <= 1", name=op.f("ck_standard_rating_share_is_a_share")
        ),
        sa.CheckConstraint("round >= 1", name=op.f("ck_standard_rating_round_from_one")),
        sa.ForeignKeyConstraint(
            ["study_id", "account_id"],
            ["standard_judge.study_id", "standard_judge.account_id"],
            name=op.f("fk_standard_rating_study_id_account_id_standard_judge"),
        ),
        sa.PrimaryKeyConstraint(
            "study_id", "round", "account_id", "position", name=op.f("pk_standard_rating")
        ),
    )


def _create_cuts() -> None:
    op.create_table(
        "form_cut",
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("cut", sa.Double(), nullable=False),
        sa.Column("standard_error", sa.Double(), nullable=False),
        sa.Column("judges", sa.BigInteger(), nullable=False),
        sa.Column("rounds", sa.BigInteger(), nullable=False),
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_by_id", sa.BigInteger(), nullable=False),
        sa.Column("adopted_by_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("adopted_by_id <> opened_by_id", name=op.f("ck_form_cut_two_people")),
        sa.CheckConstraint("cut > 0 AND cut <= 1", name=op.f("ck_form_cut_cut_is_a_share")),
        sa.CheckConstraint("judges >= 2", name=op.f("ck_form_cut_two_judges_at_least")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_form_cut_says_why")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_form_cut_number_from_one")),
        sa.CheckConstraint("standard_error >= 0", name=op.f("ck_form_cut_error_not_negative")),
        sa.ForeignKeyConstraint(
            ["adopted_by_id"], ["account.id"], name=op.f("fk_form_cut_adopted_by_id_account")
        ),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_form_cut_form_id_form")),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["account.id"], name=op.f("fk_form_cut_opened_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["standard_study.id"], name=op.f("fk_form_cut_study_id_standard_study")
        ),
        sa.PrimaryKeyConstraint("form_id", "number", name=op.f("pk_form_cut")),
    )
    op.create_table(
        "cut_quality",
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("cut", sa.Double(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("consistency", sa.Double(), nullable=False),
        sa.Column("false_pass", sa.Double(), nullable=False),
        sa.Column("false_fail", sa.Double(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= accuracy AND accuracy <= 1", name=op.f("ck_cut_quality_accuracy_is_a_share")
        ),
        sa.CheckConstraint(
            "0 <= consistency AND consistency <= 1",
            name=op.f("ck_cut_quality_consistency_is_a_share"),
        ),
        sa.CheckConstraint(
            "0 <= false_fail AND false_fail <= 1", name=op.f("ck_cut_quality_false_fail_is_a_share")
        ),
        sa.CheckConstraint(
            "0 <= false_pass AND false_pass <= 1", name=op.f("ck_cut_quality_false_pass_is_a_share")
        ),
        sa.CheckConstraint("attempts >= 1", name=op.f("ck_cut_quality_from_attempts")),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_cut_quality_form_id_form")),
        sa.PrimaryKeyConstraint("form_id", "cut", name=op.f("pk_cut_quality")),
    )


def _create_calibrations() -> None:
    op.create_table(
        "form_calibration",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("inputs_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("converged", sa.Boolean(), nullable=False),
        sa.Column("log_likelihood", sa.Double(), nullable=True),
        sa.Column("alpha", sa.Double(), nullable=True),
        sa.Column("alpha_se", sa.Double(), nullable=True),
        sa.Column("reliability", sa.Double(), nullable=True),
        sa.Column("curve", postgresql.JSONB(), nullable=False),
        sa.Column("notes", postgresql.JSONB(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("attempts >= 1", name=op.f("ck_form_calibration_from_attempts")),
        sa.CheckConstraint(
            "length(inputs_sha256) = 32", name=op.f("ck_form_calibration_sha256_is_32_bytes")
        ),
        sa.CheckConstraint(
            "(model IS NULL) = (log_likelihood IS NULL)",
            name=op.f("ck_form_calibration_likelihood_iff_a_model"),
        ),
        sa.CheckConstraint(
            "model IS NOT NULL OR NOT converged",
            name=op.f("ck_form_calibration_only_a_model_converges"),
        ),
        sa.CheckConstraint(
            "(model IS NULL) = (reliability IS NULL)",
            name=op.f("ck_form_calibration_reliability_iff_a_model"),
        ),
        sa.CheckConstraint(
            "(alpha IS NULL) = (alpha_se IS NULL)",
            name=op.f("ck_form_calibration_alpha_has_its_error"),
        ),
        sa.ForeignKeyConstraint(
            ["form_id"], ["form.id"], name=op.f("fk_form_calibration_form_id_form")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_calibration")),
        sa.UniqueConstraint(
            "form_id", "inputs_sha256", name=op.f("uq_form_calibration_form_id_inputs_sha256")
        ),
    )
    op.create_table(
        "item_calibration",
        sa.Column("calibration_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("share_se", sa.Double(), nullable=True),
        sa.Column("discrimination", sa.Double(), nullable=True),
        sa.Column("discrimination_se", sa.Double(), nullable=True),
        sa.Column("slope", sa.Double(), nullable=True),
        sa.Column("slope_se", sa.Double(), nullable=True),
        sa.Column("intercepts", postgresql.JSONB(), nullable=False),
        sa.Column("levels", postgresql.JSONB(), nullable=False),
        sa.Column("fit_p", sa.Double(), nullable=True),
        sa.Column("median_seconds", sa.Double(), nullable=True),
        sa.Column("left_out", sa.Text(), nullable=True),
        sa.CheckConstraint("answers >= 0", name=op.f("ck_item_calibration_answers_not_negative")),
        sa.CheckConstraint(
            "0 <= share AND share <= 1", name=op.f("ck_item_calibration_share_is_a_share")
        ),
        sa.CheckConstraint(
            "-1 <= discrimination AND discrimination <= 1",
            name=op.f("ck_item_calibration_discrimination_is_a_correlation"),
        ),
        sa.CheckConstraint(
            "0 <= fit_p AND fit_p <= 1", name=op.f("ck_item_calibration_fit_p_is_a_share")
        ),
        sa.CheckConstraint(
            "median_seconds >= 0", name=op.f("ck_item_calibration_seconds_not_negative")
        ),
        sa.CheckConstraint(
            "(slope IS NULL) = (left_out IS NOT NULL)",
            name=op.f("ck_item_calibration_slope_or_why_not"),
        ),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["form_calibration.id"],
            name=op.f("fk_item_calibration_calibration_id_form_calibration"),
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f("fk_item_calibration_question_version_id_question_version"),
        ),
        sa.PrimaryKeyConstraint("calibration_id", "position", name=op.f("pk_item_calibration")),
    )
    op.create_index(
        "ix_item_calibration_question_version_id",
        "item_calibration",
        ["question_version_id"],
        unique=False,
    )


def _create_flags() -> None:
    op.create_table(
        "answer_flag",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "similar",
                "rapid",
                name=op.f("ck_answer_flag_flagkind"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("other_attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("compared", sa.BigInteger(), nullable=False),
        sa.Column("by_chance", sa.Double(), nullable=True),
        sa.Column("false_share", sa.Double(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "explained",
                "taken_up",
                name=op.f("ck_answer_flag_flagstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'similar') = (other_attempt_id IS NOT NULL)",
            name=op.f("ck_answer_flag_similar_has_two"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (settled_at IS NULL)"
            " AND (settled_at IS NULL) = (settled_by_id IS NULL)"
            " AND (settled_at IS NULL) = (words IS NULL)",
            name=op.f("ck_answer_flag_settled_by_a_person_with_words"),
        ),
        sa.CheckConstraint(
            "0 <= false_share AND false_share <= 1",
            name=op.f("ck_answer_flag_false_share_is_a_share"),
        ),
        sa.CheckConstraint(
            "attempt_id < other_attempt_id", name=op.f("ck_answer_flag_earlier_attempt_first")
        ),
        sa.CheckConstraint("by_chance >= 0", name=op.f("ck_answer_flag_by_chance_not_negative")),
        sa.CheckConstraint("compared >= 1", name=op.f("ck_answer_flag_compared_with_some")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_answer_flag_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["other_attempt_id"],
            ["attempt.id"],
            name=op.f("fk_answer_flag_other_attempt_id_attempt"),
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["account.id"], name=op.f("fk_answer_flag_settled_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_flag")),
        sa.UniqueConstraint(
            "kind",
            "attempt_id",
            "other_attempt_id",
            name=op.f("uq_answer_flag_kind_attempt_id_other_attempt_id"),
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_answer_flag_public_id")),
    )
    op.create_index("ix_answer_flag_attempt_id", "answer_flag", ["attempt_id"], unique=False)
    op.create_index(
        "ix_answer_flag_other_attempt_id", "answer_flag", ["other_attempt_id"], unique=False
    )
