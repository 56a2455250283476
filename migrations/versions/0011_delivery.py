"""Sittings: sections, breaks, accommodations, retakes, score reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0011_delivery"
down_revision = "0010_bank"
branch_labels = None
depends_on = None

_KINDS_BEFORE = ("started", "answered", "marked", "unmarked", "finished")
_KINDS = (
    "started",
    "answered",
    "marked",
    "unmarked",
    "section",
    "break",
    "returned",
    "time_given",
    "taken_over",
    "signal",
    "finished",
)


def upgrade() -> None:
    """Bring the database to this version."""
    _change_attempts()
    _event_kinds(_KINDS, positioned=("answered", "marked", "unmarked", "signal"))
    op.add_column(
        "exam", sa.Column("maximum_overlap", sa.Double(), nullable=False, server_default="0.1")
    )
    op.alter_column("exam", "maximum_overlap", server_default=None)
    op.create_check_constraint(
        op.f("ck_exam_overlap_is_a_share"), "exam", "0 <= maximum_overlap AND maximum_overlap <= 1"
    )
    op.add_column("response_score", sa.Column("seconds", sa.Double(), nullable=True), schema="keys")
    op.create_check_constraint(
        op.f("ck_response_score_seconds_not_negative"),
        "response_score",
        "seconds >= 0",
        schema="keys",
    )
    _create_sittings()
    _create_accommodation()
    _create_rescoring()
    _create_score_reports()
    grants.ordinary("personal.accommodation", "rescoring", "score_report", "service_pulse")
    grants.append_only("form_section", "question_void")
    op.execute(f"GRANT SELECT ON subscore_study TO {grants.APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON subscore_study TO {grants.WORKER}")


def downgrade() -> None:
    """Bring the database back to the version before."""
    for table in ("subscore_study", "score_report", "question_void", "rescoring"):
        op.drop_table(table)
    op.drop_table("accommodation", schema="personal")
    op.drop_table("service_pulse")
    op.drop_table("form_section")
    op.drop_column("response_score", "seconds", schema="keys")
    op.drop_column("exam", "maximum_overlap")
    _event_kinds(_KINDS_BEFORE, positioned=("answered", "marked", "unmarked"))
    for name in _ATTEMPT_CHECKS:
        op.drop_constraint(op.f(f"ck_attempt_{name}"), "attempt")
    op.drop_index("uq_attempt_own_outage", table_name="attempt")
    for column in _ATTEMPT_COLUMNS:
        op.drop_column("attempt", column)
    op.alter_column("attempt", "deadline", nullable=False)


_ATTEMPT_COLUMNS = (
    "void_cause",
    "break_until",
    "break_from",
    "break_seconds",
    "section_deadline",
    "section",
    "device",
    "allowed_seconds",
)
_ATTEMPT_CHECKS = {
    "time_is_allowed": "allowed_seconds > 0",
    "break_not_negative": "break_seconds >= 0",
    "section_from_one": "section >= 1",
    "only_open_has_a_clock": "state = 'open' OR (break_from IS NULL AND section_deadline IS NULL)",
    "break_has_ends": "(break_from IS NULL) = (break_until IS NULL)",
    "break_ends_later": "break_until > break_from",
    "voided_says_why": "(state = 'voided') = (void_cause IS NOT NULL)",
}


def _change_attempts() -> None:
    instant = sa.DateTime(timezone=True)
    cause = sa.Enum(
        "appeal",
        "own_outage",
        name=op.f("ck_attempt_voidcause"),
        native_enum=False,
        create_constraint=True,
        length=40,
    )
    op.alter_column("attempt", "deadline", nullable=True)
    op.add_column("attempt", sa.Column("allowed_seconds", sa.BigInteger(), nullable=True))
    op.add_column(
        "attempt", sa.Column("device", sa.LargeBinary(), nullable=False, server_default="")
    )
    op.add_column(
        "attempt", sa.Column("section", sa.BigInteger(), nullable=False, server_default="1")
    )
    op.add_column("attempt", sa.Column("section_deadline", instant, nullable=True))
    op.add_column(
        "attempt", sa.Column("break_seconds", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("attempt", sa.Column("break_from", instant, nullable=True))
    op.add_column("attempt", sa.Column("break_until", instant, nullable=True))
    op.add_column("attempt", sa.Column("void_cause", cause, nullable=True))
    # Rows that are there get what their other columns say; without it no CHECK below could be made.
    op.execute(
        "UPDATE attempt SET void_cause = CASE WHEN state = 'voided' THEN 'appeal' END,"
        " allowed_seconds = extract(epoch FROM deadline - started_at) / extra_time"
    )
    op.alter_column("attempt", "allowed_seconds", nullable=False)
    for column in ("device", "section", "break_seconds"):
        op.alter_column("attempt", column, server_default=None)
    for name, condition in _ATTEMPT_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_attempt_{name}"), "attempt", condition)
    op.create_index(
        "uq_attempt_own_outage",
        "attempt",
        ["exam_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("void_cause = 'own_outage'"),
    )


def _event_kinds(kinds: tuple[str, ...], *, positioned: tuple[str, ...]) -> None:
    known = ", ".join(f"'{kind}'" for kind in kinds)
    placed = ", ".join(f"'{kind}'" for kind in positioned)
    for name in ("eventkind", "position_where_there_is_one"):
        op.drop_constraint(op.f(f"ck_attempt_event_{name}"), "attempt_event")
    op.create_check_constraint(
        op.f("ck_attempt_event_eventkind"), "attempt_event", f"kind IN ({known})"
    )
    op.create_check_constraint(
        op.f("ck_attempt_event_position_where_there_is_one"),
        "attempt_event",
        f"(kind IN ({placed})) = (position IS NOT NULL)",
    )


def _create_sittings() -> None:
    op.create_table(
        "form_section",
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("break_minutes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "1 <= first AND first <= last", name=op.f("ck_form_section_places_in_order")
        ),
        sa.CheckConstraint("break_minutes >= 0", name=op.f("ck_form_section_break_not_negative")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_form_section_time_is_allowed")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_form_section_number_from_one")),
        sa.ForeignKeyConstraint(
            ["form_id"], ["form.id"], name=op.f("fk_form_section_form_id_form")
        ),
        sa.PrimaryKeyConstraint("form_id", "number", name=op.f("pk_form_section")),
        sa.UniqueConstraint("form_id", "first", name=op.f("uq_form_section_form_id_first")),
    )
    op.create_table(
        "service_pulse",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shift_seconds", sa.Double(), nullable=False),
        sa.Column("web", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_pulse")),
    )
    op.create_index("ix_service_pulse_at", "service_pulse", ["at"], unique=False)


def _create_accommodation() -> None:
    op.create_table(
        "accommodation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("untimed", sa.Boolean(), nullable=False),
        sa.Column("break_minutes", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "granted",
                "declined",
                "ended",
                name=op.f("ck_accommodation_accommodationstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reviewer_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'asked') = (answer_by IS NOT NULL)",
            name=op.f("ck_accommodation_asked_has_clock"),
        ),
        sa.CheckConstraint(
            "state <> 'declined' OR decision_id IS NOT NULL",
            name=op.f("ck_accommodation_human_declines"),
        ),
        sa.CheckConstraint(
            "state = 'asked' OR reviewer_id IS NULL",
            name=op.f("ck_accommodation_reviewer_only_asked"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('granted', 'declined') OR decided_at IS NOT NULL",
            name=op.f("ck_accommodation_decided_when"),
        ),
        sa.CheckConstraint(
            "NOT untimed OR factor = 1", name=op.f("ck_accommodation_untimed_has_no_factor")
        ),
        sa.CheckConstraint("break_minutes >= 0", name=op.f("ck_accommodation_break_not_negative")),
        sa.CheckConstraint(
            "decided_by_id IS DISTINCT FROM account_id",
            name=op.f("ck_accommodation_nobody_grants_own"),
        ),
        sa.CheckConstraint(
            "factor > 1 OR untimed OR break_minutes > 0",
            name=op.f("ck_accommodation_gives_something"),
        ),
        sa.CheckConstraint(
            "factor >= 1 AND factor <= 2", name=op.f("ck_accommodation_factor_from_one_to_two")
        ),
        sa.CheckConstraint(
            "reviewer_id IS DISTINCT FROM account_id",
            name=op.f("ck_accommodation_nobody_answers_own"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_accommodation_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["account.id"], name=op.f("fk_accommodation_decided_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_accommodation_decision_id_decision")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["account.id"], name=op.f("fk_accommodation_reviewer_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accommodation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_accommodation_public_id")),
        schema="personal",
    )
    for state in ("asked", "granted"):
        op.create_index(
            f"uq_accommodation_{state}",
            "accommodation",
            ["account_id"],
            unique=True,
            schema="personal",
            postgresql_where=sa.text(f"state = '{state}'"),
        )


def _create_rescoring() -> None:
    op.create_table(
        "rescoring",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "voided",
                "key_mended",
                name=op.f("ck_rescoring_rescoringcause"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "shown",
                "approved",
                "done",
                "dropped",
                name=op.f("ck_rescoring_rescoringstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("difference", postgresql.JSONB(), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('done', 'dropped')) = (ended_at IS NOT NULL)",
            name=op.f("ck_rescoring_ended_iff_ended"),
        ),
        sa.CheckConstraint(
            "state = 'asked' OR difference IS NOT NULL OR state = 'dropped'",
            name=op.f("ck_rescoring_shown_before"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'done') OR approved_by_id IS NOT NULL",
            name=op.f("ck_rescoring_approved_by"),
        ),
        sa.CheckConstraint(
            "approved_by_id IS DISTINCT FROM asked_by_id", name=op.f("ck_rescoring_two_people")
        ),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_rescoring_says_why")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["account.id"], name=op.f("fk_rescoring_approved_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["account.id"], name=op.f("fk_rescoring_asked_by_id_account")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_rescoring_exam_id_exam")),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f("fk_rescoring_question_version_id_question_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescoring")),
        sa.UniqueConstraint("public_id", name=op.f("uq_rescoring_public_id")),
    )
    op.create_index(
        "uq_rescoring_open",
        "rescoring",
        ["question_version_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'shown', 'approved')"),
    )
    op.create_table(
        "question_void",
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("rescoring_id", sa.BigInteger(), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f("fk_question_void_question_version_id_question_version"),
        ),
        sa.ForeignKeyConstraint(
            ["rescoring_id"], ["rescoring.id"], name=op.f("fk_question_void_rescoring_id_rescoring")
        ),
        sa.PrimaryKeyConstraint("question_version_id", name=op.f("pk_question_void")),
    )


def _create_score_reports() -> None:
    op.create_table(
        "score_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("score_number", sa.BigInteger(), nullable=False),
        sa.Column("attempt_state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "issued",
                "failed",
                name=op.f("ck_score_report_scorereportstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("snapshot", sa.LargeBinary(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'failed') = (error IS NOT NULL)", name=op.f("ck_score_report_failed_says_why")
        ),
        sa.CheckConstraint(
            "(state = 'issued') = (file_id IS NOT NULL AND snapshot IS NOT NULL AND issued_at IS NOT NULL)",
            name=op.f("ck_score_report_issued_has_file"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id", "score_number"],
            ["attempt_score.attempt_id", "attempt_score.number"],
            name=op.f("fk_score_report_attempt_id_score_number_attempt_score"),
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_score_report_attempt_id_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_score_report_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_report")),
        sa.UniqueConstraint(
            "attempt_id",
            "score_number",
            "attempt_state",
            name=op.f("uq_score_report_attempt_id_score_number_attempt_state"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_score_report_public_id")),
    )
    op.create_table(
        "subscore_study",
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("reliability", sa.Double(), nullable=False),
        sa.Column("prmse_subscore", sa.Double(), nullable=False),
        sa.Column("prmse_total", sa.Double(), nullable=False),
        sa.Column("standard_error", sa.Double(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= prmse_subscore AND prmse_subscore <= 1",
            name=op.f("ck_subscore_study_subscore_is_a_share"),
        ),
        sa.CheckConstraint(
            "0 <= prmse_total AND prmse_total <= 1", name=op.f("ck_subscore_study_total_is_a_share")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_subscore_study_attempts_not_negative")),
        sa.CheckConstraint(
            "reliability <= 1", name=op.f("ck_subscore_study_reliability_at_most_one")
        ),
        sa.CheckConstraint(
            "standard_error >= 0", name=op.f("ck_subscore_study_error_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["form_id"], ["form.id"], name=op.f("fk_subscore_study_form_id_form")
        ),
        sa.PrimaryKeyConstraint("form_id", "area", name=op.f("pk_subscore_study")),
    )
