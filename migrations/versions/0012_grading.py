"""Grading by people, and assembling forms."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0012_grading"
down_revision = "0011_delivery"
branch_labels = None
depends_on = None

_BLIND = """
CREATE FUNCTION guard_grade() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    about bigint;
    others bigint;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.given_at IS NOT NULL THEN
        RAISE EXCEPTION 'a grade that was given is never changed';
    END IF;
    IF TG_OP <> 'INSERT' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    SELECT a.account_id INTO about FROM grading_case c
        JOIN attempt a ON a.id = c.attempt_id WHERE c.id = NEW.case_id FOR UPDATE OF c;
    IF about = NEW.grader_id THEN
        RAISE EXCEPTION 'nobody grades their own text';
    END IF;
    IF about IS NOT NULL AND NOT NEW.adjudicates THEN
        SELECT count(*) INTO others FROM grade WHERE case_id = NEW.case_id AND NOT adjudicates;
        IF others >= 2 THEN
            RAISE EXCEPTION 'a text has two graders';
        END IF;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Create the tables and their guards."""
    _create_cases()
    _create_grades()
    _create_likeness()
    _create_assemblies()
    grants.ordinary("form_assembly", "grading_case", "grade", "text_sketch")
    grants.append_only("seed_deviation", "text_likeness")
    grants.keys("keys.seed_grade")
    op.execute(_BLIND)
    op.execute(
        "CREATE TRIGGER grade_guarded BEFORE INSERT OR UPDATE OR DELETE ON grade"
        " FOR EACH ROW EXECUTE FUNCTION guard_grade()"
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("form_assembly")
    for table in ("text_likeness", "text_sketch", "seed_deviation"):
        op.drop_table(table)
    op.execute("DROP TABLE keys.seed_grade")
    op.drop_table("grade")
    op.execute("DROP FUNCTION guard_grade()")
    op.drop_table("grading_case")


def _create_cases() -> None:
    op.create_table(
        "grading_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("key_number", sa.BigInteger(), nullable=False),
        sa.Column("rubric", postgresql.JSONB(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "adjudication",
                "settled",
                name=op.f("ck_grading_case_casestate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("named_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bands", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "(attempt_id IS NULL) = (position IS NULL)",
            name=op.f("ck_grading_case_position_of_an_attempt"),
        ),
        sa.CheckConstraint(
            "attempt_id IS NOT NULL OR state = 'open'", name=op.f("ck_grading_case_seeds_stay_open")
        ),
        sa.CheckConstraint(
            "(state = 'settled') = (settled_at IS NOT NULL AND bands IS NOT NULL)",
            name=op.f("ck_grading_case_settled_has_bands"),
        ),
        sa.CheckConstraint(
            "(attempt_id IS NULL OR state = 'settled') = (due_at IS NULL)",
            name=op.f("ck_grading_case_waiting_has_clock"),
        ),
        sa.CheckConstraint(
            "due_at IS NOT NULL OR named_id IS NULL",
            name=op.f("ck_grading_case_named_while_waiting"),
        ),
        sa.CheckConstraint("position >= 1", name=op.f("ck_grading_case_position_from_one")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_grading_case_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["exam.id"], name=op.f("fk_grading_case_exam_id_exam")
        ),
        sa.ForeignKeyConstraint(
            ["named_id"], ["account.id"], name=op.f("fk_grading_case_named_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f("fk_grading_case_question_version_id_question_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grading_case")),
        sa.UniqueConstraint("public_id", name=op.f("uq_grading_case_public_id")),
        sa.UniqueConstraint(
            "attempt_id", "position", name=op.f("uq_grading_case_attempt_id_position")
        ),
    )
    op.create_index("ix_grading_case_exam_id", "grading_case", ["exam_id", "state"], unique=False)
    op.create_index(
        "ix_grading_case_due_at",
        "grading_case",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _create_grades() -> None:
    op.create_table(
        "grade",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("grader_id", sa.BigInteger(), nullable=False),
        sa.Column("adjudicates", sa.Boolean(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bands", postgresql.JSONB(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(given_at IS NULL) = (bands IS NULL)", name=op.f("ck_grade_given_has_bands")
        ),
        sa.CheckConstraint("given_at >= taken_at", name=op.f("ck_grade_given_after_taken")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["grading_case.id"], name=op.f("fk_grade_case_id_grading_case")
        ),
        sa.ForeignKeyConstraint(
            ["grader_id"], ["account.id"], name=op.f("fk_grade_grader_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade")),
        sa.UniqueConstraint("public_id", name=op.f("uq_grade_public_id")),
        sa.UniqueConstraint("case_id", "grader_id", name=op.f("uq_grade_case_id_grader_id")),
    )
    op.create_index(
        "uq_grade_one_open",
        "grade",
        ["grader_id"],
        unique=True,
        postgresql_where=sa.text("given_at IS NULL"),
    )
    op.create_index(
        "uq_grade_one_adjudication",
        "grade",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("adjudicates"),
    )
    op.create_table(
        "seed_grade",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("bands", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["grading_case.id"], name=op.f("fk_seed_grade_case_id_grading_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_seed_grade")),
        schema="keys",
    )
    op.create_table(
        "seed_deviation",
        sa.Column("grade_id", sa.BigInteger(), nullable=False),
        sa.Column("bands", postgresql.JSONB(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["grade_id"], ["grade.id"], name=op.f("fk_seed_deviation_grade_id_grade")
        ),
        sa.PrimaryKeyConstraint("grade_id", name=op.f("pk_seed_deviation")),
    )


def _create_likeness() -> None:
    op.create_table(
        "text_sketch",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("sketch", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_text_sketch_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_text_sketch_question_id_question")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "position", name=op.f("pk_text_sketch")),
    )
    op.create_index("ix_text_sketch_question_id", "text_sketch", ["question_id"], unique=False)
    op.create_table(
        "text_likeness",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("other_attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("passages", postgresql.JSONB(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "share > 0 AND share <= 1", name=op.f("ck_text_likeness_share_is_a_share")
        ),
        sa.CheckConstraint(
            "attempt_id <> other_attempt_id", name=op.f("ck_text_likeness_of_two_attempts")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_text_likeness_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["other_attempt_id"],
            ["attempt.id"],
            name=op.f("fk_text_likeness_other_attempt_id_attempt"),
        ),
        sa.PrimaryKeyConstraint(
            "attempt_id", "position", "other_attempt_id", name=op.f("pk_text_likeness")
        ),
    )
    op.create_index(
        "ix_text_likeness_other_attempt_id", "text_likeness", ["other_attempt_id"], unique=False
    )


def _create_assemblies() -> None:
    op.create_table(
        "form_assembly",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("blueprint", postgresql.JSONB(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "found",
                "colliding",
                "undecided",
                "used",
                name=op.f("ck_form_assembly_assemblystate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("result", postgresql.JSONB(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (result IS NULL)",
            name=op.f("ck_form_assembly_answered_has_result"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (ended_at IS NULL)",
            name=op.f("ck_form_assembly_answered_has_end"),
        ),
        sa.CheckConstraint(
            "(state = 'used') = (used_by_id IS NOT NULL)",
            name=op.f("ck_form_assembly_used_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["account.id"], name=op.f("fk_form_assembly_asked_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["exam.id"], name=op.f("fk_form_assembly_exam_id_exam")
        ),
        sa.ForeignKeyConstraint(
            ["used_by_id"], ["account.id"], name=op.f("fk_form_assembly_used_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_assembly")),
        sa.UniqueConstraint("public_id", name=op.f("uq_form_assembly_public_id")),
    )
    op.create_index("ix_form_assembly_exam_id", "form_assembly", ["exam_id"], unique=False)
