"""Self-identification apart, what only aggregates tell, and how people of each ability answer a question."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0016_fairness"
down_revision = "0015_adaptive"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SEALED = "personal.self_identification"
_MINE = "account_id = NULLIF(current_setting('touchstone.person', true), '')::bigint"


def upgrade() -> None:
    """Bring the database to this version."""
    _self_identification()
    _fairness_study()
    _question_study()
    _question_leak()
    _flag_kinds("similar", "rapid", "known", "odd")


def _self_identification() -> None:
    op.create_table(
        "self_identification",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("said_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_self_identification")),
        sa.CheckConstraint(
            "length(sealed) > 28", name=op.f("ck_self_identification_sealed_is_not_empty")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_self_identification_account_id_account"),
        ),
        schema="personal",
    )
    # The web reads and writes the row of the person whom its transaction names; nothing else is there.
    op.execute(f"ALTER TABLE {_SEALED} ENABLE ROW LEVEL SECURITY")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_SEALED} TO {grants.APP}")
    op.execute(
        f"CREATE POLICY of_the_person ON {_SEALED} TO {grants.APP}"
        f" USING ({_MINE}) WITH CHECK ({_MINE})"
    )
    op.execute(f"GRANT SELECT, DELETE ON {_SEALED} TO {grants.WORKER}")
    op.execute(f"CREATE POLICY for_sums ON {_SEALED} TO {grants.WORKER} USING (true)")


def _fairness_study() -> None:
    op.create_table(
        "fairness_study",
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("first_application_id", sa.BigInteger(), nullable=False),
        sa.Column("last_application_id", sa.BigInteger(), nullable=False),
        sa.Column("began_from", _MOMENT, nullable=False),
        sa.Column("began_until", _MOMENT, nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("tables", postgresql.JSONB(), nullable=False),
        sa.Column("withheld", postgresql.JSONB(), nullable=False),
        sa.Column("differences", postgresql.JSONB(), nullable=False),
        sa.Column("computed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("exam_id", "number", name=op.f("pk_fairness_study")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_fairness_study_number_from_one")),
        sa.CheckConstraint("people >= 50", name=op.f("ck_fairness_study_of_enough_people")),
        sa.CheckConstraint(
            "first_application_id <= last_application_id",
            name=op.f("ck_fairness_study_applications_in_order"),
        ),
        sa.CheckConstraint(
            "began_from <= began_until", name=op.f("ck_fairness_study_from_before_until")
        ),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["exam.id"], name=op.f("fk_fairness_study_exam_id_exam")
        ),
        postgresql.ExcludeConstraint(
            (sa.column("exam_id"), "="),
            (sa.text("int8range(first_application_id, last_application_id, '[]')"), "&&"),
            name=op.f("ex_fairness_study_nobody_twice"),
            using="gist",
        ),
    )
    _written_by_the_worker("fairness_study")


def _question_study() -> None:
    op.create_table(
        "question_study",
        sa.Column("calibration_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("groups", postgresql.JSONB(), nullable=False),
        sa.Column("curve", postgresql.JSONB(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("infit", sa.Double(), nullable=True),
        sa.Column("outfit", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("calibration_id", "position", name=op.f("pk_question_study")),
        sa.CheckConstraint("infit >= 0", name=op.f("ck_question_study_infit_not_negative")),
        sa.CheckConstraint("outfit >= 0", name=op.f("ck_question_study_outfit_not_negative")),
        sa.ForeignKeyConstraint(
            ["calibration_id", "position"],
            ["item_calibration.calibration_id", "item_calibration.position"],
            name=op.f("fk_question_study_calibration_id_item_calibration"),
        ),
    )
    _written_by_the_worker("question_study")


def _question_leak() -> None:
    op.create_table(
        "question_leak",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_leak")),
        sa.CheckConstraint("length(trim(words)) > 0", name=op.f("ck_question_leak_says_where")),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["question.id"],
            name=op.f("fk_question_leak_question_id_question"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["account.id"], name=op.f("fk_question_leak_by_id_account")
        ),
    )
    op.create_index("ix_question_leak_question_id", "question_leak", ["question_id"], unique=False)
    grants.append_only("question_leak")


def _written_by_the_worker(table: str) -> None:
    """Facts that pages read and only the worker adds."""
    grants.append_only(table)
    op.execute(f"REVOKE INSERT ON {table} FROM {grants.APP}")


def _flag_kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_answer_flag_flagkind"), "answer_flag", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(
        op.f("ck_answer_flag_flagkind"), "answer_flag", f"kind IN ({listed})"
    )


def downgrade() -> None:
    """Bring the database back to the version before: what only it can hold goes."""
    op.execute("DELETE FROM answer_flag WHERE kind NOT IN ('similar', 'rapid')")
    _flag_kinds("similar", "rapid")
    op.drop_table("question_leak")
    op.drop_table("question_study")
    op.drop_table("fairness_study")
    op.drop_table("self_identification", schema="personal")
